//! Entries on their way to the disk together.

use tokio::sync::watch;

use super::change::RowChange;
use super::frame::FrameDraft;
use super::segment::SEGMENT_HEADER_BYTES;

/// Where the next frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// Number of the segment.
    pub(super) segment: u64,
    /// Its salt, chosen before it is made.
    pub(super) salt: u64,
    /// Offset in it.
    pub(super) offset_bytes: u64,
}

impl Position {
    /// The beginning of a segment.
    pub(super) fn beginning_of(segment: u64, salt: u64) -> Self {
        Self { segment, salt, offset_bytes: SEGMENT_HEADER_BYTES as u64 }
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Not yet decided.
    Waiting,
    /// Durable and visible.
    Durable,
    /// The disk is full; nothing of it happened.
    Full,
    /// The segment it was to begin could not be made; nothing of it happened.
    Refused,
    /// The store stopped; whether it happened is for the next start to find out.
    Stopped,
}

/// One entry of a batch.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its sequence.
    pub(super) sequence: u64,
    /// Length of its frame.
    pub(super) frame_bytes: u64,
    /// What it does.
    pub(super) changes: Vec<RowChange>,
}

/// Entries that are written by one write and made durable by one sync.
#[derive(Debug)]
pub(super) struct Batch {
    /// Where it begins.
    pub(super) position: Position,
    /// Sequence of its first entry.
    pub(super) first_sequence: u64,
    /// Its frames.
    pub(super) buffer: Vec<u8>,
    /// Its entries.
    pub(super) entries: Vec<Entry>,
    /// Tells those who wait.
    pub(super) outcome: watch::Sender<Outcome>,
}

impl Batch {
    /// An empty batch.
    pub(super) fn new(position: Position, first_sequence: u64) -> Self {
        let (outcome, _) = watch::channel(Outcome::Waiting);
        Self { position, first_sequence, buffer: Vec::new(), entries: Vec::new(), outcome }
    }

    /// Sequence of the next entry.
    pub(super) fn next_sequence(&self) -> u64 {
        self.first_sequence + self.entries.len() as u64
    }

    /// Where the next frame goes.
    pub(super) fn end(&self) -> Position {
        Position { offset_bytes: self.position.offset_bytes + self.buffer.len() as u64, ..self.position }
    }

    /// Appends an entry.
    pub(super) fn push(&mut self, body: &[u8], changes: Vec<RowChange>) {
        let sequence = self.next_sequence();
        let start = self.buffer.len();
        let batch_offset = u32::try_from(self.position.offset_bytes)
            .expect("a segment is rolled at segment_bytes and takes one batch more: far below 4 GiB");
        FrameDraft { salt: self.position.salt, sequence, batch_offset, body, changes: &changes }
            .append_to(&mut self.buffer);
        self.entries.push(Entry { sequence, frame_bytes: (self.buffer.len() - start) as u64, changes });
    }

    /// Whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
