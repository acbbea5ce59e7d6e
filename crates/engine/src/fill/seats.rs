//! Who follows a fill, and how far each follower is.
//!
//! Guarantees: a follower has a seat from the moment it joins until it is dropped, so that a ring of limited size never
//! drops bytes that somebody who joined still needs. Who may still join is the join table's business.
//!
//! The task looks at the lowest position when it must make room, and at the number of followers when it decides whether
//! to go on without them; it waits on `moved`, the only waiter there is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The followers of one fill.
#[derive(Debug)]
pub(super) struct Seats {
    inner: Mutex<Inner>,
    moved: Notify,
}

#[derive(Debug)]
struct Inner {
    taken: usize,
    /// Position of each follower; `None` is a free seat.
    positions: Vec<Option<u64>>,
}

impl Seats {
    pub(super) fn new() -> Arc<Self> {
        let inner = Inner { taken: 0, positions: Vec::new() };
        Arc::new(Self { inner: Mutex::new(inner), moved: Notify::new() })
    }

    /// A seat at position 0.
    pub(super) fn sit(self: &Arc<Self>) -> Seat {
        let mut inner = self.lock();
        inner.taken += 1;
        let number = if let Some(free) = inner.positions.iter().position(Option::is_none) {
            inner.positions[free] = Some(0);
            free
        } else {
            inner.positions.push(Some(0));
            inner.positions.len() - 1
        };
        Seat { seats: Arc::clone(self), number }
    }

    /// Number of followers.
    pub(super) fn taken(&self) -> usize {
        self.lock().taken
    }

    /// The position of the follower who is furthest behind; `None` if there is none.
    pub(super) fn lowest(&self) -> Option<u64> {
        self.lock().positions.iter().flatten().min().copied()
    }

    /// Resolves after a follower moved or left since the last call. For the task only.
    pub(super) async fn moved(&self) {
        self.moved.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One follower's seat, free again when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    number: usize,
}

impl Seat {
    /// Tells that everything below `position` is no longer needed; gives the number of followers.
    pub(super) fn advance(&self, position: u64) -> usize {
        let mut inner = self.seats.lock();
        inner.positions[self.number] = Some(position);
        let taken = inner.taken;
        drop(inner);
        self.seats.moved.notify_one();
        taken
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut inner = self.seats.lock();
        inner.positions[self.number] = None;
        inner.taken -= 1;
        drop(inner);
        self.seats.moved.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_reused_and_the_lowest_position_counts() {
        let seats = Seats::new();
        assert_eq!((seats.taken(), seats.lowest()), (0, None));
        let (first, second) = (seats.sit(), seats.sit());
        assert_eq!(first.advance(7), 2);
        assert_eq!(seats.lowest(), Some(0));
        second.advance(9);
        assert_eq!(seats.lowest(), Some(7));
        drop(first);
        assert_eq!((seats.taken(), seats.lowest()), (1, Some(9)));
        let third = seats.sit();
        assert_eq!(seats.lowest(), Some(0), "a newcomer starts at the beginning");
        assert_eq!(third.number, 0);
    }
}
