//! Pages of objects.

use headwater_model::digest::ChecksumAlgorithm;
use headwater_model::list::{ListPage, ListQuery, ListedObject};
use headwater_model::object::ObjectAccess;
use headwater_model::reply::Owner;
use headwater_store::{Expectation, WriteIntent};

use super::subject::{Subject, pattern, query};

/// Keys of a page in order, then its common prefixes in order.
fn names(page: &ListPage) -> (Vec<&str>, Vec<&str>) {
    let keys = page.objects.iter().map(|object| object.key.as_str()).collect();
    (keys, page.common_prefixes.iter().map(AsRef::as_ref).collect())
}

async fn assert_page(subject: &Subject, query: &ListQuery, keys: &[&str], prefixes: &[&str], next: Option<&str>) {
    let page = subject.list(query).await;
    assert_eq!(names(&page), (keys.to_vec(), prefixes.to_vec()), "{query:?}");
    assert_eq!(page.next.as_deref(), next, "{query:?}");
}

/// Order is that of the UTF-8 bytes: not of letters, not of UTF-16.
pub async fn keys_are_listed_in_byte_order(subject: Subject) {
    let sorted = ["\u{0}", " ", "/", "A", "B", "a", "a\u{0}", "a ", "a/", "aa", "b", "é", "中", "\u{FFFD}", "𝄞"];
    let mut shuffled = sorted;
    shuffled.rotate_left(7);
    shuffled[..5].reverse();
    subject.put_all(&shuffled).await;
    assert_page(&subject, &query("", "", "", 1000), &sorted, &[], None).await;
    assert_page(&subject, &query("a", "", "", 1000), &["a", "a\u{0}", "a ", "a/", "aa"], &[], None).await;
    assert_page(&subject, &query("中", "", "", 1000), &["中"], &[], None).await;
    assert_page(&subject, &query("ab", "", "", 1000), &[], &[], None).await;
}

/// Keys with the delimiter after the prefix are one entry, which ends with the delimiter.
pub async fn prefixes_are_collapsed_at_the_delimiter(subject: Subject) {
    subject.put_all(&["a", "a/", "a/b", "a/c/d", "a/c/e", "b//c", "b/c", "c::d", "c::e", "d"]).await;
    let none: &[&str] = &[];
    for (prefix, delimiter, keys, prefixes) in [
        ("", "/", &["a", "c::d", "c::e", "d"][..], &["a/", "b/"][..]),
        ("a", "/", &["a"], &["a/"]),
        ("a/", "/", &["a/", "a/b"], &["a/c/"]),
        ("a/c", "/", none, &["a/c/"]),
        ("a/c/", "/", &["a/c/d", "a/c/e"], none),
        ("b/", "/", &["b/c"], &["b//"]),
        ("", "::", &["a", "a/", "a/b", "a/c/d", "a/c/e", "b//c", "b/c", "d"], &["c::"]),
        ("c:", ":", none, &["c::"]),
        ("a/c", "d", &["a/c/e"], &["a/c/d"]),
        ("", "c", &["a", "a/", "a/b", "d"], &["a/c", "b//c", "b/c", "c"]),
        ("", "none", &["a", "a/", "a/b", "a/c/d", "a/c/e", "b//c", "b/c", "c::d", "c::e", "d"], none),
    ] {
        assert_page(&subject, &query(prefix, delimiter, "", 1000), keys, prefixes, None).await;
    }
}

/// A page begins after its marker: a key, a text that is no key, a common prefix, a key below one.
pub async fn pages_begin_after_the_marker(subject: Subject) {
    subject.put_all(&["a", "b/1", "b/2", "b/3", "c", "d/1"]).await;
    let none: &[&str] = &[];
    for (delimiter, after, keys, prefixes) in [
        ("", "a", &["b/1", "b/2", "b/3", "c", "d/1"][..], &[][..]),
        ("", "b", &["b/1", "b/2", "b/3", "c", "d/1"], none),
        ("", "b/2", &["b/3", "c", "d/1"], none),
        ("", "b/20", &["b/3", "c", "d/1"], none),
        ("", "d/1", none, none),
        ("", "zzz", none, none),
        ("/", "a", &["c"], &["b/", "d/"]),
        ("/", "b", &["c"], &["b/", "d/"]),
        ("/", "b/", &["c"], &["d/"]),
        ("/", "b/2", &["c"], &["d/"]),
        ("/", "b/\u{10FFFF}", &["c"], &["d/"]),
        ("/", "c", none, &["d/"]),
        ("/", "d/", none, none),
    ] {
        assert_page(&subject, &query("", delimiter, after, 1000), keys, prefixes, None).await;
    }
    assert_page(&subject, &query("b/", "", "a", 1000), &["b/1", "b/2", "b/3"], &[], None).await;
    assert_page(&subject, &query("b/", "", "b/1", 1000), &["b/2", "b/3"], &[], None).await;
    assert_page(&subject, &query("b/", "/", "c", 1000), &[], &[], None).await;
}

/// Pages of any size, one after the other, show every entry once, in order; the last says that nothing follows.
pub async fn pages_add_up_to_the_whole(subject: Subject) {
    subject.put_all(&["a", "b/1", "b/2", "b/3", "bb", "c/1/x", "c/1/y", "c/2", "d", "é/1", "é/2"]).await;
    for (prefix, delimiter) in [("", ""), ("", "/"), ("b", ""), ("b", "/"), ("c/", "/"), ("é/", "/"), ("none", "/")] {
        let whole = subject.list(&query(prefix, delimiter, "", 1000)).await;
        let entries = whole.objects.len() + whole.common_prefixes.len();
        for limit in 1..=entries.max(1) {
            let (mut keys, mut prefixes, mut after, mut pages) = (Vec::new(), Vec::new(), String::new(), 0);
            loop {
                let page = subject.list(&query(prefix, delimiter, &after, limit)).await;
                let count = page.objects.len() + page.common_prefixes.len();
                assert!(count <= limit);
                keys.extend(page.objects);
                prefixes.extend(page.common_prefixes);
                pages += 1;
                let Some(next) = page.next else { break };
                assert_eq!(count, limit, "a page before the last is full");
                assert!(*next > *after, "the marker moves on");
                after = next.into();
            }
            assert_eq!((keys, prefixes), (whole.objects.clone(), whole.common_prefixes.clone()));
            assert_eq!(pages, entries.div_ceil(limit).max(1), "{prefix:?} {delimiter:?} {limit}");
        }
    }
}

/// A page of no entries has none, and nothing to go on after.
pub async fn a_page_of_nothing_is_empty(subject: Subject) {
    for query in [query("", "", "", 0), query("", "", "", 10), query("", "/", "", 0)] {
        assert_eq!(subject.list(&query).await, ListPage::default());
        subject.put_all(&["a", "b/c"]).await;
        assert_eq!(subject.list(&ListQuery { limit: 0, ..query }).await, ListPage::default());
        subject.delete("a").await;
        subject.delete("b/c").await;
    }
}

/// A listing tells of an object what a HEAD tells.
pub async fn listings_tell_what_the_object_is(subject: Subject) {
    let intent = WriteIntent { checksum: Some(ChecksumAlgorithm::Crc32), ..subject.intent("k") };
    let (writer, digests) = subject.finished(intent, &pattern(300_000, 1)).await;
    let alice = Owner { id: "0a".into(), display_name: "alice".into() };
    let mut object = subject.object(&digests);
    object.headers.access = Some(Box::new(ObjectAccess { owner: Some(alice.clone()), acl: None }));
    object.headers.storage_class = Some("GLACIER".into());
    let sealed = writer.seal(object, Expectation::Any).await.expect("sealed");
    subject.put("l", b"").await;
    let page = subject.list(&query("", "", "", 10)).await;
    let expected = ListedObject {
        key: page.objects[0].key.clone(),
        size_bytes: 300_000,
        etag: sealed.etag.clone(),
        last_modified: sealed.last_modified,
        kind: sealed.kind,
        checksum_algorithm: Some(ChecksumAlgorithm::Crc32),
        owner: Some(alice),
        checksum_type: headwater_model::digest::ChecksumType::FullObject,
        storage_class: Some("GLACIER".into()),
    };
    assert_eq!((page.objects[0].key.as_str(), &page.objects[0]), ("k", &expected));
    assert_eq!((page.objects[1].size_bytes, page.objects[1].checksum_algorithm), (0, None));
}

/// A listing shows every change that was acknowledged before it, also after the store was opened again.
pub async fn listings_follow_every_change(mut subject: Subject) {
    subject.put_all(&["a/1", "b/1", "b/2", "c"]).await;
    subject.delete("a/1").await;
    assert_page(&subject, &query("", "/", "", 10), &["c"], &["b/"], None).await;
    subject.reopen().await;
    assert_page(&subject, &query("", "/", "", 10), &["c"], &["b/"], None).await;
    subject.delete("b/1").await;
    assert_page(&subject, &query("", "/", "", 10), &["c"], &["b/"], None).await;
    subject.delete("b/2").await;
    subject.put("a/2", b"").await;
    assert_page(&subject, &query("", "/", "", 1), &[], &["a/"], Some("a/")).await;
    assert_page(&subject, &query("", "/", "a/", 10), &["c"], &[], None).await;
}

/// No bucket shows what is in another.
pub async fn buckets_are_listed_apart(mut subject: Subject) {
    subject.put_all(&["a", "b"]).await;
    let next = subject.store().create_bucket(subject.unborn_bucket("next")).await.expect("a bucket");
    let first = std::mem::replace(&mut subject.bucket, next);
    assert_page(&subject, &query("", "", "", 10), &[], &[], None).await;
    subject.put_all(&["b", "c"]).await;
    assert_page(&subject, &query("", "", "", 10), &["b", "c"], &[], None).await;
    subject.bucket = first;
    assert_page(&subject, &query("", "", "", 10), &["a", "b"], &[], None).await;
    assert_page(&subject, &query("", "", "", 2), &["a", "b"], &[], None).await;
}
