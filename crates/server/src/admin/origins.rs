//! Origins: how they are treated, and how they are.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use headwater_admin::Requester;
use headwater_model::origin::OriginId;
use headwater_model::settings::OriginSettings;
use headwater_model::{Error, Result as ModelResult};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json as value};

use super::api::{Answer, Api, Shared, unacknowledged};
use super::document;
use super::error::{ErrorBody, Failure, json};
use super::extract::{At, By, Document, Headers};

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

/// The settings of an origin, the defaults if it has none of its own. Secrets are masked; the `ETag` of the answer covers
/// them.
#[utoipa::path(
    get, path = "/api/v1/origins/{scheme}/{authority}", tag = "origins",
    params(("scheme" = String, Path), ("authority" = String, Path, description = "HOST:PORT")),
    responses((status = 200, body = OriginSettings), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn get(State(api): Shared, At(place): At<(String, String)>) -> Answer {
    let id = origin(&place)?;
    // Read before the settings: a change between the two is noticed when the tag comes back.
    let version = api.engine.origin_version(&id);
    Ok(tagged(&version, &api.engine.origin_settings(&id)))
}

/// Replaces the settings of an origin as a whole; what is left out has its default. A masked secret that comes back
/// keeps the stored one. With `If-Match` only the version that it names is replaced.
#[utoipa::path(
    put, path = "/api/v1/origins/{scheme}/{authority}", tag = "origins",
    params(("scheme" = String, Path), ("authority" = String, Path, description = "HOST:PORT"),
           ("If-Match" = Option<String>, Header, description = "the `ETag` of the settings as they were read, or `*`")),
    request_body = OriginSettings,
    responses((status = 200, body = OriginSettings),
              (status = 412, description = "the settings are others by now", body = ErrorBody), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn put(
    State(api): Shared,
    At(place): At<(String, String)>,
    By(requester): By,
    Headers(headers): Headers,
    Document(body): Document,
) -> Answer {
    let settings = document::read(&body)?;
    change(&api, &place, (requester, &headers), |_| Ok(settings)).await
}

/// Changes the settings that the merge patch (RFC 7396) names; `null` gives a field its default.
#[utoipa::path(
    patch, path = "/api/v1/origins/{scheme}/{authority}", tag = "origins",
    params(("scheme" = String, Path), ("authority" = String, Path, description = "HOST:PORT"),
           ("If-Match" = Option<String>, Header, description = "the `ETag` of the settings as they were read, or `*`")),
    request_body(content = Object, content_type = "application/merge-patch+json"),
    responses((status = 200, body = OriginSettings),
              (status = 412, description = "the settings are others by now", body = ErrorBody),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn patch(
    State(api): Shared,
    At(place): At<(String, String)>,
    By(requester): By,
    Headers(headers): Headers,
    Document(body): Document,
) -> Answer {
    change(&api, &place, (requester, &headers), move |old| document::patched(old, &body)).await
}

async fn change(
    api: &Arc<Api>,
    place: &(String, String),
    (requester, headers): (Requester, &HeaderMap),
    new: impl FnOnce(&OriginSettings) -> ModelResult<OriginSettings> + Send + 'static,
) -> Answer {
    let id = origin(place)?;
    let changed = api.administration.change_origin_settings(requester, id, expected(headers), new).await;
    let changed = changed.map_err(unacknowledged)?;
    // Of the change itself: by now the settings may be those of another, whose version is no tag of this body.
    Ok(tagged(&changed.version, &changed.settings.after))
}

fn tagged(version: &str, settings: &impl Serialize) -> Response {
    let mut response = json(StatusCode::OK, settings);
    let tag = HeaderValue::try_from(format!("\"{version}\"")).expect("quoted hexadecimal digits");
    response.headers_mut().insert(header::ETAG, tag);
    response
}

/// The version that `If-Match` names; none without the field and for `*`. What is no version matches none.
fn expected(headers: &HeaderMap) -> Option<String> {
    let mut fields = headers.get_all(header::IF_MATCH).iter();
    let field = String::from_utf8_lossy(fields.next()?.as_bytes()).trim().to_owned();
    if fields.next().is_none() && field == "*" {
        return None;
    }
    Some(field.strip_prefix('"').and_then(|field| field.strip_suffix('"')).unwrap_or(&field).to_owned())
}

/// Takes the settings of an origin away: it has the defaults again. With `If-Match` only the version that it names.
#[utoipa::path(
    delete, path = "/api/v1/origins/{scheme}/{authority}", tag = "origins",
    params(("scheme" = String, Path), ("authority" = String, Path, description = "HOST:PORT"),
           ("If-Match" = Option<String>, Header, description = "the `ETag` of the settings as they were read, or `*`")),
    responses((status = 200, description = "what it had, or null", body = Value),
              (status = 412, description = "the settings are others by now", body = ErrorBody),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn delete(
    State(api): Shared,
    At(place): At<(String, String)>,
    By(requester): By,
    Headers(headers): Headers,
) -> Answer {
    let deleted = api.administration.delete_origin_settings(requester, origin(&place)?, expected(&headers)).await;
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
