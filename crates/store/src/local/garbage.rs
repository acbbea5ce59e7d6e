//! Blob files that no row names any more, until they are unlinked.
//!
//! Added when the entry that made them garbage becomes visible; unlinked soon after by the housekeeping thread, and at
//! the latest by the checkpoint that takes the entry: replay finds them again only until then. One that cannot be
//! unlinked stays here and holds the sweep horizon back.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::blob::BlobId;
use super::core::Core;
use super::probe::Point;
use super::running::{Hour, hour_of};

/// Files to unlink. As many as commits made garbage since the housekeeping thread looked, a checkpoint at most.
#[derive(Debug, Default)]
pub(super) struct Garbage(Mutex<BTreeSet<BlobId>>);

impl Garbage {
    /// Takes files to unlink.
    pub(super) fn add(&self, files: impl IntoIterator<Item = BlobId>) {
        self.lock().extend(files);
    }

    /// The hour of the oldest file.
    pub(super) fn oldest(&self) -> Option<Hour> {
        self.lock().first().map(|id| hour_of(id.created()))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<BlobId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Core {
    /// Unlinks all garbage. Blocks. A file is forgotten only once it is gone, so two threads may try the same one.
    pub(super) fn unlink_garbage(&self) {
        let files: Vec<BlobId> = self.garbage.lock().iter().copied().collect();
        for id in files {
            if self.config.probe.at(Point::GarbageUnlink).is_err() {
                return;
            }
            match self.blobs.remove_blocking(id) {
                Ok(_) => {
                    self.garbage.lock().remove(&id);
                }
                Err(error) => tracing::warn!(blob = %id, %error, "cannot unlink a blob that no row names; tried again"),
            }
        }
    }
}
