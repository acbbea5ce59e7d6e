//! The work that makes a write progress: lanes, and the shifts in which they run.

use std::os::unix::fs::FileExt;
use std::sync::Arc;

use headwater_model::Result;
use rustix::io::Errno;

use super::super::chunk::{CHUNK_BYTES, Chunk};
use super::super::fault::Fault;
use super::super::file_io::{MAX_SLICES, write_all};
use super::super::layout::BlockSums;
use super::super::payload::PayloadDigest;
use super::super::queue::{STEP_BYTES, Step};
use super::{EARLY_SYNC_BYTES, Spool, State};
use crate::contract::TailState;

/// The three kinds of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    Write,
    Digest,
    Sync,
}

impl Spool {
    /// The right to run a lane's job, unless it runs. To be begun when the lock is released: a runtime that is going
    /// down drops the job on the spot, and that takes the lock.
    pub(super) fn claim(self: &Arc<Self>, lane: Lane, state: &mut State) -> Option<Shift> {
        let running = std::mem::replace(&mut state.running[lane as usize], true);
        (!running).then(|| Shift { spool: Arc::clone(self), lane, ended: false })
    }

    /// Writes until the queue is empty.
    fn write_lane(self: &Arc<Self>) -> Result<(), Fault> {
        let mut batch = Vec::with_capacity(MAX_SLICES);
        let mut sums = std::mem::replace(&mut self.lock().sums, BlockSums::new());
        let mut step = Step::Rest;
        loop {
            let (offset, followers) = {
                let mut state = self.lock();
                state.written += step.bytes() as u64;
                state.queue.done(step);
                batch.clear();
                step = state.queue.step(&mut batch);
                let followers = self.claim_followers(&mut state);
                if step == Step::Rest {
                    state.sums = std::mem::replace(&mut sums, BlockSums::new());
                    state.running[Lane::Write as usize] = false;
                }
                (state.written, followers)
            };
            followers.into_iter().for_each(begin);
            self.announce(TailState::Growing(offset));
            self.moved.notify_one();
            match step {
                Step::Rest => return Ok(()),
                Step::Write(_) => {
                    write_all(&self.file, &batch, offset).map_err(Fault::Io)?;
                    for piece in &batch {
                        sums.update(piece);
                    }
                }
                Step::TakeUp(bytes) => sums.update(self.read_back(offset, bytes)?.as_ref()),
            }
        }
    }

    /// Bytes that are in the file; at most a chunk.
    fn read_back(&self, offset: u64, bytes: usize) -> Result<Chunk, Fault> {
        let mut chunk = self.chunks.take(bytes);
        self.file.read_exact_at(chunk.as_mut(), offset).map_err(|error| {
            Fault::Io(Errno::from_io_error(&error).unwrap_or(Errno::IO)) // none: the file ends too early
        })?;
        Ok(chunk)
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
            (std::mem::replace(&mut state.digest, PayloadDigest::new(None, None)), state.digested)
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
            let chunk = self.read_back(digested, available.min(CHUNK_BYTES as u64) as usize)?;
            // What does not open is not what was written a moment ago.
            digest.update(chunk.as_ref()).map_err(|_| Fault::Io(Errno::IO))?;
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

/// One run of a lane's job. However it ends, the write learns of it: a job that panics, or that the runtime drops before
/// it ran, breaks the write instead of leaving its writer and followers waiting for ever.
pub(super) struct Shift {
    spool: Arc<Spool>,
    lane: Lane,
    ended: bool,
}

/// Gives a job to a thread that may block.
pub(super) fn begin(shift: Option<Shift>) {
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
