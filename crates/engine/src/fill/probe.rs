//! Which primaries are up, as their probes say (oss-mirroring 8: `MirrorURLProbe`).
//!
//! ```text
//! first use ─► one probe decides ─► every 5 s: two failures in a row ─► down;  two successes in a row ─► up
//!                                    no miss for ten minutes ─► the probing ends
//! ```
//! Guarantees: 200 within [`PROBE_LIMIT`] is a success, anything else a failure; while a primary is down, its misses go
//! to the other origins first and to it last. Probing goes through the same guard and limits as every other request.
//!
//! The first miss waits for the first probe, so that what a rule says holds from its first use on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use headwater_model::origin::{OriginMethod, OriginRequest, OriginTimeouts, RequestCause};
use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderMap, HeaderValue};
use tokio::sync::watch;

use super::ask::ask_origin;
use super::plan::Plan;
use super::task::Env;

/// From one probe to the next.
const INTERVAL: Duration = Duration::from_secs(5);
/// For one probe.
const PROBE_LIMIT: Duration = Duration::from_secs(3);
/// Results in a row that change the state.
const IN_A_ROW: u32 = 2;
/// Probing ends when no miss has asked for this long.
const USED_WITHIN: Duration = Duration::from_mins(10);
/// Most URLs probed; primaries beyond are taken to be up.
const MAX_PROBES: usize = 1024;

/// The probes under way.
#[derive(Default)]
pub(super) struct Probes {
    known: Mutex<HashMap<Box<str>, Probe>>,
}

struct Probe {
    up: watch::Receiver<Option<bool>>,
    used: Duration,
}

impl Probes {
    /// The candidates of a plan in the order in which they are to be tried.
    pub(super) async fn order(&self, env: &Arc<Env>, plan: &Plan) -> Vec<usize> {
        let all = 0..plan.candidates.len();
        let up = match &plan.probe {
            Some(url) => self.is_up(env, url).await,
            None => true,
        };
        // The primary last: a probe that lies must not make an object unavailable.
        if up { all.collect() } else { all.skip(1).chain([0]).collect() }
    }

    async fn is_up(&self, env: &Arc<Env>, url: &str) -> bool {
        let Some(mut up) = self.watch(env, url) else { return true };
        // A prober that vanished says nothing.
        up.wait_for(Option::is_some).await.ok().and_then(|up| *up).unwrap_or(true)
    }

    /// The state of a URL, which is probed from now on; `None` if too many are.
    fn watch(&self, env: &Arc<Env>, url: &str) -> Option<watch::Receiver<Option<bool>>> {
        let now = env.clock.elapsed();
        let mut known = self.lock();
        if let Some(probe) = known.get_mut(url).filter(|probe| probe.up.has_changed().is_ok()) {
            probe.used = now;
            return Some(probe.up.clone());
        }
        known.retain(|_, probe| probe.up.has_changed().is_ok());
        if known.len() >= MAX_PROBES {
            return None;
        }
        let (sender, up) = watch::channel(None);
        known.insert(url.into(), Probe { up: up.clone(), used: now });
        drop(known);
        tokio::spawn(probe(Arc::downgrade(env), url.into(), sender));
        Some(up)
    }

    fn last_used(&self, url: &str) -> Option<Duration> {
        self.lock().get(url).map(|probe| probe.used)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Probe>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Probes one URL until nobody uses it, or the fills are gone.
async fn probe(env: Weak<Env>, url: Box<str>, state: watch::Sender<Option<bool>>) {
    let (mut last, mut in_a_row) = (None, 0);
    loop {
        let Some(env) = env.upgrade() else { return };
        let success = succeeds(&env, &url).await;
        in_a_row = if last == Some(success) { in_a_row + 1 } else { 1 };
        last = Some(success);
        let is_first = state.borrow().is_none();
        if is_first || in_a_row >= IN_A_ROW {
            let changed = state.send_replace(Some(success)) != Some(success);
            if changed && !is_first {
                tracing::warn!(%url, up = success, "the primary origin changed its state");
            }
        }
        let unused =
            env.probes.last_used(&url).is_none_or(|used| env.clock.elapsed().saturating_sub(used) > USED_WITHIN);
        if unused {
            return;
        }
        let pause = env.clock.sleep(INTERVAL);
        // Not held while waiting: the fills may be dropped meanwhile.
        drop(env);
        pause.await;
    }
}

async fn succeeds(env: &Env, url: &str) -> bool {
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_static(headwater_model::rule::forwarding::USER_AGENT_VALUE));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    let request = OriginRequest {
        url: url.into(),
        method: OriginMethod::Get,
        headers,
        confidential: Vec::new(),
        signing: None,
        cause: RequestCause::Job,
        follow_redirects: false,
        timeouts: OriginTimeouts { first_byte: PROBE_LIMIT, ..OriginTimeouts::default() },
    };
    ask_origin(env, request).await.is_ok_and(|response| response.status == 200)
}
