//! Objects made of parts: checksums of the whole, copied parts, reads by part; and tags.

use bytes::Bytes;
use headwater_model::acl::CannedAcl;
use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use headwater_model::digest::{Checksum, ChecksumAlgorithm, ChecksumType};
use headwater_model::multipart::{CompletedPart, PartInfo};
use headwater_model::object::{ObjectHeaders, SharedMeta, Tags};
use headwater_model::op::{
    AnnouncedDigests, Caller, CompleteMultipartUpload, CopyObject, CreateMultipartUpload, GetObject, Op, PartRange,
    PutObject, RestoreTier, UploadPart, UploadPartCopy, UploadRef, WriteCondition,
};
use headwater_model::precondition::{Preconditions, TagCondition};
use headwater_model::reply::Reply;
use headwater_model::{Error, Result};

use crate::support::{BUCKET, Bench, bucket, current, get, key, object, put};

fn tags(text: &str) -> Tags {
    vec![("k".into(), text.into())]
}

async fn create(bench: &Bench, checksum: Option<(ChecksumAlgorithm, ChecksumType)>) -> UploadRef {
    let create = CreateMultipartUpload {
        bucket: bucket(BUCKET),
        key: key("big"),
        headers: ObjectHeaders { storage_class: Some("GLACIER".into()), ..ObjectHeaders::default() },
        tags: tags("of the upload"),
        acl: None,
        checksum,
        condition: WriteCondition::Any,
        encryption: headwater_model::encryption::WriteEncryption::default(),
        sequential: false,
    };
    match bench.ask(Op::CreateMultipartUpload(Box::new(create))).await.unwrap() {
        Reply::UploadCreated(id) => {
            UploadRef { bucket: bucket(BUCKET), key: key("big"), upload_id: id.to_string().into() }
        }
        other => panic!("{other:?}"),
    }
}

/// An upload whose parts come in order.
async fn create_sequential(bench: &Bench) -> UploadRef {
    let create = CreateMultipartUpload {
        bucket: bucket(BUCKET),
        key: key("big"),
        headers: ObjectHeaders::default(),
        tags: Tags::new(),
        acl: None,
        checksum: None,
        condition: WriteCondition::Any,
        sequential: true,
        encryption: headwater_model::encryption::WriteEncryption::default(),
    };
    match bench.ask(Op::CreateMultipartUpload(Box::new(create))).await.unwrap() {
        Reply::UploadCreated(id) => {
            UploadRef { bucket: bucket(BUCKET), key: key("big"), upload_id: id.to_string().into() }
        }
        other => panic!("{other:?}"),
    }
}

async fn upload(bench: &Bench, upload: &UploadRef, number: u16, body: &'static str) -> PartInfo {
    let digests = AnnouncedDigests::default();
    let part = UploadPart { upload: upload.clone(), number, content_length: None, digests, customer_key: None };
    let body = Body::Full(Bytes::from_static(body.as_bytes()));
    match bench.engine.perform(&bench.root, Op::UploadPart(Box::new(part)), body).await.unwrap() {
        Reply::PartStored(part) => part,
        other => panic!("{other:?}"),
    }
}

fn listed(parts: &[PartInfo]) -> Vec<CompletedPart> {
    let listed = |part: &PartInfo| CompletedPart {
        number: part.number,
        etag: part.etag.clone(),
        checksum: part.checksum.clone(),
    };
    parts.iter().map(listed).collect()
}

fn completion(upload: &UploadRef, parts: &[PartInfo]) -> CompleteMultipartUpload {
    CompleteMultipartUpload {
        upload: upload.clone(),
        parts: listed(parts),
        all_parts: false,
        acl: None,
        condition: WriteCondition::Any,
        checksum: None,
        checksum_type: None,
        size_bytes: None,
        min_part_bytes: 1,
        customer_key: None,
    }
}

async fn complete(bench: &Bench, complete: CompleteMultipartUpload) -> Result<SharedMeta> {
    match bench.ask(Op::CompleteMultipartUpload(Box::new(complete))).await? {
        Reply::Completed(meta) => Ok(meta),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_checksum_of_the_whole_is_compared() {
    let bench = Bench::new(CannedAcl::Private).await;
    let crc32 = (ChecksumAlgorithm::Crc32, ChecksumType::FullObject);
    let reference = create(&bench, Some(crc32)).await;
    let parts = [upload(&bench, &reference, 1, "1234").await, upload(&bench, &reference, 4, "56789").await];
    // The check value of the catalogue.
    let value = 0xcbf4_3926_u32.to_be_bytes().to_vec();
    let right = Checksum { algorithm: ChecksumAlgorithm::Crc32, value };
    let wrong = Checksum { value: vec![0; 4], ..right.clone() };
    let refused = async |change: &dyn Fn(&mut CompleteMultipartUpload)| {
        let mut request = completion(&reference, &parts);
        change(&mut request);
        complete(&bench, request).await.unwrap_err()
    };
    let bad = refused(&|request| request.checksum = Some(wrong.clone())).await;
    assert!(matches!(bad, Error::BadDigest { header, .. } if &*header == "x-amz-checksum-crc32"));
    let other_type = refused(&|request| request.checksum_type = Some(ChecksumType::Composite)).await;
    assert!(matches!(other_type, Error::InvalidRequest { .. }));
    let other_part = refused(&|request| request.parts[1].checksum = Some(wrong.clone())).await;
    assert!(matches!(other_part, Error::InvalidPart { part_number: 4, .. }));
    let other_length = refused(&|request| request.size_bytes = Some(8)).await;
    assert!(matches!(other_length, Error::InvalidRequest { .. }));

    let mut request = completion(&reference, &parts);
    request.checksum = Some(right.clone());
    request.size_bytes = Some(9);
    let meta = complete(&bench, request).await.unwrap();
    assert_eq!((meta.checksum.as_ref(), meta.composition.checksum_type), (Some(&right), ChecksumType::FullObject));
    assert_eq!((&meta.tags, meta.headers.storage_class.as_deref()), (&tags("of the upload"), Some("GLACIER")));
}

/// OSS counts open uploads as content, S3 drops them.
#[tokio::test]
async fn a_bucket_goes_with_its_open_uploads_on_s3() {
    let bench = Bench::new(CannedAcl::Private).await;
    create(&bench, None).await;
    let delete = async |dialect| {
        let caller = Caller { dialect, ..bench.root.clone() };
        bench.engine.perform(&caller, Op::DeleteBucket(bucket(BUCKET)), Body::Empty).await
    };
    bench.put("k", b"x").await.unwrap();
    assert!(matches!(delete(Dialect::S3).await, Err(Error::BucketNotEmpty { .. })));
    bench.ask(crate::support::delete(bucket(BUCKET), key("k"))).await.unwrap();
    assert!(matches!(delete(Dialect::Oss).await, Err(Error::BucketNotEmpty { .. })));
    delete(Dialect::S3).await.unwrap();
}

#[tokio::test]
async fn a_part_is_read_by_its_number() {
    let bench = Bench::new(CannedAcl::Private).await;
    let reference = create(&bench, None).await;
    let parts = [upload(&bench, &reference, 2, "hello ").await, upload(&bench, &reference, 7, "world").await];
    complete(&bench, completion(&reference, &parts)).await.unwrap();
    bench.put("k", b"whole").await.unwrap();
    let read = async |text, number| bench.get(&bench.root, GetObject { part: Some(number), ..get(text) }).await;
    let Reply::Object(second) = read("big", 7).await.unwrap() else { panic!("no object") };
    assert_eq!(second.part.as_ref().map(|part| (part.number, part.size_bytes)), Some((7, 5)));
    assert_eq!(object(Reply::Object(second)).await, (None, Some(6..11), b"world".to_vec()));
    assert!(matches!(read("big", 1).await, Err(Error::InvalidPart { part_number: 1, .. })));
    let Reply::Object(whole) = read("k", 1).await.unwrap() else { panic!("no object") };
    assert!(whole.part.is_none(), "no count of parts is told of what was not put in parts");
    assert_eq!(object(Reply::Object(whole)).await, (None, Some(0..5), b"whole".to_vec()));
    bench.put("empty", b"").await.unwrap();
    assert_eq!(object(read("empty", 1).await.unwrap()).await, (None, None, Vec::new()));
    assert!(matches!(read("k", 2).await, Err(Error::InvalidPart { .. })));
}

#[tokio::test]
async fn a_part_is_copied_from_an_object() {
    let bench = Bench::new(CannedAcl::Private).await;
    bench.put("source", b"0123456789").await.unwrap();
    let reference = create(&bench, Some((ChecksumAlgorithm::Sha256, ChecksumType::Composite))).await;
    let copy = |number, range: Option<(u64, Option<u64>)>| UploadPartCopy {
        upload: reference.clone(),
        number,
        source_bucket: bucket(BUCKET),
        source_key: key("source"),
        source_version: None,
        source_conditions: Preconditions::default(),
        range: range.map(|(first, last)| PartRange { first, last }),
        customer_key: None,
        source_customer_key: None,
    };
    let ask = async |copy| match bench.ask(Op::UploadPartCopy(Box::new(copy))).await? {
        Reply::PartCopied(part) => Ok::<PartInfo, Error>(part),
        other => panic!("{other:?}"),
    };
    let ranges = [Some((2, Some(4))), None, Some((7, None))];
    let mut parts = Vec::new();
    for (number, range) in (1..).zip(ranges) {
        parts.push(ask(copy(number, range)).await.unwrap());
    }
    assert!(parts.iter().all(|part| part.checksum.is_some()), "in the algorithm of the upload");
    for beyond in [(5, Some(10)), (5, Some(u64::MAX)), (10, None)] {
        assert!(matches!(ask(copy(3, Some(beyond))).await, Err(Error::InvalidRange { size_bytes: 10, .. })));
    }
    let missing = UploadPartCopy { source_key: key("missing"), ..copy(3, None) };
    assert!(matches!(ask(missing).await, Err(Error::NoSuchKey { .. })));
    let conditions = Preconditions { if_none_match: Some(TagCondition::Any), ..Preconditions::default() };
    let unmodified = Op::UploadPartCopy(Box::new(UploadPartCopy { source_conditions: conditions, ..copy(3, None) }));
    assert!(matches!(bench.ask(unmodified).await, Err(Error::NotModified)), "as OSS answers it");
    complete(&bench, completion(&reference, &parts)).await.unwrap();
    assert_eq!(object(bench.get(&bench.root, get("big")).await.unwrap()).await.2, b"2340123456789789");
}

#[tokio::test]
async fn tags_are_set_shown_and_copied() {
    let bench = Bench::new(CannedAcl::Private).await;
    let write = PutObject { tags: tags("first"), ..put("k") };
    let body = Body::Full(Bytes::from_static(b"x"));
    bench.engine.perform(&bench.root, Op::PutObject(Box::new(write)), body).await.unwrap();
    let shown =
        async |text: &str| match bench.ask(Op::GetObjectTagging(current(bucket(BUCKET), key(text)))).await.unwrap() {
            Reply::Tags(tags) => tags,
            other => panic!("{other:?}"),
        };
    assert_eq!(shown("k").await, tags("first"));
    bench.ask(Op::PutObjectTagging(current(bucket(BUCKET), key("k")), tags("second"))).await.unwrap();
    assert_eq!(shown("k").await, tags("second"));
    let copy = |to: &str, tags| CopyObject {
        source_bucket: bucket(BUCKET),
        source_key: key("k"),
        source_version: None,
        source_conditions: Preconditions::default(),
        bucket: bucket(BUCKET),
        key: key(to),
        headers: None,
        tags,
        acl: None,
        storage_class: Some("GLACIER".into()),
        lock: None,
        website_redirect: None,
        algorithm: None,
        condition: WriteCondition::Any,
        encryption: headwater_model::encryption::WriteEncryption::default(),
        source_customer_key: None,
    };
    bench.ask(Op::CopyObject(Box::new(copy("same", None)))).await.unwrap();
    bench.ask(Op::CopyObject(Box::new(copy("other", Some(tags("third")))))).await.unwrap();
    assert_eq!((shown("same").await, shown("other").await), (tags("second"), tags("third")));
    let Reply::Object(copied) = bench.get(&bench.root, get("same")).await.unwrap() else { panic!("no object") };
    assert_eq!(copied.meta.headers.storage_class.as_deref(), Some("GLACIER"));
    bench.ask(Op::DeleteObjectTagging(current(bucket(BUCKET), key("k")))).await.unwrap();
    assert_eq!(shown("k").await, Tags::new());
    let missing = bench.ask(Op::PutObjectTagging(current(bucket(BUCKET), key("missing")), tags("x"))).await;
    assert!(matches!(missing, Err(Error::NoSuchKey { .. })));
}

#[tokio::test]
async fn buckets_have_tags_of_their_own() {
    let bench = Bench::new(CannedAcl::Private).await;
    let shown = async |dialect| {
        let caller = Caller { dialect, ..bench.root.clone() };
        bench.engine.perform(&caller, Op::GetBucketTagging(bucket(BUCKET)), Body::Empty).await
    };
    assert!(matches!(shown(Dialect::Oss).await, Ok(Reply::Tags(tags)) if tags.is_empty()));
    assert!(matches!(shown(Dialect::S3).await, Err(Error::NoSuchTagSet { .. })));
    let both: Tags = vec![("a".into(), "1".into()), ("b".into(), "2".into())];
    bench.ask(Op::PutBucketTagging(bucket(BUCKET), both.clone())).await.unwrap();
    assert!(matches!(shown(Dialect::S3).await, Ok(Reply::Tags(tags)) if tags == both));
    bench.ask(Op::DeleteBucketTagging(bucket(BUCKET), vec!["a".into()])).await.unwrap();
    assert!(matches!(shown(Dialect::S3).await, Ok(Reply::Tags(tags)) if tags == both[1..]));
    bench.ask(Op::DeleteBucketTagging(bucket(BUCKET), Vec::new())).await.unwrap();
    assert!(matches!(shown(Dialect::S3).await, Err(Error::NoSuchTagSet { .. })));
}

/// What comes out of turn is refused before its body is read; written and copied parts make one MD5.
#[tokio::test]
async fn parts_of_a_sequential_upload_come_in_turn() {
    let bench = Bench::new(CannedAcl::Private).await;
    bench.put("source", b"of a copy").await.unwrap();
    let sequential = create_sequential(&bench).await;
    let out_of_turn = UploadPart {
        upload: sequential.clone(),
        number: 2,
        content_length: None,
        digests: AnnouncedDigests::default(),
        customer_key: None,
    };
    let unread = Body::Stream(Box::pin(Unread));
    let refused = bench.engine.perform(&bench.root, Op::UploadPart(Box::new(out_of_turn)), unread).await;
    assert!(matches!(refused, Err(Error::PartNotSequential { part_number: 2 })), "{refused:?}");

    let first = upload(&bench, &sequential, 1, "written, then ").await;
    let copy = |number| {
        Op::UploadPartCopy(Box::new(UploadPartCopy {
            upload: sequential.clone(),
            number,
            source_bucket: bucket(BUCKET),
            source_key: key("source"),
            source_version: None,
            source_conditions: Preconditions::default(),
            range: None,
            customer_key: None,
            source_customer_key: None,
        }))
    };
    let again = bench.ask(copy(1)).await;
    assert!(matches!(again, Err(Error::PartAlreadyExists { part_number: 1 })), "{again:?}");
    let second = match bench.ask(copy(2)).await.unwrap() {
        Reply::PartCopied(part) => part,
        other => panic!("{other:?}"),
    };
    let complete = completion(&sequential, &[first, second]);
    match bench.ask(Op::CompleteMultipartUpload(Box::new(complete))).await.unwrap() {
        Reply::Completed(meta) => assert_eq!(meta.md5, Some(fast_md5::digest(b"written, then of a copy"))),
        other => panic!("{other:?}"),
    }
}

/// A body that must not be read.
struct Unread;

impl futures_util::Stream for Unread {
    type Item = Result<Bytes>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        panic!("the body is read");
    }
}

/// Every object is readable: of an archive's class it is accepted every time, of another there is nothing to restore.
#[tokio::test]
async fn only_archived_objects_are_restored() {
    let bench = Bench::new(CannedAcl::Private).await;
    for (class, tier, restored) in [
        (None, None, Err("class")),
        (Some("STANDARD_IA"), None, Err("class")),
        (Some("GLACIER_IR"), None, Err("class")),
        (Some("GLACIER"), None, Ok(None)),
        (Some("Archive"), None, Ok(None)),
        (Some("Archive"), Some(RestoreTier::Bulk), Err("tier")),
        (Some("ColdArchive"), Some(RestoreTier::Bulk), Ok(Some(RestoreTier::Bulk))),
        (Some("DeepColdArchive"), None, Ok(Some(RestoreTier::Standard))),
    ] {
        let headers = ObjectHeaders { storage_class: class.map(Into::into), ..ObjectHeaders::default() };
        let op = Op::PutObject(Box::new(PutObject { headers, ..put("k") }));
        bench.engine.perform(&bench.root, op, Body::Full(Bytes::from_static(b"body"))).await.unwrap();
        for _ in 0..2 {
            let answer = match bench.ask(Op::RestoreObject(current(bucket(BUCKET), key("k")), tier)).await {
                Ok(Reply::Restoring(tier)) => Ok(tier),
                Err(Error::NotArchived { .. }) => Err("class"),
                Err(Error::MalformedXml { .. }) => Err("tier"),
                other => panic!("{class:?}: {other:?}"),
            };
            assert_eq!(answer, restored, "{class:?}");
        }
    }
    let missing = bench.ask(Op::RestoreObject(current(bucket(BUCKET), key("missing")), None)).await;
    assert!(matches!(missing, Err(Error::NoSuchKey { .. })));
}
