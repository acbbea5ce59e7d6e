//! Announced lengths, limits, full disks, and disks that fail.

use std::fs::OpenOptions;
use std::process::Command;

use futures_util::FutureExt as _;
use headwater_model::Error;

use super::*;
use crate::contract::TailState;
use crate::local::blob::payload::PayloadDigest;
use crate::local::blob::spool::{EARLY_SYNC_BYTES, QUEUE_BYTES, Spool};

/// Where the test inside the small file system finds it.
const FULL_DISK_DIR: &str = "HEADWATER_TEST_FULL_DISK_DIR";

#[tokio::test]
async fn a_body_shorter_than_announced_is_incomplete() {
    let fixture = Fixture::new();
    let mut writer = fixture.begin(WriteOptions { content_length: Some(10), ..UNBOUNDED }).await;
    let tail = writer.tail();
    writer.write(Bytes::from_static(b"123456789")).await.expect("written");
    tail.changed(TailState::Growing(0)).await;
    assert!(matches!(writer.finish().await, Err(Error::IncompleteBody)));
    assert_eq!(tail.state(), TailState::Broken(9));
    assert!(matches!(writer.persist(note()).await, Err(Error::Internal { .. })), "nothing to persist");
}

#[tokio::test]
async fn a_body_longer_than_announced_or_allowed_is_too_large() {
    let fixture = Fixture::new();
    for options in [
        WriteOptions { content_length: Some(10), ..UNBOUNDED },
        WriteOptions { max_bytes: 10, ..UNBOUNDED },
        WriteOptions { max_bytes: 10, content_length: Some(10), ..UNBOUNDED },
    ] {
        let mut writer = fixture.begin(options).await;
        let tail = writer.tail();
        writer.write(Bytes::from_static(b"1234567890")).await.expect("just long enough");
        let more = writer.write(Bytes::from_static(b"1")).await;
        assert!(matches!(more, Err(Error::EntityTooLarge { size_bytes: 11, limit_bytes: 10 })), "{more:?}");
        assert!(matches!(tail.state(), TailState::Broken(_)));
        writer.finish().await.expect_err("broken");
    }
    let options = WriteOptions { max_bytes: 10, content_length: Some(11), ..UNBOUNDED };
    let refused = fixture.dir.create(draft("k"), options).await;
    assert!(matches!(refused, Err(Error::EntityTooLarge { size_bytes: 11, limit_bytes: 10 })));
}

/// A writer whose first bytes wait for a write ahead, as long as the spool is not told that it is over.
async fn held_writer(fixture: &Fixture, length: u64) -> (BlobWriter, Arc<Spool>) {
    let dir = Arc::clone(&fixture.dir);
    let made = tokio::task::spawn_blocking(move || dir.create_file()).await.expect("ran");
    let (new, file) = made.expect("a file");
    let path = fixture.dir.path(new.id);
    let spool = Spool::new(file, path, Arc::clone(&fixture.dir.chunks), (PayloadDigest::new(None, None), None));
    spool.begin_ahead(0..1).expect("a place");
    let options = WriteOptions { content_length: Some(length), ..UNBOUNDED };
    (BlobWriter::new(new, Arc::clone(&spool), (draft("k"), options), None), spool)
}

#[tokio::test]
async fn a_write_that_was_given_up_while_it_waited_counts_for_nothing() {
    let fixture = Fixture::new();
    let (mut writer, _spool) = held_writer(&fixture, 8).await;
    assert!(writer.write(Bytes::from_static(b"12345678")).now_or_never().is_none());
    assert!(matches!(writer.finish().await, Err(Error::IncompleteBody)));

    let (mut writer, spool) = held_writer(&fixture, 8).await;
    assert!(writer.write(Bytes::from_static(b"12345678")).now_or_never().is_none());
    spool.end_ahead(&(0..1), false);
    writer.write(Bytes::from_static(b"12345678")).await.expect("as if it came for the first time");
    assert_eq!(writer.finish().await.expect("whole").size_bytes, 8);
}

#[tokio::test]
async fn nothing_can_be_written_after_the_end() {
    let fixture = Fixture::new();
    let mut writer = fixture.begin(UNBOUNDED).await;
    let digests = writer.finish().await.expect("finished");
    assert!(matches!(writer.write(Bytes::from_static(b"x")).await, Err(Error::Internal { .. })));
    assert_eq!(writer.finish().await.expect("told again"), digests);
}

#[tokio::test]
async fn space_set_aside_does_not_show() {
    let fixture = Fixture::new();
    let mut writer = fixture.begin(WriteOptions { content_length: Some(1 << 20), ..UNBOUNDED }).await;
    let path = fixture.dir.path(writer.id());
    assert_eq!(std::fs::metadata(&path).expect("the file").len(), 0);
    writer.write(Bytes::from_static(b"x")).await.expect("written");
    writer.tail().changed(TailState::Growing(0)).await;
    assert_eq!(std::fs::metadata(&path).expect("the file").len(), 1);
}

#[tokio::test]
async fn an_announcement_beyond_the_disk_is_refused_before_the_first_byte() {
    let fixture = Fixture::new();
    let options = WriteOptions { content_length: Some(i64::MAX as u64 / 2), ..UNBOUNDED };
    assert!(matches!(fixture.dir.create(draft("k"), options).await, Err(Error::StorageFull)));
}

#[tokio::test]
async fn memory_for_waiting_bytes_is_bounded() {
    let fixture = Fixture::new();
    let mut writer = fixture.begin(UNBOUNDED).await;
    let piece = Bytes::from(vec![7; 100_000]);
    for _ in 0..200 {
        writer.write(piece.clone()).await.expect("written");
        assert!(writer.queued_bytes() <= QUEUE_BYTES);
    }
    let large = Bytes::from(vec![7; 10 << 20]);
    writer.write(large).await.expect("let in alone");
    assert_eq!(writer.finish().await.expect("finished").size_bytes, 20_000_000 + (10 << 20));
}

/// A writer whose bytes go to a device with the failure that a test wants.
async fn writer_onto(fixture: &Fixture, device: &str) -> BlobWriter {
    let dir = Arc::clone(&fixture.dir);
    let made = tokio::task::spawn_blocking(move || dir.create_file()).await.expect("ran");
    let (new, _) = made.expect("a file");
    let file = OpenOptions::new().read(true).write(true).open(device).expect("a device");
    let spool =
        Spool::new(file, device.into(), Arc::clone(&fixture.dir.chunks), (PayloadDigest::new(None, None), None));
    BlobWriter::new(new, spool, (draft("k"), UNBOUNDED), None)
}

#[tokio::test]
async fn a_disk_that_fills_up_is_storage_full_and_stays_so() {
    let fixture = Fixture::new();
    let mut writer = writer_onto(&fixture, "/dev/full").await; // every write is ENOSPC
    let tail = writer.tail();
    writer.write(Bytes::from_static(b"x")).await.expect("taken, not yet written");
    assert_eq!(tail.changed(TailState::Growing(0)).await, TailState::Broken(0));
    assert!(matches!(writer.write(Bytes::from_static(b"y")).await, Err(Error::StorageFull)));
    assert!(matches!(writer.finish().await, Err(Error::StorageFull)));
}

#[tokio::test]
async fn a_failed_sync_is_told_as_one() {
    let fixture = Fixture::new();
    let mut writer = writer_onto(&fixture, "/dev/zero").await; // takes writes, gives zeros, cannot sync
    writer.write(Bytes::from(vec![0; 1000])).await.expect("written");
    writer.finish().await.expect("no sync yet");
    let error = writer.persist(note()).await.expect_err("not durable");
    assert!(SyncFailed::is_cause_of(&error), "{error:?}");
    assert!(!SyncFailed::is_cause_of(&Error::StorageFull));
}

#[tokio::test]
async fn a_failed_early_sync_is_not_forgotten() {
    let fixture = Fixture::new();
    let mut writer = writer_onto(&fixture, "/dev/zero").await;
    let write = async {
        for _ in 0..=EARLY_SYNC_BYTES >> 20 {
            writer.write(Bytes::from(vec![0; 1 << 20])).await?;
        }
        writer.finish().await?;
        writer.settle().await
    };
    let error = write.await.expect_err("the early sync failed");
    assert!(SyncFailed::is_cause_of(&error), "{error:?}");
}

#[test]
fn a_small_disk_filled_to_the_brim_keeps_its_promises() {
    let mount = tempfile::tempdir().expect("a directory");
    // A mount of our own needs a name space of our own, so the test runs itself again inside one.
    let script = "mount -t tmpfs -o size=1m tmpfs \"$0\" && exec \"$@\"";
    let ran = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", script])
        .arg(mount.path())
        .arg(std::env::current_exe().expect("this test"))
        .args(["--exact", "local::blob::tests::lengths::inside_the_small_disk", "--ignored", "--nocapture"])
        .env(FULL_DISK_DIR, mount.path())
        .output()
        .expect("unshare of util-linux");
    let output = String::from_utf8_lossy(&ran.stdout);
    let errors = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && output.contains("1 passed"), "{output}\n{errors}");
}

#[test]
#[ignore = "runs inside a_small_disk_filled_to_the_brim_keeps_its_promises"]
fn inside_the_small_disk() {
    let root = std::path::PathBuf::from(std::env::var_os(FULL_DISK_DIR).expect("run by the other test"));
    let dir = BlobDir::open(root.join("blobs"), Arc::new(ManualClock::default())).expect("a blob directory");
    let run = async {
        let kept = body(300_000);
        let mut writer = dir.create(draft("kept"), UNBOUNDED).await.expect("a writer");
        write_pieces(&mut writer, &kept).await;
        writer.finish().await.expect("finished");
        let blob = writer.persist(note()).await.expect("persisted");

        let announced = WriteOptions { content_length: Some(2 << 20), ..UNBOUNDED };
        assert!(matches!(dir.create(draft("k"), announced).await, Err(Error::StorageFull)), "before any byte");

        let mut writer = dir.create(draft("k"), UNBOUNDED).await.expect("a writer");
        let tail = writer.tail();
        let write = async {
            for piece in body(2 << 20).chunks(50_000) {
                writer.write(Bytes::copy_from_slice(piece)).await?;
            }
            writer.finish().await
        };
        assert!(matches!(write.await, Err(Error::StorageFull)));
        let TailState::Broken(readable) = tail.state() else { panic!("{:?}", tail.state()) };
        let prefix = tail.read(0..readable.min(100_000)).await.expect("the written prefix stays readable");
        assert!(body(2 << 20).starts_with(&prefix) && !prefix.is_empty());

        // Reads and removals work while the disk is full.
        assert!(read_all(&content(&dir, &blob), 0..300_000).await == kept);
        assert!(dir.remove_blocking(blob.id).expect("removed"));
        drop((writer, tail));
    };
    // With the runtime ends the unlink of the abandoned file.
    tokio::runtime::Runtime::new().expect("a runtime").block_on(run);
    let again = async {
        let mut writer = dir.create(draft("again"), UNBOUNDED).await.expect("a writer");
        write_pieces(&mut writer, &body(700_000)).await;
        writer.finish().await.expect("finished");
        writer.persist(note()).await.expect("space is back");
    };
    tokio::runtime::Runtime::new().expect("a runtime").block_on(again);
}
