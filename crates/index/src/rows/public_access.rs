//! What of the public's rights is blocked on every bucket. Key: tag alone, for there is one such row at most.

use headwater_model::bucket::PublicAccessBlock;
use serde::{Deserialize, Serialize};

use super::codec::{RowError, RowValue};
use super::key::{KeyReader, KeyWriter, RowKind};

/// The block that holds for every bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAccessRow {
    /// Sequence of the log entry that wrote this row.
    pub sequence: u64,
    /// What is blocked.
    pub block: PublicAccessBlock,
}

impl RowValue for PublicAccessRow {
    const KIND: RowKind = RowKind::PublicAccess;
    const VERSION: u8 = 1;
}

impl PublicAccessRow {
    /// Its key.
    pub fn key() -> Vec<u8> {
        KeyWriter::new(Self::KIND).finish()
    }

    /// Reads a key back.
    ///
    /// # Errors
    /// [`RowError::Key`] if it is not this row's.
    pub fn parse_key(key: &[u8]) -> Result<(), RowError> {
        KeyReader::new(Self::KIND, key)?.end()
    }
}
