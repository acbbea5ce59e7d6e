use futures_util::FutureExt as _;
use headwater_testkit::ManualClock;
use proptest::prelude::*;

use super::*;

fn read(bytes: &[u8]) -> Result<(Option<SocketAddr>, usize), &'static str> {
    let mut left = bytes;
    let named = header::read(&mut left).now_or_never().expect("a slice is never pending")?;
    Ok((named, left.len()))
}

fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [b"\r\n\r\n\0\r\nQUIT\n", &[command, family][..], &length, body].concat()
}

fn ipv4(tlvs: &[u8]) -> Vec<u8> {
    [&[192, 0, 2, 1, 198, 51, 100, 1, 0xDC, 0x04, 1, 0xBB], tlvs].concat()
}

/// What both versions say, with bytes behind that stay.
#[test]
fn the_client_is_named() {
    let six = [&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1][..], &[0; 16], &[0, 80, 1, 0xBB]].concat();
    let longest = format!("PROXY UNKNOWN {}\r\n", "f".repeat(107 - 16));
    let cases: [(Vec<u8>, Option<&str>); 10] = [
        (b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n".to_vec(), Some("192.0.2.1:56324")),
        (b"PROXY TCP6 2001:db8::1 ::1 80 443\r\n".to_vec(), Some("[2001:db8::1]:80")),
        (b"PROXY UNKNOWN\r\n".to_vec(), None),
        (longest.into_bytes(), None),
        (v2(0x21, 0x11, &ipv4(b"")), Some("192.0.2.1:56324")),
        (v2(0x21, 0x11, &ipv4(&[0xEE; 300])), Some("192.0.2.1:56324")),
        (v2(0x21, 0x21, &six), Some("[2001:db8::1]:80")),
        (v2(0x20, 0x00, b""), None),
        (v2(0x21, 0x00, b"\x04\0\0"), None),
        (v2(0x21, 0x31, &[0; 216]), None),
    ];
    for (header, expected) in cases {
        let sent = [&header[..], b"GET / HTTP/1.1\r\n"].concat();
        let expected = expected.map(|address| address.parse().unwrap());
        assert_eq!(read(&sent), Ok((expected, 16)), "{}", header.escape_ascii());
        for cut in 0..header.len() {
            assert!(read(&header[..cut]).is_err(), "{} cut at {cut}", header.escape_ascii());
        }
    }
}

#[test]
fn what_is_no_header_is_refused() {
    let too_long = format!("PROXY UNKNOWN {}\r\n", "f".repeat(108 - 16));
    let wrong: [&[u8]; 20] = [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03 and so on, a hello",
        b"proxy TCP4 192.0.2.1 198.51.100.1 56324 443\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 1\r\n",
        b"PROXY  TCP4 192.0.2.1 198.51.100.1 56324 443\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 65536\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 +5 443\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 005 443\r\n",
        b"PROXY TCP4 192.0.2.256 198.51.100.1 1 443\r\n",
        b"PROXY TCP4 ::1 ::1 1 443\r\n",
        b"PROXY TCP6 192.0.2.1 198.51.100.1 1 443\r\n",
        b"PROXY TCP5 192.0.2.1 198.51.100.1 1 443\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 1 \xff\r\n",
        too_long.as_bytes(),
        &v2(0x11, 0x11, &ipv4(b"")),
        &v2(0x22, 0x11, &ipv4(b"")),
        &v2(0x21, 0x12, &ipv4(b"")),
        &v2(0x21, 0x11, &[1; 11]),
        &v2(0x21, 0x11, &ipv4(&[0; 4096])),
    ];
    for bytes in wrong {
        assert!(read(bytes).is_err(), "{}", bytes.escape_ascii());
    }
}

/// Nothing is believed from elsewhere, whatever it says.
#[tokio::test]
async fn only_trusted_proxies_are_believed() {
    let clock = ManualClock::new(headwater_model::clock::Timestamp(0), 1);
    let gate = ProxyProtocol::new(vec!["192.0.2.0/24".parse().unwrap()], Arc::new(clock));
    let header = b"PROXY TCP4 203.0.113.9 198.51.100.1 56324 443\r\n";
    for (proxy, expected) in [
        ("192.0.2.7:1", Some("203.0.113.9:56324")),
        ("[::ffff:192.0.2.7]:1", Some("203.0.113.9:56324")),
        ("198.51.100.7:1", None),
    ] {
        let found = gate.client(&mut &header[..], proxy.parse().unwrap()).await;
        assert_eq!(found, expected.map(|address| address.parse().unwrap()), "{proxy}");
    }
    let local = gate.client(&mut &v2(0x20, 0, b"")[..], "192.0.2.7:1".parse().unwrap()).await;
    assert_eq!(local, Some("192.0.2.7:1".parse().unwrap()), "the proxy itself");
}

#[tokio::test(start_paused = true)]
async fn a_header_that_does_not_come_ends_the_connection() {
    let clock = ManualClock::new(headwater_model::clock::Timestamp(0), 1);
    let gate = ProxyProtocol::new(vec!["192.0.2.0/24".parse().unwrap()], Arc::new(clock));
    let (mut here, _silent) = tokio::io::duplex(64);
    assert_eq!(gate.client(&mut here, "192.0.2.7:1".parse().unwrap()).await, None);
}

/// Bytes that begin as a header of either version does, or as anything.
fn beginning() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"PROXY ".to_vec()),
        Just(b"PROXY TCP4 192.0.2.1 198.51.100.1 ".to_vec()),
        Just(b"\r\n\r\n\0\r\nQUIT\n".to_vec()),
        Just(b"\r\n\r\n\0\r\nQUIT\n\x21\x11".to_vec()),
        Just(Vec::new()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// Whatever comes is judged, and of what is behind a header nothing is taken.
    #[test]
    fn any_bytes_are_judged(begin in beginning(), rest in prop::collection::vec(any::<u8>(), 0..400)) {
        let sent = [begin, rest].concat();
        if let Ok((_, left)) = read(&sent) {
            let header = sent.len() - left;
            prop_assert!(header >= 12);
            let behind = [&sent[..header], b"another end"].concat();
            prop_assert_eq!(read(&behind).unwrap().1, 11, "the same header with something else behind it");
            for cut in [header - 1, header / 2] {
                prop_assert!(read(&sent[..cut]).is_err(), "a header that is not whole");
            }
        }
    }
}
