//! A bearer token of the admin API. Key: tag, id of the token.

use headwater_model::token::AccessToken;
use serde::{Deserialize, Serialize};

use super::codec::{RowError, RowValue};
use super::key::{KeyReader, KeyWriter, RowKind};
use crate::KeyRange;

/// A token: what it may stand for, and a digest to know it by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenRow {
    /// Sequence of the log entry that wrote this row.
    pub sequence: u64,
    /// The token.
    pub token: AccessToken,
}

impl RowValue for AccessTokenRow {
    const KIND: RowKind = RowKind::AccessToken;
    const VERSION: u8 = 1;
}

impl AccessTokenRow {
    /// Key of the token with this id.
    pub fn key(id: &str) -> Vec<u8> {
        KeyWriter::new(Self::KIND).last_text(id).finish()
    }

    /// All of them, by id.
    pub fn range() -> KeyRange {
        KeyRange::prefix(&KeyWriter::new(Self::KIND).finish())
    }

    /// Reads a key back.
    ///
    /// # Errors
    /// [`RowError::Key`] if it is no token's.
    pub fn parse_key(key: &[u8]) -> Result<&str, RowError> {
        let reader = KeyReader::new(Self::KIND, key)?;
        let error = reader.error();
        Some(reader.last_text()?).filter(|id| !id.is_empty()).ok_or(error)
    }
}
