//! Objects that are encrypted: whoever may read them notices nothing, and the store never holds them in the clear.

use bytes::Bytes;
use headwater_model::acl::CannedAcl;
use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use headwater_model::encryption::{BucketEncryption, CustomerKey, KeyHolder, ServerEncryption, WriteEncryption};
use headwater_model::multipart::CompletedPart;
use headwater_model::object::{ObjectHeaders, SharedMeta};
use headwater_model::op::{
    AnnouncedDigests, AppendObject, Caller, CompleteMultipartUpload, CopyObject, CreateMultipartUpload, GetObject,
    ObjectVersion, Op, PartRange, PutObject, UploadPart, UploadPartCopy, UploadRef, WriteCondition,
};
use headwater_model::precondition::Preconditions;
use headwater_model::range::ByteRange;
use headwater_model::reply::Reply;
use headwater_model::{Error, Result};

use crate::support::{BUCKET, Bench, bucket, caller, get, key, object, put};

/// Longer than what is stored in one piece of memory.
const LARGE: usize = 200_000;

fn body(length: usize) -> Bytes {
    (0..length).map(|at| (at % 251) as u8).collect::<Vec<u8>>().into()
}

async fn write(bench: &Bench, name: &str, length: usize, encryption: WriteEncryption) -> SharedMeta {
    let request = Op::PutObject(Box::new(PutObject { encryption, ..put(name) }));
    match bench.engine.perform(&bench.root, request, Body::Full(body(length))).await.unwrap() {
        Reply::Stored(meta) => meta,
        other => panic!("{other:?}"),
    }
}

async fn read(bench: &Bench, name: &str) -> Vec<u8> {
    object(bench.get(&bench.root, get(name)).await.unwrap()).await.2
}

/// Whose key opens it, if it is encrypted; then it must not be readable in the store.
async fn holder(bench: &Bench, name: &str) -> Option<KeyHolder> {
    let reference = (&*bench.engine.bucket(BUCKET).unwrap()).into();
    let stored = bench.engine.store().open(&reference, &key(name)).await.unwrap().unwrap();
    let encryption = stored.meta.composition.encryption.as_ref()?;
    assert!(stored.content.resident().is_none());
    let Body::Stream(mut stream) = stored.content.read(0..1) else { panic!("{name} is in the clear") };
    let first = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await;
    assert!(matches!(first, Some(Err(Error::Internal { .. }))), "{name}");
    Some(encryption.holder)
}

fn copy(from: &str, to: &str, encryption: WriteEncryption) -> CopyObject {
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
        encryption,
        source_customer_key: None,
    }
}

async fn encrypts_by_default(bench: &Bench) {
    bench.ask(Op::PutBucketEncryption(bucket(BUCKET), BucketEncryption::default())).await.unwrap();
}

#[tokio::test]
async fn what_is_asked_to_be_encrypted_is_and_reads_as_ever() {
    let bench = Bench::new(CannedAcl::Private).await;
    for length in [1, 11, LARGE] {
        let meta = write(&bench, "k", length, WriteEncryption::Managed).await;
        assert_eq!(holder(&bench, "k").await, Some(KeyHolder::Server));
        assert_eq!(meta.etag, headwater_model::digest::ETag::of_md5(fast_md5::digest(&body(length))));
        assert!(read(&bench, "k").await == body(length));
        let end = length as u64 - 1;
        let range = GetObject { range: Some((ByteRange::FromTo(end, end), "r".into())), ..get("k") };
        assert_eq!(object(bench.get(&bench.root, range).await.unwrap()).await.2, &body(length)[length - 1..]);
    }
    let first = write(&bench, "k", 5, WriteEncryption::Managed).await.composition.encryption.clone().unwrap();
    let second = write(&bench, "k", 5, WriteEncryption::Managed).await.composition.encryption.clone().unwrap();
    assert_ne!(first.wrapped_key, second.wrapped_key, "each has a key of its own");
    write(&bench, "clear", 5, WriteEncryption::BucketDefault).await;
    assert_eq!(holder(&bench, "clear").await, None);
}

#[tokio::test]
async fn a_bucket_encrypts_what_comes_from_then_on() {
    let bench = Bench::new(CannedAcl::Private).await;
    let ask = || bench.ask(Op::GetBucketEncryption(bucket(BUCKET)));
    assert!(matches!(ask().await, Err(Error::NoSuchEncryption { .. })));
    write(&bench, "before", 10, WriteEncryption::BucketDefault).await;
    let wanted = BucketEncryption { bucket_key: Some(true) };
    bench.ask(Op::PutBucketEncryption(bucket(BUCKET), wanted)).await.unwrap();
    assert!(matches!(ask().await, Ok(Reply::BucketEncryption(told)) if told == wanted));
    for (name, length) in [("small", 10), ("large", LARGE), ("empty", 0)] {
        let meta = write(&bench, name, length, WriteEncryption::BucketDefault).await;
        assert_eq!(meta.composition.encryption.as_ref().map(|encryption| encryption.holder), Some(KeyHolder::Server));
        assert!(read(&bench, name).await == body(length));
    }
    assert_eq!((holder(&bench, "small").await, holder(&bench, "before").await), (Some(KeyHolder::Server), None));
    let lines = || Bytes::from_static(b"a line");
    bench.engine.deliver_log(&bucket(BUCKET), &bucket(BUCKET), key("log"), lines()).await.unwrap();
    assert_eq!((holder(&bench, "log").await, read(&bench, "log").await), (Some(KeyHolder::Server), lines().to_vec()));
    bench.ask(Op::DeleteBucketEncryption(bucket(BUCKET))).await.unwrap();
    bench.ask(Op::DeleteBucketEncryption(bucket(BUCKET))).await.unwrap();
    assert!(matches!(ask().await, Err(Error::NoSuchEncryption { .. })));
    write(&bench, "after", 10, WriteEncryption::BucketDefault).await;
    assert_eq!((holder(&bench, "after").await, holder(&bench, "large").await), (None, Some(KeyHolder::Server)));
    assert!(read(&bench, "large").await == body(LARGE), "what was encrypted stays readable");
}

#[tokio::test]
async fn a_server_encrypts_what_buckets_say_nothing_about() {
    let bench = Bench::encrypting(ServerEncryption::Managed, CannedAcl::Private).await;
    for (name, length) in [("small", 10), ("large", LARGE), ("empty", 0)] {
        write(&bench, name, length, WriteEncryption::BucketDefault).await;
        let meta = bench.engine.store().open(&(&*bench.engine.bucket(BUCKET).unwrap()).into(), &key(name)).await;
        let encryption = meta.unwrap().unwrap().meta.composition.encryption.clone();
        assert_eq!(encryption.map(|encryption| encryption.holder), Some(KeyHolder::Server), "{name}");
        assert!(read(&bench, name).await == body(length));
    }
    let lines = Bytes::from_static(b"a line");
    bench.engine.deliver_log(&bucket(BUCKET), &bucket(BUCKET), key("log"), lines).await.unwrap();
    assert_eq!(holder(&bench, "log").await, Some(KeyHolder::Server));
    bench.ask(Op::CopyObject(Box::new(copy("small", "copied", WriteEncryption::BucketDefault)))).await.unwrap();
    assert_eq!(holder(&bench, "copied").await, Some(KeyHolder::Server));

    // OSS tells what the bucket says, S3 what holds.
    let of_s3 = caller(bench.root.principal.clone(), Dialect::S3);
    let ask = |caller: Caller<'static>| {
        let engine = &bench.engine;
        async move { engine.perform(&caller, Op::GetBucketEncryption(bucket(BUCKET)), Body::Empty).await }
    };
    assert!(matches!(ask(bench.root.clone()).await, Err(Error::NoSuchEncryption { .. })));
    assert!(
        matches!(ask(of_s3.clone()).await, Ok(Reply::BucketEncryption(told)) if told == BucketEncryption::default())
    );
    let wanted = BucketEncryption { bucket_key: Some(true) };
    bench.ask(Op::PutBucketEncryption(bucket(BUCKET), wanted)).await.unwrap();
    for caller in [bench.root.clone(), of_s3] {
        assert!(matches!(ask(caller).await, Ok(Reply::BucketEncryption(told)) if told == wanted));
    }
}

#[tokio::test]
async fn a_copy_is_encrypted_as_it_is_asked_for_and_not_as_its_source() {
    let bench = Bench::new(CannedAcl::Private).await;
    for length in [7, LARGE] {
        let source = write(&bench, "encrypted", length, WriteEncryption::Managed).await;
        write(&bench, "clear", length, WriteEncryption::BucketDefault).await;
        for (from, encryption, expected) in [
            ("encrypted", WriteEncryption::BucketDefault, None),
            ("encrypted", WriteEncryption::Managed, Some(KeyHolder::Server)),
            ("clear", WriteEncryption::Managed, Some(KeyHolder::Server)),
            ("clear", WriteEncryption::BucketDefault, None),
        ] {
            let reply = bench.ask(Op::CopyObject(Box::new(copy(from, "copy", encryption)))).await.unwrap();
            let Reply::Copied(meta) = reply else { panic!("{reply:?}") };
            assert_eq!(meta.composition.encryption.as_ref().map(|encryption| encryption.holder), expected);
            assert_eq!((&meta.etag, meta.size_bytes, meta.crc64), (&source.etag, source.size_bytes, source.crc64));
            assert_eq!(holder(&bench, "copy").await, expected);
            assert!(read(&bench, "copy").await == body(length), "{from}");
        }
        let computing = CopyObject {
            algorithm: Some(headwater_model::digest::ChecksumAlgorithm::Sha256),
            ..copy("encrypted", "computed", WriteEncryption::Managed)
        };
        bench.ask(Op::CopyObject(Box::new(computing))).await.unwrap();
        assert_eq!(holder(&bench, "computed").await, Some(KeyHolder::Server));
        assert!(read(&bench, "computed").await == body(length));
    }
    encrypts_by_default(&bench).await;
    let onto_itself = copy("clear", "clear", WriteEncryption::BucketDefault);
    bench.ask(Op::CopyObject(Box::new(onto_itself))).await.unwrap();
    assert_eq!(holder(&bench, "clear").await, Some(KeyHolder::Server));
    assert!(read(&bench, "clear").await == body(LARGE));
}

#[tokio::test]
async fn appends_are_encrypted_as_their_object() {
    let bench = Bench::new(CannedAcl::Private).await;
    let append = async |position: usize, length: usize, encryption| {
        let append = AppendObject {
            bucket: bucket(BUCKET),
            key: key("log"),
            position: position as u64,
            headers: ObjectHeaders::default(),
            tags: Vec::new(),
            acl: None,
            content_length: None,
            digests: AnnouncedDigests::default(),
            encryption,
        };
        let piece = body(position + length).slice(position..);
        let reply = bench.engine.perform(&bench.root, Op::AppendObject(Box::new(append)), Body::Full(piece)).await;
        let Reply::Appended(meta) = reply.unwrap() else { panic!("not appended") };
        assert!(meta.composition.encryption.is_some());
    };
    append(0, 10, WriteEncryption::Managed).await;
    append(10, LARGE, WriteEncryption::BucketDefault).await;
    append(LARGE + 10, 3, WriteEncryption::Managed).await;
    assert_eq!(holder(&bench, "log").await, Some(KeyHolder::Server));
    assert!(read(&bench, "log").await == body(LARGE + 13));
}

/// An answer about an upload, and whose key it tells.
fn told(reply: Reply) -> (Reply, Option<KeyHolder>) {
    match reply {
        Reply::Encrypted(reply, holder) => (*reply, Some(holder)),
        reply => (reply, None),
    }
}

async fn create(bench: &Bench, encryption: WriteEncryption) -> (UploadRef, Option<KeyHolder>) {
    let create = CreateMultipartUpload {
        bucket: bucket(BUCKET),
        key: key("big"),
        headers: ObjectHeaders::default(),
        tags: Vec::new(),
        acl: None,
        checksum: None,
        condition: WriteCondition::Any,
        encryption,
        sequential: false,
    };
    let (reply, holder) = told(bench.ask(Op::CreateMultipartUpload(Box::new(create))).await.unwrap());
    let Reply::UploadCreated(id) = reply else { panic!("{reply:?}") };
    (UploadRef { bucket: bucket(BUCKET), key: key("big"), upload_id: id.to_string().into() }, holder)
}

/// A part of the bytes, and a part copied from `source`.
async fn parts(
    bench: &Bench,
    upload: &UploadRef,
    customer: Option<&CustomerKey>,
) -> Result<(Vec<CompletedPart>, Vec<Option<KeyHolder>>)> {
    let customer_key = customer.cloned();
    let digests = AnnouncedDigests::default();
    let part = UploadPart {
        upload: upload.clone(),
        number: 1,
        content_length: None,
        digests,
        customer_key: customer_key.clone(),
    };
    let part = Op::UploadPart(Box::new(part));
    let (first, told_first) = told(bench.engine.perform(&bench.root, part, Body::Full(body(LARGE))).await?);
    let part = UploadPartCopy {
        upload: upload.clone(),
        number: 2,
        source_bucket: bucket(BUCKET),
        source_key: key("source"),
        source_version: None,
        source_conditions: Preconditions::default(),
        range: Some(PartRange { first: 1, last: Some(70_000) }),
        customer_key: customer_key.clone(),
        source_customer_key: customer_key,
    };
    let (second, told_second) = told(bench.ask(Op::UploadPartCopy(Box::new(part))).await?);
    let (Reply::PartStored(first), Reply::PartCopied(second)) = (first, second) else { panic!("no parts") };
    let listed = [first, second].map(|part| CompletedPart { number: part.number, etag: part.etag, checksum: None });
    Ok((listed.to_vec(), vec![told_first, told_second]))
}

async fn complete(bench: &Bench, upload: UploadRef, parts: Vec<CompletedPart>) -> SharedMeta {
    match complete_with(bench, upload, parts, None).await.unwrap() {
        Reply::Completed(meta) => meta,
        other => panic!("{other:?}"),
    }
}

async fn complete_with(
    bench: &Bench,
    upload: UploadRef,
    parts: Vec<CompletedPart>,
    customer_key: Option<CustomerKey>,
) -> Result<Reply> {
    let complete = CompleteMultipartUpload {
        upload,
        parts,
        all_parts: false,
        acl: None,
        condition: WriteCondition::Any,
        checksum: None,
        checksum_type: None,
        size_bytes: None,
        min_part_bytes: 1,
        customer_key,
    };
    bench.ask(Op::CompleteMultipartUpload(Box::new(complete))).await
}

fn of_both_parts() -> Vec<u8> {
    [&body(LARGE)[..], &body(LARGE)[1..=70_000]].concat()
}

#[tokio::test]
async fn an_upload_is_encrypted_as_it_was_begun() {
    let bench = Bench::new(CannedAcl::Private).await;
    write(&bench, "source", LARGE, WriteEncryption::Managed).await;
    for (encryption, expected) in
        [(WriteEncryption::Managed, Some(KeyHolder::Server)), (WriteEncryption::BucketDefault, None)]
    {
        let (upload, told) = create(&bench, encryption).await;
        let (listed, told_of_parts) = parts(&bench, &upload, None).await.unwrap();
        assert_eq!((told, told_of_parts), (expected, vec![expected, expected]));
        encrypts_by_default(&bench).await;
        let meta = complete(&bench, upload, listed).await;
        bench.ask(Op::DeleteBucketEncryption(bucket(BUCKET))).await.unwrap();
        assert_eq!(meta.composition.encryption.as_ref().map(|encryption| encryption.holder), expected);
        assert_eq!(holder(&bench, "big").await, expected);
        assert!(read(&bench, "big").await == of_both_parts());
    }
    // A copy keeps the parts, whatever encrypts it.
    let copied = bench.ask(Op::CopyObject(Box::new(copy("big", "copy", WriteEncryption::Managed)))).await.unwrap();
    let Reply::Copied(meta) = copied else { panic!("{copied:?}") };
    assert_eq!(meta.composition.parts.as_ref().map(|parts| parts.len()), Some(2));
    let part = GetObject { part: Some(2), ..get("copy") };
    assert!(object(bench.get(&bench.root, part).await.unwrap()).await.2 == body(LARGE)[1..=70_000]);
}

fn customer(byte: u8) -> CustomerKey {
    CustomerKey::new([byte; 32], [byte; 16])
}

fn attributes(name: &str, customer_key: Option<CustomerKey>) -> Op {
    Op::GetObjectAttributes(ObjectVersion::current(bucket(BUCKET), key(name)), customer_key)
}

fn is_refused<T: std::fmt::Debug>(result: &Result<T>) {
    assert!(matches!(result, Err(Error::InvalidRequest { .. })), "{result:?}");
}

#[tokio::test]
async fn what_a_customers_key_encrypts_nobody_reads_without_it() {
    let bench = Bench::new(CannedAcl::Private).await;
    let own = KeyHolder::Customer { key_md5: [1; 16] };
    for length in [10, LARGE] {
        write(&bench, "k", length, WriteEncryption::Customer(customer(1))).await;
        assert_eq!(holder(&bench, "k").await, Some(own));
        let with = |customer_key| GetObject { customer_key, ..get("k") };
        assert!(object(bench.get(&bench.root, with(Some(customer(1)))).await.unwrap()).await.2 == body(length));
        for wrong in [None, Some(customer(2))] {
            is_refused(&bench.get(&bench.root, with(wrong.clone())).await);
            is_refused(&bench.ask(Op::HeadObject(Box::new(with(wrong.clone())))).await);
            is_refused(&bench.ask(attributes("k", wrong.clone())).await);
            let copy =
                CopyObject { source_customer_key: wrong, ..copy("k", "copy", WriteEncryption::Customer(customer(3))) };
            is_refused(&bench.ask(Op::CopyObject(Box::new(copy))).await);
        }
        assert!(bench.ask(attributes("k", Some(customer(1)))).await.is_ok());
        let copy = |encryption| {
            let copy = CopyObject { source_customer_key: Some(customer(1)), ..copy("k", "copy", encryption) };
            bench.ask(Op::CopyObject(Box::new(copy)))
        };
        copy(WriteEncryption::Customer(customer(3))).await.unwrap();
        assert_eq!(holder(&bench, "copy").await, Some(KeyHolder::Customer { key_md5: [3; 16] }));
        let third = GetObject { customer_key: Some(customer(3)), ..get("copy") };
        assert!(object(bench.get(&bench.root, third).await.unwrap()).await.2 == body(length));
        copy(WriteEncryption::BucketDefault).await.unwrap();
        assert!(read(&bench, "copy").await == body(length));
        // A key for what needs none would let its owner believe that it does.
        is_refused(&bench.get(&bench.root, GetObject { customer_key: Some(customer(1)), ..get("copy") }).await);
    }
}

#[tokio::test]
async fn parts_need_the_key_of_their_upload() {
    let bench = Bench::new(CannedAcl::Private).await;
    write(&bench, "source", LARGE, WriteEncryption::Customer(customer(1))).await;
    let (upload, told) = create(&bench, WriteEncryption::Customer(customer(1))).await;
    assert_eq!(told, Some(KeyHolder::Customer { key_md5: [1; 16] }));
    is_refused(&parts(&bench, &upload, None).await);
    is_refused(&parts(&bench, &upload, Some(&customer(2))).await);
    let (listed, _) = parts(&bench, &upload, Some(&customer(1))).await.unwrap();
    is_refused(&complete_with(&bench, upload.clone(), listed.clone(), Some(customer(2))).await);
    complete(&bench, upload, listed).await;
    let with = GetObject { customer_key: Some(customer(1)), ..get("big") };
    assert!(object(bench.get(&bench.root, with).await.unwrap()).await.2 == of_both_parts());
    is_refused(&bench.get(&bench.root, get("big")).await);
}

/// An encrypted upload is held to the order of its parts too; the digest of the whole is not kept, since its state would
/// have bytes of the body in the clear.
#[tokio::test]
async fn parts_of_an_encrypted_sequential_upload_come_in_turn() {
    let bench = Bench::new(CannedAcl::Private).await;
    let create = CreateMultipartUpload {
        bucket: bucket(BUCKET),
        key: key("big"),
        headers: ObjectHeaders::default(),
        tags: Vec::new(),
        acl: None,
        checksum: None,
        condition: WriteCondition::Any,
        encryption: WriteEncryption::Managed,
        sequential: true,
    };
    let (reply, holder) = told(bench.ask(Op::CreateMultipartUpload(Box::new(create))).await.unwrap());
    let (Reply::UploadCreated(id), Some(KeyHolder::Server)) = (reply, holder) else { panic!("it is encrypted") };
    let open = UploadRef { bucket: bucket(BUCKET), key: key("big"), upload_id: id.to_string().into() };
    let send = async |number| {
        let digests = AnnouncedDigests::default();
        let part = UploadPart { upload: open.clone(), number, content_length: None, digests, customer_key: None };
        let part = Op::UploadPart(Box::new(part));
        bench.engine.perform(&bench.root, part, Body::Full(body(LARGE))).await.map(|reply| told(reply).0)
    };
    assert!(matches!(send(2).await, Err(Error::PartNotSequential { part_number: 2 })));
    let mut listed = Vec::new();
    for number in 1..=2 {
        let Reply::PartStored(part) = send(number).await.unwrap() else { panic!("a part") };
        listed.push(CompletedPart { number, etag: part.etag, checksum: None });
    }
    assert!(matches!(send(1).await, Err(Error::PartAlreadyExists { part_number: 1 })));
    assert!(matches!(send(4).await, Err(Error::PartNotSequential { part_number: 4 })));
    let meta = complete(&bench, open.clone(), listed).await;
    assert_eq!((meta.md5, meta.size_bytes), (None, 2 * body(LARGE).len() as u64));
}
