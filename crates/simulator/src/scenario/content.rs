//! Rows O58 to O74 but those of [`super::resuming`]: content, metadata, identity. Also what other rows need of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use crc_fast::{CrcAlgorithm, checksum};
use sha2::{Digest as _, Sha256};

use super::{Ask, status};
use crate::reply::Reply;

/// Whether a digest is the body's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Right,
    Wrong,
}

/// An MD5 that no body of ours has, as an entity tag.
const OTHER_MD5: &str = "\"00000000000000000000000000000000\"";

pub(super) fn reply(row: u32, case: &str, ask: &Ask<'_>) -> Option<Reply> {
    let object = || ask.whole().header("etag", "\"version-1\"");
    Some(match (row, case) {
        (58, "crc32" | "small_crc32") => object().header("x-amz-checksum-crc32", &crc32(&ask.body, Value::Wrong)),
        (58, "crc64") => object().header("x-oss-hash-crc64ecma", &wrong_crc64(&ask.body)),
        (58, "goog") => object().header("x-goog-hash", &format!("crc32c={}", wrong_crc32c(&ask.body))),
        (58, "digest") => object().header("repr-digest", &format!("sha-256=:{}:", wrong_sha256(&ask.body))),
        (58, "right") => object().header("x-amz-checksum-crc32", &crc32(&ask.body, Value::Right)),
        (59, "http" | "s3" | "small_s3") => ask.whole().header("etag", OTHER_MD5),
        (63, "sizes") if ask.request.method == "HEAD" => ask.whole().claim_length(7),
        (63, "sizes") => ask.whole(),
        (66, "gzip") => object().header("content-encoding", "gzip"),
        (67, "star") => object().header("vary", "*"),
        (67, "foreign") => object().header("vary", "user-agent"),
        (67, "forwarded") => object().header("vary", "accept-language"),
        (68, "dots" | "odd") => object(),
        (69, "cookie") => object().header("set-cookie", "session=secret; Path=/"),
        (70, "no_store") => object().header("cache-control", "no-store"),
        (70, "private") => object().header("cache-control", "private, max-age=0"),
        (71, "instructions") => object()
            .header("x-accel-redirect", "/etc/passwd")
            .header("x-sendfile", "/etc/passwd")
            .header("alt-svc", "h3=\":443\"")
            .header("strict-transport-security", "max-age=31536000; includeSubDomains")
            .header("access-control-allow-origin", "*"),
        (72, "large") => object().header("x-oss-meta-large", &"x".repeat(9 << 10)),
        (73, "type") => object().header("content-type", "><script>alert(1)</script>"),
        (73, "bytes") => object().header_bytes("content-type", b"text/\xff\xfe"),
        (73, "disposition") => object().header_bytes("content-disposition", b"attachment; filename=\"\xff\xfe\""),
        (74, "archived") => {
            status::denied("InvalidObjectState", "The operation is not valid for the object's storage class")
        }
        (74, "skewed") => status::denied(
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        ),
        (74, "expired") => status::denied("ExpiredToken", "The provided token has expired."),
        _ => return None,
    })
}

/// What origins send under a 200 in the place of an object.
pub(super) fn soft_404(case: &str) -> Bytes {
    match case {
        "error_document" => error_document("NoSuchKey", "The specified key does not exist."),
        _ => Bytes::from_static(b"<!doctype html><title>Please log in</title><form action=/login method=post></form>"),
    }
}

/// The vendors' error document.
pub(super) fn error_document(code: &str, message: &str) -> Bytes {
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    format!("{head}<Error><Code>{code}</Code><Message>{message}</Message><RequestId>1</RequestId></Error>").into()
}

pub(super) fn crc32(body: &[u8], value: Value) -> String {
    let crc = checksum(CrcAlgorithm::Crc32IsoHdlc, body) as u32;
    BASE64.encode(if value == Value::Right { crc } else { !crc }.to_be_bytes())
}

fn wrong_crc32c(body: &[u8]) -> String {
    BASE64.encode((!(checksum(CrcAlgorithm::Crc32Iscsi, body) as u32)).to_be_bytes())
}

fn wrong_crc64(body: &[u8]) -> String {
    (!checksum(CrcAlgorithm::Crc64Xz, body)).to_string()
}

fn wrong_sha256(body: &[u8]) -> String {
    let mut digest = Sha256::digest(body);
    digest[0] = !digest[0];
    BASE64.encode(digest)
}
