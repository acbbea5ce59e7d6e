//! Tombstones on disk: bounded, moved by compaction, counted alike by the index and by a rebuild, cleared with their
//! bucket.

mod support;

use std::sync::Arc;
use std::time::Duration;

use headwater_model::Error;
use headwater_model::clock::Clock;
use headwater_store::{Afterwards, BucketRef, LocalStore, Point, Probe, Store as _, Treatment, examine};
use headwater_testkit::ManualClock;
use support::{Opened, announcing, assert_sound, config, data_dir, object_key, unborn_bucket};

/// Longest wait for the housekeeping thread; it takes a fraction of a second.
const PATIENCE: Duration = Duration::from_mins(1);
/// Size at which segments are rolled in the test of compaction.
const SEGMENT_BYTES: u64 = 16 << 10;
/// Hundreds of tombstones that are cleared: more than one entry takes.
const A_HUNDRED_DELETES: u64 = 12;

async fn is_refillable(opened: &Opened, key: &str) -> bool {
    let grant = opened.store.begin_fill(&opened.bucket, &object_key(key), 0).await.expect("an answer");
    grant.is_some()
}

#[tokio::test]
async fn deletes_of_nothing_are_bounded_and_deletes_of_objects_are_not() {
    let base = tempfile::tempdir().expect("a directory");
    let mut config = config(base.path(), Arc::new(ManualClock::default()));
    config.max_gone_per_bucket = 2;
    let opened = Opened::open(config.clone()).await;
    opened.put("object", b"1").await;
    opened.delete_and("a", Afterwards::Gone).await;
    opened.delete_and("b", Afterwards::Gone).await;
    let refused = opened.store.delete(&opened.bucket, &object_key("c"), Afterwards::Gone).await;
    assert!(matches!(refused, Err(Error::TooManyTombstones { limit: 2, .. })), "{refused:?}");
    assert!(!opened.is_gone("c").await);
    opened.delete_and("a", Afterwards::Gone).await;
    assert!(opened.delete_and("object", Afterwards::Gone).await, "what is there can always be deleted");
    assert!(opened.is_gone("object").await, "and does not come back");

    // The bound is kept over a restart, and room comes back by lifting and by writing.
    drop(opened);
    let opened = Opened::open(config).await;
    opened.store.lift_gone(&opened.bucket, &object_key("a")).await.expect("lifted");
    opened.store.delete(&opened.bucket, &object_key("c"), Afterwards::Gone).await.expect_err("still two");
    opened.put("b", b"2").await;
    opened.delete_and("c", Afterwards::Gone).await;
    assert!(opened.is_gone("c").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tombstones_move_with_compaction_and_a_rebuild_finds_them() {
    let base = tempfile::tempdir().expect("a directory");
    let clock = ManualClock::default();
    let mut config = config(base.path(), Arc::new(clock.clone()));
    config.segment_bytes = SEGMENT_BYTES;
    let (probe, unlinked) = announcing(Point::CompactionUnlinked);
    config.probe = probe;
    let opened = Opened::open(config.clone()).await;
    // The oldest segment: a put, what was deleted, and objects that die.
    opened.put("gone", b"must not come back").await;
    opened.delete_and("gone", Afterwards::Gone).await;
    opened.delete_and("never there", Afterwards::Gone).await;
    opened.delete_and("written", Afterwards::Gone).await;
    opened.delete_and("lifted", Afterwards::Gone).await;
    for n in 0..16 {
        opened.put(&format!("passing {n}"), &[n; SEGMENT_BYTES as usize / 16]).await;
    }
    opened.put("written", b"again").await;
    opened.store.lift_gone(&opened.bucket, &object_key("lifted")).await.expect("lifted");
    for n in 0..16 {
        opened.delete(&format!("passing {n}")).await;
    }
    for n in 0..16 {
        opened.put(&format!("newer {n}"), &[n; SEGMENT_BYTES as usize / 16]).await;
    }
    clock.advance(Duration::from_mins(1));
    tokio::task::spawn_blocking(move || unlinked.recv_timeout(PATIENCE).expect("a segment is compacted"))
        .await
        .expect("waited");
    drop(opened);

    config.probe = Probe::none();
    let shared: Arc<dyn Clock> = Arc::new(clock);
    let report = examine(&config.dir, &shared, Treatment::Rebuild).expect("examined");
    assert!(report.rebuilt && report.is_sound(), "{report:?}");
    let opened = Opened::open(config).await;
    for (key, gone) in [("gone", true), ("never there", true), ("written", false), ("lifted", false)] {
        assert_eq!(opened.is_gone(key).await, gone, "{key}");
        assert_eq!(is_refillable(&opened, key).await, key == "lifted", "{key}");
    }
    assert_eq!(opened.get("gone").await, None);
    opened.clone().close().await;
    drop(opened);
    assert_sound(&data_dir(base.path()), &shared);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tombstones_of_a_deleted_bucket_are_cleared_and_no_others() {
    let base = tempfile::tempdir().expect("a directory");
    let shared: Arc<dyn Clock> = Arc::new(ManualClock::default());
    let mut config = config(base.path(), Arc::clone(&shared));
    // The first store cannot clear them.
    config.probe = Probe::new(|point| match point {
        Point::TombstonesPurge => Err(std::io::ErrorKind::Other.into()),
        _ => Ok(()),
    });
    let opened = Opened::open(config.clone()).await;
    let other = opened.store.create_bucket(unborn_bucket("other")).await.expect("a bucket");
    let other = BucketRef::from(&other);
    // More than are cleared by one entry.
    for n in 0..A_HUNDRED_DELETES {
        let deletes = (0..100).map(|m| {
            let opened = opened.clone();
            async move { opened.delete_and(&format!("{n} {m}"), Afterwards::Gone).await }
        });
        futures_util::future::join_all(deletes).await;
    }
    opened.store.delete(&other, &object_key("k"), Afterwards::Gone).await.expect("deleted");
    assert_eq!(opened.store.stats().tombstones, 100 * A_HUNDRED_DELETES + 1);
    let (probe, cleared) = announcing(Point::TombstonesPurge);
    config.probe = probe;
    opened.store.delete_bucket(&opened.bucket).await.expect("empty but for tombstones");
    drop(opened);

    let store = LocalStore::open(config.clone()).expect("opens");
    let left = Arc::clone(&store);
    tokio::task::spawn_blocking(move || {
        while left.stats().tombstones > 1 {
            cleared.recv_timeout(PATIENCE).expect("they are cleared");
        }
    })
    .await
    .expect("waited");
    assert!(store.gone(&other, &object_key("k")).await.expect("an answer").is_some());
    store.close(support::CLOSE_LIMIT).await.expect("closed");
    drop(store);
    assert_sound(&data_dir(base.path()), &shared);
}
