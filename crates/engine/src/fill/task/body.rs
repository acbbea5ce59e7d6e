//! The body of a fill: moved, verified, committed.
//!
//! Guarantees: an end is published as verified only after length and digests were judged, and the commit follows it; what
//! the store does not take streams through, and is said to be unstored before anybody may believe it stored.

use std::sync::Arc;

use bytes::Bytes;
use headwater_model::Error;
use headwater_model::limits::HOLD_BACK_BYTES;
use headwater_model::reply::KnownFacts;
use headwater_store::BucketRef;
use tokio::sync::SemaphorePermit;

use super::super::commit::{self, Finished, Late, Mismatch, judge_digests};
use super::super::failure::Failure;
use super::super::head::{self, Head};
use super::super::intake::{Gathered, Intake};
use super::super::islands::{FAR_BYTES, Islands};
use super::super::observe::FillOutcome;
use super::super::sink::{Moved, Sink, store_failure};
use super::super::state::{Flow, Phase, Source, Whole};
use super::{Env, Task};
use crate::locks::with_default;

/// Bytes of an island that are read at a time to be verified with the rest.
const DIGEST_BYTES: u64 = 256 << 10;

impl Task {
    /// The body of an object, to its end.
    pub(super) async fn receive(&mut self, head: &Head, intake: &mut Intake<'_>) -> Result<FillOutcome, Failure> {
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
