//! Connections kept for the next request.
//!
//! Guarantees: never more than the configured numbers of open and of idle connections; a connection that is known to be
//! dead, or idle for longer than [`MAX_IDLE`], is never handed out.
//!
//! How: the newest idle connection of an endpoint first, so that the surplus of a burst ages and goes. One HTTP/2
//! connection per endpoint is shared. The check for life happens at hand-out, without waiting; a task that runs while
//! the pool exists closes what nobody asks for.
//!
//! Deliberately not here: one attempt at a time per endpoint (the first burst towards an HTTP/2 origin may open several
//! connections, of which the last is shared and the others end with their requests), and waiting for a connection to
//! become free. Concurrency towards one origin is limited by whoever
//! sends the requests; the limit on open connections only keeps this process from running out of sockets.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use headwater_model::clock::Clock;
use headwater_model::origin::OriginError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::h1::H1;
use crate::h2::H2;
use crate::target::Endpoint;
use crate::tls::TrustId;

/// Longest idleness. Shorter than the keep-alive limits that servers use by default (nginx 75 s, Apache httpd 5 s being
/// the notable exception), so that a reused connection is rarely closing already.
const MAX_IDLE: Duration = Duration::from_secs(45);
/// When to try again while every connection is in use: they free up as fast as requests end.
const BUSY_RETRY_AFTER: Duration = Duration::from_secs(1);
/// How often idle connections are looked through.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// How many connections may exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolLimits {
    /// Idle HTTP/1.1 connections per endpoint (scheme, host, port).
    pub max_idle_per_host: usize,
    /// Idle HTTP/1.1 connections in total.
    pub max_idle_total: usize,
    /// Open connections in total, idle ones included; beyond it requests fail with [`OriginError::Busy`].
    pub max_open: usize,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self { max_idle_per_host: 128, max_idle_total: 512, max_open: 2048 }
    }
}

/// Whom a connection leads to, and on which terms of trust it was made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Line {
    pub(crate) endpoint: Arc<Endpoint>,
    /// The default for plain HTTP.
    pub(crate) trust: TrustId,
}

/// A connection to send a request on.
pub(crate) enum Connection {
    H1(Box<H1>),
    H2(H2),
}

pub(crate) struct Pool {
    limits: PoolLimits,
    clock: Arc<dyn Clock>,
    open: Arc<Semaphore>,
    idle: Mutex<Idle>,
    swept: AtomicBool,
}

#[derive(Default)]
struct Idle {
    lines: HashMap<Line, Kept>,
    /// Sum of all `h1` lengths.
    total: usize,
}

#[derive(Default)]
struct Kept {
    /// Oldest first.
    h1: Vec<IdleH1>,
    h2: Option<SharedH2>,
}

struct SharedH2 {
    connection: H2,
    /// Reading of the pool's clock when it was last handed out.
    used: Duration,
}

struct IdleH1 {
    connection: Box<H1>,
    /// Reading of the pool's clock when it became idle.
    since: Duration,
}

impl Pool {
    pub(crate) fn new(limits: PoolLimits, clock: Arc<dyn Clock>) -> Arc<Self> {
        let open = Arc::new(Semaphore::new(limits.max_open.min(Semaphore::MAX_PERMITS)));
        Arc::new(Self { limits, clock, open, idle: Mutex::default(), swept: AtomicBool::new(false) })
    }

    /// A live connection of the line, if there is one.
    pub(crate) fn take(&self, line: &Line) -> Option<Connection> {
        loop {
            let mut idle = {
                let mut all = self.lock();
                let all = &mut *all;
                let kept = all.lines.get_mut(line)?;
                if let Some(shared) = &mut kept.h2 {
                    if shared.connection.is_alive() {
                        shared.used = self.clock.elapsed();
                        return Some(Connection::H2(shared.connection.clone()));
                    }
                    kept.h2 = None;
                }
                let idle = kept.h1.pop()?;
                all.total -= 1;
                idle
            };
            // Looked at outside the lock: it reads from the socket.
            if self.clock.elapsed().saturating_sub(idle.since) < MAX_IDLE && idle.connection.is_alive() {
                return Some(Connection::H1(idle.connection));
            }
        }
    }

    /// Keeps an idle connection, in place of the oldest one if there are too many.
    pub(crate) fn put(self: &Arc<Self>, line: &Line, connection: Box<H1>) {
        self.sweep_from_now_on();
        let since = self.clock.elapsed();
        // Dropped after the lock: closing sockets takes time.
        let _evicted = {
            let mut idle = self.lock();
            let kept = idle.lines.get(line).map_or(0, |kept| kept.h1.len());
            let evicted = if kept >= self.limits.max_idle_per_host {
                idle.evict_oldest(Some(line))
            } else if idle.total >= self.limits.max_idle_total {
                idle.evict_oldest(None)
            } else {
                None
            };
            idle.lines.entry(line.clone()).or_default().h1.push(IdleH1 { connection, since });
            idle.total += 1;
            evicted
        };
    }

    /// Shares a fresh HTTP/2 connection with the requests to come.
    pub(crate) fn share(self: &Arc<Self>, line: &Line, connection: &H2) {
        self.sweep_from_now_on();
        let shared = SharedH2 { connection: connection.clone(), used: self.clock.elapsed() };
        self.lock().lines.entry(line.clone()).or_default().h2 = Some(shared);
    }

    /// Permission to open one more connection; idle HTTP/1.1 ones give way.
    pub(crate) fn permit(&self) -> Result<OwnedSemaphorePermit, OriginError> {
        loop {
            if let Ok(permit) = Arc::clone(&self.open).try_acquire_owned() {
                return Ok(permit);
            }
            let evicted = self.lock().evict_oldest(None);
            if evicted.is_none() {
                return Err(OriginError::Busy { limit: "open_connections", retry_after: BUSY_RETRY_AFTER });
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the sweeping task once; not in `new`, which may run before there is a runtime.
    fn sweep_from_now_on(self: &Arc<Self>) {
        if !self.swept.swap(true, Ordering::Relaxed) {
            tokio::spawn(sweep_while_alive(Arc::downgrade(self)));
        }
    }

    /// One look at each idle connection under the lock: at most `max_idle_total` reads that do not wait.
    fn sweep(&self) {
        let now = self.clock.elapsed();
        let mut idle = self.lock();
        let all = &mut *idle;
        all.lines.retain(|_, kept| {
            let before = kept.h1.len();
            kept.h1.retain_mut(|idle| now.saturating_sub(idle.since) < MAX_IDLE && idle.connection.is_alive());
            all.total -= before - kept.h1.len();
            // Responses under way keep their connection open; only the handle for new requests goes.
            kept.h2.take_if(|h2| now.saturating_sub(h2.used) >= MAX_IDLE || !h2.connection.is_alive());
            !kept.h1.is_empty() || kept.h2.is_some()
        });
    }
}

async fn sweep_while_alive(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(SWEEP_INTERVAL).await;
        let Some(pool) = pool.upgrade() else { return };
        pool.sweep();
    }
}

impl Idle {
    /// Takes the connection out that is idle for longest, of one line or of all.
    fn evict_oldest(&mut self, line: Option<&Line>) -> Option<Box<H1>> {
        let kept = match line {
            Some(line) => self.lines.get_mut(line),
            None => self
                .lines
                .values_mut()
                .filter(|kept| !kept.h1.is_empty())
                .min_by_key(|kept| kept.h1.first().map(|idle| idle.since)),
        }?;
        if kept.h1.is_empty() {
            return None;
        }
        self.total -= 1;
        Some(kept.h1.remove(0).connection)
    }
}
