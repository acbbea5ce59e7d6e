//! What a body offers while it is being written: reading behind its end, and writing ahead of it.

use std::ops::Range;

use bytes::Bytes;
use headwater_model::{BoxFuture, Result};

/// How far a followed write is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TailState {
    /// Bytes below this offset can be read; more may come.
    Growing(u64),
    /// The writer finished: this is the length.
    Finished(u64),
    /// The writer failed or was dropped before it finished; bytes below this offset can be read.
    Broken(u64),
}

impl TailState {
    /// Readable bytes.
    pub fn readable(self) -> u64 {
        match self {
            Self::Growing(bytes) | Self::Finished(bytes) | Self::Broken(bytes) => bytes,
        }
    }
}

/// Reads what a writer has written so far; any number of readers, each at its own pace, none of them slowing the
/// writer. Stays readable after the writer sealed, was dropped, or lost against a local write.
pub trait Tail: Send + Sync {
    /// The state now.
    fn state(&self) -> TailState;

    /// Resolves when the state is no longer `seen`.
    fn changed(&self, seen: TailState) -> BoxFuture<'_, TailState>;

    /// Bytes of `range`, at least one and at most `range.end - range.start`; the range must be readable by now.
    ///
    /// # Errors
    /// `Damaged`, `Internal`.
    fn read(&self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>>;
}

/// Writes bytes of a body before those in front of them have come, and reads them back; any number of users at a time.
/// Bytes written ahead count for nothing until [`ObjectWriter::absorb`](crate::ObjectWriter::absorb) takes them, and
/// those that come by [`ObjectWriter::write`](crate::ObjectWriter::write) replace them. Which are there is for the user
/// to know. Stays valid after the writer sealed, failed or was dropped: what was there can be read, writes are refused.
pub trait Ahead: Send + Sync {
    /// Writes `chunk` at `offset`, at or beyond the end of what the writer has accepted. Returns when it can be read.
    /// A refused write changes nothing for the writer.
    ///
    /// # Errors
    /// `EntityTooLarge` beyond the announced length; `StorageFull`; `Internal`, among others if the writer has passed
    /// `offset` or has ended, or if what was written ahead is in too many separate pieces.
    fn write_at(&self, offset: u64, chunk: Bytes) -> BoxFuture<'_, Result<()>>;

    /// Bytes of `range`, at least one and at most `range.end - range.start`, like [`Tail::read`]. The range must be
    /// within what was written ahead or what the writer has written.
    ///
    /// # Errors
    /// `Internal` if it is not; `Damaged`.
    fn read(&self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>>;
}
