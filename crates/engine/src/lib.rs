//! The behaviour of Headwater: what each operation does, independent of dialect, transport and storage medium.
//!
//! Guarantees: authorisation comes before anything is looked up; a body becomes an object only after its length and
//! every announced digest were verified; a missing object that a rule covers is fetched once, however many ask.
//!
//! How: one file per operation on top of [`headwater_store::Store`]; `fill` is the fetch of a missing object from its
//! origin; `control` keeps the buckets in memory; `access` decides who may do what.
//!
//! Not here: status codes, XML, signatures (crate `wire`), sockets (crates `server` and `egress`).

mod access;
mod body;
mod buckets;
mod control;
mod copy;
mod delete;
mod engine;
mod fill;
mod get;
mod list;
mod multipart;
mod put;
mod website;

pub use access::{RootAccess, RootKey};
pub use control::MirrorBucket;
pub use engine::{Engine, EngineConfig};
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub use fill::fuzzing;
pub use fill::{FillLimits, FillObserver, FillOutcome, Fills, FillsConfig};
