//! Writing: what a body is written for, and what becomes of it once it is whole.

use std::sync::Arc;

use bytes::Bytes;
use headwater_model::clock::Timestamp;
use headwater_model::digest::{Checksum, ChecksumAlgorithm, Digests, ETag};
use headwater_model::multipart::{PartInfo, PartOrder, UploadId};
use headwater_model::object::{Composition, ObjectHeaders, ObjectKind, Provenance, SharedMeta, Tags};
use headwater_model::{BoxFuture, ObjectKey, Result};

use crate::contract::{BucketRef, Expectation};
use crate::encryption::DataKey;
use crate::following::{Ahead, Tail};

/// What a writer is for: decides buffering, and is written into the blob's footer.
#[derive(Clone, Debug)]
pub struct WriteIntent {
    /// Bucket.
    pub bucket: BucketRef,
    /// Key.
    pub key: ObjectKey,
    /// Announced length, if any. Exceeding it fails the write with `EntityTooLarge`, ending short of it with
    /// `IncompleteBody`.
    pub content_length: Option<u64>,
    /// Most bytes accepted.
    pub max_bytes: u64,
    /// Additional checksum to compute.
    pub checksum: Option<ChecksumAlgorithm>,
    /// Whether `tail` will be called: then bytes must be readable while they are written.
    pub followed: bool,
    /// Encrypts what is stored. Digests, lengths and what followers read are of the bytes as they come.
    pub data_key: Option<DataKey>,
}

/// A new object's metadata, chosen after its digests are known.
#[derive(Clone, Debug)]
pub struct NewObject {
    /// Entity tag.
    pub etag: ETag,
    /// `Last-Modified`.
    pub last_modified: Timestamp,
    /// Normal objects keep their MD5.
    pub kind: ObjectKind,
    /// Who wrote it.
    pub provenance: Provenance,
    /// What the writer chose.
    pub headers: ObjectHeaders,
    /// Additional checksum to keep.
    pub checksum: Option<Checksum>,
    /// Tags.
    pub tags: Tags,
    /// How the body comes together. A completion lists the parts itself.
    pub composition: Composition,
}

/// A part's metadata, chosen after its digests are known.
#[derive(Clone, Debug)]
pub struct NewPart {
    /// Upload; it must still be open ([`headwater_model::Error::NoSuchUpload`] otherwise).
    pub upload: UploadId,
    /// Part number.
    pub number: u16,
    /// When it was stored.
    pub last_modified: Timestamp,
    /// Additional checksum to keep.
    pub checksum: Option<Checksum>,
    /// For an upload whose parts come in order: where they stand with this one. It must be the next
    /// ([`PartOrder::admit`]) when it is committed.
    pub order: Option<PartOrder>,
}

/// A write in progress. Dropping it abandons the write: nothing becomes visible and its bytes are removed.
pub trait ObjectWriter: Send {
    /// Appends. Returns when the store can take more (bounded memory), not when the bytes are durable.
    ///
    /// # Errors
    /// `EntityTooLarge`, `StorageFull`, `Internal`; the writer is then of no further use.
    fn write(&mut self, chunk: Bytes) -> BoxFuture<'_, Result<()>>;

    /// Follows the bytes while they are written. Only for writers begun with `followed`.
    fn tail(&self) -> Arc<dyn Tail>;

    /// Writes into the body's room beyond its end, for bytes that come out of order. `None` while the body is in memory,
    /// and if it is not followed, is encrypted, or its length was not announced.
    fn ahead(&self) -> Option<Arc<dyn Ahead>>;

    /// Takes the `length` bytes behind the present end, which were all written ahead, as if they came by
    /// [`ObjectWriter::write`] now. Waits for those among them that are being written.
    ///
    /// # Errors
    /// `Internal` if they were not all written ahead; `EntityTooLarge`; `StorageFull`; the writer is then of no further
    /// use.
    fn absorb(&mut self, length: u64) -> BoxFuture<'_, Result<()>>;

    /// Ends the body and tells what it came to. No `write` may follow.
    ///
    /// # Errors
    /// `IncompleteBody` if shorter than announced; `Internal`.
    fn finish(&mut self) -> BoxFuture<'_, Result<Digests>>;

    /// Makes the object durable and visible. After [`ObjectWriter::finish`].
    ///
    /// # Errors
    /// Those of [`Expectation`]; `StorageFull`; `Internal`.
    fn seal(self: Box<Self>, object: NewObject, expect: Expectation) -> BoxFuture<'static, Result<SharedMeta>>;

    /// Makes the body durable at the end of the object under the key, which must meet `expect` and stays the version that
    /// it is. `object` is the metadata of the whole, but for its headers and tags: they are those that the object has by
    /// then. An object that is encrypted otherwise than `object` says does not meet any expectation. After
    /// [`ObjectWriter::finish`].
    ///
    /// # Errors
    /// Those of [`Expectation`]; `NoSuchKey`; `ObjectLocked`, if it is retained or held by then; `SlowDown`, if others
    /// write the key without pause; `StorageFull`; `Internal`.
    fn seal_append(self: Box<Self>, object: NewObject, expect: Expectation) -> BoxFuture<'static, Result<SharedMeta>>;

    /// Makes the body durable as a part, replacing a former part of that number. After [`ObjectWriter::finish`].
    ///
    /// # Errors
    /// `NoSuchUpload`; `StorageFull`; `Internal`.
    fn seal_part(self: Box<Self>, part: NewPart) -> BoxFuture<'static, Result<PartInfo>>;
}
