//! A client of the admin API that signs as it is told.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use headwater_model::bucket::Dialect;
use headwater_model::clock::Clock as _;
use headwater_server::SystemClock;
use headwater_wire::sign::{ContentSha256, Signing, SigningKeys, Target, presign_v4, sign_v4_headers};
use http::{HeaderValue, Method, Request, header, request, response};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;

use crate::support::{Running, collect};

/// How a request of a test is signed.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Signed {
    Rightly,
    NotAtAll,
    WithSecret(&'static str),
    AsKey(&'static str),
    WithoutItsBody,
    OverAnotherBody,
    AsOss,
    InTheUrl,
}

pub(crate) async fn send(running: &Running, method: Method, path: &str, body: &str, signed: Signed) -> (u16, Value) {
    let parts = head(method, path, body, signed);
    let (parts, answer) = exchange(running, parts, body).await;
    (parts.status.as_u16(), answer)
}

/// Equal requests within a second are to have signatures of their own.
static NONCE: AtomicU64 = AtomicU64::new(0);

pub(crate) fn head(method: Method, path: &str, body: &str, signed: Signed) -> request::Parts {
    let mut request = Request::new(());
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().unwrap();
    request.headers_mut().insert(header::HOST, HeaderValue::from_static("127.0.0.1"));
    request.headers_mut().insert("x-nonce", NONCE.fetch_add(1, Ordering::Relaxed).into());
    let (mut parts, ()) = request.into_parts();
    let (id, secret) = match signed {
        Signed::WithSecret(secret) => ("root", secret),
        Signed::AsKey(id) => (id, "secret-of-root"),
        _ => ("root", "secret-of-root"),
    };
    let dialect = if signed == Signed::AsOss { Dialect::Oss } else { Dialect::S3 };
    let keys = SigningKeys::new();
    let (now, target) = (SystemClock::new().now(), Target::default());
    let signing = Signing {
        dialect,
        access_key_id: id,
        secret,
        session_token: None,
        region: "any",
        target,
        additional_headers: &[],
        now,
        keys: &keys,
    };
    let digest = |body: &str| ContentSha256::Digest(Sha256::digest(body.as_bytes()).into());
    match signed {
        Signed::NotAtAll => {}
        Signed::InTheUrl => presign_v4(&mut parts, Duration::from_mins(1), &signing).unwrap(),
        Signed::WithoutItsBody => sign_v4_headers(&mut parts, ContentSha256::Unsigned, &signing).unwrap(),
        Signed::OverAnotherBody => sign_v4_headers(&mut parts, digest("another"), &signing).unwrap(),
        _ => sign_v4_headers(&mut parts, digest(body), &signing).unwrap(),
    }
    parts
}

pub(crate) async fn exchange(running: &Running, parts: request::Parts, body: &str) -> (response::Parts, Value) {
    let stream = TcpStream::connect(running.addresses.admin).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::from_parts(parts, Full::new(Bytes::copy_from_slice(body.as_bytes())));
    let (parts, body) = collect(sender.send_request(request).await.unwrap()).await;
    assert!(!parts.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), "there is no CORS");
    let id = parts.headers["x-request-id"].to_str().unwrap();
    assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    (parts, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

pub(crate) async fn ask(running: &Running, method: Method, path: &str, body: &str) -> (u16, Value) {
    send(running, method, path, body, Signed::Rightly).await
}
