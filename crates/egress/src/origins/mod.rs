//! What is known about each origin: the settings that the operator made, its health, its use.
//!
//! Guarantees: every exchange with an origin, each hop of a redirect included, is admitted here first. At most
//! `max_concurrent` exchanges hold a permit at a time, bodies included; requests and bytes keep to their rates; a
//! used-up byte budget, a pause that the origin asked for and an open breaker refuse at once; retries are at most a
//! tenth of first tries. An origin without settings has the defaults; a change holds for every request that begins
//! after it. At most [`MAX_ORIGIN_USAGES`] are known at a time.
//!
//! How: one record per origin behind its own lock ([`origin`]). Records live as long as they are of use: beyond the
//! limit the healthy one that was asked least recently goes, unless it has settings.
//!
//! Deliberately not here: hits, which never come near; failover and the decision to try again, which are the fill's;
//! writing the use down, which the program does through [`Origins::usage`] and [`Origins::restore`].

mod ask;
mod breaker;
mod exchange;
mod origin;
mod pace;
mod permits;
mod retries;
mod retry_after;
mod status;
#[cfg(test)]
mod tests;
mod usage;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use headwater_model::clock::Clock;
use headwater_model::limits::MAX_ORIGIN_USAGES;
use headwater_model::origin::{OriginError, OriginId};
use headwater_model::settings::{OriginSettings, OriginUsage};

pub(crate) use ask::Ask;
pub use breaker::BreakerState;
pub(crate) use exchange::Exchange;
pub(crate) use origin::KnownOrigin;
pub use retry_after::retry_after;
pub use status::{LastAnswer, OriginStatus, OriginTotals};

use crate::target::{Endpoint, Target};

/// When to try again while there is no room for one more origin.
const FULL_RETRY_AFTER: Duration = Duration::from_secs(1);

/// All origins, shared by the client, the fills and the admin operations.
#[derive(Debug)]
pub struct Origins {
    settings: ArcSwap<HashMap<OriginId, Arc<OriginSettings>>>,
    default: Arc<OriginSettings>,
    known: RwLock<HashMap<Arc<Endpoint>, Arc<KnownOrigin>>>,
    clock: Arc<dyn Clock>,
}

impl Origins {
    /// No origin has settings of its own.
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Self::with_default(clock, OriginSettings::default())
    }

    /// No origin has settings of its own; all have these.
    pub fn with_default(clock: Arc<dyn Clock>, default: OriginSettings) -> Arc<Self> {
        let (settings, default, known) = (ArcSwap::default(), Arc::new(default), RwLock::default());
        Arc::new(Self { settings, default, known, clock })
    }

    /// The settings of an origin, the defaults if it has none of its own.
    pub fn settings(&self, origin: &OriginId) -> Arc<OriginSettings> {
        self.own_settings(origin).unwrap_or_else(|| Arc::clone(&self.default))
    }

    /// The settings that an origin has of its own.
    pub fn own_settings(&self, origin: &OriginId) -> Option<Arc<OriginSettings>> {
        self.settings.load().get(origin).cloned()
    }

    /// All origins that have settings of their own, in order of their names.
    pub fn all(&self) -> Vec<(OriginId, Arc<OriginSettings>)> {
        let mut all: Vec<_> = self.settings.load().iter().map(|(id, set)| (id.clone(), Arc::clone(set))).collect();
        all.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        all
    }

    /// Takes the settings of all origins that have some, before the first request.
    pub fn load(&self, all: impl IntoIterator<Item = (OriginId, OriginSettings)>) {
        let all = all.into_iter().map(|(origin, settings)| (origin, Arc::new(settings))).collect();
        self.settings.store(Arc::new(all));
    }

    /// Gives an origin settings; `None` takes them away.
    pub fn set(&self, origin: &OriginId, settings: Option<OriginSettings>) {
        let settings = settings.map(Arc::new);
        self.settings.rcu(|all| {
            let mut next = HashMap::clone(all);
            match &settings {
                Some(settings) => next.insert(origin.clone(), Arc::clone(settings)),
                None => next.remove(origin),
            };
            next
        });
        // Whoever makes the record after this reads the new settings by itself.
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = endpoint_of(origin).and_then(|endpoint| known.get(&endpoint)) {
            let settings = self.settings(origin);
            warn_of_blind_trust(origin, &settings);
            known.set_settings(settings);
        }
    }

    /// How an origin is; one that nobody asked so far is well and unused.
    pub fn status(&self, origin: &OriginId) -> OriginStatus {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        match endpoint_of(origin).and_then(|endpoint| known.get(&endpoint)) {
            Some(known) => known.status(),
            None => self.unknown(origin.clone()).status(),
        }
    }

    /// Bytes used per origin that was asked lately, in order of their names; to be kept over a restart.
    pub fn usage(&self) -> Vec<(OriginId, OriginUsage)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = known.values().map(|known| (known.id().clone(), known.usage())).collect();
        all.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        all
    }

    /// Takes up the use of an earlier run, before the first request.
    pub fn restore(&self, usage: impl IntoIterator<Item = (OriginId, OriginUsage)>) {
        for (origin, usage) in usage {
            if let Some(known) = endpoint_of(&origin).and_then(|endpoint| self.known(&endpoint).ok()) {
                known.restore(usage);
            }
        }
    }

    /// The record of the origin at an endpoint.
    pub(crate) fn known(&self, endpoint: &Arc<Endpoint>) -> Result<Arc<KnownOrigin>, OriginError> {
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(endpoint) {
            return Ok(Arc::clone(known));
        }
        let id = OriginId::parse(&endpoint.to_string()).map_err(OriginError::BadUrl)?;
        let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(endpoint) {
            return Ok(Arc::clone(known));
        }
        if all.len() >= MAX_ORIGIN_USAGES && !self.forget_one(&mut all) {
            return Err(OriginError::Busy { limit: "origins", retry_after: FULL_RETRY_AFTER });
        }
        warn_of_blind_trust(&id, &self.settings(&id));
        let known = self.unknown(id);
        all.insert(Arc::clone(endpoint), Arc::clone(&known));
        Ok(known)
    }

    fn forget_one(&self, all: &mut HashMap<Arc<Endpoint>, Arc<KnownOrigin>>) -> bool {
        let settings = self.settings.load();
        let idle = all.iter().filter(|(_, known)| !settings.contains_key(known.id()));
        let oldest = idle.filter_map(|(endpoint, known)| known.idle_since().map(|since| (since, endpoint)));
        let Some(oldest) = oldest.min_by_key(|(since, _)| *since).map(|(_, endpoint)| Arc::clone(endpoint)) else {
            return false;
        };
        all.remove(&oldest).is_some()
    }

    fn unknown(&self, id: OriginId) -> Arc<KnownOrigin> {
        let settings = self.settings(&id);
        KnownOrigin::new(id, settings, Arc::clone(&self.clock))
    }
}

fn endpoint_of(origin: &OriginId) -> Option<Arc<Endpoint>> {
    Target::parse(origin.as_str()).ok().map(|target| target.endpoint)
}

/// Said once per origin and change of its settings.
fn warn_of_blind_trust(id: &OriginId, settings: &OriginSettings) {
    if settings.accept_invalid_certificate {
        tracing::warn!(origin = %id, "certificates of this origin are not verified, as its settings say");
    }
}
