//! Which fills run, so that requests for the same object share one.
//!
//! Guarantees: at most one joinable fill per (bucket generation, key); a request joins it only if it would ask the same
//! of the origin and nothing touched the key meanwhile (invariant 3); the number of fetches is limited, joining is not.
//! A fill whose body is verified and waits for the disk is no fetch any more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use headwater_model::bucket::Generation;
use headwater_model::clock::Timestamp;
use headwater_model::{Error, ObjectKey, Result};
use tokio::sync::{Notify, watch};

use super::failure::LIMIT_RETRY_AFTER;
use super::plan::Plan;
use super::state::{Fill, Follower, Phase};

/// What a fill is joined by.
pub(super) type Name = (Generation, ObjectKey);

/// The running fills.
#[derive(Debug)]
pub(super) struct Table {
    inner: Mutex<Inner>,
    max_running: usize,
    idle: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    fills: HashMap<Name, Arc<Fill>>,
    /// Everything that has not ended.
    running: usize,
    /// Of these, what occupies an origin.
    fetching: usize,
    stopped: bool,
}

/// What became of a request that found no object.
pub(super) enum Entered {
    /// It follows a fill that another began.
    Joined(Follower),
    /// It began a fill; whoever holds `started` must run it.
    Started(Follower, Started),
}

/// A fetch that has its place among the running ones.
pub(super) struct Started {
    pub(super) fill: Arc<Fill>,
    pub(super) phase: watch::Sender<Phase>,
    pub(super) place: Place,
}

impl Table {
    pub(super) fn new(max_running: usize) -> Arc<Self> {
        Arc::new(Self { inner: Mutex::default(), max_running, idle: Notify::new() })
    }

    /// Joins the fill of that name, or begins one. A request that differs from the running fill's, or that stores
    /// nothing, gets a fetch of its own that nobody else can join.
    ///
    /// # Errors
    /// `SlowDown` when as many fetches run as may.
    pub(super) fn enter(self: &Arc<Self>, name: Name, mut plan: Plan, started: Timestamp) -> Result<Entered> {
        let mut inner = self.lock();
        let running = inner.fills.get(&name).filter(|fill| !fill.is_revoked() && plan.wants.unstored.is_none());
        if let Some(fill) = running {
            if fill.plan.shares_with(&plan) {
                return Ok(Entered::Joined(fill.follow()));
            }
            plan.wants.unstored = Some("different_request");
        }
        self.admit(&mut inner)?;
        let joinable = plan.wants.unstored.is_none();
        let (fill, phase) = Fill::new(plan, started);
        let follower = fill.follow();
        let name_joined = joinable.then(|| name.clone());
        let place = Place { table: Arc::clone(self), name: name_joined, fill: Arc::clone(&fill), is_fetching: true };
        if joinable {
            inner.fills.insert(name, Arc::clone(&fill));
        }
        Ok(Entered::Started(follower, Started { fill, phase, place }))
    }

    /// Follows the fill of that name if one runs that asks what `plan` asks.
    pub(super) fn follow(&self, name: &Name, plan: &Plan) -> Option<Follower> {
        let inner = self.lock();
        let fill = inner.fills.get(name)?;
        (!fill.is_revoked() && fill.plan.shares_with(plan)).then(|| fill.follow())
    }

    /// The fill of that name that can be joined, whatever it asks.
    pub(super) fn find(&self, name: &Name) -> Option<Arc<Fill>> {
        self.lock().fills.get(name).cloned()
    }

    /// A place for a fetch that is no fill.
    ///
    /// # Errors
    /// As [`Self::enter`].
    pub(super) fn place(self: &Arc<Self>) -> Result<Errand> {
        self.admit(&mut self.lock())?;
        Ok(Errand { table: Arc::clone(self) })
    }

    /// Number of fetches.
    pub(super) fn running(&self) -> usize {
        self.lock().running
    }

    /// Begins nothing any more.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
    }

    /// Resolves when nothing runs.
    pub(super) async fn idle(&self) {
        loop {
            let idle = self.idle.notified();
            tokio::pin!(idle);
            idle.as_mut().enable();
            if self.running() == 0 {
                return;
            }
            idle.await;
        }
    }

    fn admit(&self, inner: &mut Inner) -> Result<()> {
        let limit = if inner.stopped {
            "stopping"
        } else if inner.fetching >= self.max_running {
            "running_fills"
        } else {
            inner.running += 1;
            inner.fetching += 1;
            return Ok(());
        };
        Err(Error::SlowDown { limit, retry_after: LIMIT_RETRY_AFTER })
    }

    fn release(&self, was_fetching: bool) {
        let mut inner = self.lock();
        inner.running -= 1;
        inner.fetching -= usize::from(was_fetching);
        let idle = inner.running == 0;
        drop(inner);
        if idle {
            self.idle.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fill's place among the running ones, given up when dropped.
pub(super) struct Place {
    table: Arc<Table>,
    /// `None` once it can no longer be joined.
    name: Option<Name>,
    fill: Arc<Fill>,
    is_fetching: bool,
}

impl Place {
    /// The origin has given everything: another fetch may have its turn.
    pub(super) fn fetched(&mut self) {
        if std::mem::take(&mut self.is_fetching) {
            self.table.lock().fetching -= 1;
        }
    }

    /// Takes the fill out of the table: requests from now on begin their own. Its followers stay.
    pub(super) fn leave(&mut self) {
        let Some(name) = self.name.take() else { return };
        let mut inner = self.table.lock();
        if inner.fills.get(&name).is_some_and(|fill| Arc::ptr_eq(fill, &self.fill)) {
            inner.fills.remove(&name);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
        self.table.release(self.is_fetching);
    }
}

/// The place of a fetch that is no fill, given up when dropped.
pub(super) struct Errand {
    table: Arc<Table>,
}

impl Drop for Errand {
    fn drop(&mut self) {
        self.table.release(true);
    }
}
