//! Copies: the bytes of one object under another name.

use headwater_model::digest::ETag;
use headwater_model::object::{ObjectHeaders, SharedMeta};
use headwater_model::{Error, Result};
use headwater_store::{BucketRef, Expectation, NewObject, StoredObject};

use super::subject::{Subject, object_key, pattern, read_all};

/// Copies `source` to `key` as a normal object with one entry of user metadata.
async fn copy(subject: &Subject, source: StoredObject, key: &str, expect: Expectation) -> Result<SharedMeta> {
    let object = NewObject {
        headers: ObjectHeaders { user: vec![("copied".into(), "yes".into())], ..ObjectHeaders::default() },
        ..subject.object(&crate::memory_store::digests::of(&read_all(&source).await, None))
    };
    subject.store().copy(source, subject.bucket(), object_key(key), object, expect).await
}

/// The same bytes and digests, other metadata; also into another bucket.
pub async fn copies_have_the_bytes_and_their_own_metadata(mut subject: Subject) {
    let source_bucket = subject.bucket.clone();
    let target = subject.store().create_bucket(subject.unborn_bucket("target")).await.expect("a bucket");
    let threshold = subject.fixture.threshold_bytes();
    for size in [0, 1, threshold, threshold + 1, 1 << 20] {
        let body = pattern(size, 1);
        let original = subject.put("source", &body).await;
        for bucket in [&source_bucket, &target] {
            let source = subject.open("source").await.expect("an object");
            subject.bucket = bucket.clone();
            let meta = copy(&subject, source, "copy", Expectation::Any).await.expect("copied");
            let copied = subject.open("copy").await.expect("an object");
            assert!(read_all(&copied).await == body, "{size} bytes");
            assert_eq!(copied.meta, meta);
            assert_eq!((meta.size_bytes, meta.crc64, meta.md5), (size as u64, original.crc64, original.md5));
            assert_eq!(meta.headers.user, [("copied".into(), "yes".into())]);
            subject.bucket = source_bucket.clone();
        }
    }
    let ended = BucketRef { generation: headwater_model::bucket::Generation(u64::MAX), ..subject.bucket() };
    let source = subject.open("source").await.expect("an object");
    let object = subject.multipart_object("copy-1");
    let copied = subject.store().copy(source, ended, object_key("copy"), object, Expectation::Any).await;
    assert_fails!(copied, Error::NoSuchBucket { .. });
}

/// Neither has to do with what becomes of the other; the source may have gone since it was opened.
pub async fn a_copy_is_independent_of_its_source(mut subject: Subject) {
    for size in [10, 300_000] {
        let body = pattern(size, 2);
        subject.put("source", &body).await;
        let source = subject.open("source").await.expect("an object");
        subject.delete("source").await;
        copy(&subject, source, "copy", Expectation::Any).await.expect("copied");
        assert_eq!(subject.keys().await, ["copy"]);
        assert!(subject.body("copy").await.is_some_and(|bytes| bytes == body));

        let source = subject.open("copy").await.expect("an object");
        copy(&subject, source, "copy of copy", Expectation::Any).await.expect("copied");
        subject.put("copy", b"replaced").await;
        subject.reopen().await;
        assert!(subject.body("copy of copy").await.is_some_and(|bytes| bytes == body));
        subject.delete("copy").await;
        subject.delete("copy of copy").await;
    }
}

/// An object copied onto itself has new metadata and the same bytes.
pub async fn an_object_is_copied_onto_itself(subject: Subject) {
    for size in [0, 10, 300_000] {
        let body = pattern(size, 3);
        subject.put("k", &body).await;
        let source = subject.open("k").await.expect("an object");
        copy(&subject, source, "k", Expectation::Any).await.expect("copied");
        let object = subject.open("k").await.expect("an object");
        assert!(read_all(&object).await == body);
        assert_eq!(object.meta.headers.user.len(), 1);
    }
}

/// A copy is a commit: its expectation is judged.
pub async fn copies_are_conditional(subject: Subject) {
    subject.put("source", b"source").await;
    let target = subject.put("target", b"target").await;
    let source = subject.open("source").await.expect("an object");
    let refused = copy(&subject, source.clone(), "target", Expectation::Absent).await;
    assert_fails!(refused, Error::ObjectExists { .. });
    let refused = copy(&subject, source.clone(), "target", Expectation::ETag(ETag::of_md5([1; 16]))).await;
    assert_fails!(refused, Error::PreconditionFailed { .. });
    assert_eq!(subject.body("target").await.as_deref(), Some(b"target".as_slice()));
    copy(&subject, source.clone(), "target", Expectation::ETag(target.etag.clone())).await.expect("the tag holds");
    copy(&subject, source, "new", Expectation::Absent).await.expect("nothing was there");
    assert_eq!(subject.body("target").await.as_deref(), Some(b"source".as_slice()));
    assert_eq!(subject.keys().await, ["new", "source", "target"]);
}
