//! The routes of the admin API, and what all changes have in common: they are made through the audit log.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete, get, post};
use headwater_admin::{Administration, Pulse, Requester, ServerFacts, Unacknowledged};
use headwater_engine::{Changed, Engine};
use headwater_model::{Error, Result as ModelResult};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::error::{ErrorBody, Failure, json};
use super::extract::Asked;
use super::{buckets, explain, keys, objects, origins, overview, rules, sts, tokens, tombstones};

/// Lines of the audit log that are shown by default, and at most.
const AUDIT_LINES: usize = 100;
const MAX_AUDIT_LINES: usize = 1000;

/// What handlers work on.
pub(super) struct Api {
    pub(super) engine: Arc<Engine>,
    pub(super) administration: Administration,
    pub(super) facts: Arc<ServerFacts>,
    pub(super) pulse: Arc<Pulse>,
}

pub(super) type Shared = State<Arc<Api>>;
pub(super) type Answer = Result<Response, Failure>;

/// Makes what answers a path, by method.
type Methods = fn() -> MethodRouter<Arc<Api>>;

/// Every path of the API with what answers it; the OpenAPI document has the same (see the tests).
const ROUTES: &[(&str, Methods)] = &[
    ("/api/v1/server", || get(overview::server)),
    ("/api/v1/overview", || get(overview::overview)),
    ("/api/v1/series", || get(overview::series)),
    ("/api/v1/buckets", || get(buckets::list).post(buckets::create)),
    ("/api/v1/buckets/{bucket}", || get(buckets::get).delete(buckets::delete)),
    ("/api/v1/buckets/{bucket}/stat", || get(buckets::stat)),
    ("/api/v1/buckets/{bucket}/emptied", || post(buckets::emptied)),
    ("/api/v1/buckets/{bucket}/objects", || get(objects::browse)),
    ("/api/v1/buckets/{bucket}/objects/{*key}", || get(objects::get).delete(objects::delete)),
    ("/api/v1/buckets/{bucket}/presign", || post(objects::presign)),
    ("/api/v1/buckets/{bucket}/migration", || {
        get(buckets::get_migration).put(buckets::put_migration).patch(buckets::patch_migration)
    }),
    ("/api/v1/buckets/{bucket}/rules", || get(rules::get).put(rules::put).delete(rules::delete)),
    ("/api/v1/buckets/{bucket}/rules/counters", || get(rules::counters)),
    ("/api/v1/buckets/{bucket}/rules/history", || get(rules::history)),
    ("/api/v1/buckets/{bucket}/explain", || post(explain::explain)),
    ("/api/v1/buckets/{bucket}/rules/test", || post(explain::test)),
    ("/api/v1/buckets/{bucket}/tombstones", || get(tombstones::list)),
    ("/api/v1/buckets/{bucket}/tombstones/{*key}", || delete(tombstones::lift)),
    ("/api/v1/keys", || get(keys::list).post(keys::create)),
    ("/api/v1/keys/{access_key_id}", || get(keys::get).patch(keys::patch).delete(keys::delete)),
    ("/api/v1/sts/assume-role", || post(sts::assume_role)),
    ("/api/v1/tokens", || get(tokens::list).post(tokens::create)),
    ("/api/v1/tokens/{token_id}", || delete(tokens::revoke)),
    ("/api/v1/origins", || get(origins::list)),
    ("/api/v1/origins/{scheme}/{authority}", || {
        get(origins::get).put(origins::put).patch(origins::patch).delete(origins::delete)
    }),
    ("/api/v1/origins/{scheme}/{authority}/status", || get(origins::status)),
    ("/api/v1/audit", || get(audit_lines)),
];

pub(super) fn router(administration: Administration, facts: Arc<ServerFacts>, pulse: Arc<Pulse>) -> Router {
    let api = Arc::new(Api { engine: administration.engine().clone(), administration, facts, pulse });
    let routed = ROUTES.iter().fold(Router::new(), |router, (path, methods)| router.route(path, methods()));
    routed
        .fallback(async || {
            Failure::new(StatusCode::NOT_FOUND, "no_such_resource", "there is no such path; see /-/openapi.json")
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
    /// Makes a change and writes it down.
    pub(super) async fn change<T>(
        &self,
        requester: Requester,
        named: Named,
        change: impl Future<Output = ModelResult<Changed<T>>> + Send + 'static,
    ) -> Result<Changed<T>, Failure>
    where
        T: Serialize + Send + Sync + 'static,
    {
        let Named { action, target } = named;
        self.administration.change(requester, action, target, change).await.map_err(unacknowledged)
    }
}

pub(super) fn unacknowledged(failure: Unacknowledged) -> Failure {
    match failure {
        Unacknowledged::Refused(error) => error.into(),
        failure @ Unacknowledged::NotAudited => {
            Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "not_audited", failure.to_string())
        }
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
    let lines =
        api.administration.audit().last(limit).await.map_err(|error| Error::internal("read the audit log", error))?;
    Ok(json(StatusCode::OK, &serde_json::json!({ "entries": lines })).into_response())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use utoipa::OpenApi as _;

    use super::super::openapi;
    use super::*;

    #[test]
    fn every_path_is_described_and_no_other() {
        let routed: BTreeSet<String> = ROUTES.iter().map(|(path, _)| path.replace("{*", "{")).collect();
        let described: BTreeSet<String> = openapi::Description::openapi().paths.paths.into_keys().collect();
        assert_eq!(routed, described);
    }
}
