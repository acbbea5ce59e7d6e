//! Pages: everything is collected, collapsed, cut. The plain meaning of a listing, at the cost of a walk over all keys.

use headwater_model::list::{ListPage, ListQuery, ListedObject};
use headwater_model::multipart::{PartInfo, PartPage, UploadId, UploadPage};

use super::state::{Life, Stored, Upload};

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
pub(super) fn objects(life: &Life, query: &ListQuery) -> ListPage {
    let mut entries = entries(life.objects.iter().map(|(key, stored)| (key.as_str(), (key, stored))), query);
    entries.retain(|entry| match entry {
        Entry::Item((key, _)) => key.as_str() > &*query.after,
        Entry::Prefix(prefix) => *prefix > &*query.after,
    });
    let (entries, more) = cut(entries, query.limit);
    let mut page = ListPage::default();
    for entry in entries {
        let name = match entry {
            Entry::Item((key, Stored { meta, .. })) => {
                page.objects.push(ListedObject {
                    key: key.clone(),
                    size_bytes: meta.size_bytes,
                    etag: meta.etag.clone(),
                    last_modified: meta.last_modified,
                    kind: meta.kind,
                    checksum_algorithm: meta.checksum.as_ref().map(|checksum| checksum.algorithm),
                    checksum_type: meta.composition.checksum_type,
                    storage_class: meta.headers.storage_class.clone(),
                    owner: meta.headers.access.as_ref().and_then(|access| access.owner.clone()),
                });
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
