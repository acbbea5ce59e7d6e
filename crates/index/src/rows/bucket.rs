//! A bucket: the settings of one name. Key: tag, name.

use headwater_model::BucketName;
use headwater_model::bucket::Bucket;
use serde::{Deserialize, Serialize};

use super::codec::{RowError, RowValue};
use super::key::{KeyReader, KeyWriter, RowKind};
use crate::KeyRange;

/// A bucket and the log entry that made it what it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BucketRow {
    /// Sequence of the log entry that wrote this row.
    pub sequence: u64,
    /// The bucket with all its settings.
    pub bucket: Bucket,
}

impl RowValue for BucketRow {
    const KIND: RowKind = RowKind::Bucket;
    const VERSION: u8 = 1;
}

impl BucketRow {
    /// Key of the bucket called `name`.
    pub fn key(name: &BucketName) -> Vec<u8> {
        KeyWriter::new(Self::KIND).last_text(name.as_str()).finish()
    }

    /// All buckets, by name.
    pub fn range() -> KeyRange {
        KeyRange::prefix(&KeyWriter::new(Self::KIND).finish())
    }

    /// Reads a key back.
    ///
    /// # Errors
    /// [`RowError::Key`] if it is no bucket's.
    pub fn parse_key(key: &[u8]) -> Result<BucketName, RowError> {
        let reader = KeyReader::new(Self::KIND, key)?;
        let error = reader.error();
        BucketName::parse(reader.last_text()?).map_err(|_| error)
    }
}
