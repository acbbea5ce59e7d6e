//! The retention policy of a bucket: its states, what it excludes, and what it protects.

use std::sync::Arc;
use std::time::Duration;

use headwater_engine::LifecycleConfig;
use headwater_model::Error;
use headwater_model::clock::{Clock, Timestamp};
use headwater_model::error::VersionError;
use headwater_model::lifecycle::{DayLength, Due, Expiration, LifecycleConfiguration, LifecycleRule};
use headwater_model::op::{CreateBucket, Op, PutObject};
use headwater_model::reply::Reply;
use headwater_model::version::{Governance, ObjectLockConfiguration, Versioning};
use headwater_model::worm::WormState;
use headwater_testkit::{ManualClock, MemoryStore};

use crate::support::{BUCKET, Bench, bucket, current, delete_version, get, key, put};

const DAY: Duration = Duration::from_hours(24);

/// A bench with an empty bucket, whose clock the test moves.
struct Stage {
    bench: Bench,
    clock: ManualClock,
}

impl std::ops::Deref for Stage {
    type Target = Bench;

    fn deref(&self) -> &Bench {
        &self.bench
    }
}

async fn bench() -> Stage {
    let clock = ManualClock::new(Timestamp::from_seconds(1_700_000_000), 7);
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let bench = Bench::over(Arc::new(MemoryStore::new(shared.clone())), &shared, 1).await.unwrap();
    let create = CreateBucket {
        bucket: bucket(BUCKET),
        acl: None,
        ownership: None,
        location: None,
        storage_class: None,
        object_lock: None,
    };
    bench.ask(Op::CreateBucket(create)).await.unwrap();
    Stage { bench, clock }
}

async fn initiate(bench: &Bench, days: u32) -> Result<Box<str>, Error> {
    match bench.ask(Op::InitiateBucketWorm(bucket(BUCKET), days)).await? {
        Reply::WormInitiated(id) => Ok(id.to_string().into()),
        other => panic!("{other:?}"),
    }
}

async fn shown(bench: &Bench) -> Result<(Box<str>, u32, WormState), Error> {
    match bench.ask(Op::GetBucketWorm(bucket(BUCKET))).await? {
        Reply::Worm(worm, state) => Ok((worm.id.to_string().into(), worm.days, state)),
        other => panic!("{other:?}"),
    }
}

async fn complete(bench: &Bench, id: &str) -> Result<Reply, Error> {
    bench.ask(Op::CompleteBucketWorm(bucket(BUCKET), id.into())).await
}

async fn extend(bench: &Bench, id: &str, days: u32) -> Result<Reply, Error> {
    bench.ask(Op::ExtendBucketWorm(bucket(BUCKET), id.into(), days)).await
}

async fn abort(bench: &Bench) -> Result<Reply, Error> {
    bench.ask(Op::AbortBucketWorm(bucket(BUCKET))).await
}

async fn write(bench: &Bench) -> Result<Reply, Error> {
    bench.ask(Op::PutObject(Box::new(PutObject { bucket: bucket(BUCKET), ..put("k") }))).await
}

async fn delete(bench: &Bench) -> Result<Reply, Error> {
    bench.ask(delete_version(current(bucket(BUCKET), key("k")), Governance::Respected)).await
}

fn is(result: &Result<Reply, Error>, expected: fn(&VersionError) -> bool) -> bool {
    matches!(result, Err(Error::Version(error)) if expected(error))
}

const NONE: fn(&VersionError) -> bool = |error| matches!(error, VersionError::NoWorm { .. });
const LOCKED: fn(&VersionError) -> bool = |error| matches!(error, VersionError::WormLocked { .. });
const INVALID: fn(&VersionError) -> bool = |error| matches!(error, VersionError::InvalidWorm { .. });
const STATE: fn(&VersionError) -> bool = |error| matches!(error, VersionError::InvalidBucketState { .. });

#[tokio::test]
async fn a_policy_goes_from_progress_to_locked_and_then_only_grows() {
    let bench = bench().await;
    assert!(matches!(shown(&bench).await, Err(Error::Version(VersionError::NoWorm { .. }))));
    for result in [abort(&bench).await, complete(&bench, "A").await, extend(&bench, "A", 2).await] {
        assert!(is(&result, NONE), "{result:?}");
    }
    let taken_back = initiate(&bench, 1).await.unwrap();
    abort(&bench).await.unwrap();
    assert!(is(&complete(&bench, &taken_back).await, NONE));
    let id = initiate(&bench, 1).await.unwrap();
    assert_ne!(id, taken_back);
    assert!(matches!(initiate(&bench, 1).await, Err(Error::Version(VersionError::InvalidWorm { .. }))));
    assert!(is(&extend(&bench, &id, 2).await, INVALID), "not locked yet");
    assert_eq!(shown(&bench).await.unwrap(), (id.clone(), 1, WormState::InProgress));
    assert!(is(&complete(&bench, &taken_back).await, NONE), "another id");
    complete(&bench, &id).await.unwrap();
    assert_eq!(shown(&bench).await.unwrap(), (id.clone(), 1, WormState::Locked));
    for result in [abort(&bench).await, complete(&bench, &id).await] {
        assert!(is(&result, LOCKED), "{result:?}");
    }
    assert!(is(&extend(&bench, &id, 1).await, INVALID), "no longer than before");
    extend(&bench, &id, 2).await.unwrap();
    assert_eq!(shown(&bench).await.unwrap(), (id, 2, WormState::Locked));
}

#[tokio::test]
async fn a_policy_that_is_not_locked_in_time_protects_nothing_and_is_taken_back() {
    let bench = bench().await;
    write(&bench).await.unwrap();
    let id = initiate(&bench, 5).await.unwrap();
    assert!(matches!(write(&bench).await, Err(Error::ObjectLocked { .. })), "in progress it protects");
    bench.clock.advance(DAY);
    assert_eq!(shown(&bench).await.unwrap().2, WormState::Expired);
    assert!(is(&complete(&bench, &id).await, INVALID));
    write(&bench).await.unwrap();
    assert!(initiate(&bench, 5).await.is_err(), "it is still there");
    abort(&bench).await.unwrap();
    initiate(&bench, 5).await.unwrap();
}

#[tokio::test]
async fn what_is_young_stays_until_its_days_are_over() {
    let bench = bench().await;
    write(&bench).await.unwrap();
    let id = initiate(&bench, 2).await.unwrap();
    complete(&bench, &id).await.unwrap();
    for result in [write(&bench).await, delete(&bench).await] {
        assert!(matches!(result, Err(Error::ObjectLocked { .. })), "{result:?}");
    }
    let whole = bench.ask(Op::DeleteBucket(bucket(BUCKET))).await;
    assert!(matches!(whole, Err(Error::BucketNotEmpty { .. })), "{whole:?}");
    bench.clock.advance(DAY * 2);
    write(&bench).await.unwrap();
    assert!(matches!(delete(&bench).await, Err(Error::ObjectLocked { .. })), "written anew, it is young again");
    bench.clock.advance(DAY * 2);
    delete(&bench).await.unwrap();
    bench.ask(Op::DeleteBucket(bucket(BUCKET))).await.unwrap();
}

#[tokio::test]
async fn a_policy_excludes_object_lock_and_suspended_versions() {
    let bench = bench().await;
    let versioning = |versioning| Op::PutBucketVersioning(bucket(BUCKET), versioning);
    initiate(&bench, 1).await.unwrap();
    bench.ask(versioning(Versioning::Enabled)).await.unwrap();
    assert!(is(&bench.ask(versioning(Versioning::Suspended)).await, STATE));
    let lock = || Op::PutObjectLockConfiguration(bucket(BUCKET), ObjectLockConfiguration::default());
    assert!(is(&bench.ask(lock()).await, STATE));
    abort(&bench).await.unwrap();
    bench.ask(versioning(Versioning::Suspended)).await.unwrap();
    assert!(matches!(initiate(&bench, 1).await, Err(Error::Version(VersionError::InvalidBucketState { .. }))));
    bench.ask(versioning(Versioning::Enabled)).await.unwrap();
    bench.ask(lock()).await.unwrap();
    assert!(matches!(initiate(&bench, 1).await, Err(Error::Version(VersionError::InvalidBucketState { .. }))));
}

#[tokio::test]
async fn lifecycle_rules_wait_for_the_policy() {
    let bench = bench().await;
    write(&bench).await.unwrap();
    let id = initiate(&bench, 5).await.unwrap();
    complete(&bench, &id).await.unwrap();
    let rule = LifecycleRule {
        id: "all".into(),
        enabled: true,
        prefix: Some("".into()),
        expiration: Some(Expiration { due: Some(Due::Days(1)), lone_delete_marker: None }),
        ..LifecycleRule::default()
    };
    let rules = Box::new(LifecycleConfiguration { rules: vec![rule], minimum_by_class: false });
    bench.ask(Op::PutBucketLifecycle(bucket(BUCKET), rules)).await.unwrap();
    let config = LifecycleConfig { day: DayLength::of_seconds(10), progress: None };
    let is_there = async || bench.get(&bench.root, get("k")).await.is_ok();
    bench.clock.advance(Duration::from_mins(10));
    bench.engine.walk_lifecycles(&config).await;
    assert!(is_there().await, "due, and kept");
    bench.clock.advance(DAY * 5);
    bench.engine.walk_lifecycles(&config).await;
    assert!(!is_there().await, "its days are over");
}
