//! The socket addresses this process listens on, which no origin may have.
//!
//! Guarantees: once [`OwnListeners::set`] returned, a connection to one of the addresses is refused, including any
//! address of this machine for a listener bound to the unspecified address.
//!
//! How: whether an address belongs to this machine is asked of the kernel's routing table: a UDP socket "connected" to
//! it (which sends nothing) gets that very address as its source if, and only if, it is local. This is asked only when
//! the port already matches.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, PoisonError, RwLock};

/// A shared list of listener addresses; clones share it.
#[derive(Clone, Debug, Default)]
pub struct OwnListeners(Arc<RwLock<Vec<SocketAddr>>>);

impl OwnListeners {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the list, with the addresses that `bind` returned (real ports, not 0).
    pub fn set(&self, addresses: impl IntoIterator<Item = SocketAddr>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = addresses.into_iter().collect();
    }

    /// Whether a connection to `address` would reach one of the listeners.
    pub fn hold(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        let listeners = self.0.read().unwrap_or_else(PoisonError::into_inner);
        listeners.iter().filter(|listener| listener.port() == address.port()).any(|listener| {
            let own = listener.ip().to_canonical();
            own == ip || (own.is_unspecified() && is_local(ip))
        })
    }
}

/// Whether the address belongs to this machine. On doubt (no socket to be had) it does.
fn is_local(ip: IpAddr) -> bool {
    if ip.is_loopback() || ip.is_unspecified() {
        return true;
    }
    let any: IpAddr = if ip.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let Ok(socket) = UdpSocket::bind((any, 0)) else {
        return true;
    };
    // Any port does: nothing is sent. No route means that no connection can be made either.
    let Ok(()) = socket.connect((ip, 9)) else {
        return false;
    };
    socket.local_addr().is_ok_and(|source| source.ip().to_canonical() == ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(listener: &str, address: &str) -> bool {
        let own = OwnListeners::new();
        own.set([listener.parse().unwrap()]);
        own.hold(address.parse().unwrap())
    }

    #[test]
    fn a_listener_is_found_under_each_of_its_spellings() {
        assert!(holds("127.0.0.1:9000", "127.0.0.1:9000"));
        assert!(holds("127.0.0.1:9000", "[::ffff:127.0.0.1]:9000"));
        assert!(holds("[::ffff:127.0.0.1]:9000", "127.0.0.1:9000"));
        assert!(!holds("127.0.0.1:9000", "127.0.0.1:9001"));
        assert!(!holds("127.0.0.1:9000", "127.0.0.2:9000"));
    }

    #[test]
    fn an_unspecified_listener_is_every_local_address() {
        assert!(holds("0.0.0.0:9000", "127.0.0.1:9000"));
        assert!(holds("0.0.0.0:9000", "127.8.8.8:9000"));
        assert!(holds("[::]:9000", "127.0.0.1:9000"));
        assert!(holds("[::]:9000", "[::1]:9000"));
        assert!(holds("0.0.0.0:9000", "0.0.0.0:9000"));
        assert!(!holds("0.0.0.0:9000", "192.0.2.7:9000"));
        assert!(!holds("0.0.0.0:9000", "127.0.0.1:9001"));
    }
}
