//! One follower's body: reads what is there, waits for more, ends only when it may.
//!
//! Guarantees: bytes in order, each once; a clean end only after the whole was verified, or after the last byte of a
//! range that ends before the object does; until then a reader to the end stays `HOLD_BACK_BYTES` behind. A fill that
//! failed, or whose task vanished, ends the stream with an error.
//!
//! Memory: one chunk. All readers of a fill together ask for at most [`FOLLOWERS_BYTES`], as long as
//! [`MIN_CHUNK_BYTES`] each allows it.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::unfold;
use headwater_model::Error;
use headwater_model::body::ByteStream;
use tokio::sync::watch;

use super::failure::Failure;
use super::islands::{Island, Islands};
use super::seats::Seat;
use super::state::{Flow, Follower, Phase, Source};

/// Memory for the chunks of all readers of one fill.
const FOLLOWERS_BYTES: usize = 32 << 20;
/// Smallest chunk asked for, and the first of each reader: below it, calls cost more than bytes.
const MIN_CHUNK_BYTES: usize = 16 << 10;
/// A chunk is at most this part of what its reader took before. What the kernel takes for a reader who takes nothing must
/// not look like appetite; a fast one comes to the largest within 2 MiB.
const APPETITE_SHARE: usize = 8;
/// Largest chunk asked for: above it, throughput gains nothing.
const MAX_CHUNK_BYTES: usize = 256 << 10;

/// The bytes of a flow from `start` to `end`; to the end of the object if that is `None`.
pub(super) fn body(follower: Follower, start: u64, end: Option<u64>) -> ByteStream {
    let Follower { seat, phase, redirect: _ } = follower;
    let followers = seat.advance(start);
    let reader = Reader { seat, phase, followers, taken: 0, position: start, end };
    Box::pin(unfold(Some(reader), |state| async move {
        let mut reader = state?;
        match reader.next().await {
            Ok(Some(chunk)) => Some((Ok(chunk), Some(reader))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    }))
}

struct Reader {
    seat: Seat,
    phase: watch::Receiver<Phase>,
    /// How many there were when this one last moved.
    followers: usize,
    /// Bytes taken so far.
    taken: usize,
    position: u64,
    end: Option<u64>,
}

impl Reader {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let (flow, verified) = self.flow()?;
            if self.end.or(flow.length.filter(|_| verified)) == Some(self.position) {
                return Ok(None);
            }
            let readable = flow.readable();
            let limit = self.limit(&flow, readable, verified);
            if self.position < limit {
                return self.take(&flow, limit).await.map(Some);
            }
            let Some((islands, island)) = self.island(&flow, verified) else {
                tokio::select! {
                    changed = self.phase.changed() => changed.map_err(|_| Failure::vanished().to_error())?,
                    () = flow.grown(readable) => {}
                }
                continue;
            };
            let written = island.written();
            let limit = written.min(self.cap(&flow));
            if self.position < limit {
                let chunk = islands.read(self.position..limit.min(self.position + self.chunk_bytes())).await?;
                return Ok(Some(self.advance(chunk)));
            }
            tokio::select! {
                changed = self.phase.changed() => changed.map_err(|_| Failure::vanished().to_error())?,
                () = flow.grown(readable) => {}
                () = island.grown(written), if written < self.cap(&flow) => {}
            }
        }
    }

    /// Where the bytes are now, and whether all of them are known to be right.
    fn flow(&mut self) -> Result<(Arc<Flow>, bool), Error> {
        match &*self.phase.borrow_and_update() {
            Phase::Streaming(flow) => Ok((Arc::clone(flow), false)),
            Phase::Verified(Source::Flow(flow)) => Ok((Arc::clone(flow), true)),
            Phase::Failed(failure) => Err(failure.to_error()),
            // A stream never turns into an answer of another kind.
            _ => Err(Failure::vanished().to_error()),
        }
    }

    /// Offset below which bytes may be handed on.
    fn limit(&self, flow: &Flow, readable: u64, verified: bool) -> u64 {
        let ends_early = matches!((self.end, flow.length), (Some(end), Some(length)) if end < length);
        let released = if verified || ends_early { readable } else { flow.released(readable) };
        released.min(self.end.unwrap_or(u64::MAX))
    }

    /// The piece around the position that was fetched before its turn, or is now because somebody wants it.
    fn island(&self, flow: &Flow, verified: bool) -> Option<(Arc<Islands>, Arc<Island>)> {
        let islands = flow.islands.as_ref().filter(|_| !verified)?;
        let end = self.end.or(flow.length)?;
        let island = islands.around(self.position, end)?;
        Some((Arc::clone(islands), island))
    }

    /// Offset below which bytes may be handed on before the whole is verified, wherever they come from.
    fn cap(&self, flow: &Flow) -> u64 {
        self.limit(flow, u64::MAX, false)
    }

    /// The reader's share, but no more than it has shown an appetite for: of a thousand slow ones who come one after
    /// another, each would otherwise begin with the share that the few before it left.
    fn chunk_bytes(&self) -> u64 {
        let appetite = self.taken / APPETITE_SHARE;
        (FOLLOWERS_BYTES / self.followers).min(appetite).clamp(MIN_CHUNK_BYTES, MAX_CHUNK_BYTES) as u64
    }

    async fn take(&mut self, flow: &Flow, limit: u64) -> Result<Bytes, Error> {
        let chunk = flow.read(self.position, self.chunk_bytes().min(limit - self.position)).await?;
        Ok(self.advance(chunk))
    }

    fn advance(&mut self, chunk: Bytes) -> Bytes {
        self.position += chunk.len() as u64;
        self.followers = self.seat.advance(self.position);
        self.taken = self.taken.saturating_add(chunk.len());
        chunk
    }
}
