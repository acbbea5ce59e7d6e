//! What a request would meet among the fills, and what its origins say to it: for explanations.
//!
//! Guarantees: looking changes nothing; trying asks the origins as a fill would, in the same order and under the same
//! limits, reads nothing but heads and stores nothing. What an origin says comes back as data, never interpreted.

use headwater_model::bucket::Bucket;
use headwater_model::op::GetObject;
use headwater_model::rule::RoutingRule;
use serde::Serialize;

use super::ask::ask;
use super::failover::Attempts;
use super::failure::Failure;
use super::head::{self, Circumstances, Verdict};
use super::plan::Plan;
use super::state::{Phase, Source};
use super::{Fills, MissMethod};

/// Most fields of an origin's answer that are shown, and most bytes of each.
const MAX_SHOWN_FIELDS: usize = 64;
const MAX_SHOWN_BYTES: usize = 1024;

/// What a miss would meet.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Prospect {
    /// Why no origin would be asked at all: a reason code.
    pub refused: Option<&'static str>,
    /// The fill of this key that runs, if one does.
    pub running_fill: Option<RunningFill>,
    /// What an origin said shortly before and is believed: there is no such object.
    pub absence: Option<KnownAbsence>,
    /// Whether it is a HEAD that is answered once the object is fetched and stored (the bucket's setting `head`).
    pub head_waits: bool,
}

/// A fill under way.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RunningFill {
    /// `connecting`, `streaming`, `verified`, …
    pub phase: &'static str,
    /// Whether this very request would join it; others get an answer of their own, unstored.
    pub would_join: bool,
    /// Bytes that can be read.
    pub readable_bytes: u64,
    /// Length of the whole, if it is known.
    pub length_bytes: Option<u64>,
    /// Who follows it.
    pub followers: usize,
}

/// A remembered 404.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct KnownAbsence {
    /// What the origin said.
    pub origin_status: u16,
    /// How long ago.
    pub age_ms: u64,
    /// For how long it is still believed.
    pub left_ms: u64,
}

/// One request made to try.
#[derive(Clone, Debug, Serialize)]
pub struct Tried {
    /// Its URL.
    pub url: Box<str>,
    /// Where the answer came from, after redirects.
    pub final_url: Option<Box<str>>,
    /// The answer's status, if there was an answer.
    pub status: Option<u16>,
    /// What a miss makes of it: `object`, `not_found`, `relayed` or `failed`.
    pub outcome: &'static str,
    /// The reason code of a failure; of an object why it would not be stored.
    pub reason: Option<&'static str>,
    /// Length of the body, if it was announced.
    pub length_bytes: Option<u64>,
    /// Fields of the answer.
    pub headers: Vec<(String, String)>,
}

impl Fills {
    /// What a request under the rule that it matched would meet.
    pub(crate) fn prospect(
        &self,
        bucket: &Bucket,
        rule: &RoutingRule,
        get: &GetObject,
        method: MissMethod,
    ) -> Prospect {
        let plan = match self.plan(bucket, rule, get) {
            Ok(plan) => plan,
            Err(failure) => return Prospect { refused: Some(failure.reason()), ..Prospect::default() },
        };
        let millis = |duration: std::time::Duration| duration.as_millis() as u64;
        let absence =
            self.env.absences.find(bucket, &get.key, &plan, method.asks()).map(|(absence, age)| KnownAbsence {
                origin_status: absence.origin_status,
                age_ms: millis(age),
                left_ms: millis(plan.wants.settings.negative_ttl().saturating_sub(age)),
            });
        let running = self.table.find(&(bucket.generation, get.key.clone())).map(|fill| {
            let phase = fill.phase.borrow().clone();
            let (name, readable_bytes, length_bytes) = position(&phase);
            let would_join = !fill.is_revoked() && fill.plan.shares_with(&plan);
            RunningFill { phase: name, would_join, readable_bytes, length_bytes, followers: fill.seats.taken() }
        });
        Prospect { refused: None, running_fill: running, absence, head_waits: method == MissMethod::HeadStored }
    }

    /// Asks the origins as a miss would, until an answer counts; every request made, in order.
    ///
    /// # Errors
    /// `SlowDown` when as many fetches run as may; `MirrorFailed` where no origin can be asked.
    pub(crate) async fn try_origins(
        &self,
        bucket: &Bucket,
        rule: &RoutingRule,
        get: &GetObject,
        method: MissMethod,
    ) -> headwater_model::Result<Vec<Tried>> {
        let plan = self.plan(bucket, rule, get).map_err(|failure| failure.to_error())?;
        let _place = self.table.place()?;
        let mut attempts = Attempts::new(self.env.probes.order(&self.env, &plan).await);
        let mut tried = Vec::new();
        loop {
            let (candidate, cause) = attempts.current();
            let (one, failure) = self.try_one(&plan, candidate, plan.request(candidate, method.asks(), cause)).await;
            tried.push(one);
            let goes_on = failure.is_some_and(|failure| attempts.go_on(failure.again(plan.wants.switch_all_errors)));
            if !goes_on {
                return Ok(tried);
            }
        }
    }

    async fn try_one(
        &self,
        plan: &Plan,
        candidate: usize,
        request: headwater_model::origin::OriginRequest,
    ) -> (Tried, Option<Failure>) {
        let mut tried = Tried {
            url: request.url.clone(),
            final_url: None,
            status: None,
            outcome: "failed",
            reason: None,
            length_bytes: None,
            headers: Vec::new(),
        };
        let response = match ask(&self.env, &plan.candidates[candidate], request).await {
            Ok(response) => response,
            Err(failure) => {
                tried.reason = Some(failure.reason());
                return (tried, Some(failure));
            }
        };
        tried.status = Some(response.status);
        tried.final_url = Some(response.final_url);
        tried.length_bytes = head::content_length(&response.headers);
        let text = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_SHOWN_BYTES)]).into_owned();
        let fields = response.headers.iter().take(MAX_SHOWN_FIELDS);
        tried.headers = fields.map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect();
        let circumstances = Circumstances::of(plan, candidate, self.env.clock.now());
        match head::judge(response.status, &response.headers, response.framing, &circumstances) {
            Verdict::Object(head) => (tried.outcome, tried.reason) = ("object", head.unstored),
            Verdict::NotFound => tried.outcome = "not_found",
            Verdict::Relay(_) => tried.outcome = "relayed",
            Verdict::Failed(failure) => {
                tried.reason = Some(failure.reason());
                return (tried, Some(failure));
            }
        }
        (tried, None)
    }
}

/// Name of a phase, how much can be read, and the length.
fn position(phase: &Phase) -> (&'static str, u64, Option<u64>) {
    match phase {
        Phase::Connecting => ("connecting", 0, None),
        Phase::Streaming(flow) => ("streaming", flow.readable(), flow.length),
        Phase::Verified(Source::Flow(flow)) => ("verified", flow.readable(), flow.length),
        Phase::Verified(Source::Whole(whole)) => ("verified", whole.body.len() as u64, Some(whole.body.len() as u64)),
        Phase::Absent { .. } => ("absent", 0, None),
        Phase::Relayed(_) => ("relayed", 0, None),
        Phase::Obsolete => ("obsolete", 0, None),
        Phase::Failed(_) => ("failed", 0, None),
    }
}
