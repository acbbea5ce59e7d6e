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

/// What its access line, its line in the bucket's log and the counts are made of.
pub(crate) struct RequestRecord {
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
    record: RequestRecord,
    _under_way: Under,
}

impl Ended {
    pub(crate) fn new(service: Arc<Service>, status: u16, record: RequestRecord, under_way: Under) -> Self {
        Self { service, status, record, _under_way: under_way }
    }
}

impl OnEnd for Ended {
    fn ended(self, bytes_sent: u64, complete: bool) {
        let Self { service, status, record, .. } = &self;
        let duration = service.clock.elapsed().saturating_sub(record.started);
        let bytes_received = record.received.bytes();
        service.metrics.count(record.kind, *status, duration, record.served);
        if let Some(reason) = record.reason {
            service.metrics.count_failed_miss(reason);
        }
        service.metrics.sent.inc_by(bytes_sent);
        service.metrics.received.inc_by(bytes_received);
        if let Some(noted) = &record.noted {
            let outcome = Outcome { status: *status, bytes_sent, bytes_received, duration };
            service.write_down(noted, record, &outcome);
        }
        service.access_log.write(&AccessLine {
            time_ms: record.time.0,
            request_id: record.id.as_str(),
            remote: record.remote,
            method: record.method.as_str(),
            op: record.kind.0,
            dialect: dialect_name(record.kind.1),
            bucket: record.bucket.as_deref(),
            key: record.key.as_deref(),
            access_key_id: record.access_key_id.as_deref(),
            status: *status,
            error: record.error.as_deref(),
            reason: record.reason,
            bytes_sent,
            bytes_received,
            duration,
            served: record.served.map(served_name),
            origin_status: record.origin_status,
            complete,
        });
    }
}
