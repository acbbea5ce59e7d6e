//! Bodies and metadata: written, sealed, read, replaced, deleted.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use headwater_model::Error;
use headwater_model::acl::{Acl, CannedAcl};
use headwater_model::digest::{ChecksumAlgorithm, ETag};
use headwater_model::object::{ContentHeaders, ObjectAccess, ObjectHeaders, ObjectKind, Provenance};
use headwater_model::reply::Owner;
use headwater_model::version::ObjectLock;
use headwater_store::{Afterwards, Expectation, WriteIntent};

use super::subject::{Subject, object_key, pattern, query, read, read_all};
use crate::memory_store::digests;

/// Lengths around everything that could matter to a store.
fn sizes(subject: &Subject) -> Vec<usize> {
    let threshold = subject.fixture.threshold_bytes();
    vec![0, 1, 4095, threshold - 1, threshold, threshold + 1, 3 * threshold, (3 << 20) + 7]
}

/// Whatever its length, a body comes back byte for byte, with its digests.
pub async fn bodies_of_every_size_come_back(subject: Subject) {
    for (seed, size) in sizes(&subject).into_iter().enumerate() {
        let (key, body) = (format!("{size} bytes"), pattern(size, seed as u64));
        let expected = digests::of(&body, None);
        let (writer, digests) = subject.finished(subject.intent(&key), &body).await;
        assert_eq!(digests, expected);
        let meta = writer.seal(subject.object(&digests), Expectation::Any).await.expect("sealed");
        let object = subject.open(&key).await.expect("an object");
        assert_eq!(object.meta, meta);
        assert_eq!((meta.size_bytes, meta.crc64, meta.md5), (size as u64, expected.crc64, Some(expected.md5)));
        assert!(read_all(&object).await == body, "{key}");
    }
}

/// Every interval yields exactly its bytes, also across the boundaries of blocks.
pub async fn ranges_are_exact(subject: Subject) {
    for size in sizes(&subject).into_iter().filter(|size| *size > 0) {
        let (key, body) = (format!("{size} bytes"), pattern(size, 1));
        subject.put(&key, &body).await;
        let object = subject.open(&key).await.expect("an object");
        let middle = size / 2;
        let ranges = [(0, 1), (size - 1, size), (middle, middle + 1), (middle / 2, middle + middle / 2 + 1), (0, size)];
        let blocks = (1..4).map(|block| (block * 65_536 - 1, block * 65_536 + 2));
        for (start, end) in ranges.into_iter().chain(blocks).filter(|(_, end)| *end <= size) {
            let bytes = read(&object, start as u64..end as u64).await;
            assert!(bytes == body[start..end], "{start}..{end} of {size}");
        }
    }
}

/// Everything that a writer chose is there again, and a multipart object has no MD5.
pub async fn metadata_comes_back(subject: Subject) {
    let headers = ObjectHeaders {
        content: ContentHeaders {
            content_type: Some("text/plain; charset=utf-8".into()),
            content_encoding: Some("gzip".into()),
            content_disposition: Some("attachment".into()),
            content_language: Some("de".into()),
            cache_control: Some("no-cache".into()),
            expires: Some("0".into()),
            access_control_allow_origin: Some("*".into()),
        },
        user: vec![("b".into(), "2".into()), ("a".into(), "ä".into()), ("a".into(), String::new().into())],
        storage_class: Some("STANDARD_IA".into()),
        website_redirect: Some("/elsewhere".into()),
        access: Some(Box::new(ObjectAccess {
            owner: Some(Owner { id: "0a".into(), display_name: "alice".into() }),
            acl: Some(Acl::Canned(CannedAcl::PublicRead)),
        })),
        lock: Some(Box::new(ObjectLock { retention: None, legal_hold: true })),
    };
    let intent = WriteIntent { checksum: Some(ChecksumAlgorithm::Sha256), ..subject.intent("k") };
    let (writer, digests) = subject.finished(intent, b"body").await;
    let mut object = subject.object(&digests);
    object.provenance = Provenance::Mirrored;
    object.headers = headers.clone();
    let sealed = writer.seal(object, Expectation::Any).await.expect("sealed");
    let meta = subject.open("k").await.expect("an object").meta;
    assert_eq!(meta, sealed);
    assert_eq!((meta.provenance, meta.kind, &meta.headers), (Provenance::Mirrored, ObjectKind::Normal, &headers));
    assert_eq!(meta.checksum, digests.checksum);

    let (writer, digests) = subject.finished(subject.intent("m"), b"body").await;
    let mut object = subject.object(&digests);
    object.kind = ObjectKind::Multipart;
    object.etag = ETag::from_text("\"ABC-2\"");
    let meta = writer.seal(object, Expectation::Any).await.expect("sealed");
    assert_eq!((meta.md5, meta.etag.as_str()), (None, "abc-2"));
}

/// The checksum that a write was begun with is computed while the bytes pass.
pub async fn checksums_are_computed(subject: Subject) {
    let body = pattern(100_000, 3);
    for algorithm in ChecksumAlgorithm::ALL {
        let intent = WriteIntent { checksum: Some(algorithm), ..subject.intent("k") };
        let (_, digests) = subject.finished(intent, &body).await;
        assert_eq!(digests, digests::of(&body, Some(algorithm)), "{algorithm:?}");
    }
}

/// Keys are text and nothing else: neither paths, nor normalised, nor cut.
pub async fn keys_are_opaque(subject: Subject) {
    let long = "k".repeat(1024);
    let long_wide = "é".repeat(512);
    let keys =
        ["/", "//", "a//b", "../../etc/passwd", ".", "a/", "a", "\u{0}", "a\u{0}", "é", "e\u{301}", "𝄞", " ", "%2F"];
    let keys: Vec<&str> = keys.into_iter().chain([long.as_str(), long_wide.as_str()]).collect();
    subject.put_all(&keys).await;
    for key in &keys {
        assert_eq!(subject.body(key).await.as_deref(), Some(key.as_bytes()), "{key:?}");
    }
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    assert_eq!(subject.keys().await, sorted);
}

/// Neither beginning nor finishing a write shows anything.
pub async fn a_write_is_invisible_until_sealed(subject: Subject) {
    for (key, size) in [("small", 10), ("large", 300_000)] {
        subject.put(key, b"former").await;
        let body = pattern(size, 4);
        let (writer, digests) = subject.finished(subject.intent(key), &body).await;
        assert_eq!(subject.body(key).await.as_deref(), Some(b"former".as_slice()));
        writer.seal(subject.object(&digests), Expectation::Any).await.expect("sealed");
        assert!(subject.body(key).await.is_some_and(|bytes| bytes == body));
    }
}

/// A write that is dropped, at whatever point, has not been: its bucket is still empty.
pub async fn an_abandoned_write_leaves_nothing(subject: Subject) {
    for size in [0, 10, 300_000] {
        let mut writer = subject.store().begin(subject.intent("k")).await.expect("a writer");
        writer.write(pattern(size, 5).into()).await.expect("written");
        drop(writer);
        drop(subject.finished(subject.intent("k"), &pattern(size, 5)).await);
    }
    assert_eq!(subject.body("k").await, None);
    assert_eq!(subject.keys().await, [""; 0]);
    subject.store().delete_bucket(&subject.bucket()).await.expect("an empty bucket");
}

/// The last seal wins, with nothing of the former object left.
pub async fn an_overwrite_replaces_the_whole(subject: Subject) {
    let large = pattern(300_000, 6);
    let bodies: [&[u8]; 6] = [b"first", b"2", &large, b"", &large[..200_000], b"last"];
    for body in bodies {
        let meta = subject.put("k", body).await;
        let object = subject.open("k").await.expect("an object");
        assert_eq!(object.meta, meta);
        assert!(read_all(&object).await == body);
        assert_eq!(subject.keys().await, ["k"]);
    }
}

/// A delete tells whether there was an object, and the key can be used again.
pub async fn a_delete_removes_and_tells(subject: Subject) {
    assert!(!subject.delete("k").await);
    for body in [pattern(10, 7), pattern(300_000, 8)] {
        subject.put("k", &body).await;
        subject.put("kk", b"another").await;
        assert!(subject.delete("k").await);
        assert!(!subject.delete("k").await);
        assert_eq!(subject.body("k").await, None);
        assert_eq!(subject.keys().await, ["kk"]);
    }
}

/// What was opened stays readable as it was, whatever happens to its key.
pub async fn opened_content_outlives_its_key(subject: Subject) {
    for size in sizes(&subject) {
        let body = pattern(size, 9);
        let meta = subject.put("k", &body).await;
        let opened = subject.open("k").await.expect("an object");
        subject.put("k", b"another").await;
        assert!(read_all(&opened).await == body, "{size} bytes, replaced");
        subject.delete("k").await;
        assert!(read_all(&opened).await == body, "{size} bytes, deleted");
        assert_eq!(opened.meta, meta);
    }
}

/// A body that is longer than announced or allowed, or shorter than announced, is refused; exactly as long is not.
pub async fn lengths_are_enforced(subject: Subject) {
    for size in [0usize, 5, 300_000] {
        let announced = WriteIntent { content_length: Some(size as u64), ..subject.intent("k") };
        let (writer, digests) = subject.finished(announced.clone(), &pattern(size, 1)).await;
        writer.seal(subject.object(&digests), Expectation::Any).await.expect("sealed");
        subject.delete("k").await;

        let mut writer = subject.store().begin(announced.clone()).await.expect("a writer");
        let written = writer.write(pattern(size + 1, 1).into()).await;
        assert_fails!(written, Error::EntityTooLarge { .. });
        drop(writer);

        if size > 0 {
            let mut writer = subject.store().begin(announced).await.expect("a writer");
            writer.write(pattern(size - 1, 1).into()).await.expect("written");
            assert_fails!(writer.finish().await, Error::IncompleteBody);
        }
    }
    let limited = WriteIntent { max_bytes: 10, ..subject.intent("k") };
    let (_, digests) = subject.finished(limited.clone(), &pattern(10, 1)).await;
    assert_eq!(digests.size_bytes, 10);
    let mut writer = subject.store().begin(limited).await.expect("a writer");
    writer.write(pattern(6, 1).into()).await.expect("written");
    assert_fails!(writer.write(pattern(5, 1).into()).await, Error::EntityTooLarge { .. });
    drop(writer);
    assert_eq!(subject.keys().await, [""; 0]);
}

/// While two writers replace an object over and over, every reader gets one of their bodies, whole.
pub async fn readers_see_whole_objects_only(subject: Subject) {
    const ROUNDS: usize = 12;
    let subject = Arc::new(subject);
    let bodies = [pattern(70_001, 1), pattern(200, 2)];
    subject.put("k", &bodies[0]).await;
    let writers: Vec<_> = bodies
        .iter()
        .cloned()
        .map(|body| {
            let subject = Arc::clone(&subject);
            tokio::spawn(async move {
                for _ in 0..ROUNDS {
                    subject.put("k", &body).await;
                }
            })
        })
        .collect();
    for _ in 0..4 * ROUNDS {
        let object =
            subject.store().open(&subject.bucket(), &object_key("k")).await.expect("opened").expect("an object");
        let bytes = read_all(&object).await;
        assert!(bodies.iter().any(|body| bytes == *body), "a mixture of {} bytes", bytes.len());
        assert_eq!(object.meta.md5, Some(digests::of(&bytes, None).md5), "metadata of another body");
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.expect("no panic");
    }
}

/// Whatever was acknowledged is there after the store was closed and opened again; what was deleted is not.
pub async fn objects_survive_reopening(mut subject: Subject) {
    let mut kept = Vec::new();
    for size in sizes(&subject) {
        let (key, body) = (format!("{size} bytes"), pattern(size, 2));
        kept.push((subject.put(&key, &body).await, key, body));
    }
    subject.put("deleted", b"former").await;
    subject.put("replaced", b"former").await;
    subject.delete("deleted").await;
    subject.put("replaced", b"latter").await;
    for _ in 0..2 {
        if !subject.reopen().await {
            return;
        }
        for (meta, key, body) in &kept {
            let object = subject.open(key).await.expect("an object");
            assert_eq!(&object.meta, meta);
            assert!(read_all(&object).await == *body, "{key}");
        }
        assert_eq!(subject.body("deleted").await, None);
        assert_eq!(subject.body("replaced").await.as_deref(), Some(b"latter".as_slice()));
        assert_eq!(subject.keys().await.len(), kept.len() + 1);
    }
    subject.put("replaced", b"once more").await;
    assert_eq!(subject.body("replaced").await.as_deref(), Some(b"once more".as_slice()));
}

/// Closing ends changes and leaves reads.
pub async fn a_closed_store_reads_and_does_not_write(subject: Subject) {
    subject.put("k", b"body").await;
    subject.store().close(Duration::from_mins(1)).await.expect("closed");
    assert_eq!(subject.body("k").await.as_deref(), Some(b"body".as_slice()));
    assert_eq!(subject.list(&query("", "", "", 10)).await.objects.len(), 1);
    assert!(subject.store().delete(&subject.bucket(), &object_key("k"), Afterwards::Refetchable).await.is_err());
    if let Ok(mut writer) = subject.store().begin(subject.intent("k")).await {
        let written = writer.write(Bytes::from_static(b"more")).await;
        if let (Ok(()), Ok(digests)) = (written, writer.finish().await) {
            assert!(writer.seal(subject.object(&digests), Expectation::Any).await.is_err());
        }
    }
    assert_eq!(subject.body("k").await.as_deref(), Some(b"body".as_slice()));
}
