//! Header values as the canonical forms need them.

use std::borrow::Cow;

use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Uri};

use super::error::SignError;
use crate::fields::first;

/// The one value of a header as text; `None` if absent. Refused if repeated or not ASCII text.
pub(super) fn single<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, SignError> {
    let Some(value) = first(headers, name) else { return Ok(None) };
    // Most often no header occurs twice.
    if headers.len() > headers.keys_len() && headers.get_all(name).iter().nth(1).is_some() {
        return Err(SignError::malformed(name, "sent more than once"));
    }
    let text = value.to_str().map_err(|_| SignError::malformed(name, "not ASCII text"))?;
    Ok(Some(text.trim()))
}

/// The host a request was sent to: the `Host` header, or HTTP/2's `:authority`. Refused if they differ, because routing
/// and signature could then speak of different buckets.
pub(super) fn host(parts: &Parts) -> Result<Cow<'_, str>, SignError> {
    match (single(&parts.headers, HOST.as_str())?, authority(&parts.uri)) {
        (Some(host), Some(authority)) if !host.eq_ignore_ascii_case(&authority) => {
            Err(SignError::malformed("host", "differs from the request's authority"))
        }
        (Some(host), _) => Ok(Cow::Borrowed(host)),
        (None, Some(authority)) => Ok(authority),
        (None, None) => Err(SignError::MissingHeader { name: "host" }),
    }
}

/// The authority of a URI as a `Host` header has it: without its scheme's default port.
fn authority(uri: &Uri) -> Option<Cow<'_, str>> {
    let authority = uri.authority()?;
    let is_default =
        matches!((uri.scheme_str(), authority.port_u16()), (Some("http"), Some(80)) | (Some("https"), Some(443)));
    Some(Cow::Borrowed(if is_default { authority.host() } else { authority.as_str() }))
}

/// Whether the head says that no body follows. HTTP/2 may still send one without announcing it.
pub(super) fn announces_no_body(parts: &Parts) -> bool {
    let length = parts.headers.get_all(CONTENT_LENGTH).iter().all(|length| length == "0");
    length && !parts.headers.contains_key(TRANSFER_ENCODING)
}

/// Whether a header is one of the vendors' own, which must never travel unsigned beside a signature.
pub(super) fn is_vendor_header(name: &str) -> bool {
    name.starts_with("x-amz-") || name.starts_with("x-oss-")
}

/// The names of the headers sent that begin with `prefix`, sorted, each once.
pub(super) fn names_with_prefix<'a>(headers: &'a HeaderMap, prefix: &str) -> Vec<&'a str> {
    let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).filter(|name| name.starts_with(prefix)).collect();
    names.sort_unstable();
    names
}

/// How blanks inside a value are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blanks {
    /// As sent (OSS).
    Keep,
    /// Runs become one space (AWS).
    Collapse,
}

/// Appends `name:value,value\n`, each value trimmed.
pub(super) fn write_line<'a>(out: &mut Vec<u8>, name: &str, values: impl Iterator<Item = &'a [u8]>, blanks: Blanks) {
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    for (index, value) in values.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let value = value.trim_ascii();
        match blanks {
            Blanks::Keep => out.extend_from_slice(value),
            Blanks::Collapse => write_collapsed(out, value),
        }
    }
    out.push(b'\n');
}

fn write_collapsed(out: &mut Vec<u8>, value: &[u8]) {
    let mut after_blank = false;
    for &byte in value {
        let blank = matches!(byte, b' ' | b'\t');
        if !blank {
            out.push(byte);
        } else if !after_blank {
            out.push(b' ');
        }
        after_blank = blank;
    }
}

/// The lines that the messages of all older schemes begin with: the method, `Content-MD5`, `Content-Type` and a date.
pub(super) fn first_lines(parts: &Parts, date_line: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let line = |name: &str| parts.headers.get(name).map(|value| value.as_bytes().trim_ascii()).unwrap_or_default();
    for text in [parts.method.as_str().as_bytes(), line("content-md5"), line("content-type"), date_line.as_bytes()] {
        out.extend_from_slice(text);
        out.push(b'\n');
    }
    out
}
