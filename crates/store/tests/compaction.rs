//! Compaction wins space back, loses nothing, and leaves a log from which a rebuild resurrects nothing.

mod support;

use std::sync::{Arc, mpsc};
use std::time::Duration;

use headwater_model::bucket::PublicAccessBlock;
use headwater_model::clock::Clock;
use headwater_model::origin::OriginId;
use headwater_model::settings::{OriginSettings, OriginUsage};
use headwater_store::{LocalConfig, Point, Store as _, Treatment, examine};
use headwater_testkit::ManualClock;
use support::{Opened, announcing, assert_sound, config};
use tempfile::TempDir;

/// Longest wait for the housekeeping thread; it takes a fraction of a second.
const PATIENCE: Duration = Duration::from_mins(1);
/// Size at which segments are rolled.
const SEGMENT_BYTES: u64 = 16 << 10;
/// Objects that fill a segment.
const A_SEGMENT_OF: usize = 16;

/// A store whose compactions can be waited for.
struct Compacting {
    base: TempDir,
    clock: ManualClock,
    config: LocalConfig,
    unlinked: mpsc::Receiver<()>,
}

impl Compacting {
    fn new() -> Self {
        let base = tempfile::tempdir().expect("a directory");
        let clock = ManualClock::default();
        let mut config = config(base.path(), Arc::new(clock.clone()));
        config.segment_bytes = SEGMENT_BYTES;
        let (probe, unlinked) = announcing(Point::CompactionUnlinked);
        config.probe = probe;
        Self { base, clock, config, unlinked }
    }

    /// Lets a checkpoint fall due and waits until compaction has unlinked a segment.
    async fn compact(self) -> Self {
        self.clock.advance(Duration::from_mins(1));
        let waited = tokio::task::spawn_blocking(move || {
            self.unlinked.recv_timeout(PATIENCE).expect("a segment is compacted");
            self
        });
        waited.await.expect("waited")
    }

    /// Makes the index anew from the log.
    fn rebuild(&self) {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let report = examine(&self.config.dir, &clock, Treatment::Rebuild).expect("examined");
        assert!(report.rebuilt && report.is_sound(), "{report:?}");
    }

    fn assert_sound(&self) {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        assert_sound(&self.config.dir, &clock);
        assert!(self.base.path().is_dir());
    }
}

/// Puts objects that fill a segment.
async fn fill(opened: &Opened, name: &str) {
    for n in 0..A_SEGMENT_OF {
        opened.put(&format!("{name} {n:02}"), &[n as u8; SEGMENT_BYTES as usize / A_SEGMENT_OF]).await;
    }
}

async fn empty(opened: &Opened, name: &str) {
    for n in 0..A_SEGMENT_OF {
        opened.delete(&format!("{name} {n:02}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delete_outlives_its_segment_while_an_older_put_is_on_disk() {
    let compacting = Compacting::new();
    let opened = Opened::open(compacting.config.clone()).await;
    // The oldest segment: the put that must not come back, among objects that keep the segment.
    opened.put("gone", b"must not come back").await;
    fill(&opened, "kept").await;
    // The next: its delete, among objects that die.
    opened.delete("gone").await;
    fill(&opened, "passing").await;
    empty(&opened, "passing").await;
    fill(&opened, "newer").await;
    let compacting = compacting.compact().await;
    drop(opened);
    compacting.rebuild();
    let opened = Opened::open(compacting.config.clone()).await;
    assert_eq!(opened.get("gone").await, None);
    assert_eq!(opened.keys().await.len(), 2 * A_SEGMENT_OF);
    opened.clone().close().await;
    drop(opened);
    compacting.assert_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_row_moves_along() {
    let compacting = Compacting::new();
    let opened = Opened::open(compacting.config.clone()).await;
    let upload = opened.upload("multipart").await;
    let part = opened.put_part("multipart", upload, 1, b"part").await;
    opened.put("small", b"small").await;
    opened.put("large", &support::large(1)).await;
    opened.put("empty", b"").await;
    let origin = OriginId::parse("https://origin.example/").expect("a valid url");
    let usage = OriginUsage { day: 20_000, day_bytes: 1, month: 657, month_bytes: 2 };
    opened.store.put_origin(&origin, OriginSettings::default()).await.expect("put");
    opened.store.put_origin_usage(vec![(origin.clone(), usage)]).await.expect("put");
    opened.store.put_public_access(PublicAccessBlock::ALL).await.expect("put");
    fill(&opened, "passing").await;
    empty(&opened, "passing").await;
    fill(&opened, "newer").await;
    let compacting = compacting.compact().await;
    drop(opened);
    compacting.rebuild();
    let opened = Opened::open(compacting.config.clone()).await;
    assert_eq!(opened.get("small").await.as_deref(), Some(b"small".as_slice()));
    assert_eq!(opened.get("large").await, Some(support::large(1)));
    assert_eq!(opened.get("empty").await, Some(Vec::new()));
    assert_eq!(opened.store.origins().await.expect("origins"), [(origin.clone(), OriginSettings::default())]);
    assert_eq!(opened.store.origin_usage().await.expect("usage"), [(origin, usage)]);
    assert_eq!(opened.store.public_access().await.expect("a block"), PublicAccessBlock::ALL);
    opened.complete("multipart", upload, &[part]).await;
    assert_eq!(opened.get("multipart").await.as_deref(), Some(b"part".as_slice()));
    opened.clone().close().await;
    drop(opened);
    compacting.assert_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_object_survives_its_segment_and_space_comes_back() {
    let compacting = Compacting::new();
    let opened = Opened::open(compacting.config.clone()).await;
    opened.put("read", b"as it was").await;
    let object = opened.store.open(&opened.bucket, &support::object_key("read")).await.expect("opened").expect("there");
    fill(&opened, "passing").await;
    empty(&opened, "passing").await;
    opened.delete("read").await;
    fill(&opened, "newer").await;
    let before = opened.store.stats().disk_bytes;
    let compacting = compacting.compact().await;
    assert_eq!(support::read_all(&object).await.expect("readable"), b"as it was");
    opened.clone().close().await;
    assert!(opened.store.stats().disk_bytes < before, "{before} before");
    drop(opened);
    compacting.assert_sound();
}
