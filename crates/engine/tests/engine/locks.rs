//! Object lock: what is retained or held stays.

use std::time::Duration;

use headwater_engine::NewKey;
use headwater_model::Error;
use headwater_model::access::Context;
use headwater_model::acl::CannedAcl;
use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_model::error::VersionError;
use headwater_model::op::{CreateBucket, LegalHold, ObjectVersion, Op, PutObject, PutObjectRetention};
use headwater_model::reply::Reply;
use headwater_model::version::{
    DefaultRetention, Governance, ObjectLock, ObjectLockConfiguration, Retention, RetentionMode, RetentionPeriod,
    Versioning,
};

use crate::support::{BUCKET, Bench, bucket, caller, current, delete_version, key, put, told};

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const LOCKED: &str = "locked";

fn later(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn configuration(default_retention: Option<DefaultRetention>) -> Op {
    Op::PutObjectLockConfiguration(bucket(LOCKED), ObjectLockConfiguration { default_retention })
}

async fn locked() -> Bench {
    let bench = Bench::new(CannedAcl::Private).await;
    let create = CreateBucket {
        bucket: bucket(LOCKED),
        acl: None,
        ownership: None,
        location: None,
        storage_class: None,
        object_lock: Some(ObjectLockConfiguration::default()),
    };
    bench.ask(Op::CreateBucket(create)).await.unwrap();
    bench
}

async fn write(bench: &Bench, lock: ObjectLock) -> Result<ObjectVersion, Error> {
    let mut put = PutObject { bucket: bucket(LOCKED), ..put("k") };
    put.headers.lock = lock.boxed();
    let note = told(bench.ask(Op::PutObject(Box::new(put))).await?).1;
    Ok(ObjectVersion { version: note.version, ..current(bucket(LOCKED), key("k")) })
}

async fn retain(
    bench: &Bench,
    target: &ObjectVersion,
    to: Option<Retention>,
    governance: Governance,
) -> Result<(), Error> {
    let put = PutObjectRetention { target: target.clone(), retention: to, governance };
    bench.ask(Op::PutObjectRetention(Box::new(put))).await.map(drop)
}

fn is_locked<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::ObjectLocked { .. }))
}

fn governed(until: Timestamp) -> Retention {
    Retention { mode: RetentionMode::Governance, until }
}

#[tokio::test]
async fn what_is_retained_is_deleted_only_past_governance() {
    let bench = locked().await;
    let target = write(&bench, ObjectLock { retention: Some(governed(later(60))), legal_hold: false }).await.unwrap();
    assert!(is_locked(&bench.ask(delete_version(target.clone(), Governance::Respected)).await));
    assert!(is_locked(&retain(&bench, &target, Some(governed(later(59))), Governance::Respected).await), "shorter");
    retain(&bench, &target, Some(governed(later(90))), Governance::Respected).await.unwrap();
    let shown = told(bench.ask(Op::GetObjectRetention(target.clone())).await.unwrap()).0;
    assert!(matches!(shown, Reply::Retention(Retention { until, .. }) if until == later(90)));
    // A marker hides it and removes nothing.
    let hidden = bench.ask(delete_version(current(bucket(LOCKED), key("k")), Governance::Respected)).await.unwrap();
    assert!(told(hidden).1.is_marker);
    bench.ask(delete_version(target.clone(), Governance::Bypassed)).await.unwrap();
    let compliance = Retention { mode: RetentionMode::Compliance, until: later(60) };
    let target = write(&bench, ObjectLock { retention: Some(compliance), legal_hold: false }).await.unwrap();
    assert!(is_locked(&bench.ask(delete_version(target, Governance::Bypassed)).await));
}

#[tokio::test]
async fn to_bypass_governance_takes_the_right_to() {
    let bench = locked().await;
    let target = write(&bench, ObjectLock { retention: Some(governed(later(60))), legal_hold: false }).await.unwrap();
    for (id, extra, may) in [("plain", "", false), ("trusted", r#", "s3:BypassGovernanceRetention""#, true)] {
        let policy = format!(
            r#"{{"Statement": {{"Effect": "Allow", "Action": ["s3:DeleteObjectVersion"{extra}], "Resource": "*"}}}}"#
        );
        let new = NewKey { access_key_id: Some(id.into()), policy: Some(policy.into()), ..NewKey::default() };
        bench.engine.create_access_key(new).await.unwrap();
        let principal = bench.engine.accounts().find(id, None, NOW).unwrap().unwrap().principal;
        let caller = headwater_model::op::Caller { context: Context::internal(NOW), ..caller(principal, Dialect::S3) };
        let delete = delete_version(target.clone(), Governance::Bypassed);
        let deleted = bench.engine.perform(&caller, delete, headwater_model::body::Body::Empty).await;
        assert_eq!(is_locked(&deleted), !may, "{id}: {deleted:?}");
    }
}

#[tokio::test]
async fn a_hold_keeps_a_version_until_it_is_let_go() {
    let bench = locked().await;
    let target = write(&bench, ObjectLock::default()).await.unwrap();
    let none = bench.ask(Op::GetObjectRetention(target.clone())).await;
    assert!(matches!(none, Err(Error::Version(VersionError::NoLock { .. }))));
    bench.ask(Op::PutObjectLegalHold(target.clone(), LegalHold::On)).await.unwrap();
    let shown = told(bench.ask(Op::GetObjectLegalHold(target.clone())).await.unwrap()).0;
    assert!(matches!(shown, Reply::LegalHold(LegalHold::On)));
    assert!(is_locked(&bench.ask(delete_version(target.clone(), Governance::Bypassed)).await));
    bench.ask(Op::PutObjectLegalHold(target.clone(), LegalHold::Off)).await.unwrap();
    bench.ask(delete_version(target, Governance::Respected)).await.unwrap();
}

#[tokio::test]
async fn the_default_retention_is_that_of_new_objects() {
    let bench = locked().await;
    let (mode, period) = (RetentionMode::Governance, RetentionPeriod::Days(2));
    bench.ask(configuration(Some(DefaultRetention { mode, period }))).await.unwrap();
    let target = write(&bench, ObjectLock::default()).await.unwrap();
    let shown = told(bench.ask(Op::GetObjectRetention(target)).await.unwrap()).0;
    let expected = Retention { mode, until: later(2 * 24 * 3600) };
    assert!(matches!(shown, Reply::Retention(retention) if retention == expected), "{shown:?}");
    let lines = bytes::Bytes::from_static(b"a request");
    bench.engine.deliver_log(&bucket(BUCKET), &bucket(LOCKED), key("log"), lines).await.unwrap();
    let log = current(bucket(LOCKED), key("log"));
    let shown = told(bench.ask(Op::GetObjectRetention(log)).await.unwrap()).0;
    assert!(matches!(shown, Reply::Retention(retention) if retention == expected), "a log is a new object: {shown:?}");
    let own = write(&bench, ObjectLock { retention: Some(governed(later(9))), legal_hold: false }).await.unwrap();
    let shown = told(bench.ask(Op::GetObjectRetention(own)).await.unwrap()).0;
    assert!(matches!(shown, Reply::Retention(retention) if retention.until == later(9)));
}

#[tokio::test]
async fn locks_need_a_bucket_that_has_them() {
    let bench = locked().await;
    let past = write(&bench, ObjectLock { retention: Some(governed(NOW)), legal_hold: false }).await;
    assert!(matches!(past, Err(Error::InvalidArgument { .. })), "a retention ends in the future");
    let suspended = bench.ask(Op::PutBucketVersioning(bucket(LOCKED), Versioning::Suspended)).await;
    assert!(matches!(suspended, Err(Error::Version(VersionError::InvalidBucketState { .. }))));
    let plain = |op| bench.ask(op);
    let enable = || Op::PutObjectLockConfiguration(bucket(BUCKET), ObjectLockConfiguration::default());
    assert!(matches!(plain(enable()).await, Err(Error::Version(VersionError::InvalidBucketState { .. }))));
    let shown = plain(Op::GetObjectLockConfiguration(bucket(BUCKET))).await;
    assert!(matches!(shown, Err(Error::Version(VersionError::NoLockConfiguration { .. }))));
    bench.put("k", b"x").await.unwrap();
    let held = plain(Op::PutObjectLegalHold(current(bucket(BUCKET), key("k")), LegalHold::On)).await;
    assert!(matches!(held, Err(Error::InvalidRequest { .. })));
    let mut with_lock = put("k");
    with_lock.headers.lock = ObjectLock { retention: None, legal_hold: true }.boxed();
    assert!(matches!(plain(Op::PutObject(Box::new(with_lock))).await, Err(Error::InvalidRequest { .. })));
    plain(Op::PutBucketVersioning(bucket(BUCKET), Versioning::Enabled)).await.unwrap();
    plain(enable()).await.unwrap();
}
