//! The host of an origin's URL.
//!
//! Guarantees: a host that was read is a DNS name in ASCII, a dotted quad or a bracketed IPv6 address, and nothing that
//! some resolver might read as an address in disguise (`127.1`, `0x7f.1`, `2130706433`, `0177.0.0.1`). Whoever saves a
//! URL and whoever connects read it with the same function, so that none is saved that would later be refused, and none
//! means something else to each of them.
//!
//! How: the WHATWG's rule. A name whose last label is a number is an address, and addresses are written in one way only.
//! Deliberately not here: which addresses are permitted (the guard says so, when it connects) and IDNA (by the time of
//! this judgement a host is ASCII).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest DNS name and longest label (RFC 1035 section 2.3.4).
const MAX_NAME_BYTES: usize = 253;
const MAX_LABEL_BYTES: usize = 63;

/// A host by name or by address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// Lower case, without the root's dot.
    Name(Box<str>),
    /// An address.
    Literal(IpAddr),
}

/// Why a text is no host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// It is empty, or holds what cannot stand in a name.
    #[error("the host contains some illegal characters")]
    Characters,
    /// A name or label of it is empty or too long.
    #[error("the host's name or one of its labels is empty or too long")]
    Length,
    /// An address, but in another form than the one it is written in.
    #[error("a host that ends in a number must be an ip address in dotted decimal")]
    Disguised,
}

impl Host {
    /// Reads the host of a URL, an IPv6 address in its brackets. A name may end with the root's dot.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        if let Some(inner) = text.strip_prefix('[') {
            let address = inner.strip_suffix(']').and_then(|inner| inner.parse::<Ipv6Addr>().ok());
            return address.map(|ip| Self::Literal(ip.into())).ok_or(HostError::Characters);
        }
        if let Ok(ip) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Literal(ip.into()));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.is_empty() {
            return Err(HostError::Length);
        }
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
            return Err(HostError::Characters);
        }
        // Before the lengths, as an address in disguise may well have empty labels.
        if name.trim_end_matches('.').rsplit('.').next().is_some_and(looks_numeric) {
            return Err(HostError::Disguised);
        }
        if name.len() > MAX_NAME_BYTES || !name.split('.').all(|label| (1..=MAX_LABEL_BYTES).contains(&label.len())) {
            return Err(HostError::Length);
        }
        Ok(Self::Name(name.to_ascii_lowercase().into()))
    }
}

/// Whether resolvers would take a name with this last label for an address: decimal, octal or hexadecimal.
fn looks_numeric(label: &str) -> bool {
    let hexadecimal = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    label.bytes().all(|byte| byte.is_ascii_digit())
        || hexadecimal.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_read() {
        let name = |text: &str| Ok(Host::Name(text.into()));
        for text in ["h", "a-b.example", "my_host", "xn--bcher-kva.example", "1a.example", "1.2.3.4.example", "0x7g"] {
            assert_eq!(Host::parse(text), name(text));
        }
        assert_eq!(Host::parse("H.Example."), name("h.example"));
        for (text, ip) in
            [("192.0.2.1", "192.0.2.1"), ("[2001:DB8::1]", "2001:db8::1"), ("[::ffff:1.2.3.4]", "::ffff:1.2.3.4")]
        {
            assert_eq!(Host::parse(text), Ok(Host::Literal(ip.parse().unwrap())));
        }
    }

    #[test]
    fn addresses_in_disguise_are_refused() {
        for text in [
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f.1",
            "0x7f000001",
            "0X7F.0.0.1",
            "0177.0.0.1",
            "017700000001",
            "0",
            "00",
            "127.0.0.1.",
            "127.0.0.1..",
            "127.0.0.01",
            "127.0.0.0x1",
            "1.2.3.4.5",
            "256.0.0.1",
            "0x",
            "0x.0x",
            "h.example.1",
            "1.2.3.",
            "127..1",
            "00.0.0.0",
            "4294967296",
            "-.1",
            "a.0x1.",
        ] {
            assert_eq!(Host::parse(text), Err(HostError::Disguised), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "a b",
            "a%2eb",
            "%31%32%37.0.0.1",
            "a\\b",
            "a@b",
            "a\tb",
            "a\0",
            "a,b",
            "bücher",
            "１２７.0.0.1",
            "a:80",
            "[::1",
            "[::1]x",
            "[fe80::1%25lo]",
            "[fe80::1%lo]",
            "[127.0.0.1]",
            "::1",
            "[",
            "[]",
        ] {
            assert_eq!(Host::parse(text), Err(HostError::Characters), "{text}");
        }
        let (label, name) = ("a".repeat(64), vec!["a".repeat(63); 4].join("."));
        for text in ["", ".", "a..b", ".a", "a..", &label, &name] {
            assert_eq!(Host::parse(text), Err(HostError::Length), "{text}");
        }
    }
}
