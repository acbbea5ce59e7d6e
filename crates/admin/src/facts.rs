//! What a server tells operators about itself.

use std::net::SocketAddr;
use std::time::Duration;

use headwater_model::bucket::Dialect;
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
    /// Domains whose subdomains are the websites of buckets.
    pub website_domains: Vec<String>,
    /// The dialect of a request that shows none, for a bucket that has none.
    pub default_dialect: Dialect,
    /// Whether V4 signatures must name the announced region.
    pub strict_region: bool,
    /// Networks of the proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<String>,
    /// Whether every connection of the data plane begins with a header of the PROXY protocol.
    pub proxy_protocol: bool,
    /// Where access lines go.
    pub access_log: String,
    /// How long running requests may take after the server was told to stop.
    pub drain_limit: Duration,
}
