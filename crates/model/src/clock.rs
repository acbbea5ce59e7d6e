//! Time and randomness, handed in.
//!
//! Everything that needs the time of day, a wait or a fresh identifier gets a [`Clock`], so that tests own time and
//! lints can ban the ambient sources.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::BoxFuture;

/// A moment of wall-clock time: milliseconds since 1970-01-01T00:00:00Z (before it: negative).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Whole seconds since the epoch, rounded down: the resolution of HTTP dates.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment `seconds` after the epoch.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// The moment `duration` later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// The source of time, waits, identifiers and randomness.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Wall-clock time.
    fn now(&self) -> Timestamp;
    /// Monotonic time since an arbitrary start; for measuring durations.
    fn elapsed(&self) -> Duration;
    /// Resolves after `duration` of this clock's time.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
    /// Fills `bytes` with cryptographically strong randomness.
    fn random(&self, bytes: &mut [u8]);

    /// A fresh UUID v7 as 16 bytes (RFC 9562 section 5.7): ordered by creation time.
    fn id(&self) -> [u8; 16] {
        let mut id = [0u8; 16];
        self.random(&mut id[6..]);
        id[..6].copy_from_slice(&self.now().0.to_be_bytes()[2..]);
        id[6] = (id[6] & 0x0f) | 0x70;
        id[8] = (id[8] & 0x3f) | 0x80;
        id
    }
}
