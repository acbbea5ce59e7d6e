//! Named points of the storage protocol, where tests look at the directory or make a step fail.
//!
//! Without a hook a point costs one branch on a field that never changes.

use std::fmt;
use std::io;
use std::sync::Arc;

/// A step of the protocol of `docs/storage.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Point {
    /// A batch is about to be written. An error here is one of the write.
    BatchWrite,
    /// The batch is written, not synced. An error here is one of the sync.
    BatchWritten,
    /// The batch is durable and visible to nobody.
    BatchSynced,
    /// The batch is visible and nobody was told.
    BatchPublished,
    /// A segment file is about to be made. An error here is one of making it.
    SegmentCreate,
    /// The segment file exists and is empty.
    SegmentCreated,
    /// Its header is written, not synced.
    SegmentHeaderWritten,
    /// The segment is durable and holds no entry.
    SegmentHeaderSynced,
    /// A blob is durable and no row names it.
    BlobPersisted,
    /// A blob file that no row names any more is about to be unlinked.
    GarbageUnlink,
    /// The overlay is frozen for a checkpoint.
    CheckpointFrozen,
    /// The garbage of the frozen commits is unlinked.
    CheckpointSwept,
    /// The frozen rows are in the index and still in the overlay.
    CheckpointApplied,
    /// Compaction wrote one of a segment's entries again.
    CompactionCopied,
    /// Compaction wrote all of them again; the segment is about to be unlinked.
    CompactionUnlink,
    /// Compaction unlinked the segment.
    CompactionUnlinked,
    /// Tombstones of a deleted bucket are about to be removed, or none is left.
    TombstonesPurge,
    /// The sweep unlinked a file.
    SweepUnlinked,
    /// First start: the directories exist.
    LayoutDirectories,
    /// First start: the format is recorded.
    LayoutFormat,
}

/// What happens at the points: nothing, unless a test says so.
#[derive(Clone, Default)]
pub struct Probe(Option<Hook>);

/// Called at every point, on the thread that is there.
type Hook = Arc<dyn Fn(Point) -> io::Result<()> + Send + Sync>;

impl Probe {
    /// Nothing happens anywhere.
    pub fn none() -> Self {
        Self(None)
    }

    /// Calls `hook` at every point; its error is that of the step named by the point.
    pub fn new(hook: impl Fn(Point) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    pub(super) fn at(&self, point: Point) -> io::Result<()> {
        match &self.0 {
            None => Ok(()),
            Some(hook) => hook(point),
        }
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Probe(hook)" } else { "Probe(none)" })
    }
}
