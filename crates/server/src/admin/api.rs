//! The routes of the admin API, and what all changes have in common.
//!
//! Guarantees: a change that was made is in the audit log before it is acknowledged, in the order in which changes were
//! made; a client that goes away meanwhile interrupts neither.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use headwater_engine::{Changed, Engine};
use headwater_model::{Error, Result as ModelResult};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Mutex;
use utoipa::IntoParams;

use super::auth::Requester;
use super::error::{ErrorBody, Failure, json};
use super::extract::Asked;
use super::{buckets, explain, keys, openapi, origins, tombstones};
use crate::audit::{Audit, Entry};

/// Lines of the audit log that are shown by default, and at most.
const AUDIT_LINES: usize = 100;
const MAX_AUDIT_LINES: usize = 1000;

/// What handlers work on.
pub(super) struct Api {
    pub(super) engine: Arc<Engine>,
    audit: Audit,
    /// Held over a change and its line in the audit log.
    order: Mutex<()>,
}

pub(super) type Shared = State<Arc<Api>>;
pub(super) type Answer = Result<Response, Failure>;

pub(super) fn router(engine: Arc<Engine>, audit: Audit) -> Router {
    let api = Arc::new(Api { engine, audit, order: Mutex::new(()) });
    let migration = get(buckets::get_migration).put(buckets::put_migration).patch(buckets::patch_migration);
    let origin = get(origins::get).put(origins::put).patch(origins::patch).delete(origins::delete);
    Router::new()
        .route("/api/v1/openapi.json", get(openapi::document))
        .route("/api/v1/buckets", get(buckets::list))
        .route("/api/v1/buckets/{bucket}/migration", migration)
        .route("/api/v1/buckets/{bucket}/rules", get(explain::rules))
        .route("/api/v1/buckets/{bucket}/explain", post(explain::explain))
        .route("/api/v1/buckets/{bucket}/rules/test", post(explain::test))
        .route("/api/v1/buckets/{bucket}/tombstones", get(tombstones::list))
        .route("/api/v1/buckets/{bucket}/tombstones/{*key}", delete(tombstones::lift))
        .route("/api/v1/keys", get(keys::list).post(keys::create))
        .route("/api/v1/keys/{access_key_id}", get(keys::get).patch(keys::patch).delete(keys::delete))
        .route("/api/v1/origins", get(origins::list))
        .route("/api/v1/origins/{scheme}/{authority}", origin)
        .route("/api/v1/origins/{scheme}/{authority}/status", get(origins::status))
        .route("/api/v1/audit", get(audit_lines))
        .fallback(async || {
            Failure::new(StatusCode::NOT_FOUND, "no_such_resource", "there is no such path; see /api/v1/openapi.json")
        })
        .method_not_allowed_fallback(async || {
            Failure::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "the resource does not have that method")
        })
        .with_state(api)
}

/// What a change is called in the audit log.
pub(super) struct Named {
    pub(super) action: &'static str,
    pub(super) target: String,
}

impl Api {
    /// Makes a change and writes it down. What changes nothing leaves no line.
    pub(super) async fn change<T>(
        self: &Arc<Self>,
        requester: Requester,
        named: Named,
        change: impl Future<Output = ModelResult<Changed<T>>> + Send + 'static,
    ) -> Result<Changed<T>, Failure>
    where
        T: Serialize + Send + Sync + 'static,
    {
        let api = self.clone();
        // In a task of its own: a client that goes away must not part a change from its line.
        let task = tokio::spawn(async move {
            let _order = api.order.lock().await;
            let changed = change.await?;
            if !changed.differs {
                return Ok(changed);
            }
            let shown = |value: &Option<T>| serde_json::to_value(value).unwrap_or(Value::Null);
            let Requester { request_id, who, remote } = requester;
            let (before, after) = (shown(&changed.before), shown(&changed.after));
            let entry = Entry { request_id, who, remote, action: named.action, target: named.target, before, after };
            if let Err(error) = api.audit.write(entry).await {
                tracing::error!(%error, action = named.action, "a change was made and could not be audited");
                let message =
                    "the change was made, but could not be written to the audit log; the server's log says why";
                return Err(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "not_audited", message));
            }
            Ok(changed)
        });
        task.await.map_err(|error| Failure::from(Error::internal("change settings", error)))?
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// Most lines: 100 by default, at most 1,000.
    limit: Option<usize>,
}

/// The last lines of the audit log, oldest first.
#[utoipa::path(
    get, path = "/api/v1/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, description = "`{\"entries\": [...]}`", body = Value),
              (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn audit_lines(State(api): Shared, Asked(query): Asked<AuditQuery>) -> Answer {
    let limit = query.limit.unwrap_or(AUDIT_LINES).clamp(1, MAX_AUDIT_LINES);
    let lines = api.audit.last(limit).await.map_err(|error| Error::internal("read the audit log", error))?;
    Ok(json(StatusCode::OK, &serde_json::json!({ "entries": lines })).into_response())
}
