//! Listing versions: current objects and version rows merged into byte order of keys, the newest version of a key first.
//!
//! Guarantees: a page costs what its entries cost, however many versions there are; each key is shown as it was at some
//! moment of the call, since both kinds of rows are read of one moment, so that a version that moves between them is
//! neither lost nor shown twice. Only where a key has more versions than are read at a time are they of several moments.
//!
//! How: some rows of both kinds are read from where the walk stands, and merged as far as both reach. Where the walk stands
//! within a key is told by a version, as in the marker of a page; the rows behind it are read again from there. A null
//! version's row comes before all others of its key and is held back until its place comes.

use std::collections::{BTreeSet, VecDeque};

use bytes::Bytes;
use headwater_index::rows::{ObjectRow, RowValue, VersionContent, VersionRow, listed};
use headwater_index::{KeyRange, after_prefix};
use headwater_model::bucket::Generation;
use headwater_model::clock::Timestamp;
use headwater_model::limits::MAX_LIST_KEYS;
use headwater_model::list::ListQuery;
use headwater_model::object::SharedMeta;
use headwater_model::version::{ListedVersion, VersionId, VersionMarker, VersionNumber, VersionPage, VersionQuery};
use headwater_model::{Error, ObjectKey, Result};

use super::core::Core;
use super::listing::{common_prefix, start_key};
use super::merge::Chunk;
use super::view::View;
use crate::{BucketRef, NoncurrentPage, NoncurrentVersion};

/// Rows of a kind read at a time at most: a page, and the row that tells whether there is another.
const CHUNK_ROWS: usize = MAX_LIST_KEYS + 2;
/// And at least: a null version's row, and made ones among which its place shows.
const FEWEST_ROWS: usize = 8;

/// One version.
struct Entry {
    key: ObjectKey,
    version: VersionId,
    /// Not of a current null version, which has none yet.
    place: Option<VersionNumber>,
    /// The object; `None` for a delete marker.
    meta: Option<SharedMeta>,
    /// When it was stored.
    last_modified: Timestamp,
    /// The row, but for a current object.
    row: Option<Row>,
    /// Whether a null version was held back until its place was known.
    is_placed: bool,
}

/// What of a version row a listing tells.
struct Row {
    superseded: Option<Timestamp>,
}

impl Entry {
    fn of_object(row_key: &[u8], value: &[u8]) -> Result<Self> {
        let (_, key) = ObjectRow::parse_key(row_key)?;
        let meta = ObjectRow::decode(row_key, value)?.meta;
        let (version, last_modified) = (meta.version, meta.last_modified);
        let place = match version {
            VersionId::Null => None,
            VersionId::Made(number) => Some(number),
        };
        Ok(Self { key, version, place, meta: Some(meta), last_modified, row: None, is_placed: true })
    }

    fn of_version(row_key: &[u8], value: &[u8]) -> Result<Self> {
        let (_, key, version) = VersionRow::parse_key(row_key)?;
        let VersionRow { place, superseded, content, .. } = VersionRow::decode(row_key, value)?;
        let (meta, last_modified) = match content {
            VersionContent::Object { meta, .. } => (Some(SharedMeta::clone(&meta)), meta.last_modified),
            VersionContent::Marker { last_modified } => (None, last_modified),
        };
        let row = Some(Row { superseded });
        Ok(Self { key, version, place: Some(place), meta, last_modified, row, is_placed: version != VersionId::Null })
    }

    /// Where a walk stands that has come to here.
    fn id_of_place(&self) -> VersionId {
        self.place.map_or(VersionId::Null, VersionId::Made)
    }

    fn marker(&self) -> VersionMarker {
        VersionMarker { key: self.key.as_str().into(), version: Some(self.id_of_place()) }
    }

    fn listed(self) -> ListedVersion {
        ListedVersion {
            version: self.version,
            is_latest: self.row.is_none_or(|row| row.superseded.is_none()),
            last_modified: self.last_modified,
            object: self.meta.map(|meta| listed(self.key.clone(), &meta)),
            key: self.key,
        }
    }

    fn noncurrent(self) -> Option<NoncurrentVersion> {
        let Self { key, version, meta: object, last_modified, row, .. } = self;
        row.map(|Row { superseded }| NoncurrentVersion { key, version, superseded, last_modified, object })
    }
}

/// Which rows are walked over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    All,
    /// Version rows only.
    Noncurrent,
}

/// A walk over versions in order.
struct Walk<'a> {
    view: &'a View,
    generation: Generation,
    scope: Scope,
    limit: usize,
    /// What is left of the object rows.
    objects: Option<KeyRange>,
    /// What is left of the version rows.
    versions: Option<KeyRange>,
    /// The version that was last seen, if others of its key may follow.
    within: Option<(ObjectKey, VersionId)>,
    /// Read and not given yet.
    ready: VecDeque<Entry>,
    /// Keys of rows that cannot be read.
    damaged: BTreeSet<ObjectKey>,
}

impl<'a> Walk<'a> {
    /// Behind `after`, over keys with the prefix of `query`.
    fn new(
        view: &'a View,
        generation: Generation,
        scope: Scope,
        (query, after): (&ListQuery, &VersionMarker),
    ) -> Result<Self> {
        let object_start = start_key(query, |text| ObjectRow::seek_key(generation, text));
        let version_start = start_key(query, |text| VersionRow::seek_key(generation, text));
        let mut walk = Self {
            view,
            generation,
            scope,
            limit: (query.limit + 2).clamp(FEWEST_ROWS, CHUNK_ROWS),
            objects: Some(ObjectRow::range(generation, &query.prefix).starting_at(object_start)),
            versions: Some(VersionRow::range(generation, &query.prefix).starting_at(version_start)),
            within: None,
            ready: VecDeque::new(),
            damaged: BTreeSet::new(),
        };
        let key = ObjectKey::parse(&after.key)
            .ok()
            .filter(|key| key.as_str().starts_with(&*query.prefix) && common_prefix(query, key.as_str()).is_none());
        if let (Some(key), Some(version)) = (key, after.version) {
            walk.stand_at(key, version)?;
        }
        Ok(walk)
    }

    /// Goes to behind a version.
    fn stand_at(&mut self, key: ObjectKey, mut version: VersionId) -> Result<()> {
        if version == VersionId::Null {
            let null_key = VersionRow::key(self.generation, &key, VersionId::Null);
            if let Some(value) = self.view.get(&null_key)? {
                version = VersionId::Made(VersionRow::decode(&null_key, &value)?.place);
            }
        }
        let start = match version {
            VersionId::Made(place) => VersionRow::seek_older(self.generation, &key, place),
            VersionId::Null => VersionRow::range_of_made(self.generation, &key).start,
        };
        let of_bucket = VersionRow::range(self.generation, "");
        let end = self.versions.take().and_then(|rest| rest.end).or(of_bucket.end);
        self.versions = Some(KeyRange { start, end });
        self.within = Some((key, version));
        Ok(())
    }

    /// Goes to behind all keys with a prefix.
    fn skip(&mut self, prefix: &str) {
        self.within.take_if(|(key, _)| key.as_str().starts_with(prefix));
        while self.ready.front().is_some_and(|entry| entry.key.as_str().starts_with(prefix)) {
            self.ready.pop_front();
        }
        if self.ready.is_empty() {
            let behind = |rest: Option<KeyRange>, seek: Vec<u8>| {
                after_prefix(&seek).and_then(|start| rest.map(|rest| rest.starting_at(start)))
            };
            self.objects = behind(self.objects.take(), ObjectRow::seek_key(self.generation, prefix));
            self.versions = behind(self.versions.take(), VersionRow::seek_key(self.generation, prefix));
        }
    }

    /// The next version.
    fn next(&mut self) -> Result<Option<Entry>> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Ok(Some(entry));
            }
            if self.objects.is_none() && self.versions.is_none() && self.within.is_none() {
                return Ok(None);
            }
            self.read()?;
        }
    }

    /// Reads some rows of one moment, and merges them as far as they reach.
    fn read(&mut self) -> Result<()> {
        let nothing = || KeyRange { start: Vec::new(), end: Some(Vec::new()) };
        let only = |key: Vec<u8>| KeyRange { end: Some([&key[..], &[0]].concat()), start: key };
        let objects = self.objects.take().filter(|_| self.scope == Scope::All).unwrap_or_else(nothing);
        let versions = self.versions.take().unwrap_or_else(nothing);
        let within = self.within.take();
        let mut ranges = vec![(objects.clone(), self.limit), (versions.clone(), self.limit)];
        if let Some((key, version)) = &within {
            let of = |version| only(VersionRow::key(self.generation, key, version));
            let current = if self.scope == Scope::All { only(ObjectRow::key(self.generation, key)) } else { nothing() };
            ranges.extend([(current, SINGLE), (of(VersionId::Null), SINGLE), (of(*version), SINGLE)]);
        }
        let mut chunks = self.view.chunks(&ranges)?.into_iter();
        let mut chunk = || chunks.next().unwrap_or_default();
        let (object_chunk, version_chunk) = (chunk(), chunk());
        let (objects_end, versions_end) = (object_chunk.rest_of(&objects), version_chunk.rest_of(&versions));
        let mut merge = Merge {
            generation: self.generation,
            objects: readable(object_chunk, Entry::of_object, &mut self.damaged)?,
            versions: readable(version_chunk, Entry::of_version, &mut self.damaged)?,
            objects_end: objects_end.as_ref(),
            versions_end: versions_end.as_ref(),
            null: None,
            last: None,
            ready: &mut self.ready,
        };
        if let Some((_, version)) = within {
            let mut single = || live(chunk()).next();
            let (current, null, last) = (single(), single(), single());
            let current = current.map(|(key, value)| Entry::of_object(&key, &value)).transpose()?;
            let null = null.map(|(key, value)| Entry::of_version(&key, &value)).transpose()?;
            merge.resume(version, current, null, last.is_some());
        }
        merge.run();
        let (object, version) = (merge.objects.pop_front(), merge.versions.pop_front());
        let (null, last) = (merge.null.take(), merge.last.take());
        self.objects = match object {
            Some(entry) => Some(objects.starting_at(ObjectRow::key(self.generation, &entry.key))),
            None => objects_end,
        };
        self.versions = match version {
            Some(entry) => Some(versions.starting_at(VersionRow::key(self.generation, &entry.key, entry.version))),
            None => versions_end,
        };
        let rest = self.objects.is_some() || self.versions.is_some();
        self.within = match null {
            // Its place did not show: it is read again with what follows.
            Some(null) => {
                let seen = last.filter(|(key, _)| *key == null.key).map(|(_, version)| version);
                Some((null.key, seen.unwrap_or(VersionId::Made(VersionNumber::MAX))))
            }
            None => last.filter(|_| rest),
        };
        Ok(())
    }
}

/// Rows read of a range that holds one at most.
const SINGLE: usize = 2;

/// Rows of both kinds, of one moment.
struct Merge<'a> {
    generation: Generation,
    objects: VecDeque<Entry>,
    versions: VecDeque<Entry>,
    /// What lies behind `objects`.
    objects_end: Option<&'a KeyRange>,
    /// What lies behind `versions`.
    versions_end: Option<&'a KeyRange>,
    /// A null version whose place has not come yet.
    null: Option<Entry>,
    /// The last that is ready.
    last: Option<(ObjectKey, VersionId)>,
    ready: &'a mut VecDeque<Entry>,
}

impl Merge<'_> {
    /// Goes on within a key behind `seen`. Its newest version may have gone since, and what is current now be older; and
    /// the null version has no number to look behind.
    fn resume(&mut self, seen: VersionId, current: Option<Entry>, null: Option<Entry>, is_seen_there: bool) {
        let follows = |current: &Entry| match (current.place, seen) {
            (Some(place), VersionId::Made(seen)) => place < seen,
            (Some(_), VersionId::Null) => true,
            (None, VersionId::Made(_)) => !is_seen_there,
            (None, VersionId::Null) => false,
        };
        if let Some(current) = current.filter(follows) {
            self.give(current);
        }
        let null = null.filter(|null| match seen {
            VersionId::Made(seen) => null.place.is_some_and(|place| place < seen),
            VersionId::Null => false,
        });
        self.null = null.map(|null| Entry { is_placed: true, ..null });
    }

    fn give(&mut self, entry: Entry) {
        self.last = Some((entry.key.clone(), entry.id_of_place()));
        self.ready.push_back(entry);
    }

    /// Gives all whose turn is certain.
    fn run(&mut self) {
        while let Some(entry) = self.take() {
            if entry.is_placed {
                self.give(entry);
            } else {
                self.null = Some(Entry { is_placed: true, ..entry });
            }
        }
    }

    /// The next, a null version's row as it is stored; `None` if it could be one that was not read.
    fn take(&mut self) -> Option<Entry> {
        let version = self.versions.front();
        if let Some(null) = &self.null {
            let (is_newer, is_known) = match version {
                Some(next) => (next.key == null.key && next.place > null.place, true),
                None => {
                    let behind = VersionRow::seek_after_key(self.generation, null.key.as_str());
                    (false, self.versions_end.is_none_or(|end| end.start >= behind))
                }
            };
            return if is_newer { self.versions.pop_front() } else { self.null.take_if(|_| is_known) };
        }
        match (self.objects.front(), version) {
            (None, None) => None,
            (Some(object), version) if version.is_none_or(|version| object.key <= version.key) => {
                let first = VersionRow::range_of_key(self.generation, &object.key).start;
                let is_known = version.is_some() || self.versions_end.is_none_or(|end| end.start >= first);
                if is_known { self.objects.pop_front() } else { None }
            }
            (object, version) => {
                let row_key = version.map(|version| ObjectRow::key(self.generation, &version.key)).unwrap_or_default();
                let is_known = object.is_some() || self.objects_end.is_none_or(|end| end.start > row_key);
                if is_known { self.versions.pop_front() } else { None }
            }
        }
    }
}

/// The entries of a chunk, and the keys of those that cannot be read.
fn readable(
    chunk: Chunk,
    read: impl Fn(&[u8], &[u8]) -> Result<Entry>,
    damaged: &mut BTreeSet<ObjectKey>,
) -> Result<VecDeque<Entry>> {
    let mut entries = VecDeque::new();
    for (row_key, value) in live(chunk) {
        match read(&row_key, &value) {
            Ok(entry) => entries.push_back(entry),
            Err(Error::Damaged { .. }) => {
                let version = VersionRow::parse_key(&row_key).map(|(_, key, _)| key);
                damaged.insert(version.or_else(|_| ObjectRow::parse_key(&row_key).map(|(_, key)| key))?);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(entries)
}

/// The rows of a chunk that were not deleted.
fn live(chunk: Chunk) -> impl Iterator<Item = (Bytes, Bytes)> {
    chunk.rows.into_iter().filter_map(|(key, value)| Some((key, value?)))
}

impl Core {
    /// One page of versions.
    pub(super) fn list_versions(&self, bucket: &BucketRef, query: &VersionQuery) -> Result<VersionPage> {
        let mut page = VersionPage::default();
        if query.limit == 0 {
            return Ok(page);
        }
        let after = &query.after;
        let query = ListQuery {
            prefix: query.prefix.clone(),
            delimiter: query.delimiter.clone(),
            after: after.key.clone(),
            limit: query.limit,
        };
        let mut walk = Walk::new(&self.view, bucket.generation, Scope::All, (&query, after))?;
        let mut last = None;
        while let Some(entry) = walk.next()? {
            if page.versions.len() + page.common_prefixes.len() == query.limit {
                page.next = last;
                break;
            }
            match common_prefix(&query, entry.key.as_str()) {
                None => {
                    last = Some(entry.marker());
                    page.versions.push(entry.listed());
                }
                Some(prefix) => {
                    last = Some(VersionMarker { key: prefix.into(), version: None });
                    page.common_prefixes.push(prefix.into());
                    walk.skip(prefix);
                }
            }
        }
        if let Some(key) = walk.damaged.first() {
            return Err(Error::Damaged { detail: format!("a row of {:?} cannot be read", key.as_str()).into() });
        }
        Ok(page)
    }

    /// One page of versions that are not current.
    pub(super) fn list_noncurrent(
        &self,
        bucket: &BucketRef,
        after: &VersionMarker,
        limit: usize,
    ) -> Result<NoncurrentPage> {
        let mut page = NoncurrentPage::default();
        let limit = limit.min(MAX_LIST_KEYS);
        if limit == 0 || !self.state().has_versions(bucket.generation) {
            return Ok(page);
        }
        let query = ListQuery { prefix: "".into(), delimiter: "".into(), after: after.key.clone(), limit };
        let mut walk = Walk::new(&self.view, bucket.generation, Scope::Noncurrent, (&query, after))?;
        let mut last = None;
        while let Some(entry) = walk.next()? {
            if page.versions.len() == limit {
                page.next = last;
                break;
            }
            last = Some(entry.marker());
            page.versions.extend(entry.noncurrent());
        }
        // Those behind the page are told again by the next.
        let is_within = |key: &ObjectKey| page.next.as_ref().is_none_or(|next| *key.as_str() <= *next.key);
        page.damaged = walk.damaged.into_iter().filter(is_within).collect();
        Ok(page)
    }
}
