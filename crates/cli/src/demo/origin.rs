//! A small web site: one text file, and a count of requests.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The file's content.
pub(crate) const BODY: &str = "This text lived at the origin. Whoever asks for it brings it home.\n";
const PATH: &str = "/examplefolder/example.txt";

/// A running site.
pub(crate) struct Origin {
    address: SocketAddr,
    requests: Arc<AtomicU32>,
    running: JoinSet<()>,
}

impl Origin {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("cannot listen on 127.0.0.1")?;
        let address = listener.local_addr()?;
        let requests = Arc::new(AtomicU32::new(0));
        let mut running = JoinSet::new();
        let counter = requests.clone();
        running.spawn(async move {
            // Connections end with the site: they live in its own set.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let counter = counter.clone();
                connections.spawn(async move {
                    let handler = service_fn(move |request| {
                        let answer = answer(&request, &counter);
                        async move { Ok::<_, Infallible>(answer) }
                    });
                    // A connection that breaks is the other side's affair.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), handler).await;
                });
            }
        });
        Ok(Self { address, requests, running })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Closes the listener and every connection.
    pub(crate) async fn stop(mut self) {
        self.running.shutdown().await;
    }
}

fn answer(request: &Request<Incoming>, requests: &AtomicU32) -> Response<Full<Bytes>> {
    requests.fetch_add(1, Ordering::Relaxed);
    let found = request.uri().path() == PATH;
    let mut response =
        Response::new(Full::new(Bytes::from_static(if found { BODY.as_bytes() } else { b"not here\n" })));
    *response.status_mut() = if found { StatusCode::OK } else { StatusCode::NOT_FOUND };
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
