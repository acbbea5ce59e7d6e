//! How much an origin has sent. Key: tag, origin.

use headwater_model::origin::OriginId;
use headwater_model::settings::OriginUsage;
use serde::{Deserialize, Serialize};

use super::codec::{RowError, RowValue};
use super::key::{KeyReader, KeyWriter, RowKind};
use crate::KeyRange;

/// The use of an origin, so that its byte budgets outlast a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginUsageRow {
    /// Sequence of the log entry that wrote this row.
    pub sequence: u64,
    /// Bytes of the day and the month.
    pub usage: OriginUsage,
}

impl RowValue for OriginUsageRow {
    const KIND: RowKind = RowKind::OriginUsage;
    const VERSION: u8 = 1;
}

impl OriginUsageRow {
    /// Key of the use of `origin`.
    pub fn key(origin: &OriginId) -> Vec<u8> {
        KeyWriter::new(Self::KIND).last_text(origin.as_str()).finish()
    }

    /// All of them, by the origins' names.
    pub fn range() -> KeyRange {
        KeyRange::prefix(&KeyWriter::new(Self::KIND).finish())
    }

    /// Reads a key back.
    ///
    /// # Errors
    /// [`RowError::Key`] if it is no such row's.
    pub fn parse_key(key: &[u8]) -> Result<OriginId, RowError> {
        KeyReader::new(Self::KIND, key)?.last_origin()
    }
}
