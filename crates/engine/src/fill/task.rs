//! The task of one fill: asks the origin, judges the answer, moves the body, commits.
//!
//! Guarantees: runs to its end whoever leaves, unless more than `leftover_limit` remains; publishes exactly one end;
//! leaves the join table before it publishes an end that later requests must not share. If it panics or is dropped, its
//! sender vanishes, which followers take for a failure.

use std::sync::Arc;

use bytes::Bytes;
use headwater_model::bucket::Bucket;
use headwater_model::clock::Clock;
use headwater_model::encryption::WriteEncryption;
use headwater_model::limits::HOLD_BACK_BYTES;
use headwater_model::origin::{Origin, OriginMethod, OriginRequest, OriginResponse, RequestCause};
use headwater_model::reply::KnownFacts;
use headwater_model::settings::OriginKind;
use headwater_model::{Error, ObjectKey};
use headwater_store::{BucketRef, DataKey, Store};
use tokio::sync::{Semaphore, SemaphorePermit, watch};

use super::absences::Absences;
use super::ask::ask;
use super::commit;
use super::commit::{Finished, Late, Mismatch, judge_digests};
use super::failover::Attempts;
use super::failure::Failure;
use super::head::{self, Circumstances, Head, MAX_RELAYED_BYTES, Relay, Verdict};
use super::intake::{Gathered, Intake, Origination};
use super::islands::{FAR_BYTES, Islands};
use super::join::{Place, Started};
use super::observe::{FillObserver, FillOutcome, Report};
use super::probe::Probes;
use super::recent::RecentFailures;
use super::sink::{Moved, Sink, store_failure};
use super::state::{Fill, Flow, Phase, Relayed, Source, Whole};
use super::tags::Asking;
use super::tally::Tally;
use crate::encryption::NewKey;
use crate::locks::with_default;
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

/// Bytes of an island that are read at a time to be verified with the rest.
const DIGEST_BYTES: u64 = 256 << 10;

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

    async fn receive(&mut self, head: &Head, intake: &mut Intake<'_>) -> Result<FillOutcome, Failure> {
        if head.unstored.is_some() {
            self.place.leave();
        }
        if head.length.is_some_and(|length| length > HOLD_BACK_BYTES) {
            return self.stream(head, Vec::new(), intake).await;
        }
        match intake.gather(HOLD_BACK_BYTES).await? {
            Gathered::Whole(body) => self.whole(head, body).await,
            Gathered::Longer(beginning) => self.stream(head, beginning, intake).await,
        }
    }

    /// A small body, verified: into the store's memory and to the followers, then made durable.
    async fn whole(&mut self, head: &Head, body: Bytes) -> Result<FillOutcome, Failure> {
        if let Some(reason) = head::refuses_body(&body, &self.fill.plan.wants, head) {
            return Err(Failure::answer(head.origin_status, reason));
        }
        let finished = match head.unstored {
            Some(reason) => Err(reason),
            None => match self.write_whole(head, &body).await {
                Err(Mismatch::Fatal(failure)) => return Err(failure),
                Err(Mismatch::Unstored(reason)) => Err(reason),
                Ok(finished) => Ok(finished),
            },
        };
        let (meta, facts) = match &finished {
            Ok(finished) => (Arc::clone(&finished.meta), KnownFacts::ALL),
            Err(_) => {
                let mut meta = head.meta(None);
                meta.size_bytes = body.len() as u64;
                (Arc::new(meta), KnownFacts { size: true, etag: false, digests: false })
            }
        };
        if finished.is_err() {
            self.place.leave();
        }
        let stored = finished.is_ok();
        self.place.fetched();
        let env = Arc::clone(&self.env);
        let turn = if stored { Some(turn_to_commit(&env).await) } else { None };
        let whole = Whole { body, meta, facts, origin_status: head.origin_status, stored };
        self.phase.send_replace(Phase::Verified(Source::Whole(Arc::new(whole))));
        Ok(self.settle(finished, turn).await)
    }

    async fn write_whole(&mut self, head: &Head, body: &Bytes) -> Result<Finished, Mismatch> {
        let written = async {
            let mut writer = self.env.store.begin(self.intent(Some(body.len() as u64), false)).await?;
            if !body.is_empty() {
                writer.write(body.clone()).await?;
            }
            let digests = writer.finish().await?;
            Ok::<_, Error>((writer, digests))
        };
        let (writer, digests) = written.await.map_err(|error| {
            tracing::warn!(%error, "a fill goes on without the store");
            Mismatch::Unstored(store_failure(&error))
        })?;
        judge_digests(head, &digests, &self.fill.plan.wants)?;
        Ok(Finished { writer, meta: Arc::new(head.meta(Some(&digests))) })
    }

    /// A long body: followers read while it arrives.
    async fn stream(
        &mut self,
        head: &Head,
        beginning: Vec<Bytes>,
        intake: &mut Intake<'_>,
    ) -> Result<FillOutcome, Failure> {
        let mut sink = self.open(head).await;
        let mut islands = self.islands(head, intake, &sink);
        self.phase.send_replace(Phase::Streaming(Arc::new(Flow { islands: islands.clone(), ..flow(head, &sink) })));
        for chunk in beginning {
            self.write(head, &mut sink, chunk).await?;
        }
        loop {
            islands = islands.filter(|_| sink.ring().is_none());
            let stop = match &islands {
                Some(islands) => self.cross(islands, intake, &mut sink).await?,
                None => u64::MAX,
            };
            let Some(chunk) = intake.next_before(stop).await? else {
                if intake.received() == stop {
                    continue;
                }
                break;
            };
            self.received = intake.received();
            self.write(head, &mut sink, chunk).await?;
            if self.is_left_behind(intake) {
                return Err(Failure::abandoned());
            }
        }
        drop(islands);
        let digests = sink.finish().await;
        let wants = &self.fill.plan.wants;
        let verdict = match digests.as_ref().map_or(Ok(()), |digests| judge_digests(head, digests, wants)) {
            Err(Mismatch::Fatal(failure)) => return Err(failure),
            Err(Mismatch::Unstored(reason)) => Err(reason),
            Ok(()) => Ok(()),
        };
        if sink.ring().is_some() || verdict.is_err() {
            self.place.leave();
        }
        let stored = digests.is_some() && verdict.is_ok();
        self.place.fetched();
        let env = Arc::clone(&self.env);
        let turn = if stored { Some(turn_to_commit(&env).await) } else { None };
        let mut meta = head.meta(digests.as_ref().filter(|_| stored));
        meta.size_bytes = intake.received();
        let meta = Arc::new(meta);
        let facts = if stored { KnownFacts::ALL } else { KnownFacts { size: true, etag: false, digests: false } };
        let length = Some(intake.received());
        let flow = Flow { meta: Arc::clone(&meta), facts, stored, length, ..flow(head, &sink) };
        self.phase.send_replace(Phase::Verified(Source::Flow(Arc::new(flow))));
        let finished = verdict.and_then(|()| sink.into_writer()).map(|writer| Finished { writer, meta });
        Ok(self.settle(finished, turn).await)
    }

    /// Whether pieces may be fetched before their turn: into a file with room, of a version that a strong tag pins.
    fn islands(&self, head: &Head, intake: &Intake<'_>, sink: &Sink) -> Option<Arc<Islands>> {
        let length = head.length.filter(|length| *length > FAR_BYTES)?;
        let (source, ahead) = (intake.tagged_source()?, sink.ahead()?);
        Some(Islands::new(Arc::clone(&self.env), Arc::clone(&self.fill), source, length, ahead))
    }

    /// Takes over the islands that begin where the fill stands; where it has to stop next.
    async fn cross(&self, islands: &Islands, intake: &mut Intake<'_>, sink: &mut Sink) -> Result<u64, Failure> {
        let mut crossed = false;
        while let Some(island) = islands.beginning_at(intake.received()) {
            let (start, length) = (intake.received(), island.finished().await);
            let lost = |error: Error| {
                tracing::warn!(%error, "a piece that was fetched before its turn cannot be read back");
                Failure::Store(Arc::new(error))
            };
            while intake.received() < start + length {
                let end = (start + length).min(intake.received() + DIGEST_BYTES);
                let bytes = islands.read(intake.received()..end).await.map_err(lost)?;
                intake.take_over(&bytes)?;
            }
            if length > 0 {
                sink.absorb(length).await.map_err(lost)?;
            }
            // Also where nothing came of it: what the origin sent from here on was thrown away.
            crossed = true;
            islands.forget(&island);
        }
        let stop = islands.stop_behind(intake.received()).unwrap_or(u64::MAX);
        if crossed {
            intake.leap(stop).await?;
        }
        Ok(stop)
    }

    /// The file that followers read, or a ring if there can be none.
    async fn open(&mut self, head: &Head) -> Sink {
        let reason = match head.unstored {
            Some(reason) => reason,
            None => match self.env.store.begin(self.intent(head.length, true)).await {
                Ok(writer) => return Sink::store(writer),
                Err(error) => {
                    tracing::warn!(%error, "a fill goes on without the store");
                    store_failure(&error)
                }
            },
        };
        self.place.leave();
        Sink::pass_through(reason)
    }

    async fn write(&mut self, head: &Head, sink: &mut Sink, chunk: Bytes) -> Result<(), Failure> {
        let moved = sink.write(chunk, &self.fill.seats).await.map_err(|_| Failure::abandoned())?;
        if moved == Moved::ToRing {
            self.place.leave();
            self.phase.send_replace(Phase::Streaming(Arc::new(flow(head, sink))));
        }
        Ok(())
    }

    /// Whether nobody waits, and nothing can be stored any more or more remains than may be fetched for nobody.
    fn is_left_behind(&self, intake: &Intake<'_>) -> bool {
        let too_much = self
            .fill
            .plan
            .wants
            .settings
            .leftover_limit_bytes
            .is_some_and(|limit| intake.remaining().is_some_and(|remaining| remaining > limit));
        (too_much || self.fill.is_revoked()) && self.fill.seats.taken() == 0
    }

    /// Makes a verified body durable and visible, if it is to be and still may be.
    async fn settle(
        &mut self,
        finished: Result<Finished, &'static str>,
        mut turn: Option<SemaphorePermit<'_>>,
    ) -> FillOutcome {
        let outcome = match finished {
            Err(reason) => FillOutcome::PassedThrough(reason),
            Ok(finished) => {
                let token = self.fill.token.get().expect("what is stored has a token").clone();
                let tags = match self.tags.take() {
                    Some(asking) => {
                        // Waiting for an origin is not waiting for the disk.
                        turn = None;
                        asking.end(&self.fill.plan.wants.tags).await
                    }
                    None => Ok(finished.meta.tags.clone()),
                };
                match tags {
                    Ok(tags) => {
                        let _turn = match turn {
                            Some(turn) => turn,
                            None => turn_to_commit(&self.env).await,
                        };
                        let lock = with_default(&self.bucket, None, self.env.clock.now());
                        commit::commit(finished, Late { tags, lock }, token).await
                    }
                    Err(reason) => FillOutcome::PassedThrough(reason),
                }
            }
        };
        self.place.leave();
        outcome
    }

    /// Publishes an end that later requests must not share.
    fn publish_apart(&mut self, phase: Phase) {
        self.place.leave();
        self.phase.send_replace(phase);
    }

    fn intent(&self, content_length: Option<u64>, followed: bool) -> headwater_store::WriteIntent {
        headwater_store::WriteIntent {
            bucket: BucketRef::from(&*self.bucket),
            key: self.key.clone(),
            content_length,
            max_bytes: self.fill.plan.wants.settings.max_object_bytes,
            checksum: None,
            followed,
            data_key: self.data_key.clone(),
        }
    }
}

/// Waits until the store has room for one more verified body.
async fn turn_to_commit(env: &Env) -> SemaphorePermit<'_> {
    env.committing.acquire().await.expect("the permits are never closed")
}

/// The flow of a body that is not verified yet.
fn flow(head: &Head, sink: &Sink) -> Flow {
    let meta = head.meta(None);
    let stored = sink.ring().is_none();
    Flow {
        facts: KnownFacts { size: head.length.is_some(), etag: stored && head.knows_etag(), digests: false },
        meta: Arc::new(meta),
        origin_status: head.origin_status,
        stored,
        length: head.length,
        file: sink.file(),
        ring: sink.ring(),
        islands: None,
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
