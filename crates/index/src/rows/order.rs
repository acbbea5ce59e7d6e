//! How far an upload has come whose parts come in order. Key: tag, generation, upload id.
//!
//! Every part that is committed writes this row anew with the same commit, so whoever commits a part knows which comes next
//! and what the digest of the whole was before it. An upload whose parts come in any order has no such row.

use headwater_model::bucket::Generation;
use headwater_model::multipart::{PartOrder, UploadId};
use serde::{Deserialize, Serialize};

use super::codec::{RowError, RowValue};
use super::key::{KeyReader, KeyWriter, RowKind};

/// Where the order of an upload's parts stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRow {
    /// Sequence of the log entry that wrote this row.
    pub sequence: u64,
    /// The last part and what is known after it.
    pub order: PartOrder,
}

impl RowValue for OrderRow {
    const KIND: RowKind = RowKind::Order;
    const VERSION: u8 = 1;
}

impl OrderRow {
    /// Key of the row of an upload.
    pub fn key(generation: Generation, id: UploadId) -> Vec<u8> {
        KeyWriter::new(Self::KIND).generation(generation).upload(id).finish()
    }

    /// Reads a key back.
    ///
    /// # Errors
    /// [`RowError::Key`] if it is no such row's.
    pub fn parse_key(key: &[u8]) -> Result<(Generation, UploadId), RowError> {
        let mut reader = KeyReader::new(Self::KIND, key)?;
        let identity = (reader.generation()?, reader.upload()?);
        reader.end()?;
        Ok(identity)
    }
}
