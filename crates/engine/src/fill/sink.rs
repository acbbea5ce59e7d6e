//! Where the body of a long fill goes: into the store's file, which its followers read, or into a ring.
//!
//! Guarantees: a byte that was written can be read by every seated follower, also when the store fails in between: what
//! the store had taken but not made readable is kept here until it is, and moves to the ring with all that follows.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use headwater_model::Error;
use headwater_model::digest::Digests;
use headwater_store::{Ahead, ObjectWriter, Tail, TailState};

use super::ring::{NobodyLeft, OVERFLOW_BYTES, PASS_THROUGH_BYTES, Ring};
use super::seats::Seats;

/// See the module.
pub(super) enum Sink {
    /// To be stored.
    Store(Stored),
    /// Not to be stored.
    Ring {
        ring: Arc<Ring>,
        /// What the store has of the beginning.
        file: Option<Arc<dyn Tail>>,
        /// Why.
        reason: &'static str,
    },
}

/// A write in progress.
pub(super) struct Stored {
    writer: Box<dyn ObjectWriter>,
    file: Arc<dyn Tail>,
    /// Chunks written that cannot be read back yet, with their offsets. As many as the store buffers.
    unread: VecDeque<(u64, Bytes)>,
    written: u64,
}

/// Whether followers must be told that the flow goes on elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    No,
    ToRing,
}

impl Sink {
    /// Into the store.
    pub(super) fn store(writer: Box<dyn ObjectWriter>) -> Self {
        let file = writer.tail();
        Self::Store(Stored { writer, file, unread: VecDeque::new(), written: 0 })
    }

    /// Into a ring, for a fill that later requests cannot join, so that its followers are few.
    pub(super) fn pass_through(reason: &'static str) -> Self {
        Self::Ring { ring: Arc::new(Ring::new(0, PASS_THROUGH_BYTES)), file: None, reason }
    }

    /// What the store has.
    pub(super) fn file(&self) -> Option<Arc<dyn Tail>> {
        match self {
            Self::Store(stored) => Some(Arc::clone(&stored.file)),
            Self::Ring { file, .. } => file.clone(),
        }
    }

    /// What it has not.
    pub(super) fn ring(&self) -> Option<Arc<Ring>> {
        match self {
            Self::Store(_) => None,
            Self::Ring { ring, .. } => Some(Arc::clone(ring)),
        }
    }

    /// Takes the next chunk. A store that fails is left for a ring; no follower notices.
    ///
    /// # Errors
    /// [`NobodyLeft`]: the bytes go nowhere.
    pub(super) async fn write(&mut self, chunk: Bytes, seats: &Seats) -> Result<Moved, NobodyLeft> {
        match self {
            Self::Ring { ring, .. } => ring.push(chunk, seats).await.map(|()| Moved::No),
            Self::Store(stored) => match stored.write(chunk).await {
                Ok(()) => Ok(Moved::No),
                Err(error) => {
                    self.overflow(&error);
                    Ok(Moved::ToRing)
                }
            },
        }
    }

    /// Room ahead of the end, for bytes that come out of order.
    pub(super) fn ahead(&self) -> Option<Arc<dyn Ahead>> {
        match self {
            Self::Store(stored) => stored.writer.ahead(),
            Self::Ring { .. } => None,
        }
    }

    /// Takes `length` bytes that were written ahead at the present end, and waits until followers can read them.
    ///
    /// # Errors
    /// Those of the store; what is here of the body goes no further then.
    pub(super) async fn absorb(&mut self, length: u64) -> Result<(), Error> {
        let Self::Store(stored) = self else {
            return Err(Error::internal("take over a piece", "the body goes into no file"));
        };
        stored.writer.absorb(length).await?;
        stored.written += length;
        let mut state = stored.file.state();
        while state.readable() < stored.written {
            state = match state {
                TailState::Growing(_) => stored.file.changed(state).await,
                TailState::Finished(_) | TailState::Broken(_) => {
                    return Err(Error::internal("take over a piece", "the file goes no further"));
                }
            };
        }
        // All of it can be read by now, and with it whatever came before.
        stored.unread.clear();
        Ok(())
    }

    /// Ends the body; the digests if it went into the store.
    pub(super) async fn finish(&mut self) -> Option<Digests> {
        let Self::Store(stored) = self else { return None };
        match stored.writer.finish().await {
            Ok(digests) => Some(digests),
            Err(error) => {
                self.overflow(&error);
                None
            }
        }
    }

    /// The finished write, to be committed; or why there is none.
    pub(super) fn into_writer(self) -> Result<Box<dyn ObjectWriter>, &'static str> {
        match self {
            Self::Store(stored) => Ok(stored.writer),
            Self::Ring { reason, .. } => Err(reason),
        }
    }

    /// Leaves the store where it is and goes on in a ring.
    fn overflow(&mut self, error: &Error) {
        let Self::Store(stored) = self else { return };
        let reason = store_failure(error);
        tracing::warn!(reason, %error, "a fill goes on without the store");
        let readable = stored.file.state().readable();
        let ring = Ring::new(readable, OVERFLOW_BYTES);
        for (offset, chunk) in stored.unread.drain(..) {
            // Chunks are gapless, so only the first can begin below what is readable; its length fits usize.
            let from = (readable.saturating_sub(offset)).min(chunk.len() as u64) as usize;
            if from < chunk.len() {
                ring.append(chunk.slice(from..));
            }
        }
        *self = Self::Ring { ring: Arc::new(ring), file: Some(Arc::clone(&stored.file)), reason };
    }
}

impl Stored {
    async fn write(&mut self, chunk: Bytes) -> Result<(), Error> {
        let offset = self.written;
        self.written += chunk.len() as u64;
        self.unread.push_back((offset, chunk.clone()));
        self.writer.write(chunk).await?;
        let readable = self.file.state().readable();
        while self.unread.front().is_some_and(|(offset, chunk)| offset + chunk.len() as u64 <= readable) {
            self.unread.pop_front();
        }
        Ok(())
    }
}

/// The reason code of a fill that the store could not take.
pub(super) fn store_failure(error: &Error) -> &'static str {
    match error {
        Error::StorageFull => "storage_full",
        Error::NoSuchBucket { .. } => "bucket_gone",
        _ => "store_failed",
    }
}
