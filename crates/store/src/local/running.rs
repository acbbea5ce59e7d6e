//! Blob writers at work, by the hour that their files are filed under: what a sweep after a crash has to look at.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use headwater_model::clock::Timestamp;

/// Hours since 1970-01-01T00Z.
pub(super) type Hour = u64;

/// The hour of a moment.
pub(super) fn hour_of(moment: Timestamp) -> Hour {
    u64::try_from(moment.seconds() / 3600).unwrap_or(0)
}

/// The beginning of an hour.
pub(super) fn beginning_of(hour: Hour) -> Timestamp {
    Timestamp::from_seconds(i64::try_from(hour).unwrap_or(i64::MAX / 3600).saturating_mul(3600))
}

/// How many files of which hour have no row yet: writers at work, and a sweep that is not finished.
#[derive(Debug, Default)]
pub(super) struct RunningWrites(Mutex<BTreeMap<Hour, usize>>);

/// One of them; dropped when its file has a row or is gone.
#[derive(Debug)]
pub(super) struct RunningWrite {
    running: Arc<RunningWrites>,
    hour: Hour,
}

impl RunningWrites {
    /// A file of this hour is about to be made.
    pub(super) fn begin(self: &Arc<Self>, hour: Hour) -> RunningWrite {
        *self.lock().entry(hour).or_default() += 1;
        RunningWrite { running: Arc::clone(self), hour }
    }

    /// The earliest hour that may hold a file without a row.
    pub(super) fn oldest(&self) -> Option<Hour> {
        self.lock().keys().next().copied()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Hour, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RunningWrite {
    fn drop(&mut self) {
        let mut running = self.running.lock();
        if let Some(count) = running.get_mut(&self.hour) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.hour);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_hour_is_that_of_the_oldest_writer() {
        let running = Arc::new(RunningWrites::default());
        assert_eq!(running.oldest(), None);
        let late = running.begin(9);
        let early = running.begin(7);
        let again = running.begin(7);
        drop(early);
        assert_eq!(running.oldest(), Some(7));
        drop(again);
        assert_eq!(running.oldest(), Some(9));
        drop(late);
        assert_eq!(running.oldest(), None);
    }

    #[test]
    fn hours_round_down() {
        assert_eq!(hour_of(Timestamp::from_seconds(7199)), 1);
        assert_eq!(beginning_of(1), Timestamp::from_seconds(3600));
        assert_eq!(hour_of(Timestamp::from_seconds(-5)), 0);
    }
}
