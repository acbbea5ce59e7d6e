//! One write in progress: a file that grows, and the workers that make it grow.
//!
//! ```text
//!            ≤ QUEUE_BYTES                 page cache
//!  network ─► queue ─► write lane ─► file ═══════════════► followers (tail), each at its own offset
//!                      (pwritev,      ║
//!                       CRC32C)       ╠══► digest lane (MD5, CRC-64, additional checksum)
//!                                     ╚══► sync lane (early write-back)
//! ```
//! Guarantees: bytes below the published offset are in the file; the published state only moves forward, and its end is
//! explicit ([`TailState::Finished`] or [`TailState::Broken`], the latter also when a worker dies); memory is bounded by
//! the queue, whatever the network, the disk and the followers do.
//!
//! Bytes that come out of order go into the file ahead of its end ([`super::ahead`]) and pass through the queue as
//! lengths: the write lane reads them back for its checksums.
//!
//! How: a lane is a job on tokio's blocking pool that runs while it has work and ends when it has none, so that a stalled
//! fill holds no thread. At most one job per lane and write runs. The digest lane reads the file back through the page
//! cache instead of sharing the queue: MD5 is slower than a fast network, and this way it never slows what followers see;
//! the extra copy costs a twentieth of the MD5 itself. An encrypted payload is decrypted on this way, which proves that it
//! can be.
//!
//! Not here: what a blob looks like, where it is, and when it is durable. [`super::writer`] knows.

mod lanes;

use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::lanes::{Lane, begin};
use bytes::Bytes;
use headwater_model::digest::Digests;
use headwater_model::{Error, Result};
use rustix::io::Errno;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

use super::ahead::{MAX_WRITES, Places};
use super::chunk::{CHUNK_BYTES, Chunk, ChunkPool};
use super::fault::Fault;
use super::file_io::fill;
use super::layout::{BlockSums, damaged};
use super::payload::PayloadDigest;
use super::queue::Queue;
use crate::contract::TailState;
use crate::local::cipher::Cipher;

/// Most bytes that wait for the write lane. Covers 4 ms of a 1 GB/s network while the disk is being waited for.
pub(super) const QUEUE_BYTES: usize = 4 << 20;
/// Bytes written before write-back of them is begun: keeps the last sync of a large body short without turning small
/// bodies into several syncs. Measured with 1 GiB: the last sync took 350 to 400 ms without, 20 to 190 ms with it. A sync of
/// its own lane, because the kernel's call for write-back alone (`sync_file_range`) has no safe binding.
pub(super) const EARLY_SYNC_BYTES: u64 = 32 << 20;

/// The shared state of one write.
#[derive(Debug)]
pub(super) struct Spool {
    /// The file, open for reading and writing.
    pub(super) file: Arc<File>,
    /// For messages.
    pub(super) path: PathBuf,
    /// Buffers for reading back.
    pub(super) chunks: Arc<ChunkPool>,
    /// Of the payload, if it is encrypted.
    pub(super) cipher: Option<Arc<Cipher>>,
    state: Mutex<State>,
    progress: watch::Sender<TailState>,
    /// Wakes the writer (there is one) when a lane moved.
    moved: Notify,
    /// Turns of writing ahead.
    turns: Arc<Semaphore>,
}

struct State {
    queue: Queue,
    /// End of what is in the file or in the queue.
    accepted: u64,
    written: u64,
    digested: u64,
    synced: u64,
    fault: Option<Fault>,
    running: [bool; 3],
    ahead: Places,
    /// Of the write lane, while it does not run.
    sums: BlockSums,
    /// Of the digest lane, while it does not run.
    digest: PayloadDigest,
}

/// What a payload came to.
pub(super) struct Finished {
    /// Digests of the body.
    pub(super) body: Digests,
    /// Digests of the payload: another if it is encrypted.
    pub(super) payload: Digests,
    /// Checksums of its blocks.
    pub(super) trailer: Vec<u8>,
}

impl Spool {
    /// A write into `file`, which is empty.
    pub(super) fn new(
        file: File,
        path: PathBuf,
        chunks: Arc<ChunkPool>,
        (digest, cipher): (PayloadDigest, Option<Arc<Cipher>>),
    ) -> Arc<Self> {
        let state = State {
            queue: Queue::default(),
            accepted: 0,
            written: 0,
            digested: 0,
            synced: 0,
            fault: None,
            running: [false; 3],
            ahead: Places::default(),
            sums: BlockSums::new(),
            digest,
        };
        Arc::new(Self {
            file: Arc::new(file),
            path,
            chunks,
            cipher,
            state: Mutex::new(state),
            progress: watch::Sender::new(TailState::Growing(0)),
            moved: Notify::new(),
            turns: Arc::new(Semaphore::new(MAX_WRITES)),
        })
    }

    /// Appends, once there is room. A call that is dropped while it waits has appended nothing. A piece larger than the whole queue is in memory already and is let in alone.
    pub(super) async fn push(self: &Arc<Self>, chunk: Bytes) -> Result<()> {
        let mut chunk = Some(chunk);
        let shift = self
            .wait(|state| {
                let length = chunk.as_ref()?.len();
                let held = state.queue.held_bytes();
                let place = state.accepted..state.accepted + length as u64;
                let has_room = state.queue.is_empty() || held + length <= QUEUE_BYTES;
                if !has_room || state.ahead.is_writing(&place) {
                    return None;
                }
                state.accepted = place.end;
                state.queue.push(chunk.take()?);
                Some(self.claim(Lane::Write, state))
            })
            .await?;
        begin(shift);
        Ok(())
    }

    /// Appends `length` bytes that were written ahead behind the present end, once none of them is being written.
    pub(super) async fn absorb(self: &Arc<Self>, length: u64) -> Result<()> {
        let shift = self
            .wait(|state| {
                let place = state.accepted..state.accepted.saturating_add(length);
                if state.ahead.is_writing(&place) {
                    return None;
                }
                if !state.ahead.holds(&place) {
                    return Some(Err(Error::internal("writing a blob", format!("{place:?} was not written ahead"))));
                }
                state.accepted = place.end;
                state.queue.push_there(length);
                Some(Ok(self.claim(Lane::Write, state)))
            })
            .await??;
        begin(shift);
        Ok(())
    }

    /// A turn of writing ahead.
    pub(super) async fn ahead_turn(&self) -> Result<OwnedSemaphorePermit> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        turn.map_err(|error| Error::internal("writing ahead", error))
    }

    /// Claims a place to write ahead at, to be given back by [`Spool::end_ahead`].
    pub(super) fn begin_ahead(&self, place: Range<u64>) -> Result<()> {
        let mut state = self.lock();
        if let Some(fault) = state.fault {
            return Err(self.error(fault));
        }
        let accepted = state.accepted;
        if place.start < accepted {
            let message = format!("{place:?} begins before the end of the body, {accepted}");
            return Err(Error::internal("writing ahead", message));
        }
        let written = state.written;
        state.ahead.begin(place, written)
    }

    /// A place is no longer being written at.
    pub(super) fn end_ahead(&self, place: &Range<u64>, is_written: bool) {
        self.lock().ahead.end(place, is_written);
        self.moved.notify_one();
    }

    /// Whether all of `range` is in the file, in its order or ahead.
    pub(super) fn can_read(&self, range: &Range<u64>) -> bool {
        let state = self.lock();
        let start = if range.start < state.written { state.written } else { range.start };
        start >= range.end || state.ahead.holds(&(start..range.end))
    }

    /// The first bytes of `range`, which is not empty and in the file: at most [`CHUNK_BYTES`].
    pub(super) async fn read_written(&self, range: Range<u64>) -> Result<Bytes> {
        let chunk = self.read_chunk(range).await?;
        let length = chunk.as_ref().len();
        Ok(chunk.hand_out(0..length))
    }

    /// As [`Spool::read_written`], in a buffer that can be changed.
    pub(super) async fn read_chunk(&self, range: Range<u64>) -> Result<Chunk> {
        let length = (range.end - range.start).min(CHUNK_BYTES as u64) as usize;
        let chunk = self.chunks.take(length);
        fill(&self.file, chunk, range.start).await.map_err(|error| {
            tracing::error!(path = %self.path.display(), offset = range.start, %error, "blob read failed");
            damaged(format!("bytes just written cannot be read: {error}"))
        })
    }

    /// Waits until all is written and digested, and announces the end to followers. To be called once.
    pub(super) async fn complete(self: &Arc<Self>) -> Result<Finished> {
        self.wait(|state| (state.queue.is_empty() && !state.running[Lane::Write as usize]).then_some(())).await?;
        let shift = {
            let mut state = self.lock();
            if state.digested < state.written { self.claim(Lane::Digest, &mut state) } else { None }
        };
        begin(shift);
        self.wait(|state| (state.digested == state.written && !state.running[Lane::Digest as usize]).then_some(()))
            .await?;
        let (digest, sums, written) = {
            let mut state = self.lock();
            let digest = std::mem::replace(&mut state.digest, PayloadDigest::new(None, None));
            (digest, std::mem::replace(&mut state.sums, BlockSums::new()), state.written)
        };
        let (body, payload) = digest.finish().inspect_err(|_| self.fail(Fault::Io(Errno::IO)))?;
        self.announce(TailState::Finished(written));
        Ok(Finished { body, payload, trailer: sums.finish() })
    }

    /// Waits until no early sync is running, and tells whether one failed. A failure is reported by the kernel once per
    /// open file, so the last sync may succeed although an earlier one failed.
    pub(super) async fn settle(&self) -> Result<()> {
        self.wait(|state| (!state.running[Lane::Sync as usize]).then_some(())).await
    }

    /// Ends the write with `fault`, unless it has ended. Followers keep what they can read.
    pub(super) fn fail(&self, fault: Fault) {
        {
            let mut state = self.lock();
            state.fault.get_or_insert(fault);
            state.queue.clear();
        }
        self.progress.send_if_modified(|progress| match *progress {
            TailState::Growing(readable) => {
                *progress = TailState::Broken(readable);
                true
            }
            TailState::Finished(_) | TailState::Broken(_) => false,
        });
        self.moved.notify_one();
    }

    /// How far the write is, for followers.
    pub(super) fn progress(&self) -> &watch::Sender<TailState> {
        &self.progress
    }

    /// Bytes that wait for the write lane.
    #[cfg(test)]
    pub(super) fn queued_bytes(&self) -> usize {
        self.lock().queue.held_bytes()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `ready` gives something; only the one writer waits. What `ready` changes when it does is one step with
    /// its judgement.
    async fn wait<T>(&self, mut ready: impl FnMut(&mut State) -> Option<T>) -> Result<T> {
        loop {
            let moved = self.moved.notified();
            {
                let mut state = self.lock();
                if let Some(fault) = state.fault {
                    return Err(self.error(fault));
                }
                if let Some(found) = ready(&mut state) {
                    return Ok(found);
                }
            }
            moved.await;
        }
    }

    fn error(&self, fault: Fault) -> Error {
        fault.error(&self.path)
    }

    /// Moves the published state forward, unless the write has ended.
    fn announce(&self, next: TailState) {
        self.progress.send_if_modified(|progress| {
            let forward = match *progress {
                TailState::Growing(readable) => next != *progress && next.readable() >= readable,
                TailState::Finished(_) | TailState::Broken(_) => false,
            };
            if forward {
                *progress = next;
            }
            forward
        });
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("accepted", &self.accepted)
            .field("written", &self.written)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}
