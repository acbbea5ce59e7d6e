//! What the conditions of policies may ask about a request.
//!
//! Guarantees: a header means what the operation makes of it. Only headers of the request's own dialect count, and of two
//! that could name an access list the one that the operation reads: otherwise a field that nobody reads could satisfy a
//! condition about one that is read.

use std::borrow::Cow;

use headwater_model::access::RequestFields;
use headwater_model::bucket::Dialect;
use http::request::Parts;

use crate::escape::{Plus, decode};
use crate::route::Routed;

/// The fields of a request.
#[derive(Clone, Copy, Debug)]
pub struct PolicyFields<'r> {
    routed: &'r Routed,
    parts: &'r Parts,
}

impl<'r> PolicyFields<'r> {
    /// Of the request that was routed.
    pub fn new(routed: &'r Routed, parts: &'r Parts) -> Self {
        Self { routed, parts }
    }
}

impl RequestFields for PolicyFields<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    fn vendor(&self, name: &str) -> Option<Cow<'_, str>> {
        let full = match (self.routed.dialect, name) {
            (Dialect::Oss, "acl") if self.routed.key.is_some() => "x-oss-object-acl".to_owned(),
            (Dialect::Oss, name) => format!("x-oss-{name}"),
            (Dialect::S3, name) => format!("x-amz-{name}"),
        };
        // A header that contradicts a parameter of the same name is refused when the operation is decoded.
        let value = self.routed.fields(self.parts).get(&full).ok()??;
        if name != "copy-source" {
            return Some(Cow::Borrowed(value));
        }
        let (path, _) = value.split_once("?versionId=").unwrap_or((value, ""));
        let path = decode(path, Plus::Literal).unwrap_or(Cow::Borrowed(path)).into_owned();
        Some(Cow::Owned(path.strip_prefix('/').map(ToOwned::to_owned).unwrap_or(path)))
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.routed.queries.get(name)
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::Addressing;

    fn asked(request: http::request::Builder, name: &str) -> Option<String> {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let addressing = Addressing {
            domains: Vec::new(),
            website_domains: Vec::new(),
            default_dialect: Dialect::Oss,
            region: "r".into(),
        };
        let routed = crate::route(&parts, &addressing, &|_| None).unwrap();
        PolicyFields::new(&routed, &parts).vendor(name).map(Cow::into_owned)
    }

    #[test]
    fn only_what_the_operation_reads_counts() {
        let put = |path: &str| Request::put(path).header("x-oss-acl", "private").header("x-oss-date", "x");
        assert_eq!(asked(put("/bkt"), "acl").as_deref(), Some("private"));
        assert_eq!(asked(put("/bkt/key"), "acl"), None);
        let both = put("/bkt/key").header("x-oss-object-acl", "public-read");
        assert_eq!(asked(both, "acl").as_deref(), Some("public-read"));
        let copy = Request::put("/bkt/key").header("x-amz-copy-source", "/src/%73ecret");
        assert_eq!(asked(copy, "copy-source").as_deref(), Some("src/secret"));
    }
}
