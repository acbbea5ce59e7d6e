//! Why a fill failed: the vendor's message for the client, a reason code for those who may know.
//!
//! Guarantees: every way to fail has exactly one [`Failure`], told identically to all readers of a fill; causes that
//! could name addresses stay in the log (decisions, row 20: refused, reset, timed out and TLS faults read the same).
//!
//! A failure also says what may help while no client knows of it ([`Again`]). Whether it is transient follows the TEMP and PERM rows of the origin chaos matrix: transient ones carry
//! `retry_after`. Which status and code that means is the dialects' business.

use std::sync::Arc;
use std::time::Duration;

use headwater_egress::retry_after;
use headwater_model::Error;
use headwater_model::clock::Timestamp;
use headwater_model::error::{MirrorFailure, MirrorFailureKind};
use headwater_model::origin::OriginError;
use http::HeaderMap;

use super::failover::Again;

/// When to try again after a transient failure whose origin did not say: long enough for a restart or a failover to
/// pass, short enough for a person who waits.
const TRANSIENT_RETRY_AFTER: Duration = Duration::from_secs(5);
/// When to try again after one of our own limits: they free up as fast as fills end.
pub(super) const LIMIT_RETRY_AFTER: Duration = Duration::from_secs(1);

/// Reason code of a fill that was given up because nobody followed it any more.
pub(super) const ABANDONED: &str = "abandoned";

/// Limit of retries that exceed the origin's budget.
const RETRY_BUDGET: &str = "retry_budget";

// The vendor's messages (oss-mirroring 6.2).
const CHECK_CONFIGURATION: &str = "Mirroring failed, please check your mirror configuration.";
const NO_ANSWER: &str = "Error status : 0 from mirror host, should return 200 OK.";
const BODY_LOST: &str = "Read body from mirror host failed, please check your mirror host.";
const WRONG_LENGTH: &str = "Bytes read is not equal to expected.";
const WRONG_MD5: &str = "MD5 in header() is not equal to MD5 calculated.";
const META_TOO_LARGE: &str = "Meta is too large.";

/// Why a fill, or a HEAD or pass-through in its place, gave nothing or not the whole. Cloned to every reader.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// The origin's fault, or the rule's.
    Mirror(MirrorFailure, Again),
    /// One of our own limits.
    Busy {
        /// Which.
        limit: &'static str,
        /// When to try again.
        retry_after: Duration,
    },
    /// The store could not even tell whether the object may be filled.
    Store(Arc<Error>),
}

impl Failure {
    /// The origin gave no answer.
    pub(super) fn no_answer(error: &OriginError) -> Self {
        use MirrorFailureKind::{Answer, ForbiddenAddress, Refused, Unreachable};
        let (kind, reason, message, transient, again) = match error {
            OriginError::Busy { limit, retry_after } => return Self::Busy { limit, retry_after: *retry_after },
            OriginError::BadUrl(_) => (Refused, "bad_url", CHECK_CONFIGURATION, false, Again::Never),
            OriginError::NameNotFound(_) => (Unreachable, "dns_not_found", NO_ANSWER, false, Again::Anywhere),
            OriginError::NameResolution(_) => (Unreachable, "dns", NO_ANSWER, true, Again::Anywhere),
            OriginError::ForbiddenAddress(_) => {
                (ForbiddenAddress, "forbidden_address", CHECK_CONFIGURATION, false, Again::Never)
            }
            OriginError::Connect(_) => (Unreachable, "connect", NO_ANSWER, true, Again::Anywhere),
            OriginError::ConnectTimeout => (Unreachable, "timeout_connect", NO_ANSWER, true, Again::Elsewhere),
            OriginError::Tls(_) => (Unreachable, "tls", NO_ANSWER, false, Again::Elsewhere),
            OriginError::TlsTimeout => (Unreachable, "timeout_tls", NO_ANSWER, true, Again::Elsewhere),
            OriginError::FirstByteTimeout => (Unreachable, "timeout_first_byte", NO_ANSWER, true, Again::Elsewhere),
            OriginError::BadResponse(_) => (Unreachable, "bad_response", NO_ANSWER, false, Again::Never),
            OriginError::TooManyInterim => (Unreachable, "too_many_interim", NO_ANSWER, true, Again::Here),
            OriginError::TooManyRedirects => (Answer, "too_many_redirects", CHECK_CONFIGURATION, false, Again::Never),
            OriginError::BadRedirect(_) => (Answer, "bad_redirect", CHECK_CONFIGURATION, false, Again::Never),
            error => return Self::lost(error, None),
        };
        Self::mirror(kind, reason, message, transient.then_some(TRANSIENT_RETRY_AFTER), None).then(again)
    }

    /// The body broke within; `status` came before it.
    pub(super) fn body(error: &Error, status: u16) -> Self {
        let origin = match error {
            Error::Internal { source, .. } => source.downcast_ref::<OriginError>(),
            _ => None,
        };
        match origin {
            Some(origin) => Self::lost(origin, Some(status)),
            None => Self::body_broken(Some(status)),
        }
    }

    fn lost(error: &OriginError, status: Option<u16>) -> Self {
        match error {
            OriginError::BodySurplus => Self::length(status.unwrap_or_default(), "body_surplus"),
            OriginError::BodyStalled => Self::mirror(
                MirrorFailureKind::Unreachable,
                "body_stalled",
                BODY_LOST,
                Some(TRANSIENT_RETRY_AFTER),
                status,
            )
            .then(Again::Elsewhere),
            _ => Self::body_broken(status),
        }
    }

    /// The fill could not go on behind a piece that was fetched before its turn.
    pub(super) fn leap(status: u16) -> Self {
        Self::body_broken(Some(status))
    }

    fn body_broken(status: Option<u16>) -> Self {
        let again = Some(TRANSIENT_RETRY_AFTER);
        Self::mirror(MirrorFailureKind::Unreachable, "body_broken", BODY_LOST, again, status).then(Again::Anywhere)
    }

    /// The body does not have the length that was announced.
    pub(super) fn length(status: u16, reason: &'static str) -> Self {
        let again = Some(TRANSIENT_RETRY_AFTER);
        Self::mirror(MirrorFailureKind::Answer, reason, WRONG_LENGTH, again, Some(status)).then(Again::Here)
    }

    /// The body does not have a digest that was announced.
    pub(super) fn digest(status: u16) -> Self {
        Self::mirror(MirrorFailureKind::Answer, "checksum_mismatch", BODY_LOST, None, Some(status)).then(Again::Here)
    }

    /// The body does not have the `Content-MD5` that the rule checks, and the bucket wants no such body delivered.
    pub(super) fn content_md5(status: u16, reason: &'static str) -> Self {
        Self::mirror(MirrorFailureKind::Answer, reason, WRONG_MD5, None, Some(status)).then(Again::Here)
    }

    /// The origin answered with a status that is not the object's. Transient: 429 and all of 5xx (rows O17, O18).
    pub(super) fn status(status: u16, headers: &HeaderMap, now: Timestamp) -> Self {
        let transient = status == 429 || (500..600).contains(&status);
        let retry_after = transient.then(|| retry_after(headers, now).unwrap_or(TRANSIENT_RETRY_AFTER));
        let again = match status {
            500..600 => Again::Anywhere,
            429 => Again::Elsewhere,
            304 => Again::Here,
            _ => Again::Never,
        };
        let message = wrong_status(status);
        Self::mirror(MirrorFailureKind::Answer, "origin_status", &message, retry_after, Some(status)).then(again)
    }

    /// The answer is well-formed but cannot be taken as the object, and will not change by itself.
    pub(super) fn answer(status: u16, reason: &'static str) -> Self {
        let message = if status == 200 { CHECK_CONFIGURATION } else { &wrong_status(status) };
        Self::mirror(MirrorFailureKind::Answer, reason, message, None, Some(status))
    }

    /// A 206 that does not prove to be the whole (chaos matrix, O21).
    pub(super) fn partial(status: u16) -> Self {
        Self::answer(status, "partial_answer").then(Again::Here)
    }

    /// The body comes more slowly than any origin that works.
    pub(super) fn too_slow(status: u16) -> Self {
        let again = Some(TRANSIENT_RETRY_AFTER);
        let failure = Self::mirror(MirrorFailureKind::Unreachable, "too_slow", BODY_LOST, again, Some(status));
        failure.then(Again::Elsewhere)
    }

    /// More user metadata than an object may have.
    pub(super) fn meta_too_large(status: u16) -> Self {
        Self::mirror(MirrorFailureKind::Refused, "meta_too_large", META_TOO_LARGE, None, Some(status))
    }

    /// The rule cannot be applied to this request; the origin is not asked.
    pub(super) fn refused(reason: &'static str) -> Self {
        Self::mirror(MirrorFailureKind::Refused, reason, CHECK_CONFIGURATION, None, None)
    }

    /// The fill's task ended without a verdict: a panic, or a dropped runtime.
    pub(super) fn vanished() -> Self {
        Self::mirror(MirrorFailureKind::Refused, "vanished", BODY_LOST, Some(LIMIT_RETRY_AFTER), None)
    }

    /// The server stops before the fill ended.
    pub(super) fn shutdown() -> Self {
        Self::mirror(MirrorFailureKind::Refused, "shutdown", BODY_LOST, Some(LIMIT_RETRY_AFTER), None)
    }

    /// All clients left and more remains than may be fetched without them, or than can be stored.
    pub(super) fn abandoned() -> Self {
        Self::mirror(MirrorFailureKind::Refused, ABANDONED, BODY_LOST, Some(LIMIT_RETRY_AFTER), None)
    }

    /// The origin's object is not the one that the fill began with.
    pub(super) fn changed(status: u16) -> Self {
        let again = Some(TRANSIENT_RETRY_AFTER);
        let failure = Self::mirror(MirrorFailureKind::Answer, "object_changed", BODY_LOST, again, Some(status));
        failure.then(Again::Here)
    }

    fn then(mut self, again: Again) -> Self {
        if let Self::Mirror(_, own) = &mut self {
            *own = again;
        }
        self
    }

    /// What may help before a client knows. `switches_on_all`: nearly every answer leads to the next origin
    /// (`MirrorSwitchAllErrors`). An origin that is left alone for a while does in any case.
    pub(super) fn again(&self, switches_on_all: bool) -> Again {
        match self {
            Self::Mirror(failure, Again::Never) if switches_on_all && failure.origin_status.is_some() => {
                Again::Elsewhere
            }
            Self::Mirror(failure, Again::Here) if switches_on_all && failure.origin_status.is_some() => Again::Anywhere,
            Self::Mirror(_, again) => *again,
            Self::Busy { limit: "breaker_open" | "origin_paused", .. } => Again::Elsewhere,
            Self::Busy { .. } | Self::Store(_) => Again::Never,
        }
    }

    fn mirror(
        kind: MirrorFailureKind,
        reason: &'static str,
        message: &str,
        retry_after: Option<Duration>,
        origin_status: Option<u16>,
    ) -> Self {
        let failure = MirrorFailure { kind, message: message.into(), retry_after, reason, origin_status };
        Self::Mirror(failure, Again::Never)
    }

    /// The retry budget of the origin is used up: the failure before this one stands.
    pub(super) fn over_budget() -> Self {
        Self::Busy { limit: RETRY_BUDGET, retry_after: LIMIT_RETRY_AFTER }
    }

    /// See [`Self::over_budget`].
    pub(super) fn is_over_budget(&self) -> bool {
        matches!(self, Self::Busy { limit: RETRY_BUDGET, .. })
    }

    /// Whether the connection was lost within the body: the rest may still be had.
    pub(super) fn is_loss(&self) -> bool {
        matches!(self.reason(), "body_broken" | "body_stalled" | "body_short" | "too_slow")
    }

    /// The reason code, for logs and metrics.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Mirror(failure, _) => failure.reason,
            Self::Busy { limit, .. } => limit,
            Self::Store(_) => "store",
        }
    }

    /// The failure as a client's answer.
    pub(super) fn to_error(&self) -> Error {
        match self {
            Self::Mirror(failure, _) => Error::MirrorFailed(Box::new(failure.clone())),
            Self::Busy { limit, retry_after } => Error::SlowDown { limit, retry_after: *retry_after },
            Self::Store(error) => Error::internal("begin a fill", Arc::clone(error)),
        }
    }
}

/// The vendor's message for a status that is not the object's.
fn wrong_status(status: u16) -> String {
    format!("Error status : {status} from mirror host, should return 200 OK.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirror(failure: Failure) -> MirrorFailure {
        match failure {
            Failure::Mirror(failure, _) => failure,
            other => panic!("not a mirror failure: {other:?}"),
        }
    }

    #[test]
    fn row_5_unreachable_origins_read_the_same_whatever_the_cause() {
        let text = || "10.0.0.1 refused".into();
        for (error, transient) in [
            (OriginError::Connect(text()), true),
            (OriginError::ConnectTimeout, true),
            (OriginError::FirstByteTimeout, true),
            (OriginError::NameResolution(text()), true),
            (OriginError::NameNotFound(text()), false),
            (OriginError::Tls(text()), false),
            (OriginError::BadResponse(text()), false),
        ] {
            let failure = mirror(Failure::no_answer(&error));
            assert_eq!(failure.kind, MirrorFailureKind::Unreachable, "{error}");
            assert_eq!(&*failure.message, NO_ANSWER, "{error}");
            assert_eq!(failure.retry_after.is_some(), transient, "{error}");
        }
        let forbidden = mirror(Failure::no_answer(&OriginError::ForbiddenAddress(text())));
        assert_eq!(forbidden.kind, MirrorFailureKind::ForbiddenAddress);
        assert!(!forbidden.message.contains("10.0"), "addresses stay inside");
    }

    #[test]
    fn row_4_transient_statuses_carry_retry_after() {
        let now = Timestamp::from_seconds(784_111_777);
        let mut headers = HeaderMap::new();
        for permanent in [204, 205, 304, 400, 401, 403, 416, 418, 451] {
            assert_eq!(mirror(Failure::status(permanent, &headers, now)).retry_after, None, "{permanent}");
        }
        for transient in [429, 500, 502, 503, 504] {
            assert_eq!(mirror(Failure::status(transient, &headers, now)).retry_after, Some(TRANSIENT_RETRY_AFTER));
        }
        for (value, seconds) in [("7", 7), ("9999", 60), ("Sun, 06 Nov 1994 08:49:47 GMT", 10), ("x", 5)] {
            headers.insert(http::header::RETRY_AFTER, value.parse().unwrap());
            let failure = mirror(Failure::status(503, &headers, now));
            assert_eq!(failure.retry_after, Some(Duration::from_secs(seconds)), "{value}");
            assert_eq!(&*failure.message, "Error status : 503 from mirror host, should return 200 OK.");
        }
    }
}
