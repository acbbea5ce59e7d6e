//! One admitted request, from its permit to the end of its body.
//!
//! Guarantees: the permit is held until the body ended or was dropped; the breaker hears of each exchange exactly once,
//! and of a body that broke even though its head was fine.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use headwater_model::BoxFuture;
use headwater_model::clock::Timestamp;
use headwater_model::origin::OriginError;
use headwater_model::settings::OriginSettings;
use http::{HeaderMap, StatusCode};

use super::breaker::{Outcome, Ticket};
use super::origin::Permit;
use super::retry_after;
use crate::counters::error_kind;

/// A probe whose body has come so far, or flows for so long, proves enough: large bodies take minutes to end.
const PROBE_BYTES: u64 = 64 << 10;
const PROBE_TIME: Duration = Duration::from_secs(1);

pub(crate) struct Exchange {
    permit: Permit,
    /// Present until the breaker heard of the exchange.
    ticket: Option<Ticket>,
    /// As they were when it was admitted.
    settings: Arc<OriginSettings>,
    pause: Option<BoxFuture<'static, ()>>,
    received_bytes: u64,
    head_at: Duration,
}

impl Exchange {
    pub(super) fn new(permit: Permit, ticket: Ticket, settings: Arc<OriginSettings>) -> Self {
        Self { permit, ticket: Some(ticket), settings, pause: None, received_bytes: 0, head_at: Duration::ZERO }
    }

    /// The origin's settings, as they were when the exchange was admitted.
    pub(crate) fn settings(&self) -> &OriginSettings {
        &self.settings
    }

    /// The time by the origin's clock, as far as it is known to differ from ours.
    pub(crate) fn origin_time(&self) -> Timestamp {
        self.permit.origin().time()
    }

    /// Remembers what time it is by the origin's clock.
    pub(crate) fn set_origin_time(&self, time: Timestamp) {
        self.permit.origin().set_time(time);
    }

    /// Asks for one more try under the same permit.
    pub(crate) fn try_again(&self) -> bool {
        self.permit.origin().spend_retry()
    }

    /// The head of an answer came; `throttled` if its document says that the origin has enough.
    pub(crate) fn answered(&mut self, status: StatusCode, headers: &HeaderMap, throttled: bool) {
        let origin = self.permit.origin();
        origin.note(Some(status.as_u16()), None);
        self.head_at = origin.clock.elapsed();
        if let Some(pause) = retry_after::pause(status, headers, throttled, origin.clock.now()) {
            origin.pause(pause);
            // It answers, so it is alive; whether it is well shows after the pause.
            let probe = self.ticket.is_some_and(|ticket| ticket.probe);
            self.record(if probe { Outcome::Success } else { Outcome::Unknown });
        } else if status == StatusCode::NOT_IMPLEMENTED {
            // It says what it does not offer, and goes on offering the rest.
            self.record(Outcome::Success);
        } else if status.is_server_error() {
            self.record(Outcome::Failure);
        } else if !status.is_success() {
            // The head of a redirect or a refusal is all there is to it.
            self.record(Outcome::Success);
        }
    }

    /// No answer came.
    pub(crate) fn failed(&mut self, error: &OriginError) {
        self.permit.origin().note(None, Some(error_kind(error)));
        self.record(outcome_of(error));
    }

    /// Body bytes came.
    pub(crate) fn received(&mut self, bytes: u64) {
        self.received_bytes += bytes;
        let origin = self.permit.origin();
        let wait = origin.received(bytes, self.settings.limits.bytes_per_s);
        if !wait.is_zero() {
            self.pause = Some(origin.clock.sleep(wait));
        }
        let probe = self.ticket.is_some_and(|ticket| ticket.probe);
        if probe
            && (self.received_bytes >= PROBE_BYTES || origin.clock.elapsed().saturating_sub(self.head_at) >= PROBE_TIME)
        {
            self.record(Outcome::Success);
        }
    }

    /// Ready when the byte rate allows to read on.
    pub(crate) fn poll_paced(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(pause) = &mut self.pause else { return Poll::Ready(()) };
        let polled = pause.as_mut().poll(cx);
        if polled.is_ready() {
            self.pause = None;
        }
        polled
    }

    /// The body ended.
    pub(crate) fn ended(mut self, result: Result<(), &OriginError>) {
        match result {
            Ok(()) => self.record(Outcome::Success),
            Err(error) => {
                self.permit.origin().note(None, Some(error_kind(error)));
                self.record(Outcome::Failure);
            }
        }
    }

    fn record(&mut self, outcome: Outcome) {
        if let Some(ticket) = self.ticket.take() {
            self.permit.origin().record(ticket, outcome);
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.record(Outcome::Unknown);
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("ticket", &self.ticket).finish_non_exhaustive()
    }
}

/// Whether a missing answer says that the origin is not well. A certificate, an address or a URL that is not right says
/// nothing about that, and our own limits do not either.
fn outcome_of(error: &OriginError) -> Outcome {
    match error {
        OriginError::Connect(_)
        | OriginError::ConnectTimeout
        | OriginError::TlsTimeout
        | OriginError::FirstByteTimeout
        | OriginError::NameResolution(_)
        | OriginError::BadResponse(_) => Outcome::Failure,
        _ => Outcome::Unknown,
    }
}
