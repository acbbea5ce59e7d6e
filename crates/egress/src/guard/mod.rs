//! Which socket addresses origins may have.
//!
//! Guarantees: only globally reachable unicast addresses pass, and those that the operator opened; our own listeners
//! never pass. IPv6 forms that stand for an IPv4 address (mapped, compatible, NAT64) are judged as that address.
//!
//! How: pure functions over the tables in `class`. [`crate::OriginClient`] asks for every single address at the moment
//! it connects: after name resolution, for literals, and for every hop of a redirect; so a name that changes its mind
//! between check and use gains nothing.
//!
//! Deliberately not here: names and URLs. What a name looks like says nothing about where it leads.

mod class;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

pub use class::AddressClass;
use class::{Opening, classify, embedded};

use crate::listeners::OwnListeners;

/// The judge of socket addresses.
#[derive(Clone, Debug)]
pub struct Guard {
    allowed: Vec<IpNet>,
    own: OwnListeners,
}

/// Why an address is refused; for administrators only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// One of our own listeners is behind it.
    OwnListener,
    /// Its class is not open.
    Class(AddressClass),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnListener => f.write_str("own listener"),
            Self::Class(class) => class.fmt(f),
        }
    }
}

impl Guard {
    /// A guard that opens `allowed` besides the public network. A network opens loopback, link-local, unique local and
    /// metadata addresses only if it lies wholly inside that class (metadata: the very address), and never opens
    /// unspecified, multicast, broadcast and tunnel addresses.
    pub fn new(allowed: Vec<IpNet>, own: OwnListeners) -> Self {
        Self { allowed, own }
    }

    /// Says whether an origin may be at `address`.
    pub fn judge(&self, address: SocketAddr) -> Result<(), Refusal> {
        if self.own.hold(address) {
            return Err(Refusal::OwnListener);
        }
        let IpAddr::V6(ip) = address.ip() else {
            return self.judge_ip(address.ip());
        };
        let stands_for = embedded(ip);
        if stands_for.is_empty() {
            return self.judge_ip(address.ip());
        }
        stands_for.into_iter().try_for_each(|v4| self.judge_ip(IpAddr::V4(v4)))
    }

    fn judge_ip(&self, ip: IpAddr) -> Result<(), Refusal> {
        let class = classify(ip);
        let mut holders = self.allowed.iter().filter(|network| network.contains(&ip));
        let open = match class.opening() {
            Opening::Open => true,
            Opening::ByAnyNetwork => holders.next().is_some(),
            Opening::ByOwnNetwork => holders.any(|network| class.encloses(network)),
            Opening::Never => false,
        };
        if open { Ok(()) } else { Err(Refusal::Class(class)) }
    }
}
