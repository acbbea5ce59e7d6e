//! A disk that is full is survived, a disk that lies is not.

mod support;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use headwater_model::Error;
use headwater_model::clock::Clock;
use headwater_model::version::{VersionId, VersionNumber, Versioning};
use headwater_store::{Expectation, FailStop, LocalConfig, Point, Probe, Store as _};
use headwater_testkit::ManualClock;
use support::{CLOSE_LIMIT, Opened, assert_sound, config, data_dir, large};
use tempfile::TempDir;

/// `ENOSPC` and `EIO` of Linux.
const ENOSPC: i32 = 28;
const EIO: i32 = 5;

/// A store one of whose steps fails while `failing` is set.
struct Failing {
    base: TempDir,
    clock: Arc<dyn Clock>,
    armed: Arc<AtomicBool>,
    stops: Arc<AtomicUsize>,
    config: LocalConfig,
}

impl Failing {
    fn new(point: Point, errno: i32) -> Self {
        let base = tempfile::tempdir().expect("a directory");
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
        let (armed, stops) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut config = config(base.path(), Arc::clone(&clock));
        let fails = Arc::clone(&armed);
        config.probe = Probe::new(move |reached| {
            if reached == point && fails.load(Ordering::Acquire) {
                return Err(io::Error::from_raw_os_error(errno));
            }
            Ok(())
        });
        let stopped = Arc::clone(&stops);
        config.fail_stop = FailStop::new(move |_, _| {
            stopped.fetch_add(1, Ordering::AcqRel);
        });
        Self { base, clock, armed, stops, config }
    }

    fn set_failing(&self, failing: bool) {
        self.armed.store(failing, Ordering::Release);
    }

    fn stops(&self) -> usize {
        self.stops.load(Ordering::Acquire)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_the_append_and_is_survived() {
    for point in [Point::BatchWrite, Point::SegmentCreate] {
        let failing = Failing::new(point, ENOSPC);
        let mut config = failing.config.clone();
        config.segment_bytes = 1;
        let opened = Opened::open(config).await;
        opened.put("old", b"old").await;
        failing.set_failing(true);
        assert!(matches!(opened.try_put("new", b"new", Expectation::Any).await, Err(Error::StorageFull)));
        assert!(matches!(opened.try_put("large", &large(1), Expectation::Any).await, Err(Error::StorageFull)));
        assert_eq!(opened.get("old").await.as_deref(), Some(b"old".as_slice()), "reads work");
        assert_eq!(opened.keys().await, ["old"]);
        failing.set_failing(false);
        opened.put("new", b"new").await;
        opened.clone().close().await;
        assert_eq!(failing.stops(), 0);
        drop(opened);
        assert_sound(&data_dir(failing.base.path()), &failing.clock);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_batch_takes_nothing_with_it() {
    let failing = Failing::new(Point::BatchWrite, ENOSPC);
    let opened = Opened::open(failing.config.clone()).await;
    failing.set_failing(true);
    let refused = opened.store.create_bucket(support::unborn_bucket("second")).await;
    assert!(matches!(refused, Err(Error::StorageFull)));
    assert!(matches!(opened.store.delete_bucket(&opened.bucket).await, Err(Error::StorageFull)));
    failing.set_failing(false);
    // Had the judgements stayed, the name would be taken and the bucket would be gone.
    opened.store.create_bucket(support::unborn_bucket("second")).await.expect("the name is free");
    opened.put("k", b"the bucket lives").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_write_or_sync_of_the_log_stops_the_store() {
    for point in [Point::BatchWrite, Point::BatchWritten] {
        let failing = Failing::new(point, EIO);
        let opened = Opened::open(failing.config.clone()).await;
        opened.put("old", b"old").await;
        failing.set_failing(true);
        opened.try_put("new", &large(1), Expectation::Any).await.expect_err("never acknowledged");
        assert_eq!(failing.stops(), 1, "stopped once, and nothing is tried again");
        failing.set_failing(false);
        opened.try_put("later", b"later", Expectation::Any).await.expect_err("no more writes");
        assert_eq!(opened.get("old").await.as_deref(), Some(b"old".as_slice()), "reads work");
        assert_eq!(opened.get("new").await, None);
        drop(opened);
        // What became of the write is for the next start to find out; whole it must be.
        let opened = Opened::open(failing.config.clone()).await;
        let found = opened.get("new").await;
        assert!(found.is_none() || found == Some(large(1)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_are_read_where_nothing_can_be_written() {
    let failing = Failing::new(Point::BatchWrite, EIO);
    let opened = Opened::open(failing.config.clone()).await;
    opened.set_versioning(Versioning::Enabled).await;
    opened.put("k", b"old").await;
    failing.set_failing(true);
    opened.try_put("k", b"new", Expectation::Any).await.expect_err("the log is stopped");
    let unknown = VersionId::Made(VersionNumber::MAX);
    let found = opened.store.open_version(&opened.bucket, &support::object_key("k"), unknown).await;
    assert!(found.expect("an answer").is_none(), "who reads waits for no writer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_checkpoint_stops_the_store_and_loses_nothing() {
    let failing = Failing::new(Point::CheckpointFrozen, EIO);
    let opened = Opened::open(failing.config.clone()).await;
    opened.put("k", b"v").await;
    failing.set_failing(true);
    opened.store.close(CLOSE_LIMIT).await.expect_err("not checkpointed");
    assert_eq!(failing.stops(), 1);
    assert_eq!(opened.get("k").await.as_deref(), Some(b"v".as_slice()));
    drop(opened);
    failing.set_failing(false);
    let opened = Opened::open(failing.config.clone()).await;
    assert_eq!(opened.get("k").await.as_deref(), Some(b"v".as_slice()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn below_the_reserve_bodies_are_refused_and_deletes_work() {
    let failing = Failing::new(Point::BatchWrite, ENOSPC);
    let opened = Opened::open(failing.config.clone()).await;
    opened.put("small", b"small").await;
    opened.put("large", &large(1)).await;
    drop(opened);
    let mut config = failing.config.clone();
    config.reserve_bytes = Some(u64::MAX);
    let opened = Opened::open(config).await;
    assert!(matches!(opened.try_put("k", b"v", Expectation::Any).await, Err(Error::StorageFull)));
    assert!(opened.delete("small").await && opened.delete("large").await);
    assert_eq!(opened.get("small").await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_commit_of_a_file_leaves_no_file() {
    let failing = Failing::new(Point::BatchWrite, ENOSPC);
    let opened = Opened::open(failing.config.clone()).await;
    opened.put("k", &large(1)).await;
    let refused = opened.try_put("k", &large(2), Expectation::Absent).await;
    assert!(matches!(refused, Err(Error::ObjectExists { .. })));
    failing.set_failing(true);
    assert!(matches!(opened.try_put("other", &large(3), Expectation::Any).await, Err(Error::StorageFull)));
    failing.set_failing(false);
    opened.delete("k").await;
    opened.clone().close().await;
    drop(opened);
    assert_sound(&data_dir(failing.base.path()), &failing.clock);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_whose_caller_goes_away_leaves_the_object_or_nothing() {
    let failing = Failing::new(Point::BatchWrite, ENOSPC);
    let opened = Opened::open(failing.config.clone()).await;
    for polls in 0..40 {
        let (writer, object) = opened.finished("k", &large(polls)).await.expect("finished");
        let mut sealing = writer.seal(object, Expectation::Any);
        for _ in 0..polls {
            if (&mut sealing).now_or_never().is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(sealing);
    }
    let found = opened.get("k").await;
    assert!(found.is_none_or(|body| (0..40).any(|polls| body == large(polls))), "never a mixture");
}
