//! Errors of a website as S3 shows them: a page for people, and the code and message as headers for programs.

use bytes::Bytes;
use headwater_model::Error;
use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Response};

use super::{ErrorContext, Fault, details};
use crate::xml::XmlWriter;

const CODE: HeaderName = HeaderName::from_static("x-amz-error-code");
const MESSAGE: HeaderName = HeaderName::from_static("x-amz-error-message");

/// Makes the answer a page. One to HEAD has the same headers and no body.
pub(super) fn put(response: &mut Response<Body>, fault: &Fault, error: &Error, context: &ErrorContext<'_>) {
    let page = page(fault, &details::of(Dialect::S3, error, context), context);
    let headers = response.headers_mut();
    headers.insert(CODE, HeaderValue::from_static(fault.code));
    if let Ok(message) = HeaderValue::from_str(&fault.message) {
        headers.insert(MESSAGE, message);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(page.len()));
    if context.method != Method::HEAD {
        *response.body_mut() = Body::Full(Bytes::from(page));
    }
}

fn page(fault: &Fault, details: &[details::Detail<'_>], context: &ErrorContext<'_>) -> String {
    let title = format!("{} {}", fault.status.as_u16(), fault.status.canonical_reason().unwrap_or_default());
    // What escapes a text for XML does so for HTML.
    let mut list = XmlWriter::fragment();
    list.open("ul");
    let mut item = |name: &str, value: &str| list.element("li", format_args!("{name}: {value}"));
    item("Code", fault.code);
    item("Message", &fault.message);
    for (name, value) in details {
        item(name, value);
    }
    item("RequestId", context.request_id);
    // S3's is a second, longer id of the request; ours is the same id.
    item("HostId", context.request_id);
    list.close();
    let list = list.finish();
    format!("<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{list}\n<hr/>\n</body>\n</html>\n")
}
