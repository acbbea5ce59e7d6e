//! The rows V of the crash table in `docs/storage.md`: versions of objects that succeed each other and are deleted.

mod support;

use headwater_model::version::{VersionId, VersionMarker, VersionQuery, Versioning};
use headwater_store::{Point, Store as _, StoredVersion, VersionRemoval};
use support::crash::{Crash, Left, crash_tests};
use support::{Opened, large, object_key, read_all};

/// A key whose newest version is `new`, over `old` and a null version, in a bucket whose versions are enabled.
async fn versioned(point: Point, old: &[u8], new: &[u8]) -> Crash {
    let crash = Crash::at(point).await;
    crash.opened.put("k", b"null").await;
    crash.opened.set_versioning(Versioning::Enabled).await;
    crash.opened.put("k", old).await;
    crash.opened.put("k", new).await;
    crash
}

async fn remove(opened: &Opened, version: VersionId) {
    let removed = opened.store.delete_version(&opened.bucket, &object_key("k"), VersionRemoval::of(version)).await;
    removed.expect("removed").expect("a version");
}

/// What a delete marker is told as.
const MARKER: &[u8] = b"(delete marker)";

/// Ids and bodies of the key's versions, the newest first.
async fn history(opened: &Opened) -> Vec<(VersionId, Vec<u8>)> {
    let query = VersionQuery { prefix: "".into(), delimiter: "".into(), after: VersionMarker::default(), limit: 1000 };
    let page = opened.store.list_versions(&opened.bucket, &query).await.expect("a page");
    let mut found = Vec::new();
    for listed in page.versions {
        let opened = opened.store.open_version(&opened.bucket, &listed.key, listed.version).await;
        found.push(match opened.expect("opened").expect("what is listed is there") {
            StoredVersion::Object(object) => (listed.version, read_all(&object).await.expect("readable")),
            StoredVersion::Marker(_) => (listed.version, bytes(MARKER)),
        });
    }
    found
}

async fn bodies(opened: &Opened) -> Vec<Vec<u8>> {
    history(opened).await.into_iter().map(|(_, body)| body).collect()
}

fn bytes(body: &[u8]) -> Vec<u8> {
    body.to_vec()
}

/// What is there after the next start, which ends well.
async fn holds(left: Left, expected: &[Vec<u8>]) {
    let opened = left.open().await;
    assert!(bodies(&opened).await == expected, "{:?} versions", bodies(&opened).await.len());
    let current = expected.first().filter(|body| *body != MARKER).cloned();
    assert!(opened.get("k").await == current);
    left.ends_well(opened).await;
}

/// The bodies that each test is made with: in the log and in files.
fn kinds() -> [(Vec<u8>, Vec<u8>, Vec<u8>); 2] {
    [(b"one".to_vec(), b"two".to_vec(), b"three".to_vec()), (large(1), large(2), large(3))]
}

crash_tests! {
    v1_a_version_succeeds_entry_not_written_or_torn {
        for (one, two, three) in kinds() {
            for (point, tear) in [(Point::BatchWrite, false), (Point::BatchWritten, true)] {
                let crash = versioned(point, &one, &two).await;
                crash.arm();
                crash.opened.put("k", &three).await;
                let left = if tear { crash.left().torn() } else { crash.left() };
                let is_file = three.len() > 100;
                // The file of the version that never was is the sweep's.
                let opened = if is_file { left.open_and_sweep().await } else { left.open().await };
                assert!(bodies(&opened).await == [bytes(&two), bytes(&one), bytes(b"null")]);
                left.ends_well(opened).await;
            }
        }
    }

    v2_a_version_succeeds_entry_synced {
        for (one, two, three) in kinds() {
            let crash = versioned(Point::BatchSynced, &one, &two).await;
            crash.arm();
            crash.opened.put("k", &three).await;
            holds(crash.left(), &[bytes(&three), bytes(&two), bytes(&one), bytes(b"null")]).await;
        }
    }

    v3_a_marker_is_made {
        for (point, made) in [(Point::BatchWrite, false), (Point::BatchSynced, true)] {
            let crash = versioned(point, b"one", &large(2)).await;
            crash.arm();
            crash.opened.delete("k").await;
            let versions = [bytes(MARKER), bytes(&large(2)), bytes(b"one"), bytes(b"null")];
            holds(crash.left(), if made { &versions } else { &versions[1..] }).await;
        }
    }

    v4_the_newest_version_is_deleted_another_is_current_again {
        for (one, two, _) in kinds() {
            for (point, gone) in [(Point::BatchWrite, false), (Point::BatchSynced, true)] {
                let crash = versioned(point, &one, &two).await;
                let newest = history(&crash.opened).await[0].0;
                crash.arm();
                remove(&crash.opened, newest).await;
                let versions = [bytes(&two), bytes(&one), bytes(b"null")];
                holds(crash.left(), if gone { &versions[1..] } else { &versions }).await;
            }
        }
    }

    v5_a_version_is_deleted_its_file_not_unlinked {
        let crash = versioned(Point::BatchSynced, &large(1), &large(2)).await;
        let older = history(&crash.opened).await[1].0;
        crash.arm();
        remove(&crash.opened, older).await;
        holds(crash.left(), &[bytes(&large(2)), bytes(b"null")]).await;
    }

    v6_the_sweep_leaves_files_of_versions {
        let crash = versioned(Point::BlobPersisted, &large(1), &large(2)).await;
        crash.opened.delete("k").await;
        crash.arm();
        crash.opened.put("k", &large(3)).await;
        let left = crash.left();
        let opened = left.open_and_sweep().await;
        assert!(bodies(&opened).await == [bytes(MARKER), bytes(&large(2)), bytes(&large(1)), bytes(b"null")]);
        left.ends_well(opened).await;
    }

    v7_versions_are_checkpointed_and_replayed {
        for point in [Point::CheckpointFrozen, Point::CheckpointSwept, Point::CheckpointApplied] {
            let crash = versioned(point, &large(1), b"two").await;
            crash.opened.delete("k").await;
            let marker = history(&crash.opened).await[0].0;
            remove(&crash.opened, marker).await;
            crash.opened.set_versioning(Versioning::Suspended).await;
            crash.opened.put("k", &large(4)).await;
            crash.arm();
            crash.close().await;
            holds(crash.left(), &[bytes(&large(4)), bytes(b"two"), bytes(&large(1))]).await;
        }
    }
}
