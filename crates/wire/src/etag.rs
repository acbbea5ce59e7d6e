//! Entity tags as each dialect prints them: OSS in upper case, S3 in lower case, both in quotes.

use headwater_model::bucket::Dialect;
use headwater_model::digest::ETag;
use http::HeaderValue;

use crate::xml::{XmlWriter, tags};

/// As an element of XML, with quotes.
pub(crate) fn write(xml: &mut XmlWriter, etag: &ETag, dialect: Dialect) {
    match dialect {
        Dialect::Oss => xml.quoted(tags!("ETag"), &etag.upper_case()),
        Dialect::S3 => xml.quoted(tags!("ETag"), etag.as_str()),
    }
}

/// With quotes.
pub(crate) fn quoted(etag: &ETag, dialect: Dialect) -> String {
    let mut text = String::with_capacity(etag.as_str().len() + 2);
    text.push('"');
    text.push_str(etag.as_str());
    text.push('"');
    if dialect == Dialect::Oss {
        text.make_ascii_uppercase();
    }
    text
}

/// As a header. An origin's tag that no header can hold shows as an empty one.
pub(crate) fn header(etag: &ETag, dialect: Dialect) -> HeaderValue {
    HeaderValue::try_from(quoted(etag, dialect)).unwrap_or(HeaderValue::from_static("\"\""))
}
