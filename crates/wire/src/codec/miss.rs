//! What of a GET or HEAD a mirror rule may look at or forward.

use std::borrow::Cow;

use headwater_model::op::MissContext;

use super::Request;
use crate::address::{Style, request_host};
use crate::detect::Claim;
use crate::escape::{Plus, decode};

pub(super) fn context(request: &Request<'_>) -> MissContext {
    let routed = request.routed;
    MissContext {
        headers: request.parts.headers.clone(),
        query: request.parts.uri.query().and_then(|query| forwardable(query, routed.claim)),
        extra_slashes: routed.folded.as_ref().map_or(0, |(_, slashes)| *slashes),
        secure: request.facts.secure,
        host: request_host(request.parts).into(),
        base_path: match (routed.style, &routed.bucket) {
            // Names of buckets need no escapes.
            (Style::Path, Some(bucket)) => format!("/{bucket}").into(),
            _ => "".into(),
        },
        // Other sub-resources are other operations.
        never: request.query("versionId").is_some(),
    }
}

/// The raw query without the parameters of authentication and `response-*`; order, repetition and encoding of the rest
/// stay. `None` if nothing is left.
fn forwardable(query: &str, claim: Claim) -> Option<Box<str>> {
    let kept: Vec<&str> = query.split('&').filter(|segment| !is_ours(segment, claim)).collect();
    let kept = kept.join("&");
    (!kept.is_empty()).then(|| kept.into())
}

fn is_ours(segment: &str, claim: Claim) -> bool {
    let raw = segment.split_once('=').map_or(segment, |(name, _)| name);
    let name = decode(raw, Plus::Space).unwrap_or(Cow::Borrowed(raw));
    let starts = |prefix: &str| name.starts_with(prefix);
    let own = matches!(
        &*name,
        "OSSAccessKeyId"
            | "x-oss-credential"
            | "x-oss-date"
            | "x-oss-expires"
            | "x-oss-additional-headers"
            | "x-oss-security-token"
            | "X-Amz-Algorithm"
            | "X-Amz-Credential"
            | "X-Amz-Date"
            | "X-Amz-Expires"
            | "X-Amz-SignedHeaders"
            | "X-Amz-Signature"
            | "X-Amz-Security-Token"
    );
    // Plausible parameters of an origin, unless the request is signed with them.
    let v1 = claim == (Claim::Query { oss_v1: true }) && matches!(&*name, "Expires" | "Signature" | "security-token");
    own || v1 || starts("x-oss-signature") || starts("response-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authentication_and_overrides_stay_here() {
        let v1 = Claim::Query { oss_v1: true };
        for (query, claim, left) in [
            ("caller=lucas&production=oss", Claim::None, Some("caller=lucas&production=oss")),
            ("b=%2F&a&b=+&", Claim::None, Some("b=%2F&a&b=+&")),
            ("OSSAccessKeyId=a&Expires=1&Signature=b%3D&security-token=t", v1, None),
            ("Expires=1&Signature=b", Claim::None, Some("Expires=1&Signature=b")),
            ("x-oss-signature-version=1&x-oss-%73ignature=2&x=1&response-expires=0", Claim::Header, Some("x=1")),
            ("X-Amz-Algorithm=a&X-Amz-Date=b&q", Claim::Query { oss_v1: false }, Some("q")),
        ] {
            assert_eq!(forwardable(query, claim).as_deref(), left, "{query}");
        }
    }
}
