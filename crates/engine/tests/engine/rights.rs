//! Several accounts on one server.

use std::sync::Arc;

use headwater_engine::{KeyChange, NewKey};
use headwater_model::Error;
use headwater_model::acl::{CannedAcl, Permission, WantedAcl, WantedGrant, WantedGrantee};
use headwater_model::body::Body;
use headwater_model::bucket::{Dialect, ObjectOwnership, PublicAccessBlock};
use headwater_model::clock::{Clock, Timestamp};
use headwater_model::encryption::ServerEncryption;
use headwater_model::op::{Caller, CreateBucket, DeleteObjects, ListBuckets, Op};
use headwater_model::reply::Reply;
use headwater_model::rule::Secret;
use headwater_model::version::Governance;
use headwater_testkit::{ManualClock, MemoryStore};

use crate::support::{Bench, bucket, caller, current, delete, get, key, put};

pub(crate) async fn make(bench: &Bench, name: &str, policy: Option<&str>) -> Caller<'static> {
    let new = NewKey {
        display_name: Some(name.into()),
        canonical_id: Some(format!("id-{name}").into()),
        email: Some(format!("{name}@A.example").into()),
        access_key_id: Some(format!("AK{name}").into()),
        policy: policy.map(Into::into),
        ..NewKey::default()
    };
    bench.engine.create_access_key(new).await.unwrap();
    of(bench, name)
}

fn of(bench: &Bench, name: &str) -> Caller<'static> {
    caller(
        bench.engine.accounts().find(&format!("AK{name}"), None, Timestamp(0)).unwrap().unwrap().principal,
        Dialect::S3,
    )
}

pub(crate) async fn create(bench: &Bench, caller: &Caller<'_>, name: &str) -> Result<Reply, Error> {
    let create = CreateBucket {
        bucket: bucket(name),
        acl: None,
        ownership: None,
        location: None,
        storage_class: None,
        object_lock: None,
    };
    bench.engine.perform(caller, Op::CreateBucket(create), Body::Empty).await
}

pub(crate) async fn names(bench: &Bench, caller: &Caller<'_>) -> Vec<String> {
    let query = ListBuckets { prefix: "".into(), after: "".into(), location: None, tags: Vec::new(), limit: 100 };
    match bench.engine.perform(caller, Op::ListBuckets(query), Body::Empty).await.unwrap() {
        Reply::Buckets { buckets, owner, .. } => {
            assert_eq!(owner, *caller.principal.owner().unwrap());
            buckets.iter().map(|bucket| bucket.name.as_str().to_owned()).collect()
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) fn is_denied<T: std::fmt::Debug>(result: Result<T, Error>) -> bool {
    match result {
        Ok(_) => false,
        Err(Error::AccessDenied { .. }) => true,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn buckets_are_their_creators() {
    let bench = Bench::new(CannedAcl::Private).await;
    let (alice, bob) = (make(&bench, "alice", None).await, make(&bench, "bob", None).await);
    create(&bench, &alice, "hers").await.unwrap();
    assert!(matches!(create(&bench, &alice, "hers").await, Err(Error::BucketAlreadyOwnedByYou { .. })));
    assert!(matches!(create(&bench, &bob, "hers").await, Err(Error::BucketAlreadyExists { .. })));
    assert!(matches!(create(&bench, &bench.root, "hers").await, Err(Error::BucketAlreadyExists { .. })));
    create(&bench, &bob, "his").await.unwrap();
    assert_eq!((names(&bench, &alice).await, names(&bench, &bob).await), (vec!["hers".into()], vec!["his".into()]));
    assert_eq!(names(&bench, &bench.root).await, ["bkt"]);
    match bench.engine.perform(&alice, Op::GetBucketAcl(bucket("hers")), Body::Empty).await.unwrap() {
        Reply::Acl { owner, .. } => assert_eq!(&*owner.id, "id-alice"),
        other => panic!("{other:?}"),
    }

    let in_hers = |text: &str| headwater_model::op::GetObject { bucket: bucket("hers"), ..get(text) };
    let write = headwater_model::op::PutObject { bucket: bucket("hers"), ..put("k") };
    bench.engine.perform(&alice, Op::PutObject(Box::new(write.clone())), Body::Empty).await.unwrap();
    assert!(is_denied(bench.engine.perform(&bob, Op::PutObject(Box::new(write)), Body::Empty).await));
    bench.get(&alice, in_hers("k")).await.unwrap();
    for key in ["k", "missing"] {
        assert!(is_denied(bench.get(&bob, in_hers(key)).await), "a stranger learns nothing about {key}");
        assert!(is_denied(bench.get(&bench.anonymous, in_hers(key)).await), "nor does anybody about {key}");
    }
    assert!(matches!(bench.get(&alice, in_hers("missing")).await, Err(Error::NoSuchKey { .. })));
    let bob_of_oss = Caller { dialect: Dialect::Oss, ..bob.clone() };
    for key_text in ["k", "missing"] {
        for op in [
            Op::GetObjectMeta(current(bucket("hers"), key(key_text))),
            Op::GetObjectAcl(current(bucket("hers"), key(key_text))),
            Op::GetObjectTagging(current(bucket("hers"), key(key_text))),
            Op::GetSymlink(current(bucket("hers"), key(key_text))),
        ] {
            for asking in [&bob, &bob_of_oss] {
                let shown = format!("{op:?} of {key_text} by {:?}", asking.dialect);
                let op = match &op {
                    Op::GetObjectMeta(target) => Op::GetObjectMeta(target.clone()),
                    Op::GetObjectAcl(target) => Op::GetObjectAcl(target.clone()),
                    Op::GetObjectTagging(target) => Op::GetObjectTagging(target.clone()),
                    _ => Op::GetSymlink(current(bucket("hers"), key(key_text))),
                };
                let answer = bench.engine.perform(asking, op, Body::Empty).await;
                assert!(matches!(answer, Err(Error::AccessDenied { .. })), "{shown}: {answer:?}");
            }
        }
    }
    bench.get(&bench.root, in_hers("k")).await.unwrap();
}

#[tokio::test]
async fn the_policy_of_a_key_is_all_that_the_key_may() {
    let bench = Bench::new(CannedAcl::Private).await;
    bench.put("in/a", b"x").await.unwrap();
    bench.put("out/a", b"x").await.unwrap();
    let policy = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:DeleteObject"], "Resource": "arn:aws:s3:::bkt/in/*"},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::bkt/in/secret*"}]}"#;
    let reader = make(&bench, "reader", Some(policy)).await;
    bench.get(&reader, get("in/a")).await.unwrap();
    assert!(is_denied(bench.get(&reader, get("out/a")).await));
    assert!(is_denied(bench.get(&reader, get("in/secret")).await));
    assert!(is_denied(bench.get(&reader, get("in/missing")).await), "who may not list is not told what is missing");
    assert!(is_denied(create(&bench, &reader, "new-one").await));

    let keys = ["in/a", "out/a", "in/none"].map(|text| key(text).into()).into();
    let delete = Op::DeleteObjects(DeleteObjects {
        bucket: bucket("bkt"),
        keys,
        quiet: false,
        governance: Governance::Respected,
    });
    match bench.engine.perform(&reader, delete, Body::Empty).await.unwrap() {
        Reply::Deleted(outcomes) => {
            let refused: Vec<_> = outcomes.iter().filter(|deleted| deleted.outcome.is_err()).collect();
            assert_eq!(refused.len(), 1);
            assert_eq!(refused[0].key.as_str(), "out/a");
        }
        other => panic!("{other:?}"),
    }
    bench.get(&bench.root, get("out/a")).await.unwrap();

    let lifted = KeyChange { policy: Some(None), ..KeyChange::default() };
    assert!(bench.engine.change_access_key("AKreader", lifted).await.unwrap().differs);
    create(&bench, &of(&bench, "reader"), "new-one").await.unwrap();
    let off = KeyChange { enabled: Some(false), ..KeyChange::default() };
    bench.engine.change_access_key("AKreader", off).await.unwrap();
    assert!(
        bench.engine.accounts().find("AKreader", None, Timestamp(0)).unwrap().is_none(),
        "a key that is not enabled is unknown"
    );
    assert_eq!(bench.engine.access_keys().len(), 1);
}

#[tokio::test]
async fn names_mean_one_account_only() {
    let bench = Bench::new(CannedAcl::Private).await;
    make(&bench, "alice", None).await;
    let refused = |new: NewKey| {
        let engine = &bench.engine;
        async move {
            match engine.create_access_key(new).await {
                Err(Error::InvalidArgument { name, .. }) => name.into_string(),
                Err(Error::MalformedPolicy { .. }) => "policy".into(),
                other => panic!("{other:?}"),
            }
        }
    };
    let text = |text: &str| Some(Box::<str>::from(text));
    for (field, new) in [
        ("access_key_id", NewKey { access_key_id: text("AKalice"), ..NewKey::default() }),
        ("access_key_id", NewKey { access_key_id: text("root"), ..NewKey::default() }),
        ("access_key_id", NewKey { access_key_id: text("a/b"), ..NewKey::default() }),
        ("canonical_id", NewKey { canonical_id: text("id-alice"), ..NewKey::default() }),
        ("canonical_id", NewKey { canonical_id: text("owner"), ..NewKey::default() }),
        ("canonical_id", NewKey { canonical_id: text("a b"), ..NewKey::default() }),
        ("display_name", NewKey { display_name: text("alice"), ..NewKey::default() }),
        ("display_name", NewKey { display_name: text("root"), ..NewKey::default() }),
        ("email", NewKey { email: text("ALICE@a.example"), ..NewKey::default() }),
        ("email", NewKey { email: text("nobody"), ..NewKey::default() }),
        ("account", NewKey { account: text("nobody"), ..NewKey::default() }),
        ("email", NewKey { account: text("id-alice"), email: text("a@b"), ..NewKey::default() }),
        ("secret", NewKey { secret: Some(Secret::new("short")), ..NewKey::default() }),
        ("policy", NewKey { policy: text("{}"), ..NewKey::default() }),
        ("policy", NewKey { policy: Some(" ".repeat(16_385).into()), ..NewKey::default() }),
    ] {
        assert_eq!(refused(new.clone()).await, field, "{new:?}");
    }
    let second = NewKey { account: text("id-alice"), access_key_id: text("AK2"), ..NewKey::default() };
    let (made, secret) = bench.engine.create_access_key(second).await.unwrap();
    let made = made.after.unwrap();
    assert_eq!((&*made.owner.id, secret.reveal().len(), made.key.secret.is_mask()), ("id-alice", 40, true));
    bench.engine.delete_access_key("AKalice").await.unwrap();
    assert!(bench.engine.accounts().find("AK2", None, Timestamp(0)).unwrap().is_some());
    bench.engine.delete_access_key("AK2").await.unwrap();
    assert!(matches!(bench.engine.delete_access_key("AK2").await, Err(Error::InvalidAccessKeyId { .. })));
    make(&bench, "alice", None).await;
}

#[tokio::test]
async fn keys_outlive_the_server_and_are_sealed() {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp::from_seconds(1_700_000_000), 7));
    let store = Arc::new(MemoryStore::new(clock.clone()));
    let bench = Bench::over(store.clone(), &clock, 1).await.unwrap();
    let new = NewKey {
        access_key_id: Some("AKIDKEPT".into()),
        secret: Some(Secret::new("canary-of-a-key")),
        ..NewKey::default()
    };
    bench.engine.create_access_key(new).await.unwrap();
    let stored = headwater_store::Store::accounts(&*store).await.unwrap();
    assert!(stored[0].keys[0].secret.reveal().starts_with("sealed:1:"), "and not in the clear");
    assert!(!headwater_engine::under_master_key(&*store, ServerEncryption::Off).await.unwrap().is_empty());
    let again = Bench::over(store.clone(), &clock, 1).await.unwrap();
    let found = again.engine.accounts().find("AKIDKEPT", None, Timestamp(0)).unwrap().unwrap();
    assert_eq!(&*found.secret, "canary-of-a-key");
    assert_eq!(found.principal.owner().unwrap().id.len(), 64, "a canonical id is made");
    assert!(Bench::over(store, &clock, 2).await.is_err(), "another master key");
}

pub(crate) async fn ask(bench: &Bench, caller: &Caller<'_>, op: Op) -> Result<Reply, Error> {
    bench.engine.perform(caller, op, Body::Empty).await
}

pub(crate) async fn write(
    bench: &Bench,
    caller: &Caller<'_>,
    key: &str,
    acl: Option<WantedAcl>,
) -> Result<Reply, Error> {
    let put = headwater_model::op::PutObject { bucket: bucket("hers"), acl, ..put(key) };
    ask(bench, caller, Op::PutObject(Box::new(put))).await
}

pub(crate) async fn reads(bench: &Bench, caller: &Caller<'_>, key: &str) -> bool {
    let read = headwater_model::op::GetObject { bucket: bucket("hers"), ..get(key) };
    !is_denied(bench.get(caller, read).await)
}

/// Alice's bucket, made on the S3 face, and bob.
pub(crate) async fn hers() -> (Bench, Caller<'static>, Caller<'static>) {
    let bench = Bench::new(CannedAcl::Private).await;
    let (alice, bob) = (make(&bench, "alice", None).await, make(&bench, "bob", None).await);
    create(&bench, &alice, "hers").await.unwrap();
    (bench, alice, bob)
}

async fn policy(bench: &Bench, alice: &Caller<'_>, statement: &str) -> Result<Reply, Error> {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#);
    ask(bench, alice, Op::PutBucketPolicy(bucket("hers"), text.into())).await
}

#[tokio::test]
async fn objects_have_lists_of_their_own() {
    let (bench, alice, bob) = hers().await;
    let canned = |acl| Some(WantedAcl::Canned(acl));
    write(&bench, &alice, "plain", None).await.unwrap();
    write(&bench, &alice, "open", canned(CannedAcl::PublicRead)).await.unwrap();
    write(&bench, &alice, "members", canned(CannedAcl::AuthenticatedRead)).await.unwrap();
    let to_bob = WantedGrant { grantee: WantedGrantee::Email("BOB@a.example".into()), permission: Permission::ReadAcp };
    let grants = WantedAcl::Grants { owner: Some("id-alice".into()), grants: vec![to_bob.clone()] };
    ask(&bench, &alice, Op::PutObjectAcl(current(bucket("hers"), key("plain")), grants)).await.unwrap();
    let readers = async |name| (reads(&bench, &bob, name).await, reads(&bench, &bench.anonymous, name).await);
    assert_eq!(readers("plain").await, (false, false));
    assert_eq!(readers("open").await, (true, true));
    assert_eq!(readers("members").await, (true, false));
    match ask(&bench, &bob, Op::GetObjectAcl(current(bucket("hers"), key("plain")))).await.unwrap() {
        Reply::Acl { owner, grants, .. } => {
            assert_eq!((&*owner.id, grants.len(), grants[0].permission), ("id-alice", 1, Permission::ReadAcp));
        }
        other => panic!("{other:?}"),
    }
    let set = |acl| ask(&bench, &bob, Op::PutObjectAcl(current(bucket("hers"), key("plain")), acl));
    assert!(is_denied(set(WantedAcl::Canned(CannedAcl::PublicRead)).await), "READ_ACP is not WRITE_ACP");
    let put = |grants, owner: Option<&str>| {
        let acl = WantedAcl::Grants { owner: owner.map(Into::into), grants };
        ask(&bench, &alice, Op::PutObjectAcl(current(bucket("hers"), key("plain")), acl))
    };
    let nobody = |grantee| vec![WantedGrant { grantee, permission: Permission::Read }];
    let unknown = put(nobody(WantedGrantee::Id("nobody".into())), None).await;
    assert!(matches!(unknown, Err(Error::InvalidArgument { .. })));
    let unknown = put(nobody(WantedGrantee::Email("nobody@a.example".into())), None).await;
    assert!(matches!(unknown, Err(Error::UnresolvableEmail { .. })));
    assert!(is_denied(put(vec![to_bob.clone()], Some("id-bob")).await), "the owner is another");
    assert!(matches!(put(vec![to_bob; 101], None).await, Err(Error::MalformedXml { .. })));

    // The list of the bucket: WRITE lets bob add objects, which are his then.
    let open = Op::PutBucketAcl(bucket("hers"), WantedAcl::Canned(CannedAcl::PublicReadWrite));
    ask(&bench, &alice, open).await.unwrap();
    assert_eq!(readers("plain").await, (false, false), "READ of a bucket is no READ of its objects");
    write(&bench, &bob, "his", None).await.unwrap();
    assert!(reads(&bench, &bob, "his").await && !reads(&bench, &alice, "his").await);
    write(&bench, &bob, "shared", canned(CannedAcl::BucketOwnerRead)).await.unwrap();
    assert!(reads(&bench, &alice, "shared").await);
    let delete = delete(bucket("hers"), key("his"));
    ask(&bench, &alice, delete).await.unwrap();
}

#[tokio::test]
async fn ownership_and_blocks_overrule_lists() {
    let (bench, alice, bob) = hers().await;
    let canned = |acl| Some(WantedAcl::Canned(acl));
    let open = Op::PutBucketAcl(bucket("hers"), WantedAcl::Canned(CannedAcl::PublicReadWrite));
    ask(&bench, &alice, open).await.unwrap();
    write(&bench, &alice, "open", canned(CannedAcl::PublicRead)).await.unwrap();
    let own = |ownership| ask(&bench, &alice, Op::PutOwnershipControls(bucket("hers"), ownership));
    own(ObjectOwnership::BucketOwnerPreferred).await.unwrap();
    write(&bench, &bob, "handed", canned(CannedAcl::BucketOwnerFullControl)).await.unwrap();
    assert!(reads(&bench, &alice, "handed").await && !reads(&bench, &bob, "handed").await);

    let block = |public_access| ask(&bench, &alice, Op::PutPublicAccessBlock(bucket("hers"), public_access));
    let none = PublicAccessBlock { configured: true, ..PublicAccessBlock::default() };
    block(PublicAccessBlock { block_public_acls: true, ..none }).await.unwrap();
    assert!(is_denied(write(&bench, &alice, "more", canned(CannedAcl::PublicRead)).await));
    write(&bench, &alice, "more", canned(CannedAcl::Private)).await.unwrap();
    assert!(reads(&bench, &bench.anonymous, "open").await, "what was open before stays so");
    block(PublicAccessBlock { ignore_public_acls: true, ..none }).await.unwrap();
    assert!(!reads(&bench, &bench.anonymous, "open").await);
    let all = r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::hers/*"}"#;
    block(PublicAccessBlock { block_public_policy: true, ..none }).await.unwrap();
    assert!(is_denied(policy(&bench, &alice, all).await));
    block(none).await.unwrap();
    policy(&bench, &alice, all).await.unwrap();
    assert!(reads(&bench, &bench.anonymous, "more").await);
    block(PublicAccessBlock { restrict_public_buckets: true, ..none }).await.unwrap();
    assert!(!reads(&bench, &bench.anonymous, "more").await && !reads(&bench, &bob, "more").await);
    assert!(reads(&bench, &alice, "more").await);
    ask(&bench, &alice, Op::DeletePublicAccessBlock(bucket("hers"))).await.unwrap();
    let gone = ask(&bench, &alice, Op::GetPublicAccessBlock(bucket("hers"))).await;
    assert!(matches!(gone, Err(Error::NoSuchPublicAccessBlock { .. })));
    ask(&bench, &alice, Op::DeleteBucketPolicy(bucket("hers"))).await.unwrap();

    assert!(matches!(own(ObjectOwnership::BucketOwnerEnforced).await, Err(Error::AclForbidsOwnership { .. })));
    let private = Op::PutBucketAcl(bucket("hers"), WantedAcl::Canned(CannedAcl::Private));
    ask(&bench, &alice, private).await.unwrap();
    own(ObjectOwnership::BucketOwnerEnforced).await.unwrap();
    assert!(!reads(&bench, &bench.anonymous, "open").await, "lists count for nothing");
    let refused = write(&bench, &alice, "x", canned(CannedAcl::PublicRead)).await;
    assert!(matches!(refused, Err(Error::AclsDisabled { .. })));
    for acl in [CannedAcl::PublicRead, CannedAcl::Private] {
        let set = Op::PutBucketAcl(bucket("hers"), WantedAcl::Canned(acl));
        assert!(matches!(ask(&bench, &alice, set).await, Err(Error::AclsDisabled { .. })), "{acl:?}");
    }
}

#[tokio::test]
async fn the_policy_of_a_bucket_opens_and_closes_it() {
    let (bench, alice, bob) = hers().await;
    write(&bench, &alice, "in/a", None).await.unwrap();
    let allow = r#"{"Effect": "Allow", "Principal": {"AWS": "id-bob"}, "Action": "s3:GetObject",
                    "Resource": "arn:aws:s3:::hers/in/*"}"#;
    policy(&bench, &alice, allow).await.unwrap();
    assert!(reads(&bench, &bob, "in/a").await && !reads(&bench, &bench.anonymous, "in/a").await);
    assert!(!reads(&bench, &bob, "in/missing").await, "who may not list is not told");
    let list = r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::hers",
                   "Condition": {"StringLike": {"s3:prefix": "in/*"}}}"#;
    policy(&bench, &alice, &format!("{allow}, {list}")).await.unwrap();
    let missing = |key| bench.get(&bob, headwater_model::op::GetObject { bucket: bucket("hers"), ..get(key) });
    assert!(matches!(missing("in/missing").await, Err(Error::NoSuchKey { .. })), "who may list is");
    assert!(is_denied(missing("out/missing").await));
    let deny = r#"{"Effect": "Deny", "Principal": "*", "Action": "s3:*",
                   "Resource": ["arn:aws:s3:::hers", "arn:aws:s3:::hers/*"]}"#;
    policy(&bench, &alice, &format!("{allow}, {deny}")).await.unwrap();
    assert!(!reads(&bench, &bob, "in/a").await && !reads(&bench, &alice, "in/a").await, "deny wins");
    assert!(reads(&bench, &bench.root, "in/a").await);
    ask(&bench, &alice, Op::GetBucketPolicy(bucket("hers"))).await.unwrap();
    ask(&bench, &alice, Op::DeleteBucketPolicy(bucket("hers"))).await.unwrap();
    let gone = ask(&bench, &alice, Op::GetBucketPolicy(bucket("hers"))).await;
    assert!(matches!(gone, Err(Error::NoSuchBucketPolicy { .. })));
    assert!(reads(&bench, &alice, "in/a").await);
    let long = format!(r#"{allow}, {{"Sid": "{}", "Effect": "Deny"}}"#, "x".repeat(20 << 10));
    assert!(matches!(policy(&bench, &alice, &long).await, Err(Error::MalformedPolicy { .. })));
}
