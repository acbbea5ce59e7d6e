//! The tags of the origin's object, which its own answer does not tell (bucket setting `keep_tags`).
//!
//! Guarantees: they are asked for only while an object comes that is to be stored, beside its body, so that no client waits
//! for them; an object whose tags could not be had is not stored, because nothing would ever bring them later.
//!
//! How: one more request, `?tagging`, to whoever gives the body, signed like the first one. A bucket of this server is
//! simply looked into. Origins that are asked without credentials have no tags.

use std::sync::Arc;
use std::time::Duration;

use headwater_model::limits::MAX_TAGS;
use headwater_model::object::Tags;
use headwater_model::origin::{OriginMethod, OriginResponse, RequestCause};
use headwater_wire::read_tagging;
use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, ETAG, HeaderValue};
use tokio::task::JoinHandle;

use super::ask::ask;
use super::head::{self, MAX_RELAYED_BYTES};
use super::intake::{Gathered, Intake};
use super::state::Fill;
use super::task::Env;

/// Reason code of an object that is not stored because its tags are not known, or are too many.
const TAGS_UNAVAILABLE: &str = "tags_unavailable";
/// For the whole request: the limits of its parts would let an answer trickle.
const LIMIT: Duration = Duration::from_secs(30);

/// A request for tags under way; dropping it ends it.
pub(super) struct Asking {
    answer: JoinHandle<Result<Tags, &'static str>>,
}

impl Asking {
    /// Asks the candidate that answered with `headers`. `None` if no tags of its objects are kept.
    pub(super) fn begin(env: &Arc<Env>, fill: &Arc<Fill>, candidate: usize, headers: &HeaderMap) -> Option<Self> {
        let place = &fill.plan.candidates[candidate];
        if !fill.plan.wants.settings.keep_tags || (place.signing.is_none() && place.local.is_none()) {
            return None;
        }
        let (env, fill, etag) = (Arc::clone(env), Arc::clone(fill), headers.get(ETAG).cloned());
        let answer = async move {
            tokio::select! {
                tags = origin_tags(&env, &fill, candidate, etag.as_ref()) => tags,
                () = env.clock.sleep(LIMIT) => Err("no answer within the limit"),
            }
        };
        Some(Self { answer: tokio::spawn(answer) })
    }

    /// Waits for the tags; those of the rule come on top.
    ///
    /// # Errors
    /// Why the object cannot be stored: a reason code.
    pub(super) async fn end(mut self, of_rule: &Tags) -> Result<Tags, &'static str> {
        let answer = (&mut self.answer).await.unwrap_or(Err("the request vanished"));
        let tags = answer.and_then(|tags| merged(of_rule, tags).ok_or("more tags than an object may have"));
        tags.map_err(|error| {
            tracing::warn!(error, "the tags of an object are not known");
            TAGS_UNAVAILABLE
        })
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.answer.abort();
    }
}

/// What the candidate has under `?tagging`.
async fn origin_tags(
    env: &Arc<Env>,
    fill: &Fill,
    candidate: usize,
    etag: Option<&HeaderValue>,
) -> Result<Tags, &'static str> {
    let place = &fill.plan.candidates[candidate];
    if let Some(local) = &place.local {
        let tags = local.tags(&*env.store, etag).await.map_err(|failure| failure.reason())?;
        return tags.ok_or("the object changed");
    }
    let mut request = fill.plan.request(candidate, OriginMethod::Get, RequestCause::Resume);
    // A query that was passed asks for the object; none of it belongs here.
    let whole = request.url.split('?').next().unwrap_or_default();
    request.url = format!("{whole}?tagging").into();
    request.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let response = ask(env, place, request).await.map_err(|failure| failure.reason())?;
    let OriginResponse { status, framing, body, .. } = response;
    // 501: a store that knows no tags.
    if matches!(status, 404 | 501) {
        return Ok(Tags::new());
    }
    let document = Intake::of_relayed(body, status, framing, env).gather(MAX_RELAYED_BYTES).await;
    match document.map_err(|failure| failure.reason())? {
        Gathered::Longer(_) => Err("the document is too long"),
        document if status != 200 => match head::error_code(&document) {
            Some("NoSuchTagSet") => Ok(Tags::new()),
            _ => Err("the origin refuses to tell them"),
        },
        Gathered::Whole(document) => read_tagging(&document).map_err(|_| "not a document of tags"),
    }
}

/// Both, each key once; `None` beyond the limit.
fn merged(of_rule: &Tags, of_origin: Tags) -> Option<Tags> {
    let mut tags = of_rule.clone();
    tags.extend(of_origin.into_iter().filter(|(key, _)| of_rule.iter().all(|(own, _)| own != key)));
    (tags.len() <= MAX_TAGS.max(of_rule.len())).then_some(tags)
}
