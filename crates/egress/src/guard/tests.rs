//! The corpus of addresses: every class in every spelling that an address can have, and what the operator opens.

use super::*;

fn guard(allowed: &[&str]) -> Guard {
    Guard::new(allowed.iter().map(|network| network.parse().unwrap()).collect(), OwnListeners::new())
}

fn judge(guard: &Guard, ip: &str) -> Result<(), Refusal> {
    guard.judge(SocketAddr::new(ip.parse().unwrap_or_else(|_| panic!("{ip}")), 80))
}

/// Addresses that no origin may have, first, last and famous ones of each block, with their class.
const REFUSED_V4: &[(&str, AddressClass)] = &[
    ("0.0.0.0", AddressClass::Unspecified),
    ("0.0.0.1", AddressClass::Unspecified),
    ("0.127.0.1", AddressClass::Unspecified),
    ("0.255.255.255", AddressClass::Unspecified),
    ("10.0.0.0", AddressClass::Private),
    ("10.0.0.1", AddressClass::Private),
    ("10.255.255.255", AddressClass::Private),
    ("100.64.0.0", AddressClass::SharedNat),
    ("100.64.0.1", AddressClass::SharedNat),
    ("100.100.100.200", AddressClass::Metadata),
    ("100.100.100.199", AddressClass::SharedNat),
    ("100.127.255.255", AddressClass::SharedNat),
    ("127.0.0.0", AddressClass::Loopback),
    ("127.0.0.1", AddressClass::Loopback),
    ("127.0.1.1", AddressClass::Loopback),
    ("127.255.255.255", AddressClass::Loopback),
    ("168.63.129.16", AddressClass::Metadata),
    ("169.254.0.0", AddressClass::LinkLocal),
    ("169.254.0.1", AddressClass::LinkLocal),
    ("169.254.169.123", AddressClass::LinkLocal),
    ("169.254.169.254", AddressClass::Metadata),
    ("169.254.170.2", AddressClass::Metadata),
    ("169.254.170.23", AddressClass::Metadata),
    ("169.254.255.255", AddressClass::LinkLocal),
    ("172.16.0.0", AddressClass::Private),
    ("172.17.0.1", AddressClass::Private),
    ("172.31.255.255", AddressClass::Private),
    ("192.0.0.0", AddressClass::ProtocolAssignment),
    ("192.0.0.8", AddressClass::ProtocolAssignment),
    ("192.0.0.170", AddressClass::ProtocolAssignment),
    ("192.0.0.192", AddressClass::Metadata),
    ("192.0.0.255", AddressClass::ProtocolAssignment),
    ("192.0.2.0", AddressClass::Documentation),
    ("192.0.2.255", AddressClass::Documentation),
    ("192.88.99.0", AddressClass::Tunnel),
    ("192.88.99.1", AddressClass::Tunnel),
    ("192.88.99.255", AddressClass::Tunnel),
    ("192.168.0.0", AddressClass::Private),
    ("192.168.1.1", AddressClass::Private),
    ("192.168.255.255", AddressClass::Private),
    ("198.18.0.0", AddressClass::Benchmarking),
    ("198.19.255.255", AddressClass::Benchmarking),
    ("198.51.100.0", AddressClass::Documentation),
    ("198.51.100.255", AddressClass::Documentation),
    ("203.0.113.0", AddressClass::Documentation),
    ("203.0.113.255", AddressClass::Documentation),
    ("224.0.0.0", AddressClass::Multicast),
    ("224.0.0.1", AddressClass::Multicast),
    ("239.255.255.255", AddressClass::Multicast),
    ("240.0.0.0", AddressClass::Reserved),
    ("240.0.0.1", AddressClass::Reserved),
    ("255.255.255.254", AddressClass::Reserved),
    ("255.255.255.255", AddressClass::Broadcast),
];

const REFUSED_V6: &[(&str, AddressClass)] = &[
    ("::", AddressClass::Unspecified),
    ("::1", AddressClass::Loopback),
    ("0:0:0:0:0:0:0:1", AddressClass::Loopback),
    ("0000:0000:0000:0000:0000:0000:0000:0001", AddressClass::Loopback),
    ("::2", AddressClass::Unspecified),
    ("::ffff:0:7f00:1", AddressClass::Reserved),
    ("100::", AddressClass::Reserved),
    ("100::ffff:ffff:ffff:ffff", AddressClass::Reserved),
    ("1::1", AddressClass::Reserved),
    ("1fff:ffff::1", AddressClass::Reserved),
    ("2001::", AddressClass::Tunnel),
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", AddressClass::Tunnel),
    ("2001:0:ffff::1", AddressClass::Tunnel),
    ("2001:1::1", AddressClass::ProtocolAssignment),
    ("2001:2::1", AddressClass::Benchmarking),
    ("2001:2:0:ffff::1", AddressClass::Benchmarking),
    ("2001:10::1", AddressClass::ProtocolAssignment),
    ("2001:20::1", AddressClass::ProtocolAssignment),
    ("2001:1ff:ffff::1", AddressClass::ProtocolAssignment),
    ("2001:db8::", AddressClass::Documentation),
    ("2001:db8::1", AddressClass::Documentation),
    ("2001:DB8:FFFF::1", AddressClass::Documentation),
    ("2002::", AddressClass::Tunnel),
    ("2002:7f00:1::", AddressClass::Tunnel),
    ("2002:a00:1::1", AddressClass::Tunnel),
    ("2002:a9fe:a9fe::1", AddressClass::Tunnel),
    ("2002:808:808::1", AddressClass::Tunnel),
    ("2002:ffff:ffff::1", AddressClass::Tunnel),
    ("3fff::1", AddressClass::Documentation),
    ("3fff:fff:ffff::1", AddressClass::Documentation),
    ("4000::1", AddressClass::Reserved),
    ("5f00::1", AddressClass::Reserved),
    ("8000::1", AddressClass::Reserved),
    ("e000::1", AddressClass::Reserved),
    ("fbff::1", AddressClass::Reserved),
    ("fc00::", AddressClass::UniqueLocal),
    ("fc00::1", AddressClass::UniqueLocal),
    ("fd00::1", AddressClass::UniqueLocal),
    ("fd00:ec2::254", AddressClass::Metadata),
    ("fd00:ec2::23", AddressClass::Metadata),
    ("fd00:ec2::253", AddressClass::UniqueLocal),
    ("fd20:ce::254", AddressClass::Metadata),
    ("fdff:ffff::1", AddressClass::UniqueLocal),
    ("fe00::1", AddressClass::Reserved),
    ("fe80::", AddressClass::LinkLocal),
    ("fe80::1", AddressClass::LinkLocal),
    ("fe80::a9fe:a9fe", AddressClass::LinkLocal),
    ("febf:ffff::1", AddressClass::LinkLocal),
    ("fec0::1", AddressClass::SiteLocal),
    ("feff:ffff::1", AddressClass::SiteLocal),
    ("ff00::1", AddressClass::Multicast),
    ("ff02::1", AddressClass::Multicast),
    ("ffff:ffff::1", AddressClass::Multicast),
];

/// Public addresses, next to a refused block wherever there is one.
const PERMITTED: &[&str] = &[
    "1.0.0.0",
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.3.0",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "2000::1",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2001:db7::1",
    "2001:db9::1",
    "2003::1",
    "2606:4700:4700::1111",
    "2a00:1450::1",
    "3ffe::1",
    "3fff:1000::1",
    "::ffff:8.8.8.8",
    "::ffff:808:808",
    "64:ff9b::8.8.8.8",
    "64:ff9b::808:808",
    "64:ff9b:1::8.8.8.8",
    "64:ff9b:1:808:8:800::",
    "::8.8.8.8",
];

#[test]
fn o03_every_class_is_refused() {
    let guard = guard(&[]);
    for (ip, class) in REFUSED_V4.iter().chain(REFUSED_V6) {
        // "::2" and its like are IPv4-compatible spellings of 0.0.0.2.
        assert_eq!(judge(&guard, ip), Err(Refusal::Class(*class)), "{ip}");
    }
}

#[test]
fn o03_every_ipv4_class_is_refused_in_every_ipv6_spelling() {
    let guard = guard(&[]);
    for (ip, class) in REFUSED_V4 {
        let v4: std::net::Ipv4Addr = ip.parse().unwrap();
        let [a, b, c, d] = v4.octets();
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let spellings = [
            format!("::ffff:{ip}"),
            format!("::ffff:{high:x}:{low:x}"),
            format!("0:0:0:0:0:ffff:{ip}"),
            format!("64:ff9b::{ip}"),
            format!("64:ff9b::{high:x}:{low:x}"),
            format!("64:ff9b:1::{ip}"),
            format!("64:ff9b:1:ffff::{ip}"),
            // RFC 6052 section 2.2, /48: the address lies around the octet that must be zero.
            format!("64:ff9b:1:{high:x}:{c:x}:{:x}::", u16::from(d) << 8),
        ];
        for spelling in spellings {
            assert!(judge(&guard, &spelling).is_err(), "{spelling}");
        }
        for spelling in [format!("::ffff:{ip}"), format!("64:ff9b::{ip}")] {
            assert_eq!(judge(&guard, &spelling), Err(Refusal::Class(*class)), "{spelling}");
        }
        // The compatible form of 0.0.0.0 and 0.0.0.1 is :: and ::1, which stand for themselves.
        let compatible = judge(&guard, &format!("::{ip}"));
        assert!(compatible.is_err(), "::{ip}");
        for tunnel in [format!("2002:{high:x}:{low:x}::1"), format!("2001:0:{high:x}:{low:x}::1")] {
            assert_eq!(judge(&guard, &tunnel), Err(Refusal::Class(AddressClass::Tunnel)), "{tunnel}");
        }
    }
}

#[test]
fn public_addresses_pass() {
    let guard = guard(&[]);
    for ip in PERMITTED {
        assert_eq!(judge(&guard, ip), Ok(()), "{ip}");
    }
}

#[test]
fn the_whole_internet_opens_no_special_class() {
    let guard = guard(&["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "::/1"]);
    let mut opened = 0;
    for (ip, class) in REFUSED_V4.iter().chain(REFUSED_V6) {
        let open = judge(&guard, ip).is_ok();
        assert_eq!(open, class.opening() == Opening::ByAnyNetwork, "{ip}");
        opened += usize::from(open);
    }
    assert!(opened > 0);
    for ip in ["::ffff:127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::127.0.0.1", "::127.0.0.1"] {
        assert!(judge(&guard, ip).is_err(), "{ip}");
    }
}

#[test]
fn networks_inside_a_special_class_open_it() {
    for (network, opens, leaves) in [
        ("127.0.0.0/8", vec!["127.0.0.1", "127.9.9.9", "::ffff:127.0.0.1"], vec!["::1", "0.0.0.0"]),
        ("127.0.0.1/32", vec!["127.0.0.1"], vec!["127.0.0.2", "::1"]),
        ("::1/128", vec!["::1"], vec!["127.0.0.1", "::"]),
        ("126.0.0.0/7", vec![], vec!["127.0.0.1"]),
        ("169.254.0.0/16", vec!["169.254.1.1"], vec!["169.254.169.254", "169.254.170.2"]),
        ("169.254.169.254/32", vec!["169.254.169.254", "64:ff9b::169.254.169.254"], vec!["169.254.169.253"]),
        ("168.63.129.16/32", vec!["168.63.129.16"], vec![]),
        ("fe80::/10", vec!["fe80::1"], vec!["fec0::1", "fd00::1"]),
        ("fc00::/7", vec!["fd00::1", "fc00::1"], vec!["fd00:ec2::254", "fd20:ce::254"]),
        ("fd12:3456::/32", vec!["fd12:3456::1"], vec!["fd12:3457::1"]),
        ("fd00:ec2::254/128", vec!["fd00:ec2::254"], vec!["fd00:ec2::253"]),
        ("f000::/4", vec![], vec!["fd00::1", "fe80::1"]),
    ] {
        let guard = guard(&[network]);
        for ip in opens {
            assert_eq!(judge(&guard, ip), Ok(()), "{network} opens {ip}");
        }
        for ip in leaves {
            assert!(judge(&guard, ip).is_err(), "{network} leaves {ip}");
        }
    }
}

#[test]
fn other_classes_open_by_any_network_that_holds_them() {
    let guard = guard(&["10.0.0.0/8", "100.64.0.0/10", "192.168.1.7/32", "2001:db8::/32"]);
    for ip in ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "100.64.0.1", "192.168.1.7", "2001:db8::9"] {
        assert_eq!(judge(&guard, ip), Ok(()), "{ip}");
    }
    for ip in ["172.16.0.1", "100.100.100.200", "192.168.1.8", "2002:a00:1::", "3fff::1"] {
        assert!(judge(&guard, ip).is_err(), "{ip}");
    }
}

#[test]
fn nothing_opens_what_is_no_peer() {
    let guard = guard(&[
        "0.0.0.0/8",
        "0.0.0.0/32",
        "224.0.0.0/4",
        "255.255.255.255/32",
        "2002::/16",
        "2001::/32",
        "::/128",
        "ff00::/8",
    ]);
    for ip in ["0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255", "2002:808:808::1", "2001:0:1::1", "::", "ff02::1"]
    {
        assert!(judge(&guard, ip).is_err(), "{ip}");
    }
}

#[test]
fn own_listeners_stay_closed_whatever_is_open() {
    let own = OwnListeners::new();
    let guard = Guard::new(vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()], own.clone());
    let at = |address: &str| guard.judge(address.parse().unwrap());
    assert_eq!(at("127.0.0.1:9000"), Ok(()));
    own.set(["127.0.0.1:9000".parse().unwrap(), "[::]:9001".parse().unwrap()]);
    assert_eq!(at("127.0.0.1:9000"), Err(Refusal::OwnListener));
    assert_eq!(at("[::ffff:127.0.0.1]:9000"), Err(Refusal::OwnListener));
    assert_eq!(at("127.0.0.1:9001"), Err(Refusal::OwnListener));
    assert_eq!(at("[::1]:9001"), Err(Refusal::OwnListener));
    assert_eq!(at("127.0.0.1:9002"), Ok(()));
}
