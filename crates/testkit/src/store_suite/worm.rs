//! The retention policy of a bucket: what is young stays, whoever asks.

use std::time::Duration;

use headwater_model::Error;
use headwater_model::clock::Clock as _;
use headwater_model::version::{Governance, Versioning};
use headwater_model::worm::{BucketWorm, WormId};
use headwater_store::{Afterwards, Expectation, VersionRemoval};

use super::subject::{Subject, object_key};

const DAY: Duration = Duration::from_hours(24);

async fn set(subject: &mut Subject, worm: Option<BucketWorm>) -> Result<(), Error> {
    let mut bucket = subject.bucket.clone();
    bucket.configuration.worm = worm;
    subject.store().update_bucket(bucket.clone()).await?;
    subject.bucket = bucket;
    Ok(())
}

async fn protect(subject: &mut Subject, days: u32, locked: bool) -> BucketWorm {
    let worm = BucketWorm { id: WormId([7; 16]), days, created: subject.clock.now(), locked };
    set(subject, Some(worm)).await.expect("set");
    worm
}

async fn is_kept(subject: &Subject, key: &str, body: &[u8]) -> bool {
    let kept = |result: Result<(), Error>| match result {
        Ok(()) => false,
        Err(Error::ObjectLocked { .. }) => true,
        Err(other) => panic!("{other:?}"),
    };
    let replaced = kept(subject.try_put(key, body, Expectation::Any).await.map(drop));
    let (name, bucket) = (object_key(key), subject.bucket());
    let deleted = kept(subject.store().delete(&bucket, &name, Afterwards::Refetchable).await.map(drop));
    assert_eq!(replaced, deleted, "both or neither");
    replaced
}

/// An object stays for the policy's days after it was written, also one from before the policy, small or large; new keys
/// are written as ever; a restart changes nothing.
pub async fn what_is_young_is_neither_deleted_nor_replaced(mut subject: Subject) {
    let large = vec![7; 400_000];
    for (key, body) in [("small", &b"body"[..]), ("large", &large)] {
        subject.put(key, body).await;
    }
    protect(&mut subject, 3, true).await;
    subject.clock.advance(DAY * 2);
    subject.put("new", b"new").await;
    for (key, body) in [("small", &b"other"[..]), ("large", &large), ("new", b"other")] {
        assert!(is_kept(&subject, key, body).await, "{key}");
    }
    subject.reopen().await;
    assert!(is_kept(&subject, "small", b"other").await, "opened again");
    subject.clock.advance(DAY);
    for (key, body) in [("small", &b"other"[..]), ("large", &large)] {
        assert!(!is_kept(&subject, key, body).await, "{key}: its time is over");
    }
    assert!(is_kept(&subject, "new", b"other").await, "a day younger");
}

/// A completion and an append are held to it as a write is.
pub async fn what_is_young_is_not_completed_over(mut subject: Subject) {
    subject.put("k", b"body").await;
    protect(&mut subject, 1, true).await;
    let upload = subject.create_upload("k").await;
    let part = subject.put_part("k", upload, 1, b"part").await;
    assert_fails!(subject.complete("k", upload, &[part], Expectation::Any).await, Error::ObjectLocked { .. });
}

/// Where versions are kept, writes and markers are free and the versions stay, governance bypassed or not.
pub async fn young_versions_stay(mut subject: Subject) {
    subject.set_versioning(Versioning::Enabled).await;
    let first = subject.put("k", b"first").await.version;
    protect(&mut subject, 1, true).await;
    let second = subject.put("k", b"second").await.version;
    assert!(subject.delete("k").await, "a marker deletes nothing");
    for version in [first, second] {
        let removal = VersionRemoval { governance: Governance::Bypassed, ..VersionRemoval::of(version) };
        assert_fails!(subject.remove_version("k", removal).await, Error::ObjectLocked { .. });
    }
    subject.clock.advance(DAY);
    subject.remove_version("k", VersionRemoval::of(first)).await.expect("its time is over").expect("a version");
}

/// A policy that is not locked within a day protects nothing after it; a locked one neither goes nor shrinks.
pub async fn a_locked_policy_stays(mut subject: Subject) {
    subject.put("k", b"body").await;
    let open = protect(&mut subject, 5, false).await;
    assert!(is_kept(&subject, "k", b"other").await, "in progress it protects");
    subject.clock.advance(DAY);
    assert!(!is_kept(&subject, "k", b"other").await, "it expired");
    set(&mut subject, None).await.expect("taken back");
    let locked = BucketWorm { locked: true, created: subject.clock.now(), ..open };
    set(&mut subject, Some(locked)).await.expect("locked");
    for worse in [None, Some(BucketWorm { days: 4, ..locked }), Some(BucketWorm { locked: false, ..locked })] {
        assert_fails!(set(&mut subject, worse).await, Error::InvalidRequest { .. });
    }
    set(&mut subject, Some(BucketWorm { days: 6, ..locked })).await.expect("longer");
}
