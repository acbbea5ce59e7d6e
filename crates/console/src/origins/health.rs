//! How an origin is, in words.

use headwater_engine::{BreakerState, LastAnswer, OriginStatus};
use headwater_model::settings::OriginLimits;

use crate::page::size;

/// An origin at one moment.
pub(super) struct Health {
    /// One word or two.
    pub(super) state: &'static str,
    /// What that means, and for how long it has been so.
    pub(super) meaning: String,
    pub(super) under_way: String,
    pub(super) last_answer: String,
    pub(super) today: String,
    pub(super) this_month: String,
    pub(super) totals: String,
}

impl Health {
    pub(super) fn of(status: &OriginStatus, limits: &OriginLimits) -> Self {
        let span = match status.breaker_for_ms {
            0 => String::new(),
            span => format!(", for {}", time(span)),
        };
        let (state, mut meaning) = match status.breaker {
            BreakerState::Closed => ("Closed", format!("requests pass{span}")),
            BreakerState::Open => ("Open", format!("no request passes until the next probe{span}")),
            BreakerState::HalfOpen => ("Half open", format!("one request tries whether it is well again{span}")),
        };
        if status.paused_for_ms > 0 {
            meaning = format!("{meaning}; it asked to be left alone for another {}", time(status.paused_for_ms));
        }
        let waiting = match status.waiting {
            0 => String::new(),
            waiting => format!(", {waiting} waiting"),
        };
        let totals = &status.totals;
        Self {
            state,
            meaning,
            under_way: format!("{} of {}{waiting}", status.in_flight, limits.max_concurrent),
            last_answer: status.last_answer.as_ref().map_or_else(|| "Not asked yet".to_owned(), answer),
            today: used(status.bytes_today, limits.bytes_per_day),
            this_month: used(status.bytes_this_month, limits.bytes_per_month),
            totals: format!(
                "{} requests, {} of them retries and {} probes; {} failures; {} refused by our own limits; the breaker \
                 opened {} times",
                totals.requests, totals.retries, totals.probes, totals.failures, totals.refused, totals.opened
            ),
        }
    }
}

fn answer(last: &LastAnswer) -> String {
    let age = time(last.age_ms);
    match (last.status, last.error) {
        (Some(status), Some(error)) => format!("{status}, then {error}, {age} ago"),
        (Some(status), None) => format!("{status}, {age} ago"),
        (None, error) => format!("{}, {age} ago", error.unwrap_or("no answer")),
    }
}

fn used(bytes: u64, budget: Option<u64>) -> String {
    budget.map_or_else(|| size(bytes), |budget| format!("{} of {}", size(bytes), size(budget)))
}

/// A span in its largest whole unit.
fn time(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told_in_words() {
        let mut status = OriginStatus {
            breaker: BreakerState::Open,
            breaker_for_ms: 130_000,
            paused_for_ms: 1500,
            in_flight: 3,
            waiting: 2,
            retry_tenths: 10,
            bytes_today: 2048,
            bytes_this_month: 4096,
            last_answer: Some(LastAnswer { status: None, error: Some("connect_refused"), age_ms: 7_300_000 }),
            totals: headwater_engine::OriginTotals::default(),
        };
        let limits = OriginLimits { bytes_per_day: Some(4096), ..OriginLimits::default() };
        let health = Health::of(&status, &limits);
        assert_eq!(
            (health.state, &*health.meaning),
            ("Open", "no request passes until the next probe, for 2 min; it asked to be left alone for another 1 s")
        );
        assert_eq!(health.under_way, "3 of 512, 2 waiting");
        assert_eq!(health.last_answer, "connect_refused, 2 h ago");
        assert_eq!((&*health.today, &*health.this_month), ("2.00 KiB of 4.00 KiB", "4.00 KiB"));
        status.last_answer = Some(LastAnswer { status: Some(200), error: Some("idle_timeout"), age_ms: 5 });
        assert_eq!(Health::of(&status, &limits).last_answer, "200, then idle_timeout, 5 ms ago");
        assert_eq!([999, 119_000, 172_800_000].map(time), ["999 ms", "119 s", "2 days"]);
    }
}
