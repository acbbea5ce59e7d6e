//! GetObject, HeadObject and GetObjectMeta.
//!
//! Encoding is the path of every hit: fixed values are static, numbers and tags are written once, and nothing is
//! formatted that is not sent.

use headwater_model::body::Body;
use headwater_model::object::{
    ContentHeaders, ObjectHeaders, ObjectKind, ObjectMeta, ObjectPart, Provenance, SharedMeta,
};
use headwater_model::op::{GetObject, Visit};
use headwater_model::range::ByteRange;
use headwater_model::reply::{KnownFacts, ObjectReply, RelayedReply};
use headwater_model::{Error, Result};
use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, LAST_MODIFIED, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use super::{
    Answer, Request, checksum, condition, content, encryption, list, lock, miss, part, storage_class, version,
};
use crate::date::http_date;
use crate::etag;
use crate::response::NEXT_POSITION;

const OBJECT_TYPE: HeaderName = HeaderName::from_static("x-oss-object-type");
const TAG: HeaderName = HeaderName::from_static("x-oss-tag");
const PARTS_COUNT: HeaderName = HeaderName::from_static("x-amz-mp-parts-count");

pub(super) fn decode(request: &Request<'_>) -> Result<GetObject> {
    let version = version::of_query(request)?;
    // A version is of the very key that was named.
    let folded = request.routed.folded.as_ref().filter(|_| version.is_none());
    let key = folded.map_or_else(|| request.key(), |(key, _)| key.clone());
    let overrides = overrides(request)?;
    let part = if request.routed.queries.has("partNumber") { Some(part::number(request)?) } else { None };
    let visit = decode_visit(request)?;
    if part.is_some() && visit.range.is_some() {
        let message = "Cannot specify both Range header and partNumber query parameter";
        return Err(Error::InvalidRequest { message: message.into() });
    }
    let customer_key = encryption::customer_key(request)?;
    Ok(GetObject { overrides, part, version, customer_key, ..visit.of(request.bucket(), key) })
}

/// A read as far as it does not depend on the key.
pub(super) fn decode_visit(request: &Request<'_>) -> Result<Visit> {
    let fields = request.fields;
    let range = fields.get("range")?.and_then(|value| Some((ByteRange::parse(value)?, value.into())));
    let standard = fields.get("x-oss-range-behavior")?.is_some_and(|value| value.eq_ignore_ascii_case("standard"));
    Ok(Visit {
        range,
        strict_range: standard || !request.is_oss(),
        conditions: condition::decode_read(request)?,
        miss: miss::context(request),
    })
}

/// `response-*`: only of signed requests, or anybody could make a public object answer as a page of theirs.
fn overrides(request: &Request<'_>) -> Result<ContentHeaders> {
    if request.routed.queries.is_empty() {
        return Ok(ContentHeaders::default());
    }
    let value = |name: &str| -> Result<Option<Box<str>>> {
        let Some(value) = request.query(name) else { return Ok(None) };
        if !request.facts.signed {
            let message = "Request specific response headers cannot be used for anonymous GET requests.";
            return Err(Error::InvalidRequest { message: message.into() });
        }
        match content::value_of(value) {
            Some(_) => Ok(Some(value.into())),
            None => Err(Error::invalid_argument(name, value, "The value cannot be a header.")),
        }
    };
    Ok(ContentHeaders {
        content_type: value("response-content-type")?,
        content_encoding: value("response-content-encoding")?,
        content_disposition: value("response-content-disposition")?,
        content_language: value("response-content-language")?,
        cache_control: value("response-cache-control")?,
        expires: value("response-expires")?,
        access_control_allow_origin: None,
    })
}

pub(super) fn encode(answer: &Answer<'_>, object: ObjectReply) -> Response<Body> {
    let ObjectReply { meta, facts, range, part, overrides, body, status, added, .. } = object;
    let own_status = status.and_then(|code| StatusCode::from_u16(code).ok());
    let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { own_status.unwrap_or(StatusCode::OK) };
    let mut response = answer.start(status);
    let headers = response.headers_mut();
    content::put_content(headers, &meta.headers.content, &overrides);
    content::put_user_meta(headers, &meta.headers.user, answer.vocab);
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(LAST_MODIFIED, http_date(meta.last_modified));
    if facts.etag {
        headers.insert(ETAG, etag::header(&meta.etag, answer.vocab.dialect));
    }
    let whole = facts.size.then_some(meta.size_bytes);
    match &range {
        Some(range) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
            headers.insert(CONTENT_RANGE, content_range(range.start, range.end, whole));
        }
        None => {
            if let Some(size_bytes) = whole {
                headers.insert(CONTENT_LENGTH, HeaderValue::from(size_bytes));
            }
        }
    }
    if answer.is_oss() {
        put_oss_headers(answer, headers, &meta, facts.digests);
    } else {
        put_s3_headers(answer, headers, &meta);
    }
    encryption::put(headers, answer.vocab.dialect, &meta);
    if let Some(part) = part.filter(|_| !answer.is_oss()) {
        put_part(answer, headers, &meta, &part);
    }
    if let Some(lock) = &meta.headers.lock {
        lock::put(answer, headers, lock);
    }
    if !meta.tags.is_empty() {
        headers.insert(answer.vocab.tagging_count.clone(), HeaderValue::from(meta.tags.len()));
    }
    for (name, value) in added {
        headers.entry(name).or_insert(value);
    }
    // A digest is of the whole object: clients would take it for that of the range.
    if range.is_none() {
        put_digests(answer, headers, &meta, facts);
    }
    *response.body_mut() = body;
    response
}

/// `Content-Range` of a half-open interval; `*` where the whole is not known yet (RFC 9110 section 14.4).
fn content_range(start: u64, end: u64, whole: Option<u64>) -> HeaderValue {
    let mut number = itoa::Buffer::new();
    let mut text = Vec::with_capacity(64);
    text.extend_from_slice(b"bytes ");
    text.extend_from_slice(number.format(start).as_bytes());
    text.push(b'-');
    text.extend_from_slice(number.format(end.saturating_sub(1)).as_bytes());
    text.push(b'/');
    match whole {
        Some(size_bytes) => text.extend_from_slice(number.format(size_bytes).as_bytes()),
        None => text.push(b'*'),
    }
    HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).expect("digits are visible ascii")
}

fn put_oss_headers(answer: &Answer<'_>, headers: &mut HeaderMap, meta: &ObjectMeta, digests_known: bool) {
    headers.insert(OBJECT_TYPE, HeaderValue::from_static(list::kind_name(meta.kind)));
    if meta.kind == ObjectKind::Appendable {
        headers.insert(NEXT_POSITION, HeaderValue::from(meta.size_bytes));
    }
    put_storage_class(answer, headers, &meta.headers);
    // Sent with ranges too: SDKs compare it only after they have read the whole.
    if digests_known {
        headers.insert(checksum::CRC64, HeaderValue::from(meta.crc64));
    }
    if meta.provenance == Provenance::Mirrored {
        headers.insert(TAG, HeaderValue::from_static("MIRROR"));
    }
}

fn put_storage_class(answer: &Answer<'_>, headers: &mut HeaderMap, stored: &ObjectHeaders) {
    let value = match stored.storage_class.as_deref() {
        None => Some(HeaderValue::from_static(answer.vocab.default_storage_class)),
        class => HeaderValue::from_str(storage_class::shown(class, answer.vocab)).ok(),
    };
    if let Some(value) = value {
        headers.insert(answer.vocab.storage_class.clone(), value);
    }
}

/// What S3 says only of objects for which it was chosen.
fn put_s3_headers(answer: &Answer<'_>, headers: &mut HeaderMap, meta: &ObjectMeta) {
    if meta.headers.storage_class.is_some() {
        put_storage_class(answer, headers, &meta.headers);
    }
    if let Some(value) = meta.headers.website_redirect.as_deref().and_then(content::value_of) {
        headers.insert(HeaderName::from_static(content::WEBSITE_REDIRECT), value);
    }
}

/// A part that was asked for by its number: how many there are, and its own checksum.
fn put_part(answer: &Answer<'_>, headers: &mut HeaderMap, meta: &ObjectMeta, part: &ObjectPart) {
    let count = meta.composition.parts.as_ref().map_or(1, |parts| parts.len());
    headers.insert(PARTS_COUNT, HeaderValue::from(count));
    if let Some(checksum) = part.checksum.as_ref().filter(|_| asks_for_checksum(answer)) {
        checksum::put_value(headers, checksum);
        checksum::put_type(headers, meta.composition.checksum_type);
    }
}

fn asks_for_checksum(answer: &Answer<'_>) -> bool {
    answer.field("x-amz-checksum-mode").is_some_and(|mode| mode.eq_ignore_ascii_case("enabled"))
}

/// `Content-MD5` of OSS; of S3 the additional checksum, to those who ask for it.
fn put_digests(answer: &Answer<'_>, headers: &mut HeaderMap, meta: &ObjectMeta, facts: KnownFacts) {
    if answer.is_oss() {
        if facts.etag {
            checksum::put_md5(headers, meta);
        }
    } else if facts.digests && meta.checksum.is_some() && asks_for_checksum(answer) {
        checksum::put(headers, meta);
    }
}

/// 304: the validators and what caches keep (RFC 9110 section 15.4.5).
pub(super) fn encode_not_modified(answer: &Answer<'_>, meta: &SharedMeta) -> Response<Body> {
    let mut response = answer.empty(StatusCode::NOT_MODIFIED);
    let headers = response.headers_mut();
    headers.insert(ETAG, etag::header(&meta.etag, answer.vocab.dialect));
    headers.insert(LAST_MODIFIED, http_date(meta.last_modified));
    let kept = ContentHeaders {
        cache_control: meta.headers.content.cache_control.clone(),
        expires: meta.headers.content.expires.clone(),
        ..ContentHeaders::default()
    };
    content::put_content(headers, &kept, &ContentHeaders::default());
    headers.remove(CONTENT_TYPE);
    response
}

/// OSS `?objectMeta`: ETag, length and date. Only HEAD can tell the length of what it does not send; GET, which old
/// clients use to see whether an object exists, has no body either.
pub(super) fn encode_object_meta(answer: &Answer<'_>, meta: &SharedMeta) -> Response<Body> {
    let mut response = answer.start(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(ETAG, etag::header(&meta.etag, answer.vocab.dialect));
    headers.insert(LAST_MODIFIED, http_date(meta.last_modified));
    let length = if answer.routed.method == Method::HEAD { meta.size_bytes } else { 0 };
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(checksum::CRC64, HeaderValue::from(meta.crc64));
    response
}

pub(super) fn encode_relayed(answer: &Answer<'_>, relayed: RelayedReply) -> Response<Body> {
    let status = StatusCode::from_u16(relayed.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = answer.start(status);
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, text: Option<Box<str>>| {
        if let Some(value) = text.as_deref().and_then(content::value_of) {
            headers.insert(name, value);
        }
    };
    put(LOCATION, relayed.location);
    put(CONTENT_TYPE, relayed.content_type);
    let length = match (&relayed.body, relayed.content_length) {
        (Body::Empty, None) if answer.routed.method != Method::HEAD => Some(0),
        (Body::Full(bytes), None) => u64::try_from(bytes.len()).ok(),
        (_, length) => length,
    };
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    *response.body_mut() = relayed.body;
    response
}
