//! The admin plane: health, readiness, metrics, and the admin API.
//!
//! `/-/healthz` says that the process serves; `/-/readyz` that it takes new requests (no longer once it drains);
//! `/-/metrics` is the Prometheus text. None of them tells anything about contents, and none asks who reads.
//!
//! Everything under `/api/` is for the root key alone ([`auth`]): a request reaches its handler only after its
//! signature, its signer's right and its body's digest were checked. Changes are written to the audit log before they
//! are acknowledged ([`api`]). No GET changes anything; there is no CORS, so no web page of another site can read an
//! answer.

mod api;
mod auth;
mod buckets;
mod document;
mod error;
mod explain;
mod extract;
mod keys;
mod openapi;
mod origins;
mod tombstones;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::IntoResponse as _;
use headwater_engine::Engine;
use headwater_model::clock::Clock;
use http::{Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt as _;

use crate::audit::Audit;
use crate::authenticate::Authenticator;
use crate::listen;
use crate::request_id::RequestIds;
use crate::service::Service;

/// Content type of the OpenMetrics text format.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
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
    request_ids: RequestIds,
    router: axum::Router,
    drain: watch::Receiver<bool>,
}

impl AdminPlane {
    pub(crate) fn new(
        service: Arc<Service>,
        engine: Arc<Engine>,
        clock: Arc<dyn Clock>,
        audit: Audit,
        drain: watch::Receiver<bool>,
    ) -> Self {
        Self {
            router: api::router(engine.clone(), audit),
            service,
            engine,
            // The region of a signature says nothing here.
            authenticator: Authenticator::new(None),
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
        const TEXT: &str = "text/plain; charset=utf-8";
        if request.uri().path().starts_with("/api/") {
            return self.answer_api(request, peer).await;
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return plain(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD\n".into());
        }
        match request.uri().path() {
            "/-/healthz" => plain(StatusCode::OK, TEXT, "ok\n".into()),
            "/-/readyz" if *self.drain.borrow() => plain(StatusCode::SERVICE_UNAVAILABLE, TEXT, "draining\n".into()),
            "/-/readyz" => plain(StatusCode::OK, TEXT, "ready\n".into()),
            "/-/metrics" => plain(StatusCode::OK, OPENMETRICS, self.service.render_metrics()),
            _ => {
                let there_is = "not found; there are /-/healthz, /-/readyz, /-/metrics and /api/v1/\n";
                plain(StatusCode::NOT_FOUND, TEXT, there_is.into())
            }
        }
    }

    async fn answer_api(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Body> {
        match self.admit(request, peer).await {
            Err(refusal) => refusal.into_response(),
            Ok(admitted) => match self.router.clone().oneshot(admitted).await {
                Ok(response) => response,
                Err(never) => match never {},
            },
        }
    }
}

fn plain(status: StatusCode, content_type: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}
