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
//! How: a lane is a job on tokio's blocking pool that runs while it has work and ends when it has none, so that a stalled
//! fill holds no thread. At most one job per lane and write runs. The digest lane reads the file back through the page
//! cache instead of sharing the queue: MD5 is slower than a fast network, and this way it never slows what followers see;
//! the extra copy costs a twentieth of the MD5 itself.
//!
//! Not here: what a blob looks like, where it is, and when it is durable. [`super::writer`] knows.

use std::collections::VecDeque;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use headwater_model::digest::{ChecksumAlgorithm, Digests};
use headwater_model::{Error, Result};
use rustix::io::Errno;
use tokio::sync::{Notify, watch};

use super::chunk::ChunkPool;
use super::fault::Fault;
use super::file_io::{MAX_SLICES, write_all};
use super::layout::BlockSums;
use crate::contract::TailState;
use crate::local::digest::BodyDigest;

/// Most bytes that wait for the write lane. Covers 4 ms of a 1 GB/s network while the disk is being waited for.
pub(super) const QUEUE_BYTES: usize = 4 << 20;
/// Bytes written per system call and between two announcements while the queue is not empty: 200 followers are woken
/// 256 times a second at 64 MiB/s.
const STEP_BYTES: usize = 256 << 10;
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
    state: Mutex<State>,
    progress: watch::Sender<TailState>,
    /// Wakes the writer (there is one) when a lane moved.
    moved: Notify,
}

struct State {
    queue: VecDeque<Bytes>,
    queued_bytes: usize,
    written: u64,
    digested: u64,
    synced: u64,
    fault: Option<Fault>,
    running: [bool; 3],
    /// Of the write lane, while it does not run.
    sums: BlockSums,
    /// Of the digest lane, while it does not run.
    digest: BodyDigest,
}

/// The three kinds of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    Write,
    Digest,
    Sync,
}

impl Spool {
    /// A write into `file`, which is empty.
    pub(super) fn new(
        file: File,
        path: PathBuf,
        chunks: Arc<ChunkPool>,
        checksum: Option<ChecksumAlgorithm>,
    ) -> Arc<Self> {
        let state = State {
            queue: VecDeque::new(),
            queued_bytes: 0,
            written: 0,
            digested: 0,
            synced: 0,
            fault: None,
            running: [false; 3],
            sums: BlockSums::new(),
            digest: BodyDigest::new(checksum),
        };
        Arc::new(Self {
            file: Arc::new(file),
            path,
            chunks,
            state: Mutex::new(state),
            progress: watch::Sender::new(TailState::Growing(0)),
            moved: Notify::new(),
        })
    }

    /// Appends, once there is room. A piece larger than the whole queue is in memory already and is let in alone.
    pub(super) async fn push(self: &Arc<Self>, chunk: Bytes) -> Result<()> {
        self.wait(|state| state.queue.is_empty() || state.queued_bytes + chunk.len() <= QUEUE_BYTES).await?;
        let shift = {
            let mut state = self.lock();
            state.queued_bytes += chunk.len();
            state.queue.push_back(chunk);
            self.claim(Lane::Write, &mut state)
        };
        begin(shift);
        Ok(())
    }

    /// Waits until all is written and digested, and announces the end to followers. Returns the digests and the trailer;
    /// to be called once.
    pub(super) async fn complete(self: &Arc<Self>) -> Result<(Digests, Vec<u8>)> {
        self.wait(|state| state.queue.is_empty() && !state.running[Lane::Write as usize]).await?;
        let shift = {
            let mut state = self.lock();
            if state.digested < state.written { self.claim(Lane::Digest, &mut state) } else { None }
        };
        begin(shift);
        self.wait(|state| state.digested == state.written && !state.running[Lane::Digest as usize]).await?;
        let (digest, sums, written) = {
            let mut state = self.lock();
            let digest = std::mem::replace(&mut state.digest, BodyDigest::new(None));
            (digest, std::mem::replace(&mut state.sums, BlockSums::new()), state.written)
        };
        self.announce(TailState::Finished(written));
        Ok((digest.finish(), sums.finish()))
    }

    /// Waits until no early sync is running, and tells whether one failed. A failure is reported by the kernel once per
    /// open file, so the last sync may succeed although an earlier one failed.
    pub(super) async fn settle(&self) -> Result<()> {
        self.wait(|state| !state.running[Lane::Sync as usize]).await
    }

    /// Ends the write with `fault`, unless it has ended. Followers keep what they can read.
    pub(super) fn fail(&self, fault: Fault) {
        {
            let mut state = self.lock();
            state.fault.get_or_insert(fault);
            state.queue.clear();
            state.queued_bytes = 0;
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
        self.lock().queued_bytes
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `ready` holds; only the one writer waits.
    async fn wait(&self, ready: impl Fn(&State) -> bool) -> Result<()> {
        loop {
            let moved = self.moved.notified();
            {
                let state = self.lock();
                if let Some(fault) = state.fault {
                    return Err(self.error(fault));
                }
                if ready(&state) {
                    return Ok(());
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

    /// The right to run a lane's job, unless it runs. To be begun when the lock is released: a runtime that is going
    /// down drops the job on the spot, and that takes the lock.
    fn claim(self: &Arc<Self>, lane: Lane, state: &mut State) -> Option<Shift> {
        let running = std::mem::replace(&mut state.running[lane as usize], true);
        (!running).then(|| Shift { spool: Arc::clone(self), lane, ended: false })
    }

    /// Writes until the queue is empty.
    fn write_lane(self: &Arc<Self>) -> Result<(), Fault> {
        let mut batch = Vec::with_capacity(MAX_SLICES);
        let mut sums = std::mem::replace(&mut self.lock().sums, BlockSums::new());
        let mut batch_bytes = 0;
        loop {
            let (offset, drained, followers) = {
                let mut state = self.lock();
                state.written += batch_bytes as u64;
                state.queued_bytes = state.queued_bytes.saturating_sub(batch_bytes);
                batch.clear();
                batch_bytes = take_batch(&mut state.queue, &mut batch);
                let followers = self.claim_followers(&mut state);
                if batch_bytes == 0 {
                    state.sums = std::mem::replace(&mut sums, BlockSums::new());
                    state.running[Lane::Write as usize] = false;
                }
                (state.written, batch_bytes == 0, followers)
            };
            followers.into_iter().for_each(begin);
            self.announce(TailState::Growing(offset));
            self.moved.notify_one();
            if drained {
                return Ok(());
            }
            write_all(&self.file, &batch, offset).map_err(Fault::Io)?;
            for piece in &batch {
                sums.update(piece);
            }
        }
    }

    /// The lanes that follow the write lane run once they have a step's worth of work.
    fn claim_followers(self: &Arc<Self>, state: &mut State) -> [Option<Shift>; 2] {
        let digest = state.written - state.digested >= STEP_BYTES as u64;
        let sync = state.written - state.synced >= EARLY_SYNC_BYTES;
        [
            digest.then(|| self.claim(Lane::Digest, state)).flatten(),
            sync.then(|| self.claim(Lane::Sync, state)).flatten(),
        ]
    }

    /// Digests until it has caught up with the write lane.
    fn digest_lane(&self) -> Result<(), Fault> {
        let (mut digest, mut digested) = {
            let mut state = self.lock();
            (std::mem::replace(&mut state.digest, BodyDigest::new(None)), state.digested)
        };
        loop {
            let available = {
                let mut state = self.lock();
                state.digested = digested;
                if state.fault.is_some() || digested == state.written {
                    state.digest = digest;
                    state.running[Lane::Digest as usize] = false;
                    break;
                }
                state.written - digested
            };
            let mut chunk = self.chunks.take(available.min(super::chunk::CHUNK_BYTES as u64) as usize);
            self.file.read_exact_at(chunk.as_mut(), digested).map_err(|error| {
                Fault::Io(Errno::from_io_error(&error).unwrap_or(Errno::IO)) // none: the file ends too early
            })?;
            digest.update(chunk.as_ref());
            digested += chunk.as_ref().len() as u64;
        }
        self.moved.notify_one();
        Ok(())
    }

    /// Sends what is written so far to the disk.
    fn sync_lane(&self) -> Result<(), Fault> {
        let written = self.lock().written;
        rustix::fs::fdatasync(&self.file).map_err(Fault::Sync)?;
        {
            let mut state = self.lock();
            state.synced = written;
            state.running[Lane::Sync as usize] = false;
        }
        self.moved.notify_one();
        Ok(())
    }
}

/// Moves up to [`STEP_BYTES`] and [`MAX_SLICES`] pieces into `batch`; returns their bytes. Zero only if none waits.
fn take_batch(queue: &mut VecDeque<Bytes>, batch: &mut Vec<Bytes>) -> usize {
    let mut bytes = 0;
    while bytes < STEP_BYTES && batch.len() < MAX_SLICES {
        let Some(front) = queue.front_mut() else { break };
        let room = STEP_BYTES - bytes;
        let piece = if front.len() > room { front.split_to(room) } else { queue.pop_front().unwrap_or_default() };
        bytes += piece.len();
        batch.push(piece);
    }
    bytes
}

/// One run of a lane's job. However it ends, the write learns of it: a job that panics, or that the runtime drops before
/// it ran, breaks the write instead of leaving its writer and followers waiting for ever.
struct Shift {
    spool: Arc<Spool>,
    lane: Lane,
    ended: bool,
}

/// Gives a job to a thread that may block.
fn begin(shift: Option<Shift>) {
    if let Some(shift) = shift {
        tokio::task::spawn_blocking(move || shift.work());
    }
}

impl Shift {
    fn work(mut self) {
        let outcome = match self.lane {
            Lane::Write => self.spool.write_lane(),
            Lane::Digest => self.spool.digest_lane(),
            Lane::Sync => self.spool.sync_lane(),
        };
        self.ended = true;
        if let Err(fault) = outcome {
            self.spool.lock().running[self.lane as usize] = false;
            self.spool.fail(fault);
        }
    }
}

impl Drop for Shift {
    fn drop(&mut self) {
        if !self.ended {
            self.spool.lock().running[self.lane as usize] = false;
            self.spool.fail(Fault::WorkerGone);
        }
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("queued_bytes", &self.queued_bytes)
            .field("written", &self.written)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}
