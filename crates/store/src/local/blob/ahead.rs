//! Writing into a blob beyond its end: bytes that come out of order.
//!
//! Guarantees: a write ahead never touches bytes that the writer has accepted: it is refused if it would, and the writer
//! waits before it accepts bytes whose place is being written ahead. So what was accepted is in the file as it was
//! digested, and a blob that was filled in any order is the one that would have been written from its beginning.
//!
//! How: [`Places`] is part of the spool's state, under its lock. A write ahead claims its place there, writes on a thread
//! that may block, and gives the place back as one that holds bytes, even if nobody waits for it any more.

use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use headwater_model::{BoxFuture, Error, Result};
use tokio::sync::OwnedSemaphorePermit;

use super::fault::write_error;
use super::ranges::Ranges;
use super::spool::Spool;
use crate::contract::Ahead;

/// Most writes ahead of one body at a time: each takes a thread that may block; others wait.
pub(super) const MAX_WRITES: usize = 16;
/// Most separate pieces ahead of one body. Streams that write on behind their own bytes make one each; scattered small
/// pieces beyond this are not worth their bookkeeping.
const MAX_PIECES: usize = 4096;

/// What lies ahead of the accepted end.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// What was written.
    there: Ranges,
    /// What is being written; at most [`MAX_WRITES`].
    writing: Vec<Range<u64>>,
}

impl Places {
    /// Whether a byte of `range` is being written.
    pub(super) fn is_writing(&self, range: &Range<u64>) -> bool {
        self.writing.iter().any(|place| place.start < range.end && range.start < place.end)
    }

    /// Whether all of `range` was written.
    pub(super) fn holds(&self, range: &Range<u64>) -> bool {
        self.there.end_of(range.start) >= range.end
    }

    /// Claims a place to write at. What lies below `written` need not be remembered any more.
    pub(super) fn begin(&mut self, place: Range<u64>, written: u64) -> Result<()> {
        self.there.forget_below(written);
        if self.there.len() + self.writing.len() >= MAX_PIECES {
            return Err(Error::internal("writing ahead", format!("more than {MAX_PIECES} separate pieces")));
        }
        self.writing.push(place);
        Ok(())
    }

    /// Gives a place back.
    pub(super) fn end(&mut self, place: &Range<u64>, is_written: bool) {
        if let Some(at) = self.writing.iter().position(|claimed| claimed == place) {
            self.writing.swap_remove(at);
        }
        if is_written {
            self.there.insert(place.clone());
        }
    }
}

/// A place that is being written; given back when dropped, also by a runtime that drops the job unrun.
struct Claim {
    spool: Arc<Spool>,
    place: Range<u64>,
    is_written: bool,
    _turn: OwnedSemaphorePermit,
}

impl Claim {
    /// Writes at the place. Blocks.
    fn write(mut self, chunk: &[u8]) -> io::Result<()> {
        self.spool.file.write_all_at(chunk, self.place.start)?;
        self.is_written = true;
        Ok(())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.spool.end_ahead(&self.place, self.is_written);
    }
}

/// Writes ahead of one [`super::BlobWriter`].
pub(super) struct BlobAhead {
    spool: Arc<Spool>,
    /// Announced length of the body.
    length_bytes: u64,
}

impl BlobAhead {
    pub(super) fn new(spool: Arc<Spool>, length_bytes: u64) -> Self {
        Self { spool, length_bytes }
    }

    async fn write(&self, offset: u64, chunk: Bytes) -> Result<()> {
        let size_bytes = offset.saturating_add(chunk.len() as u64);
        if size_bytes > self.length_bytes {
            return Err(Error::EntityTooLarge { size_bytes, limit_bytes: self.length_bytes });
        }
        if chunk.is_empty() {
            return Ok(());
        }
        let turn = self.spool.ahead_turn().await?;
        let place = offset..size_bytes;
        self.spool.begin_ahead(place.clone())?;
        let claim = Claim { spool: Arc::clone(&self.spool), place, is_written: false, _turn: turn };
        let written = tokio::task::spawn_blocking(move || claim.write(&chunk));
        let written = written.await.map_err(|error| Error::internal("writing ahead", error))?;
        written.map_err(|error| write_error("writing ahead", error))
    }

    async fn read_piece(&self, range: Range<u64>) -> Result<Bytes> {
        if range.start >= range.end || !self.spool.can_read(&range) {
            return Err(Error::internal("reading ahead", format!("{range:?} was not written")));
        }
        self.spool.read_written(range).await
    }
}

impl Ahead for BlobAhead {
    fn write_at(&self, offset: u64, chunk: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.write(offset, chunk))
    }

    fn read(&self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        Box::pin(self.read_piece(range))
    }
}
