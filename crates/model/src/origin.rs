//! Origins: read-only remote key spaces, as the fill sees them.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{HeaderMap, HeaderName};

use crate::BoxFuture;
use crate::body::ByteStream;
use crate::bucket::Dialect;
use crate::host::Host;
use crate::rule::Secret;

/// Names an origin: scheme, host in ASCII and lower case without the root's dot (an IPv6 address in its
/// shortest form and brackets), and port, which is always there: `https://www.example.com:443`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginId(Arc<str>);

impl OriginId {
    /// The origin of an absolute URL, whatever follows its authority. Its own text gives it back.
    ///
    /// # Errors
    /// A sentence for whoever wrote the URL.
    pub fn parse(url: &str) -> Result<Self, Box<str>> {
        let (scheme, authority) = crate::rule::scheme_and_authority(url)?;
        let port_at = authority.rfind(':').filter(|at| !authority[*at..].contains(']'));
        let (host, port) = authority.split_at(port_at.unwrap_or(authority.len()));
        let port: u16 = match (port.strip_prefix(':'), scheme) {
            (Some(digits), _) => digits.parse().map_err(|_| "the port must be a number from 1 to 65535")?,
            (None, "https") => 443,
            (None, _) => 80,
        };
        let host = match Host::parse(host).map_err(|error| error.to_string())? {
            Host::Name(name) => name.into(),
            Host::Literal(IpAddr::V4(ip)) => ip.to_string(),
            Host::Literal(IpAddr::V6(ip)) => format!("[{ip}]"),
        };
        Ok(Self(format!("{scheme}://{host}:{port}").into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OriginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why an origin is asked: decides what a request may cost the origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestCause {
    /// A client misses an object.
    #[default]
    Miss,
    /// An earlier attempt for the same object failed: the retry budget must allow it
    /// ([`OriginError::RetryBudget`] otherwise).
    Retry,
    /// The rest, or another piece, of an object that is on its way: no repetition, so that it counts like a first try.
    Resume,
    /// A job that can wait.
    Job,
}

/// With what a request is signed, immediately before each attempt, over the URL as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginSigning {
    /// SigV4 for S3, version 4 for OSS.
    pub dialect: Dialect,
    /// Access key id.
    pub access_key_id: Box<str>,
    /// Its secret.
    pub access_key_secret: Secret,
    /// Token of temporary credentials.
    pub session_token: Option<Secret>,
    /// Region of the scope.
    pub region: Box<str>,
    /// OSS only: the bucket, where the URL's path does not show it (a virtual-hosted name).
    pub bucket: Option<Box<str>>,
}

/// What to ask of an origin. Everything is decided here: the client adds only framing, `Host` (unless `headers` has
/// one) and connection management.
#[derive(Clone, Debug)]
pub struct OriginRequest {
    /// Absolute URL, already strictly encoded; it is sent as it stands, never normalised.
    pub url: Box<str>,
    /// GET or HEAD.
    pub method: OriginMethod,
    /// Header fields to send, among them `User-Agent`, `Accept`, `Accept-Encoding` and the loop marker.
    pub headers: HeaderMap,
    /// Fields that must not follow a redirect to another scheme, host or port.
    pub confidential: Vec<HeaderName>,
    /// With what to sign; it never follows a redirect to another scheme, host or port either.
    pub signing: Option<Arc<OriginSigning>>,
    /// Why.
    pub cause: RequestCause,
    /// Follow redirects (at most [`crate::limits::MAX_REDIRECT_HOPS`]) or hand the 3xx answer back.
    pub follow_redirects: bool,
    /// Time limits.
    pub timeouts: OriginTimeouts,
}

/// Methods used towards origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginMethod {
    /// GET.
    Get,
    /// HEAD.
    Head,
}

/// Time limits of one origin request (decisions, row 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginTimeouts {
    /// To establish a connection, name resolution included.
    pub connect: Duration,
    /// For the TLS handshake.
    pub tls: Duration,
    /// From the request being sent to the whole response head.
    pub first_byte: Duration,
    /// Longest silence within the body.
    pub idle: Duration,
}

impl Default for OriginTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            tls: Duration::from_secs(5),
            first_byte: Duration::from_secs(10),
            idle: Duration::from_secs(15),
        }
    }
}

/// How the end of the body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// By `Content-Length` (or an HTTP/2 `content-length`), which the client enforces.
    Length(u64),
    /// By the last chunk or HTTP/2 END_STREAM.
    Delimited,
    /// By the connection's close only: nothing proves that the body is whole (decisions, row 12).
    Close,
}

/// The head of an origin's final answer, and its body.
pub struct OriginResponse {
    /// Status code.
    pub status: u16,
    /// Header fields.
    pub headers: HeaderMap,
    /// URL that gave this answer, after redirects.
    pub final_url: Box<str>,
    /// How the end of the body is known.
    pub framing: Framing,
    /// The body. It ends cleanly only if the framing did; silence beyond the idle limit, a reset, a short or surplus
    /// body end it with an error whose source is an [`OriginError`].
    pub body: ByteStream,
    /// The trailer section, once the body has ended with one.
    pub trailers: Trailers,
}

/// Fields behind a body (RFC 9110 section 6.5): filled by whoever reads the body, before its clean end.
pub type Trailers = Arc<OnceLock<HeaderMap>>;

/// Why an origin gave no (whole) answer. The messages are for administrators only: they can name addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// The URL cannot be requested at all.
    #[error("bad origin url: {0}")]
    BadUrl(Box<str>),
    /// The name does not exist.
    #[error("name not found: {0}")]
    NameNotFound(Box<str>),
    /// Name resolution failed or timed out.
    #[error("name resolution failed: {0}")]
    NameResolution(Box<str>),
    /// Every address of the name is one that origins may not have.
    #[error("forbidden address: {0}")]
    ForbiddenAddress(Box<str>),
    /// Connection refused, reset or unreachable before an answer.
    #[error("connection failed: {0}")]
    Connect(Box<str>),
    /// No connection within the limit.
    #[error("connection timed out")]
    ConnectTimeout,
    /// The TLS handshake failed.
    #[error("tls failed: {0}")]
    Tls(Box<str>),
    /// The TLS handshake took too long.
    #[error("tls handshake timed out")]
    TlsTimeout,
    /// No response head within the limit.
    #[error("no response head within the limit")]
    FirstByteTimeout,
    /// The body fell silent beyond the limit.
    #[error("body stalled")]
    BodyStalled,
    /// The connection broke within the body, or the body is shorter than its framing says.
    #[error("body broken: {0}")]
    BodyBroken(Box<str>),
    /// More bytes than announced.
    #[error("body longer than announced")]
    BodySurplus,
    /// The answer violates HTTP (framing faults of decisions, row 23).
    #[error("bad response: {0}")]
    BadResponse(Box<str>),
    /// Interim responses without end.
    #[error("too many interim responses")]
    TooManyInterim,
    /// More redirects than allowed.
    #[error("too many redirects")]
    TooManyRedirects,
    /// A redirect without a usable target, or to a scheme that is not allowed.
    #[error("bad redirect: {0}")]
    BadRedirect(Box<str>),
    /// Our own limit on requests to this origin is reached, or it is left alone for a while.
    #[error("origin is busy: {limit}")]
    Busy {
        /// Which limit: one of a small fixed set of snake_case words such as `origin_permits`, `origin_rate`,
        /// `origin_budget`, `origin_paused`, `breaker_open`, `open_connections`.
        limit: &'static str,
        /// When to try again.
        retry_after: Duration,
    },
    /// The retry budget of this origin is used up: whoever wanted to try again keeps the error of its first try.
    #[error("retry budget used up")]
    RetryBudget,
}

/// A remote key space over HTTP.
pub trait Origin: Send + Sync {
    /// Performs one request, redirects included.
    fn fetch(&self, request: OriginRequest) -> BoxFuture<'_, Result<OriginResponse, OriginError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_named_in_one_way() {
        for (url, id) in [
            ("http://A.example/x?y", "http://a.example:80"),
            ("https://a.example", "https://a.example:443"),
            ("https://a.example:8443/", "https://a.example:8443"),
            ("http://[2001:DB8::1]/", "http://[2001:db8::1]:80"),
            ("http://[2001:db8::1]:81/", "http://[2001:db8::1]:81"),
            ("https://bücher.example/", "https://xn--bcher-kva.example:443"),
            ("http://a.example./", "http://a.example:80"),
            ("http://a.example:0080/", "http://a.example:80"),
            ("http://[2001:db8:0:0::1]/", "http://[2001:db8::1]:80"),
            ("http://192.0.2.1/", "http://192.0.2.1:80"),
        ] {
            assert_eq!(OriginId::parse(url).unwrap().as_str(), id);
            assert_eq!(OriginId::parse(id).unwrap().as_str(), id, "its own text");
        }
        assert!(OriginId::parse("ftp://a/").is_err() && OriginId::parse("http://u@a/").is_err());
        let long = format!("http://{}/", ["a"; 200].join("."));
        assert!(OriginId::parse(&long).is_err(), "{long}");
    }
}
