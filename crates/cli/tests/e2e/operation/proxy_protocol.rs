//! Behind nginx as a proxy of streams.

use crate::harness::{Nginx, Setup, eventually};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;

/// One request from another address of loopback than the proxy's.
async fn ask(address: std::net::SocketAddr) -> String {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.77:0".parse().expect("an address")).expect("loopback is 127.0.0.0/8");
    let mut stream = socket.connect(address).await.expect("it listens");
    let request = b"GET /bkt/k HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.expect("it reads");
    let mut answer = Vec::new();
    // A refusal may come as a reset.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_tells_who_asks_and_nobody_else_gets_in() {
    let server = Setup::new().flag("--proxy-protocol", "true").flag("--trusted-proxy", "127.0.0.1/32").start();
    let nginx = Nginx::proxying(server.address()).await;
    let answer = ask(nginx.address()).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert_eq!(ask(server.address()).await, "", "without the proxy");
    eventually("the line is written", || {
        let named = server.access_lines().iter().any(|line| line.contains("127.0.0.77"));
        std::future::ready(named)
    })
    .await;
}

#[test]
fn somebody_must_be_trusted() {
    let (status, log) = Setup::new().flag("--proxy-protocol", "true").start_fails();
    assert!(!status.success());
    assert!(log.iter().any(|line| line.contains("--trusted-proxy")), "{log:?}");
}
