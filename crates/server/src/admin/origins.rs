//! Origins: how they are treated, and how they are.

use std::sync::Arc;

use axum::extract::State;
use headwater_admin::Requester;
use headwater_model::origin::OriginId;
use headwater_model::settings::OriginSettings;
use headwater_model::{Error, Result as ModelResult};
use http::StatusCode;
use serde_json::{Value, json as value};

use super::api::{Answer, Api, Shared, unacknowledged};
use super::document;
use super::error::{ErrorBody, Failure, json};
use super::extract::{At, By, Document};

/// The origins that have settings of their own, each with its status.
#[utoipa::path(
    get, path = "/api/v1/origins", tag = "origins",
    responses((status = 200, description = "`{\"origins\": [{\"origin\", \"settings\", \"status\"}]}`", body = Value),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn list(State(api): Shared) -> Answer {
    let row = |(id, settings): (OriginId, OriginSettings)| value!({ "origin": id.as_str(), "settings": settings, "status": api.engine.origin_status(&id) });
    let rows: Vec<Value> = api.engine.origins().into_iter().map(row).collect();
    Ok(json(StatusCode::OK, &value!({ "origins": rows })))
}

/// The settings of an origin, the defaults if it has none of its own. Secrets are masked.
#[utoipa::path(
    get, path = "/api/v1/origins/{scheme}/{authority}", tag = "origins",
    params(("scheme" = String, Path), ("authority" = String, Path, description = "HOST:PORT")),
    responses((status = 200, body = OriginSettings), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn get(State(api): Shared, At(place): At<(String, String)>) -> Answer {
    Ok(json(StatusCode::OK, &api.engine.origin_settings(&origin(&place)?)))
}

/// Replaces the settings of an origin as a whole; what is left out has its default. A masked secret that comes back
/// keeps the stored one.
#[utoipa::path(
    put, path = "/api/v1/origins/{scheme}/{authority}", tag = "origins",
    params(("scheme" = String, Path), ("authority" = String, Path, description = "HOST:PORT")),
    request_body = OriginSettings,
    responses((status = 200, body = OriginSettings), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn put(
    State(api): Shared,
    At(place): At<(String, String)>,
    By(requester): By,
    Document(body): Document,
) -> Answer {
    let settings = document::read(&body)?;
    change(&api, &place, requester, |_| Ok(settings)).await
}

/// Changes the settings that the merge patch (RFC 7396) names; `null` gives a field its default.
#[utoipa::path(
    patch, path = "/api/v1/origins/{scheme}/{authority}", tag = "origins",
    params(("scheme" = String, Path), ("authority" = String, Path, description = "HOST:PORT")),
    request_body(content = Object, content_type = "application/merge-patch+json"),
    responses((status = 200, body = OriginSettings), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn patch(
    State(api): Shared,
    At(place): At<(String, String)>,
    By(requester): By,
    Document(body): Document,
) -> Answer {
    change(&api, &place, requester, move |old| document::patched(old, &body)).await
}

async fn change(
    api: &Arc<Api>,
    place: &(String, String),
    requester: Requester,
    new: impl FnOnce(&OriginSettings) -> ModelResult<OriginSettings> + Send + 'static,
) -> Answer {
    let changed = api.administration.change_origin_settings(requester, origin(place)?, new).await;
    Ok(json(StatusCode::OK, &changed.map_err(unacknowledged)?.after))
}

/// Takes the settings of an origin away: it has the defaults again.
#[utoipa::path(
    delete, path = "/api/v1/origins/{scheme}/{authority}", tag = "origins",
    params(("scheme" = String, Path), ("authority" = String, Path, description = "HOST:PORT")),
    responses((status = 200, description = "what it had, or null", body = Value),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn delete(State(api): Shared, At(place): At<(String, String)>, By(requester): By) -> Answer {
    let deleted = api.administration.delete_origin_settings(requester, origin(&place)?).await;
    Ok(json(StatusCode::OK, &deleted.map_err(unacknowledged)?.before))
}

/// How an origin is: breaker, requests under way, its last answer.
#[utoipa::path(
    get, path = "/api/v1/origins/{scheme}/{authority}/status", tag = "origins",
    params(("scheme" = String, Path), ("authority" = String, Path, description = "HOST:PORT")),
    responses((status = 200, body = Value), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn status(State(api): Shared, At(place): At<(String, String)>) -> Answer {
    Ok(json(StatusCode::OK, &api.engine.origin_status(&origin(&place)?)))
}

fn origin((scheme, authority): &(String, String)) -> Result<OriginId, Failure> {
    let url = format!("{scheme}://{authority}");
    OriginId::parse(&url).map_err(|reason| Failure::from(Error::invalid_argument("origin", &url, reason)))
}
