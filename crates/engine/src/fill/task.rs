//! The task of one fill: asks the origin and judges the answer; `body` moves what it sends, and commits.
//!
//! Guarantees: runs to its end whoever leaves, unless more than `leftover_limit` remains; publishes exactly one end;
//! leaves the join table before it publishes an end that later requests must not share. If it panics or is dropped, its
//! sender vanishes, which followers take for a failure.

mod body;

use std::sync::Arc;

use bytes::Bytes;
use headwater_model::ObjectKey;
use headwater_model::bucket::Bucket;
use headwater_model::clock::Clock;
use headwater_model::encryption::WriteEncryption;
use headwater_model::origin::{Origin, OriginMethod, OriginRequest, OriginResponse, RequestCause};
use headwater_model::settings::OriginKind;
use headwater_store::{BucketRef, DataKey, Store};
use tokio::sync::{Semaphore, watch};

use super::absences::Absences;
use super::ask::ask;
use super::failover::Attempts;
use super::failure::Failure;
use super::head::{self, Circumstances, MAX_RELAYED_BYTES, Relay, Verdict};
use super::intake::{Gathered, Intake, Origination};
use super::join::{Place, Started};
use super::observe::{FillObserver, FillOutcome, Report};
use super::probe::Probes;
use super::recent::RecentFailures;
use super::state::{Fill, Phase, Relayed};
use super::tags::Asking;
use super::tally::Tally;
use crate::encryption::NewKey;
use crate::seal::Seal;

/// What all fills share.
pub(super) struct Env {
    pub(super) store: Arc<dyn Store>,
    pub(super) origin: Arc<dyn Origin>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observer: Arc<dyn FillObserver>,
    /// Origins of which it is known that they do not have an object.
    pub(super) absences: Absences,
    /// The last fetches that failed.
    pub(super) failures: RecentFailures,
    /// Which primaries are up.
    pub(super) probes: Probes,
    /// Permits for verified bodies to wait for the disk, and for their tags.
    pub(super) committing: Semaphore,
    /// Has the keys of what is encrypted.
    pub(super) seal: Arc<Seal>,
}

/// Whether a fill may commit.
enum Grant {
    Granted,
    /// There is nothing to fill any more.
    Obsolete,
}

/// One fill at work.
pub(super) struct Task {
    env: Arc<Env>,
    bucket: Arc<Bucket>,
    key: ObjectKey,
    fill: Arc<Fill>,
    /// The counters of its rule.
    tally: Arc<Tally>,
    /// Before `phase`: if the task is dropped, its place is free before its followers know.
    place: Place,
    phase: watch::Sender<Phase>,
    /// Of the candidates, who was asked last; what it answered, and how much of the body came.
    candidate: usize,
    origin_status: Option<u16>,
    received: u64,
    /// The request for the object's tags.
    tags: Option<Asking>,
    /// What the object is encrypted with, if its bucket encrypts.
    data_key: Option<DataKey>,
}

impl Task {
    pub(super) fn new(
        env: Arc<Env>,
        (bucket, key): (Arc<Bucket>, ObjectKey),
        started: Started,
        tally: Arc<Tally>,
    ) -> Self {
        let Started { fill, phase, place } = started;
        Self {
            env,
            bucket,
            key,
            fill,
            tally,
            place,
            phase,
            candidate: 0,
            origin_status: None,
            received: 0,
            tags: None,
            data_key: None,
        }
    }

    /// Runs to the end, or until `stop` says that the server cannot wait any longer.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let began = self.env.clock.elapsed();
        self.env.observer.started();
        let mut vanishing = Vanishing { env: Arc::clone(&self.env), began, ended: false };
        let result = tokio::select! {
            biased;
            result = self.work() => result,
            _ = stop.wait_for(|stop| *stop) => Err(Failure::shutdown()),
        };
        if let Err(failure) = &result {
            self.place.leave();
            // A verified body stays verified, whatever happens to its commit.
            if !matches!(*self.phase.borrow(), Phase::Verified(_)) {
                self.phase.send_replace(Phase::Failed(failure.clone()));
            }
        }
        vanishing.ended = true;
        let outcome = FillOutcome::from(result);
        let duration = self.env.clock.elapsed().saturating_sub(began);
        let report = Report {
            bucket: self.bucket.name.as_str(),
            key: self.key.as_str(),
            origin_host: self.fill.plan.origin_host(self.candidate),
            origin_status: self.origin_status,
            size_bytes: self.received,
            duration,
            outcome,
        };
        self.env.ended(&report, &self.tally);
    }

    /// Asks one origin after the other until one gives the object, or an answer that counts.
    async fn work(&mut self) -> Result<FillOutcome, Failure> {
        if self.fill.plan.wants.unstored.is_none() {
            match self.obtain_token().await? {
                Grant::Granted => {}
                Grant::Obsolete => {
                    self.publish_apart(Phase::Obsolete);
                    return Ok(FillOutcome::Obsolete);
                }
            }
        }
        let fill = Arc::clone(&self.fill);
        let env = Arc::clone(&self.env);
        let mut attempts = Attempts::new(env.probes.order(&env, &fill.plan).await);
        let mut before = None;
        loop {
            let (candidate, cause) = attempts.current();
            let from = Origination { env: &env, plan: &fill.plan, candidate };
            match self.attempt(from, cause).await {
                Err(failure) if failure.is_over_budget() => return Err(before.unwrap_or(failure)),
                Err(failure) if self.is_untold() => {
                    if !attempts.go_on(failure.again(fill.plan.wants.switch_all_errors)) {
                        return Err(failure);
                    }
                    before = Some(failure);
                }
                ended => return ended,
            }
        }
    }

    /// Whether no client knows anything of the object yet.
    fn is_untold(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Connecting | Phase::Relayed(_))
    }

    /// One origin's answer, to its end.
    async fn attempt(&mut self, from: Origination<'_>, cause: RequestCause) -> Result<FillOutcome, Failure> {
        if self.candidate != from.candidate {
            (self.candidate, self.origin_status) = (from.candidate, None);
        }
        self.received = 0;
        let OriginResponse { status, headers, framing, final_url: _, body, trailers } =
            self.answer(from, cause).await?;
        self.origin_status = Some(status);
        let Origination { env, plan, candidate } = from;
        match head::judge(status, &headers, framing, &Circumstances::of(plan, candidate, self.fill.started)) {
            Verdict::Failed(failure) if status == 403 && plan.candidates[candidate].kind() != OriginKind::Http => {
                let document = Intake::of_relayed(body, status, framing, env).gather(MAX_RELAYED_BYTES).await;
                let code = document.ok().and_then(|document| head::refusal_code(&document));
                Err(code.map_or(failure, |reason| Failure::answer(status, reason)))
            }
            Verdict::Failed(failure) => Err(failure),
            Verdict::NotFound => {
                env.absences.remember(&self.bucket, &self.key, (plan, candidate), OriginMethod::Get, status);
                self.publish_apart(Phase::Absent { origin_status: status });
                Ok(FillOutcome::NotFound)
            }
            Verdict::Relay(relay) => {
                let intake = Intake::of_relayed(body, status, framing, env);
                self.relay(status, relay, intake).await
            }
            Verdict::Object(mut head) => {
                self.tags = match head.unstored {
                    None => Asking::begin(env, &self.fill, candidate, &headers),
                    Some(_) => None,
                };
                if head.unstored.is_none() {
                    let new_key = env.seal.key_of_new(&WriteEncryption::BucketDefault, &self.bucket, &self.key);
                    (self.data_key, head.encryption) = NewKey::split(new_key);
                }
                if self.tags.is_some() {
                    // Not known yet, so none are told.
                    head.tags.clear();
                }
                let mut intake = Intake::new((body, trailers), &headers, &head, &from);
                let result = self.receive(&head, &mut intake).await;
                self.received = intake.received();
                result
            }
        }
    }

    /// Asks. Where the rule wants redirects of a certain status to reach the client (`MirrorAsyncStatus`), such a
    /// redirect does, and the object is asked for behind it.
    async fn answer(&mut self, from: Origination<'_>, cause: RequestCause) -> Result<OriginResponse, Failure> {
        let Origination { env, plan, candidate } = from;
        let asked = &plan.candidates[candidate];
        let request = || plan.request(candidate, OriginMethod::Get, cause);
        let Some(wanted) = plan.wants.async_status.filter(|_| self.phase_is_connecting()) else {
            return ask(env, asked, request()).await;
        };
        let unfollowed = ask(env, asked, OriginRequest { follow_redirects: false, ..request() }).await?;
        if !(300..400).contains(&unfollowed.status) || !plan.wants.follow_redirects {
            return Ok(unfollowed);
        }
        if unfollowed.status == wanted
            && let Some(location) = head::location(&unfollowed.headers)
        {
            self.origin_status = Some(wanted);
            let relayed = Relayed { status: wanted, location: Some(location), content_type: None, body: Bytes::new() };
            let relayed = Arc::new(relayed);
            // A fill asks for its object behind a redirect once: later attempts find the phase changed.
            let _ = self.fill.redirect.set(Arc::clone(&relayed));
            self.phase.send_replace(Phase::Relayed(relayed));
        }
        drop(unfollowed);
        ask(env, asked, request()).await
    }

    fn phase_is_connecting(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Connecting)
    }

    /// The right to commit.
    async fn obtain_token(&mut self) -> Result<Grant, Failure> {
        let bucket = BucketRef::from(&*self.bucket);
        let granted = self.env.store.begin_fill(&bucket, &self.key, self.fill.plan.rule_version).await;
        match granted.map_err(|error| Failure::Store(Arc::new(error)))? {
            Some(token) => {
                self.fill.token.set(token).expect("a fill asks for its token once");
                Ok(Grant::Granted)
            }
            None => Ok(Grant::Obsolete),
        }
    }

    /// Passes on the origin's own answer; a redirect goes without its body.
    async fn relay(&mut self, status: u16, relay: Relay, mut intake: Intake<'_>) -> Result<FillOutcome, Failure> {
        let Relay { location, content_type } = relay;
        let body = match location {
            Some(_) => Bytes::new(),
            None => match intake.gather(MAX_RELAYED_BYTES).await? {
                Gathered::Whole(body) => body,
                Gathered::Longer(_) => return Err(Failure::answer(status, "relayed_answer_too_large")),
            },
        };
        self.publish_apart(Phase::Relayed(Arc::new(Relayed { status, location, content_type, body })));
        Ok(FillOutcome::Relayed)
    }

    /// Publishes an end that later requests must not share.
    fn publish_apart(&mut self, phase: Phase) {
        self.place.leave();
        self.phase.send_replace(phase);
    }
}

/// Tells the observer of a fill whose task ends without saying how.
struct Vanishing {
    env: Arc<Env>,
    began: std::time::Duration,
    ended: bool,
}

impl Drop for Vanishing {
    fn drop(&mut self) {
        if !self.ended {
            let duration = self.env.clock.elapsed().saturating_sub(self.began);
            self.env.observer.ended(FillOutcome::Failed("vanished"), duration);
        }
    }
}
