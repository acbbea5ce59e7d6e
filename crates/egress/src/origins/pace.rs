//! A rate with a burst of one second, as the time at which a bucket of tokens would be full.
//!
//! Guarantees: over any stretch of time no more is taken than the rate times (that time plus one second), and what was
//! taken on credit is waited for. How: the generic cell rate algorithm; one moment is the whole state, so that another
//! rate can come at any time.

use std::time::Duration;

/// How much may come at once: the rate times this.
const BURST: Duration = Duration::from_secs(1);
/// Longest wait that is told; keeps sums of times far from overflow.
const MAX_WAIT: Duration = Duration::from_hours(24);

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    full_at: Duration,
}

impl Pace {
    /// How long somebody would wait who took `amount` now.
    pub(super) fn wait_for(self, amount: u64, rate_per_s: u64, now: Duration) -> Duration {
        self.after(amount, rate_per_s, now).debt(now)
    }

    /// Takes `amount`; the taker waits for the time it gets back.
    pub(super) fn take(&mut self, amount: u64, rate_per_s: u64, now: Duration) -> Duration {
        *self = self.after(amount, rate_per_s, now);
        self.debt(now)
    }

    /// How long until everything that was taken is paid for.
    pub(super) fn debt(self, now: Duration) -> Duration {
        self.full_at.saturating_sub(now).saturating_sub(BURST)
    }

    fn after(self, amount: u64, rate_per_s: u64, now: Duration) -> Self {
        let nanoseconds = u128::from(amount) * 1_000_000_000 / u128::from(rate_per_s.max(1));
        let time = u64::try_from(nanoseconds).map_or(MAX_WAIT, Duration::from_nanos).min(MAX_WAIT);
        Self { full_at: (self.full_at.max(now) + time).min(now + MAX_WAIT) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_burst_of_a_second_and_then_the_rate() {
        let (mut pace, now) = (Pace::default(), SECOND * 100);
        for _ in 0..10 {
            assert_eq!(pace.take(1, 10, now), Duration::ZERO);
        }
        assert_eq!(pace.wait_for(1, 10, now), SECOND / 10);
        assert_eq!(pace.take(1, 10, now), SECOND / 10);
        assert_eq!(pace.take(5, 10, now), SECOND * 6 / 10);
        assert_eq!(pace.debt(now + SECOND / 2), SECOND / 10);
        assert_eq!(pace.wait_for(1, 10, now + SECOND * 6 / 10), SECOND / 10);
        assert_eq!(pace.wait_for(10, 10, now + SECOND * 60), Duration::ZERO);
        assert_eq!(pace.wait_for(11, 10, now + SECOND * 60), SECOND / 10);
    }

    #[test]
    fn another_rate_holds_at_once_and_huge_amounts_end() {
        let (mut pace, now) = (Pace::default(), SECOND);
        pace.take(100, 100, now);
        assert_eq!(pace.take(100, 200, now), SECOND / 2);
        pace.take(u64::MAX, 1, now);
        assert_eq!(pace.take(u64::MAX, 1, now), MAX_WAIT.saturating_sub(BURST));
    }
}
