//! What a listing tells of an object, read from its row.
//!
//! Guarantees: the same as reading the whole row would tell. How: only the fields that a listing tells are made, the others
//! are passed over in place, and nothing behind the last of them is read; a page has a thousand rows. Deliberately not
//! here: judging what is passed over. A row that is damaged behind what is told is listed, and found by who opens it.

use std::marker::PhantomData;

use headwater_model::ObjectKey;
use headwater_model::clock::Timestamp;
use headwater_model::digest::{ChecksumAlgorithm, ChecksumType, ETag};
use headwater_model::list::ListedObject;
use headwater_model::object::{ObjectAccess, ObjectKind, ObjectMeta, Provenance};
use headwater_model::version::ObjectLock;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use super::codec::{RowError, RowValue};
use super::key::describe;
use super::object::ObjectRow;

impl ObjectRow {
    /// What a listing tells of the object whose row this is.
    ///
    /// # Errors
    /// As for reading the whole row, as far as it is read.
    pub fn listed(row_key: &[u8], value: &[u8]) -> Result<ListedObject, RowError> {
        let (_, key) = Self::parse_key(row_key)?;
        match value.split_first() {
            Some((&Self::VERSION, payload)) => {
                let (row, _) = postcard::take_from_bytes::<Row<'_>>(payload)
                    .map_err(|error| RowError::Value { row: describe(row_key), detail: error.to_string() })?;
                let Meta { size_bytes, etag, last_modified, checksum, kind, headers, composition, .. } = row.meta;
                Ok(ListedObject {
                    key,
                    size_bytes,
                    etag,
                    last_modified,
                    kind,
                    checksum_algorithm: checksum.map(|checksum| checksum.algorithm),
                    checksum_type: composition.checksum_type,
                    storage_class: headers.storage_class,
                    owner: headers.access.and_then(|access| access.owner),
                })
            }
            // Of an earlier version, or of none.
            _ => Ok(listed(key, &Self::decode(row_key, value)?.meta)),
        }
    }
}

/// What a listing tells of an object that was read as a whole.
pub fn listed(key: ObjectKey, meta: &ObjectMeta) -> ListedObject {
    ListedObject {
        key,
        size_bytes: meta.size_bytes,
        etag: meta.etag.clone(),
        last_modified: meta.last_modified,
        kind: meta.kind,
        checksum_algorithm: meta.checksum.as_ref().map(|checksum| checksum.algorithm),
        checksum_type: meta.composition.checksum_type,
        storage_class: meta.headers.storage_class.clone(),
        owner: meta.headers.access.as_ref().and_then(|access| access.owner.clone()),
    }
}

/// Representation headers of an object, each of which it may have.
const CONTENT_HEADERS: usize = 7;

/// The beginning of an [`ObjectRow`]. Fields of the name `_…` are passed over.
#[derive(Deserialize)]
struct Row<'a> {
    _sequence: u64,
    #[serde(borrow)]
    meta: Meta<'a>,
}

/// The beginning of an [`ObjectMeta`], field by field in its order.
#[derive(Deserialize)]
struct Meta<'a> {
    size_bytes: u64,
    etag: ETag,
    last_modified: Timestamp,
    _crc64: u64,
    _md5: Option<[u8; 16]>,
    checksum: Option<Checksum>,
    kind: ObjectKind,
    _provenance: Provenance,
    #[serde(borrow)]
    headers: Headers<'a>,
    #[serde(borrow)]
    _tags: Passed<(&'a str, &'a str)>,
    composition: Composition,
}

#[derive(Deserialize)]
struct Checksum {
    algorithm: ChecksumAlgorithm,
    _value: Passed<u8>,
}

#[derive(Deserialize)]
struct Headers<'a> {
    #[serde(borrow)]
    _content: [Option<&'a str>; CONTENT_HEADERS],
    #[serde(borrow)]
    _user: Passed<(&'a str, &'a str)>,
    storage_class: Option<Box<str>>,
    #[serde(borrow)]
    _website_redirect: Option<&'a str>,
    access: Option<ObjectAccess>,
    _lock: Option<ObjectLock>,
}

/// The beginning of a composition.
#[derive(Deserialize)]
struct Composition {
    checksum_type: ChecksumType,
}

/// A sequence that is passed over.
struct Passed<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Passed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Passed<T> {
    type Value = Self;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<T>()?.is_some() {}
        Ok(self)
    }
}
