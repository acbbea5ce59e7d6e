//! What this server is, and how busy.

use axum::extract::State;
use headwater_admin::{Sample, Totals, Window, iso_8601};
use headwater_engine::FailedFill;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::api::{Answer, Shared};
use super::error::{ErrorBody, json};
use super::extract::Asked;

/// What this server is.
#[derive(Serialize, ToSchema)]
pub(super) struct ServerDocument {
    /// Of the program.
    version: &'static str,
    /// The region announced.
    region: String,
    data: DataPlane,
    admin: AdminListener,
    /// When it began to serve, ISO 8601.
    started: String,
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
        started: iso_8601(facts.started),
    };
    Ok(json(StatusCode::OK, &shown))
}

/// Counters; each since the server began, or of one sample.
#[derive(Serialize, ToSchema)]
struct Counted {
    /// Requests answered.
    requests: u64,
    /// Those answered with 5xx.
    errors: u64,
    /// Object reads served from here.
    hits: u64,
    /// Object reads that asked an origin, or joined who did.
    misses: u64,
    /// Fills that stored an object.
    stored: u64,
    /// Fetches whose object the origins do not have.
    absent: u64,
    /// Fetches that failed.
    failed: u64,
    /// Body bytes sent to clients.
    sent_bytes: u64,
    /// Body bytes received from clients.
    received_bytes: u64,
    /// Body bytes received from origins.
    origin_bytes: u64,
}

/// How the server is now.
#[derive(Serialize, ToSchema)]
pub(super) struct Overview {
    totals: Counted,
    /// Fetches under way.
    fills_running: usize,
    buckets: usize,
    objects: u64,
    /// Bytes of objects.
    object_bytes: u64,
    /// Bytes of log and blob files.
    disk_bytes: u64,
    /// The last fetches that failed, at most 50, oldest first.
    failures: Vec<Failed>,
}

/// A fetch that failed.
#[derive(Serialize, ToSchema)]
struct Failed {
    /// When it ended, ISO 8601.
    time: String,
    bucket: String,
    key: String,
    /// Host and port.
    origin: String,
    /// Of its answer, if it answered.
    origin_status: Option<u16>,
    /// Reason code.
    reason: &'static str,
}

/// How far back.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SeriesQuery {
    /// `hour` (by default; samples of 10 seconds) or `day` (of 300).
    #[serde(default)]
    #[param(inline)]
    window: WindowName,
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WindowName {
    #[default]
    Hour,
    Day,
}

/// Samples of a window, oldest first. They begin anew with the server.
#[derive(Serialize, ToSchema)]
pub(super) struct Series {
    /// How long a sample is.
    resolution_s: u64,
    samples: Vec<SampleRow>,
}

/// What was counted while a sample lasted.
#[derive(Serialize, ToSchema)]
struct SampleRow {
    /// When it began, ISO 8601.
    time: String,
    added: Counted,
}

impl From<Totals> for Counted {
    fn from(totals: Totals) -> Self {
        let Totals { requests, errors, hits, misses, stored, absent, failed, .. } = totals;
        let Totals { sent_bytes, received_bytes, origin_bytes, .. } = totals;
        Self { requests, errors, hits, misses, stored, absent, failed, sent_bytes, received_bytes, origin_bytes }
    }
}

impl From<FailedFill> for Failed {
    fn from(failed: FailedFill) -> Self {
        Self {
            time: iso_8601(failed.at),
            bucket: failed.bucket.into(),
            key: failed.key.into(),
            origin: failed.origin.into(),
            origin_status: failed.origin_status,
            reason: failed.reason,
        }
    }
}

/// How the server is now: what it holds, what it did since it began, what failed last.
#[utoipa::path(
    get, path = "/api/v1/overview", tag = "server",
    responses((status = 200, body = Overview), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn overview(State(api): Shared) -> Answer {
    let (stats, fills) = (api.engine.store().stats(), api.engine.fills());
    let shown = Overview {
        totals: api.pulse.totals().into(),
        fills_running: fills.running(),
        buckets: api.engine.buckets().len(),
        objects: stats.objects,
        object_bytes: stats.object_bytes,
        disk_bytes: stats.disk_bytes,
        failures: fills.recent_failures().into_iter().map(Failed::from).collect(),
    };
    Ok(json(StatusCode::OK, &shown))
}

/// How the counters grew over the last hour or day.
#[utoipa::path(
    get, path = "/api/v1/series", tag = "server", params(SeriesQuery),
    responses((status = 200, body = Series), (status = "4XX", description = "refused", body = ErrorBody)),
)]
pub(super) async fn series(State(api): Shared, Asked(query): Asked<SeriesQuery>) -> Answer {
    let window = match query.window {
        WindowName::Hour => Window::Hour,
        WindowName::Day => Window::Day,
    };
    let row = |Sample { from, added }| SampleRow { time: iso_8601(from), added: added.into() };
    let samples = api.pulse.samples(window).into_iter().map(row).collect();
    Ok(json(StatusCode::OK, &Series { resolution_s: window.resolution().as_secs(), samples }))
}
