//! A real server over the memory store, on free loopback ports.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use headwater_admin::{Administration, Audit, History};
use headwater_egress::LoopMarker;
use headwater_engine::{Engine, EngineConfig, FillLimits, Fills, FillsConfig, LocalNames, RootKey, Seal};
use headwater_model::BoxFuture;
use headwater_model::bucket::Dialect;
use headwater_model::clock::Clock;
use headwater_model::origin::{Origin, OriginError, OriginRequest, OriginResponse};
use headwater_model::reply::Owner;
use headwater_server::{AccessLogTarget, Addresses, Metrics, Server, ServerConfig, SystemClock, TlsFiles};
use headwater_testkit::MemoryStore;
use headwater_wire::Addressing;
use headwater_wire::sign::{ContentSha256, Signing, SigningKeys, Target, sign_v4_headers};
use http::{HeaderValue, Method, Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

struct NoOrigin;

impl Origin for NoOrigin {
    fn fetch(&self, _: OriginRequest) -> BoxFuture<'_, Result<OriginResponse, OriginError>> {
        Box::pin(async { Err(OriginError::Connect("no origin here".into())) })
    }
}

pub(crate) struct Running {
    pub(crate) addresses: Addresses,
    pub(crate) access_log: PathBuf,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
    directory: tempfile::TempDir,
    pub(crate) engine: Arc<Engine>,
}

fn config(tls: Option<TlsFiles>, access_log: AccessLogTarget) -> ServerConfig {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    ServerConfig {
        listen: any_port,
        admin_listen: any_port,
        tls,
        addressing: Addressing {
            domains: vec!["s3.test".into()],
            website_domains: vec!["web.test".into()],
            default_dialect: Dialect::Oss,
            region: "cn-hangzhou".into(),
        },
        strict_region: false,
        trusted_proxies: Vec::new(),
        proxy_protocol: false,
        access_log,
        drain_limit: Duration::from_secs(20),
    }
}

/// Why a server cannot be set up with these files.
pub(crate) fn bind_error(runtime: &tokio::runtime::Runtime, files: TlsFiles) -> String {
    let _context = runtime.enter();
    let Err(error) = Server::bind(config(Some(files), AccessLogTarget::Off)) else { panic!("it could") };
    format!("{error:#}")
}

pub(crate) async fn start(tls: Option<TlsFiles>) -> Running {
    start_changed(tls, |_| {}).await
}

/// A server with another configuration than the plain one.
pub(crate) async fn start_changed(tls: Option<TlsFiles>, change: impl FnOnce(&mut ServerConfig)) -> Running {
    start_by(Arc::new(SystemClock::new()), tls, change).await
}

/// A server whose time is that of this clock.
pub(crate) async fn start_by(
    clock: Arc<dyn Clock>,
    tls: Option<TlsFiles>,
    change: impl FnOnce(&mut ServerConfig),
) -> Running {
    let directory = tempfile::tempdir().unwrap();
    let access_log = directory.path().join("access.log");
    let mut config = config(tls, AccessLogTarget::File(access_log.clone()));
    change(&mut config);
    let server = Server::bind(config).unwrap();
    let addresses = server.addresses();
    let store = Arc::new(MemoryStore::new(clock.clone()));
    let owner = Owner { id: "root".into(), display_name: "root".into() };
    let metrics = Arc::new(Metrics::new());
    let origins = headwater_egress::Origins::new(clock.clone());
    let seal = Arc::new(Seal::new(&[1; 32], clock.clone()));
    let fills = Fills::new(FillsConfig {
        seal: seal.clone(),
        store: store.clone(),
        origin: Arc::new(NoOrigin),
        clock: clock.clone(),
        observer: metrics.fill_observer(),
        origins: origins.clone(),
        marker: LoopMarker::new("test"),
        local: LocalNames::default(),
        limits: FillLimits::default(),
    });
    let root = RootKey { id: "root".into(), secret: "secret-of-root".into(), owner };
    let config = EngineConfig { store, fills, root, clock: clock.clone(), region: "cn-hangzhou".into(), seal, origins };
    let engine = Arc::new(Engine::open(config).await.unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let audit = Audit::open(&directory.path().join("audit.log"), clock.clone()).unwrap();
    let history = History::open(&directory.path().join("rule-history"), &[]).unwrap();
    let administration = Administration::new(engine.clone(), audit, history);
    let server = tokio::spawn(server.run(administration, clock, metrics, async {
        let _ = stopped.await;
    }));
    Running { addresses, access_log, stop, server, directory, engine }
}

impl Running {
    /// Tells the server to stop; it drains.
    pub(crate) fn stop(self) -> (JoinHandle<()>, tempfile::TempDir) {
        self.stop.send(()).unwrap();
        (self.server, self.directory)
    }

    /// The lines of the audit log.
    pub(crate) fn audit(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(self.directory.path().join("audit.log")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) async fn connect(&self) -> http1::SendRequest<Full<Bytes>> {
        let stream = TcpStream::connect(self.addresses.data).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    /// One request on a connection of its own.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> (http::response::Parts, Bytes) {
        collect(self.connect().await.send_request(request).await.unwrap()).await
    }
}

pub(crate) async fn collect(response: Response<hyper::body::Incoming>) -> (http::response::Parts, Bytes) {
    let (parts, body) = response.into_parts();
    (parts, body.collect().await.unwrap().to_bytes())
}

pub(crate) fn request(method: Method, path: &str, body: &'static str) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(Bytes::from_static(body.as_bytes())));
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().unwrap();
    request.headers_mut().insert(header::HOST, HeaderValue::from_static("127.0.0.1"));
    request
}

/// The request with a signature of this dialect. `target` is bucket and key.
pub(crate) fn signed(
    request: Request<Full<Bytes>>,
    dialect: Dialect,
    target: (Option<&str>, Option<&str>),
) -> Request<Full<Bytes>> {
    signed_by(("root", "secret-of-root"), request, dialect, target)
}

/// The request with a signature of this access key id and secret.
pub(crate) fn signed_by(
    (access_key_id, secret): (&str, &str),
    request: Request<Full<Bytes>>,
    dialect: Dialect,
    target: (Option<&str>, Option<&str>),
) -> Request<Full<Bytes>> {
    let (mut parts, body) = request.into_parts();
    let signing = Signing {
        dialect,
        access_key_id,
        secret,
        session_token: None,
        region: "any",
        target: Target { bucket: target.0, key: target.1 },
        additional_headers: &[],
        now: SystemClock::new().now(),
        keys: &SigningKeys::new(),
    };
    sign_v4_headers(&mut parts, ContentSha256::Unsigned, &signing).unwrap();
    Request::from_parts(parts, body)
}

/// A public-read-write bucket, made through the OSS face.
pub(crate) async fn open_bucket(running: &Running) {
    let mut create = request(Method::PUT, "/bkt/", "");
    create.headers_mut().insert("x-oss-acl", HeaderValue::from_static("public-read-write"));
    let (parts, body) = running.send(signed(create, Dialect::Oss, (Some("bkt"), None))).await;
    assert_eq!(parts.status, 200, "{body:?}");
}
