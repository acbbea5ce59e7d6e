//! Bytes per calendar day and month (UTC), and what is left of a budget of them.

use std::time::Duration;

use headwater_model::clock::Timestamp;
use headwater_model::settings::OriginUsage;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Adds bytes that were received at `now`; another day or month begins at 0. A clock that was set back adds to the
/// later day.
pub(super) fn add(usage: &mut OriginUsage, bytes: u64, now: Timestamp) {
    roll(usage, now);
    usage.day_bytes = usage.day_bytes.saturating_add(bytes);
    usage.month_bytes = usage.month_bytes.saturating_add(bytes);
}

/// Begins a new day or month if `now` is in one.
pub(super) fn roll(usage: &mut OriginUsage, now: Timestamp) {
    let day = day_of(now);
    if day <= usage.day {
        return;
    }
    (usage.day, usage.day_bytes) = (day, 0);
    let month = month_of(now);
    if month > usage.month {
        (usage.month, usage.month_bytes) = (month, 0);
    }
}

/// Time until a used-up budget is filled again; `None` if none is used up.
pub(super) fn used_up(
    usage: &mut OriginUsage,
    per_day: Option<u64>,
    per_month: Option<u64>,
    now: Timestamp,
) -> Option<Duration> {
    if per_day.is_none() && per_month.is_none() {
        return None;
    }
    roll(usage, now);
    let date = date_of(now);
    let month_ends = per_month.is_some_and(|limit| usage.month_bytes >= limit).then(|| date.last_of_month());
    let day_ends = per_day.is_some_and(|limit| usage.day_bytes >= limit).then_some(date);
    let last_day = month_ends.or(day_ends)?;
    let end = last_day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond();
    Some(Duration::from_millis(u64::try_from(end - now.0).unwrap_or_default()))
}

fn date_of(now: Timestamp) -> Date {
    jiff::Timestamp::from_millisecond(now.0).unwrap_or_default().to_zoned(TimeZone::UTC).date()
}

fn day_of(now: Timestamp) -> u32 {
    u32::try_from(now.seconds().div_euclid(24 * 60 * 60)).unwrap_or_default()
}

fn month_of(now: Timestamp) -> u32 {
    let date = date_of(now);
    u32::try_from((i32::from(date.year()) - 1970) * 12 + i32::from(date.month()) - 1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn days_and_months_begin_at_midnight_utc() {
        let mut usage = OriginUsage::default();
        add(&mut usage, 5, at("2024-02-28T23:59:59Z"));
        add(&mut usage, 7, at("2024-02-29T00:00:00Z"));
        assert_eq!((usage.day_bytes, usage.month_bytes), (7, 12));
        add(&mut usage, 1, at("2024-02-28T12:00:00Z"));
        assert_eq!((usage.day_bytes, usage.month_bytes), (8, 13), "a clock set back");
        roll(&mut usage, at("2024-03-01T00:00:00Z"));
        assert_eq!((usage.day_bytes, usage.month_bytes), (0, 0));
        assert_eq!((usage.day, usage.month), (19_783, 54 * 12 + 2));
    }

    #[test]
    fn a_used_up_budget_says_until_when() {
        let now = at("2024-02-28T22:00:00Z");
        let mut usage = OriginUsage::default();
        add(&mut usage, 100, now);
        assert_eq!(used_up(&mut usage, None, None, now), None);
        assert_eq!(used_up(&mut usage, Some(101), Some(101), now), None);
        assert_eq!(used_up(&mut usage, Some(100), None, now), Some(Duration::from_hours(2)));
        assert_eq!(used_up(&mut usage, Some(100), Some(100), now), Some(Duration::from_hours(26)));
        assert_eq!(used_up(&mut usage, Some(100), None, at("2024-02-29T00:00:00Z")), None);
    }
}
