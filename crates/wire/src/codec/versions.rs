//! ListObjectVersions: the versions of objects, and the delete markers among them.

use headwater_model::body::Body;
use headwater_model::op::{ListObjectVersions, Op};
use headwater_model::reply::Owner;
use headwater_model::version::{ListedVersion, VersionMarker, VersionPage, VersionQuery};
use headwater_model::{Error, Result};
use http::Response;

use super::list::{default_limit, shown_limit, write_entry};
use super::page::{self, Names};
use super::{Answer, Request, acl, version};
use crate::date::iso_8601;
use crate::response::open_root;
use crate::xml::XmlWriter;

const KEY_MARKER: &str = "key-marker";
const VERSION_MARKER: &str = "version-id-marker";

/// A page begins behind the marker's version, or behind all versions of its key if it names none.
pub(super) fn decode(request: &Request<'_>) -> Result<Op> {
    page::check_encoding(request)?;
    let key = page::text(request, KEY_MARKER)?;
    let version = match page::text(request, VERSION_MARKER)? {
        "" => None,
        text if key.is_empty() => {
            let message = "A version-id marker cannot be specified without a key marker.";
            return Err(Error::invalid_argument(VERSION_MARKER, text, message));
        }
        text => Some(version::parse(VERSION_MARKER, text)?),
    };
    let query = VersionQuery {
        prefix: page::text(request, "prefix")?.into(),
        delimiter: page::text(request, "delimiter")?.into(),
        after: VersionMarker { key: key.into(), version },
        limit: page::limit(request, "max-keys", default_limit(request.routed.dialect))?,
    };
    Ok(Op::ListObjectVersions(ListObjectVersions { bucket: request.bucket(), query }))
}

pub(super) fn encode(answer: &Answer<'_>, owner: &Owner, listed: &VersionPage) -> Response<Body> {
    let queries = &answer.routed.queries;
    let query = |name: &str| queries.get(name).unwrap_or_default();
    let names = Names::of(answer);
    let mut xml = open_root(answer.vocab, "ListVersionsResult");
    xml.element("Name", answer.bucket());
    xml.element("Prefix", names.print(query("prefix")));
    xml.element("KeyMarker", names.print(query(KEY_MARKER)));
    xml.element("VersionIdMarker", query(VERSION_MARKER));
    if let Some(next) = &listed.next {
        xml.element("NextKeyMarker", names.print(&next.key));
        // A page that ends with a common prefix goes on behind all versions below it.
        xml.optional("NextVersionIdMarker", next.version);
    }
    xml.element("MaxKeys", shown_limit(queries, answer.vocab.dialect));
    let delimiter = query("delimiter");
    xml.optional("Delimiter", Some(names.print(delimiter)).filter(|_| answer.is_oss() || !delimiter.is_empty()));
    xml.optional("EncodingType", names.encoding());
    xml.element("IsTruncated", listed.next.is_some());
    for version in &listed.versions {
        write_version(&mut xml, answer, names, version, owner);
    }
    for prefix in &listed.common_prefixes {
        xml.open("CommonPrefixes");
        xml.element("Prefix", names.print(prefix));
        xml.close();
    }
    xml.close();
    answer.xml(xml)
}

fn write_version(xml: &mut XmlWriter, answer: &Answer<'_>, names: Names, version: &ListedVersion, owner: &Owner) {
    xml.open(if version.object.is_some() { "Version" } else { "DeleteMarker" });
    xml.element("Key", names.print(version.key.as_str()));
    xml.element("VersionId", version.version);
    xml.element("IsLatest", version.is_latest);
    match &version.object {
        Some(object) => write_entry(xml, answer, object, Some(owner)),
        None => {
            xml.element("LastModified", iso_8601(version.last_modified));
            acl::write_owner(xml, owner);
        }
    }
    xml.close();
}
