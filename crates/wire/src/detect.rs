//! Which dialect a request speaks.
//!
//! In this order: the signature scheme (header, then query), a header or parameter of one vendor, the host suffix, the
//! bucket's own dialect, the server's default. Nothing is judged here: a request may claim a scheme and be refused
//! for it later, in that scheme's words.

use headwater_model::bucket::Dialect;
use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::query::Queries;

/// Where a request claims to be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nowhere.
    None,
    /// In the `Authorization` header.
    Header,
    /// In the query: a presigned URL, whose parameters may stand for headers.
    Query {
        /// One of the old schemes, whose `Expires`, `Signature` and `security-token` parameters carry no prefix.
        unprefixed: bool,
    },
}

impl Claim {
    /// Whether the request is a presigned URL.
    pub fn is_presigned(self) -> bool {
        matches!(self, Self::Query { .. })
    }
}

/// The claim, and the dialect as far as the request itself shows it.
pub(crate) fn detect(parts: &Parts, queries: &Queries) -> (Claim, Option<Dialect>) {
    if let Some(value) = parts.headers.get(AUTHORIZATION) {
        return (Claim::Header, scheme_of_header(value.as_bytes()).or_else(|| vendor_words(parts, queries)));
    }
    if queries.is_empty() {
        return (Claim::None, vendor_words(parts, queries));
    }
    match scheme_of_query(queries) {
        Some((claim, dialect)) => (claim, Some(dialect)),
        None => (Claim::None, vendor_words(parts, queries)),
    }
}

fn scheme_of_header(value: &[u8]) -> Option<Dialect> {
    let scheme = value.trim_ascii_start().split(u8::is_ascii_whitespace).next()?;
    match scheme {
        b"OSS" | b"OSS2" | b"OSS4-HMAC-SHA256" => Some(Dialect::Oss),
        b"AWS" | b"AWS4-HMAC-SHA256" | b"AWS4-ECDSA-P256-SHA256" => Some(Dialect::S3),
        _ => None,
    }
}

fn scheme_of_query(queries: &Queries) -> Option<(Claim, Dialect)> {
    let any = |names: &[&str]| names.iter().any(|name| queries.has(name));
    if any(&["AWSAccessKeyId"]) {
        Some((Claim::Query { unprefixed: true }, Dialect::S3))
    } else if any(&["OSSAccessKeyId"]) {
        Some((Claim::Query { unprefixed: true }, Dialect::Oss))
    } else if any(&["x-oss-signature-version", "x-oss-signature", "x-oss-credential"]) {
        Some((Claim::Query { unprefixed: false }, Dialect::Oss))
    } else if any(&["X-Amz-Algorithm", "X-Amz-Signature", "X-Amz-Credential"]) {
        Some((Claim::Query { unprefixed: false }, Dialect::S3))
    } else {
        None
    }
}

/// The vendor whose prefix occurs, if only one does.
fn vendor_words(parts: &Parts, queries: &Queries) -> Option<Dialect> {
    let headers = parts.headers.keys().map(http::HeaderName::as_str);
    of_names(headers).or_else(|| of_names(queries.iter().map(|(name, _)| name)))
}

fn of_names<'a>(names: impl Iterator<Item = &'a str>) -> Option<Dialect> {
    let mut found = None;
    for name in names {
        let dialect = match name.as_bytes().first_chunk::<6>() {
            Some(prefix) if prefix.eq_ignore_ascii_case(b"x-oss-") => Dialect::Oss,
            Some(prefix) if prefix.eq_ignore_ascii_case(b"x-amz-") => Dialect::S3,
            _ => continue,
        };
        if found.is_some_and(|other| other != dialect) {
            return None;
        }
        found = Some(dialect);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(path: &str, headers: &[(&str, &str)]) -> (Claim, Option<Dialect>) {
        let mut request = http::Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let parts = request.body(()).unwrap().into_parts().0;
        detect(&parts, &Queries::parse(&parts.uri).unwrap())
    }

    #[test]
    fn the_scheme_decides_before_words() {
        let (oss, s3) = (Some(Dialect::Oss), Some(Dialect::S3));
        let v1 = Claim::Query { unprefixed: true };
        let query = Claim::Query { unprefixed: false };
        for (path, headers, expected) in [
            ("/", &[][..], (Claim::None, None)),
            ("/", &[("authorization", "OSS a:b"), ("x-amz-date", "1")][..], (Claim::Header, oss)),
            ("/", &[("authorization", "OSS2 a")], (Claim::Header, oss)),
            ("/", &[("authorization", "OSS4-HMAC-SHA256 Credential=a")], (Claim::Header, oss)),
            ("/", &[("authorization", "AWS4-HMAC-SHA256 Credential=a"), ("x-oss-a", "1")], (Claim::Header, s3)),
            ("/", &[("authorization", "AWS a:b")], (Claim::Header, s3)),
            ("/", &[("authorization", "Bearer a"), ("x-oss-date", "1")], (Claim::Header, oss)),
            ("/?OSSAccessKeyId=a&Expires=1&Signature=b", &[], (v1, oss)),
            ("/?x-oss-signature-version=OSS4-HMAC-SHA256", &[("x-amz-acl", "private")], (query, oss)),
            ("/?X-Amz-Algorithm=AWS4-HMAC-SHA256", &[("x-oss-a", "1")], (query, s3)),
            ("/?AWSAccessKeyId=a", &[], (Claim::Query { unprefixed: true }, s3)),
            ("/", &[("x-amz-content-sha256", "1")], (Claim::None, s3)),
            ("/?x-oss-process=1", &[], (Claim::None, oss)),
            ("/?X-Amz-Date=1", &[], (Claim::None, s3)),
            ("/", &[("x-amz-a", "1"), ("x-oss-a", "1")], (Claim::None, None)),
            ("/?Expires=1&Signature=x", &[], (Claim::None, None)),
        ] {
            assert_eq!(detected(path, headers), expected, "{path} {headers:?}");
        }
    }
}
