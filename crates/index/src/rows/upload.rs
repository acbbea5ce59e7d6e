//! An open multipart upload. Key: tag, generation, escaped object key, upload id; so that uploads are listed by key,
//! then id, also where one key continues another with NUL bytes.

use headwater_model::ObjectKey;
use headwater_model::bucket::Generation;
use headwater_model::clock::Timestamp;
use headwater_model::digest::{ChecksumAlgorithm, ChecksumType};
use headwater_model::encryption::Encryption;
use headwater_model::multipart::{UploadId, UploadInfo};
use headwater_model::object::{ObjectHeaders, Tags};
use serde::{Deserialize, Serialize};

use super::codec::{RowError, RowValue};
use super::former::{Headers, ThirdHeaders};
use super::key::{KeyReader, KeyWriter, RowKind};
use crate::{KeyRange, after_prefix};

/// An open upload; object key and id are in the row's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadRow {
    /// Sequence of the log entry that wrote this row.
    pub sequence: u64,
    /// When it was created.
    pub initiated: Timestamp,
    /// Checksum algorithm announced on creation.
    pub checksum_algorithm: Option<ChecksumAlgorithm>,
    /// Metadata for the object that completion makes.
    pub headers: ObjectHeaders,
    /// Tags of that object.
    pub tags: Tags,
    /// Of what that object's checksum will be one.
    pub checksum_type: ChecksumType,
    /// How its parts and that object are encrypted: all with the upload's data key.
    pub encryption: Option<Box<Encryption>>,
}

impl RowValue for UploadRow {
    const KIND: RowKind = RowKind::Upload;
    /// 2: tags, checksum type, storage class, redirect, owner and list. 3: retention and hold. 4: encryption.
    const VERSION: u8 = 4;

    fn migrate(version: u8, payload: &[u8]) -> Option<Result<Self, postcard::Error>> {
        match version {
            1 => Some(postcard::from_bytes::<First>(payload).map(Self::from)),
            2 => Some(postcard::from_bytes::<Second>(payload).map(Self::from)),
            3 => Some(postcard::from_bytes::<Third>(payload).map(Self::from)),
            _ => None,
        }
    }
}

/// Version 3.
#[derive(Deserialize)]
struct Third {
    sequence: u64,
    initiated: Timestamp,
    checksum_algorithm: Option<ChecksumAlgorithm>,
    headers: ObjectHeaders,
    tags: Tags,
    checksum_type: ChecksumType,
}

impl From<Third> for UploadRow {
    fn from(third: Third) -> Self {
        let Third { sequence, initiated, checksum_algorithm, headers, tags, checksum_type } = third;
        Self { sequence, initiated, checksum_algorithm, headers, tags, checksum_type, encryption: None }
    }
}

/// Version 2.
#[derive(Deserialize)]
struct Second {
    sequence: u64,
    initiated: Timestamp,
    checksum_algorithm: Option<ChecksumAlgorithm>,
    headers: ThirdHeaders,
    tags: Tags,
    checksum_type: ChecksumType,
}

impl From<Second> for UploadRow {
    fn from(second: Second) -> Self {
        let Second { sequence, initiated, checksum_algorithm, headers, tags, checksum_type } = second;
        let headers = headers.into();
        Self { sequence, initiated, checksum_algorithm, headers, tags, checksum_type, encryption: None }
    }
}

/// Version 1.
#[derive(Deserialize)]
struct First {
    sequence: u64,
    initiated: Timestamp,
    checksum_algorithm: Option<ChecksumAlgorithm>,
    headers: Headers,
}

impl From<First> for UploadRow {
    fn from(first: First) -> Self {
        Self {
            sequence: first.sequence,
            initiated: first.initiated,
            checksum_algorithm: first.checksum_algorithm,
            headers: first.headers.into(),
            tags: Tags::new(),
            checksum_type: first.checksum_algorithm.map(ChecksumType::default_of).unwrap_or_default(),
            encryption: None,
        }
    }
}

impl UploadRow {
    /// Key of an upload.
    pub fn key(generation: Generation, key: &ObjectKey, id: UploadId) -> Vec<u8> {
        KeyWriter::new(Self::KIND).generation(generation).escaped_text(key.as_str()).upload(id).finish()
    }

    /// Where a scan begins that wants the uploads of object keys from `text` on: `text` need not be a valid key.
    pub fn seek_key(generation: Generation, text: &str) -> Vec<u8> {
        KeyWriter::new(Self::KIND).generation(generation).escaped_prefix(text).finish()
    }

    /// Where a scan begins that wants the uploads of object keys greater than `text`.
    pub fn seek_after_key(generation: Generation, text: &str) -> Vec<u8> {
        let of_text = KeyWriter::new(Self::KIND).generation(generation).escaped_text(text).finish();
        after_prefix(&of_text).expect("the key ends in TEXT_END, which is not 0xFF")
    }

    /// The uploads whose object keys begin with `prefix`, by key, then id; the empty prefix is all of a bucket's life.
    pub fn range(generation: Generation, prefix: &str) -> KeyRange {
        KeyRange::prefix(&Self::seek_key(generation, prefix))
    }

    /// The uploads of one object key, by id.
    pub fn range_of_key(generation: Generation, key: &ObjectKey) -> KeyRange {
        KeyRange::prefix(&KeyWriter::new(Self::KIND).generation(generation).escaped_text(key.as_str()).finish())
    }

    /// Reads a key back.
    ///
    /// # Errors
    /// [`RowError::Key`] if it is no upload's.
    pub fn parse_key(key: &[u8]) -> Result<(Generation, ObjectKey, UploadId), RowError> {
        let mut reader = KeyReader::new(Self::KIND, key)?;
        let identity = (reader.generation()?, reader.escaped_object_key()?, reader.upload()?);
        reader.end()?;
        Ok(identity)
    }

    /// What a listing of uploads tells about it.
    pub fn info(&self, key: ObjectKey, id: UploadId) -> UploadInfo {
        UploadInfo {
            key,
            id,
            initiated: self.initiated,
            checksum_algorithm: self.checksum_algorithm,
            checksum_type: self.checksum_type,
            owner: self.headers.access.as_ref().and_then(|access| access.owner.clone()),
        }
    }
}
