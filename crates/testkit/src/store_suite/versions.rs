//! Versions of a key: what writes and deletions make of them, and what is left when one of them goes.

use headwater_model::version::{VersionId, VersionKind, VersionMarker, Versioning};
use headwater_model::{Error, ObjectKey};
use headwater_store::{Afterwards, Amendment, Deleted, Expectation, RemovedVersion, StoredVersion, VersionRemoval};

use super::subject::{Subject, object_key, pattern, query, read_all, version_query};

/// The versions of a key, the newest first: bodies as text, `marker`, each with `null ` before it if it has no id. Only
/// the first is the latest, and `open` and `marker` agree with it.
async fn history(subject: &Subject, key: &str) -> Vec<String> {
    let page = subject.versions(&version_query(key, "", VersionMarker::default(), 1000)).await;
    let mut found = Vec::new();
    let versions: Vec<_> = page.versions.iter().filter(|version| version.key.as_str() == key).collect();
    for (at, listed) in versions.iter().enumerate() {
        assert_eq!(listed.is_latest, at == 0, "{key} {at}");
        let opened = subject.open_version(key, listed.version).await.expect("what is listed is there");
        let text = match opened {
            StoredVersion::Object(object) => {
                assert_eq!(object.meta.version, listed.version);
                assert_eq!(listed.object.as_ref().map(|listed| &listed.etag), Some(&object.meta.etag));
                if at == 0 {
                    assert_eq!(subject.open(key).await.map(|current| current.meta), Some(object.meta.clone()));
                }
                String::from_utf8(read_all(&object).await.to_vec()).expect("a text")
            }
            StoredVersion::Marker(marker) => {
                assert!(listed.object.is_none() && marker.last_modified == listed.last_modified);
                let newest = subject.store().marker(&subject.bucket(), &object_key(key)).await.expect("an answer");
                assert_eq!(newest == Some(marker), at == 0, "{key} {at}");
                "marker".to_owned()
            }
        };
        found.push(if listed.version == VersionId::Null { format!("null {text}") } else { text });
    }
    let is_current = versions.first().is_some_and(|version| version.object.is_some());
    assert_eq!(subject.open(key).await.is_some(), is_current, "{key}");
    if is_current || versions.is_empty() {
        assert_eq!(subject.store().marker(&subject.bucket(), &object_key(key)).await.expect("an answer"), None);
    }
    found
}

/// The id of a version by its place in the history.
async fn id(subject: &Subject, key: &str, at: usize) -> VersionId {
    let page = subject.versions(&version_query(key, "", VersionMarker::default(), 1000)).await;
    page.versions.iter().filter(|version| version.key.as_str() == key).nth(at).expect("so many versions").version
}

async fn remove(subject: &Subject, key: &str, at: usize) -> Option<VersionKind> {
    let version = id(subject, key, at).await;
    subject.remove_version(key, VersionRemoval::of(version)).await.expect("removed").map(|removed| removed.kind)
}

/// What is written in a bucket that never had versions is a null version, the only one.
pub async fn without_versions_there_is_one_null_version(subject: Subject) {
    let meta = subject.put("k", b"one").await;
    assert_eq!(meta.version, VersionId::Null);
    subject.put("k", b"two").await;
    assert_eq!(history(&subject, "k").await, ["null two"]);
    let unknown = VersionId::parse("00000000000000010000000000000000").expect("an id");
    assert!(subject.open_version("k", unknown).await.is_none());
    let removed = subject.remove_version("k", VersionRemoval::of(unknown)).await.expect("nothing to remove");
    assert_eq!(removed, None);
    let removed = subject.remove_version("k", VersionRemoval::of(VersionId::Null)).await.expect("removed");
    assert_eq!(removed, Some(RemovedVersion { kind: VersionKind::Object }));
    assert_eq!(history(&subject, "k").await, [""; 0]);
    assert_eq!(
        subject
            .store()
            .list_noncurrent(&subject.bucket(), &VersionMarker::default(), 10)
            .await
            .expect("a page")
            .versions,
        []
    );
}

/// While versions are enabled a write of any kind makes one, and keeps all before it.
pub async fn every_write_makes_a_version(mut subject: Subject) {
    subject.put("k", b"null").await;
    subject.set_versioning(Versioning::Enabled).await;
    let first = subject.put("k", b"first").await;
    let source = subject.open("k").await.expect("an object");
    let object = subject.multipart_object("00");
    let copied = subject.store().copy(source, subject.bucket(), object_key("k"), object, Expectation::Any).await;
    let upload = subject.create_upload("k").await;
    let part = subject.put_part("k", upload, 1, b"completed").await;
    let completed = subject.complete("k", upload, &[part], Expectation::Any).await.expect("completed");
    let versions = [first.version, copied.expect("copied").version, completed.version];
    assert!(versions.iter().all(|version| *version != VersionId::Null));
    assert!(versions[0] < versions[1] && versions[1] < versions[2], "greater is newer: {versions:?}");
    assert_eq!(history(&subject, "k").await, ["completed", "first", "first", "null null"]);
    assert_eq!(subject.keys().await, ["k"]);
    let stats = subject.store().stats();
    assert_eq!((stats.objects, stats.object_bytes, stats.versions, stats.version_bytes), (1, 9, 3, 14));
}

/// A deletion without a version makes a marker of nothing and of something; a marker is one version more.
pub async fn a_deletion_makes_a_marker(mut subject: Subject) {
    subject.put("k", b"null").await;
    subject.set_versioning(Versioning::Enabled).await;
    let delete = async |key: &str| {
        subject.store().delete(&subject.bucket(), &object_key(key), Afterwards::Gone).await.expect("deleted")
    };
    let deleted = delete("k").await;
    assert!(deleted.found && deleted.marker.is_some_and(|marker| marker != VersionId::Null));
    assert_eq!(history(&subject, "k").await, ["marker", "null null"]);
    assert_ne!(delete("k").await, deleted, "each has an id of its own");
    assert_eq!(history(&subject, "k").await, ["marker", "marker", "null null"]);
    let deleted = delete("never").await;
    assert!(!deleted.found && deleted.marker.is_some());
    assert_eq!(history(&subject, "never").await, ["marker"]);
    assert!(!subject.is_gone("k").await, "a marker needs no tombstone");
    subject.put("k", b"again").await;
    assert_eq!(history(&subject, "k").await, ["again", "marker", "marker", "null null"]);
    let unmet = headwater_model::precondition::ObjectCondition { size_bytes: Some(77), ..Default::default() };
    let key = object_key("none");
    let deleted = subject.store().delete_if(&subject.bucket(), &key, Afterwards::Gone, &unmet).await.expect("nothing");
    assert_eq!(deleted, Deleted::default());
    assert_eq!(history(&subject, "none").await, [""; 0], "nothing meets no condition");
    let key = object_key("never");
    let deleted = subject.store().delete_if(&subject.bucket(), &key, Afterwards::Gone, &unmet).await;
    assert!(matches!(deleted, Err(Error::PreconditionFailed { condition: "x-amz-if-match-size" })), "{deleted:?}");
    assert_eq!(history(&subject, "never").await, ["marker"], "a marker meets no condition");
}

/// While versions are suspended writes and deletions replace the null version, wherever it is.
pub async fn suspended_the_null_version_is_replaced(mut subject: Subject) {
    subject.put("k", b"one").await;
    subject.set_versioning(Versioning::Enabled).await;
    subject.put("k", b"made").await;
    subject.put("only made", b"made").await;
    subject.set_versioning(Versioning::Suspended).await;
    assert_eq!(history(&subject, "k").await, ["made", "null one"]);
    assert_eq!(subject.put("k", b"two").await.version, VersionId::Null);
    assert_eq!(history(&subject, "k").await, ["null two", "made"]);
    subject.put("k", b"three").await;
    assert_eq!(history(&subject, "k").await, ["null three", "made"]);
    subject.delete("k").await;
    assert_eq!(history(&subject, "k").await, ["null marker", "made"]);
    subject.delete("k").await;
    assert_eq!(history(&subject, "k").await, ["null marker", "made"]);
    subject.put("k", b"four").await;
    assert_eq!(history(&subject, "k").await, ["null four", "made"]);
    subject.delete("only made").await;
    assert_eq!(history(&subject, "only made").await, ["null marker", "made"]);
    subject.set_versioning(Versioning::Enabled).await;
    subject.put("k", b"five").await;
    assert_eq!(history(&subject, "k").await, ["five", "null four", "made"]);
    subject.put("only made", b"six").await;
    assert_eq!(history(&subject, "only made").await, ["six", "null marker", "made"]);
    subject.set_versioning(Versioning::Suspended).await;
    subject.delete("k").await;
    assert_eq!(history(&subject, "k").await, ["null marker", "five", "made"]);
    subject.put("only made", b"seven").await;
    assert_eq!(history(&subject, "only made").await, ["null seven", "six", "made"]);
}

/// A version that is deleted by its id is gone; the one before the newest is the newest again, and current if it is an
/// object.
pub async fn a_version_gives_way_to_the_one_before(mut subject: Subject) {
    subject.put("k", b"null").await;
    subject.set_versioning(Versioning::Enabled).await;
    for body in [&b"one"[..], b"two", b"three"] {
        subject.put("k", body).await;
    }
    assert_eq!(remove(&subject, "k", 1).await, Some(VersionKind::Object));
    assert_eq!(history(&subject, "k").await, ["three", "one", "null null"]);
    assert_eq!(remove(&subject, "k", 0).await, Some(VersionKind::Object));
    assert_eq!(history(&subject, "k").await, ["one", "null null"]);
    subject.delete("k").await;
    subject.delete("k").await;
    assert_eq!(remove(&subject, "k", 0).await, Some(VersionKind::Marker));
    assert_eq!(history(&subject, "k").await, ["marker", "one", "null null"]);
    assert_eq!(remove(&subject, "k", 0).await, Some(VersionKind::Marker));
    assert_eq!(history(&subject, "k").await, ["one", "null null"]);
    assert_eq!(remove(&subject, "k", 0).await, Some(VersionKind::Object));
    assert_eq!(history(&subject, "k").await, ["null null"]);
    subject.put("k", b"four").await;
    assert_eq!(history(&subject, "k").await, ["four", "null null"], "the null version moved back and forth");
    subject.delete("k").await;
    assert_eq!(remove(&subject, "k", 1).await, Some(VersionKind::Object));
    assert_eq!(history(&subject, "k").await, ["marker", "null null"]);
    assert_eq!(remove(&subject, "k", 1).await, Some(VersionKind::Object));
    assert_eq!(history(&subject, "k").await, ["marker"]);
    assert_eq!(remove(&subject, "k", 0).await, Some(VersionKind::Marker));
    assert_eq!(history(&subject, "k").await, [""; 0]);
    subject.store().delete_bucket(&subject.bucket()).await.expect("it is empty");
}

/// The last version leaves a tombstone if it is told to, and was an object.
pub async fn the_last_version_may_leave_a_tombstone(mut subject: Subject) {
    subject.set_versioning(Versioning::Enabled).await;
    let of = |version| VersionRemoval { afterwards: Afterwards::Gone, ..VersionRemoval::of(version) };
    let (one, two) = (subject.put("k", b"one").await.version, subject.put("k", b"two").await.version);
    subject.remove_version("k", of(two)).await.expect("removed");
    assert!(!subject.is_gone("k").await, "one is left");
    subject.remove_version("k", of(one)).await.expect("removed");
    assert!(subject.is_gone("k").await);
    subject.delete("marked").await;
    let marker = id(&subject, "marked", 0).await;
    subject.remove_version("marked", of(marker)).await.expect("removed");
    assert!(!subject.is_gone("marked").await);
}

/// A removal of a superseded version leaves it alone once it is current again, or was superseded anew.
pub async fn what_became_current_again_is_not_removed_as_superseded(mut subject: Subject) {
    subject.set_versioning(Versioning::Enabled).await;
    let (one, two) = (subject.put("k", b"one").await.version, subject.put("k", b"two").await.version);
    let page = subject.store().list_noncurrent(&subject.bucket(), &VersionMarker::default(), 10).await.expect("a page");
    let superseded = page.versions[0].superseded;
    assert!(page.versions[0].version == one && superseded.is_some());
    let removal = VersionRemoval { superseded, ..VersionRemoval::of(one) };
    subject.remove_version("k", VersionRemoval::of(two)).await.expect("removed");
    assert_eq!(subject.remove_version("k", removal.clone()).await.expect("left alone"), None);
    assert_eq!(history(&subject, "k").await, ["one"]);
    let another = superseded.map(|at| at.plus(std::time::Duration::from_secs(1)));
    subject.put("k", b"three").await;
    let wrong = VersionRemoval { superseded: another, ..removal };
    assert_eq!(subject.remove_version("k", wrong).await.expect("left alone"), None);
    assert_eq!(history(&subject, "k").await, ["three", "one"]);
}

/// Bodies of every kind are read by their version, also when they moved away and back.
pub async fn bodies_stay_with_their_versions(mut subject: Subject) {
    subject.set_versioning(Versioning::Enabled).await;
    let threshold = subject.fixture.threshold_bytes();
    let lengths = [0, 1, 100, threshold, threshold + 1, 200_000];
    let mut versions = Vec::new();
    for (at, length) in lengths.into_iter().enumerate() {
        versions.push(subject.put("k", &pattern(length, at as u64)).await);
    }
    let held = subject.open("k").await.expect("an object");
    subject.delete("k").await;
    subject.reopen().await;
    for (at, length) in lengths.into_iter().enumerate() {
        let Some(StoredVersion::Object(object)) = subject.open_version("k", versions[at].version).await else {
            panic!("version {at} is an object")
        };
        assert_eq!(object.meta, versions[at]);
        assert!(read_all(&object).await == pattern(length, at as u64), "version {at}");
    }
    // Each becomes current in turn.
    remove(&subject, "k", 0).await;
    for (at, length) in lengths.into_iter().enumerate().rev() {
        let body = subject.body("k").await.expect("an object");
        assert!(body == pattern(length, at as u64), "version {at}");
        remove(&subject, "k", 0).await;
    }
    drop(held);
    assert_eq!(subject.body("k").await, None);
}

/// A version is amended by its id, current or not; a marker and what is not there are no objects.
pub async fn versions_are_amended(mut subject: Subject) {
    subject.set_versioning(Versioning::Enabled).await;
    for body in [b"small".to_vec(), pattern(200_000, 1)] {
        let first = subject.put("k", &body).await.version;
        let second = subject.put("k", b"other").await.version;
        subject.delete("k").await;
        let tags = |value: &str| Amendment::Tags(vec![("colour".into(), value.into())]);
        for (version, value) in [(first, "red"), (second, "blue"), (first, "green")] {
            let meta = subject.amend_version("k", version, tags(value)).await.expect("amended");
            assert_eq!((meta.version, &*meta.tags[0].1), (version, value));
        }
        let Some(StoredVersion::Object(object)) = subject.open_version("k", first).await else { panic!("an object") };
        assert_eq!(&*object.meta.tags[0].1, "green");
        assert!(read_all(&object).await == body);
        let marker = id(&subject, "k", 0).await;
        assert_fails!(subject.amend_version("k", marker, tags("x")).await, Error::NoSuchVersion { .. });
        assert_fails!(subject.amend_version("k", VersionId::Null, tags("x")).await, Error::NoSuchVersion { .. });
        assert_fails!(subject.amend("k", tags("x")).await, Error::NoSuchKey { .. });
        remove(&subject, "k", 0).await;
        let meta = subject.amend("k", tags("current")).await.expect("amended");
        assert_eq!((meta.version, &*meta.tags[0].1), (second, "current"));
    }
}

/// A key that has any version is not filled, be it a marker; a grant from before does not commit.
pub async fn any_version_keeps_fills_away(mut subject: Subject) {
    subject.set_versioning(Versioning::Enabled).await;
    let grant = async |subject: &Subject, key: &str| {
        subject.store().begin_fill(&subject.bucket(), &object_key(key), 0).await.expect("an answer")
    };
    let token = grant(&subject, "k").await.expect("a grant");
    subject.delete("k").await;
    assert!(token.is_revoked() && grant(&subject, "k").await.is_none());
    let (writer, digests) = subject.finished(subject.intent("k"), b"filled").await;
    let sealed = writer.seal(subject.object(&digests), Expectation::Fill(token)).await;
    assert_fails!(sealed, Error::ObjectExists { .. });
    subject.set_versioning(Versioning::Suspended).await;
    assert!(grant(&subject, "k").await.is_none());
    let removed = remove(&subject, "k", 0).await;
    assert_eq!(removed, Some(VersionKind::Marker));
    let token = grant(&subject, "k").await.expect("there is no version any more");
    let unknown = VersionRemoval::of(VersionId::Null);
    assert_eq!(subject.remove_version("k", unknown).await.expect("nothing to remove"), None);
    assert!(token.is_revoked(), "a deletion revokes whatever it finds");
    let token = grant(&subject, "k").await.expect("a grant");
    let (writer, digests) = subject.finished(subject.intent("k"), b"filled").await;
    writer.seal(subject.object(&digests), Expectation::Fill(token)).await.expect("filled");
    assert_eq!(history(&subject, "k").await, ["null filled"]);
}

/// Conditions on the current object are not met by versions that are not.
pub async fn expectations_mean_the_current_object(mut subject: Subject) {
    subject.set_versioning(Versioning::Enabled).await;
    let first = subject.put("k", b"one").await;
    subject.put("k", b"two").await;
    let stale = subject.try_put("k", b"x", Expectation::ETag(first.etag.clone())).await;
    assert_fails!(stale, Error::PreconditionFailed { .. });
    assert_fails!(subject.try_put("k", b"x", Expectation::Absent).await, Error::ObjectExists { .. });
    subject.delete("k").await;
    assert_fails!(subject.try_put("k", b"x", Expectation::ETag(first.etag.clone())).await, Error::NoSuchKey { .. });
    subject.try_put("k", b"three", Expectation::Absent).await.expect("a marker is no object");
    assert_eq!(history(&subject, "k").await, ["three", "marker", "two", "one"]);
}

/// A bucket that holds a version, or a marker, is not empty; and one that had versions does not forget them.
pub async fn a_bucket_with_versions_stays(mut subject: Subject) {
    subject.set_versioning(Versioning::Enabled).await;
    subject.delete("k").await;
    assert_fails!(subject.store().delete_bucket(&subject.bucket()).await, Error::BucketNotEmpty { .. });
    let mut bucket = subject.bucket.clone();
    bucket.configuration.versioning = Versioning::Unversioned;
    assert_fails!(subject.store().update_bucket(bucket).await, Error::InvalidRequest { .. });
    remove(&subject, "k", 0).await;
    subject.store().delete_bucket(&subject.bucket()).await.expect("it is empty");
}

/// All versions are there again, in their order, and ids are not given twice.
pub async fn versions_survive_reopening(mut subject: Subject) {
    subject.put("k", b"null").await;
    subject.set_versioning(Versioning::Enabled).await;
    subject.put("k", b"one").await;
    subject.delete("k").await;
    let former = id(&subject, "k", 0).await;
    subject.reopen().await;
    assert_eq!(history(&subject, "k").await, ["marker", "one", "null null"]);
    let next = subject.put("k", b"two").await.version;
    assert!(next > former);
    subject.reopen().await;
    assert_eq!(history(&subject, "k").await, ["two", "marker", "one", "null null"]);
    let keys: Vec<ObjectKey> = subject.list(&query("", "", "", 10)).await.objects.into_iter().map(|o| o.key).collect();
    assert_eq!(keys, [object_key("k")]);
}
