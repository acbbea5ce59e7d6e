//! The fetch of a missing object from its origin: streamed to whoever asks, stored for everybody after.
//!
//! Guarantees
//! - A followed body ends cleanly only after the whole was verified; exceptions: a wrong Content-MD5 is delivered
//!   unstored (decisions, row 8), a close-delimited body has no proof of length and is never stored (row 12).
//! - A fill never beats a local write: it commits under its token or not at all.
//! - However many ask for an object, its origin is asked once; no client owns the fetch, none slows it, none is cut off
//!   for being slow or late.
//!
//! How: `plan` is what a rule makes of a request; `join` the running fills; `task` one fill's life in the order `ask`, `head`
//! (what the answer means), `intake` (body in, counted and verified), `sink` (body out, to file or ring), `commit`;
//! `state` what followers see of it, `seats` who they are, `reader` one follower's body, `reply` its answer;
//! `head_request` the HEAD of a missing object, which is no fill.
//!
//! A pass-through (nothing is to be stored, or the running fill asks something else) is the same task without a store
//! and with one follower. Resuming a broken body and asking further origins are not here yet: both belong into
//! [`intake`], which alone sees where a body broke.

mod ask;
mod commit;
mod failure;
mod head;
mod head_request;
mod intake;
mod join;
mod kept;
mod observe;
mod plan;
mod reader;
mod reply;
mod ring;
mod seats;
mod sink;
mod state;
mod task;
mod verify;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use headwater_egress::LoopMarker;
use headwater_model::Result;
use headwater_model::bucket::Bucket;
use headwater_model::clock::Clock;
use headwater_model::limits::MAX_OBJECT_BYTES;
use headwater_model::op::GetObject;
use headwater_model::origin::{Origin, OriginTimeouts};
use headwater_model::reply::{Reply, Served};
use headwater_model::rule::RoutingRule;
use headwater_store::Store;
use tokio::sync::{Semaphore, watch};

use join::{Entered, Table};
use plan::Plan;
use reply::Asked;
use task::{Env, Task};

pub use observe::{FillObserver, FillOutcome};

/// Most fetches at one time: fills, pass-throughs and HEADs together. Bounds the memory of small bodies (64 KiB each)
/// and the number of open files and origin connections.
const MAX_RUNNING_FILLS: usize = 1024;

/// Most verified bodies that wait for the disk. The next ones are answered only when one of these is durable, so that a
/// disk slower than the origin slows those who ask instead of filling memory.
const MAX_COMMITTING_FILLS: usize = 256;

/// Limits of all fills.
#[derive(Clone, Debug)]
pub struct FillLimits {
    /// Most fetches at one time; beyond it new ones get `SlowDown`. Joining a running fill is always possible.
    pub max_running: usize,
    /// Largest object taken from an origin.
    pub max_object_bytes: u64,
    /// A fill that nobody follows any more is ended if more than this remains; `None` lets every fill finish.
    pub leftover_limit_bytes: Option<u64>,
    /// Time limits of origin requests.
    pub timeouts: OriginTimeouts,
}

impl Default for FillLimits {
    fn default() -> Self {
        Self {
            max_running: MAX_RUNNING_FILLS,
            max_object_bytes: MAX_OBJECT_BYTES,
            leftover_limit_bytes: None,
            timeouts: OriginTimeouts::default(),
        }
    }
}

/// What fills are made of.
pub struct FillsConfig {
    /// Where fetched objects go.
    pub store: Arc<dyn Store>,
    /// How origins are reached.
    pub origin: Arc<dyn Origin>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Who counts.
    pub observer: Arc<dyn FillObserver>,
    /// This instance's mark on origin requests.
    pub marker: LoopMarker,
    /// See [`FillLimits`].
    pub limits: FillLimits,
}

/// The running fills. Dropping it ends them.
pub struct Fills {
    env: Arc<Env>,
    marker: LoopMarker,
    table: Arc<Table>,
    stop: watch::Sender<bool>,
}

/// How a missing object is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MissMethod {
    /// With its body, to be stored.
    Get,
    /// Its metadata only; nothing is stored. The rule must allow it.
    Head,
}

/// What came of a miss.
#[derive(Debug)]
pub(crate) enum MissOutcome {
    /// The answer.
    Reply(Box<Reply>),
    /// The origin has no such object either.
    NotFound {
        /// 404 or 410.
        origin_status: u16,
    },
    /// The object exists by now, or the rule changed: look again.
    LookAgain,
}

impl Fills {
    /// No fill runs yet.
    pub fn new(config: FillsConfig) -> Self {
        let FillsConfig { store, origin, clock, observer, marker, limits } = config;
        let table = Table::new(limits.max_running);
        let committing = Semaphore::new(MAX_COMMITTING_FILLS);
        let env = Arc::new(Env { store, origin, clock, observer, limits, committing });
        Self { env, marker, table, stop: watch::Sender::new(false) }
    }

    /// Serves a request for an object that is not here, under the rule that it matched.
    ///
    /// # Errors
    /// `MirrorFailed`, `SlowDown`, `InvalidRange`, or a failure of the store.
    pub(crate) async fn miss(
        &self,
        bucket: &Arc<Bucket>,
        rule: &RoutingRule,
        get: &GetObject,
        method: MissMethod,
    ) -> Result<MissOutcome> {
        let plan = Plan::of(rule, bucket, get, &self.marker).map_err(|failure| failure.to_error())?;
        let name = (bucket.generation, get.key.clone());
        if method == MissMethod::Head {
            return match self.table.follow(&name, &plan) {
                Some(follower) => Asked { get, method, served: Served::Joined }.answer(follower).await,
                None => {
                    let _place = self.table.place()?;
                    let asked = Asked { get, method, served: Served::PassThrough };
                    head_request::ask(&self.env, &plan, &asked).await
                }
            };
        }
        let (follower, served) = match self.table.enter(name, plan, self.env.clock.now())? {
            Entered::Joined(follower) => {
                self.env.observer.joined();
                (follower, Served::Joined)
            }
            Entered::Started(follower, started) => {
                let task = Task::new(Arc::clone(&self.env), Arc::clone(bucket), get.key.clone(), started);
                tokio::spawn(task.run(self.stop.subscribe()));
                (follower, Served::Miss)
            }
        };
        Asked { get, method, served }.answer(follower).await
    }

    /// Number of fetches running.
    pub fn running(&self) -> usize {
        self.table.running()
    }

    /// Begins nothing any more, lets running fills end for at most `limit`, then ends them: nothing of them becomes
    /// visible.
    pub async fn drain(&self, limit: Duration) {
        self.table.stop();
        tokio::select! {
            () = self.table.idle() => return,
            () = self.env.clock.sleep(limit) => {}
        }
        self.stop.send_replace(true);
        self.table.idle().await;
    }
}
