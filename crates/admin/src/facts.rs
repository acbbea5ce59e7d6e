//! What a server tells operators about itself.

use std::net::SocketAddr;

use headwater_model::clock::Timestamp;

/// How a server runs, as far as operators are told.
#[derive(Clone, Debug)]
pub struct ServerFacts {
    /// Of the program.
    pub version: &'static str,
    /// Where objects are read and written.
    pub data: SocketAddr,
    /// Whether that is over TLS.
    pub tls: bool,
    /// Domains whose subdomains are buckets.
    pub base_domains: Vec<String>,
    /// Where the admin API and the console are.
    pub admin: SocketAddr,
    /// When it began to serve.
    pub started: Timestamp,
}
