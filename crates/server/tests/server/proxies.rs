//! Connections that proxies pass on with a header of the PROXY protocol.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Running, start_changed};

const REQUEST: &[u8] = b"GET /bkt/k HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";

async fn behind(trusted: &str) -> Running {
    let trusted = trusted.parse().unwrap();
    start_changed(None, |config| {
        config.proxy_protocol = true;
        config.trusted_proxies = vec![trusted];
    })
    .await
}

/// Everything that the server answers to these bytes.
async fn answer(server: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server).await.unwrap();
    // The server may have closed before it took everything.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn the_access_log_names_whom_the_proxy_speaks_for() {
    let running = behind("127.0.0.0/8").await;
    let v2 = [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"[..], &[203, 0, 113, 9, 127, 0, 0, 1, 1, 2, 3, 4]].concat();
    for header in [&b"PROXY TCP4 203.0.113.8 127.0.0.1 1 2\r\n"[..], &v2, b"PROXY UNKNOWN\r\n"] {
        let answered = answer(running.addresses.data, &[header, REQUEST].concat()).await;
        assert!(answered.starts_with("HTTP/1.1 404"), "{answered}");
    }
    let log = running.access_log.clone();
    let (server, _directory) = running.stop();
    server.await.unwrap();
    let lines = std::fs::read_to_string(log).unwrap();
    for remote in ["203.0.113.8", "203.0.113.9", "127.0.0.1"] {
        assert!(lines.contains(remote), "{remote} in {lines}");
    }
}

#[tokio::test]
async fn a_connection_without_a_header_or_from_elsewhere_is_closed() {
    let running = behind("127.0.0.0/8").await;
    assert_eq!(answer(running.addresses.data, REQUEST).await, "");
    let elsewhere = behind("203.0.113.0/24").await;
    let claimed = [&b"PROXY TCP4 203.0.113.8 127.0.0.1 1 2\r\n"[..], REQUEST].concat();
    assert_eq!(answer(elsewhere.addresses.data, &claimed).await, "");
}
