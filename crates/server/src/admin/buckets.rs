//! Buckets and how they migrate.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse as _;
use headwater_admin::{Emptied, Requester, iso_8601};
use headwater_model::acl::Acl;
use headwater_model::bucket::{Bucket, Dialect};
use headwater_model::op::Op;
use headwater_model::reply::{BucketStat, Reply};
use headwater_model::settings::MigrationSettings;
use headwater_model::{BucketName, Error, Result};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::api::{Answer, Api, Named, Shared, unacknowledged};
use super::document;
use super::error::{ErrorBody, json};
use super::explain::known;
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
    /// Whose words answers use where a request shows neither vendor's.
    dialect: DialectName,
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

/// A bucket to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewBucket {
    /// 3 to 63 lowercase letters, digits, hyphens and dots; a letter or digit at both ends.
    name: String,
    /// Whose words answers use where a request shows neither vendor's: `oss` (by default) or `s3`.
    #[serde(default)]
    dialect: DialectName,
}

/// A vendor's API.
#[derive(Clone, Copy, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DialectName {
    #[default]
    Oss,
    S3,
}

/// How much a bucket holds.
#[derive(Serialize, ToSchema)]
pub(super) struct BucketCount {
    /// Objects, versions that are not current among them.
    objects: u64,
    size_bytes: u64,
    /// Delete markers.
    markers: u64,
    /// Open uploads.
    uploads: u64,
}

impl From<&Bucket> for BucketRow {
    fn from(bucket: &Bucket) -> Self {
        Self {
            name: bucket.name.to_string(),
            created: iso_8601(bucket.created),
            dialect: match bucket.dialect {
                Dialect::Oss => DialectName::Oss,
                Dialect::S3 => DialectName::S3,
            },
            acl: match &bucket.acl {
                Acl::Canned(acl) => acl.as_str(),
                Acl::Grants(_) => "grants",
            },
            owner: bucket.access.owner.as_ref().map(|owner| owner.id.to_string()),
            location: bucket.location.to_string(),
            rules: bucket.website.as_ref().map_or(0, |website| website.rules.len()),
            rule_version: bucket.rule_version,
            migration: bucket.migration.clone(),
        }
    }
}

/// All buckets, in order of name.
#[utoipa::path(
    get, path = "/api/v1/buckets", tag = "buckets",
    responses((status = 200, body = BucketList), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn list(State(api): Shared) -> Answer {
    let buckets = api.engine.buckets().iter().map(|bucket| BucketRow::from(&**bucket)).collect();
    Ok(json(StatusCode::OK, &BucketList { buckets }))
}

/// Makes a private bucket.
#[utoipa::path(
    post, path = "/api/v1/buckets", tag = "buckets", request_body = NewBucket,
    responses((status = 201, body = BucketRow),
              (status = 409, description = "there is one of that name", body = ErrorBody),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn create(State(api): Shared, By(requester): By, Document(body): Document) -> Answer {
    let NewBucket { name, dialect } = document::read(&body)?;
    let dialect = match dialect {
        DialectName::Oss => Dialect::Oss,
        DialectName::S3 => Dialect::S3,
    };
    let made = api.administration.create_bucket(requester, BucketName::parse(&name)?, dialect).await;
    Ok(json(StatusCode::CREATED, &BucketRow::from(&*made.map_err(unacknowledged)?)))
}

/// A bucket.
#[utoipa::path(
    get, path = "/api/v1/buckets/{bucket}", tag = "buckets", params(("bucket" = String, Path)),
    responses((status = 200, body = BucketRow), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn get(State(api): Shared, At(bucket): At<String>) -> Answer {
    Ok(json(StatusCode::OK, &BucketRow::from(&*known(&api, &bucket)?)))
}

/// How much a bucket holds. It is counted now, which takes about a second for a million objects.
#[utoipa::path(
    get, path = "/api/v1/buckets/{bucket}/stat", tag = "buckets", params(("bucket" = String, Path)),
    responses((status = 200, body = BucketCount), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn stat(State(api): Shared, At(bucket): At<String>, By(requester): By) -> Answer {
    let op = Op::GetBucketStat(BucketName::parse(&bucket)?);
    match api.administration.perform(&requester.who, op).await? {
        Reply::BucketStat(BucketStat { objects, size_bytes, markers, uploads, .. }) => {
            Ok(json(StatusCode::OK, &BucketCount { objects, size_bytes, markers, uploads }))
        }
        _ => Err(Error::internal("count a bucket", "the reply is another operation's").into()),
    }
}

/// What a client deleted of a bucket by the data plane.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EmptiedDocument {
    /// Objects, versions and delete markers.
    deleted: u64,
    /// Open uploads.
    aborted_uploads: u64,
}

/// Writes a line into the audit log: a client has emptied the bucket, object by object, by the data plane. It changes nothing.
#[utoipa::path(
    post, path = "/api/v1/buckets/{bucket}/emptied", tag = "buckets", params(("bucket" = String, Path)),
    request_body = EmptiedDocument,
    responses((status = 204, description = "written down"),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn emptied(
    State(api): Shared,
    At(bucket): At<String>,
    By(requester): By,
    Document(body): Document,
) -> Answer {
    let EmptiedDocument { deleted, aborted_uploads } = document::read(&body)?;
    let emptied = Emptied { deleted, aborted_uploads };
    let noted = api.administration.note_emptied(requester, BucketName::parse(&bucket)?, emptied).await;
    noted.map_err(unacknowledged)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Deletes an empty bucket with its settings and rules.
#[utoipa::path(
    delete, path = "/api/v1/buckets/{bucket}", tag = "buckets", params(("bucket" = String, Path)),
    responses((status = 204, description = "deleted"),
              (status = 409, description = "it is not empty", body = ErrorBody),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn delete(State(api): Shared, At(bucket): At<String>, By(requester): By) -> Answer {
    api.administration.delete_bucket(requester, BucketName::parse(&bucket)?).await.map_err(unacknowledged)?;
    Ok(StatusCode::NO_CONTENT.into_response())
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
