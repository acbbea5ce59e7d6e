//! What kind of network an address belongs to: the IANA special-purpose registries as tables.
//!
//! Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and successors), RFC 6052 and RFC 8215
//! (NAT64), RFC 3056 and RFC 7526 (6to4), RFC 4380 (Teredo), and the cloud vendors' metadata services.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Kind of network an address belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressClass {
    /// Globally reachable unicast: the only class that needs no permission.
    Global,
    /// Private use (RFC 1918).
    Private,
    /// Shared address space of carrier-grade NAT (RFC 6598).
    SharedNat,
    /// Documentation (RFC 5737, RFC 3849, RFC 9637).
    Documentation,
    /// Benchmarking (RFC 2544, RFC 5180).
    Benchmarking,
    /// IETF protocol assignments (RFC 6890) that are not meant for hosts of the public network.
    ProtocolAssignment,
    /// Reserved for future use, discard-only, or outside every allocated block.
    Reserved,
    /// Deprecated site-local IPv6 (RFC 3879).
    SiteLocal,
    /// This machine (RFC 1122, RFC 4291).
    Loopback,
    /// This link (RFC 3927, RFC 4291).
    LinkLocal,
    /// Unique local IPv6 (RFC 4193).
    UniqueLocal,
    /// A cloud vendor's metadata or platform service, which hands out credentials to whoever asks from this machine.
    Metadata,
    /// "This network" (RFC 1122): on Linux a connection to it reaches this machine.
    Unspecified,
    /// Multicast: never a TCP peer.
    Multicast,
    /// Limited broadcast: never a TCP peer.
    Broadcast,
    /// 6to4 and Teredo: deprecated tunnels whose exit, not the address, decides who is reached.
    Tunnel,
}

/// How far an operator's permission reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// Needs no permission.
    Open,
    /// Any permitted network that holds the address opens it.
    ByAnyNetwork,
    /// Only a permitted network that lies wholly inside the class: a wide CIDR such as 0.0.0.0/0 must not open it by
    /// accident.
    ByOwnNetwork,
    /// Nothing opens it.
    Never,
}

impl AddressClass {
    pub(super) fn opening(self) -> Opening {
        match self {
            Self::Global => Opening::Open,
            Self::Private
            | Self::SharedNat
            | Self::Documentation
            | Self::Benchmarking
            | Self::ProtocolAssignment
            | Self::Reserved
            | Self::SiteLocal => Opening::ByAnyNetwork,
            Self::Loopback | Self::LinkLocal | Self::UniqueLocal | Self::Metadata => Opening::ByOwnNetwork,
            Self::Unspecified | Self::Multicast | Self::Broadcast | Self::Tunnel => Opening::Never,
        }
    }

    /// Whether `network` lies wholly inside one block of this class.
    pub(super) fn encloses(self, network: &IpNet) -> bool {
        match network {
            IpNet::V4(inner) => V4_BLOCKS.iter().any(|(block, class)| *class == self && block.contains(inner)),
            IpNet::V6(inner) => V6_BLOCKS.iter().any(|(block, class)| *class == self && block.contains(inner)),
        }
    }
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Global => "global",
            Self::Private => "private",
            Self::SharedNat => "carrier-grade nat",
            Self::Documentation => "documentation",
            Self::Benchmarking => "benchmarking",
            Self::ProtocolAssignment => "protocol assignment",
            Self::Reserved => "reserved",
            Self::SiteLocal => "site-local",
            Self::Loopback => "loopback",
            Self::LinkLocal => "link-local",
            Self::UniqueLocal => "unique local",
            Self::Metadata => "metadata service",
            Self::Unspecified => "unspecified",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Tunnel => "6to4 or teredo tunnel",
        })
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(head: [u16; 4], tail: [u16; 4], prefix: u8) -> Ipv6Net {
    let address = Ipv6Addr::new(head[0], head[1], head[2], head[3], tail[0], tail[1], tail[2], tail[3]);
    Ipv6Net::new_assert(address, prefix)
}

/// First match wins, so single addresses stand before the block around them. What no row holds is global.
const V4_BLOCKS: &[(Ipv4Net, AddressClass)] = &[
    // AWS, Google, Azure, OpenStack and many more; ECS task credentials; EKS pod identity.
    (v4(169, 254, 169, 254, 32), AddressClass::Metadata),
    (v4(169, 254, 170, 2, 32), AddressClass::Metadata),
    (v4(169, 254, 170, 23, 32), AddressClass::Metadata),
    // Alibaba Cloud.
    (v4(100, 100, 100, 200, 32), AddressClass::Metadata),
    // Oracle Cloud.
    (v4(192, 0, 0, 192, 32), AddressClass::Metadata),
    // Azure's platform service: formally a public address, reachable from inside virtual machines only.
    (v4(168, 63, 129, 16, 32), AddressClass::Metadata),
    (v4(0, 0, 0, 0, 8), AddressClass::Unspecified),
    (v4(10, 0, 0, 0, 8), AddressClass::Private),
    (v4(100, 64, 0, 0, 10), AddressClass::SharedNat),
    (v4(127, 0, 0, 0, 8), AddressClass::Loopback),
    (v4(169, 254, 0, 0, 16), AddressClass::LinkLocal),
    (v4(172, 16, 0, 0, 12), AddressClass::Private),
    (v4(192, 0, 0, 0, 24), AddressClass::ProtocolAssignment),
    (v4(192, 0, 2, 0, 24), AddressClass::Documentation),
    // 6to4 relay anycast (RFC 7526).
    (v4(192, 88, 99, 0, 24), AddressClass::Tunnel),
    (v4(192, 168, 0, 0, 16), AddressClass::Private),
    (v4(198, 18, 0, 0, 15), AddressClass::Benchmarking),
    (v4(198, 51, 100, 0, 24), AddressClass::Documentation),
    (v4(203, 0, 113, 0, 24), AddressClass::Documentation),
    (v4(224, 0, 0, 0, 4), AddressClass::Multicast),
    (v4(255, 255, 255, 255, 32), AddressClass::Broadcast),
    (v4(240, 0, 0, 0, 4), AddressClass::Reserved),
];

/// First match wins. The last row is the space allocated for global unicast; what no row holds is reserved.
const V6_BLOCKS: &[(Ipv6Net, AddressClass)] = &[
    // AWS: instance metadata, ECS task credentials (EKS pod identity); Google Cloud.
    (v6([0xfd00, 0xec2, 0, 0], [0, 0, 0, 0x254], 128), AddressClass::Metadata),
    (v6([0xfd00, 0xec2, 0, 0], [0, 0, 0, 0x23], 128), AddressClass::Metadata),
    (v6([0xfd20, 0xce, 0, 0], [0, 0, 0, 0x254], 128), AddressClass::Metadata),
    (v6([0, 0, 0, 0], [0, 0, 0, 0], 128), AddressClass::Unspecified),
    (v6([0, 0, 0, 0], [0, 0, 0, 1], 128), AddressClass::Loopback),
    (v6([0xfc00, 0, 0, 0], [0; 4], 7), AddressClass::UniqueLocal),
    (v6([0xfe80, 0, 0, 0], [0; 4], 10), AddressClass::LinkLocal),
    (v6([0xfec0, 0, 0, 0], [0; 4], 10), AddressClass::SiteLocal),
    (v6([0xff00, 0, 0, 0], [0; 4], 8), AddressClass::Multicast),
    // Teredo.
    (v6([0x2001, 0, 0, 0], [0; 4], 32), AddressClass::Tunnel),
    (v6([0x2001, 2, 0, 0], [0; 4], 48), AddressClass::Benchmarking),
    (v6([0x2001, 0, 0, 0], [0; 4], 23), AddressClass::ProtocolAssignment),
    (v6([0x2001, 0xdb8, 0, 0], [0; 4], 32), AddressClass::Documentation),
    // 6to4.
    (v6([0x2002, 0, 0, 0], [0; 4], 16), AddressClass::Tunnel),
    (v6([0x3fff, 0, 0, 0], [0; 4], 20), AddressClass::Documentation),
    (v6([0x2000, 0, 0, 0], [0; 4], 3), AddressClass::Global),
];

/// IPv4-mapped (RFC 4291 section 2.5.5.2).
const MAPPED: Ipv6Net = v6([0, 0, 0, 0], [0, 0xffff, 0, 0], 96);
/// IPv4-compatible (RFC 4291 section 2.5.5.1, deprecated).
const COMPATIBLE: Ipv6Net = v6([0, 0, 0, 0], [0, 0, 0, 0], 96);
/// NAT64 well-known prefix (RFC 6052).
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0], [0, 0, 0, 0], 96);
/// NAT64 local-use prefix (RFC 8215).
const NAT64_LOCAL: Ipv6Net = v6([0x64, 0xff9b, 1, 0], [0, 0, 0, 0], 48);

/// Class of an address, embedded IPv4 addresses not looked at.
pub(super) fn classify(ip: IpAddr) -> AddressClass {
    match ip {
        IpAddr::V4(ip) => {
            V4_BLOCKS.iter().find(|(block, _)| block.contains(&ip)).map_or(AddressClass::Global, |(_, class)| *class)
        }
        IpAddr::V6(ip) => {
            V6_BLOCKS.iter().find(|(block, _)| block.contains(&ip)).map_or(AddressClass::Reserved, |(_, class)| *class)
        }
    }
}

/// The IPv4 addresses that an IPv6 address may stand for; empty if it stands for itself.
pub(super) fn embedded(ip: Ipv6Addr) -> Vec<Ipv4Addr> {
    let octets = ip.octets();
    let at = |positions: [usize; 4]| Ipv4Addr::from(positions.map(|position| octets[position]));
    let low = at([12, 13, 14, 15]);
    if MAPPED.contains(&ip) || NAT64.contains(&ip) {
        return vec![low];
    }
    if COMPATIBLE.contains(&ip) && !ip.is_loopback() && !ip.is_unspecified() {
        return vec![low];
    }
    if NAT64_LOCAL.contains(&ip) {
        // The translator's prefix length is unknown here, so each position of RFC 6052 section 2.2 is a candidate
        // (/48, /56, /64, /96), and each must be permitted. Positions that begin with zero are not the one in use:
        // a translator would send packets to 0.0.0.0/8, that is nowhere.
        let positions = [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12], [12, 13, 14, 15]];
        let candidates: Vec<_> = positions.into_iter().map(at).filter(|v4| v4.octets()[0] != 0).collect();
        return if candidates.is_empty() { vec![Ipv4Addr::UNSPECIFIED] } else { candidates };
    }
    Vec::new()
}
