//! Opening objects: hot set, row, body.
//!
//! Guarantees: an open object stays readable as it was, whatever happens to its key; a small body is verified and in
//! memory when it is opened; a row whose bytes are missing is reported as damage, but only after the row was read
//! again and still names them (the object may have been replaced, or compaction may have moved it, in between).

use std::any::Any;
use std::fmt::Display;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use headwater_index::rows::{BlobRef, Extent, ObjectRow, RowValue};
use headwater_model::body::Body;
use headwater_model::bucket::Generation;
use headwater_model::{Error, ObjectKey, Result};

use super::blob::{self, BlobId, Chunk, ExtentContent};
use super::cipher::{Cipher, Salt};
use super::config::HOT_BODY_BYTES;
use super::core::Core;
use super::digest::Crc64;
use super::segment::SegmentFile;
use crate::{BucketRef, Content, DataKey, StoredObject};

/// Times a row is looked at again because its bytes were gone, or it changed. Each time the key was written in between; only
/// somebody who rewrites one key without pause could use these up.
pub(super) const ATTEMPTS: usize = 16;

/// A small body in memory.
#[derive(Debug)]
pub(super) struct Resident(pub(super) Bytes);

impl Content for Resident {
    fn resident(&self) -> Option<Bytes> {
        Some(self.0.clone())
    }

    fn read(&self, range: Range<u64>) -> Body {
        let length = self.0.len() as u64;
        debug_assert!(range.start < range.end && range.end <= length, "ranges are resolved against the length");
        let within = |offset: u64| usize::try_from(offset.min(length)).expect("at most the body's length");
        Body::Full(self.0.slice(within(range.start)..within(range.end)))
    }

    fn decrypted(&self, _: &DataKey) -> Result<Arc<dyn Content>> {
        if !self.0.is_empty() {
            return Err(Error::internal("decrypt a body", "it is not encrypted"));
        }
        Ok(Arc::new(Self(Bytes::new()))) // an empty body has nothing to encrypt
    }
}

/// A small body in memory as it is stored, encrypted.
#[derive(Debug)]
struct Encrypted {
    stored: Bytes,
    salt: Salt,
}

impl Content for Encrypted {
    fn resident(&self) -> Option<Bytes> {
        None
    }

    fn read(&self, _: Range<u64>) -> Body {
        Body::Stream(Box::pin(futures_util::stream::iter([Err(locked())])))
    }

    fn decrypted(&self, key: &DataKey) -> Result<Arc<dyn Content>> {
        Ok(Arc::new(Resident(Cipher::new(key, &self.salt).decrypt_body(&self.stored)?)))
    }
}

/// A body in files.
#[derive(Debug)]
pub(super) struct InFiles(pub(super) ExtentContent);

impl Content for InFiles {
    fn resident(&self) -> Option<Bytes> {
        None
    }

    fn read(&self, range: Range<u64>) -> Body {
        self.0.read(range)
    }

    fn decrypted(&self, key: &DataKey) -> Result<Arc<dyn Content>> {
        Ok(Arc::new(Self(self.0.decrypted(key.clone()))))
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl Core {
    /// The object if it is in memory.
    pub(super) fn resident(&self, bucket: &BucketRef, key: &ObjectKey) -> Option<StoredObject> {
        self.hot.get(bucket.generation, key)
    }

    /// Opens an object.
    pub(super) async fn open(&self, bucket: &BucketRef, key: &ObjectKey) -> Result<Option<StoredObject>> {
        let generation = bucket.generation;
        if let Some(object) = self.hot.get(generation, key) {
            return Ok(Some(object));
        }
        let row_key = ObjectRow::key(generation, key);
        let mut former = None;
        for _ in 0..ATTEMPTS {
            let epoch = self.hot.epoch(generation, key);
            let Some(value) = self.view.get(&row_key)? else { return Ok(None) };
            let row = ObjectRow::decode(&row_key, &value)?;
            let opened = self.open_body(&row_key, &value, &row.extents).await;
            match opened {
                Ok(Some(content)) => {
                    let object = StoredObject { meta: row.meta, content };
                    let is_in_memory = row.extents.is_empty() || inline(&row.extents).is_some();
                    if object.meta.size_bytes <= HOT_BODY_BYTES && is_in_memory {
                        self.hot.insert(epoch, generation, key, object.clone());
                    }
                    return Ok(Some(object));
                }
                // Twice the same row, twice no bytes: nobody moved them.
                Ok(None) | Err(Error::Damaged { .. }) if former.as_ref() == Some(&value) => {
                    return Err(report(generation, key, opened.err()));
                }
                Ok(None) | Err(Error::Damaged { .. }) => former = Some(value),
                Err(error) => return Err(error),
            }
        }
        Err(Error::internal("open an object", "its key is changed without pause"))
    }

    /// The body of a row; `None` if the row changed, or its segment is gone.
    pub(super) async fn open_body(
        &self,
        row_key: &[u8],
        value: &Bytes,
        extents: &[Extent],
    ) -> Result<Option<Arc<dyn Content>>> {
        match inline(extents) {
            Some(extent) => self.open_inline(extent).await,
            None => self.open_files(row_key, value, extents).await,
        }
    }

    /// A body in the log; `None` if its segment is gone.
    async fn open_inline(&self, extent: &Extent) -> Result<Option<Arc<dyn Content>>> {
        let body = self.read_inline(extent).await?;
        Ok(body.map(|body| match extent.salt {
            None => Arc::new(Resident(body)) as Arc<dyn Content>,
            Some(salt) => Arc::new(Encrypted { stored: body, salt }),
        }))
    }

    /// Bytes of an extent in the log as they are stored, verified; `None` if its segment is gone.
    pub(super) async fn read_inline(&self, extent: &Extent) -> Result<Option<Bytes>> {
        let BlobRef::Log { segment } = extent.blob else { return Ok(None) };
        let fail = |error| Error::internal("read a log segment", error);
        let Some(file) = self.segments.get(segment).map_err(fail)? else { return Ok(None) };
        let length =
            usize::try_from(extent.length_bytes).map_err(|error| Error::internal("read a log segment", error))?;
        let mut chunk = self.blobs.chunk(length);
        if !file.read_cached(chunk.as_mut(), extent.offset_bytes).map_err(fail)? {
            let offset = extent.offset_bytes;
            chunk = tokio::task::spawn_blocking(move || read_whole(&file, chunk, offset))
                .await
                .map_err(|error| Error::internal("read a log segment", error))??;
        }
        verify(extent, chunk.as_mut())?;
        Ok(Some(chunk.hand_out(0..length)))
    }

    /// A body in files; `None` if the row changed before they were pinned.
    async fn open_files(&self, row_key: &[u8], value: &Bytes, extents: &[Extent]) -> Result<Option<Arc<dyn Content>>> {
        let extents = extents.iter().filter_map(|extent| match extent.blob {
            BlobRef::File { id } => Some(blob::Extent {
                blob: BlobId(id),
                offset_bytes: extent.offset_bytes,
                length_bytes: extent.length_bytes,
                salt: extent.salt,
            }),
            BlobRef::Log { .. } => None,
        });
        let extents: Vec<_> = extents.collect();
        if extents.is_empty() {
            return Ok(Some(Arc::new(Resident(Bytes::new()))));
        }
        let content = ExtentContent::open(Arc::clone(&self.blobs), extents)?;
        if self.view.get(row_key)?.as_ref() != Some(value) {
            return Ok(None);
        }
        content.prepare().await?;
        Ok(Some(Arc::new(InFiles(content))))
    }
}

/// The extent of a body in the log: such a body is one extent.
pub(super) fn inline(extents: &[Extent]) -> Option<&Extent> {
    match extents {
        [extent @ Extent { blob: BlobRef::Log { .. }, .. }] => Some(extent),
        _ => None,
    }
}

fn read_whole(file: &SegmentFile, mut chunk: Chunk, offset: u64) -> Result<Chunk> {
    // An error of the disk concerns this object only.
    let damaged = |what: &dyn Display| Error::Damaged {
        detail: format!("log segment {} cannot be read at {offset}: {what}", file.header.number).into(),
    };
    let filled = file.read(chunk.as_mut(), offset).map_err(|error| damaged(&error))?;
    if filled < chunk.as_mut().len() { Err(damaged(&"it ends too early")) } else { Ok(chunk) }
}

/// Whether `bytes` are the body of the extent as it was written.
pub(super) fn verify(extent: &Extent, bytes: &[u8]) -> Result<()> {
    if bytes.len() as u64 != extent.length_bytes || crc64(bytes) != extent.crc64 {
        let detail = format!("{:?} at offset {}: checksum differs", extent.blob, extent.offset_bytes);
        return Err(Error::Damaged { detail: detail.into() });
    }
    Ok(())
}

/// CRC-64 of bytes at hand.
pub(super) fn crc64(bytes: &[u8]) -> u64 {
    let mut crc64 = Crc64::new();
    crc64.update(bytes);
    crc64.finish()
}

/// Reading an encrypted body without its key: whoever opened it forgot to decrypt it.
pub(super) fn locked() -> Error {
    Error::internal("read a body", "it is encrypted and was not decrypted")
}

/// Data loss: the administrator must know.
fn report(generation: Generation, key: &ObjectKey, error: Option<Error>) -> Error {
    let error = error.unwrap_or_else(|| Error::Damaged { detail: "its bytes are missing".into() });
    tracing::error!(generation = generation.0, key = key.as_str(), %error, "object damaged");
    error
}
