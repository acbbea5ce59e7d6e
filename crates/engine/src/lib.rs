//! The behaviour of Headwater: what each operation does, independent of dialect, transport and storage medium.
//!
//! Guarantees: authorisation comes before anything is looked up; a body becomes an object only after its length and
//! every announced digest were verified; a missing object that a rule covers is fetched once, however many ask.
//!
//! How: one file per operation on top of [`headwater_store::Store`]; `fill` is the fetch of a missing object from its
//! origin; `control` keeps the buckets in memory, `accounts` the access keys; `rights` asks who may do what.
//!
//! Not here: status codes, XML, signatures (crate `wire`), sockets (crates `server` and `egress`).

mod access;
mod accounts;
mod acl;
mod amend;
mod append;
mod body;
mod bucket_access;
mod buckets;
mod control;
mod copy;
mod cors;
mod default_encryption;
mod delete;
mod encryption;
mod engine;
mod explain;
mod fill;
mod get;
mod keys;
mod lifecycle;
mod list;
mod locks;
mod logging;
mod multipart;
mod origins;
mod put;
mod referer;
mod requirement;
mod restore;
mod rights;
mod seal;
mod sessions;
mod settings;
mod site;
mod stat;
mod symlink;
mod tagging;
mod tokens;
mod tombstones;
mod versions;
mod website;
mod worm;

pub use access::AccessChange;
pub use accounts::{Accounts, Credential, RootKey};
pub use control::MirrorBucket;
pub use engine::{Engine, EngineConfig};
pub use explain::{
    ExplainMethod, ExplainQuery, Explanation, MarkerHere, Matched, OriginAsk, RuleVerdict, StoredHere, Verdict,
};
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub use fill::fuzzing;
pub use fill::{
    FailedFill, FillLimits, FillObserver, FillOutcome, Fills, FillsConfig, KnownAbsence, LocalNames, Prospect,
    RuleCounts, RunningFill, Tried,
};
pub use keys::{KeyChange, NewKey, ShownKey};
pub use lifecycle::{LifecycleConfig, LifecycleCounters};
pub use origins::OriginChange;
pub use rights::Place;
pub use seal::{MASTER_KEY_BYTES, Seal, SealError, under_master_key};
pub use sessions::{AssumeRole, TemporaryCredentials};
pub use settings::Changed;
pub use tokens::{Bearer, NewToken, TokenRefusal};
pub use website::WebsiteChange;
// What `Engine::origin_status` answers with, for crates that may not look past the engine.
pub use headwater_egress::{BreakerState, LastAnswer, OriginStatus, OriginTotals};
