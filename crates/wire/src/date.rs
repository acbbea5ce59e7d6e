//! Dates on the wire: IMF-fixdate of RFC 9110 section 5.6.7 in headers, ISO 8601 in XML. Both show whole seconds,
//! but for the ends of retentions, which are told as they are held.

use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use arrayvec::ArrayString;
use headwater_model::clock::Timestamp;
use http::HeaderValue;

/// The last second that IMF-fixdate can show: 9999-12-31T23:59:59Z.
const LAST_HTTP_SECOND: u64 = 253_402_300_799;

/// As a header such as `Last-Modified`, rounded down to seconds. Moments before 1970 show as 1970, moments after the
/// year 9999 as its end.
pub fn http_date(at: Timestamp) -> HeaderValue {
    let seconds = u64::try_from(at.seconds()).unwrap_or(0).min(LAST_HTTP_SECOND);
    let text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
    HeaderValue::try_from(text).expect("an http date is visible ascii")
}

/// Reads any of the three forms of RFC 9110; `None` for anything else, because a recipient ignores a condition with an
/// invalid date.
pub fn parse_http_date(text: &str) -> Option<Timestamp> {
    let since = httpdate::parse_http_date(text.trim()).ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok().map(Timestamp::from_seconds)
}

/// What a date in ISO 8601 takes at most: that of a year before Christ.
const DATE_BYTES: usize = 32;

/// As in both vendors' XML: `2023-12-16T16:20:57.000Z`. The milliseconds are always written and always zero: there are
/// clients that read nothing else, and the date agrees with `Last-Modified`.
pub(crate) fn iso_8601(at: Timestamp) -> ArrayString<DATE_BYTES> {
    let mut shown = ArrayString::new();
    let moment = jiff::Timestamp::from_second(at.seconds()).unwrap_or_default();
    let date = jiff::tz::Offset::UTC.to_datetime(moment);
    let Ok(year) = u16::try_from(date.year()) else {
        write!(shown, "{moment:.3}").expect("a year before Christ has six digits and a sign");
        return shown;
    };
    // By hand: a page of a listing has a thousand of them.
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let mut digits = |end: usize, mut number: u16| {
        for place in text[..end].iter_mut().rev().take_while(|place| place.is_ascii_digit()) {
            *place = b"0123456789"[usize::from(number % 10)];
            number /= 10;
        }
    };
    digits(4, year);
    let fields = [date.month(), date.day(), date.hour(), date.minute(), date.second()];
    for (end, field) in [7, 10, 13, 16, 19].into_iter().zip(fields) {
        digits(end, u16::from(field.unsigned_abs()));
    }
    shown.push_str(std::str::from_utf8(&text).expect("digits and signs"));
    shown
}

/// The same to the millisecond: for a moment until which something holds, so that whoever waits for it has waited long
/// enough.
pub(crate) fn iso_8601_in_full(at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    format!("{moment:.3}")
}

/// Reads a moment in ISO 8601, with or without fractions of seconds and with any offset.
pub fn parse_iso_8601(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    // The library takes a space between date and time as well, the vendors do not.
    let moment = text.parse::<jiff::Timestamp>().ok().filter(|_| text.contains('T'))?;
    Some(Timestamp(moment.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms() {
        let at = Timestamp(1_702_743_657_042);
        assert_eq!(http_date(at), "Sat, 16 Dec 2023 16:20:57 GMT");
        assert_eq!(&*iso_8601(at), "2023-12-16T16:20:57.000Z");
        assert_eq!(iso_8601_in_full(at), "2023-12-16T16:20:57.042Z");
        assert_eq!(&*iso_8601(Timestamp(0)), "1970-01-01T00:00:00.000Z");
        for seconds in (-70_000_000_000..253_402_300_799).step_by(1_234_567_891) {
            let moment = jiff::Timestamp::from_second(seconds).unwrap();
            assert_eq!(*iso_8601(Timestamp::from_seconds(seconds)), *format!("{moment:.3}"));
        }
        assert_eq!(http_date(Timestamp(-1)), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http_date(Timestamp(i64::MAX)), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    #[test]
    fn reads_iso_8601() {
        for text in ["2023-12-16T16:20:57.042Z", "2023-12-16T17:20:57.042+01:00"] {
            assert_eq!(parse_iso_8601(text), Some(Timestamp(1_702_743_657_042)), "{text}");
        }
        for text in ["", "2023-12-16", "2023-12-16 16:20:57Z", "Sat, 16 Dec 2023 16:20:57 GMT"] {
            assert_eq!(parse_iso_8601(text), None, "{text}");
        }
    }

    #[test]
    fn reads_the_three_forms_of_http() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(parse_http_date(text), Some(Timestamp::from_seconds(784_111_777)), "{text}");
        }
        for text in ["", "yesterday", "1994-11-06T08:49:37Z"] {
            assert_eq!(parse_http_date(text), None, "{text}");
        }
    }
}
