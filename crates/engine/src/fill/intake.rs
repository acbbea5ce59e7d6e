//! The body of an origin's answer, counted and verified while it is read.
//!
//! Guarantees: a clean end is told only after the length was found to be the announced one and every announced digest
//! was found right (invariant 2); bytes beyond the announced length are never handed on; an origin that trickles below
//! [`MIN_BYTES_PER_S`] does not hold a fill for ever.

use std::future::poll_fn;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use headwater_model::body::ByteStream;
use headwater_model::origin::Framing;
use http::HeaderMap;

use super::failure::Failure;
use super::head::{self, Head};
use super::task::Env;
use super::verify::Verifier;

/// Slowest body that is waited for (chaos matrix, O42). Silence has its own, shorter limit in the client.
const MIN_BYTES_PER_S: u64 = 1 << 10;
/// Time over which the rate is judged; only waiting for the origin counts, not waiting for the store or a ring.
const RATE_WINDOW: Duration = Duration::from_secs(30);

/// Reads one body.
pub(super) struct Intake<'a> {
    body: ByteStream,
    env: &'a Env,
    pace: Pace,
    verifier: Verifier,
    origin_status: u16,
    /// Announced length.
    length: Option<u64>,
    received: u64,
}

/// How fast the body came since the last judgement.
#[derive(Default)]
struct Pace {
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
    /// Over the body that came with `head`.
    pub(super) fn new(body: ByteStream, headers: &HeaderMap, head: &Head, env: &'a Env) -> Self {
        let verifier = Verifier::announced_by(headers);
        let (origin_status, length) = (head.origin_status, head.length);
        Self { body, env, pace: Pace::default(), verifier, origin_status, length, received: 0 }
    }

    /// Over a body that is passed on as the origin's own answer: only its length can be verified.
    pub(super) fn of_relayed(body: ByteStream, origin_status: u16, framing: Framing, env: &'a Env) -> Self {
        let length = head::framing_length(framing);
        Self { body, env, pace: Pace::default(), verifier: Verifier::of_nothing(), origin_status, length, received: 0 }
    }

    /// Bytes so far.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// Bytes to come, if known.
    pub(super) fn remaining(&self) -> Option<u64> {
        self.length.map(|length| length.saturating_sub(self.received))
    }

    /// The next chunk, never empty; `None` once the whole was verified.
    ///
    /// # Errors
    /// The body broke, has another length than announced, is larger than allowed, or has another digest.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let asked = self.env.clock.elapsed();
            let chunk = poll_fn(|cx| self.body.as_mut().poll_next(cx)).await;
            self.pace.waited += self.env.clock.elapsed().saturating_sub(asked);
            let Some(chunk) = chunk else {
                return self.verify_end().map(|()| None);
            };
            // A lost connection ends the fill. Whoever can go on from `received` does it here, unseen by followers.
            let chunk = chunk.map_err(|error| Failure::body(&error, self.origin_status))?;
            if chunk.is_empty() {
                continue;
            }
            self.received += chunk.len() as u64;
            self.env.observer.origin_bytes(chunk.len() as u64);
            if self.length.is_some_and(|length| self.received > length) {
                return Err(Failure::length(self.origin_status, "body_surplus"));
            }
            if self.received > self.env.limits.max_object_bytes {
                return Err(Failure::answer(self.origin_status, "too_large"));
            }
            if !self.pace.keeps_up(chunk.len() as u64) {
                return Err(Failure::too_slow(self.origin_status));
            }
            self.verifier.update(&chunk);
            return Ok(Some(chunk));
        }
    }

    fn verify_end(&mut self) -> Result<(), Failure> {
        if self.length.is_some_and(|length| self.received < length) {
            return Err(Failure::length(self.origin_status, "body_short"));
        }
        if !self.verifier.holds() {
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
    /// Counts what came; at the end of each window, whether it was enough.
    fn keeps_up(&mut self, size_bytes: u64) -> bool {
        self.received += size_bytes;
        if self.waited < RATE_WINDOW {
            return true;
        }
        let Self { waited, received } = std::mem::take(self);
        received >= MIN_BYTES_PER_S * waited.as_secs()
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
