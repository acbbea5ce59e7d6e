//! Lays newer rows over older ones: how pending rows, overlays and the index become one ordered set of rows.
//!
//! Layers are merged in chunks. Each layer says how far it was read (its horizon); the merged chunk reaches as far as
//! the nearest horizon, so a row that a layer did not show yet is never taken for absent.

use bytes::Bytes;
use headwater_index::KeyRange;

/// A row of a layer: `None` hides the row of the layers below.
pub(super) type LayerRow = (Bytes, Option<Bytes>);

/// Some rows from the start of a range on.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    /// Rows in order of their keys.
    pub(super) rows: Vec<LayerRow>,
    /// Where the range goes on behind this chunk; `None`: the range is read to its end.
    pub(super) horizon: Option<Vec<u8>>,
}

impl Chunk {
    /// A chunk of rows that were read with `limit`: fewer mean that there were no more.
    pub(super) fn of(rows: Vec<LayerRow>, limit: usize) -> Self {
        let horizon = (rows.len() >= limit).then(|| rows.last().map(|(key, _)| successor(key))).flatten();
        Self { rows, horizon }
    }

    /// This chunk laid over `lower`, both begun at the same key.
    pub(super) fn over(self, lower: Self) -> Self {
        let horizon = match (self.horizon, lower.horizon) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let inside = |key: &[u8]| horizon.as_deref().is_none_or(|horizon| key < horizon);
        let mut rows = Vec::with_capacity(self.rows.len() + lower.rows.len());
        let mut lower = lower.rows.into_iter().peekable();
        for upper in self.rows.into_iter().take_while(|(key, _)| inside(key)) {
            while let Some(row) = lower.next_if(|(key, _)| *key < upper.0) {
                rows.push(row);
            }
            let _hidden = lower.next_if(|(key, _)| *key == upper.0);
            rows.push(upper);
        }
        rows.extend(lower.take_while(|(key, _)| inside(key)));
        Self { rows, horizon }
    }

    /// The range that is left behind this chunk of `range`, if any.
    pub(super) fn rest_of(&self, range: &KeyRange) -> Option<KeyRange> {
        self.horizon.clone().map(|start| KeyRange { start, end: range.end.clone() })
    }
}

/// The least key greater than `key`.
fn successor(key: &[u8]) -> Vec<u8> {
    let mut next = Vec::with_capacity(key.len() + 1);
    next.extend_from_slice(key);
    next.push(0);
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<LayerRow> {
        // "a=1 b-": a row and a deletion.
        text.split_whitespace()
            .map(|row| match row.split_once('=') {
                Some((key, value)) => (Bytes::from(key.to_owned()), Some(Bytes::from(value.to_owned()))),
                None => (Bytes::from(row.trim_end_matches('-').to_owned()), None),
            })
            .collect()
    }

    #[test]
    fn upper_rows_hide_lower_ones() {
        let merged = Chunk::of(rows("b=2 c- e=5"), 10).over(Chunk::of(rows("a=1 b=x c=x d=4"), 10));
        assert_eq!(merged.rows, rows("a=1 b=2 c- d=4 e=5"));
        assert_eq!(merged.horizon, None);
    }

    #[test]
    fn nothing_behind_the_nearest_horizon_is_shown() {
        let merged = Chunk::of(rows("b=2 c="), 2).over(Chunk::of(rows("a=1 b=1 d=4"), 10));
        assert_eq!(merged.rows, rows("a=1 b=2 c="), "the upper layer may hide d");
        assert_eq!(merged.horizon.as_deref(), Some(b"c\0".as_slice()));
        let merged = Chunk::of(rows("a=9 z=9"), 10).over(Chunk::of(rows("a=1 b=1"), 2));
        assert_eq!(merged.rows, rows("a=9 b=1"));
        assert_eq!(merged.horizon.as_deref(), Some(b"b\0".as_slice()));
    }
}
