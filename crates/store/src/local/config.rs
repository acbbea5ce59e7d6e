//! What a local store is told when it is opened.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use headwater_model::clock::Clock;
use headwater_model::limits::MAX_GONE_PER_BUCKET;

use super::fail_stop::FailStop;
use super::probe::Probe;

/// Largest body that lives in the log. A file for each object stops at two to three thousand durable objects a second
/// while the log carries ten times that; above 64 KiB the bytes themselves cost more than the file does, compaction
/// would copy them, and a hit is no longer one look-up in memory.
pub(super) const INLINE_BYTES: usize = 64 << 10;

/// A log segment is closed beyond this size.
const SEGMENT_BYTES: u64 = 64 << 20;
/// Log bytes that a start replays at most, about: at a GB/s of sequential reading well below the half second that a
/// start may take.
const CHECKPOINT_TAIL_BYTES: u64 = 64 << 20;
/// Memory of rows that wait for a checkpoint; as much again while one runs.
const OVERLAY_BYTES: usize = 16 << 20;
/// Rows wait for a checkpoint this long at most: one of a few rows costs a sync or two.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(5);
/// Largest body that is kept in memory: a thousand of them fit. For larger ones, copying the body out of the page cache
/// costs less than keeping the set in order does when more of them are asked for than fit.
pub(super) const HOT_BODY_BYTES: u64 = 16 << 10;
/// Most pieces of an object before the next append writes it anew: its row stays below 64 KiB, and appending a gigabyte
/// in pieces of a megabyte copies it once.
const APPEND_PIECES: usize = 1000;
/// Memory of small objects.
const HOT_BYTES: u64 = 16 << 20;

/// Where a store lives and how much it may take.
#[derive(Clone, Debug)]
pub struct LocalConfig {
    /// The data directory; made if it is missing.
    pub dir: PathBuf,
    /// Time, ids, randomness.
    pub clock: Arc<dyn Clock>,
    /// A log segment is closed beyond this size in bytes; at most 1 GiB.
    pub segment_bytes: u64,
    /// Log bytes since the last checkpoint that force the next.
    pub checkpoint_tail_bytes: u64,
    /// Memory of rows since the last checkpoint that forces the next. While one runs, as much again may wait; then
    /// writers wait too.
    pub overlay_bytes: usize,
    /// Longest time between a commit and the checkpoint that takes it.
    pub checkpoint_interval: Duration,
    /// Memory of small objects that are answered without any I/O.
    pub hot_bytes: u64,
    /// New bodies are refused while less is free on the file system. `None`: 256 MiB, or a twentieth of a smaller one.
    pub reserve_bytes: Option<u64>,
    /// Most tombstones that deletions of keys without an object may leave in a bucket.
    pub max_gone_per_bucket: u64,
    /// Most files of an object before an append writes all of it into one.
    pub append_pieces: usize,
    /// What happens when the disk can no longer be trusted.
    pub fail_stop: FailStop,
    /// Points of the protocol where tests interfere.
    pub probe: Probe,
}

impl LocalConfig {
    /// The defaults for a store in `dir`.
    pub fn new(dir: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        Self {
            dir: dir.into(),
            clock,
            segment_bytes: SEGMENT_BYTES,
            checkpoint_tail_bytes: CHECKPOINT_TAIL_BYTES,
            overlay_bytes: OVERLAY_BYTES,
            checkpoint_interval: CHECKPOINT_INTERVAL,
            hot_bytes: HOT_BYTES,
            reserve_bytes: None,
            max_gone_per_bucket: MAX_GONE_PER_BUCKET,
            append_pieces: APPEND_PIECES,
            fail_stop: FailStop::abort(),
            probe: Probe::none(),
        }
    }
}
