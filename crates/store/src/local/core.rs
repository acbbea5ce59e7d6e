//! What the parts of a store share.

use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex};

use headwater_index::rows::{ObjectRow, RowKind};
use headwater_model::clock::Clock;
use headwater_model::{Error, Result};
use tokio::sync::Semaphore;

use super::batch::Entry;
use super::blob::{BlobDir, BlobId, SyncFailed};
use super::commit::CommitState;
use super::config::LocalConfig;
use super::garbage::Garbage;
use super::hot::HotSet;
use super::layout::Layout;
use super::running::RunningWrites;
use super::segments::Segments;
use super::signals::{OverlayRoom, Signals};
use super::space::Space;
use super::view::View;

/// One open store. Held by its threads, its writers and its handle; the directory stays locked until all are gone.
pub(super) struct Core {
    pub(super) config: LocalConfig,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) state: Mutex<CommitState>,
    /// Wakes the committer.
    pub(super) batch_ready: Condvar,
    /// Bytes of entries that may wait for the disk.
    pub(super) queue: Semaphore,
    pub(super) view: View,
    pub(super) hot: HotSet,
    pub(super) segments: Segments,
    pub(super) blobs: Arc<BlobDir>,
    pub(super) garbage: Garbage,
    pub(super) running: Arc<RunningWrites>,
    pub(super) space: Space,
    pub(super) signals: Signals,
    /// Last: dropping it unlocks the directory.
    pub(super) layout: Layout,
}

impl Core {
    /// Makes durable entries visible.
    pub(super) fn publish(&self, entries: &[Entry], log_bytes: u64) {
        let mut layers = self.view.layers_mut();
        for entry in entries {
            // Before the row can be seen: whoever sees the new object must not find the old one in memory afterwards.
            for change in entry.changes.iter().filter(|change| change.key.first() == Some(&RowKind::Object.tag())) {
                if let Ok((generation, key)) = ObjectRow::parse_key(&change.key) {
                    self.hot.invalidate(generation, &key);
                }
            }
            match layers.accounting.take(entry.sequence, entry.frame_bytes, &entry.changes) {
                Ok(files) => self.garbage.add(files.into_iter().map(BlobId)),
                Err(error) => tracing::error!(sequence = entry.sequence, %error, "cannot account for a log entry"),
            }
            layers.publish(entry.sequence, &entry.changes);
        }
        layers.tail_bytes += log_bytes;
        let is_large = layers.active_bytes() >= self.config.overlay_bytes
            || layers.tail_bytes >= self.config.checkpoint_tail_bytes;
        if is_large {
            if layers.is_frozen() && layers.active_bytes() >= self.config.overlay_bytes {
                self.signals.overlay.send_if_modified(|room| {
                    let was_open = *room == OverlayRoom::Open;
                    if was_open {
                        *room = OverlayRoom::Wait;
                    }
                    was_open
                });
            }
            self.signals.want_checkpoint();
        }
    }

    /// Waits while the overlay is too large.
    ///
    /// # Errors
    /// `StorageFull` while the checkpoint that would make room finds no space.
    pub(super) async fn wait_for_overlay(&self) -> Result<()> {
        if *self.signals.overlay.borrow() == OverlayRoom::Open {
            return Ok(());
        }
        let mut overlay = self.signals.overlay.subscribe();
        let room = overlay.wait_for(|room| *room != OverlayRoom::Wait).await.map(|room| *room);
        match room {
            Ok(OverlayRoom::Open) => Ok(()),
            _ => Err(Error::StorageFull),
        }
    }

    /// Ends the process: see [`super::fail_stop`].
    pub(super) fn fail_stop(&self, step: &'static str, error: &io::Error) {
        self.config.fail_stop.call(step, error);
    }

    /// Passes an error of the blobs on; a failed sync ends the process.
    pub(super) fn heed(&self, error: Error) -> Error {
        if SyncFailed::is_cause_of(&error) {
            self.fail_stop("sync a blob", &io::Error::other(error.to_string()));
        }
        error
    }

    /// Salt for a new segment.
    pub(super) fn random_salt(&self) -> u64 {
        let mut salt = [0; 8];
        self.clock.random(&mut salt);
        u64::from_le_bytes(salt)
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("dir", &self.layout.root).finish_non_exhaustive()
    }
}
