//! AppendObject (OSS).

use headwater_model::body::Body;
use headwater_model::object::{ObjectMeta, Tags};
use headwater_model::op::{AppendObject, Op};
use headwater_model::{Error, Result};
use http::header::ETAG;
use http::{HeaderValue, Response, StatusCode};

use super::{Answer, Request, acl, checksum, content, encryption, put, tagging};
use crate::etag;
use crate::response::NEXT_POSITION;
use crate::xml::read::decimal;

pub(super) fn decode(request: &Request<'_>) -> Result<Op> {
    let text = request.query("position").unwrap_or_default();
    let message = "The position must be a whole number of bytes.";
    let position = decimal(text).ok_or_else(|| Error::invalid_argument("position", text, message))?;
    // Only the first piece has tags; those of others are not even looked at (as the vendor does).
    let tags = if position == 0 { tagging::of_header(request)? } else { Tags::new() };
    Ok(Op::AppendObject(Box::new(AppendObject {
        bucket: request.bucket(),
        key: request.key(),
        position,
        headers: content::decode(request)?,
        tags,
        acl: acl::of_object(request)?,
        content_length: put::body_length(request)?,
        digests: checksum::announced(request.fields)?,
        encryption: encryption::of_write(request)?,
    })))
}

pub(super) fn encode(answer: &Answer<'_>, meta: &ObjectMeta) -> Response<Body> {
    let mut response = answer.empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(ETAG, etag::header(&meta.etag, answer.vocab.dialect));
    headers.insert(checksum::CRC64, meta.crc64.into());
    encryption::put(headers, answer.vocab.dialect, meta);
    headers.insert(NEXT_POSITION, HeaderValue::from(meta.size_bytes));
    response
}
