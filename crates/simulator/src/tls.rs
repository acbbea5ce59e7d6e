//! Certificates for tests: an authority, and what it issues, rightly or wrongly.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A certificate authority of its own.
pub struct TestAuthority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// When a certificate holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// From long ago until far in the future.
    Current,
    /// Until long ago.
    Expired,
}

/// A server's certificate and key.
#[derive(Debug)]
pub struct ServerIdentity {
    certificate_pem: String,
    key_pem: String,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl TestAuthority {
    /// A new authority with a fresh key.
    ///
    /// # Panics
    /// If certificates cannot be made on this machine.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("ring makes keys");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("a ca certificate") }
    }

    /// Its certificate in PEM.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Writes its certificate into `directory`, for a client's CA file.
    ///
    /// # Panics
    /// If the file cannot be written.
    pub fn write_pem(&self, directory: &Path) -> PathBuf {
        let path = directory.join("ca.pem");
        std::fs::write(&path, self.pem()).expect("a writable directory");
        path
    }

    /// A certificate for these names (DNS names or IP addresses).
    ///
    /// # Panics
    /// If one of the names cannot stand in a certificate.
    pub fn issue(&self, names: &[&str], validity: Validity) -> ServerIdentity {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).expect("names that fit a certificate");
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = match validity {
            Validity::Current => date_time_ymd(2999, 1, 1),
            Validity::Expired => date_time_ymd(2002, 1, 1),
        };
        let key = KeyPair::generate().expect("ring makes keys");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        ServerIdentity {
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            certificate: certificate.der().clone(),
            key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        }
    }
}

impl ServerIdentity {
    /// Writes certificate and key in PEM into `directory`, for a server's files; their paths in this order.
    ///
    /// # Panics
    /// If the files cannot be written.
    pub fn write_pem(&self, directory: &Path) -> (PathBuf, PathBuf) {
        let (certificate, key) = (directory.join("server.pem"), directory.join("server.key"));
        std::fs::write(&certificate, &self.certificate_pem).expect("a writable directory");
        std::fs::write(&key, &self.key_pem).expect("a writable directory");
        (certificate, key)
    }

    /// A server's TLS settings that offer these protocols (ALPN).
    ///
    /// # Panics
    /// If key and certificate do not belong together.
    pub fn server_config(&self, protocols: &[&str]) -> Arc<ServerConfig> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring offers the default versions")
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], self.key.clone_key())
            .expect("key and certificate were made together");
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}
