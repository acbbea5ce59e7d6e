//! Tombstones: a key that was deleted on purpose is not filled again.

use std::sync::Arc;
use std::time::Duration;

use headwater_model::clock::Clock as _;
use headwater_model::{Error, ObjectKey};
use headwater_store::{Afterwards, BucketRef, Expectation, FillToken};

use super::subject::{Subject, bucket_named, object_key};

async fn grant(subject: &Subject, key: &str) -> Option<FillToken> {
    let rule_version = subject.bucket.rule_version;
    subject.store().begin_fill(&subject.bucket(), &object_key(key), rule_version).await.expect("an answer")
}

async fn tombstones(subject: &Subject, prefix: &str, after: &str, limit: usize) -> Vec<String> {
    let page = subject.tombstones(prefix, after, limit).await;
    page.into_iter().map(|(key, _): (ObjectKey, _)| key.as_str().to_owned()).collect()
}

/// A deletion on purpose leaves a tombstone, of an object and of nothing; an ordinary one leaves none.
pub async fn a_deletion_on_purpose_is_remembered(subject: Subject) {
    subject.put("k", b"body").await;
    assert!(subject.remove("k").await && !subject.remove("k").await);
    assert!(!subject.remove("never").await);
    assert!(subject.is_gone("k").await && subject.is_gone("never").await);
    subject.put("other", b"body").await;
    subject.delete("other").await;
    assert!(!subject.is_gone("other").await);
    assert_eq!(subject.body("k").await, None);
    subject.delete("k").await;
    assert!(subject.is_gone("k").await, "an ordinary deletion leaves a tombstone alone");
}

/// While a tombstone stands no fill is granted; a grant from before does not commit.
pub async fn what_is_gone_is_not_filled(subject: Subject) {
    let token = grant(&subject, "k").await.expect("a grant");
    subject.remove("k").await;
    assert!(token.is_revoked());
    let (writer, digests) = subject.finished(subject.intent("k"), b"filled").await;
    let sealed = writer.seal(subject.object(&digests), Expectation::Fill(token)).await;
    assert_fails!(sealed, Error::ObjectExists { .. });
    assert!(grant(&subject, "k").await.is_none());
    assert_eq!(subject.body("k").await, None);
}

/// A write of any kind ends the tombstone with its own commit.
pub async fn a_write_ends_a_tombstone(subject: Subject) {
    subject.put("source", b"source").await;
    for write in ["put", "copy", "complete"] {
        subject.remove("k").await;
        match write {
            "put" => drop(subject.put("k", b"local").await),
            "copy" => {
                let source = subject.open("source").await.expect("an object");
                let object = subject.multipart_object("00");
                let bucket = subject.bucket();
                let copied = subject.store().copy(source, bucket, object_key("k"), object, Expectation::Any).await;
                copied.expect("copied");
            }
            _ => {
                let upload = subject.create_upload("k").await;
                let part = subject.put_part("k", upload, 1, b"part").await;
                subject.complete("k", upload, &[part], Expectation::Any).await.expect("completed");
            }
        }
        assert!(!subject.is_gone("k").await, "{write}");
    }
    subject.remove("k").await;
    assert_fails!(
        subject.try_put("k", b"x", Expectation::ETag(headwater_model::digest::ETag::from_text("no"))).await,
        Error::NoSuchKey { .. }
    );
    assert!(subject.is_gone("k").await, "a refused write ends nothing");
}

/// A tombstone is lifted by hand; the key may be filled then.
pub async fn a_tombstone_is_lifted(subject: Subject) {
    subject.remove("k").await;
    let key = object_key("k");
    assert!(subject.store().lift_gone(&subject.bucket(), &key).await.expect("lifted"));
    assert!(!subject.store().lift_gone(&subject.bucket(), &key).await.expect("an answer"));
    assert!(!subject.is_gone("k").await);
    assert!(grant(&subject, "k").await.is_some());
}

/// Tombstones are listed in byte order, by prefix, page by page.
pub async fn tombstones_are_listed(subject: Subject) {
    for key in ["b", "a/2", "a/1", "a", "c"] {
        subject.remove(key).await;
    }
    subject.put("c", b"again").await;
    assert_eq!(tombstones(&subject, "", "", 10).await, ["a", "a/1", "a/2", "b"]);
    assert_eq!(tombstones(&subject, "a/", "", 10).await, ["a/1", "a/2"]);
    assert_eq!(tombstones(&subject, "", "a/1", 1).await, ["a/2"]);
    assert_eq!(tombstones(&subject, "a/", "b", 10).await, Vec::<String>::new());
}

/// Tombstones do not keep a bucket from being deleted, and die with it.
pub async fn tombstones_die_with_their_bucket(subject: Subject) {
    let store = subject.store();
    let bucket = store.create_bucket(bucket_named("other", &subject.clock)).await.expect("created");
    let (former, key) = (BucketRef::from(&bucket), object_key("k"));
    store.delete(&former, &key, Afterwards::Gone).await.expect("deleted");
    store.delete_bucket(&former).await.expect("a bucket with tombstones alone is empty");
    let bucket = store.create_bucket(bucket_named("other", &subject.clock)).await.expect("created again");
    let later = BucketRef::from(&bucket);
    assert!(store.gone(&later, &key).await.expect("an answer").is_none());
    assert!(store.gone(&former, &key).await.expect("an answer").is_none());
    assert!(store.list_gone(&later, "", "", 10).await.expect("a page").is_empty());
}

/// Tombstones are there when the store is opened again.
pub async fn tombstones_survive_reopening(mut subject: Subject) {
    subject.put("k", b"body").await;
    subject.remove("k").await;
    subject.remove("lifted").await;
    subject.store().lift_gone(&subject.bucket(), &object_key("lifted")).await.expect("lifted");
    subject.remove("written").await;
    subject.put("written", b"body").await;
    if subject.reopen().await {
        assert!(subject.is_gone("k").await);
        assert!(!subject.is_gone("lifted").await && !subject.is_gone("written").await);
        assert!(grant(&subject, "k").await.is_none());
    }
}

/// A tombstone tells when the key was deleted: the first time, if more deletions followed.
pub async fn the_first_deletion_is_remembered(subject: Subject) {
    let deleted = subject.clock.now();
    subject.remove("k").await;
    for _ in 0..2 {
        subject.clock.advance(Duration::from_secs(1));
        subject.remove("k").await;
    }
    assert_eq!(subject.tombstones("", "", 10).await, [(object_key("k"), deleted)]);
    assert_eq!(subject.store().stats().tombstones, 1);
    subject.put("k", b"again").await;
    assert_eq!(subject.store().stats().tombstones, 0);
    subject.clock.advance(Duration::from_secs(1));
    subject.remove("k").await;
    assert_eq!(subject.gone("k").await, Some(subject.clock.now()), "another life of the key");
}

/// However a write and a deletion meet: never both, never neither.
pub async fn a_write_and_a_deletion_leave_an_object_or_a_tombstone(subject: Subject) {
    let subject = Arc::new(subject);
    for round in 0..24 {
        let key = format!("round {round}");
        let writing = {
            let (subject, key) = (Arc::clone(&subject), key.clone());
            tokio::spawn(async move { subject.put(&key, b"local").await })
        };
        subject.remove(&key).await;
        writing.await.expect("no panic");
        let (body, gone) = (subject.body(&key).await, subject.gone(&key).await);
        assert!(body.is_some() != gone.is_some(), "round {round}: {body:?}, {gone:?}");
    }
}

/// The tombstones of a bucket that is deleted take no other bucket's with them, not even one's that is made meanwhile.
pub async fn the_end_of_a_bucket_leaves_the_tombstones_of_others(subject: Subject) {
    let (subject, key) = (Arc::new(subject), object_key("k"));
    subject.remove("k").await;
    let mut made = Vec::new();
    for round in 0..24 {
        let store = subject.store();
        let ending = store.create_bucket(bucket_named("ending", &subject.clock)).await.expect("created");
        store.delete(&BucketRef::from(&ending), &key, Afterwards::Gone).await.expect("deleted");
        let ended = {
            let (subject, ending) = (Arc::clone(&subject), BucketRef::from(&ending));
            tokio::spawn(async move { subject.store().delete_bucket(&ending).await })
        };
        let other = store.create_bucket(bucket_named(&format!("other-{round}"), &subject.clock)).await;
        let other = BucketRef::from(&other.expect("created"));
        store.delete(&other, &key, Afterwards::Gone).await.expect("deleted");
        ended.await.expect("no panic").expect("empty but for a tombstone");
        made.push(other);
    }
    for other in made {
        assert!(subject.store().gone(&other, &key).await.expect("an answer").is_some(), "{}", other.name.as_str());
    }
    assert!(subject.is_gone("k").await);
}
