//! Versions of a key: opening them, deleting them, and telling what became of the key.

use std::sync::Arc;

use headwater_model::ObjectKey;
use headwater_model::clock::Timestamp;
use headwater_model::object::SharedMeta;
use headwater_model::precondition::ObjectCondition;
use headwater_model::version::{DeleteMarker, Governance, VersionId, VersionKind, VersionMarker};

use crate::contract::StoredObject;
use crate::fills::Afterwards;

/// A version that was asked for by its id.
#[derive(Clone, Debug)]
pub enum StoredVersion {
    /// An object, open.
    Object(StoredObject),
    /// A delete marker: there is nothing to read.
    Marker(DeleteMarker),
}

/// What a deletion without a version came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Whether there was an object to delete, which [`Store::open`](crate::Store::open) no longer finds.
    pub found: bool,
    /// The delete marker that was made, in a bucket that has versions.
    pub marker: Option<VersionId>,
}

/// A deletion of one version for good.
#[derive(Clone, Debug)]
pub struct VersionRemoval {
    /// Which.
    pub version: VersionId,
    /// Whether a tombstone is left if this was the last version of its key, and an object.
    pub afterwards: Afterwards,
    /// Whether a governance retention counts.
    pub governance: Governance,
    /// What the version must meet; a delete marker meets everything.
    pub condition: Option<Arc<ObjectCondition>>,
    /// If given, since when it must have been superseded: a version that became current again meanwhile, or was superseded
    /// anew, is not deleted, as if it were not there.
    pub superseded: Option<Timestamp>,
}

impl VersionRemoval {
    /// Of a version, unconditionally, leaving nothing, governance respected.
    pub fn of(version: VersionId) -> Self {
        Self {
            version,
            afterwards: Afterwards::Refetchable,
            governance: Governance::Respected,
            condition: None,
            superseded: None,
        }
    }
}

/// A version that is gone for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemovedVersion {
    /// What it was.
    pub kind: VersionKind,
}

/// A version that is not the current object of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoncurrentVersion {
    /// Key.
    pub key: ObjectKey,
    /// What it is called.
    pub version: VersionId,
    /// Since when another version is newer; `None` for a delete marker that is its key's newest version.
    pub superseded: Option<Timestamp>,
    /// When it was stored or, for a delete marker, when the key was deleted.
    pub last_modified: Timestamp,
    /// The object's metadata; `None` for a delete marker.
    pub object: Option<SharedMeta>,
}

/// One page of versions that are not current, in byte order of their keys, the newest of a key first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoncurrentPage {
    /// The versions.
    pub versions: Vec<NoncurrentVersion>,
    /// Keys, up to where the page goes, of rows that cannot be read.
    pub damaged: Vec<ObjectKey>,
    /// If more follows: to be given as `after` for the next page.
    pub next: Option<VersionMarker>,
}
