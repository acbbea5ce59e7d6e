//! ListBuckets.

use std::sync::Arc;

use headwater_model::body::Body;
use headwater_model::bucket::Bucket;
use headwater_model::limits::{MAX_BUCKET_TAGS_OSS, MAX_BUCKETS, MAX_LIST_KEYS};
use headwater_model::op::{ListBuckets, Op, WantedTag};
use headwater_model::reply::Owner;
use headwater_model::{Error, Result};
use http::Response;

use super::{Answer, Request, acl, endpoint, page, tagging, token};
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
    let tags = if request.is_oss() { wanted_tags(request)? } else { Vec::new() };
    Ok(Op::ListBuckets(ListBuckets { prefix, after, location: region.map(Into::into), tags, limit }))
}

/// `tag-key`, with or without `tag-value`; or `tagging` as `"key":"value","key":"value"`.
fn wanted_tags(request: &Request<'_>) -> Result<Vec<WantedTag>> {
    if let Some(key) = request.query("tag-key").filter(|key| !key.is_empty()) {
        let value = request.query("tag-value").filter(|value| !value.is_empty());
        return Ok(vec![(key.into(), value.map(Into::into))]);
    }
    if let Some(value) = request.query("tag-value").filter(|value| !value.is_empty()) {
        return Err(Error::invalid_argument("tag-value", value, "A value of a tag needs its tag-key."));
    }
    let Some(text) = request.query("tagging").filter(|text| !text.is_empty()) else { return Ok(Vec::new()) };
    let message = "Give tags as \"key\":\"value\", separated by commas.";
    let invalid = || Error::invalid_argument("tagging", text, message);
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else { return Err(invalid()) };
    let pair = |pair: &str| pair.split_once("\":\"").map(|(key, value)| (key.into(), Some(value.into())));
    inner
        .split("\",\"")
        .map(pair)
        .collect::<Option<Vec<_>>>()
        .filter(|tags| tags.len() <= MAX_BUCKET_TAGS_OSS)
        .ok_or_else(invalid)
}

pub(super) fn encode_buckets(
    answer: &Answer<'_>,
    owner: &Owner,
    buckets: &[Arc<Bucket>],
    next: Option<&str>,
) -> Response<Body> {
    let query = |name: &str| answer.routed.queries.get(name);
    // Whoever asks for tags is told them.
    let filtered = ["tag-key", "tagging"].iter().any(|name| query(name).is_some());
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
            if filtered && !bucket.configuration.tags.is_empty() {
                xml.open("Tagging");
                tagging::write_set(&mut xml, &bucket.configuration.tags);
                xml.close();
            }
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
