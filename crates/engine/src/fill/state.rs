//! The observable state of one fill.
//!
//! ```text
//! Connecting ─► Streaming{head, written} ─► Verified ─► (committed | superseded | not stored)
//!     │  │              │
//!     │  └──────────────┴─► Failed      (a sender that vanishes is a failure too)
//!     └─► Absent | Relayed | Obsolete   (the origin's answer is not the object, or nothing is to be fetched)
//! ```
//!
//! Guarantees: a follower sees `Verified` only after length and announced digests were found right; it never takes
//! silence for an end. What becomes of a verified body is of no interest to followers: the fill stays joinable until
//! its commit is over, and is told to the [observer](super::FillObserver).
//!
//! An answer of at most `HOLD_BACK_BYTES` goes from Connecting to Verified at once, its body in memory.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use headwater_model::body::Body;
use headwater_model::clock::Timestamp;
use headwater_model::limits::HOLD_BACK_BYTES;
use headwater_model::object::SharedMeta;
use headwater_model::reply::KnownFacts;
use headwater_store::{FillToken, Tail, TailState};
use tokio::sync::watch;

use super::failure::Failure;
use super::islands::Islands;
use super::plan::Plan;
use super::ring::Ring;
use super::seats::{Seat, Seats};

/// One running fetch, as the join table and its followers see it.
#[derive(Debug)]
pub(super) struct Fill {
    /// What is asked of the origin.
    pub(super) plan: Plan,
    /// When it began: the `Last-Modified` of what it stores.
    pub(super) started: Timestamp,
    /// Its right to commit, once granted; a fill that stores nothing never has one.
    pub(super) token: OnceLock<FillToken>,
    /// Its followers.
    pub(super) seats: Arc<Seats>,
    /// Where it is.
    pub(super) phase: watch::Receiver<Phase>,
    /// A redirect that goes to whoever asks while the object is fetched behind it (`MirrorAsyncStatus`).
    pub(super) redirect: Arc<OnceLock<Arc<Relayed>>>,
}

impl Fill {
    /// A fill about to begin, and the sender of its phases.
    pub(super) fn new(plan: Plan, started: Timestamp) -> (Arc<Self>, watch::Sender<Phase>) {
        let (sender, phase) = watch::channel(Phase::Connecting);
        let (token, redirect) = (OnceLock::new(), Arc::default());
        (Arc::new(Self { plan, started, token, seats: Seats::new(), phase, redirect }), sender)
    }

    /// Whether the key, its rule or its bucket was touched since it began: nobody may join, nothing will be stored.
    pub(super) fn is_revoked(&self) -> bool {
        self.token.get().is_some_and(FillToken::is_revoked)
    }

    /// Takes a seat.
    pub(super) fn follow(&self) -> Follower {
        Follower { seat: self.seats.sit(), phase: self.phase.clone(), redirect: Arc::clone(&self.redirect) }
    }
}

/// A seat and a view of the phase.
#[derive(Debug)]
pub(super) struct Follower {
    pub(super) seat: Seat,
    pub(super) phase: watch::Receiver<Phase>,
    /// See [`Fill::redirect`].
    pub(super) redirect: Arc<OnceLock<Arc<Relayed>>>,
}

/// See the module's picture.
#[derive(Clone, Debug)]
pub(super) enum Phase {
    /// No answer yet.
    Connecting,
    /// The body is on its way.
    Streaming(Arc<Flow>),
    /// The whole body is here and right.
    Verified(Source),
    /// The origin has no such object.
    Absent {
        /// 404 or 410.
        origin_status: u16,
    },
    /// The origin's own answer goes to the client.
    Relayed(Arc<Relayed>),
    /// The object exists by now, or its rule changed: look again.
    Obsolete,
    /// Nothing came of it.
    Failed(Failure),
}

/// A verified body.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// In memory.
    Whole(Arc<Whole>),
    /// In the file, or in the ring.
    Flow(Arc<Flow>),
}

impl Source {
    /// Whether it is to be stored.
    pub(super) fn is_stored(&self) -> bool {
        match self {
            Self::Whole(whole) => whole.stored,
            Self::Flow(flow) => flow.stored,
        }
    }
}

/// A small body, verified before anything of it was told.
#[derive(Debug)]
pub(super) struct Whole {
    /// All of it.
    pub(super) body: Bytes,
    /// Its metadata.
    pub(super) meta: SharedMeta,
    /// What of it is final.
    pub(super) facts: KnownFacts,
    /// Status of the origin's answer.
    pub(super) origin_status: u16,
    /// Whether it is to be stored.
    pub(super) stored: bool,
}

/// An origin's own answer.
#[derive(Debug)]
pub(super) struct Relayed {
    pub(super) status: u16,
    pub(super) location: Option<Box<str>>,
    pub(super) content_type: Option<Box<str>>,
    pub(super) body: Bytes,
}

/// A body longer than may be held back, followed while it arrives: the file so far, then the ring if there is one.
pub(super) struct Flow {
    /// Metadata as far as it is known.
    pub(super) meta: SharedMeta,
    /// What of it is final.
    pub(super) facts: KnownFacts,
    /// Status of the origin's answer.
    pub(super) origin_status: u16,
    /// Whether it is to be stored, as far as is known.
    pub(super) stored: bool,
    /// Length of the body, if known.
    pub(super) length: Option<u64>,
    /// What the store has of it.
    pub(super) file: Option<Arc<dyn Tail>>,
    /// What it has not.
    pub(super) ring: Option<Arc<Ring>>,
    /// Pieces that were fetched before their turn.
    pub(super) islands: Option<Arc<Islands>>,
}

impl std::fmt::Debug for Flow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Flow").field("length", &self.length).field("readable", &self.readable()).finish_non_exhaustive()
    }
}

impl Flow {
    /// Bytes below this offset can be read.
    pub(super) fn readable(&self) -> u64 {
        match (&self.ring, &self.file) {
            (Some(ring), _) => ring.end(),
            (None, Some(file)) => file.state().readable(),
            (None, None) => 0,
        }
    }

    /// Bytes below this offset may be handed to a follower who reads to the end, before the whole is verified.
    pub(super) fn released(&self, readable: u64) -> u64 {
        match self.length {
            Some(length) => readable.min(length.saturating_sub(HOLD_BACK_BYTES)),
            None => readable.saturating_sub(HOLD_BACK_BYTES),
        }
    }

    /// Resolves when more than `seen` can be read. Never, if this flow can grow no further: then its fill moves to
    /// another phase.
    pub(super) async fn grown(&self, seen: u64) {
        match (&self.ring, &self.file) {
            (Some(ring), _) => ring.grown(seen).await,
            (None, Some(file)) => {
                let mut state = file.state();
                while state.readable() <= seen {
                    state = match state {
                        TailState::Growing(_) => file.changed(state).await,
                        TailState::Finished(_) | TailState::Broken(_) => std::future::pending().await,
                    };
                }
            }
            (None, None) => std::future::pending().await,
        }
    }

    /// At most `limit_bytes`, at least one, from `position` on, which must be readable.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn read(&self, position: u64, limit_bytes: u64) -> headwater_model::Result<Bytes> {
        let in_file = self.ring.as_ref().map_or(u64::MAX, |ring| ring.start());
        match &self.file {
            Some(file) if position < in_file => {
                let end = position.saturating_add(limit_bytes).min(in_file).min(self.readable());
                file.read(position..end).await
            }
            _ => self.ring.as_ref().and_then(|ring| ring.read(position, limit_bytes)).ok_or_else(|| {
                headwater_model::Error::internal("follow a fill", "bytes left the ring before they were read")
            }),
        }
    }
}

impl Relayed {
    /// The body as an answer has it.
    pub(super) fn body(&self) -> Body {
        if self.body.is_empty() { Body::Empty } else { Body::Full(self.body.clone()) }
    }
}
