//! What waits to become part of a body: bytes to write, and bytes that are in the file already.

use std::collections::VecDeque;

use bytes::Bytes;

use super::chunk::CHUNK_BYTES;
use super::file_io::MAX_SLICES;

/// Bytes written per system call and between two announcements while the queue is not empty: 200 followers are woken
/// 256 times a second at 64 MiB/s.
pub(super) const STEP_BYTES: usize = 256 << 10;

/// Pieces of a body in their order.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pieces: VecDeque<Piece>,
    /// Bytes held in memory, those of the step that was taken last included.
    held_bytes: usize,
}

#[derive(Debug)]
enum Piece {
    /// To be written.
    Held(Bytes),
    /// So many bytes that were written ahead.
    There(u64),
}

/// What the write lane does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing: the queue is empty.
    Rest,
    /// Write the batch, which has so many bytes.
    Write(usize),
    /// Take up so many bytes that are in the file; at most a chunk.
    TakeUp(usize),
}

impl Step {
    /// Bytes by which it moves the end of the body.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Rest => 0,
            Self::Write(bytes) | Self::TakeUp(bytes) => bytes,
        }
    }
}

impl Queue {
    /// Appends bytes to write.
    pub(super) fn push(&mut self, chunk: Bytes) {
        self.held_bytes += chunk.len();
        self.pieces.push_back(Piece::Held(chunk));
    }

    /// Appends bytes that are in the file.
    pub(super) fn push_there(&mut self, length: u64) {
        match self.pieces.back_mut() {
            Some(Piece::There(bytes)) => *bytes += length,
            _ => self.pieces.push_back(Piece::There(length)),
        }
    }

    /// Takes the next step; bytes to write go into `batch`: up to [`STEP_BYTES`] and [`MAX_SLICES`] pieces.
    pub(super) fn step(&mut self, batch: &mut Vec<Bytes>) -> Step {
        if let Some(Piece::There(left)) = self.pieces.front_mut() {
            let bytes = (*left).min(CHUNK_BYTES as u64);
            *left -= bytes;
            if *left == 0 {
                self.pieces.pop_front();
            }
            return Step::TakeUp(bytes as usize);
        }
        let mut bytes = 0;
        while bytes < STEP_BYTES && batch.len() < MAX_SLICES {
            let Some(Piece::Held(front)) = self.pieces.front_mut() else { break };
            let room = STEP_BYTES - bytes;
            let piece = if front.len() > room { front.split_to(room) } else { std::mem::take(front) };
            if front.is_empty() {
                self.pieces.pop_front();
            }
            bytes += piece.len();
            batch.push(piece);
        }
        if bytes == 0 { Step::Rest } else { Step::Write(bytes) }
    }

    /// A step is done: its bytes are no longer held.
    pub(super) fn done(&mut self, step: Step) {
        if let Step::Write(bytes) = step {
            self.held_bytes = self.held_bytes.saturating_sub(bytes);
        }
    }

    /// Drops what waits.
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
        self.held_bytes = 0;
    }

    /// Bytes held in memory.
    pub(super) fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Whether no piece waits.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }
}
