//! Rows O09 to O11 and O30: TLS.

use headwater_egress::check_ca_pem;
use headwater_model::origin::{Origin, OriginError, OriginId, OriginRequest, OriginTimeouts};
use headwater_model::settings::OriginSettings;
use headwater_testkit::origin::{Cut, Reply, ScriptedOrigin, TestAuthority, Validity};
use http::HeaderMap;
use http::header::HOST;
use rustls::server::Acceptor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::LazyConfigAcceptor;

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
async fn o09_the_settings_of_an_origin_widen_trust_for_it_alone() {
    let stranger = TestAuthority::new("stranger");
    let identity = stranger.issue(&["origin.example", "other.example"], Validity::Current);
    let origin = ScriptedOrigin::start_tls(&identity).await;
    origin.on("/", Reply::ok("here"));
    let rig = Rig::new();
    let (url, other_url) = (origin.url_at("origin.example", "/"), origin.url_at("other.example", "/"));
    rig.names.set("origin.example", &["127.0.0.1"]);
    rig.names.set("other.example", &["127.0.0.1"]);
    let set = |settings: Option<OriginSettings>| rig.origins.set(&OriginId::parse(&url).unwrap(), settings);
    set(Some(OriginSettings { ca_pem: Some(stranger.pem().into()), ..OriginSettings::default() }));
    for _ in 0..2 {
        assert_eq!(rig.read(&url).await.unwrap(), b"here");
    }
    assert_eq!(origin.connections(), 1);
    assert!(matches!(failure(rig.get(&other_url).await), OriginError::Tls(_)));
    set(None);
    assert!(matches!(failure(rig.get(&url).await), OriginError::Tls(_)), "the pooled connection is of another trust");
    set(Some(OriginSettings { ca_pem: Some("-----BEGIN CERTIFICATE-----\n".into()), ..OriginSettings::default() }));
    assert!(matches!(failure(rig.get(&url).await), OriginError::Tls(_)));
    check_ca_pem(&stranger.pem()).unwrap();
    assert!(check_ca_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").is_err());
}

#[tokio::test]
async fn o09_the_opt_out_accepts_any_certificate_until_it_is_taken_back() {
    let (authority, stranger) = (TestAuthority::new("ours"), TestAuthority::new("stranger"));
    let (rig, _directory) = trusting(&authority);
    for identity in [
        authority.issue(&["origin.example"], Validity::Expired),
        authority.issue(&["other.example"], Validity::Current),
        stranger.issue(&["origin.example"], Validity::Current),
    ] {
        let origin = ScriptedOrigin::start_tls(&identity).await;
        origin.on("/", Reply::ok("here"));
        let url = origin.url_at("origin.example", "/");
        let id = OriginId::parse(&url).unwrap();
        rig.origins.set(&id, Some(OriginSettings { accept_invalid_certificate: true, ..OriginSettings::default() }));
        assert_eq!(rig.read(&url).await.unwrap(), b"here");
        rig.origins.set(&id, None);
        assert!(matches!(failure(rig.get(&url).await), OriginError::Tls(_)));
        assert_eq!(origin.requests().len(), 1);
    }
}

#[tokio::test]
async fn the_name_of_the_url_is_asked_for_and_an_address_never() {
    for (host, expected) in [("origin.example", true), ("Origin.Example.", true), ("127.0.0.1", false)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{host}:{}/", listener.local_addr().unwrap().port());
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await.unwrap();
            start.client_hello().server_name().map(str::to_owned)
        });
        let rig = Rig::new();
        rig.names.set("origin.example", &["127.0.0.1"]);
        rig.names.set("Origin.Example.", &["127.0.0.1"]);
        let headers = HeaderMap::from_iter([(HOST, "set.example".parse().unwrap())]);
        let request = OriginRequest { headers, ..request(&url) };
        let (_, asked) = tokio::join!(rig.client.fetch(request), server);
        assert_eq!(asked.unwrap().as_deref(), expected.then_some("origin.example"), "{host}");
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
