//! Compaction and versions: a small body outlives the row that it was written with, for as long as its version does.

mod support;

use std::sync::{Arc, mpsc};
use std::time::Duration;

use headwater_model::clock::Clock;
use headwater_model::version::{VersionId, Versioning};
use headwater_store::{LocalConfig, Point, Store as _, StoredVersion, Treatment, VersionRemoval, examine};
use headwater_testkit::ManualClock;
use support::{Opened, announcing, assert_sound, config, object_key, read_all};
use tempfile::TempDir;

/// Longest wait for the housekeeping thread; it takes a fraction of a second.
const PATIENCE: Duration = Duration::from_mins(1);
/// Keys that are followed through all of it.
const KEYS: usize = 6;

struct Compacting {
    _base: TempDir,
    clock: ManualClock,
    config: LocalConfig,
    unlinked: mpsc::Receiver<()>,
}

impl Compacting {
    fn new() -> Self {
        let base = tempfile::tempdir().expect("a directory");
        let clock = ManualClock::default();
        let mut config = config(base.path(), Arc::new(clock.clone()));
        config.segment_bytes = 16 << 10;
        let (probe, unlinked) = announcing(Point::CompactionUnlinked);
        config.probe = probe;
        Self { _base: base, clock, config, unlinked }
    }

    /// Writes what dies at once, so that all segments before are worth compacting, and waits until some were.
    async fn churn(self, opened: &Opened, segments: usize) -> Self {
        for _ in 0..24 {
            opened.put("passing", &[7; 4 << 10]).await;
            let passing = opened.store.open(&opened.bucket, &object_key("passing")).await;
            let version = passing.expect("opened").expect("an object").meta.version;
            remove(opened, "passing", version).await;
        }
        self.clock.advance(Duration::from_mins(1));
        let waited = tokio::task::spawn_blocking(move || {
            (0..segments).for_each(|_| self.unlinked.recv_timeout(PATIENCE).expect("a segment is compacted"));
            self
        });
        waited.await.expect("waited")
    }

    fn examined(&self, treatment: Treatment) {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let report = examine(&self.config.dir, &clock, treatment).expect("examined");
        assert!(report.is_sound(), "{report:?}");
    }
}

async fn remove(opened: &Opened, key: &str, version: VersionId) {
    let removal = VersionRemoval::of(version);
    let removed = opened.store.delete_version(&opened.bucket, &object_key(key), removal).await.expect("removed");
    assert!(removed.is_some());
}

async fn version(opened: &Opened, key: &str, version: VersionId) -> Vec<u8> {
    let opened = opened.store.open_version(&opened.bucket, &object_key(key), version).await;
    match opened.expect("opened").expect("a version") {
        StoredVersion::Object(object) => read_all(&object).await.expect("readable"),
        StoredVersion::Marker(_) => panic!("a marker"),
    }
}

async fn put(opened: &Opened, key: &str, body: &[u8]) -> VersionId {
    opened.put(key, body).await;
    opened.store.open(&opened.bucket, &object_key(key)).await.expect("opened").expect("an object").meta.version
}

/// The bodies of superseded versions are in segments whose rows are all dead: they move along, again and again, also when
/// the version is current anew; and a rebuild from what is left of the log finds them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_of_versions_move_along() {
    let compacting = Compacting::new();
    let opened = Opened::open(compacting.config.clone()).await;
    opened.set_versioning(Versioning::Enabled).await;
    let key = |n: usize| format!("k{n}");
    let mut versions = Vec::new();
    for n in 0..KEYS {
        let old = put(&opened, &key(n), format!("old {n}").as_bytes()).await;
        versions.push((old, VersionId::Null));
    }
    let compacting = compacting.churn(&opened, 2).await;
    // Superseded in another segment than the one that holds the body, half of them by a marker too.
    for (n, versions) in versions.iter_mut().enumerate() {
        versions.1 = put(&opened, &key(n), format!("new {n}").as_bytes()).await;
        if n % 2 == 0 {
            opened.delete(&key(n)).await;
        }
    }
    let compacting = compacting.churn(&opened, 4).await;
    let check = async |opened: &Opened, promoted: bool| {
        for (n, (old, new)) in versions.iter().enumerate() {
            assert_eq!(version(opened, &key(n), *old).await, format!("old {n}").as_bytes());
            if n % 2 == 0 || !promoted {
                assert_eq!(version(opened, &key(n), *new).await, format!("new {n}").as_bytes());
            }
        }
    };
    check(&opened, false).await;
    // The old ones of the other half are current again.
    for (n, (_, new)) in versions.iter().enumerate().filter(|(n, _)| n % 2 == 1) {
        remove(&opened, &key(n), *new).await;
        assert_eq!(opened.get(&key(n)).await, Some(format!("old {n}").into_bytes()));
    }
    let compacting = compacting.churn(&opened, 4).await;
    check(&opened, true).await;
    opened.clone().close().await;
    drop(opened);
    compacting.examined(Treatment::CheckBodies);
    compacting.examined(Treatment::Rebuild);
    let opened = Opened::open(compacting.config.clone()).await;
    check(&opened, true).await;
    opened.clone().close().await;
    drop(opened);
    let clock: Arc<dyn Clock> = Arc::new(compacting.clock.clone());
    assert_sound(&compacting.config.dir, &clock);
    drop(compacting);
}
