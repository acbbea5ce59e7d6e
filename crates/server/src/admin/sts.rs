//! Temporary credentials.

use std::time::Duration;

use axum::extract::State;
use headwater_admin::iso_8601;
use headwater_engine::{AssumeRole, Changed};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::api::{Answer, Named, Shared};
use super::document;
use super::error::{ErrorBody, json};
use super::extract::{By, Document};
use super::keys::policy_text;

/// What the credentials are to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AssumeRoleDocument {
    /// The access key whose rights are lent.
    access_key_id: Box<str>,
    /// How long, 900 to 43,200; an hour without it. Not longer than the bearer token of the request lasts.
    duration_seconds: Option<u64>,
    /// What the holder may do at most, of what the key may: a policy as an object, or its text.
    #[schema(value_type = Object)]
    policy: Option<Value>,
}

/// Temporary credentials, named as AWS names them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CredentialsDocument {
    /// Access key id.
    access_key_id: String,
    /// Secret.
    secret_access_key: String,
    /// Token, sent with every request.
    session_token: String,
    /// When they end, ISO 8601.
    expiration: String,
}

/// What the audit log keeps: never a secret.
#[derive(Serialize)]
struct Issued {
    access_key_id: String,
    for_access_key_id: String,
    expiration: String,
}

/// Issues temporary credentials for an access key. They are shown this once and kept nowhere; disabling the key ends them.
#[utoipa::path(
    post, path = "/api/v1/sts/assume-role", tag = "keys", request_body = AssumeRoleDocument,
    responses((status = 200, body = CredentialsDocument), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn assume_role(State(api): Shared, By(requester): By, Document(body): Document) -> Answer {
    /// An hour, as at AWS.
    const DEFAULT_SECONDS: u64 = 3600;
    let asked: AssumeRoleDocument = document::read(&body)?;
    let role = AssumeRole {
        access_key_id: asked.access_key_id.clone(),
        life: Duration::from_secs(asked.duration_seconds.unwrap_or(DEFAULT_SECONDS)),
        policy: asked.policy.and_then(policy_text),
    };
    api.administration.lend_within_token(&requester, "duration_seconds", role.life)?;
    let issued = api.engine.assume_role(&role)?;
    let audited = Issued {
        access_key_id: issued.access_key_id.to_string(),
        for_access_key_id: asked.access_key_id.into(),
        expiration: iso_8601(issued.expires),
    };
    let named = Named { action: "assume_role", target: format!("access key {}", audited.for_access_key_id) };
    let change = async move { Ok(Changed { before: None, after: Some(audited), differs: true }) };
    let expiration = iso_8601(issued.expires);
    api.change(requester, named, change).await?;
    Ok(json(
        StatusCode::OK,
        &CredentialsDocument {
            access_key_id: issued.access_key_id.into(),
            secret_access_key: issued.secret.reveal().into(),
            session_token: issued.token.reveal().into(),
            expiration,
        },
    ))
}
