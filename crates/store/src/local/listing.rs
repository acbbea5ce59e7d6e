//! Listing objects: one page in byte order, keys with a common prefix collapsed into one entry.
//!
//! Each key is shown as it was at some moment during the call. A collapsed prefix costs one seek, however many keys are
//! below it.

use headwater_index::after_prefix;
use headwater_index::rows::{ObjectRow, RowError};
use headwater_model::list::{ListPage, ListQuery};
use headwater_model::{ObjectKey, Result};

use super::core::Core;
use super::walk::Step;
use crate::BucketRef;

/// Rows read at a time at most: a page, and the row that tells whether there is another.
const CHUNK_ROWS: usize = headwater_model::limits::MAX_LIST_KEYS + 1;

/// Where a listing stands.
enum Entry<'a> {
    /// A key of its own.
    Key,
    /// Below this common prefix.
    Common(&'a str),
}

impl Core {
    /// One page of objects.
    pub(super) fn list(&self, bucket: &BucketRef, query: &ListQuery) -> Result<ListPage> {
        let mut page = ListPage::default();
        if query.limit == 0 {
            return Ok(page);
        }
        let generation = bucket.generation;
        let range = ObjectRow::range(generation, &query.prefix)
            .starting_at(start_key(query, |text| ObjectRow::seek_key(generation, text)));
        self.view.walk(range, CHUNK_ROWS.min(query.limit + 1), |row_key, value| {
            if page.objects.len() + page.common_prefixes.len() + page.damaged.len() == query.limit {
                page.next = last(&page).map(Into::into);
                return Ok(Step::End);
            }
            let name = ObjectRow::name(row_key)?;
            match common_prefix(query, name) {
                None => {
                    match ObjectRow::listed(row_key, name, value) {
                        Ok(object) => page.objects.push(object),
                        Err(RowError::Value { .. }) => page.damaged.push(ObjectRow::parse_key(row_key)?.1),
                        Err(error) => return Err(error.into()),
                    }
                    Ok(Step::Next)
                }
                Some(prefix) => {
                    page.common_prefixes.push(prefix.into());
                    Ok(after_prefix(&ObjectRow::seek_key(generation, prefix)).map_or(Step::End, Step::Seek))
                }
            }
        })?;
        Ok(page)
    }
}

/// The last entry of a page.
fn last(page: &ListPage) -> Option<&str> {
    let object = page.objects.last().map(|object| object.key.as_str());
    let damaged = page.damaged.last().map(ObjectKey::as_str);
    [object, damaged, page.common_prefixes.last().map(AsRef::as_ref)].into_iter().flatten().max()
}

/// Where a page begins: behind the marker, and behind everything below it if it is a common prefix itself or lies below
/// one (which is then not greater than the marker).
pub(super) fn start_key(query: &ListQuery, seek_key: impl Fn(&str) -> Vec<u8>) -> Vec<u8> {
    if query.after.is_empty() {
        return seek_key(&query.prefix);
    }
    match classify(query, &query.after) {
        Entry::Common(prefix) => after_prefix(&seek_key(prefix)).unwrap_or_default(),
        Entry::Key => {
            // The least text greater than the marker.
            let mut next = String::with_capacity(query.after.len() + 1);
            next.push_str(&query.after);
            next.push('\0');
            seek_key(&next)
        }
    }
}

/// The common prefix that `key` collapses into.
pub(super) fn common_prefix<'a>(query: &ListQuery, key: &'a str) -> Option<&'a str> {
    match classify(query, key) {
        Entry::Common(prefix) => Some(prefix),
        Entry::Key => None,
    }
}

fn classify<'a>(query: &ListQuery, key: &'a str) -> Entry<'a> {
    if query.delimiter.is_empty() {
        return Entry::Key;
    }
    let Some(rest) = key.strip_prefix(&*query.prefix) else { return Entry::Key };
    match rest.find(&*query.delimiter) {
        Some(at) => Entry::Common(&key[..query.prefix.len() + at + query.delimiter.len()]),
        None => Entry::Key,
    }
}
