//! Times in conditions: ISO 8601 with seconds and a zone, or seconds since 1970.

use crate::clock::Timestamp;

/// Reads `2026-11-27T08:00:00Z`, `2026-11-27T08:00:00.5+08:00`, `2026-11-27`, or `1795766400`.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1000).map(Timestamp);
    }
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let mut date = date.split('-').map(digits);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let valid = date.next().is_none() && (1..=9999).contains(&year) && (1..=12).contains(&month);
    if !valid || day == 0 || day > days_of(year, month) {
        return None;
    }
    let (time, zone_minutes) = split_zone(time)?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut time = time.split(':').map(digits);
    let (hour, minute, second) = (time.next()??, time.next()??, time.next().unwrap_or(Some(0))?);
    if time.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let millis = if fraction.is_empty() { 0 } else { digits(&format!("{fraction:0<3}")[..3])? };
    let seconds = days_since_1970(year, month, day) * 86_400 + (hour * 60 + minute - zone_minutes) * 60 + second;
    Some(Timestamp(seconds * 1000 + millis))
}

/// The time of day and its zone's distance from UTC in minutes.
fn split_zone(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let at = time.rfind(['+', '-'])?;
    let (time, zone) = time.split_at(at);
    let (hours, minutes) = zone[1..].split_once(':').or_else(|| zone[1..].split_at_checked(2))?;
    let minutes = digits(hours)? * 60 + digits(minutes)?;
    Some((time, if zone.starts_with('-') { -minutes } else { minutes }))
}

fn digits(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms").
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form() {
        let at = |text: &str| parse(text).map(|time| time.0);
        assert_eq!(at("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(at("2000-02-29T12:30:15Z"), Some(951_827_415_000));
        assert_eq!(at("2019-11-11T17:00:00+08:00"), at("2019-11-11T09:00:00Z"));
        assert_eq!(at("2019-11-11T09:00:00.25Z"), at("2019-11-11T09:00:00Z").map(|time| time + 250));
        assert_eq!(at("2019-11-11"), at("2019-11-11T00:00:00Z"));
        assert_eq!(at("1573462800"), at("2019-11-11T09:00:00Z"));
        for wrong in
            ["", "x", "2019-13-01T00:00:00Z", "2019-02-29", "2019-11-11T24:00:00Z", "2019-11-11T09:00:00", "--"]
        {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }
}
