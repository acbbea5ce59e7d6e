//! One request from its head to its answer.
//!
//! ```text
//! route ─► authenticate ─► authorise ─► (read XML) ─► decode ─► engine ─► encode ─► body … access line, counts
//!    └──────────┴──────────────┴────────────┴───────────┴──────────┴──► the vendor's error
//! ```

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use headwater_admin::Administration;
use headwater_engine::{Engine, Place};
use headwater_model::access::{Context, Principal};
use headwater_model::body::{Body, ByteStream};
use headwater_model::bucket::Dialect;
use headwater_model::clock::Clock;
use headwater_model::digest::TrailingChecksum;
use headwater_model::op::{Caller, Op};
use headwater_model::reply::{Reply, Served};
use headwater_model::{Error, Result};
use headwater_wire::sign::{PayloadMode, decoded_content_length};
use headwater_wire::{
    Addressing, BodyNeed, ErrorContext, Operation, PolicyFields, RequestFacts, ResponseContext, Routed, decode, encode,
    encode_error, request_host, route, traffic_limit,
};
use http::request::Parts;
use http::{Request, Response, header};
use hyper::body::Incoming;
use ipnet::IpNet;

use crate::authenticate::{Authenticated, Authenticator, unknown_key};
use crate::body::{Received, ResponseBody, collect, paced, stream, verified};
use crate::bucket_log::BucketLogs;
use crate::compress::compressed;
use crate::connection::{Activity, Peer};
use crate::cors::allow_origin;
use crate::record::{Ended, RequestRecord};
use crate::request_id::RequestIds;
use crate::server::ServerConfig;
use crate::telemetry::{AccessLog, Metrics};

/// The operation of a request that names none.
pub(crate) const UNROUTED: &str = "Unrouted";

/// What every request needs.
pub(crate) struct Service {
    pub(crate) engine: Arc<Engine>,
    pub(crate) administration: Administration,
    pub(crate) bucket_logs: BucketLogs,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) access_log: AccessLog,
    pub(crate) addressing: Addressing,
    pub(crate) authenticator: Authenticator,
    trusted_proxies: Vec<IpNet>,
    request_ids: RequestIds,
}

impl Service {
    pub(crate) fn new(
        administration: Administration,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
        access_log: AccessLog,
        config: &ServerConfig,
    ) -> Self {
        let strict_region = config.strict_region.then(|| config.addressing.region.clone());
        Self {
            engine: administration.engine().clone(),
            administration,
            bucket_logs: BucketLogs::default(),
            metrics,
            access_log,
            addressing: config.addressing.clone(),
            authenticator: Authenticator::new(strict_region),
            trusted_proxies: config.trusted_proxies.clone(),
            request_ids: RequestIds::new(&*clock),
            clock,
        }
    }

    pub(crate) fn render_metrics(&self) -> String {
        self.metrics.render(&self.engine, self.access_log.dropped(), self.bucket_logs.dropped())
    }

    pub(crate) fn refuse_connection(&self) {
        self.metrics.connections_refused.inc();
    }

    /// Counts a connection that a proxy had to name a client for, and did not.
    pub(crate) fn refuse_unnamed(&self) {
        self.metrics.connections_unnamed.inc();
    }

    /// Counts a connection as open until the guard is dropped.
    pub(crate) fn connection_opened(self: &Arc<Self>) -> OpenConnection {
        self.metrics.connections.inc();
        OpenConnection(self.clone())
    }

    /// Answers one request, whatever it is.
    pub(crate) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: Peer,
        activity: Arc<Activity>,
    ) -> Response<ResponseBody<Ended>> {
        let under_way = activity.request();
        let (parts, incoming) = request.into_parts();
        let (remote, secure) = self.client(&parts, peer);
        let mut record = RequestRecord {
            kind: (UNROUTED, self.addressing.default_dialect),
            id: self.request_ids.next(),
            received: Received::default(),
            started: self.clock.elapsed(),
            time: self.clock.now(),
            remote,
            bucket: None,
            key: None,
            access_key_id: None,
            scheme: None,
            requester: None,
            object_bytes: None,
            noted: None,
            may_know_reasons: false,
            method: parts.method.clone(),
            error: None,
            reason: None,
            served: None,
            origin_status: None,
        };
        let received = record.received.clone();
        let body = || stream(incoming, &activity, received);
        let mut response = self.respond(&parts, secure, body, &mut record).await;
        if let Some(bucket) = record.bucket.as_deref().and_then(|name| self.engine.bucket(name)) {
            allow_origin(&parts, &mut response, &bucket);
            record.noted = self.note(&parts, secure, &bucket, &record);
        }
        let persistent = parts.version < http::Version::HTTP_2;
        if persistent && expects_body(&parts) {
            let unread = record.received.bytes() == 0;
            if unread || !response.status().is_success() {
                activity.leaves_unread();
            }
            if unread {
                // Nobody wanted the body (a GET may announce one): it must not be taken for the next request, and a client
                // that is not told would send its next one into a connection that ends.
                response.headers_mut().insert(header::CONNECTION, http::HeaderValue::from_static("close"));
            }
        }
        let length = response.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let ended = Ended::new(self, response.status().as_u16(), record, under_way);
        let uptake = persistent.then(|| activity.uptake());
        response.map(|body| ResponseBody::new(body, length, uptake, ended))
    }

    async fn respond(
        &self,
        parts: &Parts,
        secure: bool,
        body: impl FnOnce() -> ByteStream + Send,
        record: &mut RequestRecord,
    ) -> Response<Body> {
        let bucket_dialect = |name: &str| self.engine.bucket(name).map(|bucket| bucket.dialect);
        let routed = match route(parts, &self.addressing, &bucket_dialect) {
            Ok(routed) => routed,
            Err(refusal) => {
                record.kind.1 = refusal.dialect;
                record.bucket = refusal.bucket.map(Into::into);
                record.key = Some(refusal.raw_key).filter(|key| !key.is_empty()).map(Into::into);
                return self.refuse(parts, refusal.dialect, &refusal.error, record, false);
            }
        };
        record.kind = (routed.operation.name(), routed.dialect);
        record.bucket = routed.bucket.as_ref().map(|bucket| bucket.shared().clone());
        record.key = routed.key.as_ref().map(|key| key.shared().clone());
        if routed.operation == Operation::Preflight {
            return match self.preflight(parts, &routed, secure, record) {
                Ok(response) => response,
                Err(error) => self.refuse(parts, routed.dialect, &error, record, false),
            };
        }
        if routed.body_need() == BodyNeed::Form {
            return match self.post(parts, &routed, secure, body(), record).await {
                Ok(response) => response,
                Err(error) => {
                    let (dialect, owner) = (record.kind.1, record.may_know_reasons);
                    self.refuse(parts, dialect, &error, record, owner)
                }
            };
        }
        match self.perform(parts, &routed, secure, body, record).await {
            Ok(reply) => {
                (record.served, record.origin_status) = cause(&reply);
                let elapsed = self.clock.elapsed().saturating_sub(record.started);
                let context = ResponseContext { request_id: record.id.as_str(), elapsed, secure };
                let expiry = self.expiry(&routed, &reply);
                record.object_bytes = crate::lifecycle::object(&reply).map(|meta| meta.size_bytes);
                let mut response = compressed(&routed, parts, encode(&routed, parts, reply, &context));
                response.headers_mut().extend(expiry);
                self.limited(&routed, parts, response)
            }
            Err(error) => {
                let owner = record.may_know_reasons;
                self.refuse(parts, routed.dialect, &error, record, owner)
            }
        }
    }

    async fn perform(
        &self,
        parts: &Parts,
        routed: &Routed,
        secure: bool,
        body: impl FnOnce() -> ByteStream + Send,
        record: &mut RequestRecord,
    ) -> Result<Reply> {
        let accounts = self.engine.accounts();
        let Authenticated { principal, scheme, payload } =
            self.authenticator.authenticate(parts, routed, accounts, record.time).map_err(|error| {
                let exists = |name: &str| self.engine.bucket(name).is_some();
                unknown_key(error, routed, &exists)
            })?;
        record.scheme = scheme;
        if let Principal::Key(identity) = &principal {
            record.access_key_id = Some(identity.access_key_id.clone());
            record.requester = Some(identity.owner.id.clone());
        }
        record.may_know_reasons = self.engine.may_know_reasons(&principal, routed.bucket.as_ref());
        let fields = PolicyFields::new(routed, parts);
        let context = Context { source: Some(record.remote), secure, now: record.time, fields: &fields };
        let caller = Caller { principal, dialect: routed.dialect, context };
        if !routed.is_judged_by_key() {
            let (action, bucket, key) = (routed.action(), routed.bucket.as_ref(), routed.key.as_ref());
            match routed.body_need() {
                BodyNeed::None | BodyNeed::Form => self.engine.authorise(&caller, action, bucket, key)?,
                BodyNeed::Xml | BodyNeed::Stream => self.engine.admit(&caller, action, place(routed)).await?,
            }
        }
        self.check_referer(parts, routed, &caller.principal)?;
        let limit = traffic_limit(routed, parts)?;
        let declared_bytes = match &payload {
            PayloadMode::Unsigned | PayloadMode::Sha256(_) => 0,
            _ => decoded_content_length(parts).map_err(|_| Error::MissingContentLength)?,
        };
        let bucket = routed.bucket.as_ref().and_then(|name| self.engine.bucket(name.as_str()));
        let facts = RequestFacts {
            signed: caller.principal != Principal::Anonymous,
            secure,
            has_website: bucket.is_some_and(|bucket| bucket.website.is_some()),
        };
        let trailing = TrailingChecksum::default();
        let read = |body: Option<&[u8]>| {
            let op = decode(routed, parts, body, &facts)?;
            self.check_owners(parts, routed, &op).map(|()| op)
        };
        match routed.body_need() {
            BodyNeed::None | BodyNeed::Form => match read(None) {
                Ok(op) => self.run(&caller, op, (routed, parts), record).await,
                Err(error) => Err(self.engine.unreadable(&caller, routed.action(), place(routed), error).await),
            },
            BodyNeed::Xml => {
                let limit_bytes = routed.xml_limit_bytes();
                let body = collect(verified(body(), payload, declared_bytes, trailing), limit_bytes).await?;
                let op = read(Some(&body))?;
                self.run(&caller, op, (routed, parts), record).await
            }
            BodyNeed::Stream => {
                let op = read(None)?;
                let trailing = op.announced_digests().map(|digests| digests.trailing.clone()).unwrap_or(trailing);
                let body = paced(body(), &self.clock, limit);
                let body = Body::Stream(verified(body, payload, declared_bytes, trailing));
                self.engine.perform(&caller, op, body).await
            }
        }
    }

    /// The answer, as slow as the request wants it. A body in memory is one small piece and goes at once.
    fn limited(&self, routed: &Routed, parts: &Parts, response: Response<Body>) -> Response<Body> {
        response.map(|body| match body {
            Body::Stream(stream) => {
                let limit = traffic_limit(routed, parts).ok().flatten();
                Body::Stream(paced(stream, &self.clock, limit))
            }
            body => body,
        })
    }

    /// How long a request has taken so far.
    pub(crate) fn elapsed_of(&self, record: &RequestRecord) -> Duration {
        self.clock.elapsed().saturating_sub(record.started)
    }

    /// Performs an operation without a body.
    async fn run(
        &self,
        caller: &Caller<'_>,
        op: Op,
        request: (&Routed, &Parts),
        record: &RequestRecord,
    ) -> Result<Reply> {
        if request.0.changes_settings() {
            // Boxed: settings are rarely changed, and should not make the futures of other requests larger.
            return Box::pin(self.change_settings(caller, op, request, record)).await;
        }
        self.engine.perform(caller, op, Body::Empty).await
    }

    fn refuse(
        &self,
        parts: &Parts,
        dialect: Dialect,
        error: &Error,
        record: &mut RequestRecord,
        owner: bool,
    ) -> Response<Body> {
        if let Error::Internal { .. } | Error::Damaged { .. } = error {
            let cause = with_causes(error);
            tracing::error!(request_id = record.id.as_str(), error = cause, "request failed");
        }
        let response = encode_error(
            dialect,
            error,
            &ErrorContext {
                request_id: record.id.as_str(),
                elapsed: self.clock.elapsed().saturating_sub(record.started),
                host: request_host(parts),
                method: &parts.method,
                path: parts.uri.path(),
                bucket: record.bucket.as_deref(),
                key: record.key.as_deref(),
                owner,
                site: self.addressing.is_website(request_host(parts)),
            },
        );
        record.error = Some(headwater_wire::error_code(dialect, error).into());
        record.reason = headwater_wire::reason(error);
        record.origin_status = match error {
            Error::MirrorFailed(failure) => failure.origin_status,
            Error::NoSuchKey { origin_status, .. } => *origin_status,
            _ => None,
        };
        response
    }

    /// The client's address, and whether it came over TLS: as a trusted proxy tells, else as the connection is.
    fn client(&self, parts: &Parts, peer: Peer) -> (IpAddr, bool) {
        let address = peer.address.ip().to_canonical();
        if !self.trusted_proxies.iter().any(|network| network.contains(&address)) {
            return (address, peer.secure);
        }
        let text = |name: &str| parts.headers.get(name)?.to_str().ok();
        // The last entry is the one that our own proxy added; earlier ones are whatever its client claimed.
        let forwarded = text("x-forwarded-for").and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
        let secure = text("x-forwarded-proto").map_or(peer.secure, |scheme| scheme.eq_ignore_ascii_case("https"));
        (forwarded.unwrap_or(address), secure)
    }
}

/// What a request is about.
fn place(routed: &Routed) -> Place<'_> {
    Place { bucket: routed.bucket.as_ref(), key: routed.key.as_ref(), version: routed.version() }
}

/// Where an object's bytes came from, and what the origin said.
fn cause(reply: &Reply) -> (Option<Served>, Option<u16>) {
    match reply {
        Reply::Versioned(reply, _) => cause(reply),
        Reply::Object(object) => (Some(object.served), object.origin_status),
        Reply::Relayed(relayed) => (relayed.origin_status.map(|_| Served::PassThrough), relayed.origin_status),
        _ => (None, None),
    }
}

fn expects_body(parts: &Parts) -> bool {
    let length = parts.headers.get(header::CONTENT_LENGTH);
    length.is_some_and(|length| length != "0") || parts.headers.contains_key(header::TRANSFER_ENCODING)
}

/// An error with its causes in one line.
fn with_causes(error: &Error) -> String {
    let mut line = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}

/// Counts as an open connection as long as it lives.
pub(crate) struct OpenConnection(Arc<Service>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.metrics.connections.dec();
    }
}
