//! Buckets and how they migrate.

use std::sync::Arc;

use axum::extract::State;
use headwater_admin::{Requester, iso_8601};
use headwater_model::acl::Acl;
use headwater_model::settings::MigrationSettings;
use headwater_model::{BucketName, Result};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::api::{Answer, Api, Named, Shared};
use super::document;
use super::error::{ErrorBody, json};
use super::extract::{At, By, Document};

/// All buckets.
#[derive(Serialize, ToSchema)]
pub(super) struct BucketList {
    buckets: Vec<BucketRow>,
}

/// A bucket in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct BucketRow {
    name: String,
    /// When it was created, ISO 8601.
    created: String,
    /// The name of a canned list, or `grants`.
    acl: &'static str,
    /// Canonical id of the account that owns it; `null`: root's.
    owner: Option<String>,
    /// Region of its creator.
    location: String,
    /// Number of its routing rules.
    rules: usize,
    /// Grows with each change of rules or migration settings.
    rule_version: u64,
    migration: MigrationSettings,
}

/// All buckets, in order of name.
#[utoipa::path(
    get, path = "/api/v1/buckets", tag = "buckets",
    responses((status = 200, body = BucketList), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn list(State(api): Shared) -> Answer {
    let rows = api.engine.buckets().into_iter().map(|bucket| BucketRow {
        name: bucket.name.to_string(),
        created: iso_8601(bucket.created),
        acl: match &bucket.acl {
            Acl::Canned(acl) => acl.as_str(),
            Acl::Grants(_) => "grants",
        },
        owner: bucket.access.owner.as_ref().map(|owner| owner.id.to_string()),
        location: bucket.location.to_string(),
        rules: bucket.website.as_ref().map_or(0, |website| website.rules.len()),
        rule_version: bucket.rule_version,
        migration: bucket.migration.clone(),
    });
    Ok(json(StatusCode::OK, &BucketList { buckets: rows.collect() }))
}

/// How a bucket migrates.
#[utoipa::path(
    get, path = "/api/v1/buckets/{bucket}/migration", tag = "buckets", params(("bucket" = String, Path)),
    responses((status = 200, body = MigrationSettings), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn get_migration(State(api): Shared, At(bucket): At<String>) -> Answer {
    Ok(json(StatusCode::OK, &api.engine.migration_settings(&BucketName::parse(&bucket)?)?))
}

/// Replaces the migration settings as a whole; what is left out has its default.
#[utoipa::path(
    put, path = "/api/v1/buckets/{bucket}/migration", tag = "buckets", params(("bucket" = String, Path)),
    request_body = MigrationSettings,
    responses((status = 200, body = MigrationSettings), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn put_migration(
    State(api): Shared,
    At(bucket): At<String>,
    By(requester): By,
    Document(body): Document,
) -> Answer {
    let settings = document::read(&body)?;
    change(&api, &bucket, requester, |_| Ok(settings)).await
}

/// Changes the migration settings that the merge patch (RFC 7396) names; `null` gives a field its default.
#[utoipa::path(
    patch, path = "/api/v1/buckets/{bucket}/migration", tag = "buckets", params(("bucket" = String, Path)),
    request_body(content = Object, content_type = "application/merge-patch+json"),
    responses((status = 200, body = MigrationSettings), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn patch_migration(
    State(api): Shared,
    At(bucket): At<String>,
    By(requester): By,
    Document(body): Document,
) -> Answer {
    change(&api, &bucket, requester, move |old| document::patched(old, &body)).await
}

async fn change(
    api: &Arc<Api>,
    bucket: &str,
    requester: Requester,
    new: impl FnOnce(&MigrationSettings) -> Result<MigrationSettings> + Send + 'static,
) -> Answer {
    let (engine, name) = (api.engine.clone(), BucketName::parse(bucket)?);
    let named = Named { action: "put_migration_settings", target: format!("bucket {bucket}") };
    let change = async move { engine.change_migration_settings(&name, new).await };
    Ok(json(StatusCode::OK, &api.change(requester, named, change).await?.after))
}
