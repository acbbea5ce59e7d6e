//! Which blobs somebody may still read, so that removing them does not take the bytes away.
//!
//! An object of 10,000 parts cannot hold 10,000 descriptors for the case that it is deleted while it is being read. It
//! pins its blobs instead; only when a pinned blob is removed is it opened and kept, and its name goes at once.
//!
//! A pin protects against removals that begin after it. Whoever looks up a row, pins its blobs, and then finds the row
//! unchanged, has pinned in time: blobs are removed only after their row is gone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::file::BlobFile;
use super::path::BlobId;

/// The pins of one blob directory. As many as objects are open, times their blobs.
#[derive(Debug, Default)]
pub(super) struct Pins(Mutex<HashMap<BlobId, Pinned>>);

#[derive(Debug, Default)]
struct Pinned {
    count: usize,
    /// Open since the blob was removed.
    removed: Option<Arc<BlobFile>>,
}

impl Pins {
    /// Pins blobs; each must be unpinned as often.
    pub(super) fn pin(&self, ids: impl Iterator<Item = BlobId>) {
        let mut pins = self.lock();
        ids.for_each(|id| pins.entry(id).or_default().count += 1);
    }

    /// Takes pins back. A removed blob is closed with its last pin.
    pub(super) fn unpin(&self, ids: impl Iterator<Item = BlobId>) {
        let mut pins = self.lock();
        for id in ids {
            if let Some(pinned) = pins.get_mut(&id) {
                pinned.count -= 1;
                if pinned.count == 0 {
                    pins.remove(&id);
                }
            }
        }
    }

    /// Whether anybody may still read the blob.
    pub(super) fn is_pinned(&self, id: BlobId) -> bool {
        self.lock().contains_key(&id)
    }

    /// Keeps a blob open that is about to be removed, until its last pin goes.
    pub(super) fn retain(&self, id: BlobId, file: Arc<BlobFile>) {
        if let Some(pinned) = self.lock().get_mut(&id) {
            pinned.removed = Some(file);
        }
    }

    /// The blob, if it was removed while pinned.
    pub(super) fn retained(&self, id: BlobId) -> Option<Arc<BlobFile>> {
        self.lock().get(&id)?.removed.clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<BlobId, Pinned>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
