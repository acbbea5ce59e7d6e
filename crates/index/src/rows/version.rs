//! A version of an object that is not the current one, or a delete marker. Key: tag, generation, escaped object key, id;
//! a null version before all others of its object key, these from the newest to the oldest.
//!
//! The current object of a key is no version row but its [`super::ObjectRow`]. While there is one it is the newest version;
//! otherwise the newest version row is, and it is a delete marker.

use std::sync::Arc;

use headwater_model::ObjectKey;
use headwater_model::bucket::Generation;
use headwater_model::clock::Timestamp;
use headwater_model::object::SharedMeta;
use headwater_model::version::{VersionId, VersionNumber};
use serde::{Deserialize, Serialize};

use super::codec::{RowError, RowValue};
use super::extent::Extent;
use super::former::{FirstExtent, FourthMeta, extents};
use super::key::{KeyReader, KeyWriter, RowKind};
use crate::{KeyRange, after_prefix};

/// What stands for the null version in a key.
const NULL: u8 = 0;
/// What stands before a number in a key.
const MADE: u8 = 1;

/// A version; object key and id are in the row's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRow {
    /// Sequence of the log entry that wrote this row. The body may be in the entry of another sequence: the one that the
    /// version was current under.
    pub sequence: u64,
    /// Where it stands among the versions of its key, greater being newer: its own number, or the one that a null version
    /// got for its place.
    pub place: VersionNumber,
    /// When another version became its key's newest in its place; `None` for a delete marker that is the newest itself.
    pub superseded: Option<Timestamp>,
    /// What it is.
    pub content: VersionContent,
}

/// What a version is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VersionContent {
    /// An object.
    Object {
        /// Everything a HEAD tells.
        meta: SharedMeta,
        /// Its bytes; unless they are sealed, their lengths add up to the object's.
        extents: Vec<Extent>,
    },
    /// A delete marker.
    Marker {
        /// When the key was deleted.
        last_modified: Timestamp,
    },
}

impl RowValue for VersionRow {
    const KIND: RowKind = RowKind::Version;
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
    place: VersionNumber,
    superseded: Option<Timestamp>,
    content: FirstContent,
}

#[derive(Deserialize)]
enum FirstContent {
    Object { meta: Box<FourthMeta>, extents: Vec<FirstExtent> },
    Marker { last_modified: Timestamp },
}

impl From<First> for VersionRow {
    fn from(first: First) -> Self {
        let content = match first.content {
            FirstContent::Object { meta, extents: former } => {
                VersionContent::Object { meta: Arc::new((*meta).into()), extents: extents(former) }
            }
            FirstContent::Marker { last_modified } => VersionContent::Marker { last_modified },
        };
        Self { sequence: first.sequence, place: first.place, superseded: first.superseded, content }
    }
}

impl VersionRow {
    /// Key of a version.
    pub fn key(generation: Generation, key: &ObjectKey, version: VersionId) -> Vec<u8> {
        let of_key = KeyWriter::new(Self::KIND).generation(generation).escaped_text(key.as_str());
        match version {
            VersionId::Null => of_key.bytes(&[NULL]),
            VersionId::Made(number) => of_key.bytes(&[MADE]).bytes(&inverted(number.0)),
        }
        .finish()
    }

    /// Where a scan begins that wants the versions of object keys from `text` on: `text` need not be a valid key.
    pub fn seek_key(generation: Generation, text: &str) -> Vec<u8> {
        KeyWriter::new(Self::KIND).generation(generation).escaped_prefix(text).finish()
    }

    /// Where a scan begins that wants the versions of object keys greater than `text`.
    pub fn seek_after_key(generation: Generation, text: &str) -> Vec<u8> {
        let of_text = KeyWriter::new(Self::KIND).generation(generation).escaped_text(text).finish();
        after_prefix(&of_text).expect("the key ends in TEXT_END, which is not 0xFF")
    }

    /// Where a scan begins that wants the made versions of an object key that are older than `place`.
    pub fn seek_older(generation: Generation, key: &ObjectKey, place: VersionNumber) -> Vec<u8> {
        let mut seek = Self::key(generation, key, VersionId::Made(place));
        seek.push(0);
        seek
    }

    /// The versions whose object keys begin with `prefix`, by key; the empty prefix is all of a bucket's life.
    pub fn range(generation: Generation, prefix: &str) -> KeyRange {
        KeyRange::prefix(&Self::seek_key(generation, prefix))
    }

    /// The versions of one object key: the null version, then the made ones, the newest first.
    pub fn range_of_key(generation: Generation, key: &ObjectKey) -> KeyRange {
        KeyRange::prefix(&KeyWriter::new(Self::KIND).generation(generation).escaped_text(key.as_str()).finish())
    }

    /// The made versions of one object key, the newest first.
    pub fn range_of_made(generation: Generation, key: &ObjectKey) -> KeyRange {
        let of_key = KeyWriter::new(Self::KIND).generation(generation).escaped_text(key.as_str());
        KeyRange::prefix(&of_key.bytes(&[MADE]).finish())
    }

    /// Reads a key back.
    ///
    /// # Errors
    /// [`RowError::Key`] if it is no version's.
    pub fn parse_key(key: &[u8]) -> Result<(Generation, ObjectKey, VersionId), RowError> {
        let mut reader = KeyReader::new(Self::KIND, key)?;
        let (generation, name) = (reader.generation()?, reader.escaped_object_key()?);
        let version = match reader.array()? {
            [NULL] => VersionId::Null,
            [MADE] => VersionId::Made(VersionNumber(inverted(reader.array()?))),
            _ => return Err(reader.error()),
        };
        reader.end()?;
        Ok((generation, name, version))
    }
}

/// Byte order turned round.
fn inverted(mut number: [u8; 16]) -> [u8; 16] {
    for byte in &mut number {
        *byte = !*byte;
    }
    number
}
