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

use super::dir::BlobDir;
use super::file::BlobFile;
use super::layout::damaged;
use super::path::BlobId;
use crate::contract::Content;

/// A run of an object's bytes: a range of a blob's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// The blob.
    pub(crate) blob: BlobId,
    /// Offset of the first byte in its payload.
    pub(crate) offset_bytes: u64,
    /// How many bytes.
    pub(crate) length_bytes: u64,
}

/// The bytes of one object, open.
#[derive(Clone, Debug)]
pub(crate) struct ExtentContent(Arc<Open>);

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
    pub(crate) fn open(dir: Arc<BlobDir>, extents: Vec<Extent>) -> Self {
        let ends = extents.iter().scan(0, |end, extent| {
            *end += extent.length_bytes;
            Some(*end)
        });
        let open = Open { dir, ends: ends.collect(), extents: extents.into() };
        open.dir.pins.pin(open.blobs());
        Self(Arc::new(open))
    }

    /// Opens the first extent's blob, so that a body whose file is missing fails before its headers were sent. Usually
    /// it is among the open ones, and this does no I/O.
    ///
    /// # Errors
    /// [`Error::Damaged`] if it is missing or damaged.
    pub(crate) async fn prepare(&self) -> Result<()> {
        match self.0.extents.first() {
            Some(extent) => self.0.blob(extent.blob).await.map(drop),
            None => Ok(()),
        }
    }

    /// Length of the body in bytes.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.0.ends.last().copied().unwrap_or(0)
    }

    /// Its extents.
    pub(crate) fn extents(&self) -> &[Extent] {
        &self.0.extents
    }
}

impl Content for ExtentContent {
    fn resident(&self) -> Option<Bytes> {
        None
    }

    fn read(&self, range: Range<u64>) -> Body {
        debug_assert!(range.start < range.end && range.end <= self.size_bytes());
        let reading = Reading { open: Arc::clone(&self.0), next: range.start, end: range.end, blob: None };
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
    next: u64,
    end: u64,
    /// The blob read last.
    blob: Option<Arc<BlobFile>>,
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
        let extent_start = self.open.ends[index] - extent.length_bytes;
        let within = self.next - extent_start..self.end.min(self.open.ends[index]) - extent_start;
        let blob = match self.blob.take().filter(|blob| blob.id == extent.blob) {
            Some(blob) => blob,
            None => self.open.blob(extent.blob).await?,
        };
        let within = extent.offset_bytes + within.start..extent.offset_bytes + within.end;
        let bytes = blob.read(&self.open.dir.chunks, within).await?;
        self.blob = Some(blob);
        self.next += bytes.len() as u64;
        Ok(Some(bytes))
    }
}
