//! A part of an open upload. Key: tag, generation, upload id, part number.

use headwater_model::bucket::Generation;
use headwater_model::clock::Timestamp;
use headwater_model::digest::{Checksum, ETag};
use headwater_model::multipart::{PartInfo, UploadId};
use serde::{Deserialize, Serialize};

use super::codec::{RowError, RowValue};
use super::extent::Extent;
use super::former::{FirstExtent, extents};
use super::key::{KeyReader, KeyWriter, RowKind};
use crate::KeyRange;

/// A stored part; its number is in the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRow {
    /// Sequence of the log entry that wrote this row.
    pub sequence: u64,
    /// Length in bytes.
    pub size_bytes: u64,
    /// MD5 of its bytes: the raw form of its entity tag.
    pub md5: [u8; 16],
    /// When it was stored.
    pub last_modified: Timestamp,
    /// CRC-64/XZ of its bytes.
    pub crc64: u64,
    /// Additional checksum, if its writer gave one.
    pub checksum: Option<Checksum>,
    /// Its bytes; unless they are sealed, their lengths add up to the part's.
    pub extents: Vec<Extent>,
}

impl RowValue for PartRow {
    const KIND: RowKind = RowKind::Part;
    /// 2: encryption.
    const VERSION: u8 = 2;

    fn migrate(version: u8, payload: &[u8]) -> Option<Result<Self, postcard::Error>> {
        (version == 1).then(|| postcard::from_bytes::<First>(payload).map(Self::from))
    }
}

/// Version 1.
#[derive(Deserialize)]
struct First {
    sequence: u64,
    size_bytes: u64,
    md5: [u8; 16],
    last_modified: Timestamp,
    crc64: u64,
    checksum: Option<Checksum>,
    extents: Vec<FirstExtent>,
}

impl From<First> for PartRow {
    fn from(first: First) -> Self {
        let First { sequence, size_bytes, md5, last_modified, crc64, checksum, extents: former } = first;
        Self { sequence, size_bytes, md5, last_modified, crc64, checksum, extents: extents(former) }
    }
}

impl PartRow {
    /// Key of a part.
    pub fn key(generation: Generation, upload: UploadId, number: u16) -> Vec<u8> {
        KeyWriter::new(Self::KIND).generation(generation).upload(upload).bytes(&number.to_be_bytes()).finish()
    }

    /// The parts of an upload with numbers above `after`, ascending; 0 for all.
    pub fn range(generation: Generation, upload: UploadId, after: u16) -> KeyRange {
        let all = KeyRange::prefix(&KeyWriter::new(Self::KIND).generation(generation).upload(upload).finish());
        match after.checked_add(1) {
            Some(first) => all.starting_at(Self::key(generation, upload, first)),
            None => KeyRange { start: all.end.clone().unwrap_or_default(), end: all.end },
        }
    }

    /// Reads a key back.
    ///
    /// # Errors
    /// [`RowError::Key`] if it is no part's.
    pub fn parse_key(key: &[u8]) -> Result<(Generation, UploadId, u16), RowError> {
        let mut reader = KeyReader::new(Self::KIND, key)?;
        let identity = (reader.generation()?, reader.upload()?, u16::from_be_bytes(reader.array()?));
        reader.end()?;
        Ok(identity)
    }

    /// What a listing of parts tells about it.
    pub fn info(&self, number: u16) -> PartInfo {
        PartInfo {
            number,
            size_bytes: self.size_bytes,
            etag: ETag::of_md5(self.md5),
            last_modified: self.last_modified,
            crc64: self.crc64,
            checksum: self.checksum.clone(),
        }
    }
}
