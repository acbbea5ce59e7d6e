//! The requests of buckets with logging, written down as objects of another bucket.
//!
//! Guarantees: a request is never delayed by its line; memory is bounded by [`MAX_PENDING_BYTES`], lines beyond it are dropped
//! and counted; a line is delivered at most [`MAX_DELAY`] after its request, and all of them when the server stops. What a crash
//! loses are the lines that were not delivered yet.
//!
//! How: lines gather in one batch for each bucket and hour; a task delivers batches that are old or large enough. A delivery
//! is no request, so that it never makes a line, whatever bucket it goes to.
//!
//! Deliberately not here: deliveries that are tried again. A batch whose target is gone is dropped and counted.

mod line;
mod name;
mod noted;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use headwater_model::BucketName;
use headwater_model::clock::Timestamp;
use headwater_model::logging::BucketLogging;
use tokio::sync::{Notify, watch};

use crate::service::Service;

pub(crate) use noted::{Noted, Outcome};

/// Most bytes of lines that wait for their delivery: some hundred thousand requests.
const MAX_PENDING_BYTES: usize = 32 << 20;
/// A batch of this size is delivered at once: larger objects are no easier to read.
const MAX_BATCH_BYTES: usize = 4 << 20;
/// When a batch is delivered at the latest. Both vendors promise hours.
const MAX_DELAY: Duration = Duration::from_mins(5);
/// How often it is looked for batches to deliver, while any line waits.
const TICK: Duration = Duration::from_secs(1);
/// Milliseconds of an hour.
const HOUR_MS: i64 = 3_600_000;

/// Lines that wait.
#[derive(Default)]
pub(crate) struct BucketLogs {
    pending: Mutex<Pending>,
    /// A line came.
    came: Notify,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Pending {
    /// By bucket and the hour of the requests.
    open: HashMap<(BucketName, i64), Batch>,
    /// To be delivered as soon as possible.
    ready: Vec<Batch>,
    size_bytes: usize,
}

/// Lines of one bucket in one hour.
struct Batch {
    source: BucketName,
    logging: Arc<BucketLogging>,
    /// Begin of the hour of the requests.
    hour: Timestamp,
    /// When the first line came, by the monotonic clock.
    since: Duration,
    lines: Vec<u8>,
}

impl BucketLogs {
    /// Lines dropped so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Keeps the line of a request that came `at`.
    fn push(&self, noted: &Noted, at: Timestamp, now: Duration, line: &str) {
        let mut pending = self.lock();
        if pending.size_bytes + line.len() > MAX_PENDING_BYTES {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        pending.size_bytes += line.len();
        let hour = at.0.div_euclid(HOUR_MS);
        let new = || Batch {
            source: noted.source.clone(),
            logging: noted.logging.clone(),
            hour: Timestamp(hour * HOUR_MS),
            since: now,
            lines: Vec::new(),
        };
        let place = (noted.source.clone(), hour);
        let batch = pending.open.entry(place.clone()).or_insert_with(new);
        let former = (batch.logging != noted.logging).then(|| std::mem::replace(batch, new()));
        batch.lines.extend_from_slice(line.as_bytes());
        let full = batch.lines.len() >= MAX_BATCH_BYTES;
        if full {
            let batch = pending.open.remove(&place);
            pending.ready.extend(batch);
        }
        pending.ready.extend(former);
        drop(pending);
        self.came.notify_one();
    }

    /// Ends when lines wait to be delivered.
    async fn any(&self) {
        while self.is_empty() {
            self.came.notified().await;
        }
    }

    fn is_empty(&self) -> bool {
        let pending = self.lock();
        pending.open.is_empty() && pending.ready.is_empty()
    }

    /// Takes what is to be delivered by now. It counts as pending until [`BucketLogs::released`].
    fn due(&self, now: Duration) -> Vec<Batch> {
        let mut pending = self.lock();
        let mut due = std::mem::take(&mut pending.ready);
        due.extend(pending.open.extract_if(|_, batch| batch.since + MAX_DELAY <= now).map(|(_, batch)| batch));
        due
    }

    /// Lines of this many bytes were delivered, or dropped.
    fn released(&self, size_bytes: usize) {
        self.lock().size_bytes -= size_bytes;
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    /// Delivers what is due, until the server drains. Not to be aborted: what a delivery has taken would be lost.
    pub(crate) async fn keep_bucket_logs(&self, mut drain: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = self.next_look() => self.deliver_bucket_logs(self.clock.elapsed()).await,
                () = drained(&mut drain) => return,
            }
        }
    }

    /// A tick after lines wait; never, where no bucket has logging.
    async fn next_look(&self) {
        self.bucket_logs.any().await;
        self.clock.sleep(TICK).await;
    }

    /// Delivers everything: the server stops.
    pub(crate) async fn finish_bucket_logs(&self) {
        self.deliver_bucket_logs(Duration::MAX).await;
    }

    async fn deliver_bucket_logs(&self, now: Duration) {
        for batch in self.bucket_logs.due(now) {
            let Batch { source, logging, hour, lines, .. } = batch;
            let (count, size_bytes) = (lines.split_inclusive(|byte| *byte == b'\n').count(), lines.len());
            let owner = self.engine.bucket(source.as_str()).map(|bucket| self.engine.owner_id(&bucket));
            let delivery = name::Delivery {
                owner: owner.as_deref().unwrap_or_default(),
                region: &self.addressing.region,
                source: source.as_str(),
                hour,
                now: self.clock.now(),
                unique: self.clock.id(),
            };
            let delivered = match delivery.key(&logging) {
                Ok(key) => self.engine.deliver_log(&source, &logging.target, key, Bytes::from(lines)).await,
                Err(error) => Err(error),
            };
            self.bucket_logs.released(size_bytes);
            if let Err(error) = delivered {
                self.bucket_logs.dropped.fetch_add(count as u64, Ordering::Relaxed);
                tracing::warn!(bucket = %source, target = %logging.target, count, %error, "a bucket's log was not delivered");
            }
        }
    }
}

async fn drained(drain: &mut watch::Receiver<bool>) {
    // A sender that is gone drains too.
    let _ = drain.wait_for(|drains| *drains).await;
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use headwater_model::bucket::Dialect;

    use super::*;

    fn noted(prefix: &str) -> Noted {
        let target = BucketName::parse("logs").expect("a name");
        let logging = BucketLogging { dialect: Dialect::S3, target, prefix: prefix.into(), key_format: None };
        Noted { logging: Arc::new(logging), source: BucketName::parse("bkt").expect("a name"), ..Noted::default() }
    }

    fn lines(batches: &[Batch]) -> Vec<(&str, &str)> {
        let mut found: Vec<_> = batches
            .iter()
            .map(|batch| (&*batch.logging.prefix, std::str::from_utf8(&batch.lines).expect("text")))
            .collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn batches_are_due_when_old_large_or_of_former_settings() {
        let logs = BucketLogs::default();
        let push =
            |prefix, at: i64, now, line: &str| logs.push(&noted(prefix), Timestamp(at), Duration::from_secs(now), line);
        push("a", 0, 10, "1\n");
        push("a", HOUR_MS - 1, 20, "2\n");
        push("a", HOUR_MS, 30, "3\n");
        assert!(logs.due(Duration::from_secs(309)).is_empty());
        assert_eq!(lines(&logs.due(Duration::from_secs(310))), [("a", "1\n2\n")]);
        push("b", HOUR_MS, 40, "4\n");
        assert_eq!(lines(&logs.due(Duration::from_secs(50))), [("a", "3\n")], "the settings changed");
        push("b", HOUR_MS, 50, &"x".repeat(MAX_BATCH_BYTES));
        assert_eq!(logs.due(Duration::from_mins(1)).len(), 1);
        assert!(logs.due(Duration::MAX).is_empty());
    }

    #[tokio::test]
    async fn nobody_looks_for_lines_before_one_comes() {
        let logs = BucketLogs::default();
        let push = || logs.push(&noted("a"), Timestamp(0), Duration::ZERO, "1\n");
        assert!(logs.any().now_or_never().is_none());
        tokio::join!(logs.any(), async { push() });
        assert!(logs.any().now_or_never().is_some(), "the line still waits");
        assert_eq!(logs.due(Duration::MAX).len(), 1);
        assert!(logs.any().now_or_never().is_none(), "nothing waits any more");
    }

    #[test]
    fn memory_is_bounded() {
        let logs = BucketLogs::default();
        let megabyte = "x".repeat(1 << 20);
        for _ in 0..40 {
            logs.push(&noted("a"), Timestamp(0), Duration::ZERO, &megabyte);
        }
        assert_eq!(logs.dropped(), 8);
        let due = logs.due(Duration::MAX);
        assert_eq!(due.len(), 8);
        for batch in &due {
            logs.released(batch.lines.len());
        }
        logs.push(&noted("a"), Timestamp(0), Duration::ZERO, &megabyte);
        assert_eq!(logs.dropped(), 8, "there is room again");
    }
}
