//! From a followed fill to the client's answer.
//!
//! Guarantees: no status line before it is known to be right; a small answer only once it is verified. Conditions of
//! the request do not apply (spec 16, row 48: no validator is known yet), `response-*` overrides do.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use headwater_model::body::Body;
use headwater_model::object::SharedMeta;
use headwater_model::op::GetObject;
use headwater_model::reply::{KnownFacts, ObjectReply, RelayedReply, Reply, Served};
use headwater_model::{Error, Result};
use http::{HeaderName, HeaderValue};

use super::failure::Failure;
use super::head::Relay;
use super::reader;
use super::state::{Flow, Follower, Phase, Relayed, Source, Whole};
use super::{MissMethod, MissOutcome};

/// One request that waits for its answer.
pub(super) struct Asked<'a> {
    pub(super) get: &'a GetObject,
    pub(super) method: MissMethod,
    /// How it came to its fill.
    pub(super) served: Served,
    /// Fields that the rule adds to answers.
    pub(super) return_headers: &'a [(HeaderName, HeaderValue)],
}

impl Asked<'_> {
    /// Waits until the answer's head is known.
    ///
    /// # Errors
    /// The fill's failure; `InvalidRange`.
    pub(super) async fn answer(&self, mut follower: Follower) -> Result<MissOutcome> {
        loop {
            let phase = follower.phase.borrow_and_update().clone();
            if let Some(redirect) = follower.redirect.get() {
                return Ok(relay(redirect));
            }
            match phase {
                Phase::Connecting => {}
                Phase::Verified(source) if self.method == MissMethod::HeadStored && source.is_stored() => {
                    // The task goes on to the commit, and takes its sender with it when it is over.
                    while follower.phase.changed().await.is_ok() {}
                    return Ok(match self.verified(source, follower)? {
                        MissOutcome::Reply(reply) => MissOutcome::Stored(reply),
                        other => other,
                    });
                }
                Phase::Streaming(flow) => {
                    if self.can_begin(&flow) {
                        return self.stream(&flow, follower);
                    }
                }
                Phase::Verified(source) => return self.verified(source, follower),
                Phase::Absent { origin_status } => return Ok(MissOutcome::NotFound { origin_status }),
                Phase::Relayed(relayed) => return Ok(relay(&relayed)),
                Phase::Obsolete => return Ok(MissOutcome::LookAgain),
                Phase::Failed(failure) => return Err(failure.to_error()),
            }
            follower.phase.changed().await.map_err(|_| Failure::vanished().to_error())?;
        }
    }

    /// A range needs the length. A fill in a ring cannot be waited for: it waits for its followers to read.
    fn can_begin(&self, flow: &Flow) -> bool {
        let can_be_told = match self.method {
            MissMethod::Get => self.get.range.is_none() || flow.length.is_some(),
            MissMethod::Head => true,
            MissMethod::HeadStored => !flow.stored,
        };
        can_be_told || flow.ring.is_some()
    }

    fn verified(&self, source: Source, follower: Follower) -> Result<MissOutcome> {
        match source {
            Source::Whole(whole) => self.whole(&whole),
            Source::Flow(flow) => self.stream(&flow, follower),
        }
    }

    fn stream(&self, flow: &Arc<Flow>, follower: Follower) -> Result<MissOutcome> {
        let range = match flow.length {
            Some(length) => self.range(length)?,
            None => None,
        };
        let body = match self.method {
            MissMethod::Head | MissMethod::HeadStored => Body::Empty,
            MissMethod::Get => {
                let (start, end) = range.clone().map_or((0, None), |range| (range.start, Some(range.end)));
                Body::Stream(reader::body(follower, start, end))
            }
        };
        let shown = Shown { meta: &flow.meta, facts: flow.facts, stored: flow.stored, status: flow.origin_status };
        Ok(self.object(&shown, range, body))
    }

    fn whole(&self, whole: &Whole) -> Result<MissOutcome> {
        let range = self.range(whole.body.len() as u64)?;
        let body = match (self.method, &range) {
            (MissMethod::Head | MissMethod::HeadStored, _) => Body::Empty,
            (MissMethod::Get, None) if whole.body.is_empty() => Body::Empty,
            (MissMethod::Get, None) => Body::Full(whole.body.clone()),
            // Within a body in memory, so it fits usize.
            (MissMethod::Get, Some(range)) => Body::Full(whole.body.slice(range.start as usize..range.end as usize)),
        };
        let shown = Shown { meta: &whole.meta, facts: whole.facts, stored: whole.stored, status: whole.origin_status };
        Ok(self.object(&shown, range, body))
    }

    /// The interval to serve; `None` is the whole.
    pub(super) fn range(&self, length: u64) -> Result<Option<Range<u64>>> {
        let Some((range, header)) = &self.get.range else { return Ok(None) };
        match range.resolve(length) {
            Ok(range) => Ok(Some(range)),
            Err(_) if self.get.strict_range => Err(Error::InvalidRange { range: header.clone(), size_bytes: length }),
            Err(_) => Ok(None),
        }
    }

    /// The reply.
    pub(super) fn object(&self, shown: &Shown<'_>, range: Option<Range<u64>>, body: Body) -> MissOutcome {
        MissOutcome::Reply(Box::new(Reply::Object(Box::new(ObjectReply {
            served: if shown.stored { self.served } else { Served::PassThrough },
            meta: Arc::clone(shown.meta),
            facts: shown.facts,
            range,
            part: None,
            overrides: self.get.overrides.clone(),
            body,
            origin_status: Some(shown.status),
            status: None,
            added: self.return_headers.to_vec(),
        }))))
    }
}

/// What an answer shows of the object.
pub(super) struct Shown<'a> {
    pub(super) meta: &'a SharedMeta,
    pub(super) facts: KnownFacts,
    /// Whether the body is to be stored.
    pub(super) stored: bool,
    /// Status of the origin's answer.
    pub(super) status: u16,
}

fn relay(relayed: &Relayed) -> MissOutcome {
    MissOutcome::Reply(Box::new(Reply::Relayed(Box::new(RelayedReply {
        status: relayed.status,
        location: relayed.location.clone(),
        content_type: relayed.content_type.clone(),
        body: relayed.body(),
        content_length: Some(relayed.body.len() as u64),
        origin_status: Some(relayed.status),
    }))))
}

/// The origin's own answer to a HEAD.
pub(super) fn relayed_head(status: u16, relay: Relay) -> MissOutcome {
    self::relay(&Relayed { status, location: relay.location, content_type: relay.content_type, body: Bytes::new() })
}
