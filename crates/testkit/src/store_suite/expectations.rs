//! Commits that depend on what is there.

use std::sync::Arc;

use headwater_model::Error;
use headwater_model::digest::ETag;
use headwater_store::{BucketRef, Expectation, WriteIntent};
use tokio::task::JoinSet;

use super::subject::{Subject, pattern};

/// `Absent` is refused while there is an object, and holds again after it was deleted.
pub async fn absent_holds_where_nothing_is(subject: Subject) {
    subject.try_put("k", b"1", Expectation::Absent).await.expect("created");
    for body in [b"2".to_vec(), pattern(300_000, 1)] {
        assert_fails!(subject.try_put("k", &body, Expectation::Absent).await, Error::ObjectExists { .. });
    }
    assert_eq!(subject.body("k").await.as_deref(), Some(b"1".as_slice()));
    subject.delete("k").await;
    subject.try_put("k", b"3", Expectation::Absent).await.expect("created again");
    assert_eq!(subject.body("k").await.as_deref(), Some(b"3".as_slice()));
}

/// `ETag` tells a missing object from one with another tag.
pub async fn a_tag_holds_while_the_object_has_it(subject: Subject) {
    let tag = Expectation::ETag(ETag::of_md5([1; 16]));
    assert_fails!(subject.try_put("k", b"1", tag.clone()).await, Error::NoSuchKey { .. });
    let meta = subject.put("k", b"1").await;
    let refused = subject.try_put("k", b"2", tag).await;
    assert_fails!(refused, Error::PreconditionFailed { condition: "If-Match" });
    let own = Expectation::ETag(ETag::from_text(&format!("\"{}\"", meta.etag.as_str().to_ascii_uppercase())));
    subject.try_put("k", b"2", own.clone()).await.expect("the tag holds");
    assert_fails!(subject.try_put("k", b"3", own).await, Error::PreconditionFailed { .. });
    assert_eq!(subject.body("k").await.as_deref(), Some(b"2".as_slice()));
}

/// Seals all of `bodies` at once under one key; gives the indexes of those that succeeded.
async fn race(subject: &Arc<Subject>, bodies: &[Vec<u8>], expect: &Expectation) -> Vec<usize> {
    let mut tasks = JoinSet::new();
    for (index, body) in bodies.iter().cloned().enumerate() {
        let (subject, expect) = (Arc::clone(subject), expect.clone());
        tasks.spawn(async move { (index, subject.try_put("k", &body, expect).await.is_ok()) });
    }
    let mut winners: Vec<usize> =
        tasks.join_all().await.into_iter().filter(|(_, won)| *won).map(|(index, _)| index).collect();
    winners.sort_unstable();
    winners
}

/// Of concurrent commits that expect nothing to be there, one happens.
pub async fn one_of_concurrent_creations_wins(subject: Subject) {
    let subject = Arc::new(subject);
    for round in 0..6 {
        let bodies: Vec<Vec<u8>> = (0..6).map(|seed| pattern(50 + 30_000 * seed, seed as u64)).collect();
        let winners = race(&subject, &bodies, &Expectation::Absent).await;
        assert_eq!(winners.len(), 1, "round {round}");
        assert!(subject.body("k").await.is_some_and(|bytes| bytes == bodies[winners[0]]));
        subject.delete("k").await;
    }
}

/// Of concurrent commits that expect the same tag, one happens.
pub async fn one_of_concurrent_replacements_wins(subject: Subject) {
    let subject = Arc::new(subject);
    let bodies: Vec<Vec<u8>> = (1..6).map(|seed| pattern(100, seed)).collect();
    for round in 0..6 {
        let meta = subject.put("k", b"former").await;
        let winners = race(&subject, &bodies, &Expectation::ETag(meta.etag.clone())).await;
        assert_eq!(winners.len(), 1, "round {round}");
        assert!(subject.body("k").await.is_some_and(|bytes| bytes == bodies[winners[0]]));
    }
}

/// A commit that was refused, for whatever reason, leaves the bucket empty.
pub async fn a_refused_commit_leaves_nothing(subject: Subject) {
    let tag = Expectation::ETag(ETag::of_md5([1; 16]));
    for size in [10, 300_000] {
        assert!(subject.try_put("k", &pattern(size, 1), tag.clone()).await.is_err());
    }
    let other = BucketRef { generation: headwater_model::bucket::Generation(u64::MAX), ..subject.bucket() };
    let intent = WriteIntent { bucket: other, ..subject.intent("k") };
    // Whether the bucket lives may be judged on beginning already.
    match subject.store().begin(intent).await {
        Err(error) => assert!(matches!(error, Error::NoSuchBucket { .. }), "{error}"),
        Ok(mut writer) => {
            let digests = writer.finish().await.expect("finished");
            assert_fails!(writer.seal(subject.object(&digests), Expectation::Any).await, Error::NoSuchBucket { .. });
        }
    }
    assert_eq!(subject.keys().await, [""; 0]);
    subject.store().delete_bucket(&subject.bucket()).await.expect("an empty bucket");
}
