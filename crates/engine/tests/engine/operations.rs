//! What each operation does, over the memory store.

use crate::support::{BUCKET, Bench, bucket, delete, get, key, object, put};
use bytes::Bytes;
use headwater_model::Error;
use headwater_model::acl::{CannedAcl, WantedAcl};
use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use headwater_model::digest::{Checksum, ChecksumAlgorithm, ETag, TrailingChecksum};
use headwater_model::list::ListQuery;
use headwater_model::multipart::CompletedPart;
use headwater_model::object::{ContentHeaders, ObjectHeaders, ObjectKind};
use headwater_model::op::{
    AnnouncedDigests, Caller, CompleteMultipartUpload, CopyObject, CreateBucket, CreateMultipartUpload, DeleteObjects,
    GetObject, ListBuckets, ListObjects, Op, PutObject, UploadPart, UploadRef, WriteCondition,
};
use headwater_model::precondition::{ObjectCondition, Preconditions, RangeCondition, TagCondition};
use headwater_model::range::ByteRange;
use headwater_model::reply::Reply;
use headwater_model::version::Governance;

fn ranged(text: &str, header: &str) -> GetObject {
    GetObject { range: ByteRange::parse(header).map(|range| (range, header.into())), ..get(text) }
}

#[tokio::test]
async fn what_is_put_is_got_whole_and_in_ranges() {
    let bench = Bench::new(CannedAcl::Private).await;
    bench.put("k", b"0123456789").await.unwrap();
    let read = async |request| object(bench.get(&bench.root, request).await.unwrap()).await;
    assert_eq!(read(get("k")).await, (None, None, b"0123456789".to_vec()));
    assert_eq!(read(ranged("k", "bytes=2-4")).await, (None, Some(2..5), b"234".to_vec()));
    assert_eq!(read(ranged("k", "bytes=-3")).await, (None, Some(7..10), b"789".to_vec()));
    assert_eq!(read(ranged("k", "bytes=10-")).await.1, None, "OSS answers the whole object");
    let strict = GetObject { strict_range: true, ..ranged("k", "bytes=10-") };
    let refused = bench.get(&bench.root, strict).await.unwrap_err();
    assert!(matches!(refused, Error::InvalidRange { size_bytes: 10, .. }));
}

#[tokio::test]
async fn conditions_come_before_the_body() {
    let bench = Bench::new(CannedAcl::Private).await;
    bench.put("k", b"body").await.unwrap();
    let tag = ETag::from_text("841a2d689ad86bd1611447453c22c6fc");
    let with = |conditions| GetObject { conditions, ..get("k") };
    let same = Preconditions { if_none_match: Some(TagCondition::OneOf(vec![tag])), ..Preconditions::default() };
    assert!(matches!(bench.get(&bench.root, with(same)).await, Ok(Reply::NotModified(_))));
    let other = TagCondition::OneOf(vec![ETag::from_text("x")]);
    let other = Preconditions { if_match: Some(other), ..Preconditions::default() };
    assert!(matches!(
        bench.get(&bench.root, with(other)).await,
        Err(Error::PreconditionFailed { condition: "If-Match" })
    ));
}

#[tokio::test]
async fn a_range_of_another_representation_is_the_whole() {
    const CURRENT: &str = "781e5e245d69b566979b86e28d23f2c7";
    let bench = Bench::new(CannedAcl::Private).await;
    bench.put("k", b"0123456789").await.unwrap();
    let read = async |tag: &str, header| {
        let if_range = Some(RangeCondition::Tag(ETag::from_text(tag)));
        let conditions = Preconditions { if_range, ..Preconditions::default() };
        let request = GetObject { conditions, strict_range: true, ..ranged("k", header) };
        bench.get(&bench.root, request).await
    };
    assert_eq!(object(read(CURRENT, "bytes=2-4").await.unwrap()).await.2, b"234");
    assert_eq!(object(read("x", "bytes=2-4").await.unwrap()).await, (None, None, b"0123456789".to_vec()));
    assert_eq!(object(read("x", "bytes=10-").await.unwrap()).await.1, None, "what is ignored cannot be wrong");
    assert!(matches!(read(CURRENT, "bytes=10-").await, Err(Error::InvalidRange { .. })));
}

/// A trailer with a checksum of zeroes.
fn trailing(algorithm: ChecksumAlgorithm) -> TrailingChecksum {
    let trailing = TrailingChecksum::default();
    trailing.set(Checksum { algorithm, value: vec![0; algorithm.size_bytes()] }).unwrap();
    trailing
}

#[tokio::test]
async fn the_trailer_that_comes_is_the_one_announced() {
    let bench = Bench::new(CannedAcl::Private).await;
    let crc32 = Some(ChecksumAlgorithm::Crc32);
    for (announced, came) in [
        (crc32, TrailingChecksum::default()),
        (None, trailing(ChecksumAlgorithm::Crc32)),
        (crc32, trailing(ChecksumAlgorithm::Sha1)),
    ] {
        let digests =
            AnnouncedDigests { trailer: announced, algorithm: announced, trailing: came, ..Default::default() };
        let shown = format!("{digests:?}");
        let request = Op::PutObject(Box::new(headwater_model::op::PutObject { digests, ..put("k") }));
        let refused = bench.engine.perform(&bench.root, request, Body::Full(Bytes::from_static(b"x"))).await;
        assert!(matches!(refused, Err(Error::InvalidRequest { .. })), "{shown}");
    }
    assert!(matches!(bench.get(&bench.root, get("k")).await, Err(Error::NoSuchKey { .. })));
}

#[tokio::test]
async fn a_body_without_its_announced_digest_is_not_stored() {
    let bench = Bench::new(CannedAcl::Private).await;
    let body = || Body::Full(Bytes::from_static(b"body"));
    let mut wrong_md5 = put("k");
    wrong_md5.digests.md5 = Some([0; 16]);
    let mut wrong_crc = put("k");
    wrong_crc.digests.checksum = Some(Checksum { algorithm: ChecksumAlgorithm::Crc32, value: vec![0; 4] });
    let mut wrong_trailer = put("k");
    wrong_trailer.digests.algorithm = Some(ChecksumAlgorithm::Crc32c);
    wrong_trailer.digests.trailer = Some(ChecksumAlgorithm::Crc32c);
    wrong_trailer.digests.trailing = trailing(ChecksumAlgorithm::Crc32c);
    let mut short = put("k");
    short.content_length = Some(5);
    for (refused, header) in
        [(wrong_md5, "Content-MD5"), (wrong_crc, "x-amz-checksum-crc32"), (wrong_trailer, "x-amz-checksum-crc32c")]
    {
        let error = bench.engine.perform(&bench.root, Op::PutObject(Box::new(refused)), body()).await.unwrap_err();
        assert!(matches!(&error, Error::BadDigest { header: named, .. } if **named == *header), "{error:?}");
    }
    let error = bench.engine.perform(&bench.root, Op::PutObject(Box::new(short)), body()).await.unwrap_err();
    assert!(matches!(error, Error::IncompleteBody));
    assert!(matches!(bench.get(&bench.root, get("k")).await, Err(Error::NoSuchKey { .. })));
}

#[tokio::test]
async fn write_conditions_have_the_answer_of_their_header() {
    let bench = Bench::new(CannedAcl::Private).await;
    let write = async |condition| {
        let request = Op::PutObject(Box::new(headwater_model::op::PutObject { condition, ..put("k") }));
        bench.engine.perform(&bench.root, request, Body::Full(Bytes::from_static(b"x"))).await
    };
    let tag = ETag::of_md5([0; 16]);
    let meets = |condition| WriteCondition::Meets(Box::new(condition));
    let matches_tag = |tag| ObjectCondition { if_match: Some(tag), ..ObjectCondition::default() };
    let matches_none =
        || meets(ObjectCondition { if_none_match: Some(TagCondition::Any), ..ObjectCondition::default() });
    let tag = matches_tag(TagCondition::OneOf(vec![tag]));
    assert!(matches!(write(meets(tag.clone())).await, Err(Error::NoSuchKey { .. })));
    assert!(matches!(write(meets(matches_tag(TagCondition::Any))).await, Err(Error::NoSuchKey { .. })));
    assert!(write(matches_none()).await.is_ok());
    assert!(write(meets(matches_tag(TagCondition::Any))).await.is_ok());
    let refused = write(matches_none()).await;
    assert!(matches!(refused, Err(Error::PreconditionFailed { condition: "If-None-Match" })));
    assert!(matches!(write(WriteCondition::ForbidOverwrite).await, Err(Error::ObjectExists { .. })));
    assert!(matches!(write(meets(tag)).await, Err(Error::PreconditionFailed { .. })));
}

#[tokio::test]
async fn anonymous_rights_are_those_of_the_canned_list() {
    for (acl, reads, writes) in [
        (CannedAcl::Private, false, false),
        (CannedAcl::PublicRead, true, false),
        (CannedAcl::PublicReadWrite, true, true),
    ] {
        let bench = Bench::new(acl).await;
        bench.put("k", b"x").await.unwrap();
        let ask = async |op| bench.engine.perform(&bench.anonymous, op, Body::Empty).await;
        let denied = |reply: &headwater_model::Result<Reply>| matches!(reply, Err(Error::AccessDenied { .. }));
        let list = ListQuery { prefix: "".into(), delimiter: "".into(), after: "".into(), limit: 1 };
        assert_eq!(!denied(&ask(Op::GetObject(Box::new(get("k")))).await), reads, "get {acl:?}");
        assert_eq!(
            !denied(&ask(Op::HeadObject(Box::new(get("missing")))).await),
            reads,
            "head of what is missing {acl:?}"
        );
        let list = ListObjects { bucket: bucket(BUCKET), query: list, visit: None };
        assert_eq!(!denied(&ask(Op::ListObjects(list)).await), reads, "list {acl:?}");
        assert_eq!(!denied(&ask(Op::PutObject(Box::new(put("p")))).await), writes, "put {acl:?}");
        assert_eq!(!denied(&ask(delete(bucket(BUCKET), key("k"))).await), writes, "delete {acl:?}");
        for op in [
            Op::GetBucketAcl(bucket(BUCKET)),
            Op::PutBucketAcl(bucket(BUCKET), WantedAcl::Canned(CannedAcl::PublicReadWrite)),
            Op::GetBucketWebsite(bucket(BUCKET)),
            Op::DeleteBucketWebsite(bucket(BUCKET)),
            Op::DeleteBucket(bucket(BUCKET)),
            Op::GetBucketInfo(bucket(BUCKET)),
        ] {
            let shown = format!("{op:?} {acl:?}");
            assert!(denied(&ask(op).await), "{shown}");
        }
    }
}

#[tokio::test]
async fn buckets_are_listed_by_location_before_they_are_counted() {
    let bench = Bench::new(CannedAcl::Private).await;
    for (name, location) in [("aaa", "eu-west-1"), ("zzz", "eu-west-1"), ("mmm", "cn-hangzhou")] {
        let location = Some(location.into());
        let create = CreateBucket {
            bucket: bucket(name),
            acl: None,
            ownership: None,
            location,
            storage_class: None,
            object_lock: None,
        };
        bench.ask(Op::CreateBucket(create)).await.unwrap();
    }
    let list = async |location: Option<&str>, limit| {
        let location = location.map(Into::into);
        let query = ListBuckets { prefix: "".into(), after: "".into(), location, tags: Vec::new(), limit };
        let Ok(Reply::Buckets { buckets, next, .. }) = bench.ask(Op::ListBuckets(query)).await else {
            panic!("no list")
        };
        let names: Vec<String> = buckets.iter().map(|bucket| bucket.name.as_str().to_owned()).collect();
        (names.join(" "), next.is_some())
    };
    assert_eq!(list(None, 10).await, ("aaa bkt mmm zzz".into(), false));
    assert_eq!(list(Some("eu-west-1"), 2).await, ("aaa zzz".into(), false), "others do not count");
    assert_eq!(list(Some("eu-west-1"), 1).await, ("aaa".into(), true));
    assert_eq!(list(Some("elsewhere"), 1).await, (String::new(), false));
}

#[tokio::test]
async fn a_missing_bucket_is_said_to_be_missing() {
    let bench = Bench::new(CannedAcl::Private).await;
    let elsewhere = GetObject { bucket: bucket("other"), ..get("k") };
    assert!(matches!(bench.get(&bench.anonymous, elsewhere).await, Err(Error::NoSuchBucket { .. })));
}

/// A copy within the bucket.
fn copy(from: &str, to: &str) -> CopyObject {
    CopyObject {
        acl: None,
        source_bucket: bucket(BUCKET),
        source_key: key(from),
        source_version: None,
        source_conditions: Preconditions::default(),
        bucket: bucket(BUCKET),
        key: key(to),
        headers: None,
        tags: None,
        storage_class: None,
        lock: None,
        website_redirect: None,
        algorithm: None,
        condition: WriteCondition::Any,
        encryption: headwater_model::encryption::WriteEncryption::default(),
        source_customer_key: None,
    }
}

#[tokio::test]
async fn a_copy_needs_the_right_to_read_its_source() {
    let bench = Bench::new(CannedAcl::Private).await;
    bench.put("k", b"secret").await.unwrap();
    let open = CreateBucket {
        bucket: bucket("open"),
        acl: Some(WantedAcl::Canned(CannedAcl::PublicReadWrite)),
        ownership: None,
        location: None,
        storage_class: None,
        object_lock: None,
    };
    bench.ask(Op::CreateBucket(open)).await.unwrap();
    let algorithm = Some(ChecksumAlgorithm::Sha256);
    let copy = || Op::CopyObject(Box::new(CopyObject { bucket: bucket("open"), algorithm, ..copy("k", "stolen") }));
    let refused = bench.engine.perform(&bench.anonymous, copy(), Body::Empty).await;
    assert!(matches!(refused, Err(Error::AccessDenied { .. })));
    let Reply::Copied(meta) = bench.ask(copy()).await.unwrap() else { panic!("not copied") };
    assert_eq!(meta.checksum.as_ref().map(|checksum| checksum.algorithm), Some(ChecksumAlgorithm::Sha256));
}

#[tokio::test]
async fn a_copy_onto_itself_keeps_the_object() {
    let bench = Bench::new(CannedAcl::Private).await;
    bench.put("k", b"body").await.unwrap();
    for dialect in [Dialect::Oss, Dialect::S3] {
        let caller = Caller { dialect, ..bench.root.clone() };
        let copied = bench.engine.perform(&caller, Op::CopyObject(Box::new(copy("k", "k"))), Body::Empty).await;
        assert!(matches!(copied, Ok(Reply::Copied(_))), "{dialect:?}");
        assert_eq!(object(bench.get(&bench.root, get("k")).await.unwrap()).await.2, b"body");
    }
}

#[tokio::test]
async fn a_multipart_upload_becomes_one_object() {
    let bench = Bench::new(CannedAcl::Private).await;
    let create = CreateMultipartUpload {
        acl: None,
        bucket: bucket(BUCKET),
        key: key("big"),
        headers: headwater_model::object::ObjectHeaders::default(),
        tags: Vec::new(),
        checksum: None,
        condition: WriteCondition::Any,
        encryption: headwater_model::encryption::WriteEncryption::default(),
        sequential: false,
    };
    let Reply::UploadCreated(id) = bench.ask(Op::CreateMultipartUpload(Box::new(create))).await.unwrap() else {
        panic!("no upload")
    };
    let upload = UploadRef { bucket: bucket(BUCKET), key: key("big"), upload_id: id.to_string().into() };
    let mut parts = Vec::new();
    for (number, body) in [(2_u16, "world"), (1, "hello ")] {
        let part = UploadPart {
            upload: upload.clone(),
            number,
            content_length: None,
            digests: AnnouncedDigests::default(),
            customer_key: None,
        };
        let body = Body::Full(Bytes::from_static(body.as_bytes()));
        let stored = bench.engine.perform(&bench.root, Op::UploadPart(Box::new(part)), body).await.unwrap();
        let Reply::PartStored(part) = stored else { panic!("no part") };
        parts.push(CompletedPart { number, etag: part.etag, checksum: None });
    }
    let complete = async |parts: Vec<CompletedPart>, min_part_bytes| {
        let complete = CompleteMultipartUpload {
            acl: None,
            upload: upload.clone(),
            parts,
            all_parts: false,
            condition: WriteCondition::Any,
            checksum: None,
            checksum_type: None,
            size_bytes: None,
            min_part_bytes,
            customer_key: None,
        };
        bench.ask(Op::CompleteMultipartUpload(Box::new(complete))).await
    };
    assert!(matches!(complete(parts.clone(), 1).await, Err(Error::InvalidPartOrder)));
    parts.reverse();
    assert!(matches!(complete(parts.clone(), 100).await, Err(Error::EntityTooSmall { part_number: 1, .. })));
    let mut foreign = parts.clone();
    foreign[1].etag = ETag::of_md5([9; 16]);
    assert!(matches!(complete(foreign, 1).await, Err(Error::InvalidPart { part_number: 2, .. })));
    assert!(matches!(complete(parts.clone(), 1).await, Ok(Reply::Completed(_))));
    assert_eq!(object(bench.get(&bench.root, get("big")).await.unwrap()).await.2, b"hello world");
    for (algorithm, kind, etag) in [
        (None, ObjectKind::Multipart, "e09e4fd6265b36115fe3db32df945d84-2"),
        (Some(ChecksumAlgorithm::Sha1), ObjectKind::Normal, "5eb63bbbe01eeed093cb22bb8f5acdc3"),
    ] {
        let request = CopyObject { algorithm, ..copy("big", "copy") };
        let Reply::Copied(meta) = bench.ask(Op::CopyObject(Box::new(request))).await.unwrap() else {
            panic!("no copy")
        };
        assert_eq!((meta.kind, meta.etag.as_str()), (kind, etag), "{algorithm:?}");
    }
    let again = complete(parts.clone(), 1).await;
    assert!(matches!(again, Ok(Reply::Completed(_))), "who did not hear the answer asks again");
    bench.put("big", b"another").await.unwrap();
    assert!(matches!(complete(parts, 1).await, Err(Error::NoSuchUpload { .. })));
}

#[tokio::test]
async fn many_deletes_answer_in_order_and_forgive_what_is_missing() {
    let bench = Bench::new(CannedAcl::Private).await;
    bench.put("a", b"x").await.unwrap();
    let keys = vec![key("z"), key("a"), key("m")];
    let doomed = keys.iter().map(|key| key.clone().into()).collect();
    let delete =
        DeleteObjects { bucket: bucket(BUCKET), keys: doomed, quiet: false, governance: Governance::Respected };
    let quiet = DeleteObjects {
        bucket: bucket(BUCKET),
        keys: vec![key("q").into()],
        quiet: true,
        governance: Governance::Respected,
    };
    assert!(matches!(bench.ask(Op::DeleteObjects(quiet)).await, Ok(Reply::Deleted(deleted)) if deleted.is_empty()));
    let Reply::Deleted(deleted) = bench.ask(Op::DeleteObjects(delete)).await.unwrap() else { panic!("no answer") };
    assert!(deleted.iter().all(|deleted| matches!(deleted.outcome, Ok(None))));
    assert_eq!(deleted.into_iter().map(|deleted| deleted.key).collect::<Vec<_>>(), keys);
    assert!(matches!(bench.get(&bench.root, get("a")).await, Err(Error::NoSuchKey { .. })));
}

#[tokio::test]
async fn a_bucket_of_s3s_oldest_region_is_created_again() {
    let bench = Bench::new(CannedAcl::Private).await;
    let create = async |name: &str, location: Option<&str>, acl: CannedAcl| {
        let (acl, location) = (Some(WantedAcl::Canned(acl)), location.map(Into::into));
        let (bucket, object_lock) = (bucket(name), None);
        let create = CreateBucket { bucket, acl, ownership: None, location, storage_class: None, object_lock };
        let caller = Caller { dialect: Dialect::S3, ..bench.root.clone() };
        bench.engine.perform(&caller, Op::CreateBucket(create), Body::Empty).await
    };
    let (oldest, other) = (Some("us-east-1"), Some("eu-west-1"));
    create("east", oldest, CannedAcl::Private).await.unwrap();
    assert!(matches!(create("east", oldest, CannedAcl::Private).await, Ok(Reply::Bucket { .. })));
    let another_list = create("east", oldest, CannedAcl::PublicRead).await;
    assert!(matches!(another_list, Err(Error::BucketAlreadyExists { .. })));
    create("west", other, CannedAcl::Private).await.unwrap();
    for (name, location) in [("east", other), ("west", other), ("west", oldest)] {
        let again = create(name, location, CannedAcl::Private).await;
        assert!(matches!(again, Err(Error::BucketAlreadyOwnedByYou { .. })), "{name} {location:?}");
    }
}

#[tokio::test]
async fn a_copy_on_the_oss_face_keeps_the_type_and_how_to_decrypt() {
    let bench = Bench::new(CannedAcl::Private).await;
    let headers = |kind: Option<&str>, user: &[(&str, &str)]| ObjectHeaders {
        content: ContentHeaders { content_type: kind.map(Into::into), ..ContentHeaders::default() },
        user: user.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        ..ObjectHeaders::default()
    };
    let source = PutObject {
        headers: headers(Some("text/plain"), &[("client-side-encryption-key", "k"), ("other", "o")]),
        ..put("source")
    };
    bench.engine.perform(&bench.root, Op::PutObject(Box::new(source)), Body::Empty).await.unwrap();
    for (dialect, kind, user) in [
        (Dialect::Oss, Some("text/plain"), vec!["mine", "client-side-encryption-key"]),
        (Dialect::S3, None, vec!["mine"]),
    ] {
        let request = CopyObject { headers: Some(headers(None, &[("mine", "m")])), ..copy("source", "copy") };
        let caller = Caller { dialect, ..bench.root.clone() };
        let reply = bench.engine.perform(&caller, Op::CopyObject(Box::new(request)), Body::Empty).await.unwrap();
        let Reply::Copied(meta) = reply else { panic!("no copy") };
        let names: Vec<&str> = meta.headers.user.iter().map(|(name, _)| &**name).collect();
        assert_eq!((meta.headers.content.content_type.as_deref(), names), (kind, user), "{dialect:?}");
    }
}
