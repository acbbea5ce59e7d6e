//! Rows that are durable in the log and not yet in the index.

use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;
use headwater_index::KeyRange;

use super::change::RowChange;
use super::merge::{Chunk, LayerRow};

/// What a row costs in memory beside its bytes: two handles, their headers, its share of a tree node.
const ROW_OVERHEAD_BYTES: usize = 160;

/// The newest state of every row changed since a checkpoint.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    rows: BTreeMap<Bytes, Option<Bytes>>,
    bytes: usize,
}

impl Overlay {
    /// What the overlay knows of a row: `Some(None)` is a deleted one.
    pub(super) fn get(&self, key: &[u8]) -> Option<&Option<Bytes>> {
        self.rows.get(key)
    }

    /// Takes a change.
    pub(super) fn put(&mut self, change: &RowChange) {
        let size = |value: &Option<Bytes>| value.as_ref().map_or(0, Bytes::len);
        self.bytes += size(&change.value);
        match self.rows.insert(change.key.clone(), change.value.clone()) {
            Some(former) => self.bytes -= size(&former),
            None => self.bytes += ROW_OVERHEAD_BYTES + change.key.len(),
        }
    }

    /// The first `limit` rows of `range`.
    pub(super) fn chunk(&self, range: &KeyRange, limit: usize) -> Chunk {
        if range.is_empty() {
            return Chunk::default();
        }
        let end = range.end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.rows.range::<[u8], _>((Bound::Included(range.start.as_slice()), end));
        Chunk::of(rows.take(limit).map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<LayerRow>>(), limit)
    }

    /// All rows in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&Bytes, &Option<Bytes>)> + Clone {
        self.rows.iter()
    }

    /// Memory it takes, about.
    pub(super) fn size_bytes(&self) -> usize {
        self.bytes
    }

    /// Whether it knows no row.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}
