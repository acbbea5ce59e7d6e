//! The value of an object's row as it is stored.
//!
//! Guarantees: comes back as it was, whatever tag and pieces an object has. How: the tag of a body stored in one piece is
//! its MD5, and one piece in the clear that is the whole body has the body's length and CRC; what is so is not written
//! again, which makes the row of a plain object smaller by a third, and with it the index and what a listing reads.
//! Deliberately not here: compression.

use std::borrow::Cow;

use headwater_model::clock::Timestamp;
use headwater_model::digest::{Checksum, ETag};
use headwater_model::object::{Composition, ObjectHeaders, ObjectKind, ObjectMeta, Provenance, Tags};
use headwater_model::version::VersionId;
use serde::{Deserialize, Serialize};

use super::extent::{BlobRef, Extent};
use super::object::ObjectRow;

/// Version 6 of the row. [`super::listed`] reads it field by field.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored<'a> {
    sequence: u64,
    size_bytes: u64,
    etag: StoredTag<'a>,
    last_modified: Timestamp,
    /// Any of its values is as likely as another, so that eight bytes are fewer than a number of variable length takes.
    #[serde(with = "postcard::fixint::le")]
    crc64: u64,
    md5: Option<[u8; 16]>,
    checksum: Cow<'a, Option<Checksum>>,
    kind: ObjectKind,
    provenance: Provenance,
    headers: Cow<'a, ObjectHeaders>,
    tags: Cow<'a, Tags>,
    composition: Cow<'a, Composition>,
    version: VersionId,
    body: StoredBody<'a>,
}

/// An entity tag.
#[derive(Serialize, Deserialize)]
enum StoredTag<'a> {
    /// The one of the body's MD5.
    OfMd5,
    /// Another.
    Other(Cow<'a, ETag>),
}

/// Where the bytes are.
#[derive(Serialize, Deserialize)]
enum StoredBody<'a> {
    /// In one piece, in the clear, with the length and the CRC of the whole.
    Whole {
        blob: BlobRef,
        offset_bytes: u64,
    },
    Pieces(Cow<'a, [Extent]>),
}

/// A row whose tag is its MD5's, without an MD5.
#[derive(Debug, thiserror::Error)]
#[error("its entity tag is that of an MD5 that is not there")]
pub(super) struct NoMd5;

impl<'a> From<&'a ObjectRow> for Stored<'a> {
    fn from(row: &'a ObjectRow) -> Self {
        let meta = &*row.meta;
        let etag = match meta.md5 {
            Some(md5) if meta.etag == ETag::of_md5(md5) => StoredTag::OfMd5,
            _ => StoredTag::Other(Cow::Borrowed(&meta.etag)),
        };
        let body = match *row.extents {
            [Extent { blob, offset_bytes, length_bytes, crc64, salt: None }]
                if (length_bytes, crc64) == (meta.size_bytes, meta.crc64) =>
            {
                StoredBody::Whole { blob, offset_bytes }
            }
            ref pieces => StoredBody::Pieces(Cow::Borrowed(pieces)),
        };
        Self {
            sequence: row.sequence,
            size_bytes: meta.size_bytes,
            etag,
            last_modified: meta.last_modified,
            crc64: meta.crc64,
            md5: meta.md5,
            checksum: Cow::Borrowed(&meta.checksum),
            kind: meta.kind,
            provenance: meta.provenance,
            headers: Cow::Borrowed(&meta.headers),
            tags: Cow::Borrowed(&meta.tags),
            composition: Cow::Borrowed(&meta.composition),
            version: meta.version,
            body,
        }
    }
}

impl TryFrom<Stored<'_>> for ObjectRow {
    type Error = NoMd5;

    fn try_from(stored: Stored<'_>) -> Result<Self, NoMd5> {
        let Stored { size_bytes, crc64, .. } = stored;
        let extents = match stored.body {
            StoredBody::Whole { blob, offset_bytes } => {
                vec![Extent { blob, offset_bytes, length_bytes: size_bytes, crc64, salt: None }]
            }
            StoredBody::Pieces(pieces) => pieces.into_owned(),
        };
        let meta = ObjectMeta {
            size_bytes,
            etag: match stored.etag {
                StoredTag::OfMd5 => ETag::of_md5(stored.md5.ok_or(NoMd5)?),
                StoredTag::Other(tag) => tag.into_owned(),
            },
            last_modified: stored.last_modified,
            crc64,
            md5: stored.md5,
            checksum: stored.checksum.into_owned(),
            kind: stored.kind,
            provenance: stored.provenance,
            headers: stored.headers.into_owned(),
            tags: stored.tags.into_owned(),
            composition: stored.composition.into_owned(),
            version: stored.version,
        };
        Ok(Self { sequence: stored.sequence, meta: meta.into(), extents })
    }
}
