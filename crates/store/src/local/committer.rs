//! The committer thread: one write and one sync for everybody who waits.
//!
//! Guarantees: a batch becomes visible only after it is durable, and those who wait are told only after it is visible.
//! A failed write or sync ends the process through the fail-stop hook, except for a full disk found by a write: nothing
//! of the batch was synced then, so it is cut off and refused, together with everything judged on top of it.

use std::io;
use std::sync::Arc;

use super::batch::{Batch, Outcome, Position};
use super::commit::{CommitState, Stage};
use super::core::Core;
use super::fail_stop::{is_full, is_out_of_descriptors};
use super::probe::Point;
use super::segment::{SegmentFile, SegmentHeader};

/// Why a batch was not written.
enum Failure {
    /// Nothing of it is on disk.
    Refused(Outcome),
    /// What the disk holds is unknown.
    Fatal(&'static str, io::Error),
}

/// The thread's own state: the segment it appends to, if it is made already.
pub(super) struct Committer {
    core: Arc<Core>,
    active: Option<Arc<SegmentFile>>,
}

impl Committer {
    /// Appends to `active`, or to a segment yet to be made.
    pub(super) fn new(core: Arc<Core>, active: Option<Arc<SegmentFile>>) -> Self {
        Self { core, active }
    }

    /// Writes batches until the log is closed or stopped.
    pub(super) fn run(mut self) {
        while let Some(batch) = self.take() {
            match self.write(&batch) {
                Ok(()) => self.publish(batch),
                Err(Failure::Refused(outcome)) => self.refuse(&batch, outcome),
                Err(Failure::Fatal(step, error)) => {
                    // First of all: whoever waits must not be answered by a process that no longer knows its disk.
                    self.core.fail_stop(step, &error);
                    return self.stop(&batch);
                }
            }
        }
        let mut state = self.core.state();
        state.stage = Stage::Stopped;
        // A store that is dropped leaves entries behind that nobody will write.
        state.batch.outcome.send_replace(Outcome::Stopped);
        drop(state);
        self.core.signals.log_ended();
    }

    /// Waits for entries and takes them all.
    fn take(&mut self) -> Option<Batch> {
        let mut state = self.core.state();
        while state.batch.is_empty() {
            if state.stage != Stage::Open {
                return None;
            }
            state = self.core.batch_ready.wait(state).expect("judgements do not panic");
        }
        if state.stage == Stage::Stopped {
            return None;
        }
        let mut next = state.batch.end();
        if next.offset_bytes >= self.core.config.segment_bytes {
            next = Position::beginning_of(next.segment + 1, self.core.random_salt());
        }
        let next = Batch::new(next, state.batch.next_sequence());
        let batch = std::mem::replace(&mut state.batch, next);
        state.writing = Some(batch.outcome.subscribe());
        Some(batch)
    }

    /// Writes and syncs. A disk that is full gets the reserve back, once.
    fn write(&mut self, batch: &Batch) -> Result<(), Failure> {
        let full = match self.write_once(batch) {
            Err(Failure::Refused(Outcome::Full)) => Failure::Refused(Outcome::Full),
            other => return other,
        };
        if self.core.space.give_reserve_back() { self.write_once(batch) } else { Err(full) }
    }

    fn write_once(&mut self, batch: &Batch) -> Result<(), Failure> {
        let segment = self.segment_of(batch)?;
        let probe = &self.core.config.probe;
        let offset = batch.position.offset_bytes;
        let written = probe.at(Point::BatchWrite).and_then(|()| segment.write(&batch.buffer, offset));
        match written {
            Ok(()) => {}
            Err(error) if is_full(&error) => {
                segment.truncate(offset).map_err(|error| Failure::Fatal("cut a refused batch off the log", error))?;
                return Err(Failure::Refused(Outcome::Full));
            }
            Err(error) => return Err(Failure::Fatal("write the log", error)),
        }
        probe
            .at(Point::BatchWritten)
            .and_then(|()| segment.sync())
            .and_then(|()| probe.at(Point::BatchSynced))
            .map_err(|error| Failure::Fatal("sync the log", error))
    }

    /// The segment that the batch goes to, made if it is its first.
    fn segment_of(&mut self, batch: &Batch) -> Result<Arc<SegmentFile>, Failure> {
        let Position { segment: number, salt, .. } = batch.position;
        if let Some(active) = self.active.as_ref().filter(|active| active.header.number == number) {
            return Ok(Arc::clone(active));
        }
        let created = self.core.clock.now();
        let header = SegmentHeader { number, first_sequence: batch.first_sequence, created, salt };
        let segment = match SegmentFile::create(&self.core.layout.log, header, &self.core.config.probe) {
            Ok(segment) => Arc::new(segment),
            // Nothing was acknowledged in it, and it is made anew by the next batch.
            Err(error) if is_full(&error) => return Err(Failure::Refused(Outcome::Full)),
            Err(error) if is_out_of_descriptors(&error) => {
                tracing::error!(segment = number, %error, "cannot make the next log segment");
                return Err(Failure::Refused(Outcome::Refused));
            }
            Err(error) => return Err(Failure::Fatal("make a log segment", error)),
        };
        self.core.segments.insert(Arc::clone(&segment));
        self.core.view.layers_mut().accounting.add_segment(number, batch.first_sequence);
        self.active = Some(Arc::clone(&segment));
        Ok(segment)
    }

    /// Makes a durable batch visible and tells those who wait.
    fn publish(&self, batch: Batch) {
        let Batch { buffer, entries, outcome, .. } = batch;
        let last_sequence = entries.last().map_or(0, |entry| entry.sequence);
        self.core.publish(&entries, buffer.len() as u64);
        {
            let mut state = self.core.state();
            for change in entries.iter().flat_map(|entry| &entry.changes) {
                if state.pending.get(&change.key).is_some_and(|row| row.sequence <= last_sequence) {
                    state.pending.remove(&change.key);
                }
            }
            state.writing = None;
        }
        if let Err(error) = self.core.config.probe.at(Point::BatchPublished) {
            tracing::warn!(%error, "probe failed after a batch was published");
        }
        outcome.send_replace(Outcome::Durable);
    }

    /// Takes a batch back, and everything that was judged on top of it.
    fn refuse(&self, batch: &Batch, outcome: Outcome) {
        tracing::warn!(entries = batch.entries.len(), ?outcome, "log batch refused");
        let mut state = self.core.state();
        let later = std::mem::replace(&mut state.batch, Batch::new(batch.position, batch.first_sequence));
        state.pending.clear();
        state.writing = None;
        if let Err(error) = state.load_buckets(&self.core.view) {
            // Without them nothing can be judged any more.
            tracing::error!(%error, "cannot read the buckets again after a refused batch");
            state.stage = Stage::Stopped;
        }
        drop(state);
        batch.outcome.send_replace(outcome);
        later.outcome.send_replace(outcome);
        self.core.space.found_full();
    }

    /// Nothing is taken any more.
    fn stop(&self, batch: &Batch) {
        let mut state = self.core.state();
        state.stage = Stage::Stopped;
        state.pending.clear();
        let CommitState { batch: later, .. } = &*state;
        later.outcome.send_replace(Outcome::Stopped);
        batch.outcome.send_replace(Outcome::Stopped);
        drop(state);
        self.core.signals.log_ended();
    }
}
