//! One origin: who may ask it now, and what its answers say about it.
//!
//! Guarantees: a refusal comes at once where waiting is pointless, and after [`MAX_WAIT`] at the latest; what was
//! admitted holds its permit until its [`Exchange`] is gone.
//!
//! How: all knowledge is behind one lock, which an admission without limits in its way takes once and an end once. The
//! parts (breaker, permits, pace, retries, usage) are state machines without time or tasks of their own.
//!
//! ```text
//! gates (budget, pause, breaker, retries) ─► permit ─► rate ─► gates again ─► Exchange
//!          │ refused at once                  │ queue   │ queue
//! ```

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use headwater_model::clock::{Clock, Timestamp};
use headwater_model::origin::{OriginError, OriginId};
use headwater_model::settings::{OriginSettings, OriginUsage};
use tokio::sync::oneshot;

use super::ask::{Ask, Tally};
use super::breaker::{Breaker, BreakerState, Outcome, PROBE_INTERVAL, Ticket};
use super::exchange::Exchange;
use super::pace::Pace;
use super::permits::{Permits, Rank};
use super::retries::RetryBudget;
use super::status::{LastAnswer, OriginStatus, OriginTotals};
use super::usage;

/// Longest wait for a permit or for the rate: who waits longer is better told to come again.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(2);
/// When to try again while all permits are taken and the queue is full.
const PERMITS_RETRY_AFTER: Duration = Duration::from_secs(1);
/// Longest `Retry-After` of a used-up byte budget, which the operator may raise at any time.
const MAX_BUDGET_RETRY_AFTER: Duration = Duration::from_hours(1);

/// Everything known about one origin.
#[derive(Debug)]
pub(crate) struct KnownOrigin {
    id: OriginId,
    pub(super) clock: Arc<dyn Clock>,
    known: Mutex<Known>,
    /// Body bytes received and not yet in `Known::usage`, where the lock would have been taken for them alone.
    unbooked_bytes: AtomicU64,
    /// How far the origin's clock is known to be ahead of ours.
    ahead_ms: AtomicI64,
}

#[derive(Debug)]
struct Known {
    settings: Arc<OriginSettings>,
    breaker: Breaker,
    permits: Permits<oneshot::Sender<Permit>>,
    requests: Pace,
    bytes: Pace,
    retries: RetryBudget,
    usage: OriginUsage,
    paused_until: Duration,
    last: Option<Last>,
    last_used: Duration,
    totals: OriginTotals,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    status: Option<u16>,
    error: Option<&'static str>,
    at: Duration,
}

/// One of the origin's permits; dropping it hands it to the next who waits.
#[derive(Debug)]
pub(super) struct Permit {
    origin: Arc<KnownOrigin>,
    /// Still to be given back.
    held: bool,
}

/// How far an admission has come.
#[derive(Default)]
struct Progress {
    permit: Option<Permit>,
    rate_paid: bool,
}

enum Step {
    Go(Exchange),
    Queued(oneshot::Receiver<Permit>),
    Wait(Duration),
}

impl KnownOrigin {
    pub(super) fn new(id: OriginId, settings: Arc<OriginSettings>, clock: Arc<dyn Clock>) -> Arc<Self> {
        let now = clock.elapsed();
        let known = Known {
            settings,
            breaker: Breaker::new(now),
            permits: Permits::new(),
            requests: Pace::default(),
            bytes: Pace::default(),
            retries: RetryBudget::new(),
            usage: OriginUsage::default(),
            paused_until: Duration::ZERO,
            last: None,
            last_used: now,
            totals: OriginTotals::default(),
        };
        Arc::new(Self {
            id,
            clock,
            known: Mutex::new(known),
            unbooked_bytes: AtomicU64::new(0),
            ahead_ms: AtomicI64::new(0),
        })
    }

    pub(super) fn id(&self) -> &OriginId {
        &self.id
    }

    /// Admits a request, or says which limit is in its way.
    pub(crate) async fn admit(self: &Arc<Self>, ask: Ask) -> Result<Exchange, OriginError> {
        let started = self.clock.elapsed();
        let mut progress = Progress::default();
        loop {
            let now = self.clock.elapsed();
            let left = MAX_WAIT.saturating_sub(now.saturating_sub(started));
            let step = self.step(ask, &mut progress, now, left);
            match step.inspect_err(|_| self.lock().totals.refused += 1)? {
                Step::Go(exchange) => return Ok(exchange),
                Step::Wait(wait) => self.clock.sleep(wait).await,
                Step::Queued(permit) => {
                    let mut sleep = self.clock.sleep(left);
                    tokio::select! {
                        biased;
                        // The sender lives as long as the queue that holds it; without it, the wait ends by time.
                        Ok(permit) = permit => progress.permit = Some(permit),
                        () = &mut sleep => {
                            self.lock().totals.refused += 1;
                            return Err(busy("origin_permits", PERMITS_RETRY_AFTER));
                        }
                    }
                }
            }
        }
    }

    fn step(
        self: &Arc<Self>,
        ask: Ask,
        progress: &mut Progress,
        now: Duration,
        left: Duration,
    ) -> Result<Step, OriginError> {
        let mut known = self.lock();
        let known = &mut *known;
        known.last_used = now;
        self.book(known);
        known.gates(ask, now, self.clock.now())?;
        let limit = known.settings.limits.max_concurrent;
        if progress.permit.is_none() {
            if !known.permits.take(limit) {
                let (sender, receiver) = oneshot::channel();
                return match known.permits.queue(ask.rank, limit, sender, |waiter| !waiter.is_closed()) {
                    Ok(()) => Ok(Step::Queued(receiver)),
                    Err(_full) => Err(busy("origin_permits", PERMITS_RETRY_AFTER)),
                };
            }
            progress.permit = Some(Permit::of(self));
        }
        if let Some(rate) = known.settings.limits.requests_per_s.filter(|_| !progress.rate_paid) {
            let wait = known.requests.wait_for(1, rate.into(), now);
            if wait > left {
                return Err(busy("origin_rate", wait));
            }
            // A job takes what is there and leaves the credit to clients.
            if ask.rank == Rank::Client || wait.is_zero() {
                known.requests.take(1, rate.into(), now);
                progress.rate_paid = true;
            }
            if !wait.is_zero() {
                return Ok(Step::Wait(wait));
            }
        }
        let ticket = known.begin(ask, now)?;
        let permit = progress.permit.take().expect("taken above or before");
        Ok(Step::Go(Exchange::new(permit, ticket, Arc::clone(&known.settings))))
    }

    /// The time by the origin's clock.
    pub(super) fn time(&self) -> Timestamp {
        Timestamp(self.clock.now().0.saturating_add(self.ahead_ms.load(Ordering::Relaxed)))
    }

    pub(super) fn set_time(&self, time: Timestamp) {
        let ahead_ms = time.0.saturating_sub(self.clock.now().0);
        self.ahead_ms.store(ahead_ms, Ordering::Relaxed);
        tracing::warn!(origin = %self.id, ahead_ms, "clocks differ too much for signatures; signing by the origin's");
    }

    /// Takes one retry from the budget.
    pub(super) fn spend_retry(&self) -> bool {
        let mut known = self.lock();
        let spent = known.retries.spend();
        known.totals.requests += u64::from(spent);
        known.totals.retries += u64::from(spent);
        spent
    }

    /// Notes how an exchange began.
    pub(super) fn note(&self, status: Option<u16>, error: Option<&'static str>) {
        let at = self.clock.elapsed();
        self.lock().last = Some(Last { status, error, at });
    }

    /// Leaves the origin alone for a while.
    pub(super) fn pause(&self, pause: Duration) {
        let until = self.clock.elapsed() + pause;
        let mut known = self.lock();
        known.paused_until = known.paused_until.max(until);
        tracing::info!(origin = %self.id, pause_ms = millis(pause), "origin asked to be left alone");
    }

    /// Takes what an exchange said about the origin's health.
    pub(super) fn record(&self, ticket: Ticket, outcome: Outcome) {
        let now = self.clock.elapsed();
        let changed = {
            let mut known = self.lock();
            known.totals.failures += u64::from(outcome == Outcome::Failure);
            let changed = known.breaker.record(ticket, outcome, now);
            known.totals.opened += u64::from(changed && outcome == Outcome::Failure);
            changed
        };
        if changed && outcome == Outcome::Failure {
            tracing::warn!(origin = %self.id, "origin does not answer; asking it once a second until it does");
        } else if changed {
            tracing::info!(origin = %self.id, "origin answers again");
        }
    }

    /// Counts body bytes; under a rate, their receiver has to wait for the time it gives back.
    pub(super) fn received(&self, bytes: u64, rate_per_s: Option<u64>) -> Duration {
        self.unbooked_bytes.fetch_add(bytes, Ordering::Relaxed);
        match rate_per_s {
            Some(rate) => self.lock().bytes.take(bytes, rate, self.clock.elapsed()),
            None => Duration::ZERO,
        }
    }

    /// Takes new settings; whom a higher limit lets in goes now.
    pub(super) fn set_settings(self: &Arc<Self>, settings: Arc<OriginSettings>) {
        let limit = settings.limits.max_concurrent;
        let admitted: Vec<_> = {
            let mut known = self.lock();
            known.settings = settings;
            std::iter::from_fn(|| known.permits.hand_over(limit)).collect()
        };
        for waiter in admitted {
            // What a waiter that gave up does not take gives itself back.
            drop(waiter.send(Permit::of(self)));
        }
    }

    pub(super) fn usage(&self) -> OriginUsage {
        let mut known = self.lock();
        self.book(&mut known);
        usage::roll(&mut known.usage, self.clock.now());
        known.usage
    }

    pub(super) fn restore(&self, usage: OriginUsage) {
        self.lock().usage = usage;
    }

    /// Reading of the clock when it was last asked, if nothing is lost by forgetting it now.
    pub(super) fn idle_since(&self) -> Option<Duration> {
        let known = self.lock();
        let healthy = known.breaker.state() == BreakerState::Closed && known.paused_until <= self.clock.elapsed();
        (healthy && known.permits.out() == 0).then_some(known.last_used)
    }

    pub(super) fn status(&self) -> OriginStatus {
        let (now, usage) = (self.clock.elapsed(), self.usage());
        let known = self.lock();
        let waiting = known.permits.waiting().filter(|waiter| !waiter.is_closed()).count();
        OriginStatus {
            breaker: known.breaker.state(),
            breaker_for_ms: millis(now.saturating_sub(known.breaker.changed())),
            paused_for_ms: millis(known.paused_until.saturating_sub(now)),
            in_flight: known.permits.out(),
            waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
            retry_tenths: known.retries.tenths(),
            bytes_today: usage.day_bytes,
            bytes_this_month: usage.month_bytes,
            last_answer: known.last.map(|last| LastAnswer {
                status: last.status,
                error: last.error,
                age_ms: millis(now.saturating_sub(last.at)),
            }),
            totals: known.totals,
        }
    }

    /// Brings the bytes received since the last time to their day.
    fn book(&self, known: &mut Known) {
        let bytes = self.unbooked_bytes.swap(0, Ordering::Relaxed);
        if bytes > 0 {
            usage::add(&mut known.usage, bytes, self.clock.now());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// What is in the way of any request now.
    fn gates(&mut self, ask: Ask, now: Duration, time: Timestamp) -> Result<(), OriginError> {
        let limits = &self.settings.limits;
        if let Some(left) = usage::used_up(&mut self.usage, limits.bytes_per_day, limits.bytes_per_month, time) {
            return Err(busy("origin_budget", left.min(MAX_BUDGET_RETRY_AFTER)));
        }
        if now < self.paused_until {
            return Err(busy("origin_paused", self.paused_until.saturating_sub(now)));
        }
        self.breaker.check(now).map_err(breaker_open)?;
        if ask.tally == Tally::Spends && !self.retries.can_spend() {
            return Err(OriginError::RetryBudget);
        }
        Ok(())
    }

    /// The request goes out.
    fn begin(&mut self, ask: Ask, now: Duration) -> Result<Ticket, OriginError> {
        let ticket = self.breaker.pass(now).map_err(breaker_open)?;
        match ask.tally {
            Tally::Earns => self.retries.earn(),
            Tally::Spends => {
                // The gates have just seen that it can.
                self.retries.spend();
            }
            Tally::Neither => {}
        }
        self.totals.requests += 1;
        self.totals.retries += u64::from(ask.tally == Tally::Spends);
        self.totals.probes += u64::from(ticket.probe);
        Ok(ticket)
    }
}

impl Permit {
    fn of(origin: &Arc<KnownOrigin>) -> Self {
        Self { origin: Arc::clone(origin), held: true }
    }

    pub(super) fn origin(&self) -> &KnownOrigin {
        &self.origin
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut give_back = self.held;
        while give_back {
            let waiter = {
                let mut known = self.origin.lock();
                known.permits.give_back();
                let limit = known.settings.limits.max_concurrent;
                known.permits.hand_over(limit)
            };
            // What a waiter that gave up could not take is handed to the next one.
            give_back =
                waiter.and_then(|waiter| waiter.send(Self::of(&self.origin)).err()).is_some_and(|mut unwanted| {
                    unwanted.held = false;
                    true
                });
        }
    }
}

fn busy(limit: &'static str, retry_after: Duration) -> OriginError {
    OriginError::Busy { limit, retry_after }
}

fn breaker_open(until_probe: Duration) -> OriginError {
    busy("breaker_open", until_probe.max(PROBE_INTERVAL))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
