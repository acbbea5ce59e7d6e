//! Tombstones: the keys of a bucket that stay deleted, and the way back.

use axum::extract::State;
use axum::response::IntoResponse as _;
use headwater_admin::iso_8601;
use headwater_model::{BucketName, ObjectKey};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::api::{Answer, Named, Shared};
use super::error::{ErrorBody, json};
use super::extract::{Asked, At, By};

/// Tombstones on one page, at most and by default.
const MAX_PAGE: usize = 1000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TombstoneQuery {
    /// Only keys that begin so.
    #[serde(default)]
    prefix: String,
    /// Only keys greater than this: `next` of the page before.
    #[serde(default)]
    after: String,
    /// Most entries: 1,000 by default and at most.
    limit: Option<usize>,
}

/// A page of tombstones in byte order of keys.
#[derive(Serialize, ToSchema)]
pub(super) struct TombstonePage {
    tombstones: Vec<TombstoneRow>,
    /// Where the next page begins; null on the last.
    next: Option<String>,
}

/// A key that stays deleted.
#[derive(Serialize, ToSchema)]
pub(super) struct TombstoneRow {
    key: String,
    /// When it was deleted, ISO 8601.
    deleted: String,
}

/// The keys that stay deleted.
#[utoipa::path(
    get, path = "/api/v1/buckets/{bucket}/tombstones", tag = "tombstones",
    params(("bucket" = String, Path), TombstoneQuery),
    responses((status = 200, body = TombstonePage), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn list(State(api): Shared, At(bucket): At<String>, Asked(query): Asked<TombstoneQuery>) -> Answer {
    let name = BucketName::parse(&bucket)?;
    let limit = query.limit.unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE);
    // One more than is shown tells whether there are more.
    let mut found = api.engine.tombstones(&name, &query.prefix, &query.after, limit + 1).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(key, _)| key.as_str().to_owned());
    let row = |(key, deleted): headwater_store::Tombstone| TombstoneRow {
        key: key.as_str().to_owned(),
        deleted: iso_8601(deleted),
    };
    Ok(json(StatusCode::OK, &TombstonePage { tombstones: found.into_iter().map(row).collect(), next }))
}

/// Lifts the tombstone of a key: the next miss asks the origin again. The key is the rest of the path, percent-encoded
/// once.
#[utoipa::path(
    delete, path = "/api/v1/buckets/{bucket}/tombstones/{key}", tag = "tombstones",
    params(("bucket" = String, Path), ("key" = String, Path)),
    responses((status = 204, description = "lifted"), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn lift(State(api): Shared, At((bucket, key)): At<(String, String)>, By(requester): By) -> Answer {
    let (name, key, engine) = (BucketName::parse(&bucket)?, ObjectKey::parse(&key)?, api.engine.clone());
    let named = Named { action: "lift_tombstone", target: format!("object {name}/{key}") };
    api.change(requester, named, async move { engine.lift_tombstone(&name, &key).await }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
