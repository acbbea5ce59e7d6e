//! From an endpoint to a connection: resolve, judge, connect, TLS.
//!
//! Guarantees: each socket is connected to exactly an address that the guard just judged; name resolution and TCP share
//! one time limit, TLS has its own; there is no way around this file to a socket.
//!
//! How: the permitted addresses are tried in the resolver's order, each with an equal share of the time, so that a dead
//! first address does not eat the budget of a live second one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use headwater_model::clock::Clock;
use headwater_model::host::Host;
use headwater_model::origin::{OriginError, OriginTimeouts};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::counters::Counters;
use crate::guard::Guard;
use crate::h1::H1;
use crate::h2::H2;
use crate::pool::{Connection, Line, Pool};
use crate::resolve::{Resolve, ResolveError};
use crate::socket::{Socket, Stream};
use crate::target::Endpoint;
use crate::tls;

/// Most addresses of a name that are tried: with the default limit each still gets 375 ms.
const MAX_ADDRESSES: usize = 8;

pub(crate) struct Connector {
    pub(crate) guard: Guard,
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) counters: Arc<Counters>,
}

impl Connector {
    /// Opens a connection to the endpoint. A new HTTP/2 connection is shared through the pool at once.
    pub(crate) async fn open(
        &self,
        line: &Line,
        tls: &TlsConnector,
        timeouts: &OriginTimeouts,
    ) -> Result<Connection, OriginError> {
        let endpoint = &line.endpoint;
        let permit = self.pool.permit()?;
        let started = self.clock.elapsed();
        let addresses = self.permitted_addresses(endpoint, timeouts.connect).await?;
        let left = timeouts.connect.saturating_sub(self.clock.elapsed().saturating_sub(started));
        let tcp = connect_any(&addresses, left).await?;
        tcp.set_nodelay(true).map_err(|error| OriginError::Connect(error.to_string().into()))?;
        let stream = if endpoint.secure {
            Stream::Tls(Box::new(encrypt(tcp, tls, &endpoint.host, timeouts.tls).await?))
        } else {
            Stream::Plain(tcp)
        };
        Counters::add(&self.counters.connections_opened, 1);
        let socket = Socket::new(stream, Arc::clone(&self.counters), permit);
        if socket.speaks_h2() {
            let connection = H2::handshake(socket).await?;
            self.pool.share(line, &connection);
            Ok(Connection::H2(connection))
        } else {
            Ok(Connection::H1(H1::handshake(socket).await?))
        }
    }

    async fn permitted_addresses(&self, endpoint: &Endpoint, limit: Duration) -> Result<Vec<SocketAddr>, OriginError> {
        let (name, found) = match &endpoint.host {
            Host::Literal(ip) => (ip.to_string().into(), vec![*ip]),
            Host::Name(name) => (name.clone(), self.resolve(name, limit).await?),
        };
        let mut permitted = Vec::new();
        let mut refused = Vec::new();
        for ip in found {
            let address = SocketAddr::new(ip, endpoint.port);
            match self.guard.judge(address) {
                Ok(()) => permitted.push(address),
                Err(refusal) => refused.push(format!("{address} is {refusal}")),
            }
        }
        if !refused.is_empty() {
            refused.truncate(MAX_ADDRESSES);
            tracing::warn!(host = %name, addresses = ?refused, "origin address refused; --allow-origin-net lets origins live in a network");
        }
        if permitted.is_empty() {
            return Err(OriginError::ForbiddenAddress(format!("{name}: {}", refused.join(", ")).into()));
        }
        permitted.truncate(MAX_ADDRESSES);
        Ok(permitted)
    }

    async fn resolve(&self, name: &str, limit: Duration) -> Result<Vec<std::net::IpAddr>, OriginError> {
        let failed = |reason: &str| OriginError::NameResolution(format!("{name}: {reason}").into());
        match timeout(limit, self.resolver.resolve(name)).await {
            Err(_elapsed) => Err(failed("no answer within the limit")),
            Ok(Err(ResolveError::NotFound)) => Err(OriginError::NameNotFound(name.into())),
            Ok(Err(ResolveError::Failed(reason))) => Err(failed(&reason)),
            Ok(Ok(addresses)) if addresses.is_empty() => Err(OriginError::NameNotFound(name.into())),
            Ok(Ok(addresses)) => Ok(addresses),
        }
    }
}

async fn encrypt(
    tcp: TcpStream,
    connector: &TlsConnector,
    host: &Host,
    limit: Duration,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, OriginError> {
    let name = tls::server_name(host).ok_or_else(|| OriginError::BadUrl("host is no tls server name".into()))?;
    match timeout(limit, connector.connect(name, tcp)).await {
        Err(_elapsed) => Err(OriginError::TlsTimeout),
        Ok(Ok(stream)) => Ok(stream),
        // A handshake that the network broke says nothing about certificates or versions.
        Ok(Err(error)) if error.get_ref().is_none_or(|cause| !cause.is::<rustls::Error>()) => {
            Err(OriginError::Connect(format!("within the tls handshake: {error}").into()))
        }
        Ok(Err(error)) => Err(OriginError::Tls(error.to_string().into())),
    }
}

/// Connects to the first address that answers. Tells why the last one did not if none does.
async fn connect_any(addresses: &[SocketAddr], limit: Duration) -> Result<TcpStream, OriginError> {
    let share = limit / u32::try_from(addresses.len()).expect("at most MAX_ADDRESSES").max(1);
    let mut last = OriginError::ConnectTimeout;
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = OriginError::Connect(format!("{address}: {error}").into()),
            Err(_elapsed) => last = OriginError::ConnectTimeout,
        }
    }
    Err(last)
}
