//! The OpenAPI document of the admin API, made from the handlers and the types themselves.

use http::StatusCode;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};

use super::api::Answer;
use super::error::{ErrorBody, json};
use super::{api, buckets, explain, keys, origins, rules, sts, tombstones};

/// The admin API of Headwater.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Headwater admin API",
        description = "Settings, access keys, rules and explanations. Every request is signed by the root key with AWS Signature \
                       Version 4 (service s3, any region) in the Authorization header, its body included \
                       (x-amz-content-sha256).",
    ),
    paths(
        buckets::list, buckets::get_migration, buckets::put_migration, buckets::patch_migration,
        rules::get, rules::put, rules::delete, rules::history, explain::explain, explain::test,
        keys::list, keys::create, keys::get, keys::patch, keys::delete, sts::assume_role,
        tombstones::list, tombstones::lift,
        origins::list, origins::get, origins::put, origins::patch, origins::delete, origins::status,
        api::audit_lines,
    ),
    components(schemas(ErrorBody)),
    security(("sigv4" = [])),
    modifiers(&Signed),
)]
pub(super) struct Description;

struct Signed;

impl utoipa::Modify for Signed {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let header = ApiKeyValue::with_description("Authorization", "AWS4-HMAC-SHA256 Credential=…");
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("sigv4", SecurityScheme::ApiKey(ApiKey::Header(header)));
    }
}

/// `GET /api/v1/openapi.json`.
pub(super) async fn document() -> Answer {
    Ok(json(StatusCode::OK, &Description::openapi()))
}
