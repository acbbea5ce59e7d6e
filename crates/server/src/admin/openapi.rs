//! The OpenAPI document of the admin API, made from the handlers and the types themselves.

use std::sync::LazyLock;

use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::error::ErrorBody;
use super::{api, buckets, explain, keys, objects, origins, overview, rules, sts, tokens, tombstones};

/// The admin API of Headwater.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Headwater admin API",
        description = "Settings, access keys, rules and explanations. Every request is signed by the root key with AWS Signature \
                       Version 4 (service s3, any region) in the Authorization header, its body included \
                       (x-amz-content-sha256), or carries a bearer token of it there (POST /api/v1/tokens).",
    ),
    paths(
        overview::server, overview::overview, overview::series, buckets::list, buckets::create, buckets::get, buckets::stat, buckets::emptied, buckets::delete,
        objects::browse, objects::get, objects::delete, objects::presign, buckets::get_migration, buckets::put_migration, buckets::patch_migration,
        rules::get, rules::put, rules::delete, rules::history, rules::counters, explain::explain, explain::test,
        keys::list, keys::create, keys::get, keys::patch, keys::delete, sts::assume_role, tokens::list, tokens::create, tokens::revoke,
        tombstones::list, tombstones::lift,
        origins::list, origins::get, origins::put, origins::patch, origins::delete, origins::status,
        api::audit_lines,
    ),
    components(schemas(ErrorBody)),
    security(("sigv4" = []), ("bearer" = [])),
    modifiers(&Signed),
)]
pub(super) struct Description;

struct Signed;

impl utoipa::Modify for Signed {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let header = ApiKeyValue::with_description("Authorization", "AWS4-HMAC-SHA256 Credential=…");
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("sigv4", SecurityScheme::ApiKey(ApiKey::Header(header)));
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A token of an access key"));
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
    }
}

/// The document as JSON.
pub(super) fn document() -> &'static str {
    static TEXT: LazyLock<String> =
        LazyLock::new(|| Description::openapi().to_json().expect("the document has text keys and no failing parts"));
    &TEXT
}
