//! PutObject, and what it shares with the other writes of objects.

use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use headwater_model::limits::MAX_PUT_BYTES;
use headwater_model::object::ObjectMeta;
use headwater_model::op::{Op, PutObject};
use headwater_model::{Error, Result};
use http::header::{CONTENT_LENGTH, ETAG, TRANSFER_ENCODING};
use http::{HeaderMap, Response, StatusCode, Version};

use super::{Answer, Request, acl, checksum, condition, content, encryption, tagging};
use crate::etag;
use crate::xml::read::decimal;

pub(super) fn decode(request: &Request<'_>) -> Result<Op> {
    Ok(Op::PutObject(Box::new(PutObject {
        bucket: request.bucket(),
        key: request.key(),
        headers: content::decode(request)?,
        tags: tagging::of_header(request)?,
        acl: acl::of_object(request)?,
        content_length: body_length(request)?,
        digests: checksum::announced(request.fields)?,
        condition: condition::decode_write(request)?,
        encryption: encryption::of_write(request)?,
    })))
}

/// The length of the body after `aws-chunked` is decoded; `None` if the client does not know it.
///
/// # Errors
/// [`Error::MissingContentLength`] where nothing frames the body, [`Error::EntityTooLarge`] beyond [`MAX_PUT_BYTES`].
pub(super) fn body_length(request: &Request<'_>) -> Result<Option<u64>> {
    const DECODED_LENGTH: &str = "x-amz-decoded-content-length";
    let headers = &request.parts.headers;
    let length = match number(headers, DECODED_LENGTH)? {
        Some(decoded) => Some(decoded),
        None if is_aws_chunked(headers) => return Err(Error::MissingContentLength),
        None => number(headers, CONTENT_LENGTH.as_str())?,
    };
    // HTTP/2 frames every body; HTTP/1.1 has no body without one of the two.
    let framed = headers.contains_key(TRANSFER_ENCODING) || request.parts.version >= Version::HTTP_2;
    match length {
        None if !framed => Err(Error::MissingContentLength),
        Some(size_bytes) if size_bytes > MAX_PUT_BYTES => {
            Err(Error::EntityTooLarge { size_bytes, limit_bytes: MAX_PUT_BYTES })
        }
        length => Ok(length),
    }
}

/// Whether the body comes in signed chunks, or with a trailer.
pub(super) fn is_aws_chunked(headers: &HeaderMap) -> bool {
    let mode = headers.get("x-amz-content-sha256");
    mode.is_some_and(|mode| mode.as_bytes().starts_with(b"STREAMING-"))
}

fn number(headers: &HeaderMap, name: &str) -> Result<Option<u64>> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    match decimal(text) {
        Some(number) => Ok(Some(number)),
        None => Err(Error::invalid_argument(name, text, "The value must be a whole number of bytes.")),
    }
}

pub(super) fn encode(answer: &Answer<'_>, meta: &ObjectMeta) -> Response<Body> {
    let mut response = answer.empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(ETAG, etag::header(&meta.etag, answer.vocab.dialect));
    put_digests(headers, meta, answer.vocab.dialect);
    encryption::put(headers, answer.vocab.dialect, meta);
    response
}

/// What the vendor tells about the bytes that were stored.
pub(super) fn put_digests(headers: &mut HeaderMap, meta: &ObjectMeta, dialect: Dialect) {
    match dialect {
        Dialect::Oss => {
            checksum::put_md5(headers, meta);
            headers.insert(checksum::CRC64, meta.crc64.into());
        }
        Dialect::S3 => checksum::put(headers, meta),
    }
}
