//! The rows A and T of the crash table in `docs/storage.md`: objects that are appended to, and tags that are replaced.

mod support;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use headwater_model::clock::Clock;
use headwater_model::object::ObjectKind;
use headwater_store::{Amendment, Expectation, LocalConfig, NewObject, Point, Probe, Store as _};
use headwater_testkit::ManualClock;
use support::{Opened, announcing, assert_sound, config, copy_dir, cut_off, large, newest_segment, object_key};
use tempfile::TempDir;

/// Longest wait for the sweep; it takes a fraction of a second.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(1);

/// What a crash left.
struct Left {
    base: TempDir,
    clock: Arc<dyn Clock>,
}

impl Left {
    fn dir(&self) -> PathBuf {
        self.base.path().join("left")
    }

    fn torn(self) -> Self {
        cut_off(&newest_segment(&self.dir()), 5);
        self
    }

    /// The next start: the body and the tag of the object; then everything must be in order.
    async fn found(self) -> (Vec<u8>, Option<String>) {
        let opened = Opened::open(self.config()).await;
        self.judged(opened).await
    }

    /// As [`Left::found`], once the sweep has removed the `files` that no row names.
    async fn found_and_swept(self, files: usize) -> (Vec<u8>, Option<String>) {
        let (probe, swept) = announcing(Point::SweepUnlinked);
        let opened = Opened::open(LocalConfig { probe, ..self.config() }).await;
        let waited = tokio::task::spawn_blocking(move || (0..files).try_for_each(|_| swept.recv_timeout(PATIENCE)));
        waited.await.expect("waited").expect("the sweep finds the files");
        self.judged(opened).await
    }

    fn config(&self) -> LocalConfig {
        let mut config = config(self.base.path(), Arc::clone(&self.clock));
        config.dir = self.dir();
        config
    }

    async fn judged(self, opened: Opened) -> (Vec<u8>, Option<String>) {
        let body = opened.get("k").await.expect("an object");
        let meta = opened.store.open(&opened.bucket, &object_key("k")).await.expect("opened").expect("an object").meta;
        let tag = meta.tags.first().map(|(_, value)| value.to_string());
        assert_eq!(meta.size_bytes, body.len() as u64);
        opened.close().await;
        assert_sound(&self.dir(), &self.clock);
        (body, tag)
    }
}

/// Puts an object, and crashes at `point` of what is done next.
async fn crash<F: Future<Output = ()>>(point: Point, body: &[u8], change: impl FnOnce(Opened) -> F) -> Left {
    let base = tempfile::tempdir().expect("a directory");
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    let armed = Arc::new(AtomicBool::new(false));
    let mut config = config(base.path(), Arc::clone(&clock));
    let (from, to, trigger) = (config.dir.clone(), base.path().join("left"), Arc::clone(&armed));
    config.probe = Probe::new(move |reached| {
        if reached == point && trigger.swap(false, Ordering::AcqRel) {
            copy_dir(&from, &to);
        }
        Ok(())
    });
    let opened = Opened::open(config).await;
    opened.put("k", body).await;
    armed.store(true, Ordering::Release);
    change(opened.clone()).await;
    assert!(!armed.load(Ordering::Acquire), "the point is reached before the change is told");
    drop(opened);
    Left { base, clock }
}

const PIECE: &[u8] = b"piece";

async fn append(opened: Opened) {
    let (writer, object) = opened.finished("k", PIECE).await.expect("finished");
    let object = NewObject { kind: ObjectKind::Appendable, ..object };
    writer.seal_append(object, Expectation::Any).await.expect("appended");
}

async fn appending(point: Point) -> Left {
    crash(point, &large(1), append).await
}

fn longer() -> Vec<u8> {
    [&large(1)[..], PIECE].concat()
}

async fn tag(opened: Opened) {
    let amendment = Amendment::Tags(vec![("k".into(), "new".into())]);
    opened.store.amend(&opened.bucket, &object_key("k"), amendment.into()).await.expect("amended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a1_piece_persisted_its_entry_not_written() {
    for point in [Point::BlobPersisted, Point::BatchWrite] {
        assert!(appending(point).await.found_and_swept(1).await.0 == large(1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a2_append_entry_torn() {
    assert!(appending(Point::BatchWritten).await.torn().found_and_swept(1).await.0 == large(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a3_append_entry_synced() {
    for point in [Point::BatchSynced, Point::BatchPublished] {
        assert!(appending(point).await.found().await.0 == longer());
    }
}

/// As much as the log carries, so that the piece takes the body into a file.
fn full() -> Vec<u8> {
    vec![7; 64 << 10]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a4_small_body_grown_its_entry_not_written_or_torn() {
    // Too long for the log with the piece, there is a file of the body before and one of the piece.
    for (body, files) in [(b"small".to_vec(), 0), (full(), 2)] {
        let before = crash(Point::BatchWrite, &body, append).await.found_and_swept(files).await;
        let torn = crash(Point::BatchWritten, &body, append).await.torn().found_and_swept(files).await;
        assert!(before == (body.clone(), None) && torn == (body, None));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_small_body_grown_its_entry_synced() {
    for body in [b"small".to_vec(), full()] {
        for point in [Point::BatchSynced, Point::BatchPublished] {
            assert!(crash(point, &body, append).await.found().await.0 == [&body[..], PIECE].concat());
        }
    }
}

/// Files in a directory and all below it.
fn files_below(dir: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.map(|path| if path.is_dir() { files_below(&path) } else { 1 }).sum()
}

/// Pieces become one file before they are too many, and the former ones go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_pieces_become_one() {
    let base = tempfile::tempdir().expect("a directory");
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    let mut config = config(base.path(), Arc::clone(&clock));
    config.append_pieces = 3;
    let (dir, mut whole) = (config.dir.clone(), large(1));
    let opened = Opened::open(config).await;
    opened.put("k", &whole).await;
    for _ in 0..10 {
        append(opened.clone()).await;
        whole.extend_from_slice(PIECE);
        assert!(opened.get("k").await.expect("an object") == whole);
    }
    opened.clone().close().await;
    drop(opened);
    assert!(files_below(&dir.join("blobs")) <= 4, "one of the body before, three pieces at most");
    assert_sound(&dir, &clock);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t1_tags_entry_not_written_or_torn() {
    for body in [b"small".to_vec(), large(1)] {
        let before = crash(Point::BatchWrite, &body, tag).await.found().await;
        let torn = crash(Point::BatchWritten, &body, tag).await.torn().found().await;
        assert!(before == (body.clone(), None) && torn == (body, None));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t2_tags_entry_synced() {
    for body in [b"small".to_vec(), large(1)] {
        for point in [Point::BatchSynced, Point::BatchPublished] {
            assert!(crash(point, &body, tag).await.found().await == (body.clone(), Some("new".to_owned())));
        }
    }
}
