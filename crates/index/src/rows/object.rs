//! An object: what is known about it and where its bytes are. Key: tag, generation, object key.
//!
//! There are as many of these rows as objects, so none says twice what it can say once: see [`super::stored`].

use std::sync::Arc;

use headwater_model::ObjectKey;
use headwater_model::bucket::Generation;
use headwater_model::clock::Timestamp;
use headwater_model::digest::{Checksum, ETag};
use headwater_model::object::{Composition, ObjectKind, ObjectMeta, Provenance, SharedMeta, Tags};
use headwater_model::version::VersionId;
use serde::{Deserialize, Serialize, Serializer};

use super::codec::{RowError, RowValue};
use super::extent::Extent;
use super::former::{FirstExtent, FourthMeta, Headers, SecondMeta, ThirdMeta, extents};
use super::key::{KeyReader, KeyWriter, RowKind};
use super::stored::Stored;
use crate::KeyRange;

/// A visible object.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Stored<'static>")]
pub struct ObjectRow {
    /// Sequence of the log entry that wrote this row: an entry of another sequence for this key is dead.
    pub sequence: u64,
    /// Everything a HEAD tells.
    pub meta: SharedMeta,
    /// Its bytes; unless they are sealed, their lengths add up to the object's.
    pub extents: Vec<Extent>,
}

impl Serialize for ObjectRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Stored::from(self).serialize(serializer)
    }
}

impl RowValue for ObjectRow {
    const KIND: RowKind = RowKind::Object;
    /// 2: tags. 3: composition, storage class, redirect, owner and list. 4: version, retention and hold. 5: encryption.
    /// 6: nothing is said twice.
    const VERSION: u8 = 6;

    fn migrate(version: u8, payload: &[u8]) -> Option<Result<Self, postcard::Error>> {
        match version {
            1 => Some(postcard::from_bytes::<First>(payload).map(Self::from)),
            2 => Some(postcard::from_bytes::<Second>(payload).map(Self::from)),
            3 => Some(postcard::from_bytes::<Third>(payload).map(Self::from)),
            4 => Some(postcard::from_bytes::<Fourth>(payload).map(Self::from)),
            5 => Some(postcard::from_bytes::<Fifth>(payload).map(Self::from)),
            _ => None,
        }
    }
}

/// Version 5.
#[derive(Deserialize)]
struct Fifth {
    sequence: u64,
    meta: SharedMeta,
    extents: Vec<Extent>,
}

impl From<Fifth> for ObjectRow {
    fn from(fifth: Fifth) -> Self {
        Self { sequence: fifth.sequence, meta: fifth.meta, extents: fifth.extents }
    }
}

/// Version 4.
#[derive(Deserialize)]
struct Fourth {
    sequence: u64,
    meta: FourthMeta,
    extents: Vec<FirstExtent>,
}

impl From<Fourth> for ObjectRow {
    fn from(fourth: Fourth) -> Self {
        Self { sequence: fourth.sequence, meta: Arc::new(fourth.meta.into()), extents: extents(fourth.extents) }
    }
}

/// Version 3.
#[derive(Deserialize)]
struct Third {
    sequence: u64,
    meta: ThirdMeta,
    extents: Vec<FirstExtent>,
}

impl From<Third> for ObjectRow {
    fn from(third: Third) -> Self {
        Self { sequence: third.sequence, meta: Arc::new(third.meta.into()), extents: extents(third.extents) }
    }
}

/// Version 2.
#[derive(Deserialize)]
struct Second {
    sequence: u64,
    meta: SecondMeta,
    extents: Vec<FirstExtent>,
}

impl From<Second> for ObjectRow {
    fn from(second: Second) -> Self {
        Self { sequence: second.sequence, meta: Arc::new(second.meta.into()), extents: extents(second.extents) }
    }
}

/// Version 1.
#[derive(Deserialize)]
struct First {
    sequence: u64,
    size_bytes: u64,
    etag: ETag,
    last_modified: Timestamp,
    crc64: u64,
    md5: Option<[u8; 16]>,
    checksum: Option<Checksum>,
    kind: ObjectKind,
    provenance: Provenance,
    headers: Headers,
    extents: Vec<FirstExtent>,
}

impl From<First> for ObjectRow {
    fn from(first: First) -> Self {
        let meta = ObjectMeta {
            size_bytes: first.size_bytes,
            etag: first.etag,
            last_modified: first.last_modified,
            crc64: first.crc64,
            md5: first.md5,
            checksum: first.checksum,
            kind: first.kind,
            provenance: first.provenance,
            headers: first.headers.into(),
            tags: Tags::new(),
            composition: Composition::default(),
            version: VersionId::Null,
        };
        Self { sequence: first.sequence, meta: Arc::new(meta), extents: extents(first.extents) }
    }
}

impl ObjectRow {
    /// Key of the object under `key`.
    pub fn key(generation: Generation, key: &ObjectKey) -> Vec<u8> {
        Self::seek_key(generation, key.as_str())
    }

    /// Where a scan begins that wants the object keys from `text` on: `text` need not be a valid object key.
    pub fn seek_key(generation: Generation, text: &str) -> Vec<u8> {
        KeyWriter::new(Self::KIND).generation(generation).last_text(text).finish()
    }

    /// The objects of a bucket's life whose keys begin with `prefix`, by key; the empty prefix is all of them.
    pub fn range(generation: Generation, prefix: &str) -> KeyRange {
        KeyRange::prefix(&Self::seek_key(generation, prefix))
    }

    /// The object key that a row key ends with.
    ///
    /// # Errors
    /// [`RowError::Key`] if it is no object's.
    pub fn name(row_key: &[u8]) -> Result<&str, RowError> {
        let mut reader = KeyReader::new(Self::KIND, row_key)?;
        reader.generation()?;
        reader.last_text()
    }

    /// Reads a key back.
    ///
    /// # Errors
    /// [`RowError::Key`] if it is no object's.
    pub fn parse_key(key: &[u8]) -> Result<(Generation, ObjectKey), RowError> {
        let mut reader = KeyReader::new(Self::KIND, key)?;
        Ok((reader.generation()?, reader.last_object_key()?))
    }
}
