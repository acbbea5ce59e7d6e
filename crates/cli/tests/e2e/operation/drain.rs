//! SIGTERM: what is under way is finished, nothing new is taken.

use headwater_testkit::origin::{Gate, Reply, ScriptedOrigin, pattern};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Setup, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn requests_under_way_are_finished_before_the_end() {
    let origin = ScriptedOrigin::start().await;
    let (gate, length) = (Gate::closed(), 1 << 20);
    origin.on("/k", Reply::pattern(1, length).hold_body_at(length / 2, &gate));
    let mut server = Setup::new().mirror("mirrored", &origin.url("/")).start();
    server.client().put("/open/", "").header("x-oss-acl", "public-read-write").send().await.expect(200);

    let mut reader = server.anonymous().get("/mirrored/k").open().await;
    reader.read_at_least(length as usize / 4).await;
    let mut writer = TcpStream::connect(server.address()).await.expect("the server accepts");
    let head = format!(
        "PUT /open/k HTTP/1.1\r\nhost: {}\r\ncontent-length: 8\r\nexpect: 100-continue\r\n\r\n",
        server.address()
    );
    writer.write_all(head.as_bytes()).await.expect("the server reads");
    let mut answer = [0; 25];
    writer.read_exact(&mut answer).await.expect("the server has begun the request");
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    writer.write_all(b"half").await.expect("the server reads");
    let mut idle = TcpStream::connect(server.address()).await.expect("the server accepts");
    idle.write_all(b"HEAD /no-such-bucket/k HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("the server reads");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(idle.read_u8().await.expect("the server answers and keeps the connection"));
    }

    server.terminate();
    let (address, admin) = (server.address(), server.admin());
    eventually("the server says that it drains", || async { admin.get("/-/readyz").send().await.status == 503 }).await;
    admin.get("/-/healthz").send().await.expect(200);
    assert!(TcpStream::connect(address).await.is_err(), "a draining server takes no new connections");
    assert_eq!(idle.read(&mut [0; 1]).await.expect("an orderly end"), 0, "an idle connection is closed");

    writer.write_all(b"done").await.expect("the server still reads");
    let mut answer = String::new();
    writer.read_to_string(&mut answer).await.expect("the server closes afterwards");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    gate.open();
    reader.finish().await.expect(200).expect_body(&pattern(1, 0, length as usize));
    assert!(server.wait().success(), "the server ends with success");

    server.restart();
    server.anonymous().get("/open/k").send().await.expect(200).expect_body(b"halfdone");
    let stored = server.anonymous().get("/mirrored/k").send().await.expect(200);
    stored.expect_body(&pattern(1, 0, length as usize));
    assert_eq!(origin.requests().len(), 1, "the fill was finished and stored too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_has_an_end() {
    let origin = ScriptedOrigin::start().await;
    let gate = Gate::closed();
    origin.on("/k", Reply::pattern(1, 1 << 20).hold_body_at(1 << 19, &gate));
    let mut server = Setup::new().mirror("mirrored", &origin.url("/")).flag("--drain", "100ms").start();
    let mut reader = server.anonymous().get("/mirrored/k").open().await;
    reader.read_at_least(1 << 18).await;
    server.stop();
    assert!(!reader.finish().await.complete, "what could not be finished is cut, not ended");
}

#[test]
fn an_idle_server_ends_with_success_and_says_so() {
    let mut server = Setup::new().start();
    server.stop();
    let log = server.log();
    assert!(log.iter().any(|line| line.contains("\"stopped\"")), "{log:?}");
}
