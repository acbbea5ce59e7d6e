//! Bytes in memory for followers when there is no file to follow.
//!
//! Guarantees: holds at most its capacity plus the chunks at its ends; drops only bytes that every seated follower has
//! passed; a follower finds every byte from its position on; what followers have passed never keeps others out, so that
//! a follower who must stay behind the end cannot wait for a fill that waits for it. The price: here, and only here, the slowest follower sets the pace.
//!
//! A ring is used when nothing may be stored (pass-through), and for the rest of a body whose file can grow no further.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;

use super::seats::Seats;

/// Capacity for the rest of a body whose store failed: its followers have come to expect the origin's pace
/// (architecture, Fill).
pub(super) const OVERFLOW_BYTES: u64 = 4 << 20;
/// Capacity of a pass-through: enough to keep a connection busy beyond what a follower must stay behind; small, because
/// there can be as many as clients.
pub(super) const PASS_THROUGH_BYTES: u64 = 256 << 10;

/// Every follower has left; nobody is served by going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NobodyLeft;

/// A sliding window over the body.
#[derive(Debug)]
pub(super) struct Ring {
    start: u64,
    capacity: u64,
    window: Mutex<Window>,
    end: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Window {
    /// Each chunk with its offset in the body, without gaps.
    chunks: VecDeque<(u64, Bytes)>,
    held_bytes: u64,
}

impl Ring {
    /// An empty ring whose first byte will be the body's byte `start`.
    pub(super) fn new(start: u64, capacity: u64) -> Self {
        Self { start, capacity, window: Mutex::default(), end: watch::Sender::new(start) }
    }

    /// Offset of the first byte that ever was in the ring.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// Offset behind the last byte.
    pub(super) fn end(&self) -> u64 {
        *self.end.borrow()
    }

    /// Appends without waiting for room: for bytes that are in memory anyway.
    pub(super) fn append(&self, chunk: Bytes) {
        let end = self.end();
        let size_bytes = chunk.len() as u64;
        let mut window = self.lock();
        window.held_bytes += size_bytes;
        window.chunks.push_back((end, chunk));
        drop(window);
        self.end.send_replace(end + size_bytes);
    }

    /// Waits for room, then appends.
    ///
    /// # Errors
    /// [`NobodyLeft`] as soon as no follower is seated.
    pub(super) async fn push(&self, chunk: Bytes, seats: &Seats) -> Result<(), NobodyLeft> {
        loop {
            let lowest = seats.lowest().ok_or(NobodyLeft)?;
            if self.make_room(lowest) {
                self.append(chunk);
                return Ok(());
            }
            seats.moved().await;
        }
    }

    /// Drops what lies below `lowest`; whether there is room now.
    fn make_room(&self, lowest: u64) -> bool {
        let mut window = self.lock();
        while let Some((offset, chunk)) = window.chunks.front()
            && offset + chunk.len() as u64 <= lowest
        {
            window.held_bytes -= chunk.len() as u64;
            window.chunks.pop_front();
        }
        let mut passed = 0;
        if let Some((offset, chunk)) = window.chunks.front_mut()
            && *offset < lowest
        {
            passed = lowest - *offset;
            // Less than the chunk, so it fits usize.
            *chunk = chunk.slice(passed as usize..);
            *offset = lowest;
        }
        window.held_bytes -= passed;
        window.held_bytes < self.capacity
    }

    /// At most `limit_bytes` from `position` on; `None` if they are not in the ring.
    pub(super) fn read(&self, position: u64, limit_bytes: u64) -> Option<Bytes> {
        let window = self.lock();
        let index = window.chunks.partition_point(|(offset, _)| *offset <= position).checked_sub(1)?;
        let (offset, chunk) = &window.chunks[index];
        // A chunk lies in memory, so positions within it fit usize.
        let from = (position - offset) as usize;
        let to = chunk.len().min(from.saturating_add(usize::try_from(limit_bytes).unwrap_or(usize::MAX)));
        (from < chunk.len()).then(|| chunk.slice(from..to))
    }

    /// Resolves when the end is beyond `seen`.
    pub(super) async fn grown(&self, seen: u64) {
        // The sender is a field: the channel cannot close while it is borrowed.
        let _ = self.end.subscribe().wait_for(|end| *end > seen).await;
    }

    fn lock(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn a_large_chunk_that_is_nearly_read_keeps_nothing_out() {
        let seats = Seats::new();
        let follower = seats.sit();
        let ring = Ring::new(0, 4);
        let mut context = Context::from_waker(Waker::noop());
        let mut push = |text: &'static str| pin!(ring.push(Bytes::from(text), &seats)).poll(&mut context);
        assert_eq!(push("abcdefgh"), Poll::Ready(Ok(())));
        assert_eq!(push("ij"), Poll::Pending);
        follower.advance(6);
        assert_eq!(push("ij"), Poll::Ready(Ok(())), "two bytes are held, however they came");
        assert_eq!((ring.read(6, 100).unwrap(), ring.read(5, 1)), ("gh".into(), None));
        assert_eq!(push("k"), Poll::Pending);
    }

    #[test]
    fn holds_what_the_slowest_follower_needs_and_no_more_than_its_capacity() {
        let seats = Seats::new();
        let (slow, fast) = (seats.sit(), seats.sit());
        let ring = Ring::new(10, 8);
        let mut context = Context::from_waker(Waker::noop());
        let mut push = |text: &'static str| pin!(ring.push(Bytes::from(text), &seats)).poll(&mut context);
        assert_eq!(push("abcd"), Poll::Ready(Ok(())));
        assert_eq!(push("efgh"), Poll::Ready(Ok(())));
        fast.advance(18);
        assert_eq!(push("ij"), Poll::Pending, "full while the slow one is at the start");
        assert_eq!(ring.read(10, 100).unwrap(), "abcd");
        assert_eq!(ring.read(15, 2).unwrap(), "fg");
        assert_eq!(ring.read(18, 1), None, "not there yet");
        slow.advance(14);
        assert_eq!(push("ij"), Poll::Ready(Ok(())));
        assert_eq!(ring.read(13, 1), None, "passed by all");
        assert_eq!(ring.read(14, 1).unwrap(), "e");
        assert_eq!(ring.end(), 20);
        drop((slow, fast));
        assert_eq!(push("kl"), Poll::Ready(Err(NobodyLeft)));
    }

    use std::future::Future;
}
