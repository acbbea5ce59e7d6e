//! The bytes of an object: an ordered list of extents, read as one body.
//!
//! Guarantees: an open [`ExtentContent`] stays readable when its object is replaced or deleted; bytes are verified before
//! they are handed out; a damaged or missing piece ends the stream with [`Error::Damaged`].
//!
//! Memory: one chunk of at most [`CHUNK_BYTES`](super::chunk::CHUNK_BYTES) a stream, taken when the stream is polled.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::try_unfold;
use headwater_model::body::Body;
use headwater_model::{Error, Result};

use super::chunk::ChunkPool;
use super::dir::BlobDir;
use super::file::BlobFile;
use super::layout::damaged;
use super::path::BlobId;
use crate::contract::Content;
use crate::encryption::DataKey;
use crate::local::cipher::{Cipher, PLAIN_BLOCK_BYTES, Salt, plain_length};
use crate::local::reading::locked;

/// A run of an object's bytes: a range of a blob's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// The blob.
    pub(crate) blob: BlobId,
    /// Offset of the first byte in its payload.
    pub(crate) offset_bytes: u64,
    /// How many bytes are stored.
    pub(crate) length_bytes: u64,
    /// What their key is derived with, if they are encrypted; then they are a whole payload.
    pub(crate) salt: Option<Salt>,
}

impl Extent {
    /// How many bytes of the body it holds.
    fn body_bytes(&self) -> Result<u64> {
        if self.salt.is_some() { plain_length(self.length_bytes) } else { Ok(self.length_bytes) }
    }
}

/// The bytes of one object, open.
#[derive(Clone, Debug)]
pub(crate) struct ExtentContent {
    open: Arc<Open>,
    key: Option<DataKey>,
}

#[derive(Debug)]
struct Open {
    dir: Arc<BlobDir>,
    extents: Box<[Extent]>,
    /// Where each extent ends in the object.
    ends: Box<[u64]>,
}

impl ExtentContent {
    /// Opens the object that `extents` make, in their order, and pins its blobs: look at the object's row again after
    /// this, and use the content only if the row still names them. Does no I/O.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the length of an encrypted extent is none.
    pub(crate) fn open(dir: Arc<BlobDir>, extents: Vec<Extent>) -> Result<Self> {
        let mut ends = Vec::with_capacity(extents.len());
        for extent in &extents {
            ends.push(ends.last().copied().unwrap_or(0) + extent.body_bytes()?);
        }
        dir.pins.pin(extents.iter().map(|extent| extent.blob));
        Ok(Self { open: Arc::new(Open { dir, ends: ends.into(), extents: extents.into() }), key: None })
    }

    /// The same body, encrypted with this key, in the clear.
    pub(crate) fn decrypted(&self, key: DataKey) -> Self {
        Self { open: Arc::clone(&self.open), key: Some(key) }
    }

    /// Opens the first extent's blob, so that a body whose file is missing fails before its headers were sent. Usually
    /// it is among the open ones, and this does no I/O.
    ///
    /// # Errors
    /// [`Error::Damaged`] if it is missing or damaged.
    pub(crate) async fn prepare(&self) -> Result<()> {
        match self.open.extents.first() {
            Some(extent) => self.open.blob(extent.blob).await.map(drop),
            None => Ok(()),
        }
    }

    /// Length of the body in bytes.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.open.ends.last().copied().unwrap_or(0)
    }

    /// Its extents.
    pub(crate) fn extents(&self) -> &[Extent] {
        &self.open.extents
    }
}

impl Content for ExtentContent {
    fn resident(&self) -> Option<Bytes> {
        None
    }

    fn read(&self, range: Range<u64>) -> Body {
        debug_assert!(range.start < range.end && range.end <= self.size_bytes());
        let reading = Reading {
            open: Arc::clone(&self.open),
            key: self.key.clone(),
            next: range.start,
            end: range.end,
            blob: None,
            cipher: None,
        };
        Body::Stream(Box::pin(try_unfold(reading, |mut reading| async move {
            let chunk = reading.step().await?;
            Ok(chunk.map(|chunk| (chunk, reading)))
        })))
    }
}

impl Open {
    fn blobs(&self) -> impl Iterator<Item = BlobId> {
        self.extents.iter().map(|extent| extent.blob)
    }

    async fn blob(&self, id: BlobId) -> Result<Arc<BlobFile>> {
        if let Some(file) = self.dir.opened.get(id) {
            return Ok(file);
        }
        let dir = Arc::clone(&self.dir);
        let opened = tokio::task::spawn_blocking(move || dir.open_blob(id)).await;
        opened.map_err(|error| Error::internal("opening a blob", error))??.ok_or_else(|| {
            tracing::error!(blob = %id, "blob missing");
            damaged(format!("blob {id} is missing"))
        })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.dir.pins.unpin(self.blobs());
    }
}

/// One pass over a range.
struct Reading {
    open: Arc<Open>,
    key: Option<DataKey>,
    next: u64,
    end: u64,
    /// The blob read last.
    blob: Option<Arc<BlobFile>>,
    /// Of the extent read last, by its number.
    cipher: Option<(usize, Cipher)>,
}

impl Reading {
    /// The next bytes; none at the end of the range.
    async fn step(&mut self) -> Result<Option<Bytes>> {
        if self.next >= self.end {
            return Ok(None);
        }
        let index = self.open.ends.partition_point(|end| *end <= self.next);
        let Some(extent) = self.open.extents.get(index) else {
            return Err(damaged(format!("extents end at {} of {}", self.next, self.end)));
        };
        let extent_start = if index == 0 { 0 } else { self.open.ends[index - 1] };
        let within = self.next - extent_start..self.end.min(self.open.ends[index]) - extent_start;
        let blob = match self.blob.take().filter(|blob| blob.id == extent.blob) {
            Some(blob) => blob,
            None => self.open.blob(extent.blob).await?,
        };
        let bytes = match (extent.salt, &self.key) {
            (None, None) => {
                let within = extent.offset_bytes + within.start..extent.offset_bytes + within.end;
                blob.read(&self.open.dir.chunks, within).await?
            }
            (Some(salt), Some(key)) => {
                let cipher = match self.cipher.take() {
                    Some((of, cipher)) if of == index => cipher,
                    _ => Cipher::new(key, &salt),
                };
                let bytes = decrypted(&blob, &self.open.dir.chunks, &cipher, within).await?;
                self.cipher = Some((index, cipher));
                bytes
            }
            (Some(_), None) => return Err(locked()),
            (None, Some(_)) => return Err(damaged(format!("blob {} of an encrypted body is not", extent.blob))),
        };
        self.blob = Some(blob);
        self.next += bytes.len() as u64;
        Ok(Some(bytes))
    }
}

/// Bytes of one block, from the start of `range` of the body that is the whole payload.
async fn decrypted(blob: &BlobFile, chunks: &Arc<ChunkPool>, cipher: &Cipher, range: Range<u64>) -> Result<Bytes> {
    let index = range.start / PLAIN_BLOCK_BYTES;
    let start = index * PLAIN_BLOCK_BYTES;
    let mut chunk = blob.read_block(chunks, index).await?;
    let length = cipher.decrypt(index, chunk.as_mut()).map_err(|error| blob.fail(start, &error.to_string()))?;
    let end = range.end.min(start + length as u64);
    if end <= range.start {
        return Err(blob.fail(start, "block is shorter than its row says"));
    }
    Ok(chunk.hand_out((range.start - start) as usize..(end - start) as usize))
}
