//! Settings that no vendor's document has (decisions, rows 2 to 4): per bucket how it migrates, per origin how it is
//! treated.
//!
//! Guarantees: the default of every field is what OSS does, so settings that nobody made change nothing. The serialised
//! form is the one of the admin API: names with units, words in lower case; unknown fields are refused there.

mod migration;
mod origin;
mod usage;

pub use migration::{AnswerGuard, DigestMismatch, GoneMode, HeadMode, KeepMode, ListMode, MigrationSettings, Refresh};
pub use origin::{OriginCredentials, OriginKind, OriginLimits, OriginSettings, TimeWindow, TimeoutSettings};
pub use usage::OriginUsage;
