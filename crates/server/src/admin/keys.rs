//! Access keys: whose they are, what they may do, and their secrets at their birth.

use axum::extract::State;
use headwater_engine::{Changed, KeyChange, NewKey, ShownKey};
use headwater_model::Error;
use headwater_model::rule::Secret;
use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json as value};
use utoipa::ToSchema;

use super::api::{Answer, Named, Shared};
use super::document;
use super::error::{ErrorBody, json};
use super::extract::{At, By, Document};

/// An access key without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeyDocument {
    /// The public identifier.
    access_key_id: String,
    /// Whether it may be used.
    enabled: bool,
    /// When it was made, in milliseconds since 1970.
    created_ms: i64,
    /// What it may do at all, in the policy language of S3 and RAM; `null`: everything that its account may.
    #[schema(value_type = Object)]
    policy: Value,
    /// Whose it is.
    account: AccountDocument,
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
struct AccountDocument {
    /// Canonical id: `Owner/ID` in answers.
    id: String,
    /// `Owner/DisplayName` in answers.
    display_name: String,
    /// By which grants may name it.
    email: Option<String>,
}

impl From<ShownKey> for KeyDocument {
    fn from(shown: ShownKey) -> Self {
        let policy = shown.key.policy.as_ref().map(|policy| serde_json::from_str(policy.text()));
        Self {
            access_key_id: shown.key.id.to_string(),
            enabled: shown.key.enabled,
            created_ms: shown.key.created.0,
            policy: policy.and_then(Result::ok).unwrap_or_default(),
            account: AccountDocument {
                id: shown.owner.id.to_string(),
                display_name: shown.owner.display_name.to_string(),
                email: shown.email.map(String::from),
            },
        }
    }
}

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
    #[schema(value_type = Object)]
    policy: Option<Value>,
}

/// What becomes of an access key; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyPatch {
    /// Whether it may be used.
    enabled: Option<bool>,
    /// A policy as an object, or its text; `null` takes the policy away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Object)]
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
    responses((status = 200, description = "`{\"keys\": [...]}`", body = Vec<KeyDocument>),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn list(State(api): Shared) -> Answer {
    let keys: Vec<KeyDocument> = api.engine.access_keys().into_iter().map(KeyDocument::from).collect();
    Ok(json(StatusCode::OK, &value!({ "keys": keys })))
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
    let engine = api.engine.clone();
    let (sender, secret) = tokio::sync::oneshot::channel();
    let named = Named { action: "create_access_key", target: "access key".into() };
    let change = async move {
        let (changed, secret) = engine.create_access_key(new).await?;
        // Nobody listens if the client has gone: then the key is there, and its secret was never shown.
        let _ = sender.send(secret);
        Ok(documents(changed))
    };
    let made = api.change(requester, named, change).await?.after;
    let secret = secret.await.map_err(|error| Error::internal("show the secret of a new access key", error))?;
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
    let wanted = KeyChange { enabled: patch.enabled, policy: patch.policy.map(policy_text) };
    let (engine, named) = (api.engine.clone(), named("change_access_key", &id));
    let change = async move { engine.change_access_key(&id, wanted).await.map(documents) };
    Ok(json(StatusCode::OK, &api.change(requester, named, change).await?.after))
}

/// Deletes an access key. Its account goes with its last key; what the account owns stays.
#[utoipa::path(
    delete, path = "/api/v1/keys/{access_key_id}", tag = "keys", params(("access_key_id" = String, Path)),
    responses((status = 200, description = "what it was", body = KeyDocument),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn delete(State(api): Shared, At(id): At<String>, By(requester): By) -> Answer {
    let (engine, named) = (api.engine.clone(), named("delete_access_key", &id));
    let change = async move { engine.delete_access_key(&id).await.map(documents) };
    Ok(json(StatusCode::OK, &api.change(requester, named, change).await?.before))
}

fn named(action: &'static str, id: &str) -> Named {
    Named { action, target: format!("access key {id}") }
}

fn documents(changed: Changed<ShownKey>) -> Changed<KeyDocument> {
    let Changed { before, after, differs } = changed;
    Changed { before: before.map(KeyDocument::from), after: after.map(KeyDocument::from), differs }
}
