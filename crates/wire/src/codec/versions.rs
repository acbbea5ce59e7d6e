//! ListObjectVersions, of a bucket that keeps one version of each object: the one called `null`, which is the latest.

use headwater_model::body::Body;
use headwater_model::list::{ListPage, ListQuery};
use headwater_model::op::{ListObjects, Op};
use headwater_model::reply::Owner;
use headwater_model::{Error, Result};
use http::Response;

use super::list::{default_limit, shown_limit, write_entry};
use super::page::{self, Names};
use super::{Answer, Request};
use crate::response::open_root;

/// The version of an object that has no versions.
const NULL: &str = "null";

/// A page begins after the marker's key, whatever version the marker names: there is no second version of it.
pub(super) fn decode(request: &Request<'_>) -> Result<Op> {
    page::check_encoding(request)?;
    let text = |name: &str| request.query(name).unwrap_or_default();
    let version = text("version-id-marker");
    if !version.is_empty() && text("key-marker").is_empty() {
        let message = "A version-id marker cannot be specified without a key marker.";
        return Err(Error::invalid_argument("version-id-marker", version, message));
    }
    let query = ListQuery {
        prefix: text("prefix").into(),
        delimiter: text("delimiter").into(),
        after: text("key-marker").into(),
        limit: page::limit(request, "max-keys", default_limit(request.routed.dialect))?,
    };
    Ok(Op::ListObjectVersions(ListObjects { bucket: request.bucket(), query, visit: None }))
}

pub(super) fn encode(answer: &Answer<'_>, owner: &Owner, listed: &ListPage) -> Response<Body> {
    let queries = &answer.routed.queries;
    let query = |name: &str| queries.get(name).unwrap_or_default();
    let names = Names::of(answer);
    let mut xml = open_root(answer.vocab, "ListVersionsResult");
    xml.element("Name", answer.bucket());
    xml.element("Prefix", names.print(query("prefix")));
    xml.element("KeyMarker", names.print(query("key-marker")));
    xml.element("VersionIdMarker", query("version-id-marker"));
    if let Some(next) = &listed.next {
        xml.element("NextKeyMarker", names.print(next));
        // A page that ends with a common prefix goes on after all versions below it.
        let is_key = listed.objects.last().is_some_and(|object| object.key.as_str() == &**next);
        xml.optional("NextVersionIdMarker", is_key.then_some(NULL));
    }
    xml.element("MaxKeys", shown_limit(queries, answer.vocab.dialect));
    let delimiter = query("delimiter");
    xml.optional("Delimiter", Some(names.print(delimiter)).filter(|_| answer.is_oss() || !delimiter.is_empty()));
    xml.optional("EncodingType", names.encoding());
    xml.element("IsTruncated", listed.next.is_some());
    for object in &listed.objects {
        xml.open("Version");
        xml.element("Key", names.print(object.key.as_str()));
        xml.element("VersionId", NULL);
        xml.element("IsLatest", true);
        write_entry(&mut xml, answer, object, Some(owner));
        xml.close();
    }
    for prefix in &listed.common_prefixes {
        xml.open("CommonPrefixes");
        xml.element("Prefix", names.print(prefix));
        xml.close();
    }
    xml.close();
    answer.xml(xml)
}
