//! A queue of payload pieces that neither copies large ones nor drowns in small ones.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Pieces below this are gathered: each queued piece costs a handle of 32 bytes and pins the buffer it is a slice of,
/// so a peer that sends single bytes must not make the queue larger than its payload.
const GATHER_BELOW_BYTES: usize = 4 << 10;

/// Gathered bytes are handed on at this size.
const GATHERED_BYTES: usize = 64 << 10;

/// Payload in order.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    whole: VecDeque<Bytes>,
    /// Behind everything in `whole`.
    gathered: BytesMut,
}

impl Pieces {
    pub(super) fn push(&mut self, piece: Bytes) {
        if piece.len() >= GATHER_BELOW_BYTES {
            self.close_gathered();
            self.whole.push_back(piece);
        } else {
            self.gathered.extend_from_slice(&piece);
            if self.gathered.len() >= GATHERED_BYTES {
                self.close_gathered();
            }
        }
    }

    pub(super) fn pop(&mut self) -> Option<Bytes> {
        if self.whole.is_empty() {
            self.close_gathered();
        }
        self.whole.pop_front()
    }

    /// Moves everything in `other` behind what is here.
    pub(super) fn append(&mut self, other: &mut Self) {
        while let Some(piece) = other.pop() {
            self.push(piece);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn close_gathered(&mut self) {
        if !self.gathered.is_empty() {
            self.whole.push_back(self.gathered.split().freeze());
        }
    }
}
