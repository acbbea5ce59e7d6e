//! The fetch of a missing object from its origin: streamed to whoever asks, stored for everybody after.
//!
//! Guarantees
//! - A followed body ends cleanly only after the whole was verified; exceptions: a wrong Content-MD5 is delivered
//!   unstored (decisions, row 8), a close-delimited body has no proof of length and is never stored (row 12).
//! - A fill never beats a local write: it commits under its token or not at all.
//! - However many ask for an object, its origin is asked once; no client owns the fetch, none slows it, none is cut off
//!   for being slow or late.
//!
//! How: `plan` is what a rule makes of a request, `candidate` where it may be asked; `join` the running fills; `task` one
//! fill's life in the order `failover` (which origin is next), `ask`, `head` (what the answer means), `intake` (body in,
//! counted and verified; `rescue` mends a connection that breaks), `sink` (body out, to file or ring; `islands` are
//! pieces that somebody waited for), `tags` (asked for beside the body), `commit`; `state` what followers see of it,
//! `seats` who they are, `reader` one follower's body, `reply` its answer; `head_request` the HEAD of a missing object,
//! which is no fill; `local_origin` a bucket of this server in an origin's place; `prospect` explains without doing;
//! `absences` what origins said they do not have, `probe` which are up.
//!
//! A pass-through (nothing is to be stored, or the running fill asks something else) is the same task without a store
//! and with one follower.

mod absences;
mod ask;
mod candidate;
mod commit;
mod failover;
mod failure;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod head;
mod head_request;
mod intake;
mod islands;
mod join;
mod kept;
mod local_origin;
mod observe;
mod plan;
mod probe;
mod prospect;
mod reader;
mod recent;
mod reply;
mod rescue;
mod ring;
mod seats;
mod sink;
mod state;
mod tags;
mod tally;
mod task;
mod verify;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use headwater_egress::{LoopMarker, Origins};
use headwater_model::bucket::{Bucket, Generation};
use headwater_model::clock::Clock;
use headwater_model::op::GetObject;
use headwater_model::origin::{Origin, OriginId, OriginMethod};
use headwater_model::reply::{Reply, Served};
use headwater_model::rule::RoutingRule;
use headwater_model::{ObjectKey, Result};
use headwater_store::Store;
use tokio::sync::{Semaphore, watch};

use absences::Absences;
use candidate::Places;
use failure::Failure;
use join::{Entered, Table};
use plan::Plan;
use probe::Probes;
use recent::RecentFailures;
use reply::Asked;
use tally::Tallies;
use task::{Env, Task};

use crate::control::{SharedSnapshot, Snapshot};
use crate::seal::Seal;

pub(crate) use local_origin::LocalSource;

pub use local_origin::LocalNames;
pub use observe::{FillObserver, FillOutcome};
pub use prospect::{KnownAbsence, Prospect, RunningFill, Tried};
pub use recent::FailedFill;
pub use tally::RuleCounts;

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
}

impl Default for FillLimits {
    fn default() -> Self {
        Self { max_running: MAX_RUNNING_FILLS }
    }
}

/// What fills are made of.
pub struct FillsConfig {
    /// Where fetched objects go.
    pub store: Arc<dyn Store>,
    /// How origins are reached.
    pub origin: Arc<dyn Origin>,
    /// What is known about them.
    pub origins: Arc<Origins>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Who counts.
    pub observer: Arc<dyn FillObserver>,
    /// This instance's mark on origin requests.
    pub marker: LoopMarker,
    /// Has the keys of what is encrypted.
    pub seal: Arc<Seal>,
    /// Under which names rules can mean buckets of this server.
    pub local: LocalNames,
    /// See [`FillLimits`].
    pub limits: FillLimits,
}

/// The running fills. Dropping it ends them.
pub struct Fills {
    env: Arc<Env>,
    origins: Arc<Origins>,
    marker: LoopMarker,
    local: LocalNames,
    buckets: SharedSnapshot,
    table: Arc<Table>,
    tallies: Tallies,
    stop: watch::Sender<bool>,
}

/// How a missing object is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MissMethod {
    /// With its body, to be stored.
    Get,
    /// Its metadata only; nothing is stored. The rule must allow it.
    Head,
    /// Its metadata, once it is stored: the fetch is that of a GET.
    HeadStored,
}

impl MissMethod {
    /// What the origin is asked with.
    fn asks(self) -> OriginMethod {
        match self {
            Self::Get | Self::HeadStored => OriginMethod::Get,
            Self::Head => OriginMethod::Head,
        }
    }
}

/// What came of a miss.
#[derive(Debug)]
pub(crate) enum MissOutcome {
    /// The answer.
    Reply(Box<Reply>),
    /// The object is stored by now; the answer if it is gone again, or could not be stored after all.
    Stored(Box<Reply>),
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
        let FillsConfig { store, origin, origins, clock, observer, marker, seal, local, limits } = config;
        let table = Table::new(limits.max_running);
        let committing = Semaphore::new(MAX_COMMITTING_FILLS);
        let absences = Absences::new(Arc::clone(&clock));
        let (probes, failures) = (Probes::default(), RecentFailures::default());
        let env = Env { store, origin, clock, observer, absences, failures, probes, committing, seal };
        let (env, buckets) = (Arc::new(env), SharedSnapshot::default());
        let (tallies, stop) = (Tallies::default(), watch::Sender::new(false));
        Self { env, origins, marker, local, buckets, table, tallies, stop }
    }

    /// The buckets that rules can name as sources: whoever keeps them shows them here.
    pub(crate) fn buckets(&self) -> SharedSnapshot {
        Arc::clone(&self.buckets)
    }

    /// The bucket of this server that a rule of `bucket` reads for `key` in place of the origin of `url`, if it does.
    pub(crate) fn local_source(
        &self,
        rule: &RoutingRule,
        url: (&str, &OriginId),
        missing: (&Bucket, &ObjectKey),
    ) -> Option<LocalSource> {
        candidate::local(rule, url, missing, self.places(&self.buckets.load()))
    }

    fn plan(&self, bucket: &Bucket, rule: &RoutingRule, get: &GetObject) -> std::result::Result<Plan, Failure> {
        Plan::of(rule, bucket, get, &self.marker, self.places(&self.buckets.load()))
    }

    fn places<'a>(&'a self, buckets: &'a Snapshot) -> Places<'a> {
        Places { origins: &self.origins, names: &self.local, buckets }
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
        let tally = self.tallies.of(bucket, rule.number, &self.buckets.load());
        tally.apply();
        let plan = self.plan(bucket, rule, get).map_err(|failure| failure.to_error())?;
        if let Some((absence, _)) = self.env.absences.find(bucket, &get.key, &plan, method.asks()) {
            self.env.observer.believed_absent();
            tally.count(FillOutcome::NotFound);
            return Ok(MissOutcome::NotFound { origin_status: absence.origin_status });
        }
        let return_headers = plan.wants.return_headers.clone();
        let asked = |served| Asked { get, method, served, return_headers: &return_headers };
        let name = (bucket.generation, get.key.clone());
        if method == MissMethod::Head {
            return match self.table.follow(&name, &plan) {
                Some(follower) => asked(Served::Joined).answer(follower).await,
                None => {
                    let _place = self.table.place()?;
                    head_request::head(&self.env, (bucket, &tally), &plan, &asked(Served::PassThrough)).await
                }
            };
        }
        let (follower, served) = match self.table.enter(name, plan, self.env.clock.now())? {
            Entered::Joined(follower) => {
                self.env.observer.joined();
                (follower, Served::Joined)
            }
            Entered::Started(follower, started) => {
                let missing = (Arc::clone(bucket), get.key.clone());
                let task = Task::new(Arc::clone(&self.env), missing, started, tally);
                tokio::spawn(task.run(self.stop.subscribe()));
                (follower, Served::Miss)
            }
        };
        asked(served).answer(follower).await
    }

    /// The key was written or deleted here: whatever its origin said of it is over.
    pub(crate) fn forget_absence(&self, bucket: Generation, key: &ObjectKey) {
        self.env.absences.forget(bucket, key);
    }

    /// How often each rule of a bucket was applied since the server began, by its number, in the order of the rules.
    pub fn rule_counts(&self, bucket: &Bucket) -> Vec<(u32, RuleCounts)> {
        self.tallies.counts(bucket)
    }

    /// The last fetches that failed, at most 50, oldest first.
    pub fn recent_failures(&self) -> Vec<FailedFill> {
        self.env.failures.all()
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
