//! Rules: the website document of a bucket, changed only by who knows what it replaces, and its former versions.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use headwater_admin::{Requester, Revision, iso_8601};
use headwater_engine::RuleCounts;
use headwater_model::BucketName;
use headwater_model::clock::Timestamp;
use headwater_model::website::Website;
use headwater_wire::{read_website, write_website};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::api::{Answer, Api, Shared, unacknowledged};
use super::document;
use super::error::{ErrorBody, Failure, json};
use super::explain::known;
use super::extract::{At, By, Document, Headers};

/// The rules of a bucket.
#[derive(Serialize, ToSchema)]
pub(super) struct Rules {
    /// The website document as XML, secrets masked; null if there is none. The answer to a change masks the values of
    /// headers that rules set as well: read the rules again before you change those.
    website: Option<String>,
    /// Its version, which is the `ETag` too.
    rule_version: u64,
}

/// The rules that a bucket is to have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRules {
    /// The website document as PutBucketWebsite takes it: XML. What comes back masked keeps what is stored for its rule, and
    /// is refused where that is not certain.
    website: String,
}

/// Former and present rules of a bucket.
#[derive(Serialize, ToSchema)]
pub(super) struct RuleHistory {
    /// The last 20 at most, oldest first.
    revisions: Vec<RuleRevision>,
}

/// What came of the rules of a bucket since the server began.
#[derive(Serialize, ToSchema)]
pub(super) struct RuleCounters {
    rules: Vec<RuleCounterRow>,
}

/// What came of one rule. A rule that is moved keeps its counts; one that is changed begins anew.
#[derive(Serialize, ToSchema)]
pub(super) struct RuleCounterRow {
    /// `RuleNumber`.
    number: u32,
    /// Misses that it was applied to.
    applied: u64,
    /// Objects stored.
    stored: u64,
    /// Misses whose object its origins do not have.
    absent: u64,
    /// Fetches that failed.
    failed: u64,
}

/// One version of the rules.
#[derive(Serialize, ToSchema)]
pub(super) struct RuleRevision {
    /// Grows with each change.
    rule_version: u64,
    /// When it was made, ISO 8601.
    time: String,
    /// Access key id of who made it.
    who: String,
    /// The document as XML; null if it was taken away. Masked are secrets and the values of headers that rules set: when you
    /// put it back, give those again that are no longer stored.
    website: Option<String>,
}

/// The website document of a bucket. Its version is the `ETag` of the answer.
#[utoipa::path(
    get, path = "/api/v1/buckets/{bucket}/rules", tag = "rules", params(("bucket" = String, Path)),
    responses((status = 200, body = Rules), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn get(State(api): Shared, At(bucket): At<String>) -> Answer {
    let known = known(&api, &bucket)?;
    let website = known.website.as_deref().map(write_website);
    Ok(tagged(&Rules { website, rule_version: known.rule_version }))
}

/// Replaces the website document; with `If-Match` only the version that it names.
#[utoipa::path(
    put, path = "/api/v1/buckets/{bucket}/rules", tag = "rules",
    params(("bucket" = String, Path),
           ("If-Match" = Option<String>, Header, description = "the `ETag` of the rules that are replaced, or `*`")),
    request_body = NewRules,
    responses((status = 200, body = Rules),
              (status = 412, description = "the rules have another version by now", body = ErrorBody),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn put(
    State(api): Shared,
    At(bucket): At<String>,
    By(requester): By,
    Headers(headers): Headers,
    Document(body): Document,
) -> Answer {
    let new: NewRules = document::read(&body)?;
    let website = read_website(new.website.as_bytes())?;
    change(&api, &bucket, requester, &headers, Some(website)).await
}

/// Takes the website document away; with `If-Match` only the version that it names.
#[utoipa::path(
    delete, path = "/api/v1/buckets/{bucket}/rules", tag = "rules",
    params(("bucket" = String, Path),
           ("If-Match" = Option<String>, Header, description = "the `ETag` of the rules that are taken away, or `*`")),
    responses((status = 200, body = Rules),
              (status = 412, description = "the rules have another version by now", body = ErrorBody),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn delete(
    State(api): Shared,
    At(bucket): At<String>,
    By(requester): By,
    Headers(headers): Headers,
) -> Answer {
    change(&api, &bucket, requester, &headers, None).await
}

/// The last versions of the website document, oldest first, with who made them.
#[utoipa::path(
    get, path = "/api/v1/buckets/{bucket}/rules/history", tag = "rules", params(("bucket" = String, Path)),
    responses((status = 200, body = RuleHistory), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn history(State(api): Shared, At(bucket): At<String>) -> Answer {
    let revisions = api.administration.website_history(&BucketName::parse(&bucket)?).await?;
    let row = |Revision { rule_version, time_ms, who, website }| {
        let time = iso_8601(Timestamp(time_ms));
        RuleRevision { rule_version, time, who, website }
    };
    Ok(json(StatusCode::OK, &RuleHistory { revisions: revisions.into_iter().map(row).collect() }))
}

/// How often each rule was applied since the server began, and what came of it, in the order of the rules.
#[utoipa::path(
    get, path = "/api/v1/buckets/{bucket}/rules/counters", tag = "rules", params(("bucket" = String, Path)),
    responses((status = 200, body = RuleCounters), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn counters(State(api): Shared, At(bucket): At<String>) -> Answer {
    let known = known(&api, &bucket)?;
    let row = |(number, counts): (u32, RuleCounts)| {
        let RuleCounts { applied, stored, absent, failed } = counts;
        RuleCounterRow { number, applied, stored, absent, failed }
    };
    let rules = api.engine.fills().rule_counts(&known).into_iter().map(row).collect();
    Ok(json(StatusCode::OK, &RuleCounters { rules }))
}

async fn change(
    api: &Api,
    bucket: &str,
    requester: Requester,
    headers: &HeaderMap,
    website: Option<Website>,
) -> Answer {
    let (bucket, expected) = (BucketName::parse(bucket)?, expected(headers)?);
    let changed = api.administration.change_website(requester, bucket, website, expected).await;
    let changed = changed.map_err(unacknowledged)?;
    Ok(tagged(&Rules { website: changed.documents.after, rule_version: changed.rule_version }))
}

fn tagged(rules: &Rules) -> Response {
    let mut response = json(StatusCode::OK, rules).into_response();
    let tag = HeaderValue::from_str(&format!("\"{}\"", rules.rule_version)).expect("quoted digits");
    response.headers_mut().insert(header::ETAG, tag);
    response
}

/// The version that `If-Match` names; none without the field and for `*`.
fn expected(headers: &HeaderMap) -> Result<Option<u64>, Failure> {
    let wrong = |value: &str| {
        let message = "give the ETag of the rules as they were read, such as \"7\", or *";
        Failure::new(StatusCode::BAD_REQUEST, "invalid_argument", message).field("If-Match", Some(value.to_owned()))
    };
    let mut fields = headers.get_all(header::IF_MATCH).iter();
    let Some(field) = fields.next() else { return Ok(None) };
    let text = String::from_utf8_lossy(field.as_bytes());
    if fields.next().is_some() {
        return Err(wrong(&text));
    }
    if text == "*" {
        return Ok(None);
    }
    let version = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&text);
    version.parse().map(Some).map_err(|_| wrong(&text))
}
