//! Who may send now, who waits, and in which order.
//!
//! Guarantees: never more permits are out than the limit says; a client's waiter goes before every job's; each of the
//! two queues is no longer than the limit itself.
//!
//! How: waiters are anything that the caller can wake; those that gave up are found out when they are woken, or when
//! their queue is full. Deliberately not here: time. A waiter gives up by itself.

use std::collections::VecDeque;

/// Whose turn it is first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    /// Somebody waits for the answer.
    Client,
    /// A job, which can wait.
    Job,
}

#[derive(Debug)]
pub(super) struct Permits<W> {
    out: u32,
    clients: VecDeque<W>,
    jobs: VecDeque<W>,
}

impl<W> Permits<W> {
    pub(super) fn new() -> Self {
        Self { out: 0, clients: VecDeque::new(), jobs: VecDeque::new() }
    }

    pub(super) fn out(&self) -> u32 {
        self.out
    }

    /// Whoever waits, in no order.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &W> {
        self.clients.iter().chain(&self.jobs)
    }

    /// Takes a permit if one is free.
    pub(super) fn take(&mut self, limit: u32) -> bool {
        let free = self.out < limit;
        self.out += u32::from(free);
        free
    }

    /// Queues a waiter, or hands it back if the queue is full of waiters that still wait.
    pub(super) fn queue(&mut self, rank: Rank, limit: u32, waiter: W, waits: impl Fn(&W) -> bool) -> Result<(), W> {
        let queue = match rank {
            Rank::Client => &mut self.clients,
            Rank::Job => &mut self.jobs,
        };
        // A queue as long as the permits are many moves on within the time of one request.
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        if queue.len() >= limit {
            queue.retain(waits);
        }
        if queue.len() >= limit {
            return Err(waiter);
        }
        queue.push_back(waiter);
        Ok(())
    }

    /// Gives a permit back.
    pub(super) fn give_back(&mut self) {
        self.out = self.out.saturating_sub(1);
    }

    /// The next waiter together with a permit for it, if there are both.
    pub(super) fn hand_over(&mut self, limit: u32) -> Option<W> {
        if self.out >= limit {
            return None;
        }
        let waiter = self.clients.pop_front().or_else(|| self.jobs.pop_front())?;
        self.out += 1;
        Some(waiter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_go_first_and_the_limit_holds() {
        let mut permits = Permits::new();
        assert!(permits.take(1) && !permits.take(1));
        permits.queue(Rank::Job, 2, "job", |_| true).unwrap();
        permits.queue(Rank::Client, 2, "first", |_| true).unwrap();
        permits.queue(Rank::Client, 2, "second", |_| true).unwrap();
        assert_eq!(permits.queue(Rank::Client, 2, "third", |_| true), Err("third"));
        assert_eq!(permits.queue(Rank::Client, 2, "third", |waiter| *waiter != "first"), Ok(()));
        for expected in [Some("second"), Some("third"), Some("job"), None] {
            assert_eq!(permits.hand_over(1), None);
            permits.give_back();
            assert_eq!(permits.hand_over(1), expected);
        }
        assert_eq!(permits.out(), 0);
    }

    #[test]
    fn a_higher_limit_lets_waiters_in_and_a_lower_one_nobody() {
        let mut permits = Permits::new();
        assert!(permits.take(1));
        for waiter in 0..4 {
            permits.queue(Rank::Client, 8, waiter, |_| true).unwrap();
        }
        assert_eq!((permits.hand_over(3), permits.hand_over(3), permits.hand_over(3)), (Some(0), Some(1), None));
        permits.give_back();
        assert_eq!((permits.hand_over(1), permits.waiting().count(), permits.out()), (None, 2, 2));
    }
}
