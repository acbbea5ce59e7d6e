//! The store on this machine's disk: [`LocalStore`].
//!
//! Guarantees, formats, the order of all writes and what a crash at each step leaves behind are in `docs/storage.md`.
//! In short: an ordered log of entries is the truth, made durable by one sync for everybody who waits; an index over it
//! can be rebuilt from it; large bodies have a file each.
//!
//! ```text
//!   store ── the contract's operations, one file each:
//!     │      reading  writer  followed  seal  objects  listing  uploads  complete  buckets
//!     ▼
//!   commit ── judges under the commit lock: tokens, pending rows ──► batch ──► committer ──► segment, frame
//!     │                                                                            │
//!     ▼                                                                            ▼
//!   view ── overlay over index ◄── publish (hot set, accounting, garbage) ─────────┘
//!     ▲
//!     └── checkpoint · replay (start) · compact · sweep · housekeeping · space · doctor (offline)
//! ```
//!
//! Deliberately not here: replication (the loss of the disk is the loss of the data), and any path made of a key.

mod access_tokens;
mod accounting;
mod accounts;
mod amend;
mod append;
mod batch;
mod blob;
mod bodies;
mod buckets;
mod change;
mod checkpoint;
mod cipher;
mod commit;
mod committer;
mod compact;
mod complete;
mod config;
mod core;
mod digest;
mod doctor;
mod fail_stop;
mod followed;
mod frame;
mod garbage;
mod gone;
mod hot;
mod housekeeping;
mod immutability;
mod layout;
mod listing;
mod merge;
mod objects;
mod open_error;
mod origins;
mod overlay;
mod probe;
mod public_access;
mod reading;
mod replay;
mod running;
mod scan;
mod seal;
mod segment;
mod segments;
mod signals;
mod space;
mod store;
mod sweep;
mod tokens;
mod uploads;
mod version_listing;
mod version_reads;
mod versions;
mod view;
mod wait;
mod walk;
mod writer;

pub use config::LocalConfig;
pub use doctor::{DoctorReport, Finding, Treatment, examine};
pub use fail_stop::FailStop;
pub use open_error::OpenError;
pub use probe::{Point, Probe};
pub use store::LocalStore;
