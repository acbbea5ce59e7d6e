//! The admin plane: health, readiness, metrics, the admin API, and the web console.
//!
//! `/-/healthz` says that the process serves; `/-/readyz` that it takes new requests (no longer once it drains);
//! `/-/metrics` is the Prometheus text; `/-/openapi.json` describes the admin API. None of them tells anything about contents, and none asks who reads.
//!
//! What is under neither `/-/` nor `/api/` is the console's, which has sessions of its own (crate `console`).
//!
//! Everything under `/api/` is for the root key alone ([`auth`]): a request reaches its handler only after its
//! signature, its signer's right and its body's digest were checked, or its bearer token and the right of that one's
//! key. Changes are written to the audit log before they are acknowledged ([`api`]). No GET changes anything; there is
//! no CORS, so no web page of another site can read an answer. Every answer has its id in `x-request-id`, as have the
//! lines of the log that are about it.

mod api;
mod auth;
mod body;
mod buckets;
mod console;
mod document;
mod error;
mod explain;
mod extract;
mod keys;
mod objects;
mod once;
mod openapi;
mod origins;
mod overview;
mod rules;
mod sts;
mod tokens;
mod tombstones;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::IntoResponse as _;
use headwater_admin::{Administration, Pulse, ServerFacts};
use headwater_console::Console;
use headwater_engine::Engine;
use headwater_model::clock::Clock;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt as _;
use tracing::Instrument as _;

use once::UsedSignatures;

use crate::authenticate::Authenticator;
use crate::listen;
use crate::request_id::{RequestId, RequestIds};
use crate::service::Service;

/// Content type of the OpenMetrics text format.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The field of every answer that names it.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Most connections at a time: people, a few programs, a few scrapers.
const MAX_CONNECTIONS: usize = 256;
/// A request head must be complete within this time.
const HEAD_LIMIT: Duration = Duration::from_secs(10);

/// What the admin plane needs.
pub(crate) struct AdminPlane {
    service: Arc<Service>,
    engine: Arc<Engine>,
    clock: Arc<dyn Clock>,
    authenticator: Authenticator,
    used_signatures: UsedSignatures,
    request_ids: RequestIds,
    router: axum::Router,
    console: Console,
    drain: watch::Receiver<bool>,
}

impl AdminPlane {
    pub(crate) fn new(
        service: Arc<Service>,
        clock: Arc<dyn Clock>,
        administration: Administration,
        (facts, pulse): (Arc<ServerFacts>, Arc<Pulse>),
        drain: watch::Receiver<bool>,
    ) -> Self {
        Self {
            engine: administration.engine().clone(),
            router: api::router(administration.clone(), facts.clone(), pulse.clone()),
            console: Console::new(administration, (facts, pulse), clock.clone()),
            service,
            // The region of a signature says nothing here.
            authenticator: Authenticator::new(None),
            used_signatures: UsedSignatures::default(),
            request_ids: RequestIds::new(&*clock),
            clock,
            drain,
        }
    }

    /// Answers on `listener` until the process ends.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener) {
        let open = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let (stream, peer) = listen::accept(&listener).await;
            let Ok(permit) = open.clone().try_acquire_owned() else {
                tracing::warn!(limit = MAX_CONNECTIONS, "admin connection refused: too many are open");
                continue;
            };
            let plane = self.clone();
            tokio::spawn(async move {
                let _permit = permit;
                let handler = service_fn(|request| {
                    let plane = plane.clone();
                    async move { Ok::<_, Infallible>(plane.answer(request, peer).await) }
                });
                let mut builder = hyper::server::conn::http1::Builder::new();
                builder.timer(TokioTimer::new()).header_read_timeout(HEAD_LIMIT);
                if let Err(error) = builder.serve_connection(TokioIo::new(stream), handler).await {
                    tracing::debug!(%error, "admin connection ended");
                }
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Body> {
        let id = self.request_ids.next();
        let mut response = if request.uri().path().starts_with("/api/") {
            // An error, so that no filter of the log takes the id away.
            let span = tracing::error_span!("admin", request_id = id.as_str());
            self.answer_api(request, peer, id).instrument(span).await
        } else if request.uri().path().starts_with("/-/") {
            self.answer_probe(&request)
        } else {
            let span = tracing::error_span!("console", request_id = id.as_str());
            self.answer_console(request, peer, id).instrument(span).await
        };
        let value = HeaderValue::from_str(id.as_str()).expect("hex digits");
        response.headers_mut().insert(REQUEST_ID, value);
        response
    }

    fn answer_probe(&self, request: &Request<Incoming>) -> Response<Body> {
        const TEXT: &str = "text/plain; charset=utf-8";
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return plain(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD\n".into());
        }
        match request.uri().path() {
            "/-/healthz" => plain(StatusCode::OK, TEXT, "ok\n".into()),
            "/-/readyz" if *self.drain.borrow() => plain(StatusCode::SERVICE_UNAVAILABLE, TEXT, "draining\n".into()),
            "/-/readyz" => plain(StatusCode::OK, TEXT, "ready\n".into()),
            "/-/openapi.json" => plain(StatusCode::OK, "application/json", openapi::document().into()),
            "/-/metrics" => plain(StatusCode::OK, OPENMETRICS, self.service.render_metrics()),
            _ => {
                let there_is = "not found; there are /-/healthz, /-/readyz, /-/metrics, /-/openapi.json and /api/v1/\n";
                plain(StatusCode::NOT_FOUND, TEXT, there_is.into())
            }
        }
    }

    async fn answer_api(&self, request: Request<Incoming>, peer: SocketAddr, id: RequestId) -> Response<Body> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = match self.admit(request, peer, id).await {
            Err(refusal) => refusal.into_response(),
            Ok(admitted) => match self.router.clone().oneshot(admitted).await {
                Ok(response) => response,
                Err(never) => match never {},
            },
        };
        let (remote, status) = (peer.ip().to_canonical(), response.status().as_u16());
        tracing::info!(%remote, %method, path, status, "admin request");
        response
    }
}

fn plain(status: StatusCode, content_type: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
