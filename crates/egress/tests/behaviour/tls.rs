//! Rows O09 to O11 and O30: TLS.

use headwater_model::origin::{Origin, OriginError, OriginRequest, OriginTimeouts};
use headwater_testkit::origin::{Cut, Reply, ScriptedOrigin, TestAuthority, Validity};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::rig::{Options, Rig, SHORT, failure, read_until_end, request};

fn trusting(authority: &TestAuthority) -> (Rig, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let rig = Rig::with(Options { ca_files: vec![authority.write_pem(directory.path())], ..Options::default() });
    rig.names.set("origin.example", &["127.0.0.1"]);
    (rig, directory)
}

#[tokio::test]
async fn an_operators_authority_is_trusted() {
    let authority = TestAuthority::new("ours");
    let origin = ScriptedOrigin::start_tls(&authority.issue(&["origin.example", "127.0.0.1"], Validity::Current)).await;
    let (rig, _directory) = trusting(&authority);
    origin.on("/", Reply::pattern(3, 300_000));
    for url in [origin.url_at("origin.example", "/"), origin.url_at("origin.example.", "/"), origin.url("/")] {
        assert_eq!(rig.read(&url).await.unwrap(), headwater_testkit::origin::pattern(3, 0, 300_000), "{url}");
    }
    assert_eq!(origin.connections(), 2, "one by name, one by address");
}

#[test]
fn unusable_ca_files_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty.pem");
    std::fs::write(&empty, "no certificate here\n").unwrap();
    for path in [empty, directory.path().join("missing.pem")] {
        let error = Rig::try_with(Options { ca_files: vec![path.clone()], ..Options::default() }).err().unwrap();
        assert_eq!(&*error.path, path.to_str().unwrap());
    }
}

#[tokio::test]
async fn o09_bad_certificates_are_never_accepted() {
    let (authority, stranger) = (TestAuthority::new("ours"), TestAuthority::new("stranger"));
    let (rig, _directory) = trusting(&authority);
    for (what, identity) in [
        ("expired", authority.issue(&["origin.example"], Validity::Expired)),
        ("wrong name", authority.issue(&["other.example"], Validity::Current)),
        ("unknown authority", stranger.issue(&["origin.example"], Validity::Current)),
    ] {
        let origin = ScriptedOrigin::start_tls(&identity).await;
        let error = failure(rig.get(&origin.url_at("origin.example", "/")).await);
        assert!(matches!(error, OriginError::Tls(_)), "{what}: {error}");
        assert!(origin.requests().is_empty(), "{what}");
    }
}

#[tokio::test]
async fn o10_a_stalled_handshake_ends_within_the_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let request = request(&format!("https://{}/", listener.local_addr().unwrap()));
    let timeouts = OriginTimeouts { tls: SHORT, ..request.timeouts };
    let error = failure(Rig::new().client.fetch(OriginRequest { timeouts, ..request }).await);
    assert_eq!(error, OriginError::TlsTimeout);
}

#[tokio::test]
async fn o11_old_versions_only() {
    let error = handshake_answered_by(&[21, 3, 1, 0, 2, 2, 70]).await;
    assert!(matches!(error, OriginError::Tls(_)), "{error}");
}

#[tokio::test]
async fn o07_a_handshake_cut_off_is_a_lost_connection() {
    let error = handshake_answered_by(&[]).await;
    assert!(matches!(error, OriginError::Connect(_)), "{error}");
}

/// Lets a server answer the client's hello with these bytes and close.
async fn handshake_answered_by(answer: &'static [u8]) -> OriginError {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = Vec::new();
        stream.read_buf(&mut hello).await.unwrap();
        stream.write_all(answer).await.unwrap();
        stream.shutdown().await.unwrap();
        // Read on, so that closing does not reset what was sent.
        let _ = stream.read_to_end(&mut hello).await;
    });
    let error = failure(Rig::new().get(&url).await);
    server.await.unwrap();
    error
}

#[tokio::test]
async fn o30_close_without_close_notify_is_no_end() {
    let authority = TestAuthority::new("ours");
    let origin = ScriptedOrigin::start_tls(&authority.issue(&["127.0.0.1"], Validity::Current)).await;
    let (rig, _directory) = trusting(&authority);
    origin.on("/orderly", Reply::ok("whole").until_close());
    origin.on("/cut", Reply::ok("whole").until_close().cut_body_at(5, Cut::Fin));
    assert_eq!(rig.read(&origin.url("/orderly")).await.unwrap(), b"whole");
    let (bytes, end) = read_until_end(rig.get(&origin.url("/cut")).await.unwrap()).await;
    assert_eq!(bytes, b"whole");
    assert!(matches!(end, Err(OriginError::BodyBroken(_))), "{end:?}");
}
