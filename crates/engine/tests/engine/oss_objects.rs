//! Kinds of objects that OSS alone makes: appendable ones and symlinks.

use bytes::Bytes;
use headwater_model::acl::CannedAcl;
use headwater_model::body::Body;
use headwater_model::digest::ETag;
use headwater_model::object::{ObjectHeaders, ObjectKind, SharedMeta};
use headwater_model::op::{AnnouncedDigests, AppendObject, Op, PutSymlink, WriteCondition};
use headwater_model::reply::Reply;
use headwater_model::{Error, Result};

use crate::support::{BUCKET, Bench, bucket, current, delete, get, key, object};

async fn append(bench: &Bench, position: u64, body: &[u8], digests: AnnouncedDigests) -> Result<SharedMeta> {
    let append = AppendObject {
        bucket: bucket(BUCKET),
        key: key("log"),
        position,
        headers: ObjectHeaders { user: vec![("at".into(), position.to_string().into())], ..ObjectHeaders::default() },
        tags: vec![("at".into(), position.to_string().into())],
        acl: None,
        content_length: Some(body.len() as u64),
        digests,
        encryption: headwater_model::encryption::WriteEncryption::default(),
    };
    let body = Body::Full(Bytes::copy_from_slice(body));
    match bench.engine.perform(&bench.root, Op::AppendObject(Box::new(append)), body).await? {
        Reply::Appended(meta) => Ok(meta),
        other => panic!("{other:?}"),
    }
}

async fn read(bench: &Bench, text: &str) -> Vec<u8> {
    object(bench.get(&bench.root, get(text)).await.unwrap()).await.2
}

/// Small ones are written anew, large ones grow by pieces: nobody can tell.
#[tokio::test]
async fn an_object_grows_at_its_end_alone() {
    let bench = Bench::new(CannedAcl::Private).await;
    let none = AnnouncedDigests::default;
    let early = append(&bench, 3, b"x", none()).await;
    assert!(matches!(early, Err(Error::AppendPosition { next: 0 })));
    let mut whole = Vec::new();
    let mut tags = Vec::new();
    let (large, larger) = (vec![7; 70_000], vec![9; 100_000]);
    for piece in [&b"first "[..], b"", &larger, b"after a large one", &large] {
        let meta = append(&bench, whole.len() as u64, piece, none()).await.unwrap();
        whole.extend_from_slice(piece);
        assert_eq!((meta.size_bytes, meta.kind, meta.md5), (whole.len() as u64, ObjectKind::Appendable, None));
        let crc64 = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Xz, &whole);
        assert_eq!(meta.crc64, crc64);
        assert_eq!((&*meta.headers.user[0].1, &*meta.tags[0].1), ("0", "0"), "what the first piece said");
        assert!(read(&bench, "log").await == whole, "{} bytes", whole.len());
        tags.push(meta.etag.clone());
        let behind = append(&bench, whole.len() as u64 + 1, b"x", none()).await;
        assert!(matches!(behind, Err(Error::AppendPosition { next }) if next == whole.len() as u64));
    }
    tags.dedup();
    assert_eq!(tags.len(), 5, "every piece changes the tag");
    let wrong = AnnouncedDigests { md5: Some([0; 16]), ..none() };
    assert!(matches!(append(&bench, whole.len() as u64, b"x", wrong).await, Err(Error::BadDigest { .. })));
    assert!(read(&bench, "log").await == whole);
}

#[tokio::test]
async fn digests_are_of_what_is_appended() {
    let bench = Bench::new(CannedAcl::Private).await;
    append(&bench, 0, b"0123", AnnouncedDigests::default()).await.unwrap();
    let crc64 = Some(crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Xz, b"4567"));
    let right = AnnouncedDigests { crc64, ..AnnouncedDigests::default() };
    assert!(append(&bench, 4, b"4568", right.clone()).await.is_err());
    append(&bench, 4, b"4567", right).await.unwrap();
    assert_eq!(read(&bench, "log").await, b"01234567");
}

#[tokio::test]
async fn only_what_was_appended_to_is_appended_to() {
    let bench = Bench::new(CannedAcl::Private).await;
    bench.put("log", b"written").await.unwrap();
    for position in [0, 7] {
        let refused = append(&bench, position, b"x", AnnouncedDigests::default()).await;
        assert!(matches!(refused, Err(Error::NotAppendable { .. })));
    }
    assert_eq!(read(&bench, "log").await, b"written");
}

#[tokio::test]
async fn a_bucket_is_counted_by_class() {
    let bench = Bench::new(CannedAcl::Private).await;
    bench.put("a", b"12345").await.unwrap();
    append(&bench, 0, b"123", AnnouncedDigests::default()).await.unwrap();
    let Reply::BucketStat(stat) = bench.ask(Op::GetBucketStat(bucket(BUCKET))).await.unwrap() else {
        panic!("no count")
    };
    assert_eq!((stat.objects, stat.size_bytes, stat.uploads), (2, 8, 0));
    assert_eq!(stat.classes, [(None, 2, 8)]);
    bench.ask(Op::PutBucketRequestPayment(bucket(BUCKET), true)).await.unwrap();
    let payer = bench.ask(Op::GetBucketRequestPayment(bucket(BUCKET))).await;
    assert!(matches!(payer, Ok(Reply::RequestPayment(true))));
}

fn link(from: &str, to: &str) -> Op {
    Op::PutSymlink(Box::new(PutSymlink {
        bucket: bucket(BUCKET),
        key: key(from),
        target: key(to),
        headers: ObjectHeaders { user: vec![("own".into(), "1".into())], ..ObjectHeaders::default() },
        tags: Vec::new(),
        acl: None,
        condition: WriteCondition::Any,
    }))
}

#[tokio::test]
async fn a_link_is_read_as_what_it_names() {
    let bench = Bench::new(CannedAcl::Private).await;
    bench.put("target", b"hello").await.unwrap();
    bench.ask(link("link", "target")).await.unwrap();
    let Reply::Object(reply) = bench.get(&bench.root, get("link")).await.unwrap() else { panic!("no object") };
    assert_eq!(reply.meta.etag, ETag::from_text("5d41402abc4b2a76b9719d911017c592"), "of the target");
    assert_eq!((reply.meta.kind, &*reply.meta.headers.user[0].0), (ObjectKind::Symlink, "own"));
    assert_eq!(object(Reply::Object(reply)).await.2, b"hello");
    let shown = bench.ask(Op::GetSymlink(current(bucket(BUCKET), key("link")))).await.unwrap();
    assert!(matches!(shown, Reply::ObjectMeta(meta) if meta.composition.link.as_deref() == Some("target")));
    let none = bench.ask(Op::GetSymlink(current(bucket(BUCKET), key("target")))).await;
    assert!(matches!(none, Err(Error::NotSymlink { .. })));
    let missing = bench.ask(Op::GetSymlink(current(bucket(BUCKET), key("missing")))).await;
    assert!(matches!(missing, Err(Error::NoSuchKey { .. })));

    bench.ask(link("chain", "link")).await.unwrap();
    let chained = bench.get(&bench.root, get("chain")).await;
    assert!(matches!(chained, Err(Error::SymlinkTarget { is_link: true, .. })));
    bench.ask(delete(bucket(BUCKET), key("target"))).await.unwrap();
    let dangling = bench.get(&bench.root, get("link")).await;
    assert!(matches!(dangling, Err(Error::SymlinkTarget { is_link: false, .. })));
}
