//! Pieces of a long body that are fetched out of order, because somebody waits for them, into the very file that the
//! fill writes.
//!
//! ```text
//! file    |======== written in order =====>.............[== island ==]..........[= island =].......|
//! origin     GET, stops at the first island               Range          GET from its end, up to the second …
//! ```
//! Guarantees: an island is of the version that the fill began with: its request carries the pin, and its answer must
//! repeat it. Every byte of the object is asked for once: the fill stops where an island begins, takes it over, digests
//! it like all other bytes, and goes on behind it. An island whose fetch fails is as long as what came of it.
//!
//! Not here: objects that only a date pins, answers without a length, bodies that do not go into a file. There a far
//! range waits for its turn. What the origin had sent beyond the beginning of an island when the fill stopped is lost.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::StreamExt as _;
use headwater_model::body::ByteStream;
use headwater_model::origin::{OriginMethod, RequestCause};
use headwater_store::Ahead;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::ask::ask;
use super::head;
use super::rescue::Pin;
use super::state::Fill;
use super::task::Env;

/// What is nearer than this to the bytes that are here comes by itself soon; more than all buffers on the way hold, so
/// that an island never begins within a chunk that is being written.
pub(super) const FAR_BYTES: u64 = 16 << 20;
/// Shortest island: shorter ones would cost the origin a request each, and the fill another one behind them.
const MIN_ISLAND_BYTES: u64 = 8 << 20;
/// Most islands of one fill.
const MAX_ISLANDS: usize = 64;
/// Most of them on their way at one time.
const MAX_FETCHING: usize = 4;

/// The islands of one fill.
pub(super) struct Islands {
    source: Arc<IslandSource>,
    inner: Mutex<Inner>,
}

struct Inner {
    /// What the fill has written in order.
    sequential: u64,
    begun: usize,
    /// In order of their beginnings, never overlapping.
    islands: Vec<Arc<Island>>,
    fetches: Vec<AbortHandle>,
}

/// One piece.
pub(super) struct Island {
    /// What it was begun for.
    range: Range<u64>,
    /// Where it is.
    state: watch::Receiver<State>,
}

/// How far an island is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    /// Offset behind the last byte that is here.
    end: u64,
    finished: bool,
}

impl Islands {
    /// For a fill whose body goes into a file with room ahead.
    pub(super) fn new(
        env: Arc<Env>,
        fill: Arc<Fill>,
        (candidate, pin): (usize, Pin),
        length: u64,
        ahead: Arc<dyn Ahead>,
    ) -> Arc<Self> {
        let inner = Inner { sequential: 0, begun: 0, islands: Vec::new(), fetches: Vec::new() };
        let source = Arc::new(IslandSource { env, fill, candidate, pin, length, ahead });
        Arc::new(Self { source, inner: Mutex::new(inner) })
    }

    /// The fill stands at `position`: where it has to stop, if an island lies ahead.
    pub(super) fn stop_behind(&self, position: u64) -> Option<u64> {
        let mut inner = self.lock();
        inner.sequential = position;
        inner.islands.iter().map(|island| island.range.start).find(|start| *start > position)
    }

    /// The island that begins where the fill stands.
    pub(super) fn beginning_at(&self, position: u64) -> Option<Arc<Island>> {
        self.lock().islands.iter().find(|island| island.range.start == position).cloned()
    }

    /// The island has been taken over, or there is nothing of it.
    pub(super) fn forget(&self, island: &Arc<Island>) {
        self.lock().islands.retain(|other| !Arc::ptr_eq(other, island));
    }

    /// The island that holds `position`; one is begun if that is far from what is here, for somebody who wants what is up
    /// to `end`.
    pub(super) fn around(&self, position: u64, end: u64) -> Option<Arc<Island>> {
        let mut inner = self.lock();
        let holds = |island: &&Arc<Island>| island.range.start <= position && position < island.end();
        if let Some(island) = inner.islands.iter().find(holds) {
            return Some(Arc::clone(island));
        }
        inner.fetches.retain(|fetch| !fetch.is_finished());
        let is_far = position >= inner.sequential.saturating_add(FAR_BYTES);
        if !is_far || inner.begun >= MAX_ISLANDS || inner.fetches.len() >= MAX_FETCHING {
            return None;
        }
        let within = inner.islands.iter().any(|island| island.range.contains(&position));
        let next = inner.islands.iter().map(|island| island.range.start).find(|start| *start > position);
        let wanted = end.max(position.saturating_add(MIN_ISLAND_BYTES)).min(self.source.length);
        let range = position..wanted.min(next.unwrap_or(u64::MAX));
        if within || range.is_empty() {
            return None;
        }
        let (sender, state) = watch::channel(State { end: range.start, finished: false });
        let island = Arc::new(Island { range: range.clone(), state });
        inner.begun += 1;
        let at = inner.islands.partition_point(|other| other.range.start < range.start);
        inner.islands.insert(at, Arc::clone(&island));
        inner.fetches.push(tokio::spawn(Arc::clone(&self.source).fetch(range, sender)).abort_handle());
        Some(island)
    }

    /// Bytes of an island that are here.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn read(&self, range: Range<u64>) -> headwater_model::Result<Bytes> {
        self.source.ahead.read(range).await
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Islands {
    fn drop(&mut self) {
        for fetch in &self.lock().fetches {
            fetch.abort();
        }
    }
}

impl Island {
    /// Where it ends: as planned while it grows, then behind its last byte.
    fn end(&self) -> u64 {
        let state = *self.state.borrow();
        let grows = !state.finished && self.state.has_changed().is_ok();
        if grows { self.range.end } else { state.end }
    }

    /// Offset behind the last byte that is here.
    pub(super) fn written(&self) -> u64 {
        self.state.borrow().end
    }

    /// Resolves when more than `seen` is here, or nothing more will be.
    pub(super) async fn grown(&self, seen: u64) {
        let mut state = self.state.clone();
        // A fetch that vanished brings no more either.
        let _ = state.wait_for(|state| state.end > seen || state.finished).await;
    }

    /// Waits for its end; its length.
    pub(super) async fn finished(&self) -> u64 {
        let mut state = self.state.clone();
        let _ = state.wait_for(|state| state.finished).await;
        self.written() - self.range.start
    }
}

/// Where islands come from and go to. A fetch holds this and not the islands themselves, which end it when they end.
struct IslandSource {
    env: Arc<Env>,
    fill: Arc<Fill>,
    candidate: usize,
    pin: Pin,
    length: u64,
    ahead: Arc<dyn Ahead>,
}

impl IslandSource {
    /// Fetches the range; tells how far it is, and at last that no more comes.
    async fn fetch(self: Arc<Self>, range: Range<u64>, state: watch::Sender<State>) {
        let mut end = range.start;
        if let Some(mut body) = self.ask_for(&range).await {
            while end < range.end
                && let Some(Ok(mut chunk)) = body.next().await
            {
                if self.fill.plan.candidates[self.candidate].local.is_none() {
                    self.env.observer.origin_bytes(chunk.len() as u64);
                }
                // Within the chunk where it matters, so it fits usize.
                chunk.truncate(usize::try_from(range.end - end).unwrap_or(usize::MAX));
                let size_bytes = chunk.len() as u64;
                if self.ahead.write_at(end, chunk).await.is_err() {
                    break;
                }
                end += size_bytes;
                state.send_replace(State { end, finished: false });
            }
        }
        state.send_replace(State { end, finished: true });
    }

    /// The body of exactly this range of the pinned version.
    async fn ask_for(&self, range: &Range<u64>) -> Option<ByteStream> {
        let plan = &self.fill.plan;
        let mut request = plan.request(self.candidate, OriginMethod::Get, RequestCause::Resume);
        self.pin.ask_for(&mut request, range.start, Some(range.end - 1));
        request.follow_redirects = true;
        let response = ask(&self.env, &plan.candidates[self.candidate], request).await.ok()?;
        let exact = head::content_range(&response.headers) == Some((range.start, range.end - 1, self.length));
        (response.status == 206 && exact && self.pin.holds(&response.headers)).then_some(response.body)
    }
}
