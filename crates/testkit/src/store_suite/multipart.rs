//! Multipart uploads.

use headwater_model::digest::{ChecksumAlgorithm, ChecksumType, ETag};
use headwater_model::multipart::{CompletedPart, UploadId, UploadPage};
use headwater_model::object::{ContentHeaders, ObjectHeaders, ObjectKind};
use headwater_model::{Error, Result};
use headwater_store::{Expectation, NewUpload};

use super::subject::{Subject, object_key, pattern, query, read, read_all};
use crate::memory_store::digests;

async fn is_open(subject: &Subject, key: &str, id: UploadId) -> bool {
    subject.store().upload(&subject.bucket(), &object_key(key), id).await.expect("an answer").is_some()
}

async fn abort(subject: &Subject, key: &str, id: UploadId) -> Result<()> {
    subject.store().abort_upload(&subject.bucket(), &object_key(key), id).await
}

/// Numbers of a page of parts, and where the next begins.
async fn numbers(subject: &Subject, id: UploadId, after: u16, limit: usize) -> (Vec<u16>, Option<u16>) {
    let page = subject.store().parts(&subject.bucket(), id, after, limit).await.expect("a page");
    (page.parts.iter().map(|part| part.number).collect(), page.next)
}

/// The object is the listed parts in order of their numbers, small and large mixed; it appears whole, and the upload
/// with its other parts is gone by then.
pub async fn listed_parts_become_the_object(subject: Subject) {
    let threshold = subject.fixture.threshold_bytes();
    let bodies = [pattern(10, 1), pattern(threshold + 5, 2), pattern(0, 3), pattern(300_000, 4), pattern(threshold, 5)];
    let upload = subject.create_upload("k").await;
    let mut parts = Vec::new();
    for number in [4u16, 2, 5, 1, 3] {
        let body = &bodies[usize::from(number) - 1];
        parts.push(subject.put_part("k", upload, number * 7, body).await);
    }
    subject.put_part("k", upload, 9_999, b"not listed").await;
    assert_eq!(subject.body("k").await, None, "parts are not the object");
    parts.sort_by_key(|part| part.number);
    let sealed = subject.complete("k", upload, &parts, Expectation::Any).await.expect("completed");

    let whole = bodies.concat();
    let object = subject.open("k").await.expect("an object");
    assert!(read_all(&object).await == whole);
    let expected = digests::of(&whole, None);
    assert_eq!((sealed.size_bytes, sealed.crc64), (whole.len() as u64, expected.crc64));
    assert_eq!((sealed.kind, sealed.md5, &object.meta), (ObjectKind::Multipart, None, &sealed));
    for seam in [10, 10 + threshold + 5, 10 + threshold + 5 + 300_000] {
        let range = seam - 3..(seam + 3).min(whole.len());
        assert!(read(&object, range.start as u64..range.end as u64).await == whole[range.clone()], "{range:?}");
    }
    assert!(!is_open(&subject, "k", upload).await);
    assert_fails!(subject.complete("k", upload, &parts, Expectation::Any).await, Error::NoSuchUpload { .. });
    assert_eq!(subject.keys().await, ["k"]);
}

/// A part that is put again replaces the former; parts are listed by number, in pages.
pub async fn parts_are_replaced_and_paged(subject: Subject) {
    let upload = subject.create_upload("k").await;
    let former = subject.put_part("k", upload, 3, &pattern(300_000, 1)).await;
    for number in [10_000, 1, 3, 256] {
        subject.put_part("k", upload, number, format!("part {number}").as_bytes()).await;
    }
    assert_eq!(numbers(&subject, upload, 0, 1000).await, (vec![1, 3, 256, 10_000], None));
    assert_eq!(numbers(&subject, upload, 0, 2).await, (vec![1, 3], Some(3)));
    assert_eq!(numbers(&subject, upload, 3, 2).await, (vec![256, 10_000], None));
    assert_eq!(numbers(&subject, upload, 2, 1).await, (vec![3], Some(3)));
    assert_eq!(numbers(&subject, upload, 10_000, 5).await, (vec![], None));
    assert_eq!(numbers(&subject, upload, 0, 0).await, (vec![], None));

    let page = subject.store().parts(&subject.bucket(), upload, 1, 1).await.expect("a page");
    let expected = digests::of(b"part 3", None);
    let part = &page.parts[0];
    assert_eq!((part.size_bytes, part.crc64), (6, expected.crc64));
    assert_eq!(part.etag, ETag::of_md5(expected.md5));
    let refused = subject.complete("k", upload, &[former], Expectation::Any).await;
    assert_fails!(refused, Error::InvalidPart { part_number: 3, .. });
    let latter = CompletedPart { number: 3, etag: part.etag.clone(), checksum: None };
    subject.complete("k", upload, &[latter], Expectation::Any).await.expect("completed");
    assert_eq!(subject.body("k").await.as_deref(), Some(b"part 3".as_slice()));
}

/// A part that is missing or has another tag is named; upload and key are as before, and the right list still works.
pub async fn a_wrong_list_of_parts_changes_nothing(subject: Subject) {
    let upload = subject.create_upload("k").await;
    let one = subject.put_part("k", upload, 1, b"one").await;
    let two = subject.put_part("k", upload, 2, b"two").await;
    let wrong = CompletedPart { etag: ETag::of_md5([1; 16]), ..two.clone() };
    let missing = CompletedPart { number: 3, ..two.clone() };
    let refused = subject.complete("k", upload, &[one.clone(), wrong], Expectation::Any).await;
    assert_fails!(refused, Error::InvalidPart { part_number: 2, .. });
    let refused = subject.complete("k", upload, &[one.clone(), two.clone(), missing], Expectation::Any).await;
    assert_fails!(refused, Error::InvalidPart { part_number: 3, .. });
    assert_eq!(subject.body("k").await, None);
    assert_eq!(numbers(&subject, upload, 0, 10).await, (vec![1, 2], None));
    subject.complete("k", upload, &[one, two], Expectation::Any).await.expect("completed");
    assert_eq!(subject.body("k").await.as_deref(), Some(b"onetwo".as_slice()));
}

/// A completion is a commit: its expectation is judged, and a refused one leaves the upload open.
pub async fn a_completion_is_conditional(subject: Subject) {
    let upload = subject.create_upload("k").await;
    let parts = [subject.put_part("k", upload, 1, b"part").await];
    let former = subject.put("k", b"former").await;
    let refused = subject.complete("k", upload, &parts, Expectation::Absent).await;
    assert_fails!(refused, Error::ObjectExists { .. });
    let refused = subject.complete("k", upload, &parts, Expectation::ETag(ETag::of_md5([1; 16]))).await;
    assert_fails!(refused, Error::PreconditionFailed { .. });
    assert_eq!(subject.body("k").await.as_deref(), Some(b"former".as_slice()));
    assert!(is_open(&subject, "k", upload).await);
    let expect = Expectation::ETag(former.etag.clone());
    subject.complete("k", upload, &parts, expect).await.expect("the tag holds");
    assert_eq!(subject.body("k").await.as_deref(), Some(b"part".as_slice()));
}

/// An object of parts is an object: opened content outlives it, and it is replaced, copied over and deleted.
pub async fn a_completed_object_is_replaced_and_deleted(mut subject: Subject) {
    let body = pattern(400_000, 1);
    for round in 0..2 {
        let upload = subject.create_upload("k").await;
        let mut parts = Vec::new();
        for (number, chunk) in (1..).zip(body.chunks(150_000)) {
            parts.push(subject.put_part("k", upload, number, chunk).await);
        }
        subject.complete("k", upload, &parts, Expectation::Any).await.expect("completed");
        let opened = subject.open("k").await.expect("an object");
        if round == 0 {
            subject.put("k", b"small").await;
        } else {
            subject.delete("k").await;
        }
        assert!(read_all(&opened).await == body);
        drop(opened);
        subject.reopen().await;
        let expected = (round == 0).then_some(b"small".as_slice());
        assert_eq!(subject.body("k").await.as_deref(), expected);
    }
}

/// After an abort there is neither upload nor part, and a part that comes late is refused.
pub async fn an_aborted_upload_is_gone(subject: Subject) {
    let upload = subject.create_upload("k").await;
    let part = subject.put_part("k", upload, 1, &pattern(300_000, 1)).await;
    abort(&subject, "k", upload).await.expect("aborted");
    assert_fails!(abort(&subject, "k", upload).await, Error::NoSuchUpload { .. });
    assert!(!is_open(&subject, "k", upload).await);
    for size in [4, 300_000] {
        let late = subject.try_put_part("k", upload, 2, &pattern(size, 2)).await;
        assert_fails!(late, Error::NoSuchUpload { .. });
    }
    assert_fails!(subject.complete("k", upload, &[part], Expectation::Any).await, Error::NoSuchUpload { .. });
    assert_fails!(subject.store().parts(&subject.bucket(), upload, 0, 10).await, Error::NoSuchUpload { .. });
    let page = subject.store().uploads(&subject.bucket(), &query("", "", "", 10), None).await.expect("a page");
    assert_eq!(page, UploadPage::default());
    subject.store().delete_bucket(&subject.bucket()).await.expect("an empty bucket");
}

/// An upload is found under its own key alone, with what was given at its creation.
pub async fn an_upload_belongs_to_its_key(subject: Subject) {
    let headers = ObjectHeaders {
        content: ContentHeaders { content_type: Some("image/png".into()), ..ContentHeaders::default() },
        user: vec![("a".into(), "1".into())],
        ..ObjectHeaders::default()
    };
    let (key, algorithm) = (object_key("k"), Some(ChecksumAlgorithm::Crc32c));
    let new = NewUpload {
        headers,
        tags: vec![("colour".into(), "blue".into())],
        checksum_algorithm: algorithm,
        checksum_type: ChecksumType::FullObject,
        encryption: None,
        order: None,
    };
    let bucket = subject.bucket();
    let id = subject.store().create_upload(&bucket, &key, new.clone()).await.expect("an upload");
    let (info, kept) = subject.store().upload(&bucket, &key, id).await.expect("an answer").expect("it is open");
    assert_eq!((&info.key, info.id, info.checksum_algorithm), (&key, id, algorithm));
    assert_eq!(info.checksum_type, ChecksumType::FullObject);
    assert_eq!((info.initiated, kept), (headwater_model::clock::Clock::now(&subject.clock), new));

    assert!(!is_open(&subject, "k2", id).await);
    assert!(!is_open(&subject, "k", UploadId([0xFF; 16])).await);
    assert_fails!(abort(&subject, "k2", id).await, Error::NoSuchUpload { .. });
    let part = subject.put_part("k", id, 1, b"part").await;
    let refused = subject.complete("k2", id, std::slice::from_ref(&part), Expectation::Any).await;
    assert_fails!(refused, Error::NoSuchUpload { .. });
    assert_fails!(subject.try_put_part("k", UploadId([0xFF; 16]), 1, b"part").await, Error::NoSuchUpload { .. });
    subject.complete("k", id, &[part], Expectation::Any).await.expect("completed");
}

/// Keys and ids of a page.
fn entries(page: &UploadPage) -> Vec<(&str, UploadId)> {
    page.uploads.iter().map(|upload| (upload.key.as_str(), upload.id)).collect()
}

/// Uploads are listed by key, then id; a page begins after a key, or after an upload of that key.
pub async fn uploads_are_paged_by_key_and_id(subject: Subject) {
    let mut uploads = Vec::new();
    for key in ["b", "a\u{0}", "a", "b", "c/1", "a", "\u{0}", "a\u{1}"] {
        uploads.push((key, subject.create_upload(key).await));
    }
    uploads.sort_unstable();
    let bucket = subject.bucket();
    let all = subject.store().uploads(&bucket, &query("", "", "", 1000), None).await.expect("a page");
    assert_eq!((entries(&all), &all.next), (uploads.clone(), &None));

    for limit in 1..=uploads.len() {
        let (mut seen, mut after, mut after_upload) = (Vec::new(), String::new(), None);
        loop {
            let page = subject.store().uploads(&bucket, &query("", "", &after, limit), after_upload).await;
            let page = page.expect("a page");
            assert!(page.uploads.len() <= limit);
            seen.extend(page.uploads.iter().map(|upload| (upload.key.as_str().to_owned(), upload.id)));
            let Some((key, id)) = page.next else { break };
            assert_eq!(page.uploads.len(), limit, "a page before the last is full");
            (after, after_upload) = (key.into(), Some(id));
        }
        assert!(seen.iter().map(|(key, id)| (key.as_str(), *id)).eq(uploads.iter().copied()), "{limit}");
    }
    let after_key = subject.store().uploads(&bucket, &query("", "", "a", 1000), None).await.expect("a page");
    assert_eq!(entries(&after_key), uploads[3..], "a key alone skips all of its uploads");
    let prefixed = subject.store().uploads(&bucket, &query("a", "", "", 1000), None).await.expect("a page");
    assert_eq!(entries(&prefixed), uploads[1..5]);
    let none = subject.store().uploads(&bucket, &query("", "", "", 0), None).await.expect("a page");
    assert_eq!(none, UploadPage::default());
}

/// Common prefixes of uploads are collapsed as those of objects are.
pub async fn uploads_are_collapsed_at_the_delimiter(subject: Subject) {
    let mut ids = Vec::new();
    for key in ["a", "b/1", "b/1", "b/2", "c", "d/1"] {
        ids.push(subject.create_upload(key).await);
    }
    let bucket = subject.bucket();
    let page = |after: &'static str, after_upload, limit| {
        let (store, bucket) = (subject.store(), &bucket);
        async move { store.uploads(bucket, &query("", "/", after, limit), after_upload).await.expect("a page") }
    };
    let whole = page("", None, 1000).await;
    assert_eq!(entries(&whole), [("a", ids[0]), ("c", ids[4])]);
    assert_eq!(whole.common_prefixes, ["b/".into(), "d/".into()]);
    let first = page("", None, 2).await;
    assert_eq!((entries(&first), first.common_prefixes.len()), (vec![("a", ids[0])], 1));
    let nil = UploadId([0; 16]);
    assert_eq!(first.next, Some(("b/".into(), nil)));
    let second = page("b/", Some(nil), 2).await;
    assert_eq!((entries(&second), &second.next), (vec![("c", ids[4])], &None));
    assert_eq!(second.common_prefixes, ["d/".into()]);
}

/// Open uploads and their parts are there after the store was closed and opened again, and can be completed.
pub async fn uploads_survive_reopening(mut subject: Subject) {
    let upload = subject.create_upload("k").await;
    let aborted = subject.create_upload("k").await;
    let large = pattern(300_000, 1);
    subject.put_part("k", upload, 1, b"former").await;
    let parts = [subject.put_part("k", upload, 1, &large).await, subject.put_part("k", upload, 2, b"two").await];
    abort(&subject, "k", aborted).await.expect("aborted");
    subject.reopen().await;
    assert_eq!(numbers(&subject, upload, 0, 10).await, (vec![1, 2], None));
    assert!(is_open(&subject, "k", upload).await && !is_open(&subject, "k", aborted).await);
    subject.complete("k", upload, &parts, Expectation::Any).await.expect("completed");
    subject.reopen().await;
    assert!(subject.body("k").await.is_some_and(|bytes| bytes == [large.as_slice(), b"two"].concat()));
    assert!(!is_open(&subject, "k", upload).await);
}
