//! Finds an open upload's object key by its id. Key: tag, generation, upload id.
//!
//! Parts are named by upload id alone; this row tells, in one read, whether the upload is open and where its
//! [`super::UploadRow`] is. Both are written and deleted by the same commits.

use headwater_model::ObjectKey;
use headwater_model::bucket::Generation;
use headwater_model::multipart::UploadId;
use serde::{Deserialize, Serialize};

use super::codec::{RowError, RowValue};
use super::key::{KeyReader, KeyWriter, RowKind};
use crate::KeyRange;

/// The object key of an open upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadKeyRow {
    /// Key that completion will write.
    pub key: ObjectKey,
}

impl RowValue for UploadKeyRow {
    const KIND: RowKind = RowKind::UploadKey;
    const VERSION: u8 = 1;
}

impl UploadKeyRow {
    /// Key of the row of an upload.
    pub fn key(generation: Generation, id: UploadId) -> Vec<u8> {
        KeyWriter::new(Self::KIND).generation(generation).upload(id).finish()
    }

    /// All open uploads of a bucket's life, by id: by time of creation.
    pub fn range(generation: Generation) -> KeyRange {
        KeyRange::prefix(&KeyWriter::new(Self::KIND).generation(generation).finish())
    }

    /// Reads a key back.
    ///
    /// # Errors
    /// [`RowError::Key`] if it is no upload's.
    pub fn parse_key(key: &[u8]) -> Result<(Generation, UploadId), RowError> {
        let mut reader = KeyReader::new(Self::KIND, key)?;
        let identity = (reader.generation()?, reader.upload()?);
        reader.end()?;
        Ok(identity)
    }
}
