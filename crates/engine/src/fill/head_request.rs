//! HEAD of a missing object under MirrorAllowHeadObject: the origin is asked, nothing is stored.
//!
//! The origin gets a HEAD. Where it refuses that method (405, 501), it gets a GET of the first byte, whose
//! `Content-Range` tells the length; of a whole answer to that, the body is not read.

use std::sync::Arc;

use headwater_model::body::Body;
use headwater_model::origin::{Framing, OriginMethod, OriginResponse};
use headwater_model::reply::KnownFacts;
use headwater_model::{Error, Result};
use http::HeaderValue;
use http::header::{CONTENT_RANGE, RANGE};

use super::MissOutcome;
use super::ask;
use super::head::{self, Circumstances, Verdict};
use super::observe::{FillOutcome, HEAD_REQUEST, Report};
use super::plan::Plan;
use super::reply::{Asked, Shown};
use super::task::Env;

/// Asks the origin and answers from its head.
///
/// # Errors
/// As a fill's.
pub(super) async fn ask(env: &Env, plan: &Plan, asked: &Asked<'_>) -> Result<MissOutcome> {
    let began = env.clock.elapsed();
    env.observer.started();
    let mut origin_status = None;
    let result = answer(env, plan, asked, &mut origin_status).await;
    let outcome = match &result {
        Ok(MissOutcome::NotFound { .. }) => FillOutcome::NotFound,
        Ok(_) | Err(Error::InvalidRange { .. }) => FillOutcome::PassedThrough(HEAD_REQUEST),
        Err(Error::MirrorFailed(failure)) => FillOutcome::Failed(failure.reason),
        Err(_) => FillOutcome::Failed("busy"),
    };
    let duration = env.clock.elapsed().saturating_sub(began);
    env.observer.ended(outcome, duration);
    let report = Report {
        bucket: asked.get.bucket.as_str(),
        key: asked.get.key.as_str(),
        origin_host: plan.origin_host(),
        origin_status,
        size_bytes: 0,
        duration,
        outcome,
    };
    report.log();
    result
}

async fn answer(env: &Env, plan: &Plan, asked: &Asked<'_>, origin_status: &mut Option<u16>) -> Result<MissOutcome> {
    let mut response = fetch(env, plan, OriginMethod::Head).await?;
    let mut length = head::content_length(&response.headers);
    if matches!(response.status, 405 | 501) {
        response = fetch(env, plan, OriginMethod::Get).await?;
        length = length_of_first_byte(&mut response);
    }
    let OriginResponse { status, headers, .. } = response;
    *origin_status = Some(status);
    let framing = length.map_or(Framing::Delimited, Framing::Length);
    let circumstances =
        Circumstances { wants: &plan.wants, started: env.clock.now(), max_object_bytes: env.limits.max_object_bytes };
    match head::judge(status, &headers, framing, &circumstances) {
        Verdict::Failed(failure) => Err(failure.to_error()),
        Verdict::NotFound => Ok(MissOutcome::NotFound { origin_status: status }),
        Verdict::Relay(relay) => Ok(super::reply::relayed_head(status, relay)),
        Verdict::Object(head) => {
            let range = length.map_or(Ok(None), |length| asked.range(length))?;
            let facts = KnownFacts { size: length.is_some(), etag: false, digests: false };
            let shown = Shown { meta: &Arc::new(head.meta(None)), facts, stored: false, status };
            Ok(asked.object(&shown, range, Body::Empty))
        }
    }
}

async fn fetch(env: &Env, plan: &Plan, method: OriginMethod) -> Result<OriginResponse> {
    let request = || {
        let mut request = plan.request(method, env.limits.timeouts);
        if method == OriginMethod::Get {
            request.headers.insert(RANGE, HeaderValue::from_static("bytes=0-0"));
        }
        request
    };
    ask::ask(env, request).await.map_err(|failure| failure.to_error())
}

/// Length of the whole from an answer to a GET of the first byte, which is turned into that of a whole GET.
fn length_of_first_byte(response: &mut OriginResponse) -> Option<u64> {
    let length = match response.status {
        206 => head::content_range(&response.headers).filter(|(first, last, _)| (*first, *last) == (0, 0)),
        // An empty object has no first byte: `bytes */0`.
        416 if response.headers.get(CONTENT_RANGE).is_some_and(|range| range == "bytes */0") => Some((0, 0, 0)),
        _ => return head::framing_length(response.framing),
    };
    let (_, _, total) = length?;
    response.status = 200;
    response.headers.remove(CONTENT_RANGE);
    Some(total)
}
