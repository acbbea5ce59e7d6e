//! What administrators and metrics see of an origin.

use serde::Serialize;

use super::breaker::BreakerState;

/// One origin at one moment. Durations are whole milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub struct OriginStatus {
    /// Whether requests are let through.
    pub breaker: BreakerState,
    /// For how long the breaker has been so (open and half open are one stretch).
    pub breaker_for_ms: u64,
    /// How much longer it is left alone because it asked for that; 0 if it is not.
    pub paused_for_ms: u64,
    /// Requests under way, bodies included.
    pub in_flight: u32,
    /// Requests that wait for a permit.
    pub waiting: u32,
    /// Retries that the budget has left, in tenths.
    pub retry_tenths: u32,
    /// Body bytes of this day (UTC).
    pub bytes_today: u64,
    /// Body bytes of this month (UTC).
    pub bytes_this_month: u64,
    /// Its last answer, or how the last attempt failed.
    pub last_answer: Option<LastAnswer>,
    /// Since the start.
    pub totals: OriginTotals,
}

/// How the last exchange began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub struct LastAnswer {
    /// Status code, if there was an answer.
    pub status: Option<u16>,
    /// Why there was none, or why its body broke: a word of [`crate::ERROR_KINDS`].
    pub error: Option<&'static str>,
    /// How long ago.
    pub age_ms: u64,
}

/// Counts since the start, or since the origin was last forgotten for want of use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub struct OriginTotals {
    /// Exchanges let through, redirect hops and retries included.
    pub requests: u64,
    /// Of them retries.
    pub retries: u64,
    /// Of them probes of an open breaker.
    pub probes: u64,
    /// Exchanges that say that the origin is not well.
    pub failures: u64,
    /// Requests refused by one of our own limits, the retry budget included.
    pub refused: u64,
    /// How often the breaker opened.
    pub opened: u64,
}
