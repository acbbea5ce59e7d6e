//! PutSymlink and GetSymlink (OSS).

use headwater_model::body::Body;
use headwater_model::object::ObjectMeta;
use headwater_model::op::{Op, PutSymlink};
use headwater_model::{Error, ObjectKey, Result};
use http::header::{ETAG, LAST_MODIFIED};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::{Answer, Request, acl, condition, content, tagging};
use crate::date::http_date;
use crate::escape::{Plus, decode as unescape, encode as escaped};
use crate::etag;

const TARGET: HeaderName = HeaderName::from_static("x-oss-symlink-target");

pub(super) fn decode(request: &Request<'_>) -> Result<Op> {
    let sent = request.fields.get(TARGET.as_str())?.unwrap_or_default();
    let target = unescape(sent, Plus::Literal).and_then(|target| ObjectKey::parse(&target).ok());
    let target = target.filter(|target| target.as_str().len() <= request.vocab.max_key_bytes);
    let message = "The target must be the URL-encoded key of an object.";
    Ok(Op::PutSymlink(Box::new(PutSymlink {
        bucket: request.bucket(),
        key: request.key(),
        target: target.ok_or_else(|| Error::invalid_argument(TARGET.as_str(), sent, message))?,
        headers: content::decode(request)?,
        tags: tagging::of_header(request)?,
        acl: acl::of_object(request)?,
        condition: condition::decode_write(request)?,
    })))
}

pub(super) fn encode(answer: &Answer<'_>, meta: &ObjectMeta) -> Response<Body> {
    let mut response = answer.empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(ETAG, etag::header(&meta.etag, answer.vocab.dialect));
    headers.insert(LAST_MODIFIED, http_date(meta.last_modified));
    let target = escaped(meta.composition.link.as_deref().unwrap_or_default());
    if let Ok(target) = HeaderValue::from_str(&target) {
        headers.insert(TARGET, target);
    }
    content::put_user_meta(headers, &meta.headers.user, answer.vocab);
    response
}
