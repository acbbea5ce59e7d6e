//! The public access block of the account, which holds for every bucket of the server.

use std::sync::Arc;

use headwater_model::Error;
use headwater_model::acl::{CannedAcl, WantedAcl};
use headwater_model::bucket::PublicAccessBlock;
use headwater_model::clock::Clock;
use headwater_model::op::{Caller, CreateBucket, GetObject, Op, PutObject};
use headwater_model::reply::Reply;
use headwater_testkit::{ManualClock, MemoryStore};

use crate::rights::{ask, make};
use crate::support::{Bench, bucket, get, put};

const PUBLIC: WantedAcl = WantedAcl::Canned(CannedAcl::PublicRead);
const OFF: PublicAccessBlock = PublicAccessBlock {
    configured: true,
    block_public_acls: false,
    ignore_public_acls: false,
    block_public_policy: false,
    restrict_public_buckets: false,
};

fn denied<T>(result: Result<T, Error>) -> bool {
    match result {
        Ok(_) => false,
        Err(Error::AccessDenied { .. }) => true,
        Err(other) => panic!("{other:?}"),
    }
}

async fn open_bucket(bench: &Bench, owner: &Caller<'_>, name: &str) {
    let (acl, location) = (Some(PUBLIC), None);
    let bucket = bucket(name);
    let create = CreateBucket { bucket, acl, ownership: None, location, storage_class: None, object_lock: None };
    ask(bench, owner, Op::CreateBucket(create)).await.unwrap();
    write(bench, owner, name, "k", Some(PUBLIC)).await.unwrap();
}

async fn write(
    bench: &Bench,
    owner: &Caller<'_>,
    name: &str,
    key: &str,
    acl: Option<WantedAcl>,
) -> Result<Reply, Error> {
    let put = PutObject { bucket: bucket(name), acl, ..put(key) };
    ask(bench, owner, Op::PutObject(Box::new(put))).await
}

async fn is_closed_to(bench: &Bench, caller: &Caller<'_>, name: &str) -> bool {
    denied(bench.get(caller, GetObject { bucket: bucket(name), ..get("k") }).await)
}

async fn open_by_policy(bench: &Bench, owner: &Caller<'_>, name: &str) -> Result<Reply, Error> {
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::{name}/*"}}]}}"#
    );
    ask(bench, owner, Op::PutBucketPolicy(bucket(name), text.into())).await
}

#[tokio::test]
async fn the_block_of_the_account_closes_every_bucket_and_refuses_to_open_one() {
    let bench = Bench::new(CannedAcl::Private).await;
    let alice = make(&bench, "alice", None).await;
    let nobody = &bench.anonymous;
    open_bucket(&bench, &bench.root, "roots").await;
    open_bucket(&bench, &alice, "listed").await;
    ask(&bench, &alice, Op::PutBucketAcl(bucket("listed"), PUBLIC)).await.unwrap();
    open_bucket(&bench, &alice, "ruled").await;
    write(&bench, &alice, "ruled", "k", None).await.unwrap();
    open_by_policy(&bench, &alice, "ruled").await.unwrap();
    for name in ["roots", "listed", "ruled"] {
        assert!(!is_closed_to(&bench, nobody, name).await, "{name}");
    }

    bench.ask(Op::PutAccountPublicAccessBlock(PublicAccessBlock::ALL)).await.unwrap();
    for name in ["roots", "listed", "ruled"] {
        assert!(is_closed_to(&bench, nobody, name).await, "{name}");
        let Ok(Reply::PolicyStatus(public)) = bench.ask(Op::GetBucketPolicyStatus(bucket(name))).await else {
            panic!("{name} has a status")
        };
        assert!(!public, "{name}");
    }
    assert!(!is_closed_to(&bench, &alice, "ruled").await, "its owner reads on");
    let own = ask(&bench, &alice, Op::GetPublicAccessBlock(bucket("listed"))).await;
    assert!(matches!(own, Err(Error::NoSuchPublicAccessBlock { .. })), "buckets' own blocks stay as they were");
    assert!(denied(write(&bench, &alice, "listed", "more", Some(PUBLIC)).await));
    assert!(denied(ask(&bench, &alice, Op::PutBucketAcl(bucket("ruled"), PUBLIC)).await));
    assert!(denied(open_by_policy(&bench, &alice, "listed").await));
    let (location, storage_class, object_lock) = (None, None, None);
    let create = CreateBucket {
        bucket: bucket("new"),
        acl: Some(PUBLIC),
        ownership: None,
        location,
        storage_class,
        object_lock,
    };
    assert!(denied(ask(&bench, &alice, Op::CreateBucket(create)).await));

    bench.ask(Op::PutAccountPublicAccessBlock(OFF)).await.unwrap();
    assert!(!is_closed_to(&bench, nobody, "listed").await, "what was open before is so again");
    ask(&bench, &alice, Op::PutPublicAccessBlock(bucket("listed"), PublicAccessBlock::ALL)).await.unwrap();
    assert!(is_closed_to(&bench, nobody, "listed").await, "a bucket blocks for itself");
    assert!(!is_closed_to(&bench, nobody, "ruled").await);
}

#[tokio::test]
async fn the_block_of_the_account_is_roots_and_whose_policy_allows_it() {
    const MAY: &str = r#"{"Statement": [{"Effect": "Allow", "Resource": "*",
        "Action": ["oss:PutPublicAccessBlock", "oss:GetPublicAccessBlock"]}]}"#;
    let bench = Bench::new(CannedAcl::Private).await;
    let alice = make(&bench, "alice", None).await;
    let trusted = make(&bench, "trusted", Some(MAY)).await;
    let put = || Op::PutAccountPublicAccessBlock(PublicAccessBlock::ALL);
    for caller in [&alice, &bench.anonymous] {
        assert!(denied(ask(&bench, caller, put()).await));
        assert!(denied(ask(&bench, caller, Op::GetAccountPublicAccessBlock).await));
        assert!(denied(ask(&bench, caller, Op::DeleteAccountPublicAccessBlock).await));
    }
    ask(&bench, &trusted, put()).await.unwrap();
    assert!(denied(ask(&bench, &trusted, Op::DeleteAccountPublicAccessBlock).await), "another right");
    let shown = ask(&bench, &trusted, Op::GetAccountPublicAccessBlock).await;
    assert!(matches!(shown, Ok(Reply::PublicAccess(PublicAccessBlock::ALL))));
}

#[tokio::test]
async fn the_block_of_the_account_outlasts_a_restart() {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    let store = Arc::new(MemoryStore::new(clock.clone()));
    let bench = Bench::over(store.clone(), &clock, 1).await.unwrap();
    open_bucket(&bench, &bench.root, "roots").await;
    bench.ask(Op::PutAccountPublicAccessBlock(PublicAccessBlock::ALL)).await.unwrap();
    let again = Bench::over(store.clone(), &clock, 1).await.unwrap();
    assert!(is_closed_to(&again, &again.anonymous, "roots").await);
    again.ask(Op::DeleteAccountPublicAccessBlock).await.unwrap();
    let third = Bench::over(store, &clock, 1).await.unwrap();
    assert!(!is_closed_to(&third, &third.anonymous, "roots").await);
    let shown = third.ask(Op::GetAccountPublicAccessBlock).await;
    assert!(matches!(shown, Ok(Reply::PublicAccess(block)) if block == PublicAccessBlock::default()));
}
