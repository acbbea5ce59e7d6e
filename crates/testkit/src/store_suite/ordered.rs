//! Uploads whose parts come in order.

use headwater_model::multipart::{CompletedPart, PartOrder, UploadId};
use headwater_model::{Error, Result};
use headwater_store::{Expectation, NewPart, NewUpload, ObjectWriter, RunningMd5};

use super::subject::{Subject, object_key, pattern};
use crate::memory_store::digests;

async fn create(subject: &Subject) -> UploadId {
    let new = NewUpload { order: Some(PartOrder::default()), ..NewUpload::default() };
    subject.store().create_upload(&subject.bucket(), &object_key("k"), new).await.expect("an upload")
}

/// A part whose bytes are written, as whoever goes on with the digest makes it.
async fn begin(subject: &Subject, upload: UploadId, number: u16, body: &[u8]) -> (Box<dyn ObjectWriter>, NewPart) {
    let open = subject.store().upload(&subject.bucket(), &object_key("k"), upload).await.expect("an answer");
    let (_, new) = open.expect("it is open");
    let mut md5 = RunningMd5::behind(&new.order.expect("its parts come in order")).expect("a state");
    md5.update(body);
    let (writer, _) = subject.finished(subject.intent("k"), body).await;
    let last_modified = headwater_model::clock::Clock::now(&subject.clock);
    (writer, NewPart { upload, number, last_modified, checksum: None, order: Some(md5.order(number)) })
}

async fn put(subject: &Subject, upload: UploadId, number: u16, body: &[u8]) -> Result<CompletedPart> {
    let (writer, part) = begin(subject, upload, number, body).await;
    let info = writer.seal_part(part).await?;
    Ok(CompletedPart { number, etag: info.etag, checksum: None })
}

/// The object has the MD5 of the whole, across a restart between two parts.
pub async fn parts_in_order_make_the_md5_of_the_whole(mut subject: Subject) {
    let bodies = [pattern(300_001, 1), pattern(7, 2), pattern(100_000, 3)];
    let upload = create(&subject).await;
    let mut parts = Vec::new();
    for (number, body) in (1..).zip(&bodies) {
        parts.push(put(&subject, upload, number, body).await.expect("its turn"));
        subject.reopen().await;
    }
    let completed = subject.complete("k", upload, &parts, Expectation::Any).await.expect("completed");
    assert_eq!(completed.md5, Some(digests::of(&bodies.concat(), None).md5));
    assert_eq!(subject.open("k").await.expect("an object").meta, completed);
}

/// Only the next part is stored: none out of turn, none twice, and of two writers of one part only the first.
pub async fn only_the_next_part_is_stored(subject: Subject) {
    let upload = create(&subject).await;
    assert_fails!(put(&subject, upload, 2, b"two").await, Error::PartNotSequential { part_number: 2 });
    let (writer, part) = begin(&subject, upload, 1, b"other").await;
    put(&subject, upload, 1, b"one").await.expect("its turn");
    assert_fails!(writer.seal_part(part).await, Error::PartAlreadyExists { part_number: 1 });
    assert_fails!(put(&subject, upload, 3, b"three").await, Error::PartNotSequential { part_number: 3 });
    let page = subject.store().parts(&subject.bucket(), upload, 0, 10).await.expect("a page");
    assert_eq!(page.parts.iter().map(|part| (part.number, part.size_bytes)).collect::<Vec<_>>(), [(1, 3)]);
}

/// A completion lists the first parts without a gap; without those that came last, nobody knows the MD5.
pub async fn ordered_parts_are_listed_from_the_first(subject: Subject) {
    let upload = create(&subject).await;
    let mut parts = Vec::new();
    for (number, body) in (1..).zip([b"one", b"two", b"333"]) {
        parts.push(put(&subject, upload, number, body).await.expect("its turn"));
    }
    for gap in [&parts[1..], &[parts[0].clone(), parts[2].clone()]] {
        let refused = subject.complete("k", upload, gap, Expectation::Any).await;
        assert_fails!(refused, Error::PartNotSequential { .. });
    }
    let completed = subject.complete("k", upload, &parts[..2], Expectation::Any).await.expect("completed");
    assert_eq!((completed.size_bytes, completed.md5), (6, None));
}

/// Nothing of an upload in order is left when it is aborted, in any order of its parts nothing is asked.
pub async fn an_order_goes_with_its_upload(subject: Subject) {
    let upload = create(&subject).await;
    put(&subject, upload, 1, b"one").await.expect("its turn");
    let (store, bucket) = (subject.store(), subject.bucket());
    store.abort_upload(&bucket, &object_key("k"), upload).await.expect("aborted");
    assert!(store.upload(&bucket, &object_key("k"), upload).await.expect("an answer").is_none());
    let any = subject.create_upload("k").await;
    let parts = [subject.put_part("k", any, 7, b"seven").await];
    let completed = subject.complete("k", any, &parts, Expectation::Any).await.expect("completed");
    assert_eq!(completed.md5, None);
}
