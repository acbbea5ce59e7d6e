//! Access keys: whose they are, what they may do, and their secrets at their birth.

use axum::extract::State;
use headwater_admin::KeyDocument;
use headwater_engine::{KeyChange, NewKey};
use headwater_model::Error;
use headwater_model::rule::Secret;
use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::api::{Answer, Shared, unacknowledged};
use super::document;
use super::error::{ErrorBody, json};
use super::extract::{At, By, Document};

/// What a new access key is to be; whatever is left out is made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKeyDocument {
    /// Canonical id of the account that it joins; without it a new account is made.
    account: Option<Box<str>>,
    /// Canonical id of the new account; 64 hexadecimal digits are made without it.
    canonical_id: Option<Box<str>>,
    /// Display name of the new account, unique; the access key id without it.
    display_name: Option<Box<str>>,
    /// E-mail address of the new account, unique.
    email: Option<Box<str>>,
    /// The public identifier.
    access_key_id: Option<Box<str>>,
    /// The secret, 8 to 128 characters.
    secret: Option<Secret>,
    /// What it may do at all: a policy as an object, or its text.
    #[schema(value_type = Option<Object>)]
    policy: Option<Value>,
}

/// All access keys but the root key.
#[derive(Serialize, ToSchema)]
pub(super) struct KeyList {
    keys: Vec<KeyDocument>,
}

/// What becomes of an access key; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyPatch {
    /// Whether it may be used.
    enabled: Option<bool>,
    /// A policy as an object, or its text; `null` takes the policy away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    policy: Option<Value>,
}

/// Tells `null` from nothing.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

pub(super) fn policy_text(policy: Value) -> Option<Box<str>> {
    match policy {
        Value::Null => None,
        Value::String(text) => Some(text.into()),
        policy => Some(policy.to_string().into()),
    }
}

/// All access keys but the root key.
#[utoipa::path(
    get, path = "/api/v1/keys", tag = "keys",
    responses((status = 200, body = KeyList),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn list(State(api): Shared) -> Answer {
    let keys = api.engine.access_keys().into_iter().map(KeyDocument::from).collect();
    Ok(json(StatusCode::OK, &KeyList { keys }))
}

/// Makes an access key. The answer has its `secret`, which is shown this once.
#[utoipa::path(
    post, path = "/api/v1/keys", tag = "keys", request_body = NewKeyDocument,
    responses((status = 201, description = "the key with its `secret`", body = KeyDocument),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn create(State(api): Shared, By(requester): By, Document(body): Document) -> Answer {
    let new: NewKeyDocument = if body.is_empty() { document::read(b"{}")? } else { document::read(&body)? };
    let new = NewKey {
        account: new.account,
        canonical_id: new.canonical_id,
        display_name: new.display_name,
        email: new.email,
        access_key_id: new.access_key_id,
        secret: new.secret,
        policy: new.policy.and_then(policy_text),
    };
    let created = api.administration.create_access_key(requester, new).await;
    let (made, secret) = created.map_err(unacknowledged)?;
    let mut answer = serde_json::to_value(made).map_err(|error| Error::internal("write an access key", error))?;
    answer["secret"] = secret.reveal().into();
    Ok(json(StatusCode::CREATED, &answer))
}

/// An access key.
#[utoipa::path(
    get, path = "/api/v1/keys/{access_key_id}", tag = "keys", params(("access_key_id" = String, Path)),
    responses((status = 200, body = KeyDocument), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn get(State(api): Shared, At(id): At<String>) -> Answer {
    let found = api.engine.access_keys().into_iter().find(|shown| *shown.key.id == *id);
    let found = found.ok_or_else(|| Error::InvalidAccessKeyId { access_key_id: id.into() })?;
    Ok(json(StatusCode::OK, &KeyDocument::from(found)))
}

/// Changes an access key: whether it may be used, and its policy as a whole.
#[utoipa::path(
    patch, path = "/api/v1/keys/{access_key_id}", tag = "keys", params(("access_key_id" = String, Path)),
    request_body(content = KeyPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, body = KeyDocument), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn patch(
    State(api): Shared,
    At(id): At<String>,
    By(requester): By,
    Document(body): Document,
) -> Answer {
    let patch: KeyPatch = document::read(&body)?;
    let wanted = KeyChange { enabled: patch.enabled, policy: patch.policy.map(policy_text), expected: None };
    let changed = api.administration.change_access_key(requester, &id, wanted).await;
    Ok(json(StatusCode::OK, &changed.map_err(unacknowledged)?.after))
}

/// Deletes an access key. Its account goes with its last key; what the account owns stays.
#[utoipa::path(
    delete, path = "/api/v1/keys/{access_key_id}", tag = "keys", params(("access_key_id" = String, Path)),
    responses((status = 200, description = "what it was", body = KeyDocument),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn delete(State(api): Shared, At(id): At<String>, By(requester): By) -> Answer {
    let deleted = api.administration.delete_access_key(requester, &id).await;
    Ok(json(StatusCode::OK, &deleted.map_err(unacknowledged)?.before))
}
