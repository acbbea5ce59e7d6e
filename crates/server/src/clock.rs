//! The machine's clock: the one place where ambient time and randomness enter.

use std::time::{Duration, Instant, SystemTime};

use headwater_model::BoxFuture;
use headwater_model::clock::{Clock, Timestamp};

/// [`Clock`] of this machine, with the operating system's randomness and tokio's timers.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

#[allow(clippy::disallowed_methods)] // everybody else gets time through the trait that this implements
impl SystemClock {
    /// A clock whose [`Clock::elapsed`] starts now.
    #[allow(clippy::new_without_default)] // reading the time is no default value
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

#[allow(clippy::disallowed_methods)] // see above
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let millis = match since {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
        };
        Timestamp(millis)
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn random(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives randomness");
    }
}
