//! How much of a log segment is still needed. Key: tag, segment number.

use serde::{Deserialize, Serialize};

use super::codec::{RowError, RowValue};
use super::key::{KeyReader, KeyWriter, RowKind};
use crate::KeyRange;

/// The accounting of one log segment: compaction takes the segments with the largest dead share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentRow {
    /// Sequence of its first entry.
    pub first_sequence: u64,
    /// Sequence of its last entry that is in the index.
    pub last_sequence: u64,
    /// Entries that some row still stands on.
    pub live_entries: u64,
    /// Bytes of those entries, frames included.
    pub live_bytes: u64,
    /// Entries that no row stands on any more.
    pub dead_entries: u64,
    /// Bytes of those entries, frames included.
    pub dead_bytes: u64,
    /// Bytes of its deletions: a rebuild needs them for as long as an older segment may hold a put of their keys.
    pub delete_bytes: u64,
}

impl RowValue for SegmentRow {
    const KIND: RowKind = RowKind::Segment;
    const VERSION: u8 = 1;
}

impl SegmentRow {
    /// Key of a segment's accounting.
    pub fn key(segment: u64) -> Vec<u8> {
        KeyWriter::new(Self::KIND).bytes(&segment.to_be_bytes()).finish()
    }

    /// All segments, by number.
    pub fn range() -> KeyRange {
        KeyRange::prefix(&KeyWriter::new(Self::KIND).finish())
    }

    /// Reads a key back.
    ///
    /// # Errors
    /// [`RowError::Key`] if it is no segment's.
    pub fn parse_key(key: &[u8]) -> Result<u64, RowError> {
        let mut reader = KeyReader::new(Self::KIND, key)?;
        let segment = u64::from_be_bytes(reader.array()?);
        reader.end()?;
        Ok(segment)
    }
}
