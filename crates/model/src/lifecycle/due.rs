//! When something ends: after a number of days, or by a date.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// Milliseconds of a real day.
const REAL_DAY_MS: i64 = 86_400_000;

/// When a rule's action is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Due {
    /// So many days after the object was written, or the upload begun.
    Days(u32),
    /// From this moment on, whatever the age (`Date`).
    Date(Timestamp),
    /// At once, for what is older than this moment (OSS `CreatedBeforeDate`).
    CreatedBefore(Timestamp),
}

impl Due {
    /// When it is due for something of this date; `None`: never.
    pub fn moment(self, made: Timestamp, day: DayLength) -> Option<Timestamp> {
        match self {
            Self::Days(days) => Some(day.after(made, days)),
            Self::Date(date) => Some(date),
            Self::CreatedBefore(date) => (made < date).then_some(date),
        }
    }
}

/// How long a day of lifecycle rules lasts. Real ones end at midnight UTC, as at both vendors: what is to last three days
/// ends at the first midnight after three days. Shorter ones, for tests, are counted from the moment itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayLength {
    milliseconds: i64,
}

impl DayLength {
    /// 24 hours.
    pub const REAL: Self = Self { milliseconds: REAL_DAY_MS };

    /// A day of so many seconds, at least 1.
    pub const fn of_seconds(seconds: u32) -> Self {
        let seconds = if seconds == 0 { 1 } else { seconds };
        Self { milliseconds: seconds as i64 * 1000 }
    }

    /// Its seconds.
    pub fn seconds(self) -> u64 {
        self.milliseconds.unsigned_abs() / 1000
    }

    /// The moment `days` after another.
    pub fn after(self, from: Timestamp, days: u32) -> Timestamp {
        let exact = from.0.saturating_add(self.milliseconds.saturating_mul(i64::from(days)));
        if self != Self::REAL {
            return Timestamp(exact);
        }
        let past_midnight = exact.rem_euclid(REAL_DAY_MS);
        Timestamp(if past_midnight == 0 { exact } else { exact.saturating_add(REAL_DAY_MS - past_midnight) })
    }
}
