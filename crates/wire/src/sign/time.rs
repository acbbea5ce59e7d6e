//! Signed dates: their two text forms and the windows in which they hold.
//!
//! Everything is compared in whole seconds, the resolution of every signed date.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use headwater_model::clock::Timestamp;
use headwater_model::limits::MAX_CLOCK_SKEW;

use super::error::SignError;

/// Reads `20231216T162057Z` (ISO 8601 basic, UTC, exactly this length).
pub(super) fn parse_basic(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if bytes.len() != 16 || bytes[8] != b'T' || bytes[15] != b'Z' {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i16> {
        let digits = &bytes[from..to];
        digits.iter().all(u8::is_ascii_digit).then(|| digits.iter().fold(0, |sum, d| sum * 10 + i16::from(d - b'0')))
    };
    let small = |from: usize| number(from, from + 2).and_then(|n| i8::try_from(n).ok());
    let date = jiff::civil::Date::new(number(0, 4)?, small(4)?, small(6)?).ok()?;
    let time = jiff::civil::Time::new(small(9)?, small(11)?, small(13)?, 0).ok()?;
    let zoned = date.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Timestamp::from_seconds(zoned.timestamp().as_second()))
}

/// Reads an HTTP date (RFC 9110 section 5.6.7, all three forms), and the form of mail that AWS's examples and SDKs sign:
/// with a numeric zone, which must be that of UTC, and a day of the week that nobody checks.
pub(super) fn parse_http(text: &str) -> Option<Timestamp> {
    let since = |moment: SystemTime| i64::try_from(moment.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok();
    let seconds = match httpdate::parse_http_date(text) {
        Ok(moment) => since(moment)?,
        Err(_) => parse_mail(text)?,
    };
    Some(Timestamp::from_seconds(seconds))
}

/// `Tue, 27 Mar 2007 19:36:42 +0000`, as seconds since 1970; the weekday may be any other.
fn parse_mail(text: &str) -> Option<i64> {
    let date = text.split_once(", ").filter(|(weekday, _)| weekday.len() == 3)?.1;
    let date = ["GMT", "+0000", "-0000"].iter().find_map(|zone| date.strip_suffix(zone))?;
    let moment = jiff::fmt::strtime::parse("%d %b %Y %H:%M:%S ", date).ok()?.to_datetime().ok()?;
    let second = moment.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    (second >= 0).then_some(second)
}

/// Writes `20231216T162057Z`.
pub(super) fn format_basic(time: Timestamp) -> String {
    let time = jiff::Timestamp::from_second(time.seconds()).unwrap_or(jiff::Timestamp::MAX);
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Writes an HTTP date; times before 1970 as 1970.
pub(super) fn format_http(time: Timestamp) -> String {
    let seconds = u64::try_from(time.seconds()).unwrap_or(0);
    let moment = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(SystemTime::UNIX_EPOCH);
    httpdate::fmt_http_date(moment)
}

/// Header signatures: refused if signed more than [`MAX_CLOCK_SKEW`] before or after now; exactly that far is allowed.
pub(super) fn check_skew(request_time: Timestamp, now: Timestamp) -> Result<(), SignError> {
    if request_time.seconds().abs_diff(now.seconds()) <= MAX_CLOCK_SKEW.as_secs() {
        return Ok(());
    }
    let max_ms = MAX_CLOCK_SKEW.as_secs() * 1000;
    Err(SignError::TimeTooSkewed { request_time, server_time: now, max_ms })
}

/// Presigned URLs: valid through the second `expires_at`.
pub(super) fn check_expiry(expires_at: Timestamp, now: Timestamp) -> Result<(), SignError> {
    if now.seconds() <= expires_at.seconds() {
        return Ok(());
    }
    Err(SignError::Expired { expired_at: expires_at, server_time: now })
}

/// The same, as the older schemes write it in `field`: seconds since 1970.
pub(super) fn check_expires(text: &str, field: &'static str, now: Timestamp) -> Result<(), SignError> {
    let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let seconds = digits.and_then(|text| text.parse::<i64>().ok());
    let expires_at = seconds.ok_or_else(|| SignError::malformed(field, "expected seconds since 1970"))?;
    check_expiry(Timestamp::from_seconds(expires_at), now)
}

/// V4 presigned URLs: refused if signed more than [`MAX_CLOCK_SKEW`] in the future, or more than `lifetime` ago.
pub(super) fn check_presigned(signed_at: Timestamp, lifetime: Duration, now: Timestamp) -> Result<(), SignError> {
    if signed_at.seconds() > now.plus(MAX_CLOCK_SKEW).seconds() {
        return Err(SignError::NotYetValid { valid_from: signed_at, server_time: now });
    }
    check_expiry(signed_at.plus(lifetime), now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_dates_may_have_a_numeric_zone_and_any_weekday() {
        for text in [
            "Tue, 27 Mar 2007 19:36:42 GMT",
            "Tuesday, 27-Mar-07 19:36:42 GMT",
            "Tue, 27 Mar 2007 19:36:42 +0000",
            "Tue, 27 Mar 2007 19:36:42 -0000",
            "Sun, 27 Mar 2007 19:36:42 GMT",
        ] {
            assert_eq!(parse_http(text), Some(Timestamp::from_seconds(1_175_024_202)), "{text}");
        }
        assert!(parse_http("Tue, 07 Jul 9999 21:53:04 GMT").is_some());
        for text in [
            "Tue, 27 Mar 2007 19:36:42 +0100",
            "Tue, 27 Mar 2007 19:36:42",
            "Tue, 27 Mar 1907 19:36:42 +0000",
            "Tue, 31 Feb 2007 19:36:42 GMT",
            "27 Mar 2007 19:36:42 GMT",
            "",
        ] {
            assert_eq!(parse_http(text), None, "{text}");
        }
    }
}
