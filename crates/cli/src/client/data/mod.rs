//! The data plane of a server: signed requests whose bodies are streams.
//!
//! Guarantees: as the admin API's client, it goes to one address and nowhere else. What is sent is covered by a digest, or
//! by TLS, whose certificate is verified; what comes is no one's word but the server's.
//!
//! How: a connection for each request. The server's time limits end what hangs while it is sent; what comes has one here.

pub(super) mod download;
pub(super) mod emptying;
mod source;
pub(super) mod upload;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::Args;
use headwater_engine::RootKey;
use headwater_model::bucket::Dialect;
use headwater_model::clock::Clock as _;
use headwater_server::SystemClock;
use headwater_wire::escape_key;
use headwater_wire::sign::{ContentSha256, Signing, SigningKeys, Target, sign_v4_headers};
use headwater_wire::xml::parse;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::connection::Connection;
use super::output::printable;

/// Longest answer that is kept in memory: a page of a thousand keys of a kilobyte, each percent-encoded.
const MAX_DOCUMENT_BYTES: usize = 8 << 20;
/// Longest error that is read.
const MAX_ERROR_BYTES: usize = 64 << 10;
/// A body that does not go on for so long has broken off; an origin behind it may take a minute to connect.
const IDLE_LIMIT: Duration = Duration::from_mins(2);

/// Where the data plane is.
#[derive(Args, Clone, Debug)]
pub(crate) struct DataArgs {
    /// The data plane's URL [default: where the server says that it listens]
    #[arg(long, value_name = "URL", env = "HEADWATER_ENDPOINT")]
    endpoint: Option<String>,
    /// Trust these certificates (PEM) besides the system's, if the data plane speaks HTTPS
    #[arg(long, value_name = "FILE", env = "HEADWATER_CA_FILE")]
    ca_file: Option<PathBuf>,
}

/// A body that is sent.
pub(super) type Payload = UnsyncBoxBody<Bytes, std::io::Error>;

/// A server's data plane, and the key to sign with.
pub(super) struct DataPlane {
    endpoint: Endpoint,
    tls: Option<TlsConnector>,
    region: String,
    key: RootKey,
    keys: SigningKeys,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Endpoint {
    secure: bool,
    /// Host without brackets.
    host: String,
    port: u16,
}

/// A bucket, or an object in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'p> {
    pub(super) bucket: &'p str,
    pub(super) key: Option<&'p str>,
}

/// A request without its body.
pub(super) struct Call<'c> {
    pub(super) dialect: Dialect,
    pub(super) method: Method,
    pub(super) place: Place<'c>,
    /// Encoded, without `?`.
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) payload: ContentSha256,
}

impl<'c> Call<'c> {
    /// A request in S3's words.
    pub(super) fn new(method: Method, place: Place<'c>) -> Self {
        Self {
            dialect: Dialect::S3,
            method,
            place,
            query: String::new(),
            headers: HeaderMap::new(),
            payload: ContentSha256::Unsigned,
        }
    }

    pub(super) fn query(self, query: impl Into<String>) -> Self {
        Self { query: query.into(), ..self }
    }
}

pub(super) fn whole(body: impl Into<Bytes>) -> Payload {
    Full::new(body.into()).map_err(|never| match never {}).boxed_unsync()
}

impl DataPlane {
    /// Finds the data plane; the admin API says where it is, and in which region.
    pub(super) async fn find(connection: &Connection, arguments: &DataArgs) -> anyhow::Result<Self> {
        let server = connection.get("/api/v1/server").await?;
        let endpoint = match &arguments.endpoint {
            Some(url) => Endpoint::parse(url)?,
            None => Endpoint::told(&server, connection.host())?,
        };
        let tls = endpoint.secure.then(|| connector(arguments)).transpose()?;
        let region = server["region"].as_str().unwrap_or("cn-hangzhou").to_owned();
        Ok(Self { endpoint, tls, region, key: connection.key()?, keys: SigningKeys::new() })
    }

    /// Whether bodies need no digest of their own.
    pub(super) fn is_secure(&self) -> bool {
        self.endpoint.secure
    }

    /// Sends a request; its answer, whose body is still to come.
    ///
    /// # Errors
    /// The server cannot be reached, or what it refuses with.
    pub(super) async fn send(&self, call: Call<'_>, body: Payload) -> anyhow::Result<Response<Incoming>> {
        let Place { bucket, key } = call.place;
        let place = printable(&format!("{bucket}/{}", key.unwrap_or_default()));
        let request = self.request(call, body)?;
        let response = self.exchange(request).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ERROR_BYTES).collect().await;
        // 424: an origin was asked in vain, and the vendor's sentence does not say why.
        let remedy = match status {
            StatusCode::FAILED_DEPENDENCY => format!("; headwater explain {place} --try tells why"),
            _ => String::new(),
        };
        bail!("{}{remedy}", refusal(status, &body.map(http_body_util::Collected::to_bytes).unwrap_or_default()));
    }

    /// Sends a request whose answer is a document.
    pub(super) async fn document(&self, call: Call<'_>, body: Payload) -> anyhow::Result<Bytes> {
        let body = Limited::new(self.send(call, body).await?.into_body(), MAX_DOCUMENT_BYTES).collect();
        let body = tokio::time::timeout(IDLE_LIMIT, body).await.context("the answer does not go on")?;
        Ok(body.map_err(|error| anyhow::anyhow!("the answer broke off: {error}"))?.to_bytes())
    }

    fn request(&self, call: Call<'_>, body: Payload) -> anyhow::Result<Request<Payload>> {
        let Call { dialect, method, place: Place { bucket, key }, query, headers, payload } = call;
        let question = if query.is_empty() { "" } else { "?" };
        let path = format!("/{}/{}{question}{query}", escape_key(bucket), escape_key(key.unwrap_or_default()));
        let (mut parts, ()) = Request::new(()).into_parts();
        (parts.method, parts.headers) = (method, headers);
        parts.uri = path.parse().with_context(|| format!("{path} cannot be a path"))?;
        parts.headers.insert(header::HOST, HeaderValue::try_from(self.endpoint.authority())?);
        let clock = SystemClock::new();
        let signing = Signing {
            dialect,
            access_key_id: &self.key.id,
            secret: &self.key.secret,
            session_token: None,
            region: &self.region,
            target: Target { bucket: Some(bucket), key },
            additional_headers: &[],
            now: clock.now(),
            keys: &self.keys,
        };
        sign_v4_headers(&mut parts, payload, &signing)?;
        Ok(Request::from_parts(parts, body))
    }

    async fn exchange(&self, request: Request<Payload>) -> anyhow::Result<Response<Incoming>> {
        let Endpoint { host, port, .. } = &self.endpoint;
        let unreachable = || format!("cannot reach {}; see --endpoint", self.endpoint.url());
        let stream = TcpStream::connect((host.as_str(), *port)).await.with_context(unreachable)?;
        stream.set_nodelay(true)?;
        let Some(tls) = &self.tls else { return talk(stream, request).await };
        let name = ServerName::try_from(host.clone()).with_context(|| format!("{host} cannot be certified"))?;
        let stream = tls.connect(name, stream).await.with_context(|| {
            format!("no TLS with {}; see --endpoint for its name, --ca-file for whom to trust", self.endpoint.url())
        })?;
        talk(stream, request).await
    }
}

async fn talk<S>(stream: S, request: Request<Payload>) -> anyhow::Result<Response<Incoming>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Its failure shows in the answer; it ends with the answer's body.
    tokio::spawn(connection);
    sender.send_request(request).await.context("the server closed the connection")
}

impl Endpoint {
    fn parse(url: &str) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("--endpoint {url} is no URL"))?;
        let secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => bail!("--endpoint {url} cannot be used; give http://HOST:PORT or https://HOST:PORT"),
        };
        match uri.authority() {
            Some(authority) if matches!(uri.path(), "/" | "") && uri.query().is_none() => Ok(Self {
                secure,
                host: authority.host().trim_matches(['[', ']']).to_owned(),
                port: authority.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            }),
            _ => bail!("--endpoint {url} cannot be used; give http://HOST:PORT or https://HOST:PORT"),
        }
    }

    /// Where a server says that it listens. One that listens everywhere is where its admin API is.
    fn told(server: &Value, admin_host: &str) -> anyhow::Result<Self> {
        let listen = server["data"]["listen"].as_str().and_then(|text| text.parse::<SocketAddr>().ok());
        let listen = listen.context("the server does not say where its data plane is; give --endpoint URL")?;
        let everywhere = listen.ip().is_unspecified();
        let host = if everywhere { admin_host.to_owned() } else { listen.ip().to_string() };
        Ok(Self { secure: server["data"]["tls"] == true, host, port: listen.port() })
    }

    fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    fn url(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.authority())
    }
}

/// Trusts the system's certificates and those of the file.
fn connector(arguments: &DataArgs) -> anyhow::Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = &arguments.ca_file {
        let shown = file.display();
        let certificates = CertificateDer::pem_file_iter(file).with_context(|| format!("cannot read {shown}"))?;
        for certificate in certificates {
            let certificate = certificate.with_context(|| format!("{shown} holds what is no certificate (PEM)"))?;
            roots
                .add(certificate)
                .with_context(|| format!("{shown} holds a certificate that cannot be an authority"))?;
        }
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring offers the cipher suites of tls 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The error of an answer in one line.
fn refusal(status: StatusCode, body: &[u8]) -> String {
    let told = || {
        let document = parse(body).ok()?;
        let error = document.root("Error").ok()?;
        Some((error.text("Message").ok()??.to_owned(), error.text("Code").ok()??.to_owned()))
    };
    match told() {
        Some((message, code)) => printable(&format!("{} ({code})", message.replace(['\n', '\r'], " "))),
        None => format!("the server answered {status}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn endpoints_are_given_or_told() {
        for (url, authority) in [
            ("http://127.0.0.1:9000", "127.0.0.1:9000"),
            ("https://oss.example/", "oss.example:443"),
            ("http://[::1]:9000", "[::1]:9000"),
        ] {
            let endpoint = Endpoint::parse(url).unwrap();
            assert_eq!(endpoint.authority(), authority);
            assert_eq!(endpoint.secure, url.starts_with("https"));
        }
        for url in ["127.0.0.1:9000", "ftp://a/", "http://a/b", "http://a?b", ""] {
            assert!(Endpoint::parse(url).is_err(), "{url}");
        }
        let told = |listen: &str| {
            let server = json!({"data": {"listen": listen, "tls": true}});
            Endpoint::told(&server, "admin.example").map(|endpoint| endpoint.url())
        };
        assert_eq!(told("127.0.0.1:9000").unwrap(), "https://127.0.0.1:9000");
        assert_eq!(told("0.0.0.0:9000").unwrap(), "https://admin.example:9000");
        assert_eq!(told("[::]:9000").unwrap(), "https://admin.example:9000");
        assert!(told("nowhere").is_err());
    }

    #[test]
    fn refusals_are_one_line() {
        let body = b"<Error><Code>NoSuchKey</Code><Message>The key\ndoes not exist.</Message></Error>";
        assert_eq!(refusal(StatusCode::NOT_FOUND, body), "The key does not exist. (NoSuchKey)");
        assert_eq!(refusal(StatusCode::BAD_GATEWAY, b"<html>"), "the server answered 502 Bad Gateway");
    }
}
