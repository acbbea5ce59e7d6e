//! Row changes: what a commit does to the index's rows, and how a log entry holds them.
//!
//! ```text
//! key_length u16 │ value_length u32 (0xFFFF_FFFF: the row is deleted) │ key │ value      … again until the end
//! ```

use bytes::Bytes;
use headwater_index::rows::{GoneRow, RowKind};
use headwater_model::bucket::Generation;

/// Value length of a row that is deleted.
const DELETED: u32 = u32::MAX;
/// Bytes before the key.
pub(super) const HEAD_BYTES: usize = 6;

/// One row as a commit leaves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RowChange {
    /// The row's key in the index.
    pub(super) key: Bytes,
    /// What it becomes; `None`: it is deleted.
    pub(super) value: Option<Bytes>,
    /// What it was. Not part of the log: a replay looks it up again.
    pub(super) former: Option<Bytes>,
}

impl RowChange {
    /// By how much it changes the number of a life's tombstones, if it does.
    pub(super) fn tombstones(&self) -> Option<(Generation, i64)> {
        if self.key.first() != Some(&RowKind::Gone.tag()) {
            return None;
        }
        let step = i64::from(self.value.is_some()) - i64::from(self.former.is_some());
        let (generation, _) = GoneRow::parse_key(&self.key).ok()?;
        (step != 0).then_some((generation, step))
    }
}

/// Whether the changes of an entry make a version current again: it goes from the version rows to the object rows.
pub(super) fn promotes(changes: &[RowChange]) -> bool {
    let any = |kind: RowKind, is_written: bool| {
        changes.iter().any(|change| change.key.first() == Some(&kind.tag()) && change.value.is_some() == is_written)
    };
    changes.len() > 1 && any(RowKind::Version, false) && any(RowKind::Object, true)
}

/// Appends `changes` in their encoded form.
pub(super) fn encode(changes: &[RowChange], buffer: &mut Vec<u8>) {
    for change in changes {
        let key_length = u16::try_from(change.key.len()).expect("row keys are at most 2 KiB and some bytes");
        let value_length = change.value.as_ref().map_or(DELETED, |value| {
            u32::try_from(value.len()).expect("row values are far below 4 GiB: the longest lists 10,000 extents")
        });
        buffer.extend_from_slice(&key_length.to_le_bytes());
        buffer.extend_from_slice(&value_length.to_le_bytes());
        buffer.extend_from_slice(&change.key);
        buffer.extend_from_slice(change.value.as_deref().unwrap_or_default());
    }
}

/// The changes in `rows`, or `None` if it is not what [`encode`] writes.
pub(super) fn decode(mut rows: &[u8]) -> Option<Vec<RowChange>> {
    let mut changes = Vec::new();
    while !rows.is_empty() {
        let (head, rest) = rows.split_at_checked(HEAD_BYTES)?;
        let key_length = usize::from(u16::from_le_bytes([head[0], head[1]]));
        let value_length = u32::from_le_bytes([head[2], head[3], head[4], head[5]]);
        let (key, rest) = rest.split_at_checked(key_length)?;
        let (value, rest) = match value_length {
            DELETED => (None, rest),
            length => {
                let (value, rest) = rest.split_at_checked(length as usize)?;
                (Some(Bytes::copy_from_slice(value)), rest)
            }
        };
        changes.push(RowChange { key: Bytes::copy_from_slice(key), value, former: None });
        rows = rest;
    }
    Some(changes)
}

#[cfg(test)]
mod tests {
    use headwater_model::ObjectKey;

    use super::*;

    fn change(key: &'static [u8], value: Option<&'static [u8]>) -> RowChange {
        RowChange { key: Bytes::from_static(key), value: value.map(Bytes::from_static), former: None }
    }

    #[test]
    fn changes_read_back_as_written() {
        for changes in [
            vec![],
            vec![change(b"k", Some(b"value")), change(b"", Some(b"")), change(b"gone", None)],
            vec![change(b"gone", None)],
        ] {
            let mut rows = Vec::new();
            encode(&changes, &mut rows);
            assert_eq!(decode(&rows), Some(changes));
        }
    }

    #[test]
    fn tombstones_are_counted_by_what_changes() {
        let key: Bytes = GoneRow::key(Generation(3), &ObjectKey::parse("k").expect("a valid key")).into();
        let row = || Some(Bytes::from_static(b"row"));
        let of = |key: &Bytes, former, value| RowChange { key: key.clone(), value, former }.tombstones();
        assert_eq!(of(&key, None, row()), Some((Generation(3), 1)));
        assert_eq!(of(&key, row(), None), Some((Generation(3), -1)));
        assert_eq!(of(&key, row(), row()), None, "moved by compaction");
        assert_eq!(of(&key, None, None), None, "its deletion repeated");
        assert_eq!(of(&Bytes::from_static(b"o"), None, row()), None);
    }

    #[test]
    fn cut_rows_are_refused() {
        let mut rows = Vec::new();
        encode(&[change(b"key", Some(b"value"))], &mut rows);
        for length in 1..rows.len() {
            assert_eq!(decode(&rows[..length]), None, "{length}");
        }
    }
}
