//! HTTPS on the data plane: both versions of HTTP, and certificates that cannot be used.

use std::sync::Arc;

use crate::support::{request, start};
use headwater_server::TlsFiles;
use http::Method;
use http_body_util::BodyExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

fn certificate(directory: &std::path::Path) -> (TlsFiles, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let files = TlsFiles { cert: directory.join("cert.pem"), key: directory.join("key.pem") };
    std::fs::write(&files.cert, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    (files, made.cert.der().clone())
}

#[tokio::test]
async fn both_versions_of_http_come_through_tls() {
    let directory = tempfile::tempdir().unwrap();
    let (files, der) = certificate(directory.path());
    let running = start(Some(files)).await;
    for alpn in ["h2", "http/1.1"] {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(der.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![alpn.into()];
        let stream = TcpStream::connect(running.addresses.data).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(alpn.as_bytes()));
        let io = TokioIo::new(stream);
        let response = if alpn == "h2" {
            let (mut sender, connection) =
                hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
            tokio::spawn(connection);
            let mut request = request(Method::GET, "https://localhost/bkt/k", "");
            request.headers_mut().remove("host");
            sender.send_request(request).await.unwrap()
        } else {
            let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
            tokio::spawn(connection);
            sender.send_request(request(Method::GET, "/bkt/k", "")).await.unwrap()
        };
        assert_eq!(response.status(), 404);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&body).contains("NoSuchBucket"));
    }
}

#[test]
fn unusable_files_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let (files, _) = certificate(directory.path());
    let (other, _) = certificate(&{
        let other = directory.path().join("other");
        std::fs::create_dir(&other).unwrap();
        other
    });
    let missing = TlsFiles { cert: directory.path().join("none.pem"), key: files.key.clone() };
    let swapped = TlsFiles { cert: files.key.clone(), key: files.cert.clone() };
    let mixed = TlsFiles { cert: files.cert, key: other.key };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for (files, word) in [(missing, "none.pem"), (swapped, "key.pem"), (mixed, "belong together")] {
        let refused = crate::support::bind_error(&runtime, files);
        assert!(refused.contains(word), "{refused}");
    }
}
