//! An account with its access keys. Key: tag, canonical id.

use headwater_model::account::Account;
use serde::{Deserialize, Serialize};

use super::codec::{RowError, RowValue};
use super::key::{KeyReader, KeyWriter, RowKind};
use crate::KeyRange;

/// An account; secrets are sealed by whoever writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccountRow {
    /// Sequence of the log entry that wrote this row.
    pub sequence: u64,
    /// The account with its keys.
    pub account: Account,
}

impl RowValue for AccountRow {
    const KIND: RowKind = RowKind::Account;
    const VERSION: u8 = 1;
}

impl AccountRow {
    /// Key of the account with this canonical id.
    pub fn key(id: &str) -> Vec<u8> {
        KeyWriter::new(Self::KIND).last_text(id).finish()
    }

    /// All of them, by canonical id.
    pub fn range() -> KeyRange {
        KeyRange::prefix(&KeyWriter::new(Self::KIND).finish())
    }

    /// Reads a key back.
    ///
    /// # Errors
    /// [`RowError::Key`] if it is no account's.
    pub fn parse_key(key: &[u8]) -> Result<&str, RowError> {
        let reader = KeyReader::new(Self::KIND, key)?;
        let error = reader.error();
        Some(reader.last_text()?).filter(|id| !id.is_empty()).ok_or(error)
    }
}
