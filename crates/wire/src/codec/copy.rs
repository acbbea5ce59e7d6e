//! CopyObject.

use headwater_model::body::Body;
use headwater_model::object::ObjectMeta;
use headwater_model::op::{CopyObject, ObjectVersion, Op};
use headwater_model::version::VersionId;
use headwater_model::{BucketName, Error, ObjectKey, Result};
use http::Response;
use http::header::ETAG;

use super::{
    Answer, Request, acl, checksum, condition, content, encryption, lock, not_implemented, storage_class, tagging,
    version,
};
use crate::date::iso_8601;
use crate::escape::{Plus, decode as unescape};
use crate::etag;
use crate::response::open_root;
use crate::vocab::Vocab;

pub(super) fn decode(request: &Request<'_>) -> Result<Op> {
    let words = &request.vocab.headers;
    let ObjectVersion { bucket: source_bucket, key: source_key, version: source_version } = source(request)?;
    if request.fields.has(words.copy_source_range) {
        return Err(not_implemented(words.copy_source_range));
    }
    let tags = if replaces(request, words.tagging_directive)? { Some(tagging::of_header(request)?) } else { None };
    let headers = if replaces(request, words.metadata_directive)? { Some(content::decode(request)?) } else { None };
    let (bucket, key) = (request.bucket(), request.key());
    let storage_class = storage_class::of_request(request)?;
    let website_redirect = content::website_redirect(request)?;
    let names_class = request.fields.has(request.vocab.storage_class.as_str());
    let changes = headers.is_some()
        || tags.is_some()
        || website_redirect.is_some()
        || names_class
        || encryption::is_asked_for(request);
    let onto_itself = source_bucket == bucket && source_key == key && source_version.is_none();
    if !changes && !request.is_oss() && onto_itself {
        let message = "This copy request is illegal because it is trying to copy an object to itself without changing \
                       the object's metadata, storage class, website redirect location or encryption attributes.";
        return Err(Error::InvalidRequest { message: message.into() });
    }
    let named = if request.is_oss() { None } else { request.fields.get("x-amz-checksum-algorithm")? };
    let algorithm = named.map(checksum::parse_algorithm).transpose()?;
    Ok(Op::CopyObject(Box::new(CopyObject {
        source_bucket,
        source_key,
        source_version,
        source_conditions: condition::decode_copy_source(request)?,
        bucket,
        key,
        headers,
        tags,
        storage_class,
        lock: lock::of_headers(request)?,
        website_redirect,
        acl: acl::of_object(request)?,
        algorithm,
        condition: condition::decode_copy_write(request)?,
        encryption: encryption::of_write(request)?,
        source_customer_key: encryption::source_customer_key(request)?,
    })))
}

/// `/BUCKET/KEY` or `BUCKET/KEY`, percent-decoded exactly once, with an optional `?versionId=`.
pub(super) fn source(request: &Request<'_>) -> Result<ObjectVersion> {
    let name = request.vocab.headers.copy_source;
    let sent = request.fields.get(name)?.unwrap_or_default();
    let invalid = |message: &str| Error::invalid_argument(name, sent, message);
    // A question mark of the key is escaped.
    let (path, version) = match sent.split_once("?versionId=") {
        Some((path, id)) => (path, Some(VersionId::parse(id).ok_or_else(|| version::invalid(name, sent))?)),
        None => (sent, None),
    };
    let path = unescape(path, Plus::Literal).ok_or_else(|| invalid("Copy Source must be URL-encoded UTF-8."))?;
    let path = path.strip_prefix('/').unwrap_or(&path);
    let (bucket, key) = path
        .split_once('/')
        .filter(|(_, key)| !key.is_empty())
        .ok_or_else(|| invalid("Copy Source must mention the source bucket and key: sourcebucket/sourcekey"))?;
    check_length(key, request.vocab)?;
    Ok(ObjectVersion { bucket: BucketName::parse(bucket)?, key: ObjectKey::parse(key)?, version })
}

fn check_length(key: &str, vocab: &Vocab) -> Result<()> {
    let (size_bytes, limit_bytes) = (key.len(), vocab.max_key_bytes);
    if size_bytes > limit_bytes { Err(Error::KeyTooLong { size_bytes, limit_bytes }) } else { Ok(()) }
}

/// Whether a directive says REPLACE rather than COPY, its default.
fn replaces(request: &Request<'_>, name: &str) -> Result<bool> {
    match request.fields.get(name)? {
        None => Ok(false),
        Some(value) if value.eq_ignore_ascii_case("COPY") => Ok(false),
        Some(value) if value.eq_ignore_ascii_case("REPLACE") => Ok(true),
        Some(value) => Err(Error::invalid_argument(name, value, "The directive must be COPY or REPLACE.")),
    }
}

pub(super) fn encode(answer: &Answer<'_>, meta: &ObjectMeta) -> Response<Body> {
    let mut xml = open_root(answer.vocab, "CopyObjectResult");
    xml.element("LastModified", iso_8601(meta.last_modified));
    etag::write(&mut xml, &meta.etag, answer.vocab.dialect);
    if !answer.is_oss() {
        checksum::write(&mut xml, meta);
    }
    xml.close();
    let mut response = answer.xml(xml);
    encryption::put(response.headers_mut(), answer.vocab.dialect, meta);
    if answer.is_oss() {
        let headers = response.headers_mut();
        headers.insert(ETAG, etag::header(&meta.etag, answer.vocab.dialect));
        headers.insert(checksum::CRC64, meta.crc64.into());
    }
    response
}
