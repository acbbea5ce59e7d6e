//! The error documents of S3 and OSS, as far as they change what is done next.
//!
//! Guarantees: at most [`MAX_BYTES`] of a body are read ahead, and no longer than [`MAX_WAIT`] is waited for them; the
//! reader of the body gets every byte all the same.
//!
//! How: the text between `<Code>` and `</Code>`, which both vendors write without attributes. A whole XML reader would
//! have to be told about documents that are cut off, and what hangs on it is a pause
//! of a second or one more try.

use std::time::Duration;

use headwater_model::clock::Timestamp;
use headwater_model::origin::OriginMethod;
use headwater_wire::parse_http_date;
use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderMap, StatusCode};

use crate::body::ResponseBody;

/// Real documents have less than 2 KiB.
const MAX_BYTES: usize = 8 << 10;
/// An error document comes together with its head.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// Difference of clocks that may be the reason of a 403: both vendors accept up to 15 minutes.
const MIN_SKEW_MS: u64 = 14 * 60 * 1000;

/// Whether a 503 says that the origin has enough of our requests: S3's `SlowDown`, OSS's `…LimitExceeded`.
pub(crate) async fn is_throttling(status: StatusCode, headers: &HeaderMap, body: &mut ResponseBody) -> bool {
    if status != StatusCode::SERVICE_UNAVAILABLE || !may_be_xml(headers) {
        return false;
    }
    let document = body.peek(MAX_BYTES, MAX_WAIT).await;
    code(&document).is_some_and(|code| code == "SlowDown" || code == "Throttling" || code.ends_with("LimitExceeded"))
}

/// The origin's time, if it refused a request signed at `signed_at` because our clocks differ. An answer to HEAD has no
/// document; there the difference itself has to do.
pub(crate) async fn skewed_clock(
    method: OriginMethod,
    head: &http::response::Parts,
    body: &mut ResponseBody,
    signed_at: Timestamp,
) -> Option<Timestamp> {
    if head.status != StatusCode::FORBIDDEN {
        return None;
    }
    let time = parse_http_date(head.headers.get(DATE)?.to_str().ok()?)?;
    let skewed = match method {
        OriginMethod::Head => time.0.abs_diff(signed_at.0) >= MIN_SKEW_MS,
        OriginMethod::Get => {
            may_be_xml(&head.headers) && code(&body.peek(MAX_BYTES, MAX_WAIT).await) == Some("RequestTimeTooSkewed")
        }
    };
    skewed.then_some(time)
}

fn may_be_xml(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().windows(3).any(|word| word == b"xml"))
}

/// The document's error code.
fn code(document: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(document).ok()?;
    let (_, rest) = text.split_once("<Error>")?.1.split_once("<Code>")?;
    rest.split_once("</Code>").map(|(code, _)| code.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_in_the_vendors_documents_only() {
        let s3 = br#"<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"#;
        assert_eq!(code(s3), Some("SlowDown"));
        for other in [&b"<html><Code>SlowDown</Code>"[..], b"<Error><Code>SlowDo", b"SlowDown", b"\xff<Error>"] {
            assert_eq!(code(other), None);
        }
    }
}
