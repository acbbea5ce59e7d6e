//! Errors in each vendor's words.
//!
//! Guarantees: every [`Error`] has a code, a status and a message in both dialects; what only administrators and owners
//! may know (the reason of a mirror failure, why access was denied) reaches nobody else.
//!
//! How: `oss` and `s3` are the tables, `details` the elements that go with an error, and here they become an answer.
//! HEAD answers have no body: OSS puts the document into `x-oss-err`, S3 leaves it out. Websites of S3 answer with a page,
//! `html`.

mod details;
mod html;
mod oss;
mod s3;
mod versions;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use headwater_model::Error;
use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use headwater_model::error::VersionError;
use http::header::{ALLOW, CONTENT_RANGE, LAST_MODIFIED, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use crate::date::http_date;
use crate::response::{self, ResponseContext};
use crate::vocab::Vocab;
use crate::xml::XmlWriter;

const ERROR_OF_HEAD: HeaderName = HeaderName::from_static("x-oss-err");
/// S3: how the names of headers with additional checksums begin.
const CHECKSUM_PREFIX: &str = "x-amz-checksum-";

/// The reason code of a failed miss.
const MIRROR_ERROR: HeaderName = HeaderName::from_static("x-mirror-error");
const ERROR_CODE: HeaderName = HeaderName::from_static("x-oss-ec");
/// Longest document put into a header; a longer one goes without its details. Clients bound header lines.
const MAX_HEAD_DOCUMENT_BYTES: usize = 4 << 10;

/// What an error's answer tells about its request.
#[derive(Clone, Copy, Debug)]
pub struct ErrorContext<'a> {
    /// See [`ResponseContext::request_id`].
    pub request_id: &'a str,
    /// See [`ResponseContext::elapsed`].
    pub elapsed: Duration,
    /// Host as the client named it (`HostId` of OSS).
    pub host: &'a str,
    /// Method of the request.
    pub method: &'a Method,
    /// Raw path of the request (`Resource` of S3).
    pub path: &'a str,
    /// Bucket that the request names.
    pub bucket: Option<&'a str>,
    /// Key that the request names.
    pub key: Option<&'a str>,
    /// Whether the caller may know the reason of a failure: a verified owner of the bucket.
    pub owner: bool,
    /// Whether a website was asked instead of the API: S3 answers those who look at it with a page.
    pub site: bool,
}

/// One row of a vendor's error table.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    /// OSS's numeric code, where one is known.
    pub(crate) ec: Option<&'static str>,
    pub(crate) message: Cow<'static, str>,
}

/// A row without EC.
fn row(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Fault {
    Fault { status, code, ec: None, message: message.into() }
}

/// The row of an error.
pub(crate) fn fault(dialect: Dialect, error: &Error) -> Fault {
    match dialect {
        Dialect::Oss => oss::fault(error),
        Dialect::S3 => s3::fault(error),
    }
}

/// The vendor's code of an error, for logs.
pub fn error_code(dialect: Dialect, error: &Error) -> &'static str {
    fault(dialect, error).code
}

/// Writes the answer to a request that failed.
pub fn encode_error(dialect: Dialect, error: &Error, context: &ErrorContext<'_>) -> Response<Body> {
    let vocab = Vocab::of(dialect);
    let mut fault = fault(dialect, error);
    if let (Error::AccessDenied { reason }, true) = (error, context.owner) {
        fault.message = Cow::Borrowed(reason);
    }
    let common = ResponseContext { request_id: context.request_id, elapsed: context.elapsed, secure: false };
    let mut response = response::start(vocab, &common, fault.status);
    put_headers(&mut response, vocab, error);
    if let Some(reason) = reason(error).filter(|_| context.owner) {
        response.headers_mut().insert(MIRROR_ERROR, HeaderValue::from_static(reason));
    }
    if let Some(ec) = fault.ec {
        response.headers_mut().insert(ERROR_CODE, HeaderValue::from_static(ec));
    }
    if context.site && dialect == Dialect::S3 {
        html::put(&mut response, &fault, error, context);
    } else if context.method != Method::HEAD {
        let details = details::of(dialect, error, context);
        response::set_xml(&mut response, document(dialect, &fault, &details, context));
    } else if dialect == Dialect::Oss {
        response.headers_mut().insert(ERROR_OF_HEAD, head_document(&fault, error, context));
    }
    response
}

/// Why a miss was not served, in one word: for owners, logs and metrics (decisions, row 24).
pub fn reason(error: &Error) -> Option<&'static str> {
    match error {
        Error::MirrorFailed(failure) => Some(failure.reason),
        Error::SlowDown { limit, .. } => Some(limit),
        _ => None,
    }
}

/// Headers that say more than the document, for clients of HTTP.
fn put_headers(response: &mut Response<Body>, vocab: &Vocab, error: &Error) {
    let headers = response.headers_mut();
    let retry_after = match error {
        Error::MirrorFailed(failure) => failure.retry_after,
        Error::SlowDown { retry_after, .. } => Some(*retry_after),
        _ => None,
    };
    if let Some(delay) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(delay)));
    }
    match error {
        Error::InvalidRange { size_bytes, .. } => {
            let value = HeaderValue::try_from(format!("bytes */{size_bytes}"));
            headers.insert(CONTENT_RANGE, value.expect("digits are visible ascii"));
        }
        Error::AppendPosition { next } => {
            headers.insert(response::NEXT_POSITION, HeaderValue::from(*next));
        }
        Error::Version(VersionError::Deleted { marker, .. }) => put_marker(headers, vocab, marker),
        Error::Version(VersionError::IsMarker { version, last_modified }) => {
            put_marker(headers, vocab, version);
            headers.insert(ALLOW, HeaderValue::from_static("DELETE"));
            headers.insert(LAST_MODIFIED, http_date(*last_modified));
        }
        Error::MethodNotAllowed { resource, .. } => {
            let methods = match *resource {
                "SERVICE" => "GET",
                "BUCKET" => "GET, HEAD, PUT, DELETE, POST",
                _ => "GET, HEAD, PUT, DELETE",
            };
            headers.insert(ALLOW, HeaderValue::from_static(methods));
        }
        _ => {}
    }
}

/// A delete marker, and its id.
fn put_marker(headers: &mut HeaderMap, vocab: &Vocab, id: &str) {
    headers.insert(vocab.delete_marker.clone(), HeaderValue::from_static("true"));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(vocab.version_id.clone(), id);
    }
}

/// For `Retry-After`: rounded up, and at least 1, since 0 would invite an immediate storm.
fn whole_seconds(delay: Duration) -> u64 {
    delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0)).max(1)
}

fn head_document(fault: &Fault, error: &Error, context: &ErrorContext<'_>) -> HeaderValue {
    let details = details::of(Dialect::Oss, error, context);
    let full = document(Dialect::Oss, fault, &details, context);
    let kept = if full.len() > MAX_HEAD_DOCUMENT_BYTES { document(Dialect::Oss, fault, &[], context) } else { full };
    HeaderValue::try_from(BASE64.encode(kept)).expect("base64 is visible ascii")
}

fn document(dialect: Dialect, fault: &Fault, details: &[details::Detail<'_>], context: &ErrorContext<'_>) -> String {
    let mut xml = XmlWriter::new();
    xml.open("Error");
    xml.element("Code", fault.code);
    xml.element("Message", &fault.message);
    if dialect == Dialect::S3 {
        xml.element("Resource", context.path);
    }
    xml.element("RequestId", context.request_id);
    // S3's is a second, longer id of the request; ours is the same id.
    xml.element("HostId", if dialect == Dialect::S3 { context.request_id } else { context.host });
    for (name, value) in details {
        xml.element(name, value);
    }
    if let Some(ec) = fault.ec {
        xml.element("EC", ec);
        xml.element("RecommendDoc", format_args!("https://api.aliyun.com/troubleshoot?q={ec}"));
    }
    xml.close();
    xml.finish()
}
