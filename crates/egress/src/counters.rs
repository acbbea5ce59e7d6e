//! What the client did, as plain counters for the metrics page.

use std::sync::atomic::{AtomicU64, Ordering};

use headwater_model::origin::OriginError;

/// Counters since start. They only grow; readers may see them at slightly different moments.
#[derive(Debug, Default)]
pub struct Counters {
    /// Requests written to a connection, redirect hops and retries included.
    pub requests: AtomicU64,
    /// Connections established, TLS included.
    pub connections_opened: AtomicU64,
    /// Requests that found an idle or shared connection.
    pub connections_reused: AtomicU64,
    /// Requests repeated because their pooled connection was dead already.
    pub stale_retries: AtomicU64,
    /// Redirects followed.
    pub redirects: AtomicU64,
    /// Bytes received, heads and framing included, after decryption.
    pub bytes_received: AtomicU64,
    errors: [AtomicU64; ERROR_KINDS.len()],
    refused: [AtomicU64; BUSY_LIMITS.len()],
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Ordering::Relaxed);
    }

    pub(crate) fn count_error(&self, error: &OriginError) {
        let kind = error_kind(error);
        if let Some(position) = ERROR_KINDS.iter().position(|known| *known == kind) {
            Self::add(&self.errors[position], 1);
        }
        if let OriginError::Busy { limit, .. } = error
            && let Some(position) = BUSY_LIMITS.iter().position(|known| known == limit)
        {
            Self::add(&self.refused[position], 1);
        }
    }

    /// Failures so far by kind, in the order of [`ERROR_KINDS`].
    pub fn errors(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        ERROR_KINDS.iter().zip(&self.errors).map(|(kind, count)| (*kind, count.load(Ordering::Relaxed)))
    }

    /// Requests refused so far by limit, in the order of [`BUSY_LIMITS`].
    pub fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        BUSY_LIMITS.iter().zip(&self.refused).map(|(limit, count)| (*limit, count.load(Ordering::Relaxed)))
    }
}

/// Our own limits, as [`OriginError::Busy`] names them.
pub const BUSY_LIMITS: [&str; 7] =
    ["origin_permits", "origin_rate", "origin_budget", "origin_paused", "breaker_open", "open_connections", "origins"];

/// The words of [`error_kind`]: stable, for metric labels and reason codes.
pub const ERROR_KINDS: [&str; 19] = [
    "bad_url",
    "name_not_found",
    "name_resolution",
    "forbidden_address",
    "connect",
    "connect_timeout",
    "tls",
    "tls_timeout",
    "first_byte_timeout",
    "body_stalled",
    "body_broken",
    "body_surplus",
    "bad_response",
    "too_many_interim",
    "too_many_redirects",
    "bad_redirect",
    "busy",
    "retry_budget",
    "other",
];

/// One word for the failure, without any detail that could name an address.
pub fn error_kind(error: &OriginError) -> &'static str {
    match error {
        OriginError::BadUrl(_) => "bad_url",
        OriginError::NameNotFound(_) => "name_not_found",
        OriginError::NameResolution(_) => "name_resolution",
        OriginError::ForbiddenAddress(_) => "forbidden_address",
        OriginError::Connect(_) => "connect",
        OriginError::ConnectTimeout => "connect_timeout",
        OriginError::Tls(_) => "tls",
        OriginError::TlsTimeout => "tls_timeout",
        OriginError::FirstByteTimeout => "first_byte_timeout",
        OriginError::BodyStalled => "body_stalled",
        OriginError::BodyBroken(_) => "body_broken",
        OriginError::BodySurplus => "body_surplus",
        OriginError::BadResponse(_) => "bad_response",
        OriginError::TooManyInterim => "too_many_interim",
        OriginError::TooManyRedirects => "too_many_redirects",
        OriginError::BadRedirect(_) => "bad_redirect",
        OriginError::Busy { .. } => "busy",
        OriginError::RetryBudget => "retry_budget",
        _ => "other",
    }
}
