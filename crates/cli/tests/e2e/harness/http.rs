//! A client that sends exactly what a test says and tells exactly what came back.
//!
//! Every call has a connection of its own, so that a cut answer is seen as one and nothing is ever sent twice.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use headwater_model::bucket::Dialect;
use headwater_model::clock::{Clock as _, Timestamp};
use headwater_server::SystemClock;
use headwater_wire::sign::{
    ContentSha256, Signing, SigningKeys, Target, presign_oss_v1, presign_v4, sign_oss_v1_headers, sign_v4_headers,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The region that calls are signed for: the server's default.
const REGION: &str = "cn-hangzhou";

/// A key pair.
#[derive(Clone, Copy)]
pub(crate) struct ClientKey {
    pub(crate) id: &'static str,
    pub(crate) secret: &'static str,
}

/// Where calls go and who makes them.
#[derive(Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    key: Option<ClientKey>,
    keys: Arc<SigningKeys>,
}

/// How a call is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    V4(Dialect),
    OssV1,
    PresignedV4(Dialect, Duration),
    PresignedOssV1(Duration),
}

/// One request to be made.
pub(crate) struct Call<'a> {
    client: &'a Client,
    method: Method,
    target: String,
    headers: HeaderMap,
    body: Bytes,
    scheme: Scheme,
    /// Seconds by which the client's clock is ahead.
    ahead_s: i64,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, key: Option<ClientKey>) -> Self {
        Self { address, key, keys: Arc::new(SigningKeys::new()) }
    }

    /// The same client with another key.
    pub(crate) fn with_key(&self, key: ClientKey) -> Self {
        Self { key: Some(key), ..self.clone() }
    }

    /// A call in the OSS dialect; `target` is path and query, encoded.
    pub(crate) fn call(&self, method: Method, target: &str) -> Call<'_> {
        Call {
            client: self,
            method,
            target: target.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            scheme: Scheme::V4(Dialect::Oss),
            ahead_s: 0,
        }
    }

    pub(crate) fn get(&self, target: &str) -> Call<'_> {
        self.call(Method::GET, target)
    }

    pub(crate) fn head(&self, target: &str) -> Call<'_> {
        self.call(Method::HEAD, target)
    }

    pub(crate) fn put(&self, target: &str, body: impl Into<Bytes>) -> Call<'_> {
        self.call(Method::PUT, target).body(body)
    }

    pub(crate) fn post(&self, target: &str, body: impl Into<Bytes>) -> Call<'_> {
        self.call(Method::POST, target).body(body)
    }

    pub(crate) fn delete(&self, target: &str) -> Call<'_> {
        self.call(Method::DELETE, target)
    }
}

impl Call<'_> {
    /// Adds a header field.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
        self.headers.append(name, HeaderValue::from_bytes(value.as_bytes()).expect("a header value"));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Signs the S3 way.
    pub(crate) fn s3(mut self) -> Self {
        self.scheme = match self.scheme {
            Scheme::PresignedV4(_, lifetime) => Scheme::PresignedV4(Dialect::S3, lifetime),
            _ => Scheme::V4(Dialect::S3),
        };
        self
    }

    /// Signs with the OSS signature of version 1.
    pub(crate) fn oss_v1(mut self) -> Self {
        self.scheme = match self.scheme {
            Scheme::PresignedV4(_, lifetime) => Scheme::PresignedOssV1(lifetime),
            _ => Scheme::OssV1,
        };
        self
    }

    /// Signs in the URL instead of a header. Choose the scheme after this.
    pub(crate) fn presigned(mut self, lifetime: Duration) -> Self {
        self.scheme = Scheme::PresignedV4(Dialect::Oss, lifetime);
        self
    }

    /// Signs as a client whose clock is ahead by so many seconds, or behind.
    pub(crate) fn clock_ahead(mut self, seconds: i64) -> Self {
        self.ahead_s = seconds;
        self
    }

    /// Makes the call and reads the answer to its end, good or bad.
    ///
    /// # Panics
    /// If no answer comes.
    pub(crate) async fn send(self) -> Answer {
        self.open().await.finish().await
    }

    /// Makes the call; an error if the connection fails before the answer's head.
    pub(crate) async fn try_send(self) -> Result<Answer, String> {
        Ok(self.try_open().await?.finish().await)
    }

    /// Makes the call and stops behind the answer's head.
    ///
    /// # Panics
    /// If no answer comes.
    pub(crate) async fn open(self) -> Opened {
        let shown = format!("{} {}", self.method, self.target);
        self.try_open().await.unwrap_or_else(|error| panic!("{shown}: {error}"))
    }

    async fn try_open(self) -> Result<Opened, String> {
        let shown = format!("{} {}", self.method, self.target);
        let address = self.client.address;
        let request = self.request();
        let stream = TcpStream::connect(address).await.map_err(|error| format!("connect: {error}"))?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        // It ends with the sender or the answer's body, whichever is last.
        tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(|error| format!("{error:?}"))?;
        let (parts, body) = response.into_parts();
        Ok(Opened { shown, status: parts.status, headers: parts.headers, body, read: BytesMut::new() })
    }

    /// The signed request.
    fn request(self) -> Request<Full<Bytes>> {
        let (mut parts, ()) = Request::builder()
            .method(self.method.clone())
            .uri(self.target.as_str())
            .body(())
            .expect("a request target")
            .into_parts();
        parts.headers = self.headers.clone();
        if !parts.headers.contains_key(header::HOST) {
            let host = self.client.address.to_string();
            parts.headers.insert(header::HOST, host.parse().expect("an address is a host"));
        }
        // The library leaves it out for an empty body, which both vendors refuse.
        if self.method == Method::PUT || self.method == Method::POST {
            parts.headers.insert(header::CONTENT_LENGTH, self.body.len().into());
        }
        if let Some(key) = self.client.key {
            self.sign(&mut parts, key);
        }
        Request::from_parts(parts, Full::new(self.body))
    }

    fn sign(&self, parts: &mut Parts, key: ClientKey) {
        let path = parts.uri.path().to_owned();
        let (bucket, object) = addressed(&path);
        let dialect = match self.scheme {
            Scheme::V4(dialect) | Scheme::PresignedV4(dialect, _) => dialect,
            Scheme::OssV1 | Scheme::PresignedOssV1(_) => Dialect::Oss,
        };
        let now = Timestamp(SystemClock::new().now().0 + self.ahead_s * 1000);
        let signing = Signing {
            dialect,
            access_key_id: key.id,
            secret: key.secret,
            session_token: None,
            region: REGION,
            target: Target { bucket: bucket.as_deref(), key: object.as_deref() },
            additional_headers: &[],
            now,
            keys: &self.client.keys,
        };
        let signed = match self.scheme {
            Scheme::V4(_) => sign_v4_headers(parts, ContentSha256::Unsigned, &signing),
            Scheme::OssV1 => sign_oss_v1_headers(parts, &signing),
            Scheme::PresignedV4(_, lifetime) => presign_v4(parts, lifetime, &signing),
            Scheme::PresignedOssV1(lifetime) => presign_oss_v1(parts, now.plus(lifetime), &signing),
        };
        signed.expect("the request can be signed");
    }
}

/// Bucket and key of a path-style path, decoded.
fn addressed(path: &str) -> (Option<String>, Option<String>) {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let decoded = |text: &str| (!text.is_empty()).then(|| decode(text));
    (decoded(bucket), decoded(key))
}

/// What a percent-encoded text means.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                let hex = [*high, *low];
                let hex = std::str::from_utf8(&hex).expect("an escape is ASCII");
                bytes.push(u8::from_str_radix(hex, 16).expect("an escape is hexadecimal"));
                tail
            }
            _ => {
                bytes.push(*first);
                tail
            }
        };
    }
    String::from_utf8(bytes).expect("keys are UTF-8")
}

/// A key as the path of a URL: everything escaped but unreserved characters and `/`.
pub(crate) fn encode(key: &str) -> String {
    let mut encoded = String::with_capacity(key.len());
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("memory takes every write");
        }
    }
    encoded
}

/// An answer whose body is still to be read. Dropping it closes the connection.
pub(crate) struct Opened {
    shown: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Incoming,
    read: BytesMut,
}

impl Opened {
    /// Reads until at least `count` bytes of the body have come.
    ///
    /// # Panics
    /// If the body ends before.
    pub(crate) async fn read_at_least(&mut self, count: usize) {
        while self.read.len() < count {
            let frame = self.body.frame().await.expect("the body goes on").expect("the body arrives");
            self.read.extend_from_slice(frame.data_ref().expect("bodies have no trailers"));
        }
    }

    /// Reads the rest.
    pub(crate) async fn finish(mut self) -> Answer {
        let complete = loop {
            match self.body.frame().await {
                None => break true,
                Some(Err(_)) => break false,
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        self.read.extend_from_slice(data);
                    }
                }
            }
        };
        let Self { shown, status, headers, read, .. } = self;
        Answer { shown, status, headers, body: read.freeze(), complete }
    }
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    shown: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether the body came to its announced end.
    pub(crate) complete: bool,
}

impl Answer {
    /// Holds it to a status.
    ///
    /// # Panics
    /// If it has another; the message holds the body.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.shown, self.text());
        self
    }

    /// Holds it to an error of that status and code.
    ///
    /// # Panics
    /// If it is another answer.
    #[track_caller]
    pub(crate) fn expect_error(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.element("Code").as_deref(), Some(code), "{}: {}", answer.shown, answer.text());
        answer
    }

    /// Holds it to a complete body.
    ///
    /// # Panics
    /// If it was cut or is another.
    #[track_caller]
    pub(crate) fn expect_body(self, body: &[u8]) -> Self {
        assert!(self.complete, "{}: cut after {} bytes", self.shown, self.body.len());
        assert!(self.body == body, "{}: other bytes: {} instead of {}", self.shown, self.body.len(), body.len());
        self
    }

    /// The value of a header field.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("header values of tests are text"))
    }

    /// The text of the first XML element of that name.
    pub(crate) fn element(&self, name: &str) -> Option<String> {
        let text = self.text();
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        Some(rest.split_once(&format!("</{name}>"))?.0.to_owned())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
