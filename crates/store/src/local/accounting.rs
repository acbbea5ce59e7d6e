//! Counts and sizes: how many objects there are, and how much of each log segment some row still stands on.
//!
//! Guarantees: the figures are those of the visible rows; a checkpoint writes them in the same commit as the rows, so
//! they survive every crash without a walk over the index.
//!
//! A row stands on the entry that wrote it (its sequence), and an object with an inline body on that body, which is in
//! the same entry unless its version has moved since. Superseded rows stand on nothing: their bytes are what compaction can win. Deletions
//! are counted apart: they can go only when no older segment is left. Tombstones are counted per life of a bucket.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use headwater_index::redb::RedbIndex;
use headwater_index::rows::{
    AccessTokenRow, AccountRow, BlobRef, BucketRow, Counter, CounterRow, Extent, GoneCountRow, GoneRow, ObjectRow,
    OrderRow, OriginRow, OriginUsageRow, PartRow, PublicAccessRow, RowKind, RowValue, SegmentRow, UploadRow,
    VersionContent, VersionRow,
};
use headwater_model::Result;
use headwater_model::bucket::Generation;

use super::change::{self, RowChange};
use super::frame::FRAME_HEADER_BYTES;
use super::segment::SEGMENT_HEADER_BYTES;

/// A segment and what stands on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct SegmentUse {
    /// Its number.
    pub(super) number: u64,
    /// Its figures.
    pub(super) row: SegmentRow,
}

/// The figures of all visible rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Accounting {
    /// Objects.
    pub(super) objects: u64,
    /// Their bodies' bytes.
    pub(super) object_bytes: u64,
    /// Versions that are not current, delete markers included.
    pub(super) versions: u64,
    /// Their bodies' bytes.
    pub(super) version_bytes: u64,
    /// Payload bytes of the blob files that rows name.
    pub(super) file_bytes: u64,
    /// Segments by the sequence of their first entry.
    segments: BTreeMap<u64, SegmentUse>,
    /// The sequence of their first entry by number.
    first_sequences: BTreeMap<u64, u64>,
    /// Numbers of the segments whose figures changed since the last checkpoint, removed ones included.
    changed: BTreeSet<u64>,
    /// Tombstones of each life that has any.
    gone: BTreeMap<Generation, u64>,
    /// Lives whose number of them changed since the last checkpoint.
    gone_changed: BTreeSet<Generation>,
}

/// What a row stands on.
struct Standing {
    sequence: u64,
    /// Bytes of the log in that entry: the row, its share of the frame.
    log_bytes: u64,
    /// What it counts as.
    counted: Counted,
    extents: Vec<Extent>,
}

/// What a row is counted as.
#[derive(Clone, Copy)]
enum Counted {
    /// A current object, with the length of its body.
    Object(u64),
    /// A version that is not current, with the length of its body.
    Version(u64),
    Nothing,
}

impl Accounting {
    /// Reads the figures that a checkpoint wrote.
    pub(super) fn load(index: &RedbIndex) -> Result<Self> {
        let counter = |counter| -> Result<u64> {
            let key = CounterRow::key(counter);
            Ok(match index.get(&key)? {
                Some(value) => CounterRow::decode(&key, &value)?.value,
                None => 0,
            })
        };
        let mut accounting = Self {
            objects: counter(Counter::Objects)?,
            object_bytes: counter(Counter::ObjectBytes)?,
            versions: counter(Counter::Versions)?,
            version_bytes: counter(Counter::VersionBytes)?,
            file_bytes: counter(Counter::FileBytes)?,
            ..Self::default()
        };
        for found in index.scan(&SegmentRow::range(), usize::MAX)? {
            let row = SegmentRow::decode(&found.key, &found.value)?;
            let number = SegmentRow::parse_key(&found.key)?;
            accounting.segments.insert(row.first_sequence, SegmentUse { number, row });
            accounting.first_sequences.insert(number, row.first_sequence);
        }
        for found in index.scan(&GoneCountRow::range(), usize::MAX)? {
            let count = GoneCountRow::decode(&found.key, &found.value)?.count;
            accounting.gone.insert(GoneCountRow::parse_key(&found.key)?, count);
        }
        Ok(accounting)
    }

    /// A segment whose first entry has this sequence; known ones are left alone.
    pub(super) fn add_segment(&mut self, number: u64, first_sequence: u64) {
        let row = SegmentRow { first_sequence, ..SegmentRow::default() };
        self.segments.entry(first_sequence).or_insert(SegmentUse { number, row });
        self.first_sequences.insert(number, first_sequence);
        self.changed.insert(number);
    }

    /// A segment that is no longer on disk.
    pub(super) fn remove_segment(&mut self, number: u64) {
        self.segments.retain(|_, segment| segment.number != number);
        self.first_sequences.remove(&number);
        self.changed.insert(number);
    }

    /// All segments, oldest first.
    pub(super) fn segments(&self) -> impl DoubleEndedIterator<Item = SegmentUse> + '_ {
        self.segments.values().copied()
    }

    /// Tombstones of a life.
    pub(super) fn gone(&self, generation: Generation) -> u64 {
        self.gone.get(&generation).copied().unwrap_or(0)
    }

    /// The lives that have tombstones, and how many.
    pub(super) fn all_gone(&self) -> &BTreeMap<Generation, u64> {
        &self.gone
    }

    /// Takes an entry. Returns the blob files that no row names any more because of it.
    pub(super) fn take(&mut self, sequence: u64, frame_bytes: u64, changes: &[RowChange]) -> Result<Vec<[u8; 16]>> {
        if let Some(segment) = self.segment_of(sequence) {
            // Counted as dead until rows stand on it: what is left are frame heads.
            let delete_bytes = frame_bytes.min(deletion_bytes(changes));
            segment.row.last_sequence = sequence;
            segment.row.delete_bytes += delete_bytes;
            segment.row.dead_bytes += frame_bytes - delete_bytes;
        }
        let mut named = BTreeSet::new();
        let mut unnamed = BTreeSet::new();
        for change in changes {
            self.count_gone(change);
            if let Some(former) = &change.former
                && let Some(standing) = standing(&change.key, former)?
            {
                self.leave(&standing);
                unnamed.extend(files(&standing.extents));
            }
            if let Some(value) = &change.value
                && let Some(standing) = standing(&change.key, value)?
            {
                self.enter(&standing);
                named.extend(files(&standing.extents));
            }
        }
        Ok(unnamed.difference(&named).copied().collect())
    }

    fn count_gone(&mut self, change: &RowChange) {
        let Some((generation, step)) = change.tombstones() else { return };
        let count = self.gone.entry(generation).or_default();
        *count = count.saturating_add_signed(step);
        if *count == 0 {
            self.gone.remove(&generation);
        }
        self.gone_changed.insert(generation);
    }

    fn enter(&mut self, standing: &Standing) {
        match standing.counted {
            Counted::Object(bytes) => {
                self.objects += 1;
                self.object_bytes += bytes;
            }
            Counted::Version(bytes) => {
                self.versions += 1;
                self.version_bytes += bytes;
            }
            Counted::Nothing => {}
        }
        self.file_bytes += standing.file_bytes();
        if let Some(segment) = self.segment_of(standing.sequence) {
            segment.row.live_entries += 1;
            segment.enliven(standing.log_bytes);
        }
        for (number, bytes) in standing.inline() {
            if let Some(segment) = self.segment_numbered(number) {
                segment.enliven(bytes);
            }
        }
    }

    fn leave(&mut self, standing: &Standing) {
        match standing.counted {
            Counted::Object(bytes) => {
                self.objects = self.objects.saturating_sub(1);
                self.object_bytes = self.object_bytes.saturating_sub(bytes);
            }
            Counted::Version(bytes) => {
                self.versions = self.versions.saturating_sub(1);
                self.version_bytes = self.version_bytes.saturating_sub(bytes);
            }
            Counted::Nothing => {}
        }
        self.file_bytes = self.file_bytes.saturating_sub(standing.file_bytes());
        if let Some(segment) = self.segment_of(standing.sequence) {
            segment.row.live_entries = segment.row.live_entries.saturating_sub(1);
            segment.row.dead_entries += 1;
            segment.lay_down(standing.log_bytes);
        }
        for (number, bytes) in standing.inline() {
            if let Some(segment) = self.segment_numbered(number) {
                segment.lay_down(bytes);
            }
        }
    }

    /// The segment of that number; `None` for one that was compacted away, to which a rebuild still finds rows.
    fn segment_numbered(&mut self, number: u64) -> Option<&mut SegmentUse> {
        let segment = self.segments.get_mut(self.first_sequences.get(&number)?)?;
        self.changed.insert(number);
        Some(segment)
    }

    /// The segment that holds the entry of this sequence; `None` for rows written before their segment was compacted
    /// away, which cannot be while they stand.
    fn segment_of(&mut self, sequence: u64) -> Option<&mut SegmentUse> {
        let (_, segment) = self.segments.range_mut(..=sequence).next_back()?;
        self.changed.insert(segment.number);
        Some(segment)
    }

    /// The rows that make these figures durable, and forgets which segments changed.
    pub(super) fn checkpoint_rows(&mut self) -> Vec<(Vec<u8>, Option<Bytes>)> {
        let counter = |counter, value| (CounterRow::key(counter), Some(CounterRow { value }.encode()));
        let mut rows = vec![
            counter(Counter::Objects, self.objects),
            counter(Counter::ObjectBytes, self.object_bytes),
            counter(Counter::FileBytes, self.file_bytes),
            counter(Counter::Versions, self.versions),
            counter(Counter::VersionBytes, self.version_bytes),
        ];
        let changed = std::mem::take(&mut self.changed);
        let current: BTreeMap<u64, SegmentRow> =
            self.segments.values().map(|segment| (segment.number, segment.row)).collect();
        for number in changed {
            rows.push((SegmentRow::key(number), current.get(&number).map(RowValue::encode)));
        }
        for generation in std::mem::take(&mut self.gone_changed) {
            let count = self.gone.get(&generation).map(|count| GoneCountRow { count: *count }.encode());
            rows.push((GoneCountRow::key(generation), count));
        }
        rows
    }
}

impl Standing {
    /// Where the log holds the body, and how much of it: in the row's own entry, or in one of before its version moved.
    fn inline(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.extents.iter().filter_map(|extent| match extent.blob {
            BlobRef::Log { segment } => Some((segment, extent.length_bytes)),
            BlobRef::File { .. } => None,
        })
    }

    fn file_bytes(&self) -> u64 {
        let files = self.extents.iter().filter(|extent| matches!(extent.blob, BlobRef::File { .. }));
        files.map(|extent| extent.length_bytes).sum()
    }
}

impl SegmentUse {
    fn enliven(&mut self, bytes: u64) {
        self.row.live_bytes += bytes;
        self.row.dead_bytes = self.row.dead_bytes.saturating_sub(bytes);
    }

    fn lay_down(&mut self, bytes: u64) {
        self.row.live_bytes = self.row.live_bytes.saturating_sub(bytes);
        self.row.dead_bytes += bytes;
    }

    /// Bytes of the file, about.
    pub(super) fn size_bytes(&self) -> u64 {
        SEGMENT_HEADER_BYTES as u64 + self.row.live_bytes + self.row.dead_bytes + self.row.delete_bytes
    }
}

/// What the deletions of an entry take of its frame.
fn deletion_bytes(changes: &[RowChange]) -> u64 {
    let deletions = changes.iter().filter(|change| change.value.is_none());
    deletions.map(|change| (change::HEAD_BYTES + change.key.len()) as u64).sum()
}

/// Names of the files among `extents`.
pub(super) fn files(extents: &[Extent]) -> impl Iterator<Item = [u8; 16]> + '_ {
    extents.iter().filter_map(|extent| match extent.blob {
        BlobRef::File { id } => Some(id),
        BlobRef::Log { .. } => None,
    })
}

fn standing(key: &[u8], value: &[u8]) -> Result<Option<Standing>> {
    let Some(kind) = key.first().and_then(|tag| RowKind::of_tag(*tag)) else { return Ok(None) };
    let mut companion_bytes = 0;
    let (sequence, counted, extents) = match kind {
        RowKind::Object => {
            let row = ObjectRow::decode(key, value)?;
            (row.sequence, Counted::Object(row.meta.size_bytes), row.extents)
        }
        RowKind::Part => {
            let row = PartRow::decode(key, value)?;
            (row.sequence, Counted::Nothing, row.extents)
        }
        RowKind::Upload => {
            // Its key's row is written with it and knows no sequence of its own: this one stands for both.
            companion_bytes = FRAME_HEADER_BYTES + key.len();
            (UploadRow::decode(key, value)?.sequence, Counted::Nothing, Vec::new())
        }
        RowKind::Version => {
            let row = VersionRow::decode(key, value)?;
            match row.content {
                VersionContent::Object { meta, extents } => (row.sequence, Counted::Version(meta.size_bytes), extents),
                VersionContent::Marker { .. } => (row.sequence, Counted::Version(0), Vec::new()),
            }
        }
        RowKind::Order => (OrderRow::decode(key, value)?.sequence, Counted::Nothing, Vec::new()),
        RowKind::Account => (AccountRow::decode(key, value)?.sequence, Counted::Nothing, Vec::new()),
        RowKind::PublicAccess => (PublicAccessRow::decode(key, value)?.sequence, Counted::Nothing, Vec::new()),
        RowKind::Bucket => (BucketRow::decode(key, value)?.sequence, Counted::Nothing, Vec::new()),
        RowKind::Gone => (GoneRow::decode(key, value)?.sequence, Counted::Nothing, Vec::new()),
        RowKind::AccessToken => (AccessTokenRow::decode(key, value)?.sequence, Counted::Nothing, Vec::new()),
        RowKind::Origin => (OriginRow::decode(key, value)?.sequence, Counted::Nothing, Vec::new()),
        RowKind::OriginUsage => (OriginUsageRow::decode(key, value)?.sequence, Counted::Nothing, Vec::new()),
        RowKind::Counter | RowKind::UploadKey | RowKind::GoneCount | RowKind::Segment => return Ok(None),
    };
    let log_bytes = (FRAME_HEADER_BYTES + key.len() + value.len() + companion_bytes) as u64;
    Ok(Some(Standing { sequence, log_bytes, counted, extents }))
}
