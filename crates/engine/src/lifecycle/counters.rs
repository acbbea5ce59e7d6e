//! What lifecycle rules have done since the start, for the metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts that only rise.
#[derive(Debug, Default)]
pub struct LifecycleCounters {
    walks: AtomicU64,
    objects: AtomicU64,
    versions: AtomicU64,
    uploads: AtomicU64,
    failures: AtomicU64,
}

/// One of the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// A walk over all buckets has ended.
    Walk,
    /// A current object ended.
    Object,
    /// A version that was not current, or a delete marker, ended.
    Version,
    /// An open upload ended.
    Upload,
    /// Something that was due could not be removed, or a bucket not be read; the next walk tries again.
    Failure,
}

impl LifecycleCounters {
    pub(crate) fn count(&self, done: Done) {
        self.of(done).fetch_add(1, Ordering::Relaxed);
    }

    fn of(&self, done: Done) -> &AtomicU64 {
        match done {
            Done::Walk => &self.walks,
            Done::Object => &self.objects,
            Done::Version => &self.versions,
            Done::Upload => &self.uploads,
            Done::Failure => &self.failures,
        }
    }

    fn get(&self, done: Done) -> u64 {
        self.of(done).load(Ordering::Relaxed)
    }

    /// Walks that have ended.
    pub fn walks(&self) -> u64 {
        self.get(Done::Walk)
    }

    /// Current objects that ended.
    pub fn objects(&self) -> u64 {
        self.get(Done::Object)
    }

    /// Versions that were not current, and delete markers, that ended.
    pub fn versions(&self) -> u64 {
        self.get(Done::Version)
    }

    /// Uploads that ended.
    pub fn uploads(&self) -> u64 {
        self.get(Done::Upload)
    }

    /// What could not be done; the next walk tries again.
    pub fn failures(&self) -> u64 {
        self.get(Done::Failure)
    }
}
