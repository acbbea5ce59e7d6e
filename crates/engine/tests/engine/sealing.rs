//! Secrets at rest: what the store holds of them, and who can read it.

use std::sync::Arc;

use headwater_engine::{SealError, under_master_key};
use headwater_model::Error;
use headwater_model::clock::Clock;
use headwater_model::encryption::{BucketEncryption, ServerEncryption};
use headwater_model::op::{CreateBucket, Op};
use headwater_model::origin::OriginId;
use headwater_model::rule::{MirrorAuth, RoutingRule, Secret};
use headwater_model::settings::{OriginCredentials, OriginKind, OriginSettings};
use headwater_model::website::Website;
use headwater_store::Store as _;
use headwater_testkit::{ManualClock, MemoryStore};

use crate::support::{Bench, bucket};

const CANARY: &str = "canary-6f1d";

fn website() -> Website {
    let mut rule = RoutingRule::mirror_all(1, "https://origin.example/");
    rule.redirect.as_mut().unwrap().mirror.auth = Some(MirrorAuth {
        auth_type: Some("S3V4".into()),
        region: Some("eu".into()),
        access_key_id: Some("id".into()),
        access_key_secret: Some(Secret::new(CANARY)),
    });
    Website { rules: vec![rule], ..Website::default() }
}

fn secret(website: Option<&Website>) -> &str {
    let auth = website.unwrap().rules[0].mirror().unwrap().auth.as_ref().unwrap();
    auth.access_key_secret.as_ref().unwrap().reveal()
}

fn stage() -> (Arc<MemoryStore>, Arc<dyn Clock>) {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    (Arc::new(MemoryStore::new(clock.clone())), clock)
}

async fn stored_secret(store: &MemoryStore) -> String {
    let buckets = store.buckets().await.unwrap();
    secret(buckets[0].website.as_deref()).to_owned()
}

#[tokio::test]
async fn the_store_gets_sealed_secrets_and_the_engine_reads_them() {
    let (store, clock) = stage();
    let bench = Bench::over(store.clone(), &clock, 1).await.unwrap();
    let create = CreateBucket {
        bucket: bucket("b-1"),
        acl: None,
        ownership: None,
        location: None,
        storage_class: None,
        object_lock: None,
    };
    bench.ask(Op::CreateBucket(create)).await.unwrap();
    assert_eq!(under_master_key(&*store, ServerEncryption::Off).await.unwrap(), Vec::<String>::new());
    assert!(
        !under_master_key(&*store, ServerEncryption::Managed).await.unwrap().is_empty(),
        "what is in it is encrypted"
    );
    bench.ask(Op::PutBucketEncryption(bucket("b-1"), BucketEncryption::default())).await.unwrap();
    assert!(
        !under_master_key(&*store, ServerEncryption::Off).await.unwrap().is_empty(),
        "its objects would be lost with the key"
    );
    bench.ask(Op::DeleteBucketEncryption(bucket("b-1"))).await.unwrap();
    bench.ask(Op::PutBucketWebsite(bucket("b-1"), Box::new(website()))).await.unwrap();
    assert!(stored_secret(&store).await.starts_with("sealed:1:"));
    assert!(!under_master_key(&*store, ServerEncryption::Off).await.unwrap().is_empty());
    assert_eq!(secret(bench.engine.bucket("b-1").unwrap().website.as_deref()), CANARY);

    let again = Bench::over(store.clone(), &clock, 1).await.unwrap();
    assert_eq!(secret(again.engine.bucket("b-1").unwrap().website.as_deref()), CANARY);
    let Err(Error::Internal { source, .. }) = Bench::over(store.clone(), &clock, 2).await else {
        panic!("another master key must not do")
    };
    assert_eq!(&*source.downcast_ref::<SealError>().unwrap().place, "bucket b-1");
    assert!(Bench::over(store, &clock, 1).await.is_ok(), "the wrong key has cost nothing");
}

#[tokio::test]
async fn secrets_that_an_earlier_release_stored_are_sealed_at_the_start() {
    let (store, clock) = stage();
    let bench = Bench::over(store.clone(), &clock, 1).await.unwrap();
    let create = CreateBucket {
        bucket: bucket("b-1"),
        acl: None,
        ownership: None,
        location: None,
        storage_class: None,
        object_lock: None,
    };
    bench.ask(Op::CreateBucket(create)).await.unwrap();
    let mut old = (*bench.engine.bucket("b-1").unwrap()).clone();
    old.website = Some(Arc::new(website()));
    store.update_bucket(old).await.unwrap();
    assert_eq!(stored_secret(&store).await, CANARY);

    let again = Bench::over(store.clone(), &clock, 1).await.unwrap();
    assert!(stored_secret(&store).await.starts_with("sealed:1:"));
    assert_eq!(secret(again.engine.bucket("b-1").unwrap().website.as_deref()), CANARY);
}

#[tokio::test]
async fn credentials_of_origins_are_sealed_and_come_back_at_the_next_start() {
    let (store, clock) = stage();
    let id = OriginId::parse("https://o.example/").unwrap();
    let credentials = OriginCredentials {
        access_key_id: "id".into(),
        access_key_secret: Secret::new(CANARY),
        session_token: Some(Secret::new(CANARY)),
        region: "eu".into(),
    };
    let settings = OriginSettings { kind: OriginKind::S3, credentials: Some(credentials), ..OriginSettings::default() };
    let bench = Bench::over(store.clone(), &clock, 1).await.unwrap();
    let changed = bench.engine.change_origin_settings(&id, None, |_| Ok(settings.clone())).await.unwrap().settings;
    assert!(changed.differs && changed.after.unwrap().credentials.unwrap().access_key_secret.is_mask());
    let stored = store.origins().await.unwrap().remove(0).1.credentials.unwrap();
    for secret in [stored.access_key_secret, stored.session_token.unwrap()] {
        assert!(secret.reveal().starts_with("sealed:1:"));
    }
    assert!(!under_master_key(&*store, ServerEncryption::Off).await.unwrap().is_empty());
    assert!(Bench::over(store.clone(), &clock, 2).await.is_err(), "another master key must not do");
    let again = Bench::over(store.clone(), &clock, 1).await.unwrap();
    // Written again as it is shown, it is the same: the mask stands for the secret, which therefore was read back.
    let same = again.engine.change_origin_settings(&id, None, |masked| Ok(masked.clone())).await.unwrap().settings;
    assert!(!same.differs);
    assert!(again.engine.delete_origin_settings(&id, None).await.unwrap().differs);
    assert!(store.origins().await.unwrap().is_empty());
}

#[tokio::test]
async fn another_secret_is_another_version() {
    let (store, clock) = stage();
    let bench = Bench::over(store.clone(), &clock, 1).await.unwrap();
    let id = OriginId::parse("https://o.example").unwrap();
    let settings = |secret: &str| OriginSettings {
        kind: OriginKind::S3,
        credentials: Some(OriginCredentials {
            access_key_id: "id".into(),
            access_key_secret: Secret::new(secret),
            session_token: None,
            region: "eu".into(),
        }),
        ..OriginSettings::default()
    };
    let put = async |secret: &'static str, expected: Option<&str>| {
        bench
            .engine
            .change_origin_settings(&id, expected, |_| Ok(settings(secret)))
            .await
            .map(|changed| changed.version)
    };
    let of_defaults = bench.engine.origin_version(&id);
    let first = put(CANARY, Some(&of_defaults)).await.unwrap();
    assert_eq!(bench.engine.origin_version(&id), first);
    assert!(first != of_defaults && !first.contains(CANARY), "{first}");
    let again = Bench::over(store, &clock, 1).await.unwrap();
    assert_eq!(again.engine.origin_version(&id), first, "the same after a restart");

    put("another", Some(&first)).await.unwrap();
    assert_ne!(bench.engine.origin_version(&id), first, "though what readers see is the same");
    let deleted = bench.engine.delete_origin_settings(&id, Some(&first)).await;
    for refused in [put("third", Some(&first)).await.map(drop), deleted.map(drop)] {
        assert!(matches!(refused, Err(Error::PreconditionFailed { .. })), "{refused:?}");
    }
    let now = bench.engine.origin_version(&id);
    assert_eq!(put(CANARY, None).await.unwrap(), first, "the same settings again");
    assert_ne!(now, first);
}
