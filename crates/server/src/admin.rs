//! The admin plane: health, readiness, metrics.
//!
//! `/-/healthz` says that the process serves; `/-/readyz` that it takes new requests (no longer once it drains);
//! `/-/metrics` is the Prometheus text. Everything else is 404. None of them tells anything about contents.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::listen;
use crate::service::Service;

/// Content type of the OpenMetrics text format.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers on `listener` until the process ends.
pub(crate) async fn serve(listener: TcpListener, service: Arc<Service>, drain: watch::Receiver<bool>) {
    loop {
        let (stream, _) = listen::accept(&listener).await;
        let (service, drain) = (service.clone(), drain.clone());
        tokio::spawn(async move {
            let handler = service_fn(|request| {
                let answer = answer(&request, &service, *drain.borrow());
                async move { Ok::<_, Infallible>(answer) }
            });
            let mut builder = hyper::server::conn::http1::Builder::new();
            builder.timer(TokioTimer::new());
            if let Err(error) = builder.serve_connection(TokioIo::new(stream), handler).await {
                tracing::debug!(%error, "admin connection ended");
            }
        });
    }
}

fn answer(request: &Request<Incoming>, service: &Service, draining: bool) -> Response<Full<Bytes>> {
    const TEXT: &str = "text/plain; charset=utf-8";
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return plain(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD\n".into());
    }
    match request.uri().path() {
        "/-/healthz" => plain(StatusCode::OK, TEXT, "ok\n".into()),
        "/-/readyz" if draining => plain(StatusCode::SERVICE_UNAVAILABLE, TEXT, "draining\n".into()),
        "/-/readyz" => plain(StatusCode::OK, TEXT, "ready\n".into()),
        "/-/metrics" => plain(StatusCode::OK, OPENMETRICS, service.render_metrics()),
        _ => plain(StatusCode::NOT_FOUND, TEXT, "not found; there are /-/healthz, /-/readyz and /-/metrics\n".into()),
    }
}

fn plain(status: StatusCode, content_type: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}
