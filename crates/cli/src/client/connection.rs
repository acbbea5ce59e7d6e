//! One request to the admin API, signed with a key or with a bearer token.

use std::fmt::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use headwater_engine::RootKey;
use headwater_model::bucket::Dialect;
use headwater_model::clock::Clock as _;
use headwater_server::SystemClock;
use headwater_wire::sign::{ContentSha256, Signing, SigningKeys, Target, sign_v4_headers};
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;

use super::ServerArgs;
use super::output::printable;
use crate::credentials;

/// Longest answer that is read: the last 8 MiB of an audit log are the largest there is.
const MAX_ANSWER_BYTES: usize = 32 << 20;
/// An answer takes as long as an origin that is tried, at most.
const ANSWER_LIMIT: Duration = Duration::from_mins(2);

/// A server's admin API, and what a request proves with who asks.
pub(super) struct Connection {
    authority: String,
    proof: Proof,
    /// Where a key is kept.
    data: PathBuf,
}

enum Proof {
    Key(RootKey),
    Token(HeaderValue),
}

/// What the server refuses with; an error whose text is one line.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    /// The API's word for programs; empty if something else answered.
    pub(super) code: String,
    line: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl std::error::Error for Refused {}

impl Connection {
    pub(super) fn new(arguments: &ServerArgs) -> anyhow::Result<Self> {
        let proof = match credentials::token(arguments.token_file.as_deref())? {
            Some(token) => Proof::Token(bearer(&token)?),
            None => Proof::Key(credentials::find(&arguments.data)?),
        };
        Ok(Self { authority: authority(&arguments.admin_url)?, proof, data: arguments.data.clone() })
    }

    /// Host of the admin listener, without brackets.
    pub(super) fn host(&self) -> &str {
        let host = self.authority.rsplit_once(':').map_or(&*self.authority, |(host, _)| host);
        host.trim_matches(['[', ']'])
    }

    /// The key to sign requests of the data plane with, which takes no token.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn key(&self) -> anyhow::Result<RootKey> {
        match &self.proof {
            Proof::Key(key) => Ok(key.clone()),
            Proof::Token(_) => credentials::find(&self.data).context("the data plane takes no token"),
        }
    }

    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, path, None).await
    }

    /// Sends a request; its answer as JSON.
    ///
    /// # Errors
    /// The server cannot be reached; [`Refused`].
    pub(super) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        self.send_if(method, path, body, None).await
    }

    /// Sends a request that counts only while what it changes has this version.
    ///
    /// # Errors
    /// As [`Self::send`]; [`Refused`] with 412 for another version.
    pub(super) async fn send_if(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        version: Option<u64>,
    ) -> anyhow::Result<Value> {
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.method = method;
        parts.uri = path.parse().with_context(|| format!("{path} cannot be a path"))?;
        parts.headers.insert(header::HOST, HeaderValue::try_from(&self.authority)?);
        // The server takes a signature once, and two equal changes within a second are no repetition.
        let (clock, mut nonce) = (SystemClock::new(), [0; 8]);
        clock.random(&mut nonce);
        parts.headers.insert("x-nonce", HeaderValue::from(u64::from_ne_bytes(nonce)));
        if !body.is_empty() {
            parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(version) = version {
            parts.headers.insert(header::IF_MATCH, HeaderValue::try_from(format!("\"{version}\""))?);
        }
        match &self.proof {
            Proof::Token(token) => drop(parts.headers.insert(header::AUTHORIZATION, token.clone())),
            Proof::Key(key) => sign(&mut parts, &body, key, &clock)?,
        }
        let (status, text) = exchange(&self.authority, Request::from_parts(parts, Full::new(body))).await?;
        if !status.is_success() {
            return Err(refusal(status, &text).into());
        }
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&text)
            .context("the answer is no JSON; is this the admin listener of a headwater server?")
    }
}

/// What the server says to a GET that nobody has to sign.
///
/// # Errors
/// The server cannot be reached.
pub(super) async fn probe(admin_url: &str, path: &str) -> anyhow::Result<(StatusCode, Bytes)> {
    let authority = authority(admin_url)?;
    let request = Request::get(path).header(header::HOST, &authority).body(Full::default())?;
    exchange(&authority, request).await
}

async fn exchange(authority: &str, request: Request<Full<Bytes>>) -> anyhow::Result<(StatusCode, Bytes)> {
    let exchange = async {
        let unreachable = || format!("cannot reach http://{authority}; is the server running? see --admin-url");
        let stream = TcpStream::connect(authority).await.with_context(unreachable)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.with_context(unreachable)?;
        // Its failure shows in the answer.
        let driver = tokio::spawn(connection);
        let (head, body) = sender.send_request(request).await.context("the server closed the connection")?.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
        driver.abort();
        let body = body.map_err(|error| anyhow::anyhow!("the answer broke off: {error}"))?;
        Ok((head.status, body.to_bytes()))
    };
    tokio::time::timeout(ANSWER_LIMIT, exchange).await.context("the server did not answer in time")?
}

fn sign(parts: &mut Parts, body: &[u8], key: &RootKey, clock: &SystemClock) -> anyhow::Result<()> {
    let keys = SigningKeys::new();
    let signing = Signing {
        dialect: Dialect::S3,
        access_key_id: &key.id,
        secret: &key.secret,
        session_token: None,
        region: "cn-hangzhou",
        target: Target::default(),
        additional_headers: &[],
        now: clock.now(),
        keys: &keys,
    };
    Ok(sign_v4_headers(parts, ContentSha256::Digest(Sha256::digest(body).into()), &signing)?)
}

/// What a token is sent as; nothing that is printed has it.
fn bearer(token: &str) -> anyhow::Result<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).context("the token is no line of ASCII")?;
    value.set_sensitive(true);
    Ok(value)
}

/// Host and port of an admin URL.
fn authority(url: &str) -> anyhow::Result<String> {
    let uri: Uri = url.parse().with_context(|| format!("--admin-url {url} is no URL"))?;
    let plain = uri.scheme_str() == Some("http") && matches!(uri.path(), "/" | "") && uri.query().is_none();
    match uri.authority() {
        Some(authority) if plain && authority.port().is_some() => Ok(authority.to_string()),
        Some(authority) if plain => Ok(format!("{authority}:80")),
        _ => bail!("--admin-url {url} cannot be used; give http://HOST:PORT"),
    }
}

/// The error of an answer in one line; what it quotes came from anywhere.
fn refusal(status: StatusCode, body: &[u8]) -> Refused {
    let answer: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let text = |name: &str| answer["error"][name].as_str();
    let code = text("code").unwrap_or_default().to_owned();
    let Some(message) = text("message") else {
        return Refused { status, code, line: format!("the server answered {status}") };
    };
    let mut line = printable(&message.replace(['\n', '\r'], " "));
    if let Some(field) = text("field") {
        let _ = match text("value") {
            Some(value) => write!(line, " ({}={})", printable(field), printable(value)),
            None => write!(line, " ({})", printable(field)),
        };
    }
    Refused { status, code, line }
}

/// A piece of a path, percent-encoded strictly: what is signed is what is sent.
pub(super) fn encoded(piece: &str) -> String {
    piece.bytes().fold(String::with_capacity(piece.len()), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_urls_are_plain_addresses() {
        assert_eq!(authority("http://127.0.0.1:9001").unwrap(), "127.0.0.1:9001");
        assert_eq!(authority("http://[::1]:9001/").unwrap(), "[::1]:9001");
        assert_eq!(authority("http://headwater").unwrap(), "headwater:80");
        for url in ["https://a:1", "127.0.0.1:9001", "http://a:1/x", "http://a:1/?q", ""] {
            assert!(authority(url).is_err(), "{url}");
        }
    }

    #[test]
    fn refusals_are_one_line_with_the_field() {
        let line = |status, body: &[u8]| refusal(status, body).to_string();
        let body = br#"{"error":{"code":"c","message":"at most\n3","field":"a.b","value":"4"}}"#;
        assert_eq!(line(StatusCode::BAD_REQUEST, body), "at most 3 (a.b=4)");
        assert_eq!(refusal(StatusCode::BAD_REQUEST, body).code, "c");
        let body = br#"{"error":{"message":"x\u001b[2J","field":"\u0007","value":"\n\u009b"}}"#;
        assert_eq!(line(StatusCode::BAD_REQUEST, body), "x\\u{1b}[2J (\\u{7}=\\n\\u{9b})");
        assert_eq!(line(StatusCode::BAD_GATEWAY, b"<html>"), "the server answered 502 Bad Gateway");
    }

    #[test]
    fn every_key_has_a_path() {
        assert_eq!(encoded("/a b/\u{e4}?%"), "%2Fa%20b%2F%C3%A4%3F%25");
    }
}
