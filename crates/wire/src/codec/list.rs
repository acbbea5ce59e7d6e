//! ListObjects, versions 1 and 2, and what all listings of objects tell.

use headwater_model::Result;
use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use headwater_model::limits::MAX_LIST_KEYS;
use headwater_model::list::{ListPage, ListQuery, ListedObject};
use headwater_model::object::ObjectKind;
use headwater_model::op::{ListObjects, Op};
use headwater_model::reply::Owner;
use http::Response;

use super::page::Names;
use super::{Answer, Request, acl, object, page, storage_class, token};
use crate::date::iso_8601;
use crate::etag;
use crate::operation::Operation;
use crate::query::Queries;
use crate::response::open_root;
use crate::xml::{XmlWriter, tags};

/// What an object takes in a listing, at a guess: room made at once, instead of copying the page each time that it doubles.
const ENTRY_BYTES: usize = 320;

/// Keys of a page that names no limit.
pub(super) fn default_limit(dialect: Dialect) -> usize {
    match dialect {
        Dialect::Oss => 100,
        Dialect::S3 => MAX_LIST_KEYS,
    }
}

pub(super) fn decode(request: &Request<'_>) -> Result<Op> {
    page::check_encoding(request)?;
    let second = request.routed.operation == Operation::ListObjectsV2;
    let text = |name: &str| request.query(name).unwrap_or_default();
    let after = match (second, request.query("continuation-token")) {
        (false, _) => text("marker").into(),
        (true, None | Some("")) => text("start-after").into(),
        (true, token) => token::decode(token)?,
    };
    let query = ListQuery {
        prefix: text("prefix").into(),
        delimiter: text("delimiter").into(),
        after,
        limit: page::limit(request, "max-keys", default_limit(request.routed.dialect))?,
    };
    let visit = if request.facts.signed { None } else { Some(Box::new(object::decode_visit(request)?)) };
    Ok(Op::ListObjects(ListObjects { bucket: request.bucket(), query, visit }))
}

pub(super) fn encode(answer: &Answer<'_>, owner: &Owner, listed: &ListPage) -> Response<Body> {
    let queries = &answer.routed.queries;
    let names = Names::of(answer);
    let second = answer.routed.operation == Operation::ListObjectsV2;
    let mut xml = open_root(answer.vocab, "ListBucketResult");
    xml.element("Name", answer.bucket());
    let prefix = queries.get("prefix").unwrap_or_default();
    // Clients of S3's version 1 do not decode it there.
    let as_sent = !second && !answer.is_oss();
    xml.element("Prefix", if as_sent { prefix.into() } else { names.print(prefix) });
    if second {
        write_second(&mut xml, queries, names, listed);
    } else {
        write_first(&mut xml, answer, names, listed);
    }
    xml.element("MaxKeys", shown_limit(queries, answer.vocab.dialect));
    // OSS shows an empty delimiter in version 1; everybody else shows none.
    let always = answer.is_oss() && !second;
    let delimiter = queries.get("delimiter").unwrap_or_default();
    xml.optional("Delimiter", Some(names.print(delimiter)).filter(|_| always || !delimiter.is_empty()));
    xml.optional("EncodingType", names.encoding());
    xml.element("IsTruncated", listed.next.is_some());
    let fetch_owner = queries.get("fetch-owner").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let owner = (!second || fetch_owner).then_some(owner);
    xml.reserve(listed.objects.len() * ENTRY_BYTES);
    for object in &listed.objects {
        write_object(&mut xml, answer, names, object, owner);
    }
    for prefix in &listed.common_prefixes {
        xml.open("CommonPrefixes");
        xml.element("Prefix", names.print(prefix));
        xml.close();
    }
    xml.close();
    answer.xml(xml)
}

fn write_first(xml: &mut XmlWriter, answer: &Answer<'_>, names: Names, listed: &ListPage) {
    let queries = &answer.routed.queries;
    xml.element("Marker", names.print(queries.get("marker").unwrap_or_default()));
    // S3 leaves the marker to the client (the last key) unless common prefixes could hide it.
    let shows_marker = answer.is_oss() || queries.get("delimiter").is_some_and(|delimiter| !delimiter.is_empty());
    xml.optional("NextMarker", listed.next.as_deref().filter(|_| shows_marker).map(|next| names.print(next)));
}

fn write_second(xml: &mut XmlWriter, queries: &Queries, names: Names, listed: &ListPage) {
    xml.optional("StartAfter", queries.get("start-after").map(|after| names.print(after)));
    xml.optional("ContinuationToken", queries.get("continuation-token"));
    xml.optional("NextContinuationToken", listed.next.as_deref().map(token::encode));
    xml.element("KeyCount", listed.objects.len() + listed.common_prefixes.len());
}

/// The limit as applied; it was checked when the request was read.
pub(super) fn shown_limit(queries: &Queries, dialect: Dialect) -> usize {
    let asked = queries.get("max-keys").and_then(|text| text.trim().parse().ok());
    asked.map_or(default_limit(dialect), |limit: usize| limit.min(MAX_LIST_KEYS))
}

fn write_object(xml: &mut XmlWriter, answer: &Answer<'_>, names: Names, object: &ListedObject, owner: Option<&Owner>) {
    xml.open("Contents");
    xml.text(tags!("Key"), &names.print(object.key.as_str()));
    write_entry(xml, answer, object, owner);
    xml.close();
}

/// What every listing tells about an object behind its name.
pub(super) fn write_entry(xml: &mut XmlWriter, answer: &Answer<'_>, object: &ListedObject, owner: Option<&Owner>) {
    xml.plain(tags!("LastModified"), &iso_8601(object.last_modified));
    etag::write(xml, &object.etag, answer.vocab.dialect);
    if answer.is_oss() {
        xml.plain(tags!("Type"), kind_name(object.kind));
    } else if let Some(algorithm) = object.checksum_algorithm {
        xml.plain(tags!("ChecksumAlgorithm"), algorithm.name());
        xml.plain(tags!("ChecksumType"), object.checksum_type.name());
    }
    xml.plain(tags!("Size"), itoa::Buffer::new().format(object.size_bytes));
    xml.text(tags!("StorageClass"), storage_class::shown(object.storage_class.as_deref(), answer.vocab));
    if let Some(owner) = owner {
        acl::write_owner(xml, object.owner.as_ref().unwrap_or(owner));
    }
}

/// `x-oss-object-type`, and `Type` in OSS's listings.
pub(super) fn kind_name(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Normal => "Normal",
        ObjectKind::Multipart => "Multipart",
        ObjectKind::Appendable => "Appendable",
        ObjectKind::Symlink => "Symlink",
    }
}
