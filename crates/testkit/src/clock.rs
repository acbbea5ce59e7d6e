//! A clock that stands still until a test moves it.
//!
//! Guarantees: nothing but [`ManualClock::advance`] and [`ManualClock::set_now`] changes what it tells; a sleep
//! resolves exactly when the time it was begun for has been reached; the same seed gives the same identifiers.
//!
//! Deliberately not: tokio's paused time. That moves by itself whenever the runtime is idle, which hides a wait that
//! nobody meant; and it knows no time of day.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use headwater_model::BoxFuture;
use headwater_model::clock::{Clock, Timestamp};
use tokio::sync::{oneshot, watch};

use crate::random::SeededRandom;

/// More sleeps than any test needs: beyond it, something sleeps in a loop without waiting.
const MAX_SLEEPERS: usize = 10_000;

/// Time and randomness of a test. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct ManualClock {
    state: Arc<Mutex<State>>,
    sleepers: watch::Sender<usize>,
}

#[derive(Debug)]
struct State {
    now: Timestamp,
    elapsed: Duration,
    random: SeededRandom,
    sleepers: Vec<Sleeper>,
}

#[derive(Debug)]
struct Sleeper {
    until: Duration,
    wake: oneshot::Sender<()>,
}

impl ManualClock {
    /// A clock that stands at `now`; identifiers and randomness follow from `seed`.
    pub fn new(now: Timestamp, seed: u64) -> Self {
        let random = SeededRandom::new(seed);
        let state = State { now, elapsed: Duration::ZERO, random, sleepers: Vec::new() };
        Self { state: Arc::new(Mutex::new(state)), sleepers: watch::Sender::new(0) }
    }

    /// Lets `duration` pass and wakes whoever slept until then, in the order of their times.
    pub fn advance(&self, duration: Duration) {
        let mut state = self.lock();
        state.now = state.now.plus(duration);
        state.elapsed += duration;
        let elapsed = state.elapsed;
        let mut due: Vec<Sleeper> = state.sleepers.extract_if(.., |sleeper| sleeper.until <= elapsed).collect();
        due.sort_by_key(|sleeper| sleeper.until);
        for sleeper in due {
            // A sleep that was given up has no receiver any more.
            let _ = sleeper.wake.send(());
        }
        self.count(&mut state);
    }

    /// Moves the time of day alone, back or forth, as an administrator or NTP would.
    pub fn set_now(&self, now: Timestamp) {
        self.lock().now = now;
    }

    /// Waits until at least `count` sleeps are under way: the moment to advance.
    pub async fn sleepers(&self, count: usize) {
        let mut sleepers = self.sleepers.subscribe();
        sleepers.wait_for(|sleeping| *sleeping >= count).await.expect("the clock holds the sender");
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets sleeps that were given up and tells how many are left.
    fn count(&self, state: &mut State) {
        state.sleepers.retain(|sleeper| !sleeper.wake.is_closed());
        self.sleepers.send_replace(state.sleepers.len());
    }
}

impl Default for ManualClock {
    /// 2024-01-01T00:00:00Z, seed 0.
    fn default() -> Self {
        Self::new(Timestamp::from_seconds(1_704_067_200), 0)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.lock().now
    }

    fn elapsed(&self) -> Duration {
        self.lock().elapsed
    }

    /// The time runs from this call, not from the first poll.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration.is_zero() {
            return Box::pin(std::future::ready(()));
        }
        let mut state = self.lock();
        let (wake, woken) = oneshot::channel();
        let until = state.elapsed.saturating_add(duration);
        state.sleepers.push(Sleeper { until, wake });
        self.count(&mut state);
        assert!(state.sleepers.len() <= MAX_SLEEPERS, "more than {MAX_SLEEPERS} sleeps at once");
        Box::pin(async move {
            if woken.await.is_err() {
                // The clock is gone: this time never comes.
                std::future::pending::<()>().await;
            }
        })
    }

    fn random(&self, bytes: &mut [u8]) {
        self.lock().random.fill(bytes);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_sleep_ends_when_its_time_was_reached_and_not_before() {
        let clock = ManualClock::default();
        let mut long = clock.sleep(Duration::from_secs(2));
        let mut short = clock.sleep(Duration::from_secs(1));
        clock.sleepers(2).await;
        clock.advance(Duration::from_millis(999));
        assert_eq!(((&mut short).now_or_never(), (&mut long).now_or_never()), (None, None));
        clock.advance(Duration::from_millis(1));
        assert_eq!(((&mut short).now_or_never(), (&mut long).now_or_never()), (Some(()), None));
        clock.advance(Duration::from_mins(1));
        assert_eq!(long.now_or_never(), Some(()));
        clock.sleep(Duration::ZERO).await;
    }

    #[tokio::test]
    async fn given_up_sleeps_do_not_count() {
        let clock = ManualClock::default();
        drop(clock.sleep(Duration::from_secs(1)));
        let _kept = clock.sleep(Duration::from_secs(1));
        assert_eq!(*clock.sleepers.borrow(), 1);
    }

    #[test]
    fn time_of_day_and_elapsed_time_move_together_unless_set() {
        let clock = ManualClock::default();
        let start = clock.now();
        clock.advance(Duration::from_millis(1500));
        assert_eq!(
            (clock.now(), clock.elapsed()),
            (start.plus(Duration::from_millis(1500)), Duration::from_millis(1500))
        );
        clock.set_now(Timestamp(5));
        assert_eq!((clock.now(), clock.elapsed()), (Timestamp(5), Duration::from_millis(1500)));
    }

    #[test]
    fn identifiers_follow_from_the_seed_and_ascend_with_time() {
        let (one, two) = (ManualClock::default(), ManualClock::default());
        let first = one.id();
        assert_eq!(first, two.id());
        one.advance(Duration::from_millis(1));
        assert!(one.id() > first);
    }
}
