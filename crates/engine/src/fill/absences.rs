//! Objects that an origin said it does not have.
//!
//! Guarantees: an absence is believed for the bucket's `negative_ttl` and no longer, only under the same rule and for
//! the same origin request; any local write of the key ends it at once; what a HEAD was told is not believed for a GET,
//! because many origins answer HEAD carelessly. Bounded: the oldest are forgotten first.
//!
//! Not here: failures. An origin that fails is its breaker's business.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::time::Duration;

use headwater_model::ObjectKey;
use headwater_model::bucket::{Bucket, Generation};
use headwater_model::clock::Clock;
use headwater_model::origin::OriginMethod;
use quick_cache::sync::Cache;

use super::plan::Plan;

/// Most absences remembered: some 10 MiB. Bots that ask for more keys than this reach the origin again, within its
/// limits.
const MAX_ABSENCES: usize = 65_536;

/// What is known to be absent.
pub(super) struct Absences {
    clock: Arc<dyn Clock>,
    known: Cache<(Generation, ObjectKey), Absence>,
    hasher: RandomState,
}

/// One absence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Absence {
    rule_version: u64,
    /// Of rule number, URL and forwarded fields.
    request: u64,
    method: OriginMethod,
    /// 404, 410, or 403 where that means the same.
    pub(super) origin_status: u16,
    /// When the origin said so, on the clock's monotonic scale.
    since: Duration,
}

impl Absences {
    /// Nothing is known.
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, known: Cache::new(MAX_ABSENCES), hasher: RandomState::new() }
    }

    /// Takes down what a candidate of a plan said. A bucket of this server is asked every time: that costs nothing, and what is
    /// written there is seen at once.
    pub(super) fn remember(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        (plan, candidate): (&Plan, usize),
        method: OriginMethod,
        status: u16,
    ) {
        if plan.wants.settings.negative_ttl_ms == 0 || plan.candidates[candidate].local.is_some() {
            return;
        }
        let absence = Absence {
            rule_version: plan.rule_version,
            request: self.request(plan),
            method,
            origin_status: status,
            since: self.clock.elapsed(),
        };
        self.known.insert((bucket.generation, key.clone()), absence);
    }

    /// What is believed of a request, and for how long it has been known.
    pub(super) fn find(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        plan: &Plan,
        method: OriginMethod,
    ) -> Option<(Absence, Duration)> {
        if self.known.is_empty() {
            return None;
        }
        let absence = self.known.get(&(bucket.generation, key.clone()))?;
        let age = self.clock.elapsed().saturating_sub(absence.since);
        let holds = age < plan.wants.settings.negative_ttl()
            && absence.rule_version == plan.rule_version
            && (absence.method == method || absence.method == OriginMethod::Get)
            && absence.request == self.request(plan);
        holds.then_some((absence, age))
    }

    /// Forgets a key: it was written or deleted here.
    pub(super) fn forget(&self, generation: Generation, key: &ObjectKey) {
        if !self.known.is_empty() {
            self.known.remove(&(generation, key.clone()));
        }
    }

    fn request(&self, plan: &Plan) -> u64 {
        let fields: Vec<(&str, &[u8])> =
            plan.forwarded().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        self.hasher.hash_one((plan.rule_number, plan.url(), fields))
    }
}
