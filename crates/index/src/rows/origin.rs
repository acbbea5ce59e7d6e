//! The settings of an origin. Key: tag, origin.

use headwater_model::origin::OriginId;
use headwater_model::settings::OriginSettings;
use serde::{Deserialize, Serialize};

use super::codec::{RowError, RowValue};
use super::key::{KeyReader, KeyWriter, RowKind};
use crate::KeyRange;

/// The settings that the operator made for an origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginRow {
    /// Sequence of the log entry that wrote this row.
    pub sequence: u64,
    /// How the origin is treated.
    pub settings: OriginSettings,
}

impl RowValue for OriginRow {
    const KIND: RowKind = RowKind::Origin;
    const VERSION: u8 = 1;
}

impl OriginRow {
    /// Key of the settings of `origin`.
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
