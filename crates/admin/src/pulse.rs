//! How busy the server is: counters since it began, and how they grew over the last hour and the last day.
//!
//! Guarantees: whoever looks waits for a short lock at most; memory is the same whatever happens (some 100 KiB). How: who
//! counts is asked every [`TICK`]; a sample is how much was added. A restart begins anew.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use headwater_model::clock::{Clock, Timestamp};
use serde::Serialize;

/// Time between two samples of the last hour.
pub const TICK: Duration = Duration::from_secs(10);
/// Samples of the last hour.
const HOUR: usize = 360;
/// Samples of the last hour that make one of the last day: five minutes.
const MERGED: u64 = 30;
/// Samples of the last day.
const DAY: usize = 288;

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Requests answered.
    pub requests: u64,
    /// Those answered with 5xx.
    pub errors: u64,
    /// Object reads served from here.
    pub hits: u64,
    /// Object reads that asked an origin, or joined who did.
    pub misses: u64,
    /// Fills that stored an object.
    pub stored: u64,
    /// Fetches whose object the origins do not have.
    pub absent: u64,
    /// Fetches that failed.
    pub failed: u64,
    /// Body bytes sent to clients.
    pub sent_bytes: u64,
    /// Body bytes received from clients.
    pub received_bytes: u64,
    /// Body bytes received from origins.
    pub origin_bytes: u64,
}

impl Totals {
    fn zip(self, other: Self, join: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            requests: join(self.requests, other.requests),
            errors: join(self.errors, other.errors),
            hits: join(self.hits, other.hits),
            misses: join(self.misses, other.misses),
            stored: join(self.stored, other.stored),
            absent: join(self.absent, other.absent),
            failed: join(self.failed, other.failed),
            sent_bytes: join(self.sent_bytes, other.sent_bytes),
            received_bytes: join(self.received_bytes, other.received_bytes),
            origin_bytes: join(self.origin_bytes, other.origin_bytes),
        }
    }
}

/// Who counts.
pub trait Counting: Send + Sync {
    /// The counters since the server began; none ever falls.
    fn totals(&self) -> Totals;
}

/// How far back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The last hour, in samples of ten seconds.
    Hour,
    /// The last day, in samples of five minutes.
    Day,
}

impl Window {
    /// How long one sample is.
    pub fn resolution(self) -> Duration {
        match self {
            Self::Hour => TICK,
            Self::Day => TICK * MERGED as u32,
        }
    }
}

/// What was added while a sample lasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When it began.
    pub from: Timestamp,
    /// What was added.
    pub added: Totals,
}

/// The counters and their past.
pub struct Pulse {
    counting: Arc<dyn Counting>,
    past: Mutex<Past>,
}

#[derive(Default)]
struct Past {
    before: Totals,
    ticks: u64,
    hour: VecDeque<Sample>,
    day: VecDeque<Sample>,
}

impl Pulse {
    /// Nothing is known of the past yet.
    pub fn new(counting: Arc<dyn Counting>) -> Self {
        Self { counting, past: Mutex::default() }
    }

    /// The counters as of now.
    pub fn totals(&self) -> Totals {
        self.counting.totals()
    }

    /// The samples of a window, oldest first; what began after the last of them is in none yet.
    pub fn samples(&self, window: Window) -> Vec<Sample> {
        let past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        match window {
            Window::Hour => past.hour.iter().copied().collect(),
            Window::Day => past.day.iter().copied().collect(),
        }
    }

    /// What was added in a window, up to now.
    pub fn added(&self, window: Window) -> Totals {
        let (samples, totals) = (self.samples(window), self.totals());
        let before = self.past.lock().unwrap_or_else(PoisonError::into_inner).before;
        let newest = totals.zip(before, u64::saturating_sub);
        samples.iter().fold(newest, |sum, sample| sum.zip(sample.added, u64::saturating_add))
    }

    /// Takes samples, time and again. Never ends.
    pub async fn keep(&self, clock: &dyn Clock) {
        loop {
            let from = clock.now();
            clock.sleep(TICK).await;
            self.sample(from);
        }
    }

    fn sample(&self, from: Timestamp) {
        let totals = self.counting.totals();
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let added = totals.zip(past.before, u64::saturating_sub);
        past.before = totals;
        push(&mut past.hour, Sample { from, added }, HOUR);
        let begins = past.ticks.is_multiple_of(MERGED);
        past.ticks += 1;
        match past.day.back_mut() {
            Some(last) if !begins => last.added = last.added.zip(added, u64::saturating_add),
            _ => push(&mut past.day, Sample { from, added }, DAY),
        }
    }
}

fn push(samples: &mut VecDeque<Sample>, sample: Sample, most: usize) {
    if samples.len() == most {
        samples.pop_front();
    }
    samples.push_back(sample);
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// One request more each time it is asked.
    #[derive(Default)]
    struct Busy(AtomicU64);

    impl Counting for Busy {
        fn totals(&self) -> Totals {
            Totals { requests: self.0.fetch_add(1, Ordering::Relaxed) + 1, ..Totals::default() }
        }
    }

    #[test]
    fn samples_are_what_was_added_and_the_oldest_go() {
        let pulse = Pulse::new(Arc::new(Busy::default()));
        let ticks = DAY as u64 * MERGED + 40;
        for tick in 0..ticks {
            pulse.sample(Timestamp::from_seconds(10 * tick as i64));
        }
        let (hour, day) = (pulse.samples(Window::Hour), pulse.samples(Window::Day));
        assert_eq!((hour.len(), day.len()), (HOUR, DAY));
        assert!(hour.iter().all(|sample| sample.added.requests == 1));
        assert_eq!(hour[0].from, Timestamp::from_seconds(10 * (ticks as i64 - 360)));
        assert!(day[..DAY - 1].iter().all(|sample| sample.added.requests == MERGED));
        assert_eq!(day[DAY - 1].added.requests, 10, "the last is not full yet");
        assert_eq!(day[1].from.0 - day[0].from.0, 300_000);
        assert_eq!(pulse.added(Window::Hour).requests, HOUR as u64 + 1, "with what came since the last sample");
    }
}
