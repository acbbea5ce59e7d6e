//! The server: two listeners, and the way down.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use headwater_admin::{Administration, Pulse, ServerFacts};
use headwater_model::clock::{Clock, Timestamp};
use headwater_wire::Addressing;
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use crate::admin::AdminPlane;
use crate::connection::{Peer, serve};
use crate::proxy_protocol::ProxyProtocol;
use crate::service::Service;
use crate::telemetry::{AccessLog, AccessLogTarget, Metrics};
use crate::{listen, tls};

/// Most connections of the data plane at a time; each costs some 20 KiB while idle.
const MAX_CONNECTIONS: usize = 10_000;
/// A TLS handshake must be done within this time.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Address of the data plane.
    pub listen: SocketAddr,
    /// Address of the admin plane.
    pub admin_listen: SocketAddr,
    /// TLS of the data plane.
    pub tls: Option<tls::TlsFiles>,
    /// Host names and defaults of dialects and region.
    pub addressing: Addressing,
    /// Whether V4 signatures must name the announced region.
    pub strict_region: bool,
    /// Proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether every connection of the data plane begins with a header of the PROXY protocol, from one of those proxies.
    pub proxy_protocol: bool,
    /// Where access lines go.
    pub access_log: AccessLogTarget,
    /// How long running requests may take after the server was told to stop.
    pub drain_limit: Duration,
}

/// A server with its listeners bound: nothing is answered before [`Server::run`].
pub struct Server {
    config: ServerConfig,
    data: TcpListener,
    admin: TcpListener,
    acceptor: Option<TlsAcceptor>,
    access_log: AccessLog,
    addresses: Addresses,
}

/// Where a server listens; ports that were asked for as 0 are known here.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// Data plane.
    pub data: SocketAddr,
    /// Admin plane.
    pub admin: SocketAddr,
}

impl Server {
    /// Binds both listeners, reads certificates, opens the access log.
    ///
    /// # Errors
    /// One sentence that names what is wrong and the flag to change.
    pub fn bind(config: ServerConfig) -> anyhow::Result<Self> {
        let acceptor = config.tls.as_ref().map(tls::load).transpose()?.map(TlsAcceptor::from);
        let access_log = AccessLog::open(&config.access_log)
            .map_err(|error| anyhow::anyhow!("cannot open the access log ({:?}): {error}", config.access_log))?;
        let data = listen::bind(config.listen, "--listen")?;
        let admin = listen::bind(config.admin_listen, "--admin-listen")?;
        let addresses = Addresses { data: data.local_addr()?, admin: admin.local_addr()? };
        Ok(Self { config, data, admin, acceptor, access_log, addresses })
    }

    /// Where it listens.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Serves until `stop` resolves, then drains: no new connections, running requests to their end, running fills to
    /// theirs, all within the drain limit. What is acknowledged is durable in any case.
    pub async fn run(
        self,
        administration: Administration,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
        stop: impl Future<Output = ()>,
    ) {
        let Self { config, data, admin, acceptor, access_log, addresses } = self;
        let facts = Arc::new(facts(&config, addresses, clock.now()));
        let pulse = Arc::new(Pulse::new(metrics.clone()));
        let drain_limit = config.drain_limit;
        let engine = administration.engine().clone();
        let service = Arc::new(Service::new(administration.clone(), clock.clone(), metrics, access_log, &config));
        let (drain_sender, drain) = watch::channel(false);
        let plane =
            AdminPlane::new(service.clone(), clock.clone(), administration, (facts, pulse.clone()), drain.clone());
        let admin_plane = tokio::spawn(Arc::new(plane).serve(admin));
        let keeping = tokio::spawn({
            let engine = engine.clone();
            async move { engine.keep_origin_usage().await }
        });
        let sampling = tokio::spawn({
            let clock = clock.clone();
            async move { pulse.keep(&*clock).await }
        });
        let logging = tokio::spawn({
            let (service, drain) = (service.clone(), drain.clone());
            async move { service.keep_bucket_logs(drain).await }
        });
        let proxies = config.proxy_protocol.then(|| ProxyProtocol::new(config.trusted_proxies, clock.clone()));
        let door = Arc::new(Door { proxies, acceptor, service: service.clone(), drain });
        let open = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                biased;
                () = stop.as_mut() => break,
                (stream, peer) = listen::accept(&data) => match open.clone().try_acquire_owned() {
                    Ok(permit) => {
                        tokio::spawn(door.clone().handle(stream, peer, permit));
                    }
                    Err(_) => service.refuse_connection(),
                },
            }
        }
        drop(data);
        tracing::info!(open = MAX_CONNECTIONS - open.available_permits(), "draining");
        let began = clock.elapsed();
        drain_sender.send_replace(true);
        let connections_closed = open.acquire_many(u32::try_from(MAX_CONNECTIONS).expect("the limit fits"));
        if tokio::time::timeout(drain_limit, connections_closed).await.is_err() {
            tracing::warn!(
                open = MAX_CONNECTIONS - open.available_permits(),
                "requests still running after the drain limit"
            );
        }
        engine.fills().drain(drain_limit.saturating_sub(clock.elapsed().saturating_sub(began))).await;
        admin_plane.abort();
        keeping.abort();
        sampling.abort();
        // It has ended with the drain, but for the delivery at hand.
        let _ = logging.await;
        service.finish_bucket_logs().await;
        if let Err(error) = engine.save_origin_usage().await {
            tracing::warn!(%error, "the use of origins could not be written down");
        }
    }
}

/// What operators are told of how it runs.
fn facts(config: &ServerConfig, addresses: Addresses, started: Timestamp) -> ServerFacts {
    let texts = |texts: &[Box<str>]| texts.iter().map(ToString::to_string).collect();
    ServerFacts {
        version: env!("CARGO_PKG_VERSION"),
        data: addresses.data,
        tls: config.tls.is_some(),
        base_domains: texts(&config.addressing.domains),
        admin: addresses.admin,
        website_domains: texts(&config.addressing.website_domains),
        default_dialect: config.addressing.default_dialect,
        strict_region: config.strict_region,
        trusted_proxies: config.trusted_proxies.iter().map(ToString::to_string).collect(),
        proxy_protocol: config.proxy_protocol,
        access_log: match &config.access_log {
            AccessLogTarget::Off => "Off".to_owned(),
            AccessLogTarget::Stdout => "Standard output".to_owned(),
            AccessLogTarget::File(path) => path.display().to_string(),
        },
        drain_limit: config.drain_limit,
        started,
    }
}

/// What a connection passes before its first request.
struct Door {
    proxies: Option<ProxyProtocol>,
    acceptor: Option<TlsAcceptor>,
    service: Arc<Service>,
    drain: watch::Receiver<bool>,
}

impl Door {
    async fn handle(self: Arc<Self>, mut stream: TcpStream, peer: SocketAddr, _permit: OwnedSemaphorePermit) {
        let _open = self.service.connection_opened();
        let address = match &self.proxies {
            None => Some(peer),
            Some(proxies) => proxies.client(&mut stream, peer).await,
        };
        let Some(address) = address else { return self.service.refuse_unnamed() };
        let (service, drain) = (self.service.clone(), self.drain.clone());
        let Some(acceptor) = &self.acceptor else {
            return serve(stream, Peer { address, secure: false }, service, drain).await;
        };
        match tokio::time::timeout(HANDSHAKE_LIMIT, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => serve(stream, Peer { address, secure: true }, service, drain).await,
            Ok(Err(error)) => tracing::debug!(peer = %address, %error, "tls handshake failed"),
            Err(_) => tracing::debug!(peer = %address, "tls handshake timed out"),
        }
    }
}
