//! Encrypted bodies: whoever has the key sees what was written, whoever has not sees nothing.

use std::sync::Arc;

use headwater_model::Error;
use headwater_model::body::Body;
use headwater_model::digest::{ChecksumAlgorithm, ETag};
use headwater_model::encryption::{Encryption, KeyHolder};
use headwater_model::multipart::CompletedPart;
use headwater_model::object::{Composition, ObjectKind, SharedMeta};
use headwater_store::{
    Amendment, Content, DataKey, Expectation, NewObject, NewPart, NewUpload, StoredObject, TailState, WriteIntent,
};

use super::subject::{Subject, object_key, pattern, read, read_all};

/// Sizes at which a body of blocks with tags could go wrong.
const SIZES: [usize; 10] = [0, 1, 65_504, 65_519, 65_520, 65_521, 65_536, 65_537, 131_040, 300_000];

fn key(of: u8) -> DataKey {
    DataKey::new([of; 32])
}

fn encryption(of: u8) -> Encryption {
    Encryption { holder: KeyHolder::Server, wrapped_key: vec![of; 60].into() }
}

fn encrypted(of: u8) -> Composition {
    Composition { encryption: Some(Box::new(encryption(of))), ..Composition::default() }
}

/// A write of the object whose key is `of`.
fn intent(subject: &Subject, name: &str, of: u8) -> WriteIntent {
    WriteIntent { data_key: Some(key(of)), ..subject.intent(name) }
}

async fn put(subject: &Subject, name: &str, body: &[u8], of: u8) -> SharedMeta {
    let (writer, digests) = subject.finished(intent(subject, name, of), body).await;
    let object = NewObject { composition: encrypted(of), ..subject.object(&digests) };
    writer.seal(object, Expectation::Any).await.expect("sealed")
}

/// The object as whoever has its key sees it.
async fn open(subject: &Subject, name: &str, of: u8) -> StoredObject {
    let StoredObject { meta, content } = subject.open(name).await.expect("an object");
    StoredObject { meta, content: content.decrypted(&key(of)).expect("decrypted") }
}

/// Bodies come back whole and in ranges; what is told about them is about what was written.
pub async fn encrypted_bodies_of_every_size_come_back(mut subject: Subject) {
    for size in SIZES {
        let (name, body) = (format!("k{size}"), pattern(size, 1));
        let meta = put(&subject, &name, &body, 1).await;
        let plain = crate::memory_store::digests::of(&body, None);
        assert_eq!((meta.size_bytes, meta.crc64, meta.md5), (plain.size_bytes, plain.crc64, Some(plain.md5)), "{size}");
        assert_eq!(meta.composition.encryption.as_deref(), Some(&encryption(1)));
    }
    for opened in ["before", "again"] {
        for size in SIZES {
            let (name, body) = (format!("k{size}"), pattern(size, 1));
            let object = open(&subject, &name, 1).await;
            assert!(read_all(&object).await == body, "{size} bytes, {opened}");
            for (start, end) in
                [(0, 1), (65_519, 65_520), (65_519, 65_521), (65_520, 65_521), (65_500, 131_060), (3, size)]
            {
                if start < end && end <= size {
                    let range = read(&object, start as u64..end as u64).await;
                    assert!(range == body[start..end], "{start}..{end} of {size} bytes, {opened}");
                }
            }
        }
        subject.reopen().await;
    }
}

/// A length that is announced, and a checksum that is asked for, are of what is written.
pub async fn lengths_and_checksums_are_of_what_was_written(subject: Subject) {
    let body = pattern(200_000, 3);
    let announced = WriteIntent {
        content_length: Some(200_000),
        max_bytes: 200_000,
        checksum: Some(ChecksumAlgorithm::Sha256),
        ..intent(&subject, "k", 1)
    };
    let (writer, digests) = subject.finished(announced.clone(), &body).await;
    assert_eq!(digests, crate::memory_store::digests::of(&body, Some(ChecksumAlgorithm::Sha256)));
    drop(writer);
    let mut writer = subject.store().begin(announced.clone()).await.expect("a writer");
    writer.write(body.clone().into()).await.expect("written");
    assert_fails!(writer.write(vec![0].into()).await, Error::EntityTooLarge { .. });
    let mut writer = subject.store().begin(announced).await.expect("a writer");
    writer.write(body[1..].to_vec().into()).await.expect("written");
    assert_fails!(writer.finish().await, Error::IncompleteBody);
}

/// Without the key nothing is read, with another one neither.
pub async fn an_encrypted_body_needs_its_key(subject: Subject) {
    for size in [5, subject.fixture.threshold_bytes() + 100_000] {
        let body = pattern(size, 1);
        put(&subject, "k", &body, 1).await;
        for _ in 0..2 {
            let StoredObject { content, .. } = subject.open("k").await.expect("an object");
            assert_eq!(content.resident(), None);
            assert_fails!(first_piece(&*content).await, Error::Internal { .. });
            match content.decrypted(&key(2)) {
                Ok(other) => assert_fails!(first_piece(&*other).await, Error::Damaged { .. }),
                Err(Error::Damaged { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert!(read_all(&open(&subject, "k", 1).await).await == body);
    }
    subject.put("clear", b"in the clear").await;
    let clear = subject.open("clear").await.expect("an object");
    assert!(matches!(clear.content.decrypted(&key(1)), Err(Error::Internal { .. })));
}

async fn first_piece(content: &dyn Content) -> headwater_model::Result<bytes::Bytes> {
    match content.read(0..5) {
        Body::Empty => Ok(bytes::Bytes::new()),
        Body::Full(bytes) => Ok(bytes),
        Body::Stream(mut stream) => futures_util::StreamExt::next(&mut stream).await.expect("something"),
    }
}

/// Small bodies are written again when their tags change, and stay what they are.
pub async fn encrypted_bodies_are_amended(mut subject: Subject) {
    for size in [5, 65_536, 200_000] {
        let body = pattern(size, 1);
        put(&subject, "k", &body, 1).await;
        let tags = vec![("a".into(), "b".into())];
        let meta = subject.amend("k", Amendment::Tags(tags.clone())).await.expect("amended");
        assert_eq!((&meta.tags, meta.composition.encryption.as_deref()), (&tags, Some(&encryption(1))));
        assert!(read_all(&open(&subject, "k", 1).await).await == body);
        subject.reopen().await;
        assert!(read_all(&open(&subject, "k", 1).await).await == body, "opened again");
    }
}

/// Parts of one upload make one object, whatever their sizes.
pub async fn encrypted_parts_become_an_object(mut subject: Subject) {
    let (bucket, name) = (subject.bucket(), object_key("k"));
    let new = NewUpload { encryption: Some(Box::new(encryption(1))), ..NewUpload::default() };
    let id = subject.store().create_upload(&bucket, &name, new.clone()).await.expect("an upload");
    let (_, kept) = subject.store().upload(&bucket, &name, id).await.expect("an answer").expect("it is open");
    assert_eq!(kept, new);
    let (mut listed, mut whole) = (Vec::new(), Vec::new());
    for (number, size) in [(1, 65_520), (2, 0), (3, 1), (4, 200_000), (5, 65_521)] {
        let body = pattern(size, u64::from(number));
        let (writer, digests) = subject.finished(intent(&subject, "k", 1), &body).await;
        let last_modified = headwater_model::clock::Timestamp(0);
        let part = writer
            .seal_part(NewPart { upload: id, number, last_modified, checksum: None, order: None })
            .await
            .expect("a part");
        assert_eq!((part.size_bytes, part.etag.clone()), (size as u64, ETag::of_md5(digests.md5)));
        listed.push(CompletedPart { number, etag: part.etag, checksum: None });
        whole.extend_from_slice(&body);
    }
    let object = NewObject { composition: encrypted(1), ..subject.multipart_object("whole") };
    let store = subject.store();
    let meta = store.complete_upload(&bucket, &name, id, &listed, object, Expectation::Any).await.expect("completed");
    drop(store);
    assert_eq!(meta.crc64, crate::memory_store::digests::of(&whole, None).crc64);
    for opened in ["before", "again"] {
        let object = open(&subject, "k", 1).await;
        assert!(read_all(&object).await == whole, "{opened}");
        for range in [65_519..65_523, 65_521..65_522, 65_500..300_000, 265_520..331_042] {
            let found = read(&object, range.clone()).await;
            assert!(found == whole[range.start as usize..range.end as usize], "{range:?}, {opened}");
        }
        subject.reopen().await;
    }
}

/// What is appended is encrypted as the object is, wherever its body is and wherever it will be, or refused.
pub async fn an_encrypted_body_grows_at_its_end(mut subject: Subject) {
    let threshold = subject.fixture.threshold_bytes();
    for (name, first) in [("none", 0), ("small", 1), ("large", threshold + 1)] {
        let mut whole = pattern(first, 1);
        let mut meta = put(&subject, name, &whole, 1).await;
        for size in [0, 1, threshold - 1, 65_520, 100_000] {
            let piece = pattern(size, 2);
            let (writer, digests) = subject.finished(intent(&subject, name, 1), &piece).await;
            let (etag, composition) = (ETag::from_text("appended"), encrypted(1));
            let object = NewObject { etag, composition, kind: ObjectKind::Appendable, ..subject.object(&digests) };
            meta = writer.seal_append(object, Expectation::ETag(meta.etag.clone())).await.expect("appended");
            whole.extend_from_slice(&piece);
            let expected = (whole.len() as u64, Some(&encryption(1)));
            assert_eq!((meta.size_bytes, meta.composition.encryption.as_deref()), expected);
            assert_eq!(meta.crc64, crate::memory_store::digests::of(&whole, None).crc64);
            assert!(read_all(&open(&subject, name, 1).await).await == whole, "{name}: {size} bytes more");
        }
        let (writer, digests) = subject.finished(intent(&subject, name, 2), b"other").await;
        let object = NewObject { composition: encrypted(2), ..subject.object(&digests) };
        let refused = writer.seal_append(object, Expectation::ETag(meta.etag.clone())).await;
        assert_fails!(refused, Error::PreconditionFailed { .. });
        subject.reopen().await;
        assert!(read_all(&open(&subject, name, 1).await).await == whole, "{name}: opened again");
    }
}

/// Followers read what is written, as far as it is in whole blocks, and all of it at the end.
pub async fn an_encrypted_body_is_followed(subject: Subject) {
    for size in [10, 65_537, 500_000] {
        let body = pattern(size, 1);
        let intent = WriteIntent { followed: true, ..intent(&subject, "k", 1) };
        let mut writer = subject.store().begin(intent).await.expect("a writer");
        let tail = writer.tail();
        let follower = {
            let tail = Arc::clone(&tail);
            tokio::spawn(async move { super::tails::drain(&*tail).await })
        };
        for chunk in body.chunks(70_001) {
            writer.write(chunk.to_vec().into()).await.expect("written");
        }
        writer.finish().await.expect("finished");
        let (read, state) = follower.await.expect("no panic");
        assert!(read == body, "{size} bytes");
        assert_eq!(state, TailState::Finished(size as u64));
    }
    let announced = WriteIntent { content_length: Some(1 << 20), followed: true, ..intent(&subject, "k", 1) };
    let writer = subject.store().begin(announced).await.expect("a writer");
    assert!(writer.ahead().is_none(), "blocks are encrypted in their order");
}

/// An object in the clear is made of one that is not by reading it; what cannot be read is not copied.
pub async fn a_copy_of_what_is_encrypted_is_read(subject: Subject) {
    for size in [5, 200_000] {
        let body = pattern(size, 1);
        put(&subject, "k", &body, 1).await;
        let copy = async |source: StoredObject| {
            let object = subject.object(&crate::memory_store::digests::of(&body, None));
            subject.store().copy(source, subject.bucket(), object_key("copy"), object, Expectation::Any).await
        };
        assert_fails!(copy(subject.open("k").await.expect("an object")).await, Error::Internal { .. });
        assert!(subject.open("copy").await.is_none());
        copy(open(&subject, "k", 1).await).await.expect("copied");
        assert!(subject.body("copy").await.expect("an object") == body);
        assert!(subject.delete("copy").await);
    }
}
