//! What this server is.

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::api::{Answer, Shared};
use super::error::{ErrorBody, json};

/// What this server is.
#[derive(Serialize, ToSchema)]
pub(super) struct ServerDocument {
    /// Of the program.
    version: &'static str,
    /// The region announced.
    region: String,
    data: DataPlane,
    admin: AdminListener,
}

/// Where objects are read and written.
#[derive(Serialize, ToSchema)]
struct DataPlane {
    /// Address and port it listens on.
    listen: String,
    tls: bool,
    /// Domains whose subdomains are buckets.
    base_domains: Vec<String>,
}

/// Where this API is.
#[derive(Serialize, ToSchema)]
struct AdminListener {
    /// Address and port it listens on.
    listen: String,
}

/// What this server is, and where its data plane listens.
#[utoipa::path(
    get, path = "/api/v1/server", tag = "server",
    responses((status = 200, body = ServerDocument), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn server(State(api): Shared) -> Answer {
    let facts = &api.facts;
    let shown = ServerDocument {
        version: facts.version,
        region: api.engine.region().to_owned(),
        data: DataPlane { listen: facts.data.to_string(), tls: facts.tls, base_domains: facts.base_domains.clone() },
        admin: AdminListener { listen: facts.admin.to_string() },
    };
    Ok(json(StatusCode::OK, &shown))
}
