//! Representation headers and user metadata, in and out.
//!
//! Guarantees: a value comes back in the very bytes in which it was sent. Values are kept as text: UTF-8 as it is, and
//! bytes that are not UTF-8 as U+F780 to U+F7FF, one code point a byte (the private range in which WHATWG's
//! `x-user-defined` encoding keeps them), so that headers in ISO 8859-1 survive beside readable ones.

use headwater_model::limits::MAX_CONTENT_HEADER_BYTES;
use headwater_model::object::{ContentHeaders, ObjectHeaders, UserMeta};
use headwater_model::{Error, Result};
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE,
    EXPIRES,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Request, lock, storage_class};
use crate::fields;
use crate::vocab::Vocab;

/// What is answered for an object that names no type.
const DEFAULT_CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// What the writer of an object chose.
pub(super) fn decode(request: &Request<'_>) -> Result<ObjectHeaders> {
    Ok(ObjectHeaders {
        content: content_headers(&request.parts.headers)?,
        user: user_meta(request)?,
        storage_class: storage_class::of_request(request)?,
        website_redirect: website_redirect(request)?,
        access: None,
        lock: lock::of_headers(request)?,
    })
}

/// S3: where the website sends those who ask for the object.
pub(super) const WEBSITE_REDIRECT: &str = "x-amz-website-redirect-location";
/// Longest redirect (S3: "limited to 2 KB").
const MAX_REDIRECT_BYTES: usize = 2 << 10;

/// Where the website sends those who ask for the object.
///
/// # Errors
/// [`Error::InvalidArgument`] for what is neither a path nor a URL.
pub(super) fn website_redirect(request: &Request<'_>) -> Result<Option<Box<str>>> {
    if request.is_oss() {
        return Ok(None);
    }
    let Some(target) = request.fields.get(WEBSITE_REDIRECT)? else { return Ok(None) };
    let valid = ["/", "http://", "https://"].iter().any(|start| target.starts_with(start));
    if !valid || target.len() > MAX_REDIRECT_BYTES {
        let message = "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.";
        return Err(Error::invalid_argument(WEBSITE_REDIRECT, target, message));
    }
    Ok(Some(target.into()))
}

fn content_headers(headers: &HeaderMap) -> Result<ContentHeaders> {
    let value = |name: HeaderName| match headers.get(name) {
        None => Ok(None),
        Some(value) if value.len() > MAX_CONTENT_HEADER_BYTES => {
            Err(Error::MetadataTooLarge { size_bytes: value.len(), limit_bytes: MAX_CONTENT_HEADER_BYTES })
        }
        Some(value) => Ok(Some(text_of(value)).filter(|text| !text.is_empty())),
    };
    Ok(ContentHeaders {
        content_type: value(CONTENT_TYPE)?,
        content_encoding: value(CONTENT_ENCODING)?.and_then(|coding| without_aws_chunked(&coding)),
        content_disposition: value(CONTENT_DISPOSITION)?,
        content_language: value(CONTENT_LANGUAGE)?,
        cache_control: value(CACHE_CONTROL)?,
        expires: value(EXPIRES)?,
        access_control_allow_origin: None,
    })
}

/// `aws-chunked` codes the transfer, not the object: it is never stored.
fn without_aws_chunked(coding: &str) -> Option<Box<str>> {
    let rest: Vec<&str> =
        coding.split(',').map(str::trim).filter(|coding| !coding.eq_ignore_ascii_case("aws-chunked")).collect();
    let rest = rest.join(", ");
    (!rest.is_empty()).then(|| rest.into())
}

fn user_meta(request: &Request<'_>) -> Result<UserMeta> {
    let vocab = request.vocab;
    let mut meta = UserMeta::new();
    let headers = &request.parts.headers;
    for name in headers.keys() {
        let Some(short) = name.as_str().strip_prefix(vocab.meta_prefix).filter(|short| !short.is_empty()) else {
            continue;
        };
        let values: Vec<Box<str>> = headers.get_all(name).iter().map(text_of).collect();
        meta.push((short.into(), values.join(",").into()));
    }
    for (name, value) in request.fields.parameters() {
        let lower = name.to_ascii_lowercase();
        let Some(short) = lower.strip_prefix(vocab.meta_prefix).filter(|short| !short.is_empty()) else { continue };
        let value = value.trim();
        if HeaderName::from_bytes(lower.as_bytes()).is_err() || value_of(value).is_none() {
            return Err(Error::invalid_argument(name, value, "The parameter cannot be a header."));
        }
        match meta.iter().find(|(known, _)| **known == *short) {
            Some((_, header)) if **header != *value => return Err(fields::differ(name, value)),
            Some(_) => {}
            None => meta.push((short.into(), value.into())),
        }
    }
    check_size(&meta, vocab)?;
    Ok(meta)
}

fn check_size(meta: &UserMeta, vocab: &Vocab) -> Result<()> {
    let value_bytes = |value: &str| value.chars().map(|c| escaped_byte(c).map_or(c.len_utf8(), |_| 1)).sum::<usize>();
    let size_bytes = meta.iter().map(|(name, value)| name.len() + value_bytes(value)).sum();
    let limit_bytes = vocab.max_user_meta_bytes;
    if size_bytes > limit_bytes { Err(Error::MetadataTooLarge { size_bytes, limit_bytes }) } else { Ok(()) }
}

/// Adds an object's representation headers, as far as `overrides` does not replace them.
pub(super) fn put_content(headers: &mut HeaderMap, stored: &ContentHeaders, overrides: &ContentHeaders) {
    let mut put = |name: HeaderName, stored: &Option<Box<str>>, replacement: &Option<Box<str>>| {
        let text = replacement.as_deref().or(stored.as_deref());
        if let Some(value) = text.and_then(value_of) {
            headers.insert(name, value);
        }
    };
    put(CONTENT_TYPE, &stored.content_type, &overrides.content_type);
    put(CONTENT_ENCODING, &stored.content_encoding, &overrides.content_encoding);
    put(CONTENT_DISPOSITION, &stored.content_disposition, &overrides.content_disposition);
    put(CONTENT_LANGUAGE, &stored.content_language, &overrides.content_language);
    put(CACHE_CONTROL, &stored.cache_control, &overrides.cache_control);
    put(EXPIRES, &stored.expires, &overrides.expires);
    put(ACCESS_CONTROL_ALLOW_ORIGIN, &stored.access_control_allow_origin, &overrides.access_control_allow_origin);
    headers.entry(CONTENT_TYPE).or_insert(DEFAULT_CONTENT_TYPE);
}

/// Adds an object's user metadata under the dialect's prefix. A name or value that no header can hold is left out: only
/// a writer other than this crate can have made it.
pub(super) fn put_user_meta(headers: &mut HeaderMap, meta: &UserMeta, vocab: &Vocab) {
    for (name, value) in meta {
        let full = [vocab.meta_prefix, name].concat();
        if let (Ok(name), Some(value)) = (HeaderName::try_from(full), value_of(value)) {
            headers.append(name, value);
        }
    }
}

/// A header's value as text; see the module.
pub(crate) fn text_of(value: &HeaderValue) -> Box<str> {
    let bytes = value.as_bytes().trim_ascii();
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => {
            bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { escape_byte(*byte) }).collect()
        }
    }
}

/// The value that [`text_of`] reads as `text`; `None` if it holds control characters.
pub(crate) fn value_of(text: &str) -> Option<HeaderValue> {
    if text.is_ascii() {
        return HeaderValue::from_str(text).ok();
    }
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match escaped_byte(character) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    HeaderValue::from_maybe_shared(bytes::Bytes::from(bytes)).ok()
}

/// U+F700 and the byte, which is at least 0x80.
const ESCAPE_BASE: u32 = 0xF700;

fn escape_byte(byte: u8) -> char {
    char::from_u32(ESCAPE_BASE + u32::from(byte)).expect("the private use area has no surrogates")
}

fn escaped_byte(character: char) -> Option<u8> {
    let byte = u8::try_from(u32::from(character).checked_sub(ESCAPE_BASE)?).ok()?;
    (!byte.is_ascii()).then_some(byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_readable_and_bytes_survive() {
        assert_eq!(&*text_of(&HeaderValue::from_bytes("键 ".as_bytes()).unwrap()), "键");
        let latin = HeaderValue::from_bytes(b"Hello World\xe9").unwrap();
        assert_eq!(&*text_of(&latin), "Hello World\u{f7e9}");
        assert_eq!(value_of(&text_of(&latin)).unwrap(), latin);
        assert_eq!(value_of("a\nb"), None);
        assert_eq!(value_of("键\0"), None);
    }

    #[test]
    fn the_transfer_coding_of_aws_is_not_the_objects() {
        assert_eq!(without_aws_chunked("aws-chunked"), None);
        assert_eq!(without_aws_chunked("AWS-chunked, gzip").as_deref(), Some("gzip"));
        assert_eq!(without_aws_chunked("gzip,br").as_deref(), Some("gzip, br"));
    }

    proptest! {
        #[test]
        fn values_round_trip(bytes in proptest::collection::vec(0x20u8..=0xff, 0..64)) {
            let Ok(value) = HeaderValue::from_bytes(bytes.trim_ascii()) else { return Ok(()) };
            // Text of the private range itself is the one thing that is read differently.
            prop_assume!(!String::from_utf8_lossy(&bytes).chars().any(|c| escaped_byte(c).is_some()));
            prop_assert_eq!(value_of(&text_of(&value)), Some(value));
        }
    }
}
