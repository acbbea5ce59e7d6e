//! What somebody else does between the look at an object and the change that follows from it.

use std::sync::Arc;

use futures_util::FutureExt as _;
use headwater_model::Error;
use headwater_model::acl::{Acl, CannedAcl, WantedAcl};
use headwater_model::body::Body;
use headwater_model::clock::{Clock, Timestamp};
use headwater_model::object::{ObjectAccess, Tags};
use headwater_model::op::{CreateBucket, LegalHold, ObjectVersion, Op};
use headwater_model::reply::Owner;
use headwater_model::version::ObjectLockConfiguration;
use headwater_store::{Amendment, BucketRef, Store as _};
use headwater_testkit::{ManualClock, MemoryStore};

use crate::rights::make;
use crate::support::{BUCKET, Bench, bucket, current, key};

/// An engine with one bucket of object lock and an object `k` in it, and the store that it stands on.
async fn stage() -> (Bench, Arc<MemoryStore>) {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp::from_seconds(1_700_000_000), 7));
    let store = Arc::new(MemoryStore::new(clock.clone()));
    let bench = Bench::over(store.clone(), &clock, 1).await.unwrap();
    let create = CreateBucket {
        bucket: bucket(BUCKET),
        acl: None,
        ownership: None,
        location: None,
        storage_class: None,
        object_lock: Some(ObjectLockConfiguration::default()),
    };
    bench.ask(Op::CreateBucket(create)).await.unwrap();
    bench.put("k", b"body").await.unwrap();
    (bench, store)
}

fn target() -> ObjectVersion {
    current(bucket(BUCKET), key("k"))
}

fn tags(value: &str) -> Tags {
    vec![("colour".into(), value.into())]
}

fn amend(store: &MemoryStore, amendment: Amendment) {
    let buckets = store.buckets().now_or_never().unwrap().unwrap();
    let amended = store.amend(&BucketRef::from(&buckets[0]), &key("k"), amendment.into()).now_or_never();
    amended.unwrap().unwrap();
}

/// Each amendment that a caller may ask for, as it is asked for.
fn amendments() -> [Op; 4] {
    [
        Op::PutObjectTagging(target(), tags("white")),
        Op::DeleteObjectTagging(target()),
        Op::PutObjectAcl(target(), WantedAcl::Canned(CannedAcl::PublicRead)),
        Op::PutObjectLegalHold(target(), LegalHold::On),
    ]
}

#[tokio::test]
async fn what_is_amended_is_what_the_caller_may_amend() {
    // No policy makes a legal hold depend on tags.
    for op in amendments().into_iter().filter(|op| !matches!(op, Op::PutObjectLegalHold(..))) {
        let (bench, store) = stage().await;
        amend(&store, Amendment::Tags(tags("green")));
        let policy = r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::bkt/*",
            "Condition": {"StringEquals": {"s3:ExistingObjectTag/colour": "green"}}}}"#;
        let painter = make(&bench, "painter", Some(policy)).await;
        store.intrude(|store| amend(store, Amendment::Tags(tags("red"))));
        let what = format!("{op:?}");
        let asked = bench.engine.perform(&painter, op, Body::Empty).await;
        assert!(matches!(asked, Err(Error::AccessDenied { .. })), "{what}: {asked:?}");
        let meta = store.open(&reference(&store), &key("k")).await.unwrap().unwrap().meta;
        assert_eq!(meta.tags, tags("red"), "{what}");
        assert_eq!(meta.headers.access, None, "{what}");
    }
}

fn reference(store: &MemoryStore) -> BucketRef {
    BucketRef::from(&store.buckets().now_or_never().unwrap().unwrap()[0])
}

#[tokio::test]
async fn a_list_goes_with_the_owner_of_its_object() {
    let (bench, store) = stage().await;
    let mut owned = Some(Owner { id: "other".into(), display_name: "other".into() });
    store.intrude(move |store| {
        if let Some(owner) = owned.take() {
            let access = ObjectAccess { owner: Some(owner), acl: None };
            amend(store, Amendment::Access(Some(Box::new(access))));
        }
    });
    bench.ask(Op::PutObjectAcl(target(), WantedAcl::Canned(CannedAcl::PublicRead))).await.unwrap();
    let meta = store.open(&reference(&store), &key("k")).await.unwrap().unwrap().meta;
    let access = meta.headers.access.as_deref().unwrap();
    assert_eq!(access.owner.as_ref().map(|owner| &*owner.id), Some("other"));
    assert_eq!(access.acl, Some(Acl::Canned(CannedAcl::PublicRead)));
}

#[tokio::test]
async fn who_never_finds_it_as_it_was_is_told_to_come_again() {
    for op in amendments() {
        let (bench, store) = stage().await;
        let mut round = 0;
        store.intrude(move |store| {
            round += 1;
            amend(store, Amendment::Tags(tags(&round.to_string())));
        });
        let what = format!("{op:?}");
        let asked = bench.ask(op).await;
        assert!(matches!(asked, Err(Error::SlowDown { limit: "key_contention", .. })), "{what}: {asked:?}");
    }
}
