//! HEAD of a missing object under MirrorAllowHeadObject: the origin is asked, nothing is stored.
//!
//! The origin gets a HEAD. Where it refuses that method (405, 501), it gets a GET of the first byte, whose
//! `Content-Range` tells the length; of a whole answer to that, the body is not read.

use std::sync::Arc;

use headwater_model::body::Body;
use headwater_model::bucket::Bucket;
use headwater_model::origin::{Framing, OriginMethod, OriginResponse, RequestCause};
use headwater_model::reply::KnownFacts;
use headwater_model::{Error, Result};
use http::HeaderValue;
use http::header::{CONTENT_RANGE, RANGE};

use super::MissOutcome;
use super::ask::ask;
use super::failover::Attempts;
use super::failure::Failure;
use super::head::{self, Circumstances, Head, Verdict};
use super::observe::{FillOutcome, HEAD_REQUEST, Report};
use super::plan::Plan;
use super::reply::{Asked, Shown};
use super::tally::Tally;
use super::task::Env;

/// Asks the origin and answers from its head.
///
/// # Errors
/// As a fill's.
pub(super) async fn head(
    env: &Arc<Env>,
    (bucket, tally): (&Bucket, &Tally),
    plan: &Plan,
    asked: &Asked<'_>,
) -> Result<MissOutcome> {
    let began = env.clock.elapsed();
    env.observer.started();
    let mut last = LastAsked { candidate: 0, status: None };
    let result = answer(env, bucket, plan, asked, &mut last).await;
    let outcome = match &result {
        Ok(MissOutcome::NotFound { .. }) => FillOutcome::NotFound,
        Ok(_) | Err(Error::InvalidRange { .. }) => FillOutcome::PassedThrough(HEAD_REQUEST),
        Err(Error::MirrorFailed(failure)) => FillOutcome::Failed(failure.reason),
        Err(Error::SlowDown { limit, .. }) => FillOutcome::Failed(limit),
        Err(_) => FillOutcome::Failed("internal"),
    };
    let duration = env.clock.elapsed().saturating_sub(began);
    let report = Report {
        bucket: asked.get.bucket.as_str(),
        key: asked.get.key.as_str(),
        origin_host: plan.origin_host(last.candidate),
        origin_status: last.status,
        size_bytes: 0,
        duration,
        outcome,
    };
    env.ended(&report, tally);
    result
}

/// Who of the candidates was asked last, and what it answered.
struct LastAsked {
    candidate: usize,
    status: Option<u16>,
}

/// Asks one origin after the other, as a fill does.
async fn answer(
    env: &Arc<Env>,
    bucket: &Bucket,
    plan: &Plan,
    asked: &Asked<'_>,
    last: &mut LastAsked,
) -> Result<MissOutcome> {
    let mut attempts = Attempts::new(env.probes.order(env, plan).await);
    let mut before = None;
    loop {
        let (candidate, cause) = attempts.current();
        if last.candidate != candidate {
            *last = LastAsked { candidate, status: None };
        }
        let failure = match attempt(env, plan, cause, last).await {
            Ok(Verdict::Failed(failure)) | Err(failure) => failure,
            Ok(Verdict::NotFound) => {
                let status = last.status.unwrap_or(404);
                env.absences.remember(bucket, &asked.get.key, (plan, candidate), OriginMethod::Head, status);
                return Ok(MissOutcome::NotFound { origin_status: status });
            }
            Ok(Verdict::Relay(relay)) => {
                return Ok(super::reply::relayed_head(last.status.unwrap_or_default(), relay));
            }
            Ok(Verdict::Object(head)) => return show(&head, asked),
        };
        if failure.is_over_budget() {
            return Err(before.unwrap_or(failure).to_error());
        }
        if !attempts.go_on(failure.again(plan.wants.switch_all_errors)) {
            return Err(failure.to_error());
        }
        before = Some(failure);
    }
}

fn show(head: &Head, asked: &Asked<'_>) -> Result<MissOutcome> {
    let range = head.length.map_or(Ok(None), |length| asked.range(length))?;
    let facts = KnownFacts { size: head.length.is_some(), etag: head.etag.is_some(), digests: false };
    let meta = Arc::new(head.meta(None));
    let shown = Shown { meta: &meta, facts, stored: false, status: head.origin_status };
    Ok(asked.object(&shown, range, Body::Empty))
}

/// One origin's answer, judged as that to a GET would be.
async fn attempt(env: &Env, plan: &Plan, cause: RequestCause, last: &mut LastAsked) -> Result<Verdict, Failure> {
    let candidate = last.candidate;
    let asked = &plan.candidates[candidate];
    let mut response = ask(env, asked, plan.request(candidate, OriginMethod::Head, cause)).await?;
    let mut length = head::content_length(&response.headers);
    if matches!(response.status, 405 | 501) {
        let mut request = plan.request(candidate, OriginMethod::Get, cause);
        request.headers.insert(RANGE, HeaderValue::from_static("bytes=0-0"));
        response = ask(env, asked, request).await?;
        length = length_of_first_byte(&mut response);
    }
    let OriginResponse { status, headers, .. } = response;
    last.status = Some(status);
    let framing = length.map_or(Framing::Delimited, Framing::Length);
    Ok(head::judge(status, &headers, framing, &Circumstances::of(plan, candidate, env.clock.now())))
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
