//! Lifecycle rules: kept with the bucket, and carried out by a walk.
//!
//! Guarantees: what a walk removes is judged again under the key's commit lock, so that a write which came meanwhile stays;
//! one walk runs at a time, at most half of the time, and a stopped one goes on where it was.
//!
//! How: `walk` goes through the buckets that have rules, page by page; `progress` remembers the place on the disk;
//! `counters` tell the metrics what was done.
//!
//! Deliberately not here: what a rule covers and when it is due ([`headwater_model::lifecycle`]), and transitions, which
//! have no effect. What a rule removes leaves no tombstone (decisions, row 21): a mirror rule may fetch it again.

mod counters;
mod progress;
mod versions;
mod walk;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use headwater_model::lifecycle::{DayLength, LifecycleConfiguration};
use headwater_model::reply::Reply;
use headwater_model::{BucketName, Error, Result};

use crate::engine::Engine;

pub use counters::LifecycleCounters;
use progress::Progress;
use walk::Walk;

/// How many walks begin on a day: hourly on real ones, whose rules end at midnight.
const WALKS_PER_DAY: u32 = 24;
/// The least time from the begin of a walk to that of the next, however short a day is.
const MIN_INTERVAL: Duration = Duration::from_millis(250);
/// The least pause between walks, however long they take.
const MIN_PAUSE: Duration = Duration::from_millis(100);

/// How lifecycle rules are carried out.
#[derive(Clone, Debug)]
pub struct LifecycleConfig {
    /// How long a day lasts.
    pub day: DayLength,
    /// Where the place of a running walk is remembered; `None`: nowhere, so that every start begins anew.
    pub progress: Option<PathBuf>,
}

impl Engine {
    /// Carries out the rules of all buckets, walk after walk, for as long as it is polled. To be run once at a time, by
    /// whoever owns the store; it can be dropped at any moment.
    pub async fn keep_lifecycles(&self, config: &LifecycleConfig) {
        let interval = interval(config.day);
        loop {
            let began = self.clock.elapsed();
            self.walk_lifecycles(config).await;
            let took = self.clock.elapsed().saturating_sub(began);
            // From begin to begin, so that walks do not drift by their length.
            self.clock.sleep(interval.saturating_sub(took).max(MIN_PAUSE)).await;
        }
    }

    /// Carries out the rules of all buckets once, or what is left of a walk that was stopped.
    pub async fn walk_lifecycles(&self, config: &LifecycleConfig) {
        let progress = Progress::load(config.progress.clone()).await;
        Walk::new(self, config.day, progress).run().await;
    }

    /// What lifecycle rules have done since the start.
    pub fn lifecycle_counters(&self) -> &LifecycleCounters {
        &self.lifecycle
    }

    pub(crate) fn get_bucket_lifecycle(&self, bucket: &BucketName) -> Result<Reply> {
        let rules = self.known(bucket)?.bucket.configuration.lifecycle.clone();
        rules.map(Reply::Lifecycle).ok_or_else(|| Error::NoSuchLifecycle { bucket: bucket.as_str().into() })
    }

    pub(crate) async fn put_bucket_lifecycle(
        &self,
        bucket: &BucketName,
        rules: Option<LifecycleConfiguration>,
    ) -> Result<Reply> {
        self.change_bucket(bucket, |bucket| bucket.configuration.lifecycle = rules.map(Arc::new)).await
    }
}

fn interval(day: DayLength) -> Duration {
    (Duration::from_secs(day.seconds()) / WALKS_PER_DAY).max(MIN_INTERVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_come_round_often_on_every_day() {
        assert_eq!(interval(DayLength::REAL), Duration::from_hours(1));
        assert_eq!(interval(DayLength::of_seconds(10)), Duration::from_secs(10) / 24);
        assert_eq!(interval(DayLength::of_seconds(1)), MIN_INTERVAL);
    }
}
