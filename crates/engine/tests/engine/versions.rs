//! Versions as clients meet them.

use headwater_model::Error;
use headwater_model::acl::CannedAcl;
use headwater_model::body::Body;
use headwater_model::error::VersionError;
use headwater_model::op::{
    AnnouncedDigests, AppendObject, CopyObject, DeleteObjects, Doomed, GetObject, ListObjectVersions, ObjectVersion,
    Op, WriteCondition,
};
use headwater_model::precondition::Preconditions;
use headwater_model::reply::{Reply, VersionNote};
use headwater_model::rule::RoutingRule;
use headwater_model::version::{Governance, VersionId, VersionMarker, VersionPage, VersionQuery, Versioning};
use headwater_model::website::Website;

use crate::support::{BUCKET, Bench, bucket, current, delete, delete_version, get, key, object, told};

async fn versioned(versioning: Versioning) -> Bench {
    let bench = Bench::new(CannedAcl::Private).await;
    set(&bench, versioning).await;
    bench
}

async fn set(bench: &Bench, versioning: Versioning) {
    bench.ask(Op::PutBucketVersioning(bucket(BUCKET), versioning)).await.unwrap();
}

fn at(text: &str, version: VersionId) -> ObjectVersion {
    ObjectVersion { version: Some(version), ..current(bucket(BUCKET), key(text)) }
}

async fn put(bench: &Bench, text: &str, body: &'static [u8]) -> Option<VersionId> {
    told(bench.put(text, body).await.unwrap()).1.version
}

async fn read(bench: &Bench, text: &str, version: Option<VersionId>) -> Result<(Vec<u8>, VersionNote), Error> {
    let (reply, note) = told(bench.get(&bench.root, GetObject { version, ..get(text) }).await?);
    Ok((object(reply).await.2, note))
}

async fn remove(bench: &Bench, target: ObjectVersion) -> VersionNote {
    told(bench.ask(delete_version(target, Governance::Respected)).await.unwrap()).1
}

async fn list(bench: &Bench) -> VersionPage {
    let query = VersionQuery { prefix: "".into(), delimiter: "".into(), after: VersionMarker::default(), limit: 1000 };
    let list = ListObjectVersions { bucket: bucket(BUCKET), query };
    match bench.ask(Op::ListObjectVersions(list)).await.unwrap() {
        Reply::Versions { page, .. } => page,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_write_is_a_version_and_a_deletion_a_marker() {
    let bench = versioned(Versioning::Enabled).await;
    let first = put(&bench, "k", b"first").await.unwrap();
    let second = put(&bench, "k", b"second").await.unwrap();
    assert_eq!(read(&bench, "k", None).await.unwrap(), (b"second".to_vec(), VersionNote::of(second)));
    assert_eq!(read(&bench, "k", Some(first)).await.unwrap(), (b"first".to_vec(), VersionNote::of(first)));

    let marker = remove(&bench, current(bucket(BUCKET), key("k"))).await;
    let id = marker.version.filter(|_| marker.is_marker).expect("a marker was made");
    let gone = read(&bench, "k", None).await.unwrap_err();
    assert!(matches!(gone, Error::Version(VersionError::Deleted { marker, .. }) if *marker == *id.to_string()));
    let by_id = read(&bench, "k", Some(id)).await.unwrap_err();
    assert!(matches!(by_id, Error::Version(VersionError::IsMarker { .. })));
    let tags = bench.ask(Op::GetObjectTagging(current(bucket(BUCKET), key("k")))).await;
    assert!(matches!(tags, Err(Error::Version(VersionError::Deleted { .. }))));
    let listed: Vec<_> =
        list(&bench).await.versions.into_iter().map(|listed| (listed.version, listed.is_latest)).collect();
    assert_eq!(listed, [(id, true), (second, false), (first, false)]);

    let removed = remove(&bench, at("k", id)).await;
    assert_eq!(removed, VersionNote { is_marker: true, ..VersionNote::of(id) });
    assert_eq!(read(&bench, "k", None).await.unwrap().0, b"second");
    assert_eq!(remove(&bench, at("k", second)).await, VersionNote::of(second));
    assert_eq!(remove(&bench, at("k", second)).await, VersionNote::of(second), "again is no failure");
    assert_eq!(read(&bench, "k", None).await.unwrap().0, b"first");
    let none = read(&bench, "k", Some(second)).await.unwrap_err();
    assert!(matches!(none, Error::NoSuchVersion { version, .. } if version == second));
}

#[tokio::test]
async fn suspended_writes_replace_the_null_version_alone() {
    let bench = versioned(Versioning::Enabled).await;
    let kept = put(&bench, "k", b"kept").await.unwrap();
    set(&bench, Versioning::Suspended).await;
    assert_eq!(put(&bench, "k", b"one").await, Some(VersionId::Null));
    put(&bench, "k", b"two").await;
    assert_eq!(list(&bench).await.versions.len(), 2);
    let marker = remove(&bench, current(bucket(BUCKET), key("k"))).await;
    assert_eq!(marker, VersionNote { is_marker: true, ..VersionNote::of(VersionId::Null) });
    assert_eq!(read(&bench, "k", Some(kept)).await.unwrap().0, b"kept");
    remove(&bench, at("k", VersionId::Null)).await;
    assert_eq!(read(&bench, "k", None).await.unwrap().0, b"kept");
}

#[tokio::test]
async fn a_bucket_without_versions_tells_none() {
    let bench = Bench::new(CannedAcl::Private).await;
    assert_eq!(put(&bench, "k", b"x").await, None);
    assert_eq!(read(&bench, "k", Some(VersionId::Null)).await.unwrap(), (b"x".to_vec(), VersionNote::default()));
    let other = VersionId::parse(&"0".repeat(32)).unwrap();
    assert!(matches!(read(&bench, "k", Some(other)).await, Err(Error::NoSuchVersion { .. })));
    remove(&bench, at("k", other)).await;
    assert!(read(&bench, "k", None).await.is_ok(), "another version is not the object");
    remove(&bench, at("k", VersionId::Null)).await;
    assert!(matches!(read(&bench, "k", None).await, Err(Error::NoSuchKey { .. })));
    assert!(matches!(
        bench.ask(Op::GetBucketVersioning(bucket(BUCKET))).await,
        Ok(Reply::Versioning(Versioning::Unversioned))
    ));
}

#[tokio::test]
async fn tags_and_copies_are_of_the_version_named() {
    let bench = versioned(Versioning::Enabled).await;
    let first = put(&bench, "k", b"first").await.unwrap();
    let second = put(&bench, "k", b"second").await.unwrap();
    let tags = vec![("a".into(), "b".into())];
    let set = bench.ask(Op::PutObjectTagging(at("k", first), tags.clone())).await.unwrap();
    assert_eq!(told(set).1, VersionNote::of(first));
    for (version, expected) in [(Some(first), &tags), (None, &Vec::new())] {
        let target = ObjectVersion { version, ..current(bucket(BUCKET), key("k")) };
        let (reply, note) = told(bench.ask(Op::GetObjectTagging(target)).await.unwrap());
        assert_eq!(note.version, Some(version.unwrap_or(second)));
        assert!(matches!(reply, Reply::Tags(tags) if tags == *expected));
    }
    let copy = CopyObject {
        source_bucket: bucket(BUCKET),
        source_key: key("k"),
        source_version: Some(first),
        source_conditions: Preconditions::default(),
        bucket: bucket(BUCKET),
        key: key("k"),
        headers: None,
        tags: None,
        acl: None,
        storage_class: None,
        lock: None,
        website_redirect: None,
        algorithm: None,
        condition: WriteCondition::Any,
        encryption: headwater_model::encryption::WriteEncryption::default(),
        source_customer_key: None,
    };
    let (_, note) = told(bench.ask(Op::CopyObject(Box::new(copy))).await.unwrap());
    assert_eq!(note.source, Some(first));
    assert!(note.version.is_some_and(|version| ![first, second].contains(&version)));
    assert_eq!(read(&bench, "k", None).await.unwrap().0, b"first", "an old version comes back by being copied");
}

#[tokio::test]
async fn many_are_deleted_by_version() {
    let bench = versioned(Versioning::Enabled).await;
    let first = put(&bench, "k", b"first").await.unwrap();
    put(&bench, "k", b"second").await.unwrap();
    let by_id = |id: String| Doomed { version: Some(id.into()), ..key("k").into() };
    let keys = vec![by_id(first.to_string()), by_id("wrong".into()), key("k").into(), key("none").into()];
    let many = DeleteObjects { bucket: bucket(BUCKET), keys, quiet: false, governance: Governance::Respected };
    let Reply::Deleted(deleted) = bench.ask(Op::DeleteObjects(many)).await.unwrap() else { panic!("deleted") };
    assert!(matches!(deleted[0].outcome, Ok(None)));
    assert!(matches!(deleted[1].outcome, Err(Error::InvalidArgument { .. })), "this one alone");
    assert!(deleted[2..].iter().all(|deleted| matches!(deleted.outcome, Ok(Some(VersionId::Made(_))))));
    assert_eq!(list(&bench).await.versions.iter().filter(|listed| listed.object.is_none()).count(), 2);
    let Reply::BucketStat(stat) = bench.ask(Op::GetBucketStat(bucket(BUCKET))).await.unwrap() else {
        panic!("a count")
    };
    assert_eq!((stat.objects, stat.size_bytes, stat.markers), (1, 6, 2), "the version that is left counts");
    let left = bench.ask(Op::DeleteBucket(bucket(BUCKET))).await;
    assert!(matches!(left, Err(Error::BucketNotEmpty { .. })), "markers and versions are content");
}

#[tokio::test]
async fn a_marker_keeps_its_key_from_the_origin() {
    let bench = versioned(Versioning::Enabled).await;
    let rule = RoutingRule::mirror_all(1, "http://origin.example/");
    let website = Website { rules: vec![rule], ..Website::default() };
    bench.ask(Op::PutBucketWebsite(bucket(BUCKET), Box::new(website))).await.unwrap();
    bench.ask(delete(bucket(BUCKET), key("k"))).await.unwrap();
    // The origin of these tests fails the one that asks it.
    assert!(matches!(read(&bench, "k", None).await, Err(Error::Version(VersionError::Deleted { .. }))));
    let query = headwater_engine::ExplainQuery {
        key: "k".into(),
        method: headwater_engine::ExplainMethod::Get,
        headers: Vec::new(),
        query: None,
        anonymous: false,
        try_it: false,
        website: None,
    };
    let explained = bench.engine.explain(&bucket(BUCKET), query).await.unwrap();
    let marker = list(&bench).await.versions[0].version;
    assert_eq!(explained.delete_marker.map(|marker| marker.version), Some(marker.to_string().into()));
}

#[tokio::test]
async fn an_append_makes_no_version() {
    let bench = versioned(Versioning::Enabled).await;
    let append = async |position, body: &'static [u8]| {
        let append = AppendObject {
            bucket: bucket(BUCKET),
            key: key("log"),
            position,
            headers: headwater_model::object::ObjectHeaders::default(),
            tags: Vec::new(),
            acl: None,
            content_length: None,
            digests: AnnouncedDigests::default(),
            encryption: headwater_model::encryption::WriteEncryption::default(),
        };
        let body = Body::Full(bytes::Bytes::from_static(body));
        bench.engine.perform(&bench.root, Op::AppendObject(Box::new(append)), body).await
    };
    append(0, b"a").await.unwrap();
    let first = list(&bench).await.versions.remove(0).version;
    append(1, b"b").await.unwrap();
    let versions = list(&bench).await.versions;
    assert_eq!((versions.len(), versions[0].version), (1, first), "the object stays the version that it is");
    assert_eq!(read(&bench, "log", None).await.unwrap().0, b"ab");
    bench.ask(delete(bucket(BUCKET), key("log"))).await.unwrap();
    append(0, b"new").await.unwrap();
    assert_eq!(list(&bench).await.versions.len(), 3, "behind a marker an append begins anew");
}
