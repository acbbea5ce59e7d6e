//! HTTP/2, and rows O47 and O48.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use headwater_model::origin::{Framing, Origin, OriginError, OriginMethod, OriginRequest};
use headwater_testkit::origin::{Gate, TestAuthority, Validity};
use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, Request, Response};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::rig::{Options, Rig, read, read_until_end, request};

#[derive(Clone)]
enum Piece {
    Text(&'static str),
    /// Breaks the body once the gate is open.
    Break(Gate),
}

/// A body given as its pieces.
struct Pieces {
    left: VecDeque<Piece>,
    breaking: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if let Some(breaking) = &mut self.breaking {
            ready!(breaking.as_mut().poll(cx));
            return Poll::Ready(Some(Err("broken")));
        }
        match self.left.pop_front() {
            None => Poll::Ready(None),
            Some(Piece::Text(text)) => Poll::Ready(Some(Ok(Frame::data(Bytes::from(text))))),
            Some(Piece::Break(gate)) => {
                self.breaking = Some(Box::pin(async move { gate.pass().await }));
                self.poll_frame(cx)
            }
        }
    }
}

struct Answer {
    length: Option<u64>,
    pieces: Vec<Piece>,
}

struct H2Origin {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    /// `:authority` and path of each request.
    seen: Arc<Mutex<Vec<(String, String)>>>,
}

async fn start(authority: &TestAuthority, answers: HashMap<&'static str, Answer>) -> H2Origin {
    let config = authority.issue(&["127.0.0.1"], Validity::Current).server_config(&["h2"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let origin = H2Origin { address, connections: Arc::default(), seen: Arc::default() };
    let (connections, seen, answers) = (Arc::clone(&origin.connections), Arc::clone(&origin.seen), Arc::new(answers));
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::Relaxed);
            let (acceptor, seen, answers) =
                (TlsAcceptor::from(Arc::clone(&config)), Arc::clone(&seen), Arc::clone(&answers));
            tokio::spawn(async move {
                let stream = acceptor.accept(tcp).await.unwrap();
                let service = service_fn(move |request: Request<Incoming>| {
                    let uri = request.uri();
                    let path = uri.path_and_query().unwrap().to_string();
                    let answer = &answers[path.as_str()];
                    let mut response = Response::new(Pieces { left: answer.pieces.clone().into(), breaking: None });
                    if let Some(length) = answer.length {
                        response.headers_mut().insert(CONTENT_LENGTH, length.into());
                    }
                    seen.lock().unwrap().push((uri.authority().unwrap().to_string(), path));
                    std::future::ready(Ok::<_, Infallible>(response))
                });
                let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    origin
}

async fn rig_and_origin(answers: HashMap<&'static str, Answer>) -> (Rig, H2Origin, tempfile::TempDir) {
    let authority = TestAuthority::new("ours");
    let directory = tempfile::tempdir().unwrap();
    let origin = start(&authority, answers).await;
    let rig = Rig::with(Options { ca_files: vec![authority.write_pem(directory.path())], ..Options::default() });
    (rig, origin, directory)
}

impl H2Origin {
    fn url(&self, target: &str) -> String {
        format!("https://{}{target}", self.address)
    }
}

fn whole(length: Option<u64>, text: &'static str) -> Answer {
    Answer { length, pieces: vec![Piece::Text(text)] }
}

#[tokio::test]
async fn requests_share_one_connection() {
    let (rig, origin, _directory) = rig_and_origin(HashMap::from([("/a%2Fb//c?x=", whole(Some(4), "here"))])).await;
    let url = origin.url("/a%2Fb//c?x=");
    assert_eq!(rig.read(&url).await.unwrap(), b"here");
    let all = futures_util::future::join_all((0..20).map(|_| rig.read(&url))).await;
    assert!(all.into_iter().all(|body| body.unwrap() == b"here"));
    assert_eq!(origin.connections.load(Ordering::Relaxed), 1);
    let seen = origin.seen.lock().unwrap();
    assert!(seen.iter().all(|(host, path)| *host == origin.address.to_string() && path == "/a%2Fb//c?x="));
}

#[tokio::test]
async fn a_given_host_becomes_the_authority() {
    let (rig, origin, _directory) = rig_and_origin(HashMap::from([("/", whole(None, "here"))])).await;
    let headers = HeaderMap::from_iter([(HOST, "set.example:81".parse().unwrap())]);
    let response = rig.client.fetch(OriginRequest { headers, ..request(&origin.url("/")) }).await.unwrap();
    assert_eq!(response.framing, Framing::Delimited);
    assert_eq!(read(response).await.unwrap(), b"here");
    assert_eq!(origin.seen.lock().unwrap()[0].0, "set.example:81");
}

#[tokio::test]
async fn head_keeps_its_length() {
    let (rig, origin, _directory) = rig_and_origin(HashMap::from([("/", whole(Some(4), "here"))])).await;
    let head = OriginRequest { method: OriginMethod::Head, ..request(&origin.url("/")) };
    let response = rig.client.fetch(head).await.unwrap();
    assert_eq!(response.framing, Framing::Length(4));
    assert_eq!(read(response).await.unwrap(), b"");
}

#[tokio::test]
async fn o47_a_stream_reset_within_the_body() {
    let (length_gate, unknown_gate) = (Gate::closed(), Gate::closed());
    let breaking = |gate: &Gate| vec![Piece::Text("abc"), Piece::Break(gate.clone())];
    let broken = Answer { length: Some(9), pieces: breaking(&length_gate) };
    let unknown = Answer { length: None, pieces: breaking(&unknown_gate) };
    let (rig, origin, _directory) =
        rig_and_origin(HashMap::from([("/length", broken), ("/unknown", unknown), ("/good", whole(Some(4), "here"))]))
            .await;
    for (target, gate) in [("/length", length_gate), ("/unknown", unknown_gate)] {
        let response = rig.get(&origin.url(target)).await.unwrap();
        gate.open();
        let (bytes, end) = read_until_end(response).await;
        assert!(b"abc".starts_with(&bytes));
        assert!(matches!(end, Err(OriginError::BodyBroken(_))), "{target}: {end:?}");
    }
    assert_eq!(rig.read(&origin.url("/good")).await.unwrap(), b"here");
    assert_eq!(origin.connections.load(Ordering::Relaxed), 1, "only the stream is lost");
}

#[tokio::test]
async fn o48_bodies_that_differ_from_their_length() {
    let short = Answer { length: Some(9), pieces: vec![Piece::Text("abc")] };
    let long = Answer { length: Some(2), pieces: vec![Piece::Text("abc")] };
    let (rig, origin, _directory) = rig_and_origin(HashMap::from([("/short", short), ("/long", long)])).await;
    for target in ["/short", "/long"] {
        let end = match rig.get(&origin.url(target)).await {
            Ok(response) => read_until_end(response).await.1,
            Err(error) => Err(error),
        };
        assert!(end.is_err(), "{target}");
    }
}
