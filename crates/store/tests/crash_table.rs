//! Every row of the crash table in `docs/storage.md`, a test each, named after it.
//!
//! A test lets a store work until it reaches a named point, copies its directory as a killed process would leave it,
//! opens the copy, and looks at what is seen and what is left on disk once the repairs are done.

mod support;

use std::fs;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use headwater_model::clock::Clock;
use headwater_store::{Afterwards, LocalConfig, Point, Probe, Store as _};
use headwater_testkit::ManualClock;
use support::crash::{Crash, Left, PATIENCE, TEAR_BYTES, crash_tests};
use support::{Opened, assert_sound, config, cut_off, large, newest_segment, unborn_bucket};

async fn small_put(point: Point) -> Left {
    let crash = Crash::at(point).await;
    crash.opened.put("k", b"old").await;
    crash.arm();
    crash.opened.put("k", b"new").await;
    crash.left()
}

/// The object is whole and one of `bodies`; nothing else is left.
async fn holds(left: Left, bodies: &[&[u8]]) {
    let opened = left.open().await;
    let found = opened.get("k").await.expect("an object");
    assert!(bodies.contains(&found.as_slice()), "{found:?}");
    left.ends_well(opened).await;
}

crash_tests! {
    p1_before_the_batch_is_written {
        holds(small_put(Point::BatchWrite).await, &[b"old"]).await;
    }

    p2_while_the_batch_is_written {
        holds(small_put(Point::BatchWritten).await.torn(), &[b"old"]).await;
    }

    p3_written_not_synced {
        holds(small_put(Point::BatchWritten).await, &[b"old", b"new"]).await;
    }

    p4_synced_not_acknowledged {
        holds(small_put(Point::BatchSynced).await, &[b"new"]).await;
    }

    p5_acknowledged_not_checkpointed {
        let crash = Crash::at(Point::BatchWrite).await;
        crash.opened.put("k", b"new").await;
        holds(crash.now(), &[b"new"]).await;
    }

    l1_while_the_body_is_written {
        let crash = Crash::at(Point::BatchWrite).await;
        let mut writer = crash.opened.store.begin(crash.opened.intent("k")).await.expect("a writer");
        writer.write(large(1).into()).await.expect("written");
        let left = crash.now();
        drop(writer);
        let opened = left.open_and_sweep().await;
        assert_eq!(opened.get("k").await, None);
        left.ends_well(opened).await;
    }

    l2_blob_persisted_entry_not_written {
        let crash = Crash::at(Point::BlobPersisted).await;
        crash.arm();
        crash.opened.put("k", &large(1)).await;
        let left = crash.left();
        let opened = left.open_and_sweep().await;
        assert_eq!(opened.get("k").await, None);
        left.ends_well(opened).await;
    }

    l3_large_entry_synced {
        let crash = Crash::at(Point::BatchSynced).await;
        crash.arm();
        crash.opened.put("k", &large(1)).await;
        holds(crash.left(), &[&large(1)]).await;
    }

    l4_replaced_file_not_unlinked {
        let crash = Crash::at(Point::BatchSynced).await;
        crash.opened.put("k", &large(1)).await;
        crash.arm();
        crash.opened.put("k", &large(2)).await;
        holds(crash.left(), &[&large(2)]).await;
    }

    m1_part_persisted_entry_not_written {
        let crash = Crash::at(Point::BlobPersisted).await;
        let upload = crash.opened.upload("k").await;
        crash.arm();
        crash.opened.put_part("k", upload, 1, b"part").await;
        let left = crash.left();
        let opened = left.open_and_sweep().await;
        let page = opened.store.parts(&opened.bucket, upload, 0, 10).await.expect("the upload is open");
        assert_eq!(page.parts, []);
        left.ends_well(opened).await;
    }

    m2_replaced_part_not_unlinked {
        let crash = Crash::at(Point::BatchSynced).await;
        let upload = crash.opened.upload("k").await;
        crash.opened.put_part("k", upload, 1, b"first").await;
        crash.arm();
        crash.opened.put_part("k", upload, 1, b"second").await;
        let left = crash.left();
        let opened = left.open().await;
        let page = opened.store.parts(&opened.bucket, upload, 0, 10).await.expect("the upload is open");
        assert_eq!(page.parts.iter().map(|part| part.size_bytes).collect::<Vec<_>>(), [6]);
        left.ends_well(opened).await;
    }

    m3_complete_entry_not_written {
        completion_undone(Point::BatchWrite, |left| left).await;
    }

    m4_complete_entry_torn {
        completion_undone(Point::BatchWritten, Left::torn).await;
    }

    m5_complete_unlisted_parts_not_unlinked {
        let (left, _) = completion(Point::BatchSynced).await;
        let opened = left.open().await;
        assert_eq!(opened.get("k").await.as_deref(), Some(b"onetwo".as_slice()));
        opened.store.delete_bucket(&opened.bucket).await.expect_err("it holds the object");
        assert!(opened.delete("k").await);
        opened.store.delete_bucket(&opened.bucket).await.expect("no upload is left");
        left.ends_well(opened).await;
    }

    m6_abort_files_not_unlinked {
        let crash = Crash::at(Point::BatchSynced).await;
        let upload = crash.opened.upload("k").await;
        crash.opened.put_part("k", upload, 1, b"part").await;
        crash.arm();
        let key = support::object_key("k");
        crash.opened.store.abort_upload(&crash.opened.bucket, &key, upload).await.expect("aborted");
        let left = crash.left();
        let opened = left.open().await;
        opened.store.parts(&opened.bucket, upload, 0, 10).await.expect_err("no upload");
        left.ends_well(opened).await;
    }

    d1_delete_entry_not_written_or_torn {
        holds(deletion(Point::BatchWrite).await, &[&large(1)]).await;
        holds(deletion(Point::BatchWritten).await.torn(), &[&large(1)]).await;
    }

    d2_delete_synced_file_not_unlinked {
        let left = deletion(Point::BatchSynced).await;
        let opened = left.open().await;
        assert_eq!(opened.get("k").await, None);
        left.ends_well(opened).await;
    }

    d3_deleted_file_unlinked_not_checkpointed {
        let crash = Crash::at(Point::CheckpointSwept).await;
        crash.opened.put("k", &large(1)).await;
        crash.opened.delete("k").await;
        crash.arm();
        crash.close().await;
        let left = crash.left();
        let opened = left.open().await;
        assert_eq!(opened.get("k").await, None);
        left.ends_well(opened).await;
    }

    t1_delete_with_tombstone_not_written_or_torn {
        for tear in [false, true] {
            let left = gone_for_good(if tear { Point::BatchWritten } else { Point::BatchWrite }).await;
            let left = if tear { left.torn() } else { left };
            let opened = left.open().await;
            assert_eq!(opened.get("k").await, Some(large(1)));
            assert!(!opened.is_gone("k").await);
            left.ends_well(opened).await;
        }
    }

    t2_delete_with_tombstone_synced {
        let left = gone_for_good(Point::BatchSynced).await;
        let opened = left.open().await;
        assert_eq!(opened.get("k").await, None);
        assert!(opened.is_gone("k").await);
        left.ends_well(opened).await;
    }

    t3_write_over_a_tombstone {
        for (point, written) in [(Point::BatchWrite, false), (Point::BatchSynced, true)] {
            let crash = Crash::at(point).await;
            crash.opened.delete_and("k", Afterwards::Gone).await;
            crash.arm();
            crash.opened.put("k", b"again").await;
            let left = crash.left();
            let opened = left.open().await;
            assert_eq!(opened.get("k").await, written.then(|| b"again".to_vec()));
            assert_eq!(opened.is_gone("k").await, !written);
            left.ends_well(opened).await;
        }
    }

    t4_bucket_with_tombstones_deleted_they_are_not_removed {
        let crash = Crash::at(Point::BatchSynced).await;
        crash.opened.delete_and("k", Afterwards::Gone).await;
        crash.arm();
        crash.opened.store.delete_bucket(&crash.opened.bucket).await.expect("deleted");
        let left = crash.left();
        // One look removes it, the next finds nothing.
        let opened = left.open_and_wait(Point::TombstonesPurge, 2).await;
        assert!(!opened.is_gone("k").await, "of another life");
        assert_eq!(opened.store.stats().tombstones, 0);
        left.ends_well(opened).await;
    }

    b1_create_bucket_not_written_or_torn {
        for (point, tear) in [(Point::BatchWrite, false), (Point::BatchWritten, true)] {
            let crash = Crash::at(point).await;
            crash.arm();
            crash.opened.store.create_bucket(unborn_bucket("second")).await.expect("a bucket");
            let left = if tear { crash.left().torn() } else { crash.left() };
            let opened = left.open().await;
            assert_eq!(opened.store.buckets().await.expect("buckets").len(), 1);
            left.ends_well(opened).await;
        }
    }

    b2_create_bucket_synced {
        let crash = Crash::at(Point::BatchSynced).await;
        crash.arm();
        crash.opened.store.create_bucket(unborn_bucket("second")).await.expect("a bucket");
        let left = crash.left();
        let opened = left.open().await;
        assert_eq!(opened.store.buckets().await.expect("buckets").len(), 2);
        left.ends_well(opened).await;
    }

    b3_bucket_deleted_and_made_anew {
        let crash = Crash::at(Point::BatchSynced).await;
        let former = crash.opened.bucket.clone();
        crash.opened.put("k", b"of the former life").await;
        crash.opened.delete("k").await;
        crash.opened.store.delete_bucket(&former).await.expect("deleted");
        crash.arm();
        crash.opened.store.create_bucket(unborn_bucket("photos")).await.expect("a bucket");
        let left = crash.left();
        let opened = left.open().await;
        assert!(opened.bucket.generation > former.generation);
        assert_eq!(opened.get("k").await, None);
        left.ends_well(opened).await;
    }

    c1_frozen_nothing_applied {
        checkpointing(Point::CheckpointFrozen).await;
    }

    c2_garbage_unlinked_not_applied {
        checkpointing(Point::CheckpointSwept).await;
    }

    c3_while_the_index_commits {
        // The index's own recovery is redb's; what is ours is that either of its states is good: the one before ...
        checkpointing(Point::CheckpointSwept).await;
        // ... and the one after.
        checkpointing(Point::CheckpointApplied).await;
    }

    c4_applied_overlay_not_dropped {
        checkpointing(Point::CheckpointApplied).await;
    }

    s1_segment_made_header_not_written {
        rolling(Point::SegmentCreated, |_| {}).await;
    }

    s2_segment_header_torn {
        rolling(Point::SegmentHeaderWritten, |left| cut_off(&newest_segment(&left.dir()), TEAR_BYTES)).await;
    }

    s3_segment_header_synced_no_entry {
        rolling(Point::SegmentHeaderSynced, |_| {}).await;
    }

    k1_some_entries_copied {
        compacting(Point::CompactionCopied).await;
    }

    k2_all_entries_copied_segment_not_unlinked {
        compacting(Point::CompactionUnlink).await;
    }

    k3_segment_unlinked_not_checkpointed {
        compacting(Point::CompactionUnlinked).await;
    }

    w1_while_the_sweep_runs {
        let crash = Crash::at(Point::BatchWrite).await;
        let mut writers = Vec::new();
        for key in ["a", "b"] {
            let mut writer = crash.opened.store.begin(crash.opened.intent(key)).await.expect("a writer");
            writer.write(large(1).into()).await.expect("written");
            writers.push(writer);
        }
        let left = crash.now();
        drop(writers);
        // A start that is dropped within its sweep, after the first file.
        let mut config = left.config();
        let (sweeping, swept) = mpsc::sync_channel(2);
        config.probe = Probe::new(move |point| {
            if point != Point::SweepUnlinked {
                return Ok(());
            }
            sweeping.send(()).expect("one file is swept");
            Err(std::io::ErrorKind::Interrupted.into())
        });
        let opened = Opened::open(config).await;
        tokio::task::spawn_blocking(move || swept.recv_timeout(PATIENCE).expect("a file is swept")).await.expect("waited");
        opened.put("k", b"makes a checkpoint").await;
        opened.close().await;
        let opened = left.open_and_sweep().await;
        left.ends_well(opened).await;
    }

    f1_directories_made_no_format {
        first_start(Point::LayoutDirectories).await;
    }

    f2_format_written_no_index {
        first_start(Point::LayoutFormat).await;
    }
}

async fn completion(point: Point) -> (Left, headwater_model::multipart::UploadId) {
    let crash = Crash::at(point).await;
    let opened = &crash.opened;
    let upload = opened.upload("k").await;
    let one = opened.put_part("k", upload, 1, b"one").await;
    let two = opened.put_part("k", upload, 2, b"two").await;
    opened.put_part("k", upload, 3, b"not listed").await;
    crash.arm();
    opened.complete("k", upload, &[one, two]).await;
    (crash.left(), upload)
}

async fn completion_undone(point: Point, damage: impl FnOnce(Left) -> Left) {
    let (left, upload) = completion(point).await;
    let left = damage(left);
    let opened = left.open().await;
    assert_eq!(opened.get("k").await, None);
    let page = opened.store.parts(&opened.bucket, upload, 0, 10).await.expect("the upload is open");
    assert_eq!(page.parts.len(), 3);
    left.ends_well(opened).await;
}

/// A large object whose delete is interrupted; the object itself is checkpointed.
async fn deletion(point: Point) -> Left {
    let crash = Crash::at(point).await;
    crash.opened.put("k", &large(1)).await;
    crash.arm();
    crash.opened.delete("k").await;
    crash.left()
}

/// A large object whose delete for good is interrupted.
async fn gone_for_good(point: Point) -> Left {
    let crash = Crash::at(point).await;
    crash.opened.put("k", &large(1)).await;
    crash.arm();
    crash.opened.delete_and("k", Afterwards::Gone).await;
    crash.left()
}

async fn checkpointing(point: Point) {
    let crash = Crash::at(point).await;
    crash.opened.put("gone", &large(1)).await;
    crash.opened.put("small", b"small").await;
    crash.opened.put("large", &large(2)).await;
    crash.opened.delete("gone").await;
    crash.arm();
    crash.close().await;
    let left = crash.left();
    let opened = left.open().await;
    assert_eq!(opened.keys().await, ["large", "small"]);
    assert_eq!(opened.get("small").await.as_deref(), Some(b"small".as_slice()));
    assert_eq!(opened.get("large").await, Some(large(2)));
    assert_eq!(opened.store.stats().objects, 2);
    assert_eq!(opened.store.stats().object_bytes, 200_005);
    left.ends_well(opened).await;
}

/// Segments so small that each batch fills one.
fn tiny_segments(config: &mut LocalConfig) {
    config.segment_bytes = 128;
}

async fn rolling(point: Point, damage: impl FnOnce(&Left)) {
    let crash = Crash::with(point, tiny_segments).await;
    crash.opened.put("a", b"1").await;
    crash.arm();
    crash.opened.put("b", b"2").await;
    let left = crash.left();
    damage(&left);
    let opened = left.open().await;
    assert_eq!(opened.keys().await, ["a"]);
    opened.put("c", b"3").await;
    assert_eq!(opened.keys().await, ["a", "c"]);
    left.ends_well(opened).await;
}

/// A log of which compaction takes segments, interrupted; nothing is lost, and a rebuild resurrects nothing.
async fn compacting(point: Point) {
    let crash = Crash::with(point, |config| config.segment_bytes = 16 << 10).await;
    // Each round replaces what the former wrote, keeps one object of its own and deletes another.
    for round in 0..40_u8 {
        for key in ["x", "y"] {
            crash.opened.put(key, &vec![round; 4 << 10]).await;
        }
        crash.opened.put(&format!("keep {round:02}"), &[round; 100]).await;
        crash.opened.put("passing", b"").await;
        crash.opened.delete("passing").await;
    }
    crash.arm();
    // A checkpoint falls due, compaction follows it, and nothing else happens while the directory is copied.
    crash.clock.advance(Duration::from_mins(1));
    let left = crash.left();
    let opened = left.open().await;
    let keys = opened.keys().await;
    assert_eq!(keys.len(), 42, "{keys:?}");
    for round in 0..40_u8 {
        assert_eq!(opened.get(&format!("keep {round:02}")).await, Some(vec![round; 100]));
    }
    assert_eq!(opened.get("x").await, Some(vec![39; 4 << 10]));
    opened.close().await;
    assert_sound(&left.dir(), &left.clock);
    let report = headwater_store::examine(&left.dir(), &left.clock, headwater_store::Treatment::Rebuild);
    assert!(report.expect("rebuilt").rebuilt);
    let opened = left.open().await;
    assert_eq!(opened.keys().await, keys);
    left.ends_well(opened).await;
}

/// A first start that is interrupted leaves a directory in which the next succeeds.
async fn first_start(point: Point) {
    let base = tempfile::tempdir().expect("a directory");
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    let mut config = config(base.path(), Arc::clone(&clock));
    config.probe = Probe::new(move |reached| {
        if reached == point {
            return Err(std::io::ErrorKind::Interrupted.into());
        }
        Ok(())
    });
    headwater_store::LocalStore::open(config.clone()).expect_err("interrupted");
    assert!(fs::read_dir(config.dir.join("log")).expect("made").next().is_none());
    config.probe = Probe::none();
    let opened = Opened::open(config).await;
    opened.put("k", b"v").await;
    opened.close().await;
    assert_sound(&support::data_dir(base.path()), &clock);
}
