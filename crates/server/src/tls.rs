//! TLS of the data plane.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Certificate chain and key, both PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// Leaf first, then intermediates.
    pub cert: PathBuf,
    /// PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

/// TLS 1.2 and 1.3 with ALPN for HTTP/2 and HTTP/1.1.
pub(crate) fn load(files: &TlsFiles) -> anyhow::Result<Arc<ServerConfig>> {
    let (cert, key) = (files.cert.display(), files.key.display());
    let chain = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("cannot read certificates from {cert}"))?;
    anyhow::ensure!(!chain.is_empty(), "{cert} holds no certificate in PEM form");
    let private =
        PrivateKeyDer::from_pem_file(&files.key).with_context(|| format!("cannot read a private key from {key}"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("the TLS provider has no protocol version")?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .with_context(|| format!("certificate {cert} and key {key} do not belong together"))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
