//! How much an origin has sent.

use serde::{Deserialize, Serialize};

/// Body bytes received from an origin in one day and one month (UTC), as they are counted against
/// [`OriginLimits`](super::OriginLimits) and kept over a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OriginUsage {
    /// The day: its number since 1970-01-01.
    pub day: u32,
    /// Bytes in that day.
    pub day_bytes: u64,
    /// The month: its number since January 1970.
    pub month: u32,
    /// Bytes in that month.
    pub month_bytes: u64,
}
