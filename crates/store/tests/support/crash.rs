//! Crashes: a store works until it reaches a named point, its directory is copied as a killed process would leave it,
//! and the copy is opened.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use headwater_model::clock::Clock;
use headwater_store::{LocalConfig, Point, Probe, Store as _};
use headwater_testkit::ManualClock;
use tempfile::TempDir;

use super::{CLOSE_LIMIT, Opened, announcing, assert_sound, config, copy_dir, cut_off, newest_segment};

/// Longest wait for a background thread to get somewhere; it takes a fraction of a second.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// Bytes cut off a segment to tear its last frame.
pub(crate) const TEAR_BYTES: u64 = 5;

/// A store that will crash.
pub(crate) struct Crash {
    pub(crate) base: TempDir,
    pub(crate) clock: ManualClock,
    pub(crate) armed: Arc<AtomicBool>,
    pub(crate) copied: mpsc::Receiver<()>,
    pub(crate) opened: Opened,
}

/// What a crash left.
pub(crate) struct Left {
    pub(crate) base: TempDir,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Crash {
    /// A store that works and, once armed, crashes when it first comes to `point`.
    pub(crate) async fn at(point: Point) -> Self {
        Self::with(point, |_| {}).await
    }

    pub(crate) async fn with(point: Point, adjust: impl FnOnce(&mut LocalConfig)) -> Self {
        let base = tempfile::tempdir().expect("a directory");
        let clock = ManualClock::default();
        let armed = Arc::new(AtomicBool::new(false));
        let (copying, copied) = mpsc::sync_channel(1);
        let mut config = config(base.path(), Arc::new(clock.clone()));
        let (from, to, trigger) = (config.dir.clone(), base.path().join("left"), Arc::clone(&armed));
        config.probe = Probe::new(move |reached| {
            if reached == point && trigger.swap(false, Ordering::AcqRel) {
                copy_dir(&from, &to);
                copying.send(()).expect("the test waits for one crash");
            }
            Ok(())
        });
        adjust(&mut config);
        Self { opened: Opened::open(config).await, base, clock, armed, copied }
    }

    pub(crate) fn arm(&self) {
        self.armed.store(true, Ordering::Release);
    }

    /// Waits for the crash and ends the store that went on.
    pub(crate) fn left(self) -> Left {
        self.copied.recv_timeout(PATIENCE).expect("the point is reached");
        drop(self.opened);
        Left { base: self.base, clock: Arc::new(self.clock) }
    }

    /// Makes a checkpoint happen: a close always ends with one.
    pub(crate) async fn close(&self) {
        self.opened.store.close(CLOSE_LIMIT).await.expect("closed");
    }

    /// Crashes now.
    pub(crate) fn now(self) -> Left {
        copy_dir(&super::data_dir(self.base.path()), &self.base.path().join("left"));
        drop(self.opened);
        Left { base: self.base, clock: Arc::new(self.clock) }
    }
}

impl Left {
    pub(crate) fn dir(&self) -> PathBuf {
        self.base.path().join("left")
    }

    pub(crate) fn config(&self) -> LocalConfig {
        let mut config = config(self.base.path(), Arc::clone(&self.clock));
        config.dir = self.dir();
        config
    }

    /// Tears the last frame.
    pub(crate) fn torn(self) -> Self {
        cut_off(&newest_segment(&self.dir()), TEAR_BYTES);
        self
    }

    /// The next start.
    pub(crate) async fn open(&self) -> Opened {
        Opened::open(self.config()).await
    }

    /// The next start, until its sweep has removed a file.
    pub(crate) async fn open_and_sweep(&self) -> Opened {
        self.open_and_wait(Point::SweepUnlinked, 1).await
    }

    /// The next start, until it has come to `point` so many times.
    pub(crate) async fn open_and_wait(&self, point: Point, times: usize) -> Opened {
        let (probe, reached) = announcing(point);
        let config = LocalConfig { probe, ..self.config() };
        let opened = Opened::open(config).await;
        let waited = tokio::task::spawn_blocking(move || {
            (0..times).for_each(|_| reached.recv_timeout(PATIENCE).expect("the point is reached"));
        });
        waited.await.expect("waited");
        opened
    }

    /// The store ends in peace; then everything is in order, nothing is left over, and the index can be made anew.
    pub(crate) async fn ends_well(self, opened: Opened) {
        opened.close().await;
        assert_sound(&self.dir(), &self.clock);
    }
}

/// Tests that each run in a runtime of their own.
macro_rules! crash_tests {
    ($($(#[$doc:meta])* $name:ident $body:block)*) => {
        $($(#[$doc])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $name() $body)*
    };
}
pub(crate) use crash_tests;
