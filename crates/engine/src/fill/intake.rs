//! The body of an origin's answer, counted and verified while it is read.
//!
//! Guarantees: a clean end is told only after the length was found to be the announced one and every announced digest
//! was found right (invariant 2); bytes beyond the announced length are never handed on; an origin that trickles below
//! the rate that its settings ask for does not hold a fill for ever; a connection that is lost is replaced, unseen by
//! followers, where the origin allows it ([`super::rescue`]).

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use headwater_model::body::ByteStream;
use headwater_model::origin::{Framing, Trailers};
use http::HeaderMap;

use super::failure::Failure;
use super::head::{self, Head};
use super::plan::Plan;
use super::rescue::{Pin, Rescue};
use super::task::Env;
use super::verify::Verifier;

/// Time over which the rate is judged (chaos matrix, O42); only waiting for the origin counts, not waiting for the store
/// or a ring. Silence has its own, shorter limit in the client.
const RATE_WINDOW: Duration = Duration::from_secs(30);

/// Reads one body.
pub(super) struct Intake<'a> {
    body: ByteStream,
    env: &'a Env,
    rescue: Option<Rescue<'a>>,
    /// Bytes to come that are already here.
    skip: u64,
    pace: Pace,
    verifier: Verifier,
    trailers: Trailers,
    origin_status: u16,
    /// Announced length.
    length: Option<u64>,
    /// Largest object.
    max_bytes: u64,
    received: u64,
}

/// Who gives a body.
#[derive(Clone, Copy)]
pub(super) struct Origination<'a> {
    pub(super) env: &'a Arc<Env>,
    pub(super) plan: &'a Plan,
    pub(super) candidate: usize,
}

/// How fast the body came since the last judgement.
struct Pace {
    min_bytes_per_s: u64,
    waited: Duration,
    received: u64,
}

/// The beginning of a body.
pub(super) enum Gathered {
    /// It is all.
    Whole(Bytes),
    /// More comes.
    Longer(Vec<Bytes>),
}

impl<'a> Intake<'a> {
    /// Over the body that came with `head` from a candidate of the plan.
    pub(super) fn new(
        (body, trailers): (ByteStream, Trailers),
        headers: &HeaderMap,
        head: &Head,
        from: &Origination<'a>,
    ) -> Self {
        let Origination { env, plan, candidate } = *from;
        let (origin_status, length) = (head.origin_status, head.length);
        let pin = Pin::of(headers, length, env.clock.now());
        let settings = &plan.candidates[candidate].settings;
        Self {
            body,
            env,
            rescue: Some(Rescue::new(env, plan, candidate, pin)),
            skip: 0,
            // Where we ourselves slow the body down, its pace says nothing about the origin.
            pace: Pace::at_least(settings.limits.bytes_per_s.map_or(settings.limits.min_bytes_per_s, |_| 0)),
            verifier: Verifier::announced_by(headers),
            trailers,
            origin_status,
            length,
            max_bytes: plan.wants.settings.max_object_bytes,
            received: 0,
        }
    }

    /// Over a body that is passed on as the origin's own answer: only its length can be verified.
    pub(super) fn of_relayed(body: ByteStream, origin_status: u16, framing: Framing, env: &'a Env) -> Self {
        let length = head::framing_length(framing);
        Self {
            body,
            env,
            rescue: None,
            skip: 0,
            pace: Pace::at_least(0),
            verifier: Verifier::of_nothing(),
            trailers: Trailers::default(),
            origin_status,
            length,
            max_bytes: u64::MAX,
            received: 0,
        }
    }

    /// Bytes so far.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// Bytes to come, if known.
    pub(super) fn remaining(&self) -> Option<u64> {
        self.length.map(|length| length.saturating_sub(self.received))
    }

    /// The next chunk, never empty and not beyond `stop`; `None` once the whole was verified, or where `stop` is.
    ///
    /// # Errors
    /// The body broke, has another length than announced, is larger than allowed, or has another digest.
    pub(super) async fn next_before(&mut self, stop: u64) -> Result<Option<Bytes>, Failure> {
        loop {
            if self.received == stop {
                return Ok(None);
            }
            let asked = self.env.clock.elapsed();
            let chunk = poll_fn(|cx| self.body.as_mut().poll_next(cx)).await;
            self.pace.waited += self.env.clock.elapsed().saturating_sub(asked);
            let chunk = match chunk {
                None if self.length.is_some_and(|length| self.received < length) => {
                    self.go_on(Failure::length(self.origin_status, "body_short")).await?;
                    continue;
                }
                None => return self.verify_end().map(|()| None),
                Some(Err(error)) => {
                    self.go_on(Failure::body(&error, self.origin_status)).await?;
                    continue;
                }
                Some(Ok(chunk)) => chunk,
            };
            if !self.rescue.as_ref().is_some_and(Rescue::reads_here) {
                self.env.observer.origin_bytes(chunk.len() as u64);
            }
            let keeps_up = self.pace.keeps_up(chunk.len() as u64);
            let new = self.new_bytes(chunk).map(|mut chunk| {
                // Within the chunk where it matters, so it fits usize.
                chunk.truncate(usize::try_from(stop - self.received).unwrap_or(usize::MAX));
                chunk
            });
            new.as_ref().map_or(Ok(()), |chunk| self.take(chunk))?;
            if !keeps_up && self.remaining() != Some(0) && self.received != stop {
                self.go_on(Failure::too_slow(self.origin_status)).await?;
            }
            if new.is_some() {
                return Ok(new);
            }
        }
    }

    /// The next chunk, never empty; `None` once the whole was verified.
    ///
    /// # Errors
    /// As [`Self::next_before`].
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        self.next_before(u64::MAX).await
    }

    /// Who gives the bytes, and the strong tag that pins their version; `None` without such a tag.
    pub(super) fn tagged_source(&self) -> Option<(usize, Pin)> {
        let (candidate, pin) = self.rescue.as_ref()?.source();
        pin.filter(|pin| matches!(pin, Pin::Tag(_))).map(|pin| (candidate, pin.clone()))
    }

    /// Takes bytes that came another way, to be verified with the rest.
    pub(super) fn take_over(&mut self, bytes: &Bytes) -> Result<(), Failure> {
        self.take(bytes)
    }

    /// Goes on behind bytes that came another way, up to `stop` at first.
    ///
    /// # Errors
    /// Nothing goes on there, or the object changed.
    pub(super) async fn leap(&mut self, stop: u64) -> Result<(), Failure> {
        if self.remaining() == Some(0) {
            self.body = Box::pin(futures_util::stream::empty());
            return Ok(());
        }
        let lost = Failure::leap(self.origin_status);
        let Some(rescue) = &mut self.rescue else { return Err(lost) };
        let rest = rescue.part(self.received..stop, self.length, lost).await?;
        (self.body, self.trailers, self.skip) = (rest.body, rest.trailers, rest.skip);
        self.pace.restart();
        Ok(())
    }

    /// Replaces a body that was lost by one that goes on where it was lost.
    async fn go_on(&mut self, lost: Failure) -> Result<(), Failure> {
        let Some(rescue) = &mut self.rescue else { return Err(lost) };
        let rest = rescue.rest(self.received, self.length, lost).await?;
        self.body = rest.body;
        self.trailers = rest.trailers;
        self.skip = rest.skip;
        self.length = self.length.or(rest.total);
        self.pace.restart();
        Ok(())
    }

    /// What of a chunk is not here yet; `None` if nothing is.
    fn new_bytes(&mut self, mut chunk: Bytes) -> Option<Bytes> {
        // Within the chunk, so it fits usize.
        let known = self.skip.min(chunk.len() as u64);
        self.skip -= known;
        let new = chunk.split_off(known as usize);
        (!new.is_empty()).then_some(new)
    }

    fn take(&mut self, chunk: &Bytes) -> Result<(), Failure> {
        self.received += chunk.len() as u64;
        if self.length.is_some_and(|length| self.received > length) {
            return Err(Failure::length(self.origin_status, "body_surplus"));
        }
        if self.received > self.max_bytes {
            return Err(Failure::answer(self.origin_status, "too_large"));
        }
        self.verifier.update(chunk);
        Ok(())
    }

    fn verify_end(&mut self) -> Result<(), Failure> {
        if !self.verifier.holds(self.trailers.get()) {
            return Err(Failure::digest(self.origin_status));
        }
        Ok(())
    }

    /// Reads until the body ended or is known to be longer than `limit_bytes`. Nothing is read of a body that is
    /// announced longer.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub(super) async fn gather(&mut self, limit_bytes: u64) -> Result<Gathered, Failure> {
        let mut chunks = Vec::new();
        while self.length.unwrap_or(self.received) <= limit_bytes {
            match self.next().await? {
                Some(chunk) => chunks.push(chunk),
                None => return Ok(Gathered::Whole(in_one_piece(chunks))),
            }
        }
        Ok(Gathered::Longer(chunks))
    }
}

impl Pace {
    fn at_least(min_bytes_per_s: u64) -> Self {
        Self { min_bytes_per_s, waited: Duration::ZERO, received: 0 }
    }

    /// Begins a new window.
    fn restart(&mut self) {
        *self = Self::at_least(self.min_bytes_per_s);
    }

    /// Counts what came; at the end of each window, whether it was enough.
    fn keeps_up(&mut self, size_bytes: u64) -> bool {
        self.received += size_bytes;
        if self.waited < RATE_WINDOW {
            return true;
        }
        let enough = self.received >= self.min_bytes_per_s * self.waited.as_secs();
        self.restart();
        enough
    }
}

fn in_one_piece(mut chunks: Vec<Bytes>) -> Bytes {
    if chunks.len() <= 1 {
        return chunks.pop().unwrap_or_default();
    }
    let mut all = BytesMut::with_capacity(chunks.iter().map(Bytes::len).sum());
    for chunk in &chunks {
        all.extend_from_slice(chunk);
    }
    all.freeze()
}
