//! What a fill tells the outside: events for metrics, one log line at its end.

use std::time::Duration;

use super::failure::{ABANDONED, Failure};
use super::tally::Tally;
use super::task::Env;

/// Reason of a HEAD that the origin answered.
pub(super) const HEAD_REQUEST: &str = "head_request";

/// How a fetch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillOutcome {
    /// Stored and visible.
    Committed,
    /// Served; a local write, a rule change or the bucket's end won.
    Superseded,
    /// Served and not stored, for the reason named.
    PassedThrough(&'static str),
    /// The origin has no such object.
    NotFound,
    /// The origin's own answer went to the client.
    Relayed,
    /// The object existed by the time the fill began, or its rule had changed: the origin was not asked.
    Obsolete,
    /// Nothing, or not the whole, was served, for the reason named.
    Failed(&'static str),
}

impl FillOutcome {
    /// A word for metrics and logs; one of a small fixed set.
    pub fn name(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Superseded => "superseded",
            Self::PassedThrough(_) => "passed_through",
            Self::NotFound => "not_found",
            Self::Relayed => "relayed",
            Self::Obsolete => "obsolete",
            Self::Failed(_) => "failed",
        }
    }

    /// The reason code, for outcomes that have one; one of a small fixed set.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::PassedThrough(reason) | Self::Failed(reason) => Some(reason),
            _ => None,
        }
    }
}

impl From<Result<FillOutcome, Failure>> for FillOutcome {
    fn from(result: Result<FillOutcome, Failure>) -> Self {
        result.unwrap_or_else(|failure| Self::Failed(failure.reason()))
    }
}

/// Watches all fills, for metrics. Called on the path of the data: implementations only count.
pub trait FillObserver: Send + Sync {
    /// A fetch began: a fill, a pass-through, or a HEAD of the origin.
    fn started(&self) {}

    /// A fetch ended.
    fn ended(&self, outcome: FillOutcome, duration: Duration) {
        let _ = (outcome, duration);
    }

    /// An origin answered with this status.
    fn origin_status(&self, status: u16) {
        let _ = status;
    }

    /// So many bytes of body came from an origin.
    fn origin_bytes(&self, size_bytes: u64) {
        let _ = size_bytes;
    }

    /// A miss was answered by what its origin had said shortly before: there is no such object.
    fn believed_absent(&self) {}

    /// A body whose connection was lost goes on.
    fn rescued(&self) {}

    /// A request joined a running fill.
    fn joined(&self) {}
}

/// Watches nothing.
impl FillObserver for () {}

/// What one fetch was, for its log line.
pub(super) struct Report<'a> {
    pub(super) bucket: &'a str,
    pub(super) key: &'a str,
    pub(super) origin_host: &'a str,
    pub(super) origin_status: Option<u16>,
    pub(super) size_bytes: u64,
    pub(super) duration: Duration,
    pub(super) outcome: FillOutcome,
}

impl Env {
    /// Tells everybody of the end of a fetch.
    pub(super) fn ended(&self, report: &Report<'_>, tally: &Tally) {
        self.observer.ended(report.outcome, report.duration);
        tally.count(report.outcome);
        self.failures.note(report, self.clock.now());
        report.log();
    }
}

/// The level of an event must be known when it is compiled.
macro_rules! event {
    ($level:ident, $report:expr) => {
        tracing::$level!(
            bucket = $report.bucket,
            key = $report.key,
            origin = $report.origin_host,
            origin_status = $report.origin_status,
            bytes = $report.size_bytes,
            duration_ms = $report.duration.as_millis() as u64,
            outcome = $report.outcome.name(),
            reason = $report.outcome.reason(),
            "fill ended"
        )
    };
}

impl Report<'_> {
    /// Failures are warnings, unless nobody was left to notice; what was not stored is of interest to the operator; the
    /// rest is routine, and so is a HEAD, which never stores.
    fn log(&self) {
        match self.outcome {
            FillOutcome::PassedThrough(HEAD_REQUEST) => event!(debug, self),
            FillOutcome::Failed(ABANDONED) | FillOutcome::Superseded | FillOutcome::PassedThrough(_) => {
                event!(info, self);
            }
            FillOutcome::Failed(_) => event!(warn, self),
            _ => event!(debug, self),
        }
    }
}
