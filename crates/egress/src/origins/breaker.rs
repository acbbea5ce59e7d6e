//! The breaker of an origin: stops asking one that does not answer.
//!
//! ```text
//!           8 failures in a row, or half of >= 20 results within 10 s
//!   closed ──────────────────────────────────────────────────────────► open ◄──┐ a probe failed
//!      ▲                                                                 │     │
//!      └────────────────── a probe succeeded ◄── half open ◄─────────────┴─────┘
//!                                                 one probe starts each second
//! ```
//!
//! Guarantees: while it is open, at most one request per [`PROBE_INTERVAL`] starts; results of requests that began
//! before the last change of state change nothing.
//!
//! How: probes are real requests, the first whose turn it is. A probe that hangs does not keep the next one from
//! starting, so that an origin that has come back is found within a second and not within the time limits of a hanging
//! probe.

use std::time::Duration;

/// Failures in a row that open it: more than a burst of bad luck, few enough to open within milliseconds under load.
const CONSECUTIVE_FAILURES: u32 = 8;
/// Fewest results in the window for a judgement by share.
const MIN_RESULTS: u32 = 20;
/// Seconds of the window.
const WINDOW_SECONDS: usize = 10;
/// Between the starts of two probes.
pub(super) const PROBE_INTERVAL: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Breaker {
    state: State,
    /// Counts changes of state, to know results that are older than the last one.
    generation: u64,
    /// Reading of the clock at the last change of state.
    changed: Duration,
    consecutive_failures: u32,
    window: [Slot; WINDOW_SECONDS],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    Open { next_probe: Duration, probing: u32 },
}

/// Results of one second.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    second: u64,
    results: u32,
    failures: u32,
}

/// What a breaker that let a request pass wants to see again with its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    generation: u64,
    pub(super) probe: bool,
}

/// What a request said about the origin's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failure,
    /// Nothing: it was given up, or its failure is not the origin's.
    Unknown,
}

/// The state as administrators see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Requests pass.
    Closed,
    /// None passes until the next probe.
    Open,
    /// A probe is under way.
    HalfOpen,
}

impl Breaker {
    pub(super) fn new(now: Duration) -> Self {
        Self {
            state: State::Closed,
            generation: 0,
            changed: now,
            consecutive_failures: 0,
            window: [Slot::default(); WINDOW_SECONDS],
        }
    }

    pub(super) fn state(&self) -> BreakerState {
        match self.state {
            State::Closed => BreakerState::Closed,
            State::Open { probing: 0, .. } => BreakerState::Open,
            State::Open { .. } => BreakerState::HalfOpen,
        }
    }

    /// Reading of the clock at the last opening or closing.
    pub(super) fn changed(&self) -> Duration {
        self.changed
    }

    /// Whether a request would pass; if not, the time until the next probe.
    pub(super) fn check(&self, now: Duration) -> Result<(), Duration> {
        match self.state {
            State::Open { next_probe, .. } if now < next_probe => Err(next_probe.saturating_sub(now)),
            _ => Ok(()),
        }
    }

    /// Lets a request pass, as a probe if it is open.
    pub(super) fn pass(&mut self, now: Duration) -> Result<Ticket, Duration> {
        self.check(now)?;
        let probe = match &mut self.state {
            State::Closed => false,
            State::Open { next_probe, probing } => {
                *next_probe = now + PROBE_INTERVAL;
                *probing += 1;
                true
            }
        };
        Ok(Ticket { generation: self.generation, probe })
    }

    /// Takes the result of a request that passed. Tells whether the state changed.
    pub(super) fn record(&mut self, ticket: Ticket, outcome: Outcome, now: Duration) -> bool {
        if ticket.generation != self.generation {
            return false;
        }
        match (&mut self.state, outcome) {
            (State::Open { .. }, Outcome::Success) => {
                self.change(State::Closed, now);
                true
            }
            (State::Open { probing, .. }, _) => {
                *probing = probing.saturating_sub(1);
                false
            }
            (State::Closed, Outcome::Unknown) => false,
            (State::Closed, Outcome::Success) => {
                self.consecutive_failures = 0;
                self.slot(now).results += 1;
                false
            }
            (State::Closed, Outcome::Failure) => {
                self.consecutive_failures += 1;
                let slot = self.slot(now);
                slot.results += 1;
                slot.failures += 1;
                let open = self.consecutive_failures >= CONSECUTIVE_FAILURES || self.mostly_failures(now);
                if open {
                    self.change(State::Open { next_probe: now + PROBE_INTERVAL, probing: 0 }, now);
                }
                open
            }
        }
    }

    fn change(&mut self, state: State, now: Duration) {
        *self = Self { state, generation: self.generation + 1, ..Self::new(now) };
    }

    fn slot(&mut self, now: Duration) -> &mut Slot {
        let second = now.as_secs();
        let slot = &mut self.window[usize::try_from(second).unwrap_or_default() % WINDOW_SECONDS];
        if slot.second != second {
            *slot = Slot { second, ..Slot::default() };
        }
        slot
    }

    fn mostly_failures(&self, now: Duration) -> bool {
        let current = self.window.iter().filter(|slot| slot.second + WINDOW_SECONDS as u64 > now.as_secs());
        let (results, failures) =
            current.fold((0, 0), |(results, failures), slot| (results + slot.results, failures + slot.failures));
        results >= MIN_RESULTS && failures * 2 >= results
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn results(breaker: &mut Breaker, outcomes: &[Outcome], now: Duration) {
        for outcome in outcomes {
            let ticket = breaker.pass(now).unwrap();
            breaker.record(ticket, *outcome, now);
        }
    }

    fn opened(now: Duration) -> Breaker {
        let mut breaker = Breaker::new(now);
        results(&mut breaker, &[Outcome::Failure; 8], now);
        assert_eq!(breaker.state(), BreakerState::Open);
        breaker
    }

    #[test]
    fn eight_failures_in_a_row_open_it() {
        let mut breaker = Breaker::new(SECOND);
        results(&mut breaker, &[Outcome::Failure; 7], SECOND);
        results(&mut breaker, &[Outcome::Success], SECOND);
        results(&mut breaker, &[Outcome::Failure; 7], SECOND);
        assert_eq!(breaker.state(), BreakerState::Closed);
        results(&mut breaker, &[Outcome::Unknown, Outcome::Failure], SECOND);
        assert_eq!((breaker.state(), breaker.check(SECOND)), (BreakerState::Open, Err(PROBE_INTERVAL)));
    }

    #[test]
    fn half_of_twenty_within_ten_seconds_open_it() {
        use Outcome::{Failure, Success};
        let mut breaker = Breaker::new(Duration::ZERO);
        for second in 0..9 {
            results(&mut breaker, &[Success, Failure], SECOND * second);
        }
        results(&mut breaker, &[Success], SECOND * 9);
        assert_eq!(breaker.state(), BreakerState::Closed, "only nineteen");
        results(&mut breaker, &[Failure], SECOND * 9);
        assert_eq!(breaker.state(), BreakerState::Open);

        let mut breaker = Breaker::new(Duration::ZERO);
        for second in 0..100 {
            results(&mut breaker, &[Success, Failure, Success], SECOND * second);
        }
        assert_eq!(breaker.state(), BreakerState::Closed, "a third fails");
        let mut breaker = Breaker::new(Duration::ZERO);
        for step in 0..100 {
            results(&mut breaker, &[Success, Failure], SECOND * 2 * step);
        }
        assert_eq!(breaker.state(), BreakerState::Closed, "ten results within the window");
    }

    #[test]
    fn one_probe_starts_each_second_and_a_hanging_one_blocks_none() {
        let mut breaker = opened(SECOND);
        let mut started = 0;
        for millisecond in 0..10_000 {
            started += u32::from(breaker.pass(SECOND + Duration::from_millis(millisecond)).is_ok());
        }
        assert_eq!((started, breaker.state()), (9, BreakerState::HalfOpen));
    }

    #[test]
    fn a_probe_decides() {
        let mut breaker = opened(SECOND);
        let failed = breaker.pass(SECOND * 2).unwrap();
        assert!(failed.probe && breaker.check(SECOND * 2).is_err());
        breaker.record(failed, Outcome::Failure, SECOND * 2);
        assert_eq!(breaker.state(), BreakerState::Open);
        let given_up = breaker.pass(SECOND * 3).unwrap();
        breaker.record(given_up, Outcome::Unknown, SECOND * 3);
        assert_eq!(breaker.state(), BreakerState::Open);
        let good = breaker.pass(SECOND * 4).unwrap();
        assert!(breaker.record(good, Outcome::Success, SECOND * 4));
        assert_eq!((breaker.state(), breaker.changed()), (BreakerState::Closed, SECOND * 4));
        results(&mut breaker, &[Outcome::Failure; 7], SECOND * 4);
        assert_eq!(breaker.state(), BreakerState::Closed, "the past is forgotten");
    }

    #[test]
    fn results_of_an_earlier_state_say_nothing() {
        let mut breaker = Breaker::new(SECOND);
        let old = breaker.pass(SECOND).unwrap();
        results(&mut breaker, &[Outcome::Failure; 8], SECOND);
        breaker.record(old, Outcome::Success, SECOND);
        assert_eq!(breaker.state(), BreakerState::Open);
        let probe = breaker.pass(SECOND * 2).unwrap();
        breaker.record(probe, Outcome::Success, SECOND * 2);
        for _ in 0..100 {
            breaker.record(old, Outcome::Failure, SECOND * 2);
            breaker.record(probe, Outcome::Failure, SECOND * 2);
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
    }
}
