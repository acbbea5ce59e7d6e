//! Changes of stored objects that keep their body, additions to its end, and deletions with a condition.

use std::sync::Arc;

use headwater_model::Error;
use headwater_model::digest::ETag;
use headwater_model::object::{ObjectKind, SharedMeta, Tags};
use headwater_model::precondition::{ObjectCondition, TagCondition};
use headwater_model::version::{VersionId, VersionMarker, Versioning};
use headwater_store::{Afterwards, Amendment, Expectation, JudgedAmendment, NewObject, StoredVersion, VersionRemoval};

use super::subject::{Subject, object_key, pattern, version_query};

fn tags(text: &str) -> Tags {
    vec![("k".into(), text.into())]
}

fn matching(tag: &ETag) -> ObjectCondition {
    ObjectCondition { if_match: Some(TagCondition::OneOf(vec![tag.clone()])), ..ObjectCondition::default() }
}

/// Tags change, and nothing else; for bodies of either kind, as often as one likes, and for good.
pub async fn tags_are_replaced_and_nothing_else(mut subject: Subject) {
    let threshold = subject.fixture.threshold_bytes();
    for size in [0, 1, threshold, threshold + 1] {
        let body = pattern(size, 3);
        let written = subject.put("k", &body).await;
        for text in ["one", "two"] {
            let amended = subject.amend("k", Amendment::Tags(tags(text))).await.expect("amended");
            assert_eq!(amended.tags, tags(text));
            let mut expected = headwater_model::object::ObjectMeta::clone(&written);
            expected.tags = tags(text);
            assert_eq!(*amended, expected);
        }
        subject.reopen().await;
        assert_eq!(subject.open("k").await.expect("an object").meta.tags, tags("two"));
        assert!(subject.body("k").await.expect("an object") == body, "{size} bytes");
    }
    assert_fails!(subject.amend("missing", Amendment::Tags(tags("x"))).await, Error::NoSuchKey { .. });
    subject.put("k", b"written anew").await;
    assert_eq!(subject.open("k").await.expect("an object").meta.tags, Tags::new());
}

/// What was opened before keeps its body and its metadata.
pub async fn an_open_object_is_not_amended(subject: Subject) {
    subject.put("k", b"body").await;
    let before = subject.open("k").await.expect("an object");
    subject.amend("k", Amendment::Tags(tags("x"))).await.expect("amended");
    assert_eq!(before.meta.tags, Tags::new());
    assert_eq!(super::subject::read_all(&before).await, &b"body"[..]);
}

/// Whoever looked before he permitted an amendment amends what he looked at, and nothing that took its place.
pub async fn only_what_was_judged_is_amended(mut subject: Subject) {
    let amending = |text: &str, judged: &SharedMeta| JudgedAmendment {
        judged: Some(Arc::clone(judged)),
        ..Amendment::Tags(tags(text)).into()
    };
    let threshold = subject.fixture.threshold_bytes();
    for size in [0, threshold, threshold + 1] {
        let body = pattern(size, 3);
        let first = subject.put("k", &body).await;
        let second = subject.amend("k", amending("one", &first)).await.expect("amended");
        // The same object with other tags, on which a right may depend.
        assert_fails!(
            subject.amend("k", amending("two", &first)).await,
            Error::PreconditionFailed { condition: "If-Match" }
        );
        subject.reopen().await;
        let opened = subject.open("k").await.expect("an object").meta;
        assert_eq!(opened, second);
        subject.amend("k", amending("three", &opened)).await.expect("what is read is what is compared");
        subject.put("k", b"another").await;
        assert_fails!(subject.amend("k", amending("four", &second)).await, Error::PreconditionFailed { .. });
        let version = subject.open("k").await.expect("an object").meta.version;
        let amended = subject.amend_version("k", version, amending("five", &second)).await;
        assert_fails!(amended, Error::PreconditionFailed { .. });
        assert_eq!(subject.open("k").await.expect("an object").meta.tags, Tags::new());
    }
}

async fn append(subject: &Subject, key: &str, body: &[u8], expect: Expectation) -> headwater_model::Result<SharedMeta> {
    let (writer, digests) = subject.finished(subject.intent(key), body).await;
    let etag = ETag::from_text("appended");
    let object = NewObject { etag, kind: ObjectKind::Appendable, ..subject.object(&digests) };
    writer.seal_append(object, expect).await
}

/// The body grows by what is appended, wherever it is and wherever it will be; copies and readers of before have their own.
pub async fn a_body_grows_at_its_end(mut subject: Subject) {
    let threshold = subject.fixture.threshold_bytes();
    for (key, first) in [("none", 0), ("small", 1), ("full", threshold), ("large", threshold + 1)] {
        let first = pattern(first, 1);
        let mut whole = first.clone();
        let mut meta = subject.put(key, &first).await;
        let before = subject.open(key).await.expect("an object");
        for (step, size) in [0, 1, threshold - 1, 1, 70_000, threshold + 1, 2].into_iter().enumerate() {
            let piece = pattern(size, step as u64);
            meta = append(&subject, key, &piece, Expectation::ETag(meta.etag.clone())).await.expect("appended");
            whole.extend_from_slice(&piece);
            assert_eq!(meta.size_bytes, whole.len() as u64);
            let digests = crate::memory_store::digests::of(&whole, None);
            assert_eq!((meta.crc64, meta.md5, meta.kind), (digests.crc64, None, ObjectKind::Appendable));
            assert!(subject.body(key).await.expect("an object") == whole, "{key} after {size} bytes more");
        }
        assert!(super::subject::read_all(&before).await == first);
        subject.reopen().await;
        assert!(subject.body(key).await.expect("an object") == whole, "{key} opened again");
        assert_eq!(subject.open(key).await.expect("an object").meta, meta);
        assert!(subject.delete(key).await);
        assert!(subject.body(key).await.is_none());
    }
}

/// Nothing is appended to what is not there, or is another object by now.
pub async fn an_append_knows_its_object(subject: Subject) {
    assert_fails!(append(&subject, "k", b"x", Expectation::Any).await, Error::NoSuchKey { .. });
    let body = pattern(subject.fixture.threshold_bytes() + 1, 1);
    for body in [&b"small"[..], &body] {
        subject.put("k", body).await;
        let wrong = Expectation::ETag(ETag::from_text("other"));
        assert_fails!(append(&subject, "k", b"x", wrong).await, Error::PreconditionFailed { .. });
        assert!(subject.body("k").await.expect("an object") == body);
    }
}

/// An append is to the object as it is by then: its tags and its hold, and the version that it is.
pub async fn an_append_keeps_what_the_object_has(mut subject: Subject) {
    let large = subject.fixture.threshold_bytes() + 1;
    for body in [pattern(5, 1), pattern(large, 1)] {
        for versioning in [Versioning::Enabled, Versioning::Suspended] {
            subject.set_versioning(Versioning::Suspended).await;
            subject.put("k", b"the null version").await;
            subject.set_versioning(Versioning::Enabled).await;
            let first = subject.put("k", &body).await;
            subject.set_versioning(versioning).await;
            let (writer, digests) = subject.finished(subject.intent("k"), b"piece").await;
            subject.amend("k", Amendment::Tags(tags("meanwhile"))).await.expect("amended");
            let object = NewObject { kind: ObjectKind::Appendable, ..subject.object(&digests) };
            let meta = writer.seal_append(object, Expectation::ETag(first.etag.clone())).await.expect("appended");
            assert_eq!((meta.version, &meta.tags), (first.version, &tags("meanwhile")));
            assert!(subject.body("k").await.expect("an object") == [&body[..], b"piece"].concat());
            let Some(StoredVersion::Object(null)) = subject.open_version("k", VersionId::Null).await else {
                panic!("{versioning:?}: the null version is gone")
            };
            assert_eq!(super::subject::read_all(&null).await, &b"the null version"[..]);
            let versions = subject.versions(&version_query("k", "", VersionMarker::default(), 10)).await.versions;
            assert_eq!(versions.len(), 2, "an append makes no version");

            let (writer, digests) = subject.finished(subject.intent("k"), b"piece").await;
            subject.amend("k", Amendment::LegalHold(true)).await.expect("held");
            let object = NewObject { kind: ObjectKind::Appendable, ..subject.object(&digests) };
            assert_fails!(writer.seal_append(object, Expectation::Any).await, Error::ObjectLocked { .. });
            assert_eq!(subject.body("k").await.expect("an object").len(), body.len() + 5, "nothing was appended");
            subject.amend("k", Amendment::LegalHold(false)).await.expect("held no longer");
            for version in versions {
                subject.remove_version("k", VersionRemoval::of(version.version)).await.expect("removed");
            }
        }
    }
}

/// Of appends at one end one wins each time, and nothing of it is lost, also while tags are changed.
pub async fn appends_at_one_end_come_one_after_the_other(subject: Subject) {
    subject.put("k", b"").await;
    let appending = async |who: u8| {
        for step in 0..8 {
            loop {
                let before = subject.open("k").await.expect("an object").meta;
                let (writer, digests) = subject.finished(subject.intent("k"), &[who]).await;
                let etag = ETag::from_text(&format!("{who}-{step}-{}", before.size_bytes));
                let object = NewObject { etag, kind: ObjectKind::Appendable, ..subject.object(&digests) };
                match writer.seal_append(object, Expectation::ETag(before.etag.clone())).await {
                    Ok(_) => break,
                    Err(Error::PreconditionFailed { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    };
    let tagging = async {
        for step in 0..8 {
            subject.amend("k", Amendment::Tags(tags(&step.to_string()))).await.expect("amended");
        }
    };
    tokio::join!(appending(b'a'), appending(b'b'), tagging);
    let body = subject.body("k").await.expect("an object");
    let (ours, theirs): (Vec<u8>, Vec<u8>) = body.iter().partition(|byte| **byte == b'a');
    assert_eq!((ours, theirs), (vec![b'a'; 8], vec![b'b'; 8]));
    assert_eq!(subject.open("k").await.expect("an object").meta.tags, tags("7"));
}

/// A write judges what it replaces by every part of its condition.
pub async fn a_condition_holds_for_what_is_replaced(subject: Subject) {
    let any = || ObjectCondition { if_match: Some(TagCondition::Any), ..ObjectCondition::default() };
    let meets = |condition: ObjectCondition| Expectation::Meets(Arc::new(condition));
    assert_fails!(subject.try_put("k", b"x", meets(any())).await, Error::NoSuchKey { .. });
    let none = ObjectCondition { if_none_match: Some(TagCondition::Any), ..ObjectCondition::default() };
    let first = subject.try_put("k", b"first", meets(none.clone())).await.expect("sealed");
    assert_fails!(subject.try_put("k", b"x", meets(none)).await, Error::PreconditionFailed { .. });
    subject.try_put("k", b"second", meets(any())).await.expect("sealed");
    assert_fails!(subject.try_put("k", b"x", meets(matching(&first.etag))).await, Error::PreconditionFailed { .. });
    let other = ObjectCondition {
        if_none_match: Some(TagCondition::OneOf(vec![first.etag.clone()])),
        size_bytes: Some(6),
        ..ObjectCondition::default()
    };
    subject.try_put("k", b"third", meets(other.clone())).await.expect("sealed");
    assert_fails!(subject.try_put("k", b"x", meets(other)).await, Error::PreconditionFailed { .. });
    assert_eq!(subject.body("k").await.expect("an object"), &b"third"[..]);
}

/// A deletion with a condition deletes what meets it, and does nothing at all where nothing is.
pub async fn a_deletion_is_conditional(subject: Subject) {
    let meta = subject.put("k", b"body").await;
    let delete = async |key: &str, condition: ObjectCondition| {
        let (bucket, key) = (subject.bucket(), object_key(key));
        subject.store().delete_if(&bucket, &key, Afterwards::Gone, &condition).await
    };
    let wrong = [
        matching(&ETag::from_text("other")),
        ObjectCondition { size_bytes: Some(5), ..ObjectCondition::default() },
        ObjectCondition {
            last_modified: Some(headwater_model::clock::Timestamp::from_seconds(1)),
            ..ObjectCondition::default()
        },
    ];
    for condition in wrong {
        assert_fails!(delete("k", condition).await, Error::PreconditionFailed { .. });
        assert!(subject.body("k").await.is_some());
        assert!(!subject.is_gone("k").await);
    }
    let right =
        ObjectCondition { size_bytes: Some(4), last_modified: Some(meta.last_modified), ..matching(&meta.etag) };
    assert!(delete("k", right.clone()).await.expect("deleted").found);
    assert!(subject.body("k").await.is_none() && subject.is_gone("k").await);
    assert!(!delete("never", right).await.expect("nothing to delete").found);
    assert!(!subject.is_gone("never").await);
}
