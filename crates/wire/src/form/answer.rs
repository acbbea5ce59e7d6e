//! What a form is answered with: nothing, a document, or a redirect.

use headwater_model::body::Body;
use headwater_model::object::ObjectMeta;
use headwater_model::reply::VersionNote;
use http::header::{ETAG, LOCATION};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode, Uri};

use super::Form;
use crate::codec::{put_note, put_stored};
use crate::escape::encode;
use crate::etag;
use crate::response::{self, ResponseContext};
use crate::route::Routed;
use crate::xml::XmlWriter;

/// Writes the answer to a form whose object was stored as that version; `routed` and `parts` are those of
/// [`Form::request`].
pub fn encode_form(
    form: &Form,
    (routed, parts): (&Routed, &Parts),
    (meta, note): (&ObjectMeta, VersionNote),
    context: &ResponseContext<'_>,
) -> Response<Body> {
    let vocab = routed.vocab();
    let location = crate::codec::object_location(routed, parts, context);
    let bucket = routed.bucket.as_ref().map(headwater_model::BucketName::as_str).unwrap_or_default();
    let key = routed.key.as_ref().map(headwater_model::ObjectKey::as_str).unwrap_or_default();
    let tag = etag::quoted(&meta.etag, routed.dialect);
    let redirect = form
        .get("success_action_redirect")
        .or_else(|| form.get("redirect"))
        .and_then(|url| redirect(url, bucket, key, &tag));
    let mut response = match (redirect, form.get("success_action_status")) {
        (Some(target), _) => {
            let mut response = response::empty(vocab, context, StatusCode::SEE_OTHER);
            response.headers_mut().insert(LOCATION, target);
            response
        }
        (None, Some("200")) => response::empty(vocab, context, StatusCode::OK),
        (None, Some("201")) => {
            let mut xml = XmlWriter::new();
            xml.open("PostResponse");
            xml.element("Location", &location);
            xml.element("Bucket", bucket);
            xml.element("Key", key);
            xml.element("ETag", &tag);
            xml.close();
            let mut response = response::start(vocab, context, StatusCode::CREATED);
            response::set_xml(&mut response, xml.finish());
            response
        }
        _ => response::empty(vocab, context, StatusCode::NO_CONTENT),
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, etag::header(&meta.etag, routed.dialect));
    put_stored(headers, meta, routed.dialect);
    put_note(headers, routed, note);
    if !headers.contains_key(LOCATION)
        && let Ok(location) = HeaderValue::try_from(location)
    {
        headers.insert(LOCATION, location);
    }
    response
}

/// The URL with bucket, key and tag as parameters; `None` if it cannot be one, which is then ignored (S3).
fn redirect(url: &str, bucket: &str, key: &str, tag: &str) -> Option<HeaderValue> {
    let valid = url.parse::<Uri>().is_ok_and(|uri| uri.scheme().is_some() && uri.host().is_some());
    let joint = if url.contains('?') { '&' } else { '?' };
    let target = format!("{url}{joint}bucket={}&key={}&etag={}", encode(bucket), encode(key), encode(tag));
    valid.then(|| HeaderValue::try_from(target).ok()).flatten()
}
