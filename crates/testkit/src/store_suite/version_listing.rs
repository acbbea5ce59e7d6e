//! Pages of versions.

use headwater_model::object::SharedMeta;
use headwater_model::version::{ListedVersion, VersionId, VersionMarker, VersionPage, Versioning};
use headwater_store::{NoncurrentVersion, VersionRemoval};

use super::subject::{Subject, version_query};

/// Keys near each other, each with versions: bodies, `-` for a deletion, `0` for a write while versions are suspended.
const HISTORIES: [(&str, &str); 7] =
    [("a", "1230"), ("a/1", "12-"), ("a/2", "0-12"), ("a/2/x", "-"), ("b", "1"), ("b\u{0}", "0"), ("é", "1-2-0")];

async fn write_all(subject: &mut Subject) {
    for (key, steps) in HISTORIES {
        for step in steps.bytes() {
            subject.clock.advance(std::time::Duration::from_millis(3));
            let versioning = if step == b'0' { Versioning::Suspended } else { Versioning::Enabled };
            subject.set_versioning(versioning).await;
            if step == b'-' {
                subject.delete(key).await;
            } else {
                subject.put(key, &[step]).await;
            }
        }
    }
}

fn names(page: &VersionPage) -> Vec<(&str, VersionId)> {
    page.versions.iter().map(|version| (version.key.as_str(), version.version)).collect()
}

/// All pages of so many entries, put together, with the common prefixes.
async fn all(subject: &Subject, prefix: &str, delimiter: &str, limit: usize) -> (Vec<ListedVersion>, Vec<Box<str>>) {
    let (mut versions, mut prefixes, mut after) = (Vec::new(), Vec::new(), VersionMarker::default());
    loop {
        let page = subject.versions(&version_query(prefix, delimiter, after, limit)).await;
        let entries = page.versions.len() + page.common_prefixes.len();
        assert!(entries <= limit && (page.next.is_none() || entries == limit), "{entries}");
        versions.extend(page.versions);
        prefixes.extend(page.common_prefixes);
        match page.next {
            Some(next) => after = next,
            None => return (versions, prefixes),
        }
    }
}

/// Keys in byte order, the newest version of each first; pages of any size add up to the same.
pub async fn pages_of_versions_add_up(mut subject: Subject) {
    write_all(&mut subject).await;
    let (whole, _) = all(&subject, "", "", 1000).await;
    let counts = HISTORIES.map(|(key, steps)| {
        let of_key: Vec<_> = whole.iter().filter(|version| version.key.as_str() == key).collect();
        assert!(of_key.windows(2).all(|pair| pair[0].last_modified > pair[1].last_modified), "{key}");
        assert!(of_key.iter().enumerate().all(|(at, version)| version.is_latest == (at == 0)), "{key}");
        (of_key.len(), steps.len())
    });
    assert!(counts.iter().all(|(found, written)| found == written), "{counts:?}");
    assert!(whole.is_sorted_by(|a, b| a.key <= b.key));
    for limit in 1..9 {
        assert_eq!(all(&subject, "", "", limit).await.0, whole, "in pages of {limit}");
    }
    let before = whole.len();
    subject.reopen().await;
    assert_eq!(all(&subject, "", "", 3).await.0.len(), before);
    assert_eq!(subject.versions(&version_query("", "", VersionMarker::default(), 0)).await, VersionPage::default());
}

/// Prefixes and delimiters are those of other listings; a prefix counts once.
pub async fn versions_are_collapsed_at_the_delimiter(mut subject: Subject) {
    write_all(&mut subject).await;
    for limit in [1, 2, 3, 1000] {
        let (versions, prefixes) = all(&subject, "", "/", limit).await;
        let keys: Vec<&str> = versions.iter().map(|version| version.key.as_str()).collect();
        assert_eq!(keys, ["a", "a", "a", "a", "b", "b\u{0}", "é", "é", "é", "é", "é"]);
        assert_eq!(prefixes, ["a/".into()]);
        let (versions, prefixes) = all(&subject, "a/", "/", limit).await;
        assert_eq!(versions.len(), 7, "{versions:?}");
        assert_eq!(prefixes, ["a/2/".into()]);
    }
    let after = VersionMarker { key: "a/".into(), version: None };
    let page = subject.versions(&version_query("", "/", after, 1)).await;
    assert_eq!(page.versions[0].key.as_str(), "b", "a marker that is a common prefix skips what is below");
}

/// A key alone is a marker behind all its versions, a version one behind that.
pub async fn pages_of_versions_begin_behind_the_marker(mut subject: Subject) {
    write_all(&mut subject).await;
    let (whole, _) = all(&subject, "", "", 1000).await;
    for (at, version) in whole.iter().enumerate() {
        let after = VersionMarker { key: version.key.as_str().into(), version: Some(version.version) };
        let page = subject.versions(&version_query("", "", after, 1000)).await;
        assert_eq!(page.versions, whole[at + 1..], "behind {version:?}");
        let after = VersionMarker { key: version.key.as_str().into(), version: None };
        let page = subject.versions(&version_query("", "", after, 1000)).await;
        assert!(page.versions.iter().all(|next| next.key > version.key));
    }
}

/// Who deletes every version that a page shows before he asks for the next has seen all of them in the end.
pub async fn a_bucket_is_emptied_page_by_page(mut subject: Subject) {
    for limit in [1, 2, 3, 5] {
        write_all(&mut subject).await;
        let mut after = VersionMarker::default();
        loop {
            let page = subject.versions(&version_query("", "", after, limit)).await;
            for (key, version) in names(&page) {
                let removed = subject.remove_version(key, VersionRemoval::of(version)).await.expect("removed");
                assert!(removed.is_some(), "{key:?} {version}");
            }
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
        let left = subject.versions(&version_query("", "", VersionMarker::default(), 1000)).await;
        assert_eq!(left, VersionPage::default(), "in pages of {limit}");
        let stats = subject.store().stats();
        assert_eq!((stats.objects, stats.versions, stats.version_bytes), (0, 0, 0));
    }
}

/// Versions that are not current tell since when; a marker that is the newest is not superseded.
pub async fn what_is_not_current_tells_since_when(mut subject: Subject) {
    write_all(&mut subject).await;
    let (whole, _) = all(&subject, "", "", 1000).await;
    let expected: Vec<_> = whole
        .iter()
        .enumerate()
        .filter(|(_, version)| !(version.is_latest && version.object.is_some()))
        .map(|(at, version)| {
            // Nothing was deleted, so each was superseded by the one before it.
            let superseded = (!version.is_latest).then(|| whole[at - 1].last_modified);
            (version.key.clone(), version.version, superseded, version.last_modified)
        })
        .collect();
    for limit in [1, 2, 1000] {
        let (mut found, mut after): (Vec<NoncurrentVersion>, _) = (Vec::new(), VersionMarker::default());
        loop {
            let page = subject.store().list_noncurrent(&subject.bucket(), &after, limit).await.expect("a page");
            found.extend(page.versions);
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
        let told: Vec<_> =
            found.iter().map(|one| (one.key.clone(), one.version, one.superseded, one.last_modified)).collect();
        assert_eq!(told, expected, "in pages of {limit}");
        let of_object = |one: &NoncurrentVersion| one.object.as_ref().map(|meta: &SharedMeta| meta.last_modified);
        assert!(found.iter().all(|one| of_object(one).is_none_or(|stored| stored == one.last_modified)));
    }
}
