//! ListBuckets.

use std::sync::Arc;

use headwater_model::Result;
use headwater_model::body::Body;
use headwater_model::bucket::Bucket;
use headwater_model::limits::{MAX_BUCKETS, MAX_LIST_KEYS};
use headwater_model::op::{ListBuckets, Op};
use headwater_model::reply::Owner;
use http::Response;

use super::{Answer, Request, acl, endpoint, page, token};
use crate::date::iso_8601;
use crate::response::open_root;

/// Buckets of a page of OSS that names no limit.
const OSS_DEFAULT_BUCKETS: usize = 100;

pub(super) fn decode_list_buckets(request: &Request<'_>) -> Result<Op> {
    let prefix = request.query("prefix").unwrap_or_default().into();
    let (after, limit): (Box<str>, usize) = if request.is_oss() {
        (request.query("marker").unwrap_or_default().into(), page::limit(request, "max-keys", OSS_DEFAULT_BUCKETS)?)
    } else {
        (token::decode(request.query("continuation-token"))?, page::limit(request, "max-buckets", MAX_BUCKETS)?)
    };
    let region = request.query("bucket-region").filter(|region| !request.is_oss() && !region.is_empty());
    let limit = limit.clamp(1, MAX_LIST_KEYS);
    Ok(Op::ListBuckets(ListBuckets { prefix, after, location: region.map(Into::into), limit }))
}

pub(super) fn encode_buckets(
    answer: &Answer<'_>,
    owner: &Owner,
    buckets: &[Arc<Bucket>],
    next: Option<&str>,
) -> Response<Body> {
    let query = |name: &str| answer.routed.queries.get(name);
    let mut xml = open_root(answer.vocab, "ListAllMyBucketsResult");
    if answer.is_oss() {
        // A listing that asked for a page tells which one it is.
        if next.is_some() || ["prefix", "marker", "max-keys"].iter().any(|name| query(name).is_some()) {
            xml.element("Prefix", query("prefix").unwrap_or_default());
            xml.element("Marker", query("marker").unwrap_or_default());
            xml.element("MaxKeys", query("max-keys").unwrap_or("100"));
            xml.element("IsTruncated", next.is_some());
            xml.optional("NextMarker", next);
        }
    }
    acl::write_owner(&mut xml, owner);
    xml.open("Buckets");
    for bucket in buckets {
        xml.open("Bucket");
        xml.element("CreationDate", iso_8601(bucket.created));
        if answer.is_oss() {
            xml.element("ExtranetEndpoint", endpoint::service_endpoint(answer));
            xml.element("IntranetEndpoint", endpoint::service_endpoint(answer));
            xml.element("Location", endpoint::oss_location(&bucket.location));
            xml.element("Name", &bucket.name);
            xml.element("Region", endpoint::bare_region(&bucket.location));
            xml.element("StorageClass", &bucket.storage_class);
        } else {
            xml.element("Name", &bucket.name);
            xml.element("BucketRegion", &bucket.location);
        }
        xml.close();
    }
    xml.close();
    if !answer.is_oss() {
        xml.optional("Prefix", query("prefix"));
        xml.optional("ContinuationToken", next.map(token::encode));
    }
    xml.close();
    answer.xml(xml)
}
