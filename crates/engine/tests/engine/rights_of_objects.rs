//! What the operations on objects ask for beyond the one right of their name.

use std::borrow::Cow;

use headwater_model::access::{Context, RequestFields};
use headwater_model::acl::{CannedAcl, WantedAcl};
use headwater_model::body::Body;
use headwater_model::bucket::ObjectOwnership;
use headwater_model::object::ObjectHeaders;
use headwater_model::op::{
    Caller, CreateMultipartUpload, DeleteObjects, Doomed, GetObject, ListMultipartUploads, ListParts, Op, PutObject,
    PutSymlink, UploadRef, WriteCondition,
};
use headwater_model::reply::Reply;
use headwater_model::version::Governance;
use headwater_model::{Error, Result};

use crate::rights::{ask, hers, make};
use crate::support::{BUCKET, Bench, bucket, delete, get, key, put};

/// May write and read below `in/`, and read nothing else.
async fn insider(bench: &Bench, more: &str) -> Caller<'static> {
    let policy = format!(
        r#"{{"Statement": {{"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"{more}], "Resource": "arn:aws:s3:::bkt/in/*"}}}}"#
    );
    make(bench, "insider", Some(&policy)).await
}

fn denied<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::AccessDenied { .. }))
}

#[tokio::test]
async fn a_link_opens_nothing_that_was_closed() {
    let bench = Bench::new(CannedAcl::Private).await;
    bench.put("out/secret", b"x").await.unwrap();
    bench.put("in/plain", b"x").await.unwrap();
    let insider = insider(&bench, "").await;
    for (target, closed) in [("out/secret", true), ("out/missing", true), ("in/plain", false)] {
        let link = PutSymlink {
            bucket: bucket(BUCKET),
            key: key("in/link"),
            target: key(target),
            headers: ObjectHeaders::default(),
            tags: Vec::new(),
            acl: None,
            condition: WriteCondition::Any,
        };
        bench.engine.perform(&insider, Op::PutSymlink(Box::new(link)), Body::Empty).await.unwrap();
        let read = bench.get(&insider, get("in/link")).await;
        assert_eq!((denied(&read), read.is_ok()), (closed, !closed), "{target}");
    }
}

#[tokio::test]
async fn tags_are_written_by_who_may_write_tags() {
    for (more, allowed) in [("", false), (r#", "s3:PutObjectTagging""#, true)] {
        let bench = Bench::new(CannedAcl::Private).await;
        let insider = insider(&bench, more).await;
        let tagged = PutObject { tags: vec![("k".into(), "v".into())], ..put("in/a") };
        let written = bench.engine.perform(&insider, Op::PutObject(Box::new(tagged)), Body::Empty).await;
        assert_eq!((written.is_ok(), denied(&written)), (allowed, !allowed));
    }
}

/// Bob begins an upload in Alice's bucket. Answers the owner that the listing of its parts tells, and the one that the
/// listing of uploads tells apart from the bucket's.
async fn upload_of_bob(
    bench: &Bench,
    [alice, bob]: [&Caller<'_>; 2],
    name: &str,
    acl: Option<CannedAcl>,
) -> [String; 2] {
    let create = CreateMultipartUpload {
        bucket: bucket("hers"),
        key: key(name),
        headers: ObjectHeaders::default(),
        tags: Vec::new(),
        acl: acl.map(WantedAcl::Canned),
        checksum: None,
        condition: WriteCondition::Any,
        encryption: headwater_model::encryption::WriteEncryption::default(),
        sequential: false,
    };
    let Reply::UploadCreated(id) = ask(bench, bob, Op::CreateMultipartUpload(Box::new(create))).await.unwrap() else {
        panic!("no upload")
    };
    let upload = UploadRef { bucket: bucket("hers"), key: key(name), upload_id: id.to_string().into() };
    let list = Op::ListParts(ListParts { upload, after: 0, limit: 10 });
    let Reply::Parts { owner, .. } = ask(bench, alice, list).await.unwrap() else { panic!("no parts") };
    let list = ListMultipartUploads {
        bucket: bucket("hers"),
        prefix: name.into(),
        delimiter: "".into(),
        after_key: "".into(),
        after_upload: None,
        limit: 10,
    };
    match ask(bench, alice, Op::ListMultipartUploads(list)).await.unwrap() {
        Reply::Uploads { page, .. } => {
            let own = page.uploads[0].owner.as_ref().map_or("", |owner| &*owner.id);
            [owner.id.to_string(), own.to_owned()]
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_upload_is_told_as_its_objects_owners() {
    let (bench, alice, bob) = hers().await;
    let open = Op::PutBucketAcl(bucket("hers"), WantedAcl::Canned(CannedAcl::PublicReadWrite));
    ask(&bench, &alice, open).await.unwrap();
    let both = [&alice, &bob];
    assert_eq!(upload_of_bob(&bench, both, "plain", None).await, ["id-bob", "id-bob"]);
    let preferred = Op::PutOwnershipControls(bucket("hers"), ObjectOwnership::BucketOwnerPreferred);
    ask(&bench, &alice, preferred).await.unwrap();
    let handed = Some(CannedAcl::BucketOwnerFullControl);
    assert_eq!(upload_of_bob(&bench, both, "handed", handed).await, ["id-alice", ""]);
    assert_eq!(upload_of_bob(&bench, both, "kept", Some(CannedAcl::Private)).await, ["id-bob", "id-bob"]);
}

/// Names its payer.
struct Payer(&'static str);

impl RequestFields for Payer {
    fn header(&self, _: &str) -> Option<&str> {
        None
    }

    fn vendor(&self, name: &str) -> Option<Cow<'_, str>> {
        (name == "request-payer").then_some(Cow::Borrowed(self.0))
    }

    fn parameter(&self, _: &str) -> Option<&str> {
        None
    }
}

#[tokio::test]
async fn whoever_is_to_pay_says_so() {
    let (bench, alice, bob) = hers().await;
    let open = Op::PutBucketAcl(bucket("hers"), WantedAcl::Canned(CannedAcl::PublicReadWrite));
    ask(&bench, &alice, open).await.unwrap();
    let put = PutObject { bucket: bucket("hers"), acl: Some(WantedAcl::Canned(CannedAcl::PublicRead)), ..put("k") };
    ask(&bench, &alice, Op::PutObject(Box::new(put))).await.unwrap();
    let get = || GetObject { bucket: bucket("hers"), ..get("k") };
    let delete_all = || {
        let keys = vec![Doomed { key: key("k"), version: None, condition: None }];
        Op::DeleteObjects(DeleteObjects {
            bucket: bucket("hers"),
            keys,
            quiet: false,
            governance: Governance::Respected,
        })
    };
    bench.get(&bob, get()).await.unwrap();
    ask(&bench, &alice, Op::PutBucketRequestPayment(bucket("hers"), true)).await.unwrap();

    let paying = |caller: &Caller<'static>, payer| Caller {
        context: Context { fields: payer, ..caller.context },
        ..caller.clone()
    };
    let (requester, owner) = (Payer("requester"), Payer("owner"));
    for refused in [&bob, &paying(&bob, &owner), &bench.anonymous, &paying(&bench.anonymous, &requester)] {
        assert!(denied(&bench.get(refused, get()).await));
        assert!(denied(&ask(&bench, refused, delete(bucket("hers"), key("k"))).await));
        assert!(denied(&ask(&bench, refused, delete_all()).await), "one answer for all keys");
    }
    for served in [&alice, &bench.root, &paying(&bob, &requester)] {
        bench.get(served, get()).await.unwrap();
    }
    match ask(&bench, &paying(&bob, &requester), delete_all()).await.unwrap() {
        Reply::Deleted(deleted) => assert!(deleted[0].outcome.is_ok()),
        other => panic!("{other:?}"),
    }
}
