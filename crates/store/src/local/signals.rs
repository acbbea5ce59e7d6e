//! How the background threads are woken and told to end.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::watch;

/// Longest wait of a background thread before it looks around by itself: intervals are checked this often.
const LOOK_AROUND: Duration = Duration::from_millis(250);

/// What background threads are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Orders {
    /// A checkpoint is due now.
    pub(super) checkpoint: bool,
    /// The committer has ended: what is visible now is all there will be.
    pub(super) log_ended: bool,
    /// End at once, without a last checkpoint.
    pub(super) abandon: bool,
}

/// The orders, and what the threads report.
#[derive(Debug)]
pub(super) struct Signals {
    orders: Mutex<Orders>,
    changed: Condvar,
    /// Whether the last checkpoint is made; `Some(false)`: it could not be.
    pub(super) closed: watch::Sender<Option<bool>>,
    /// Whether writers may go on or the overlay is too large.
    pub(super) overlay: watch::Sender<OverlayRoom>,
}

/// Whether the overlay takes more rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OverlayRoom {
    /// It does.
    Open,
    /// When the checkpoint is done.
    Wait,
    /// The checkpoint finds no space: not until there is some.
    Full,
}

impl Signals {
    /// No orders.
    pub(super) fn new() -> Self {
        Self {
            orders: Mutex::default(),
            changed: Condvar::new(),
            closed: watch::Sender::new(None),
            overlay: watch::Sender::new(OverlayRoom::Open),
        }
    }

    /// Asks for a checkpoint now.
    pub(super) fn want_checkpoint(&self) {
        self.order(|orders| orders.checkpoint = true);
    }

    /// Says that nothing more will become visible.
    pub(super) fn log_ended(&self) {
        self.order(|orders| orders.log_ended = true);
    }

    /// Ends the threads at once.
    pub(super) fn abandon(&self) {
        self.order(|orders| orders.abandon = true);
    }

    /// Waits for orders, but no longer than the threads' own interval, and takes them; a wish for a checkpoint is only
    /// given once.
    pub(super) fn wait(&self) -> Orders {
        let orders = self.lock();
        let (mut orders, _) = self
            .changed
            .wait_timeout_while(orders, LOOK_AROUND, |orders| *orders == Orders::default())
            .expect("orders are plain flags");
        let taken = *orders;
        orders.checkpoint = false;
        taken
    }

    /// Waits like [`Signals::wait`], but leaves a wish for a checkpoint to the thread that makes it.
    pub(super) fn rest(&self) -> Orders {
        let orders = self.lock();
        let (orders, _) = self
            .changed
            .wait_timeout_while(orders, LOOK_AROUND, |orders| !orders.log_ended && !orders.abandon)
            .expect("orders are plain flags");
        *orders
    }

    /// Whether the threads must end.
    pub(super) fn is_ending(&self) -> bool {
        let orders = self.lock();
        orders.log_ended || orders.abandon
    }

    fn order(&self, change: impl FnOnce(&mut Orders)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().expect("orders are plain flags")
    }
}
