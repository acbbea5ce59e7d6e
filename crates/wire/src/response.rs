//! What every answer carries, and the three shapes of a body: none, XML, an object's bytes.
//!
//! `Date` and `Connection` are the HTTP layer's.

use std::time::Duration;

use bytes::Bytes;
use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, SERVER};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::vocab::Vocab;
use crate::xml::{Controls, XmlWriter};

const SERVER_TIME: HeaderName = HeaderName::from_static("x-oss-server-time");
const EXTENDED_REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-id-2");
/// OSS: where an appendable object ends.
pub(crate) const NEXT_POSITION: HeaderName = HeaderName::from_static("x-oss-next-append-position");
const XML: HeaderValue = HeaderValue::from_static("application/xml");

/// What an answer tells about the request beside its result.
#[derive(Clone, Copy, Debug)]
pub struct ResponseContext<'a> {
    /// Identifies the request: 24 upper-case hex digits (clients of OSS check the length).
    pub request_id: &'a str,
    /// Time spent so far; shown by OSS as `x-oss-server-time`.
    pub elapsed: Duration,
    /// Whether the request came over TLS, for URLs within answers.
    pub secure: bool,
}

/// An answer with the common headers and no body.
pub(crate) fn start(vocab: &Vocab, context: &ResponseContext<'_>, status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    // Room for the headers of an object without growing the map on the way.
    headers.reserve(24);
    headers.insert(SERVER, HeaderValue::from_static(vocab.server));
    let id = HeaderValue::from_str(context.request_id).expect("a request id is hex");
    match vocab.dialect {
        Dialect::Oss => {
            let ms = u64::try_from(context.elapsed.as_millis()).unwrap_or(u64::MAX);
            headers.insert(SERVER_TIME, HeaderValue::from(ms));
        }
        Dialect::S3 => {
            headers.insert(EXTENDED_REQUEST_ID, id.clone());
        }
    }
    headers.insert(vocab.request_id.clone(), id);
    response
}

/// An answer whose status says all.
pub(crate) fn empty(vocab: &Vocab, context: &ResponseContext<'_>, status: StatusCode) -> Response<Body> {
    let mut response = start(vocab, context, status);
    // RFC 9110 section 8.6: none with 204; a 304 would have to tell the length of the representation.
    if !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(0));
    }
    response
}

/// An answer with an XML document.
pub(crate) fn xml(vocab: &Vocab, context: &ResponseContext<'_>, document: XmlWriter) -> Response<Body> {
    let mut response = start(vocab, context, StatusCode::OK);
    set_xml(&mut response, document.finish());
    response
}

/// Gives a response its XML body.
pub(crate) fn set_xml(response: &mut Response<Body>, document: String) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, XML);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(document.len()));
    *response.body_mut() = Body::Full(Bytes::from(document));
}

/// Opens the root element of an answer, with the vendor's namespace if it has one.
pub(crate) fn open_root(vocab: &Vocab, name: &'static str) -> XmlWriter {
    let controls = if vocab.dialect == Dialect::Oss { Controls::Raw } else { Controls::References };
    let mut xml = XmlWriter::new().with_controls(controls);
    match vocab.namespace {
        Some(namespace) => xml.open_with_namespace(name, namespace),
        None => xml.open(name),
    }
    xml
}

/// A document whose root holds text.
pub(crate) fn text_document(vocab: &Vocab, name: &'static str, text: &str) -> String {
    let mut xml = XmlWriter::new();
    xml.element(name, text);
    let document = xml.finish();
    match vocab.namespace {
        // The first such tag is the root: one within the text would be escaped.
        Some(namespace) => document.replacen(&format!("<{name}>"), &format!("<{name} xmlns=\"{namespace}\">"), 1),
        None => document,
    }
}
