//! The last fetches that failed, for operators who look.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use headwater_model::clock::Timestamp;

use super::failure::ABANDONED;
use super::observe::{FillOutcome, Report};

/// How many are kept: some pages of them, and 100 KiB at most with the longest keys.
const MAX_FAILURES: usize = 50;

/// A fetch that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedFill {
    /// When it ended.
    pub at: Timestamp,
    /// Bucket of the missing object.
    pub bucket: Box<str>,
    /// Its key.
    pub key: Box<str>,
    /// Host and port of the origin that was asked last, or the bucket of this server.
    pub origin: Box<str>,
    /// Status of its answer, if it answered.
    pub origin_status: Option<u16>,
    /// Reason code (docs/mirroring.md).
    pub reason: &'static str,
}

/// The last of them, oldest first.
#[derive(Debug, Default)]
pub(super) struct RecentFailures {
    last: Mutex<VecDeque<FailedFill>>,
}

impl RecentFailures {
    /// Keeps what failed; not what nobody waited for any more.
    pub(super) fn note(&self, report: &Report<'_>, at: Timestamp) {
        let FillOutcome::Failed(reason) = report.outcome else { return };
        if reason == ABANDONED {
            return;
        }
        let failed = FailedFill {
            at,
            bucket: report.bucket.into(),
            key: report.key.into(),
            origin: report.origin_host.into(),
            origin_status: report.origin_status,
            reason,
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == MAX_FAILURES {
            last.pop_front();
        }
        last.push_back(failed);
    }

    pub(super) fn all(&self) -> Vec<FailedFill> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
