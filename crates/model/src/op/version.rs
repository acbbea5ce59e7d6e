//! What operations ask for about versions of objects, and about what keeps them from being deleted.

use crate::name::{BucketName, ObjectKey};
use crate::precondition::ObjectCondition;
use crate::version::{Governance, Retention, VersionId, VersionQuery};

/// An object or, by its id, one version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectVersion {
    /// Bucket.
    pub bucket: BucketName,
    /// Key.
    pub key: ObjectKey,
    /// Which version; `None`: the current object.
    pub version: Option<VersionId>,
}

impl ObjectVersion {
    /// The current object.
    pub fn current(bucket: BucketName, key: ObjectKey) -> Self {
        Self { bucket, key, version: None }
    }
}

/// See [`Op::DeleteObject`](super::Op::DeleteObject).
#[derive(Clone, Debug)]
pub struct DeleteObject {
    /// What to delete. Without a version, and where versions are kept, a delete marker is made instead.
    pub target: ObjectVersion,
    /// What the object must meet.
    pub condition: Option<Box<ObjectCondition>>,
    /// Whether a retention of governance is bypassed.
    pub governance: Governance,
}

/// See [`Op::DeleteObjects`](super::Op::DeleteObjects).
#[derive(Clone, Debug)]
pub struct DeleteObjects {
    /// Bucket.
    pub bucket: BucketName,
    /// What to delete, in the order given.
    pub keys: Vec<Doomed>,
    /// Answer only failures.
    pub quiet: bool,
    /// As in [`DeleteObject`].
    pub governance: Governance,
}

/// One of many to be deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct Doomed {
    /// Its key.
    pub key: ObjectKey,
    /// Which version, as sent: an id that cannot be one fails alone.
    pub version: Option<Box<str>>,
    /// What the object must meet.
    pub condition: Option<Box<ObjectCondition>>,
}

impl From<ObjectKey> for Doomed {
    fn from(key: ObjectKey) -> Self {
        Self { key, version: None, condition: None }
    }
}

/// See [`Op::ListObjectVersions`](super::Op::ListObjectVersions).
#[derive(Clone, Debug)]
pub struct ListObjectVersions {
    /// Bucket.
    pub bucket: BucketName,
    /// The page.
    pub query: VersionQuery,
}

/// See [`Op::PutObjectRetention`](super::Op::PutObjectRetention).
#[derive(Clone, Debug)]
pub struct PutObjectRetention {
    /// What to retain.
    pub target: ObjectVersion,
    /// Until when; `None` ends it.
    pub retention: Option<Retention>,
    /// Whether a retention of governance is bypassed.
    pub governance: Governance,
}

/// Whether a version is held: it cannot be deleted until somebody lets it go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegalHold {
    /// It is.
    On,
    /// It is not.
    Off,
}
