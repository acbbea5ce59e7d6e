//! The client of the demonstration: plain HTTP, signed as OSS SDKs do.

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use headwater_engine::RootKey;
use headwater_model::bucket::Dialect;
use headwater_model::clock::Clock as _;
use headwater_server::SystemClock;
use headwater_wire::sign::{ContentSha256, Signing, SigningKeys, Target, sign_v4_headers};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Talks to one server with one key.
pub(crate) struct Client {
    address: SocketAddr,
    key: RootKey,
    region: &'static str,
    clock: SystemClock,
    signing_keys: SigningKeys,
}

/// A whole answer.
pub(crate) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    pub(crate) body: Bytes,
    what: String,
}

impl Answer {
    /// This answer, if it has the status that it must have.
    pub(crate) fn expect(self, status: StatusCode) -> anyhow::Result<Self> {
        if self.status != status {
            bail!("{} answered {}, not {status}: {}", self.what, self.status, String::from_utf8_lossy(&self.body));
        }
        Ok(self)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Client {
    pub(crate) fn new(address: SocketAddr, key: RootKey, region: &'static str) -> Self {
        Self { address, key, region, clock: SystemClock::new(), signing_keys: SigningKeys::new() }
    }

    pub(crate) async fn anonymous(&self, path: &str) -> anyhow::Result<Answer> {
        self.send(self.request(Method::GET, path, &[], "")?).await
    }

    /// Sends a request with an OSS V4 signature.
    pub(crate) async fn signed(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &'static str)],
        body: &str,
    ) -> anyhow::Result<Answer> {
        let (mut parts, body) = self.request(method, path, headers, body)?.into_parts();
        let bucket = path.trim_start_matches('/').split('/').next();
        let signing = Signing {
            dialect: Dialect::Oss,
            access_key_id: &self.key.id,
            secret: &self.key.secret,
            session_token: None,
            region: self.region,
            target: Target { bucket, key: None },
            additional_headers: &[],
            now: self.clock.now(),
            keys: &self.signing_keys,
        };
        sign_v4_headers(&mut parts, ContentSha256::Unsigned, &signing)?;
        self.send(Request::from_parts(parts, body)).await
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &'static str)],
        body: &str,
    ) -> anyhow::Result<Request<Full<Bytes>>> {
        let mut request = Request::new(Full::new(Bytes::copy_from_slice(body.as_bytes())));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse()?;
        request.headers_mut().insert(header::HOST, HeaderValue::try_from(self.address.to_string())?);
        for (name, value) in headers {
            request.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Ok(request)
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        let what = format!("{} {}", request.method(), request.uri());
        let stream =
            TcpStream::connect(self.address).await.with_context(|| format!("cannot reach {}", self.address))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Its failure shows in the answer.
        let driver = tokio::spawn(connection);
        let response = sender.send_request(request).await.with_context(|| what.clone())?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.with_context(|| what.clone())?.to_bytes();
        driver.abort();
        Ok(Answer { status: head.status, headers: head.headers, body, what })
    }
}
