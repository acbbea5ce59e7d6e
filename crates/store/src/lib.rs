//! Where objects live.
//!
//! [`Store`] is the contract: objects and multipart uploads of buckets, with conditional, durable, atomic commits and
//! the fill token that lets a local write always beat a fill. `local` implements it on this machine's disk.

mod changes;
mod combine;
mod contract;
mod encryption;
mod fills;
mod following;
mod local;
mod running_md5;
mod versions;
mod writing;

pub use combine::CrcCombiner;
pub use contract::{
    Afterwards, Ahead, Amendment, BucketRef, Content, Deleted, Expectation, FillToken, JudgedAmendment, NewObject,
    NewPart, NewUpload, NoncurrentPage, NoncurrentVersion, ObjectWriter, RemovedVersion, Store, StoreStats,
    StoredObject, StoredVersion, Tail, TailState, Tombstone, VersionRemoval, WriteIntent,
};
pub use encryption::DataKey;
pub use local::{
    DoctorReport, FailStop, Finding, LocalConfig, LocalStore, OpenError, Point, Probe, Treatment, examine,
};
pub use running_md5::RunningMd5;
