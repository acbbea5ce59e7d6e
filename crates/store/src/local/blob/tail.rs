//! Following a body while it is written.
//!
//! Guarantees: any number of followers, each with its own offset and pace; they never slow the writer, and hold no memory
//! beyond the piece they are reading. The file stays readable through the follower after the writer sealed, failed, was
//! dropped or lost, even though its name is gone by then.
//!
//! Bytes come out of the page cache that the writer filled a moment ago and are not compared with block checksums: those
//! are complete only at the end, and a follower of small pieces would have to read four times what it hands out.
//! Whoever follows holds back the end of the body until the whole is verified. An encrypted body is read by whole blocks,
//! each authenticated; what of it is not a whole block yet shows when it is one, or when the body ends.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use headwater_model::{BoxFuture, Error, Result};

use super::layout::BLOCK_BYTES;
use super::spool::Spool;
use crate::contract::{Tail, TailState};
use crate::local::cipher::{Cipher, PLAIN_BLOCK_BYTES, plain_length, stored_length, whole_blocks};

/// Follows one [`super::BlobWriter`].
pub(super) struct BlobTail {
    spool: Arc<Spool>,
}

impl BlobTail {
    pub(super) fn new(spool: Arc<Spool>) -> Self {
        Self { spool }
    }
}

impl BlobTail {
    /// How far the body is, from how far the payload is. Only whole blocks of an encrypted one can be read until it ends.
    fn of_body(&self, payload: TailState) -> TailState {
        if self.spool.cipher.is_none() {
            return payload;
        }
        match payload {
            TailState::Growing(stored) => TailState::Growing(whole_blocks(stored)),
            TailState::Broken(stored) => TailState::Broken(whole_blocks(stored)),
            TailState::Finished(stored) => {
                TailState::Finished(plain_length(stored).expect("this writer cut the blocks"))
            }
        }
    }

    /// Bytes of one block.
    async fn decrypted(&self, cipher: &Cipher, range: Range<u64>, readable: u64) -> Result<Bytes> {
        let index = range.start / PLAIN_BLOCK_BYTES;
        let start = index * PLAIN_BLOCK_BYTES;
        let stored_start = index * BLOCK_BYTES;
        let stored_end = stored_length(readable).min(stored_start + BLOCK_BYTES);
        let mut chunk = self.spool.read_chunk(stored_start..stored_end).await?;
        let length = cipher.decrypt(index, chunk.as_mut())?;
        let end = range.end.min(start + length as u64);
        Ok(chunk.hand_out((range.start - start) as usize..(end - start) as usize))
    }
}

impl Tail for BlobTail {
    fn state(&self) -> TailState {
        self.of_body(*self.spool.progress().borrow())
    }

    fn changed(&self, seen: TailState) -> BoxFuture<'_, TailState> {
        let mut progress = self.spool.progress().subscribe();
        Box::pin(async move {
            let changed = progress.wait_for(|state| self.of_body(*state) != seen).await;
            let changed = changed.map(|state| self.of_body(*state));
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
            match &self.spool.cipher {
                None => self.spool.read_written(range).await,
                Some(cipher) => self.decrypted(cipher, range, readable).await,
            }
        })
    }
}
