//! OSS's retention policy of a bucket (BucketWorm): for how long what is in it stays as it is.
//!
//! ```text
//!              Initiate               Complete, within 24 hours
//! (none) ───────────────► InProgress ─────────────────────────► Locked ──┐ Extend: more days
//!    ▲                     │      │                               ▲      │
//!    └─────── Abort ───────┤      │ 24 hours                      └──────┘
//!    └─────── Abort ───── Expired ◄
//! ```
//!
//! Guarantees: while a policy is in progress or locked, an object that was last modified less than its days ago is neither
//! deleted nor replaced, by nobody. A locked policy stays, and its days only grow.
//!
//! Deliberately not here: retention of single objects ([`crate::version::ObjectLock`]); a bucket has one or the other.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// Longest retention, in days: the vendor's seventy years.
pub const MAX_WORM_DAYS: u32 = 25_550;
/// A policy that is not locked so long after it was made protects nothing any more (OSS InitiateBucketWorm).
pub const LOCK_WITHIN: Duration = Duration::from_hours(24);

const DAY: Duration = Duration::from_hours(24);

/// Names a policy; drawn at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WormId(pub [u8; 16]);

impl fmt::Display for WormId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032X}", u128::from_be_bytes(self.0))
    }
}

/// The retention policy of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketWorm {
    /// Its name.
    pub id: WormId,
    /// For how many days of 24 hours an object stays after it was last modified: 1 to [`MAX_WORM_DAYS`].
    pub days: u32,
    /// When it was made.
    pub created: Timestamp,
    /// Whether it was locked, for good.
    pub locked: bool,
}

/// How far a policy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WormState {
    /// It protects, and can be taken back or locked.
    InProgress,
    /// It protects for good.
    Locked,
    /// It was not locked in time and protects nothing.
    Expired,
}

impl BucketWorm {
    /// How far it is at `now`.
    pub fn state(&self, now: Timestamp) -> WormState {
        if self.locked {
            WormState::Locked
        } else if now < self.created.plus(LOCK_WITHIN) {
            WormState::InProgress
        } else {
            WormState::Expired
        }
    }

    /// Whether it keeps an object that was last modified then from being deleted or replaced at `now`.
    pub fn protects(&self, last_modified: Timestamp, now: Timestamp) -> bool {
        self.state(now) != WormState::Expired && now < last_modified.plus(DAY.saturating_mul(self.days))
    }

    /// Whether it may give way to `next`: a locked one only to itself with as many days or more.
    pub fn permits(&self, next: Option<&Self>) -> bool {
        !self.locked || next.is_some_and(|next| next.locked && next.id == self.id && next.days >= self.days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE: Timestamp = Timestamp(1_700_000_000_000);

    fn worm(locked: bool) -> BucketWorm {
        BucketWorm { id: WormId([0xAB; 16]), days: 2, created: MADE, locked }
    }

    #[test]
    fn a_policy_that_is_not_locked_in_time_expires() {
        let day = MADE.plus(DAY);
        assert_eq!(worm(false).state(Timestamp(day.0 - 1)), WormState::InProgress);
        assert_eq!(worm(false).state(day), WormState::Expired);
        assert_eq!(worm(true).state(day.plus(DAY * 10_000)), WormState::Locked);
        assert!(!worm(false).protects(day, day), "expired");
    }

    #[test]
    fn objects_stay_for_its_days_after_their_last_change() {
        let (young, end) = (MADE.plus(DAY * 5), MADE.plus(DAY * 7));
        assert!(worm(true).protects(young, Timestamp(end.0 - 1)));
        assert!(!worm(true).protects(young, end));
        assert!(worm(false).protects(MADE, MADE), "in progress protects too");
        assert!(!worm(false).protects(Timestamp(MADE.0 - 2 * 86_400_000), MADE), "older than its days");
    }

    #[test]
    fn a_locked_policy_only_grows() {
        let locked = worm(true);
        for (next, permitted) in [
            (None, false),
            (Some(worm(false)), false),
            (Some(BucketWorm { days: 1, ..locked }), false),
            (Some(BucketWorm { id: WormId([1; 16]), ..locked }), false),
            (Some(locked), true),
            (Some(BucketWorm { days: 3, ..locked }), true),
        ] {
            assert_eq!(locked.permits(next.as_ref()), permitted, "{next:?}");
            assert!(worm(false).permits(next.as_ref()));
        }
    }

    #[test]
    fn ids_are_texts_of_one_form() {
        assert_eq!(worm(true).id.to_string(), "AB".repeat(16));
        assert_eq!(WormId([0; 16]).to_string().len(), 32);
    }
}
