//! What is known of a request when its answer has ended: its access line, its line in the bucket's log, and the counts.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use headwater_model::clock::Timestamp;
use headwater_model::reply::Served;
use headwater_wire::sign::Scheme;

use crate::body::{OnEnd, Received};
use crate::bucket_log::{Noted, Outcome};
use crate::connection::Under;
use crate::request_id::RequestId;
use crate::service::Service;
use crate::telemetry::{AccessLine, RequestKind, dialect_name, served_name};

/// What an answer is accounted by.
pub(crate) struct Account {
    pub(crate) kind: RequestKind,
    pub(crate) id: RequestId,
    pub(crate) received: Received,
    pub(crate) started: Duration,
    pub(crate) time: Timestamp,
    pub(crate) remote: IpAddr,
    pub(crate) bucket: Option<Arc<str>>,
    pub(crate) key: Option<Arc<str>>,
    pub(crate) access_key_id: Option<Arc<str>>,
    /// How its head was signed; `None` if it was not, as those of forms are not.
    pub(crate) scheme: Option<Scheme>,
    /// Canonical id of who asked.
    pub(crate) requester: Option<Arc<str>>,
    /// Length of the whole object that was asked for or stored.
    pub(crate) object_bytes: Option<u64>,
    pub(crate) noted: Option<Box<Noted>>,
    pub(crate) may_know_reasons: bool,
    pub(crate) method: http::Method,
    pub(crate) error: Option<Box<str>>,
    pub(crate) reason: Option<&'static str>,
    pub(crate) served: Option<Served>,
    pub(crate) origin_status: Option<u16>,
}

/// Writes the access line and the counts when an answer has ended.
pub(crate) struct Ended {
    service: Arc<Service>,
    status: u16,
    account: Account,
    _under_way: Under,
}

impl Ended {
    pub(crate) fn new(service: Arc<Service>, status: u16, account: Account, under_way: Under) -> Self {
        Self { service, status, account, _under_way: under_way }
    }
}

impl OnEnd for Ended {
    fn ended(self, bytes_sent: u64, complete: bool) {
        let Self { service, status, account, .. } = &self;
        let duration = service.clock.elapsed().saturating_sub(account.started);
        let bytes_received = account.received.bytes();
        service.metrics.count(account.kind, *status, duration, account.served);
        if let Some(reason) = account.reason {
            service.metrics.count_failed_miss(reason);
        }
        service.metrics.sent.inc_by(bytes_sent);
        service.metrics.received.inc_by(bytes_received);
        if let Some(noted) = &account.noted {
            let outcome = Outcome { status: *status, bytes_sent, bytes_received, duration };
            service.write_down(noted, account, &outcome);
        }
        service.access_log.write(&AccessLine {
            time_ms: account.time.0,
            request_id: account.id.as_str(),
            remote: account.remote,
            method: account.method.as_str(),
            op: account.kind.0,
            dialect: dialect_name(account.kind.1),
            bucket: account.bucket.as_deref(),
            key: account.key.as_deref(),
            access_key_id: account.access_key_id.as_deref(),
            status: *status,
            error: account.error.as_deref(),
            reason: account.reason,
            bytes_sent,
            bytes_received,
            duration,
            served: account.served.map(served_name),
            origin_status: account.origin_status,
            complete,
        });
    }
}
