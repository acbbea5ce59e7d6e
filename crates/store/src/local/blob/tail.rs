//! Following a body while it is written.
//!
//! Guarantees: any number of followers, each with its own offset and pace; they never slow the writer, and hold no memory
//! beyond the piece they are reading. The file stays readable through the follower after the writer sealed, failed, was
//! dropped or lost, even though its name is gone by then.
//!
//! Bytes come out of the page cache that the writer filled a moment ago and are not compared with block checksums: those
//! are complete only at the end, and a follower of small pieces would have to read four times what it hands out.
//! Whoever follows holds back the end of the body until the whole is verified.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use headwater_model::{BoxFuture, Error, Result};

use super::spool::Spool;
use crate::contract::{Tail, TailState};

/// Follows one [`super::BlobWriter`].
pub(super) struct BlobTail {
    spool: Arc<Spool>,
}

impl BlobTail {
    pub(super) fn new(spool: Arc<Spool>) -> Self {
        Self { spool }
    }
}

impl Tail for BlobTail {
    fn state(&self) -> TailState {
        *self.spool.progress().borrow()
    }

    fn changed(&self, seen: TailState) -> BoxFuture<'_, TailState> {
        let mut progress = self.spool.progress().subscribe();
        Box::pin(async move {
            let changed = progress.wait_for(|state| *state != seen).await.map(|state| *state);
            changed.unwrap_or(seen) // unreachable: the sender lives as long as the spool that `self` holds
        })
    }

    fn read(&self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        Box::pin(async move {
            let readable = self.state().readable();
            if range.start >= range.end || range.end > readable {
                let message = format!("follower asked for {range:?} of {readable} readable bytes");
                return Err(Error::internal("following a write", message));
            }
            self.spool.read_written(range).await
        })
    }
}
