//! Whom to trust: the system's root certificates and the operator's own.
//!
//! Guarantees: certificates are always verified (chain, validity, name); TLS 1.2 and 1.3 only; nothing switches that
//! off.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::target::Host;

/// An operator's CA file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use ca file {path}: {reason}")]
pub struct TrustError {
    /// The file.
    pub path: Box<str>,
    /// What is wrong with it.
    pub reason: Box<str>,
}

/// A connector that offers HTTP/2 and HTTP/1.1 and trusts the system's roots and the PEM certificates of `ca_files`.
pub(crate) fn connector(ca_files: &[PathBuf]) -> Result<TlsConnector, TrustError> {
    let mut roots = system_roots();
    for path in ca_files {
        let failed =
            |reason: String| TrustError { path: path.display().to_string().into(), reason: reason.into_boxed_str() };
        let before = roots.len();
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))? {
            let certificate = certificate.map_err(|error| failed(error.to_string()))?;
            roots.add(certificate).map_err(|error| failed(error.to_string()))?;
        }
        if roots.len() == before {
            return Err(failed("holds no certificate".to_owned()));
        }
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring offers the cipher suites of tls 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// A machine without (readable) roots is no error: its origins may be plain HTTP, or use the operator's CA.
fn system_roots() -> RootCertStore {
    let loaded = rustls_native_certs::load_native_certs();
    for error in &loaded.errors {
        tracing::warn!(%error, "system root certificates not readable");
    }
    let mut roots = RootCertStore::empty();
    let (added, ignored) = roots.add_parsable_certificates(loaded.certs);
    tracing::debug!(added, ignored, "system root certificates loaded");
    roots
}

/// The name that the certificate must have.
pub(crate) fn server_name(host: &Host) -> Option<ServerName<'static>> {
    match host {
        Host::Name(name) => ServerName::try_from(name.to_string()).ok(),
        Host::Literal(ip) => Some(ServerName::from(*ip)),
    }
}
