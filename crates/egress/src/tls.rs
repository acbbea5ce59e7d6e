//! Whom to trust: the system's root certificates, the operator's own, and what an origin's settings say.
//!
//! Guarantees: certificates are verified (chain, validity, name) unless an origin's settings say that any will do; TLS
//! 1.2 and 1.3 only. Two origins, or one before and after a change of its settings, share a [`TrustId`] only if they
//! are trusted on the same terms, so that a connection made on other terms is never used again.
//!
//! How: one TLS configuration for each different pair of settings, made when it is first needed. The name that is asked
//! for (SNI) is always the host of the URL; for addresses there is none (RFC 6066 section 3).

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use headwater_model::host::Host;
use headwater_model::origin::OriginError;
use headwater_model::settings::OriginSettings;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_rustls::TlsConnector;

use crate::target::Endpoint;

/// Most configurations kept besides the default one, each with a copy of the roots (about 100 KiB).
const MAX_TRUSTS: usize = 64;

/// An operator's certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use ca file {path}: {reason}")]
pub struct TrustError {
    /// The file, or `ca_pem` for those of an origin's settings.
    pub path: Box<str>,
    /// What is wrong with it.
    pub reason: Box<str>,
}

/// Tells terms of trust apart, for the pool. Never used again for other terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct TrustId(u64);

/// All terms on which origins are trusted.
pub(crate) struct Trust {
    roots: RootCertStore,
    default: TlsConnector,
    others: Mutex<Others>,
}

#[derive(Default)]
struct Others {
    last_id: u64,
    known: HashMap<Terms, (TrustId, TlsConnector)>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Terms {
    ca_pem: Option<Box<str>>,
    accept_any: bool,
}

impl Trust {
    /// Trusts the system's roots and the PEM certificates of `ca_files`.
    pub(crate) fn new(ca_files: &[PathBuf]) -> Result<Self, TrustError> {
        let mut roots = system_roots();
        for path in ca_files {
            let certificates = CertificateDer::pem_file_iter(path);
            add(&mut roots, certificates, &path.display().to_string())?;
        }
        let default = TlsConnector::from(Arc::new(config(roots.clone())));
        Ok(Self { roots, default, others: Mutex::default() })
    }

    /// The connector for an endpoint whose origin has these settings, and the name of its terms.
    pub(crate) fn connector(
        &self,
        endpoint: &Endpoint,
        settings: &OriginSettings,
    ) -> Result<(TrustId, TlsConnector), OriginError> {
        // Without TLS, trust is no question.
        if !endpoint.secure || (settings.ca_pem.is_none() && !settings.accept_invalid_certificate) {
            return Ok((TrustId::default(), self.default.clone()));
        }
        let terms = Terms { ca_pem: settings.ca_pem.clone(), accept_any: settings.accept_invalid_certificate };
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((id, connector)) = others.known.get(&terms) {
            return Ok((*id, connector.clone()));
        }
        let mut roots = self.roots.clone();
        if let Some(pem) = &terms.ca_pem {
            add_pem(&mut roots, pem).map_err(|error| OriginError::Tls(error.to_string().into()))?;
        }
        let mut config = config(roots);
        if terms.accept_any {
            config.dangerous().set_certificate_verifier(Arc::new(AcceptAny));
        }
        if others.known.len() >= MAX_TRUSTS {
            // Those in use come back with other names, at the price of a handshake each.
            others.known.clear();
        }
        others.last_id += 1;
        let made = (TrustId(others.last_id), TlsConnector::from(Arc::new(config)));
        others.known.insert(terms, made.clone());
        Ok(made)
    }
}

/// Checks that `ca_pem` of an origin's settings holds certificates that can be authorities, and nothing that cannot.
pub fn check_ca_pem(pem: &str) -> Result<(), TrustError> {
    add_pem(&mut RootCertStore::empty(), pem)
}

fn add_pem(roots: &mut RootCertStore, pem: &str) -> Result<(), TrustError> {
    add(roots, Ok(CertificateDer::pem_slice_iter(pem.as_bytes())), "ca_pem")
}

fn add(
    roots: &mut RootCertStore,
    certificates: Result<
        impl Iterator<Item = Result<CertificateDer<'static>, rustls::pki_types::pem::Error>>,
        rustls::pki_types::pem::Error,
    >,
    path: &str,
) -> Result<(), TrustError> {
    let failed = |reason: String| TrustError { path: path.into(), reason: reason.into_boxed_str() };
    let before = roots.len();
    for certificate in certificates.map_err(|error| failed(error.to_string()))? {
        let certificate = certificate.map_err(|error| failed(error.to_string()))?;
        roots.add(certificate).map_err(|error| failed(error.to_string()))?;
    }
    if roots.len() == before {
        return Err(failed("holds no certificate".to_owned()));
    }
    Ok(())
}

/// Offers HTTP/2 and HTTP/1.1, and trusts `roots`.
fn config(roots: RootCertStore) -> ClientConfig {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring offers the cipher suites of tls 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
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

/// Accepts every certificate, for origins whose settings say so (`accept_invalid_certificate`). Such a connection is
/// encrypted, but towards whoever answers: neither the chain nor the proof that the peer holds the certificate's key is
/// looked at, since certificates that cannot even be read are among those that the setting is there for.
#[derive(Debug)]
struct AcceptAny;

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
