//! What a listing tells of an object, read from its row.
//!
//! Guarantees: the same as reading the whole row would tell. How: only the fields that a listing tells are made, the others
//! are passed over in place, and nothing behind the last of them is read; a page has a thousand rows. Deliberately not
//! here: judging what is passed over. A row that is damaged behind what is told is listed, and found by who opens it.

use headwater_model::ObjectKey;
use headwater_model::digest::ETag;
use headwater_model::list::ListedObject;
use headwater_model::object::{ObjectAccess, ObjectMeta};
use headwater_model::version::ObjectLock;
use serde::Deserialize;

use super::codec::{RowError, RowValue};
use super::key::describe;
use super::object::ObjectRow;

impl ObjectRow {
    /// What a listing tells of the object whose row this is; `name` is what [`ObjectRow::name`] reads of its key.
    ///
    /// # Errors
    /// As for reading the whole row, as far as it is read.
    pub fn listed(row_key: &[u8], name: &str, value: &[u8]) -> Result<ListedObject, RowError> {
        let key = ObjectKey::parse(name).map_err(|_| RowError::Key { row: describe(row_key) })?;
        match value.split_first() {
            Some((&Self::VERSION, row)) => {
                read(row, key).map_err(|error| RowError::Value { row: describe(row_key), detail: error.to_string() })
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

/// Bytes of a CRC-64.
const CRC64_BYTES: usize = 8;

/// Representation headers of an object, each of which it may have.
const CONTENT_HEADERS: usize = 7;

/// Reads a [`super::stored::Stored`] field by field, in the order of its definition and of those of what it holds.
fn read(row: &[u8], key: ObjectKey) -> Result<ListedObject, postcard::Error> {
    let mut fields = Fields(row);
    fields.pass_number()?; // The sequence.
    let size_bytes = fields.take()?;
    let tag = fields.take_tag()?;
    let last_modified = fields.take()?;
    fields.pass(CRC64_BYTES)?;
    let md5 = if fields.is_some()? { Some(fields.take_md5()?) } else { None };
    let etag = match (tag, md5) {
        (Some(tag), _) => tag,
        (None, Some(md5)) => ETag::of_md5(md5),
        (None, None) => return Err(postcard::Error::SerdeDeCustom),
    };
    let checksum_algorithm = if fields.is_some()? { Some(fields.take()?) } else { None };
    if checksum_algorithm.is_some() {
        fields.pass_text()?;
    }
    let kind = fields.take()?;
    fields.pass_number()?; // The provenance.
    for _ in 0..CONTENT_HEADERS {
        fields.pass_optional_text()?;
    }
    fields.pass_pairs()?; // The user's metadata.
    let storage_class = fields.take()?;
    fields.pass_optional_text()?; // The website's redirect.
    let access: Option<ObjectAccess> = fields.take()?;
    fields.take::<Option<ObjectLock>>()?;
    fields.pass_pairs()?; // Tags.
    let owner = access.and_then(|access| access.owner);
    let checksum_type = fields.take()?;
    Ok(ListedObject {
        key,
        size_bytes,
        etag,
        last_modified,
        kind,
        checksum_algorithm,
        checksum_type,
        storage_class,
        owner,
    })
}

/// What is left of a row, in the format of postcard.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take<T: Deserialize<'a>>(&mut self) -> Result<T, postcard::Error> {
        let (value, rest) = postcard::take_from_bytes(self.0)?;
        self.0 = rest;
        Ok(value)
    }

    /// A [`super::stored::StoredTag`]; `None` for that of the MD5.
    fn take_tag(&mut self) -> Result<Option<ETag>, postcard::Error> {
        // Numbered as an optional value is.
        if self.is_some()? { self.take().map(Some) } else { Ok(None) }
    }

    fn take_md5(&mut self) -> Result<[u8; 16], postcard::Error> {
        // At once: the library reads an array byte by byte.
        let (md5, rest) = self.0.split_first_chunk().ok_or(postcard::Error::DeserializeUnexpectedEnd)?;
        self.0 = rest;
        Ok(*md5)
    }

    /// Whether an optional value is there, which then follows.
    fn is_some(&mut self) -> Result<bool, postcard::Error> {
        let (tag, rest) = self.0.split_first().ok_or(postcard::Error::DeserializeUnexpectedEnd)?;
        self.0 = rest;
        match tag {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(postcard::Error::DeserializeBadOption),
        }
    }

    fn pass(&mut self, size_bytes: usize) -> Result<(), postcard::Error> {
        self.0 = self.0.get(size_bytes..).ok_or(postcard::Error::DeserializeUnexpectedEnd)?;
        Ok(())
    }

    /// A number of more than a byte, or which of an enumeration's values it is.
    fn pass_number(&mut self) -> Result<(), postcard::Error> {
        self.take::<u64>().map(drop)
    }

    /// A text, or a sequence of bytes.
    fn pass_text(&mut self) -> Result<(), postcard::Error> {
        let size_bytes = self.take()?;
        self.pass(size_bytes)
    }

    fn pass_optional_text(&mut self) -> Result<(), postcard::Error> {
        if self.is_some()? { self.pass_text() } else { Ok(()) }
    }

    fn pass_pairs(&mut self) -> Result<(), postcard::Error> {
        for _ in 0..self.take::<usize>()? {
            self.pass_text()?;
            self.pass_text()?;
        }
        Ok(())
    }
}
