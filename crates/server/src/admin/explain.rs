//! Explanations: what a request would meet, under the bucket's rules or under rules not yet saved.

use std::sync::Arc;

use axum::extract::State;
use headwater_engine::{ExplainMethod, ExplainQuery};
use headwater_model::bucket::Bucket;
use headwater_model::website::Website;
use headwater_model::{BucketName, Error, Result};
use headwater_wire::read_website;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::api::{Answer, Api, Shared};
use super::document;
use super::error::{ErrorBody, json};
use super::extract::{At, Document};

/// A request to be explained.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExplainRequest {
    key: String,
    /// `get` (by default) or `head`.
    #[serde(default)]
    method: MethodName,
    /// Header fields as pairs of name and value.
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// The raw query.
    query: Option<String>,
    /// Whether the request is not signed.
    #[serde(default)]
    anonymous: bool,
    /// Whether to ask the origin, without storing what it answers.
    #[serde(default, rename = "try")]
    try_it: bool,
}

/// Rules to be tested, and a request to test them with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleTest {
    /// The website document as PutBucketWebsite takes it: XML.
    website: String,
    request: ExplainRequest,
}

/// How the key is asked for.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum MethodName {
    #[default]
    Get,
    Head,
}

impl ExplainRequest {
    fn query(self, website: Option<Website>) -> ExplainQuery {
        ExplainQuery {
            key: self.key.into(),
            method: match self.method {
                MethodName::Get => ExplainMethod::Get,
                MethodName::Head => ExplainMethod::Head,
            },
            headers: self.headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            query: self.query.map(Into::into),
            anonymous: self.anonymous,
            try_it: self.try_it,
            website,
        }
    }
}

/// What a request would meet, step by step. Changes nothing.
#[utoipa::path(
    post, path = "/api/v1/buckets/{bucket}/explain", tag = "rules", params(("bucket" = String, Path)),
    request_body = ExplainRequest,
    responses((status = 200, description = "the steps", body = Value),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn explain(State(api): Shared, At(bucket): At<String>, Document(body): Document) -> Answer {
    let request: ExplainRequest = document::read(&body)?;
    answer(&api, &bucket, request.query(None)).await
}

/// What a request would meet under rules that are not saved. Changes nothing.
#[utoipa::path(
    post, path = "/api/v1/buckets/{bucket}/rules/test", tag = "rules", params(("bucket" = String, Path)),
    request_body = RuleTest,
    responses((status = 200, description = "the steps", body = Value),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn test(State(api): Shared, At(bucket): At<String>, Document(body): Document) -> Answer {
    let test: RuleTest = document::read(&body)?;
    let mut website = read_website(test.website.as_bytes())?;
    website.adopt_masked_secrets(known(&api, &bucket)?.website.as_deref())?;
    answer(&api, &bucket, test.request.query(Some(website))).await
}

pub(super) fn known(api: &Api, bucket: &str) -> Result<Arc<Bucket>> {
    let name = BucketName::parse(bucket)?;
    api.engine.bucket(name.as_str()).ok_or_else(|| Error::NoSuchBucket { bucket: bucket.into() })
}

async fn answer(api: &Api, bucket: &str, query: ExplainQuery) -> Answer {
    let explanation = api.engine.explain(&BucketName::parse(bucket)?, query).await?;
    Ok(json(StatusCode::OK, &explanation))
}
