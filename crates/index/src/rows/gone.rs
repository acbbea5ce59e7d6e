//! The durable memory that a key was deleted on purpose. Key: tag, generation, object key.

use headwater_model::ObjectKey;
use headwater_model::bucket::Generation;
use headwater_model::clock::Timestamp;
use serde::{Deserialize, Serialize};

use super::codec::{RowError, RowValue};
use super::key::{KeyReader, KeyWriter, RowKind};
use crate::KeyRange;

/// A tombstone: while it stands, the key is not mirrored again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoneRow {
    /// Sequence of the log entry that wrote this row.
    pub sequence: u64,
    /// When the key was deleted.
    pub deleted: Timestamp,
}

impl RowValue for GoneRow {
    const KIND: RowKind = RowKind::Gone;
    const VERSION: u8 = 1;
}

impl GoneRow {
    /// Key of the tombstone of `key`.
    pub fn key(generation: Generation, key: &ObjectKey) -> Vec<u8> {
        KeyWriter::new(Self::KIND).generation(generation).last_text(key.as_str()).finish()
    }

    /// All tombstones of a bucket's life, by object key.
    pub fn range(generation: Generation) -> KeyRange {
        KeyRange::prefix(&KeyWriter::new(Self::KIND).generation(generation).finish())
    }

    /// The tombstones of a bucket's life whose keys begin with `prefix` and are greater than `after`, by object key.
    pub fn range_from(generation: Generation, prefix: &str, after: &str) -> KeyRange {
        let of = |text: &str| KeyWriter::new(Self::KIND).generation(generation).last_text(text).finish();
        // The smallest key greater than `after` is `after` with a zero byte behind it; no key is empty.
        KeyRange::prefix(&of(prefix)).starting_at([of(after), vec![0]].concat())
    }

    /// Reads a key back.
    ///
    /// # Errors
    /// [`RowError::Key`] if it is no tombstone's.
    pub fn parse_key(key: &[u8]) -> Result<(Generation, ObjectKey), RowError> {
        let mut reader = KeyReader::new(Self::KIND, key)?;
        Ok((reader.generation()?, reader.last_object_key()?))
    }
}
