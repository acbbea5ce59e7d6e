//! What of an origin's header fields is kept with the object.
//!
//! Guarantees: only the seven representation headers of oss-mirroring 6.3 and, where the rule says so, `x-oss-meta-*`;
//! every kept value is text without control characters and within its limit, so that it can be sent again as it is.
//! Everything else an origin says (cookies, security policies, validators) is dropped.

use std::time::UNIX_EPOCH;

use headwater_model::clock::Timestamp;
use headwater_model::limits::{MAX_CONTENT_HEADER_BYTES, MAX_USER_META_BYTES};
use headwater_model::object::{ContentHeaders, UserMeta};
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE,
    EXPIRES, HeaderName, LAST_MODIFIED,
};
use http::{HeaderMap, HeaderValue};

/// Prefix of OSS user metadata.
const META_PREFIX: &str = "x-oss-meta-";
/// Most entries of user metadata taken from an origin (chaos matrix, O72).
const MAX_META_ENTRIES: usize = 128;

/// User metadata beyond its limits, or with bytes that are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MetaTooLarge;

/// The seven headers. A value that is invalid or too long is left out; a missing `Content-Type` is sent as
/// `application/octet-stream` by whoever answers.
pub(super) fn content_headers(headers: &HeaderMap) -> ContentHeaders {
    ContentHeaders {
        content_type: single(headers, &CONTENT_TYPE).filter(|value| value.is_ascii()),
        content_encoding: list(headers, &CONTENT_ENCODING),
        content_disposition: single(headers, &CONTENT_DISPOSITION),
        content_language: list(headers, &CONTENT_LANGUAGE),
        cache_control: list(headers, &CACHE_CONTROL),
        expires: single(headers, &EXPIRES),
        access_control_allow_origin: single(headers, &ACCESS_CONTROL_ALLOW_ORIGIN),
    }
}

/// The origin's `x-oss-meta-*` in the order given; fields of one name become one, joined as RFC 9110 section 5.3 says.
pub(super) fn user_meta(headers: &HeaderMap) -> Result<UserMeta, MetaTooLarge> {
    let mut meta = UserMeta::new();
    let mut size_bytes = 0;
    for name in headers.keys() {
        let Some(short) = name.as_str().strip_prefix(META_PREFIX).filter(|short| !short.is_empty()) else { continue };
        let value = joined(headers, name).ok_or(MetaTooLarge)?;
        size_bytes += short.len() + value.len();
        meta.push((short.into(), value.into()));
        if size_bytes > MAX_USER_META_BYTES || meta.len() > MAX_META_ENTRIES {
            return Err(MetaTooLarge);
        }
    }
    Ok(meta)
}

/// The origin's `Last-Modified` if it can be believed: readable, not before the epoch, not after `now`.
pub(super) fn last_modified(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let date = http_date(headers.get(LAST_MODIFIED)?.to_str().ok()?)?;
    (date <= now).then_some(date)
}

/// An HTTP date at or after the epoch (RFC 9110 section 5.6.7).
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    let since = httpdate::parse_http_date(text.trim()).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_seconds(i64::try_from(since.as_secs()).ok()?))
}

/// A field that has one value: the first counts.
fn single(headers: &HeaderMap, name: &HeaderName) -> Option<Box<str>> {
    text(headers.get(name)?).filter(|value| value.len() <= MAX_CONTENT_HEADER_BYTES).map(Into::into)
}

/// A field that is a list: several lines are one list.
fn list(headers: &HeaderMap, name: &HeaderName) -> Option<Box<str>> {
    let value = joined(headers, name)?;
    (!value.is_empty() && value.len() <= MAX_CONTENT_HEADER_BYTES).then(|| value.into())
}

fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut all = String::new();
    for (position, value) in headers.get_all(name).iter().enumerate() {
        if position > 0 {
            all.push_str(", ");
        }
        all.push_str(text(value)?);
    }
    Some(all)
}

/// UTF-8 without control characters.
fn text(value: &HeaderValue) -> Option<&str> {
    std::str::from_utf8(value.as_bytes()).ok().filter(|text| !text.chars().any(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        map
    }

    #[test]
    fn row_14_seven_headers_and_nothing_else() {
        let origin = headers(&[
            ("content-type", "text/html"),
            ("content-encoding", "gzip"),
            ("content-disposition", "attachment; filename=\"世.txt\""),
            ("content-language", "de"),
            ("content-language", "en"),
            ("cache-control", "no-store"),
            ("expires", "never"),
            ("access-control-allow-origin", "*"),
            ("set-cookie", "a=b"),
            ("vary", "*"),
            ("x-oss-meta-a", "1"),
        ]);
        let kept = content_headers(&origin);
        assert_eq!(kept.content_type.as_deref(), Some("text/html"));
        assert_eq!(kept.content_encoding.as_deref(), Some("gzip"));
        assert_eq!(kept.content_disposition.as_deref(), Some("attachment; filename=\"世.txt\""));
        assert_eq!(kept.content_language.as_deref(), Some("de, en"));
        assert_eq!(kept.cache_control.as_deref(), Some("no-store"));
        assert_eq!(kept.expires.as_deref(), Some("never"));
        assert_eq!(kept.access_control_allow_origin.as_deref(), Some("*"));
    }

    #[test]
    fn invalid_values_are_left_out() {
        let mut origin = headers(&[("content-type", "text/h\u{e9}"), ("cache-control", &"a".repeat(8193))]);
        origin.insert("content-disposition", HeaderValue::from_bytes(b"\xff\xfe").unwrap());
        origin.insert("expires", HeaderValue::from_static("a\tb"));
        assert_eq!(content_headers(&origin), ContentHeaders::default());
    }

    #[test]
    fn row_15_user_metadata_up_to_8_kib() {
        let origin = headers(&[("x-oss-meta-a", "1"), ("X-Oss-Meta-B", "世"), ("x-amz-meta-c", "3")]);
        let meta = user_meta(&origin).unwrap();
        assert_eq!(meta, vec![("a".into(), "1".into()), ("b".into(), "世".into())]);
        assert!(user_meta(&headers(&[("x-oss-meta-a", &"v".repeat(8191))])).is_ok());
        assert_eq!(user_meta(&headers(&[("x-oss-meta-a", &"v".repeat(8192))])), Err(MetaTooLarge));
    }

    #[test]
    fn row_46_dates_that_cannot_be_believed_are_not_taken() {
        let now = Timestamp::from_seconds(1_000_000_000);
        let dated = |text| last_modified(&headers(&[("last-modified", text)]), now);
        assert_eq!(dated("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Timestamp::from_seconds(784_111_777)));
        for bad in ["Sun, 06 Nov 2094 08:49:37 GMT", "yesterday", ""] {
            assert_eq!(dated(bad), None, "{bad}");
        }
    }
}
