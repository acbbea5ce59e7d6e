//! Bearer tokens: what programs that cannot sign send instead.

use std::time::Duration;

use axum::extract::State;
use headwater_admin::TokenDocument;
use headwater_engine::NewToken;
use headwater_model::Error;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::api::{Answer, Shared, unacknowledged};
use super::document;
use super::error::{ErrorBody, Failure, json};
use super::extract::{Asked, At, By, Document};

/// What a token is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTokenDocument {
    /// The access key whose rights it carries, judged at each request.
    access_key_id: Box<str>,
    /// How long it lives, 60 to 315,360,000 seconds; without it until it is revoked.
    duration_seconds: Option<u64>,
    /// What it is for, at most 128 characters.
    note: Option<Box<str>>,
}

/// Tokens, by id.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenList {
    tokens: Vec<TokenDocument>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TokenQuery {
    /// Those of this access key only.
    access_key_id: Option<String>,
}

/// The bearer tokens, without what they are sent as.
#[utoipa::path(
    get, path = "/api/v1/tokens", tag = "keys", params(TokenQuery),
    responses((status = 200, body = TokenList), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn list(State(api): Shared, Asked(query): Asked<TokenQuery>) -> Answer {
    let tokens = api.engine.access_tokens(query.access_key_id.as_deref());
    let tokens = tokens.iter().map(|token| TokenDocument::from(&**token)).collect();
    Ok(json(StatusCode::OK, &TokenList { tokens }))
}

/// Issues a bearer token. The answer has the `token`, which is shown this once. A token cannot issue tokens.
#[utoipa::path(
    post, path = "/api/v1/tokens", tag = "keys", request_body = NewTokenDocument, security(("sigv4" = [])),
    responses((status = 201, description = "the token's description with the `token`", body = TokenDocument),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn create(State(api): Shared, By(requester): By, Document(body): Document) -> Answer {
    let new: NewTokenDocument = document::read(&body)?;
    let new = NewToken {
        access_key_id: new.access_key_id,
        life: new.duration_seconds.map(Duration::from_secs),
        note: new.note,
    };
    let issued = api.administration.create_access_token(requester, new).await;
    let (issued, token) = issued.map_err(unacknowledged)?;
    let mut answer = serde_json::to_value(issued).map_err(|error| Error::internal("write a token", error))?;
    answer["token"] = token.reveal().into();
    Ok(json(StatusCode::CREATED, &answer))
}

/// Revokes a bearer token: the next request with it is refused.
#[utoipa::path(
    delete, path = "/api/v1/tokens/{token_id}", tag = "keys", params(("token_id" = String, Path)),
    responses((status = 200, description = "what it was", body = TokenDocument),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn revoke(State(api): Shared, At(id): At<String>, By(requester): By) -> Answer {
    let revoked = api.administration.revoke_access_token(requester, &id).await.map_err(unacknowledged)?;
    let revoked = revoked.before.ok_or_else(|| {
        Failure::new(StatusCode::NOT_FOUND, "no_such_token", "there is no token of that id").field("token_id", Some(id))
    })?;
    Ok(json(StatusCode::OK, &revoked))
}
