//! What of a GET or HEAD a mirror rule may look at or forward.

use headwater_model::op::MissContext;
use headwater_model::rule::rewriting::{UrlSignature, forwardable_query};

use super::Request;
use crate::address::{Style, request_host};
use crate::detect::Claim;

pub(super) fn context(request: &Request<'_>) -> MissContext {
    let routed = request.routed;
    let extra_slashes = routed.folded.as_ref().map_or(0, |(_, slashes)| *slashes);
    let site = routed.style == Style::Website;
    if !request.facts.has_website {
        // Should the bucket get rules meanwhile, this request is still one from before.
        return MissContext { extra_slashes, never: true, site, ..MissContext::default() };
    }
    let signature = match routed.claim {
        Claim::Query { unprefixed: true } => UrlSignature::WithExpires,
        Claim::None | Claim::Header | Claim::Query { unprefixed: false } => UrlSignature::Other,
    };
    MissContext {
        headers: request.parts.headers.clone(),
        query: request.parts.uri.query().and_then(|query| forwardable_query(query, signature)).map(Into::into),
        extra_slashes,
        secure: request.facts.secure,
        host: request_host(request.parts).into(),
        base_path: match (routed.style, &routed.bucket) {
            // Names of buckets need no escapes.
            (Style::Path, Some(bucket)) => format!("/{bucket}").into(),
            _ => "".into(),
        },
        // Other sub-resources are other operations. Of what is not here yet nobody knows parts beyond the whole.
        never: request.query("versionId").is_some() || request.query("partNumber").is_some_and(|part| part != "1"),
        site,
    }
}
