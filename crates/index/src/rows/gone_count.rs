//! How many tombstones a bucket's life has. Key: tag, generation.
//!
//! A figure of the accounting, written by checkpoints together with the rows that it counts: a start need not walk over
//! them, and the many buckets without any know so without a look-up.

use headwater_model::bucket::Generation;
use serde::{Deserialize, Serialize};

use super::codec::{RowError, RowValue};
use super::key::{KeyReader, KeyWriter, RowKind};
use crate::KeyRange;

/// The number of [`super::GoneRow`]s of one generation; no row is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoneCountRow {
    /// The number.
    pub count: u64,
}

impl RowValue for GoneCountRow {
    const KIND: RowKind = RowKind::GoneCount;
    const VERSION: u8 = 1;
}

impl GoneCountRow {
    /// Key of a life's count.
    pub fn key(generation: Generation) -> Vec<u8> {
        KeyWriter::new(Self::KIND).generation(generation).finish()
    }

    /// All counts, by generation.
    pub fn range() -> KeyRange {
        KeyRange::prefix(&KeyWriter::new(Self::KIND).finish())
    }

    /// Reads a key back.
    ///
    /// # Errors
    /// [`RowError::Key`] if it is no count's.
    pub fn parse_key(key: &[u8]) -> Result<Generation, RowError> {
        let mut reader = KeyReader::new(Self::KIND, key)?;
        let generation = reader.generation()?;
        reader.end()?;
        Ok(generation)
    }
}
