//! For how long an origin asked to be left alone.

use std::time::Duration;

use headwater_model::clock::Timestamp;
use headwater_wire::parse_http_date;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};

/// Longest pause that is honoured: an origin that says "tomorrow" would be a bucket without mirroring until then.
const MAX_PAUSE: Duration = Duration::from_mins(1);
/// Pause where the origin does not say how long.
const DEFAULT_PAUSE: Duration = Duration::from_secs(1);

/// The pause that an answer asks for: 429, 503 with `Retry-After`, or an answer whose document says that it throttles.
pub(super) fn pause(status: StatusCode, headers: &HeaderMap, throttled: bool, now: Timestamp) -> Option<Duration> {
    let asked = retry_after(headers, now);
    match status {
        StatusCode::TOO_MANY_REQUESTS => Some(asked.unwrap_or(DEFAULT_PAUSE)),
        StatusCode::SERVICE_UNAVAILABLE => asked.or(throttled.then_some(DEFAULT_PAUSE)),
        _ => throttled.then(|| asked.unwrap_or(DEFAULT_PAUSE)),
    }
}

/// `Retry-After` of an answer, at most a minute (chaos matrix, O17); `None` if it asks for nothing.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    headers.get(RETRY_AFTER).and_then(|value| read(value.as_bytes(), now)).map(|pause| pause.min(MAX_PAUSE))
}

/// Seconds or an HTTP date (RFC 9110 section 10.2.3). A time that has come already asks for nothing.
fn read(value: &[u8], now: Timestamp) -> Option<Duration> {
    let text = std::str::from_utf8(value).ok()?.trim();
    let pause = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // What does not fit is longer than any pause that is honoured.
        text.parse().map_or(MAX_PAUSE, Duration::from_secs)
    } else {
        let left_ms = parse_http_date(text)?.0.saturating_sub(now.0);
        Duration::from_millis(u64::try_from(left_ms).ok()?)
    };
    (!pause.is_zero()).then_some(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(status: u16, retry_after: Option<&str>, throttled: bool) -> Option<u64> {
        let mut headers = HeaderMap::new();
        if let Some(text) = retry_after {
            headers.insert(RETRY_AFTER, text.parse().unwrap());
        }
        // Tue, 15 Nov 1994 08:12:31 GMT.
        let now = Timestamp::from_seconds(784_887_151);
        let pause = pause(StatusCode::from_u16(status).unwrap(), &headers, throttled, now)?;
        Some(pause.as_secs())
    }

    #[test]
    fn o17_pauses_are_read_and_bounded() {
        assert_eq!(asked(429, None, false), Some(1));
        assert_eq!(asked(429, Some("5"), false), Some(5));
        assert_eq!(asked(429, Some("nonsense"), false), Some(1));
        assert_eq!(asked(429, Some("-5"), false), Some(1));
        assert_eq!(asked(429, Some("0"), false), Some(1));
        assert_eq!(asked(429, Some("99999999999999999999999"), false), Some(60));
        assert_eq!(asked(503, Some("7"), false), Some(7));
        assert_eq!(asked(503, Some("Tue, 15 Nov 1994 08:12:41 GMT"), false), Some(10));
        assert_eq!(asked(503, Some("Tue, 15 Nov 1994 08:12:31 GMT"), false), None);
        assert_eq!(asked(503, Some("Tue, 15 Nov 1994 09:12:31 GMT"), false), Some(60));
        assert_eq!(asked(503, None, false), None);
        assert_eq!(asked(503, None, true), Some(1));
        assert_eq!(asked(500, Some("7"), false), None);
        assert_eq!(asked(200, Some("7"), false), None);
    }
}
