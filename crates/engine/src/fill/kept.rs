//! What of an origin's header fields is kept with the object.
//!
//! Guarantees: only the seven representation headers of oss-mirroring 6.3 and, where rule or settings say so, user
//! metadata and validators (decisions, row 3: `keep`); every kept value is text without control characters and within its limit, so that it can be sent again as it is.
//! Everything else an origin says (cookies, security policies) is dropped.

use std::time::UNIX_EPOCH;

use headwater_model::clock::Timestamp;
use headwater_model::digest::ETag;
use headwater_model::limits::{MAX_CONTENT_HEADER_BYTES, MAX_USER_META_BYTES};
use headwater_model::object::{ContentHeaders, UserMeta};
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE,
    ETAG, EXPIRES, HeaderName, LAST_MODIFIED,
};
use http::{HeaderMap, HeaderValue};

/// Prefix of OSS user metadata: what MirrorSaveOssMeta speaks of.
pub(super) const OSS_META: &str = "x-oss-meta-";
/// Prefix of S3 user metadata: kept where everything is.
const AMZ_META: &str = "x-amz-meta-";
/// Longest entity tag taken from an origin: those of real stores have at most 40 characters.
const MAX_ETAG_BYTES: usize = 128;
/// Most entries of user metadata taken from an origin (chaos matrix, O72).
const MAX_META_ENTRIES: usize = 128;

/// User metadata beyond its limits, or with bytes that are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MetaTooLarge;

/// The seven headers. A value that is invalid or too long is left out; a missing `Content-Type` is sent as
/// `application/octet-stream` by whoever answers.
pub(super) fn content_headers(headers: &HeaderMap) -> ContentHeaders {
    ContentHeaders {
        content_type: single(headers, &CONTENT_TYPE).filter(|value| is_media_type(value)),
        content_encoding: list(headers, &CONTENT_ENCODING),
        content_disposition: single(headers, &CONTENT_DISPOSITION),
        content_language: list(headers, &CONTENT_LANGUAGE),
        cache_control: list(headers, &CACHE_CONTROL),
        expires: single(headers, &EXPIRES),
        access_control_allow_origin: single(headers, &ACCESS_CONTROL_ALLOW_ORIGIN),
    }
}

/// Which user metadata is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct MetaOf {
    /// Any at all: MirrorSaveOssMeta, or everything is kept.
    pub(super) save: bool,
    /// That of S3 too.
    pub(super) keep_all: bool,
}

/// The origin's user metadata in the order given; fields of one name become one, joined as RFC 9110 section 5.3 says.
pub(super) fn user_meta(headers: &HeaderMap, of: MetaOf) -> Result<UserMeta, MetaTooLarge> {
    let mut meta = UserMeta::new();
    let mut size_bytes = 0;
    for name in headers.keys().filter(|_| of.save) {
        let text = name.as_str();
        let short = text.strip_prefix(OSS_META).or_else(|| text.strip_prefix(AMZ_META).filter(|_| of.keep_all));
        let Some(short) = short.filter(|short| !short.is_empty()) else { continue };
        let value = joined(headers, name).ok_or(MetaTooLarge)?;
        size_bytes += short.len() + value.len();
        meta.push((short.into(), value.into()));
        if size_bytes > MAX_USER_META_BYTES || meta.len() > MAX_META_ENTRIES {
            return Err(MetaTooLarge);
        }
    }
    Ok(meta)
}

/// The origin's entity tag, if it is a strong one of visible characters.
pub(super) fn etag(headers: &HeaderMap) -> Option<ETag> {
    let text = headers.get(ETAG)?.to_str().ok()?.trim();
    let tag = text.strip_prefix('"')?.strip_suffix('"')?;
    let visible = !tag.is_empty() && tag.len() <= MAX_ETAG_BYTES && tag.bytes().all(|byte| byte.is_ascii_graphic());
    visible.then(|| ETag::from_text(text))
}

/// The MD5 that an entity tag of S3 or OSS states: of an object written in one piece and not encrypted with a key of
/// the customer or of KMS.
pub(super) fn tagged_md5(headers: &HeaderMap) -> Option<[u8; 16]> {
    let encrypted =
        |name: &str| headers.get(name).is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"AES256"));
    let by_customer = headers.keys().any(|name| name.as_str().contains("server-side-encryption-customer"));
    let other_kind = headers.get("x-oss-object-type").is_some_and(|kind| kind != "Normal");
    if by_customer
        || other_kind
        || encrypted("x-amz-server-side-encryption")
        || encrypted("x-oss-server-side-encryption")
    {
        return None;
    }
    let tag = etag(headers)?;
    let mut md5 = [0; 16];
    hex::decode_to_slice(tag.as_str(), &mut md5).ok()?;
    Some(md5)
}

/// Whether `Cache-Control` asks that the answer be kept nowhere, or with nobody but the client.
pub(super) fn forbids_storing(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|directive| {
        let name = directive.split('=').next().unwrap_or_default().trim();
        name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("private")
    })
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

/// `type/subtype` with whatever parameters, in visible ASCII (RFC 9110 section 8.3.1). Anything else could mean something
/// to a page that shows it, and nothing to a client (chaos matrix, O73).
fn is_media_type(value: &str) -> bool {
    let token = |text: &str| {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        !text.is_empty() && text.bytes().all(legal)
    };
    let (essence, parameters) = value.split_once(';').unwrap_or((value, ""));
    let both = essence.trim().split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype));
    both && parameters.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') && !parameters.contains(['<', '>'])
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
        let saved = MetaOf { save: true, keep_all: false };
        let meta = user_meta(&origin, saved).unwrap();
        assert_eq!(meta, vec![("a".into(), "1".into()), ("b".into(), "世".into())]);
        assert_eq!(user_meta(&origin, MetaOf { keep_all: true, ..saved }).unwrap().len(), 3);
        assert!(user_meta(&origin, MetaOf { save: false, keep_all: false }).unwrap().is_empty());
        assert!(user_meta(&headers(&[("x-oss-meta-a", &"v".repeat(8191))]), saved).is_ok());
        assert_eq!(user_meta(&headers(&[("x-oss-meta-a", &"v".repeat(8192))]), saved), Err(MetaTooLarge));
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

    #[test]
    fn decision_3_only_strong_tags_are_kept_and_only_some_state_an_md5() {
        let md5 = "d41d8cd98f00b204e9800998ecf8427e";
        let quoted = format!("\"{}\"", md5.to_uppercase());
        let of = |fields: &[(&'static str, &str)]| {
            let map = headers(fields);
            (etag(&map).map(|tag| tag.as_str().to_owned()), tagged_md5(&map).is_some())
        };
        assert_eq!(of(&[("etag", &quoted)]), (Some(md5.to_owned()), true));
        assert_eq!(of(&[("etag", "\"abc-3\"")]), (Some("abc-3".to_owned()), false));
        for weak in ["W/\"a\"", "a", "\"\"", "\"a b\""] {
            assert_eq!(of(&[("etag", weak)]), (None, false), "{weak}");
        }
        for (name, value, states) in [
            ("x-amz-server-side-encryption", "AES256", true),
            ("x-amz-server-side-encryption", "aws:kms", false),
            ("x-amz-server-side-encryption-customer-algorithm", "AES256", false),
            ("x-oss-object-type", "Normal", true),
            ("x-oss-object-type", "Appendable", false),
        ] {
            assert_eq!(of(&[("etag", &quoted), (name, value)]).1, states, "{name}: {value}");
        }
    }

    #[test]
    fn o70_no_store_and_private_are_found_in_any_form() {
        for (value, forbids) in
            [("no-store", true), ("max-age=3, Private=\"x\"", true), ("public, no-cache", false), ("x-no-store", false)]
        {
            assert_eq!(forbids_storing(&headers(&[("cache-control", value)])), forbids, "{value}");
        }
    }
}
