//! Whom a proxy speaks for: HAProxy's PROXY protocol, versions 1 and 2, before TLS and HTTP.
//!
//! Guarantees: with the setting on, no connection is served whose header is missing, wrong or late, or which does not come
//! from a trusted proxy, since anybody else could claim any address. What follows the header is left unread.
//! A refused connection is closed without a word, counted, and told of in the log once a minute at most.
//!
//! What the header says beside addresses (TLVs) is passed over.

#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod header;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use headwater_model::clock::Clock;
use ipnet::IpNet;
use tokio::io::AsyncRead;

/// A header must be complete within this time: it is the first thing that a proxy sends, in one packet.
const HEADER_LIMIT: Duration = Duration::from_secs(5);
/// Between two lines about refused connections: somebody who scans the port must not fill the log.
const LINE_INTERVAL: Duration = Duration::from_mins(1);

/// Reads the headers of a listener whose connections come from proxies.
pub(crate) struct ProxyProtocol {
    trusted: Vec<IpNet>,
    clock: Arc<dyn Clock>,
    /// When the next line may be written, in milliseconds of the clock's monotonic time.
    next_line_ms: AtomicU64,
    /// Refused without a line of their own.
    untold: AtomicU64,
}

impl ProxyProtocol {
    /// Believes proxies of these networks.
    pub(crate) fn new(trusted: Vec<IpNet>, clock: Arc<dyn Clock>) -> Self {
        Self { trusted, clock, next_line_ms: AtomicU64::new(0), untold: AtomicU64::new(0) }
    }

    /// The client that `proxy` speaks for; the proxy itself, if it speaks for nobody or does not know. `None` if the
    /// connection is to be closed.
    pub(crate) async fn client<S>(&self, stream: &mut S, proxy: SocketAddr) -> Option<SocketAddr>
    where
        S: AsyncRead + Unpin,
    {
        let address = proxy.ip().to_canonical();
        if !self.trusted.iter().any(|network| network.contains(&address)) {
            self.refuse(proxy, "it comes from no trusted proxy");
            return None;
        }
        match tokio::time::timeout(HEADER_LIMIT, header::read(stream)).await {
            Ok(Ok(named)) => Some(named.unwrap_or(proxy)),
            Ok(Err(fault)) => {
                self.refuse(proxy, fault);
                None
            }
            Err(_) => {
                self.refuse(proxy, "its header did not come in time");
                None
            }
        }
    }

    fn refuse(&self, peer: SocketAddr, reason: &'static str) {
        let now_ms = u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX);
        let next_ms = self.next_line_ms.load(Ordering::Relaxed);
        let after_ms = now_ms.saturating_add(LINE_INTERVAL.as_secs() * 1_000);
        let mine = now_ms >= next_ms
            && self.next_line_ms.compare_exchange(next_ms, after_ms, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if mine {
            let others = self.untold.swap(0, Ordering::Relaxed);
            tracing::warn!(%peer, reason, others, "connection refused by the proxy protocol");
        } else {
            self.untold.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
