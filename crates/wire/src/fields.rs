//! Request header fields, wherever a request carries them.
//!
//! Guarantees: in a presigned request a query parameter named like one of the vendors' headers (`x-amz-acl`,
//! `x-oss-meta-a`, …) is that header, in any letter case; if both are there and differ, the request is refused, because
//! its signer meant one and its sender the other. In any other request such parameters are no headers.

use headwater_model::{Error, Result};
use http::{HeaderMap, HeaderValue};

use crate::query::Queries;

/// The fields of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'r> {
    pub(crate) headers: &'r HeaderMap,
    queries: &'r Queries,
    presigned: bool,
}

impl<'r> Fields<'r> {
    pub(crate) fn new(headers: &'r HeaderMap, queries: &'r Queries, presigned: bool) -> Self {
        Self { headers, queries, presigned: presigned && !queries.is_empty() }
    }

    /// The value of the field `name` (lower case), trimmed; the first one, if it was sent several times.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if header and parameter differ, or if the value is no UTF-8 text.
    pub(crate) fn get(self, name: &str) -> Result<Option<&'r str>> {
        let header = first(self.headers, name).map(|value| text(name, value)).transpose()?;
        let parameter = self.parameter(name);
        match (header, parameter) {
            (Some(header), Some(parameter)) if header != parameter => Err(differ(name, parameter)),
            (header, parameter) => Ok(header.or(parameter)),
        }
    }

    pub(crate) fn has(self, name: &str) -> bool {
        first(self.headers, name).is_some() || self.parameter(name).is_some()
    }

    /// The vendor's fields that come in the query, with their names as sent.
    pub(crate) fn parameters(self) -> impl Iterator<Item = (&'r str, &'r str)> {
        let all = self.presigned.then(|| self.queries.iter()).into_iter().flatten();
        all.filter(|(name, _)| is_vendor_field(name))
    }

    fn parameter(self, name: &str) -> Option<&'r str> {
        if !self.presigned || !is_vendor_field(name) {
            return None;
        }
        self.queries.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Up to this many headers, comparing their names one by one is faster than hashing the one that is looked for.
const FEW_HEADERS: usize = 16;

/// The first value of the header `name` (lower case).
pub(crate) fn first<'r>(headers: &'r HeaderMap, name: &str) -> Option<&'r HeaderValue> {
    if headers.keys_len() > FEW_HEADERS {
        return headers.get(name);
    }
    headers.iter().find(|(found, _)| found.as_str() == name).map(|(_, value)| value)
}

pub(crate) fn differ(name: &str, parameter: &str) -> Error {
    Error::invalid_argument(name, parameter, "The header and the query parameter of this name differ.")
}

fn text<'r>(name: &str, value: &'r HeaderValue) -> Result<&'r str> {
    let text = std::str::from_utf8(value.as_bytes());
    text.map(str::trim).map_err(|_| {
        Error::invalid_argument(name, &String::from_utf8_lossy(value.as_bytes()), "The header is not UTF-8 text.")
    })
}

/// Whether a name is one of the vendors' headers, other than those of authentication.
fn is_vendor_field(name: &str) -> bool {
    let begins = |prefix: &[u8]| name.as_bytes().get(..6).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    (begins(b"x-amz-") || begins(b"x-oss-")) && !AUTHENTICATION.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Parameters of presigned URLs that belong to the signature: never headers.
const AUTHENTICATION: [&str; 15] = [
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-signedheaders",
    "x-amz-signature",
    "x-amz-security-token",
    "x-oss-signature-version",
    "x-oss-credential",
    "x-oss-date",
    "x-oss-expires",
    "x-oss-additional-headers",
    "x-oss-security-token",
    "x-oss-signature",
    "x-oss-access-key-id",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, headers: &[(&'static str, &'static str)], presigned: bool) -> Result<Option<String>> {
        let queries = Queries::parse(&format!("/?{query}").parse().unwrap()).unwrap();
        let map = headers.iter().map(|(n, v)| (n.parse().unwrap(), HeaderValue::from_static(v))).collect();
        Fields::new(&map, &queries, presigned).get("x-amz-acl").map(|value| value.map(str::to_owned))
    }

    #[test]
    fn presigned_parameters_are_headers() {
        let header = ("x-amz-acl", " private ");
        assert_eq!(check("", &[header], true).unwrap().as_deref(), Some("private"));
        assert_eq!(check("X-Amz-Acl=private", &[], true).unwrap().as_deref(), Some("private"));
        assert_eq!(check("x-amz-acl=private", &[header], true).unwrap().as_deref(), Some("private"));
        assert!(matches!(check("x-amz-acl=public-read", &[header], true), Err(Error::InvalidArgument { .. })));
        assert_eq!(check("x-amz-acl=public-read", &[header], false).unwrap().as_deref(), Some("private"));
        assert_eq!(check("x-amz-acl=public-read", &[], false).unwrap(), None);
    }

    #[test]
    fn parameters_of_the_signature_are_none() {
        let queries =
            Queries::parse(&"/?X-Amz-Date=1&X-Amz-Signature=2&x-amz-meta-a=3&prefix=4".parse().unwrap()).unwrap();
        let fields: Vec<_> =
            Fields::new(&HeaderMap::new(), &queries, true).parameters().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(fields, ["x-amz-meta-a"]);
    }
}
