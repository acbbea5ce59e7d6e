//! Pages: everything is collected, collapsed, cut. The plain meaning of a listing, at the cost of a walk over all keys.

use std::collections::BTreeSet;

use headwater_model::ObjectKey;
use headwater_model::list::{ListPage, ListQuery, ListedObject};
use headwater_model::multipart::{PartInfo, PartPage, UploadId, UploadPage};
use headwater_model::object::ObjectMeta;
use headwater_model::version::{ListedVersion, VersionId, VersionMarker, VersionPage, VersionQuery};
use headwater_store::{NoncurrentPage, NoncurrentVersion};

use super::state::{Life, Stored};
use super::uploads::Upload;
use super::versions::{Version, What};

/// What a listing counts: an item under its key, or a common prefix.
enum Entry<'a, T> {
    Item(T),
    Prefix(&'a str),
}

/// The entries that `items` make, in order: those without the query's prefix left out, those with its delimiter after
/// the prefix collapsed. The items come in order of their keys, so equal prefixes are neighbours.
fn entries<'a, T>(items: impl Iterator<Item = (&'a str, T)>, query: &ListQuery) -> Vec<Entry<'a, T>> {
    let mut entries = Vec::new();
    for (key, item) in items {
        let Some(rest) = key.strip_prefix(&*query.prefix) else { continue };
        let delimiter = if query.delimiter.is_empty() { None } else { rest.find(&*query.delimiter) };
        match delimiter {
            None => entries.push(Entry::Item(item)),
            Some(at) => {
                let prefix = &key[..query.prefix.len() + at + query.delimiter.len()];
                if !matches!(entries.last(), Some(Entry::Prefix(last)) if *last == prefix) {
                    entries.push(Entry::Prefix(prefix));
                }
            }
        }
    }
    entries
}

/// The first `limit` entries and whether more follow. A page of no entries says that nothing follows: there is no
/// entry to go on after.
fn cut<T>(mut entries: Vec<T>, limit: usize) -> (Vec<T>, bool) {
    let more = limit > 0 && entries.len() > limit;
    entries.truncate(limit);
    (entries, more)
}

/// One page of objects.
pub(super) fn objects(life: &Life, damaged: &BTreeSet<ObjectKey>, query: &ListQuery) -> ListPage {
    let mut entries = entries(life.objects().map(|(key, stored)| (key.as_str(), (key, stored))), query);
    entries.retain(|entry| match entry {
        Entry::Item((key, _)) => key.as_str() > &*query.after,
        Entry::Prefix(prefix) => *prefix > &*query.after,
    });
    let (entries, more) = cut(entries, query.limit);
    let mut page = ListPage::default();
    for entry in entries {
        let name = match entry {
            Entry::Item((key, Stored { meta, .. })) => {
                if damaged.contains(key) {
                    page.damaged.push(key.clone());
                } else {
                    page.objects.push(listed(key, meta));
                }
                key.as_str()
            }
            Entry::Prefix(prefix) => {
                page.common_prefixes.push(prefix.into());
                prefix
            }
        };
        page.next = more.then(|| name.into());
    }
    page
}

fn listed(key: &ObjectKey, meta: &ObjectMeta) -> ListedObject {
    ListedObject {
        key: key.clone(),
        size_bytes: meta.size_bytes,
        etag: meta.etag.clone(),
        last_modified: meta.last_modified,
        kind: meta.kind,
        checksum_algorithm: meta.checksum.as_ref().map(|checksum| checksum.algorithm),
        checksum_type: meta.composition.checksum_type,
        storage_class: meta.headers.storage_class.clone(),
        owner: meta.headers.access.as_ref().and_then(|access| access.owner.clone()),
    }
}

/// One page of versions.
pub(super) fn versions(life: &Life, query: &VersionQuery) -> VersionPage {
    let VersionQuery { prefix, delimiter, after, limit } = query;
    let of_prefix = ListQuery { prefix: prefix.clone(), delimiter: delimiter.clone(), after: "".into(), limit: 0 };
    let all = life.versions.iter().flat_map(|(key, versions)| {
        versions.iter().enumerate().map(move |(at, version)| (key.as_str(), (key, at, version)))
    });
    let mut entries = entries(all, &of_prefix);
    entries.retain(|entry| match entry {
        Entry::Item((key, _, version)) => is_behind(life, key, version, after),
        Entry::Prefix(prefix) => *prefix > &*after.key,
    });
    let (entries, more) = cut(entries, *limit);
    let mut page = VersionPage::default();
    for entry in entries {
        let last = match entry {
            Entry::Item((key, at, version)) => {
                let (last_modified, object) = match &version.what {
                    What::Object(stored) => (stored.meta.last_modified, Some(listed(key, &stored.meta))),
                    What::Marker(last_modified) => (*last_modified, None),
                };
                let (key, is_latest) = (key.clone(), at == 0);
                page.versions.push(ListedVersion { key, version: version.id, is_latest, last_modified, object });
                place(page.versions[page.versions.len() - 1].key.as_str(), at, version)
            }
            Entry::Prefix(prefix) => {
                page.common_prefixes.push(prefix.into());
                VersionMarker { key: prefix.into(), version: None }
            }
        };
        page.next = more.then_some(last);
    }
    page
}

/// One page of versions that are not current.
pub(super) fn noncurrent(life: &Life, after: &VersionMarker, limit: usize) -> NoncurrentPage {
    let all = life
        .versions
        .iter()
        .flat_map(|(key, versions)| versions.iter().enumerate().map(move |(at, version)| (key, at, version)));
    let behind = all
        .filter(|(_, at, version)| *at > 0 || version.object().is_none())
        .filter(|(key, _, version)| is_behind(life, key, version, after));
    let (found, more) = cut(behind.collect(), limit.min(1000));
    let next = found.last().filter(|_| more).map(|(key, at, version)| place(key.as_str(), *at, version));
    let versions = found.into_iter().map(|(key, _, version)| {
        let (last_modified, object) = match &version.what {
            What::Object(stored) => (stored.meta.last_modified, Some(stored.meta.clone())),
            What::Marker(last_modified) => (*last_modified, None),
        };
        NoncurrentVersion {
            key: key.clone(),
            version: version.id,
            superseded: version.superseded,
            last_modified,
            object,
        }
    });
    NoncurrentPage { versions: versions.collect(), next, ..NoncurrentPage::default() }
}

/// Whether a version comes behind a marker.
fn is_behind(life: &Life, key: &ObjectKey, version: &Version, after: &VersionMarker) -> bool {
    if key.as_str() != &*after.key {
        return key.as_str() > &*after.key;
    }
    match after.version {
        None => false,
        Some(VersionId::Made(seen)) => version.order < seen,
        // One that is no more tells nothing.
        Some(VersionId::Null) => {
            let null = life.versions[key].iter().find(|version| version.id == VersionId::Null);
            null.is_none_or(|null| version.order < null.order)
        }
    }
}

/// The marker for what follows a version.
fn place(key: &str, at: usize, version: &Version) -> VersionMarker {
    let is_current = at == 0 && version.object().is_some();
    let id = if is_current { version.id } else { VersionId::Made(version.order) };
    VersionMarker { key: key.into(), version: Some(id) }
}

/// One page of open uploads.
pub(super) fn uploads(life: &Life, query: &ListQuery, after_upload: Option<UploadId>) -> UploadPage {
    let after = &*query.after;
    let mut entries = entries(life.uploads.values().map(|upload| (upload.info.key.as_str(), &upload.info)), query);
    entries.retain(|entry| match entry {
        Entry::Item(info) => {
            let key = info.key.as_str();
            key > after || (key == after && after_upload.is_some_and(|last| info.id > last))
        }
        Entry::Prefix(prefix) => *prefix > after,
    });
    let (entries, more) = cut(entries, query.limit);
    let mut page = UploadPage::default();
    for entry in entries {
        let last = match entry {
            Entry::Item(info) => {
                page.uploads.push(info.clone());
                (info.key.as_str().into(), info.id)
            }
            Entry::Prefix(prefix) => {
                page.common_prefixes.push(prefix.into());
                (prefix.into(), UploadId([0; 16]))
            }
        };
        page.next = more.then_some(last);
    }
    page
}

/// One page of an upload's parts.
pub(super) fn parts(upload: &Upload, after: u16, limit: usize) -> PartPage {
    let above: Vec<PartInfo> =
        upload.parts.values().map(|(info, _)| info).filter(|info| info.number > after).cloned().collect();
    let (parts, more) = cut(above, limit);
    let next = parts.last().filter(|_| more).map(|info| info.number);
    PartPage { parts, next }
}
