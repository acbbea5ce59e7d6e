//! The contract of an index: what a key, a row, a commit and its outcome are.

use bytes::Bytes;
use headwater_model::{BoxFuture, Result};

/// A half-open interval of row keys in byte order; `end: None` is unbounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// First key that belongs.
    pub start: Vec<u8>,
    /// First key that no longer belongs.
    pub end: Option<Vec<u8>>,
}

impl KeyRange {
    /// Every key.
    pub fn all() -> Self {
        Self { start: Vec::new(), end: None }
    }

    /// The keys that begin with `prefix`; the empty prefix is every key.
    pub fn prefix(prefix: &[u8]) -> Self {
        Self { start: prefix.to_vec(), end: after_prefix(prefix) }
    }

    /// This range without the keys below `start`.
    #[must_use]
    pub fn starting_at(mut self, start: Vec<u8>) -> Self {
        if start > self.start {
            self.start = start;
        }
        self
    }

    /// Whether `key` belongs.
    pub fn contains(&self, key: &[u8]) -> bool {
        key >= self.start.as_slice() && self.end.as_deref().is_none_or(|end| key < end)
    }

    /// Whether no key can belong: the end is not after the start.
    pub fn is_empty(&self) -> bool {
        self.end.as_deref().is_some_and(|end| end <= self.start.as_slice())
    }
}

/// The smallest key greater than every key that begins with `prefix`; `None` if there is none (only `0xFF` bytes, or
/// the empty prefix). A seek there skips a collapsed prefix in one step.
pub fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xFF)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Key; byte order is the order of scans.
    pub key: Vec<u8>,
    /// Encoded value.
    pub value: Bytes,
}

/// Something that must hold for a commit to happen, judged atomically with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// No row under the key.
    Absent(Vec<u8>),
    /// Some row under the key.
    Present(Vec<u8>),
    /// Exactly this value under the key.
    Equals(Vec<u8>, Bytes),
    /// No row within the interval.
    Empty(KeyRange),
}

/// A set of changes that happen together or not at all.
///
/// Deletes happen before puts: a key in both ends with the row that was put. Of several puts of one key the last wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// What must hold.
    pub expect: Vec<Expect>,
    /// Rows to write.
    pub put: Vec<Row>,
    /// Keys whose rows go.
    pub delete: Vec<Vec<u8>>,
}

/// What became of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Durable and visible.
    Committed,
    /// Nothing changed: the expectation at this position of [`Commit::expect`], the first such, did not hold.
    Refused(usize),
}

/// Ordered, transactional, small rows.
///
/// Reads see every commit that was answered before they began. A commit answered `Committed` survives power loss. A
/// commit whose future is dropped before its answer may or may not happen, but never in part.
pub trait Index: Send + Sync {
    /// The row under `key`.
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Bytes>>>;

    /// The first `limit` rows of `range` in byte order, all of one moment.
    fn scan<'a>(&'a self, range: &'a KeyRange, limit: usize) -> BoxFuture<'a, Result<Vec<Row>>>;

    /// Performs `commit` if all it expects holds.
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Outcome>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_the_next_key_without_it() {
        assert_eq!(after_prefix(b"a"), Some(b"b".to_vec()));
        assert_eq!(after_prefix(b"a\xFF\xFF"), Some(b"b".to_vec()));
        assert_eq!(after_prefix(b"\xFF"), None);
        assert_eq!(after_prefix(b""), None);
        let range = KeyRange::prefix(b"a\xFF");
        assert!(range.contains(b"a\xFF") && range.contains(b"a\xFF\xFF\xFF"));
        assert!(!range.contains(b"a\xFE") && !range.contains(b"b"));
        assert_eq!(KeyRange::prefix(b""), KeyRange::all());
    }

    #[test]
    fn a_range_that_is_turned_round_is_empty() {
        let range = KeyRange { start: b"b".to_vec(), end: Some(b"a".to_vec()) };
        assert!(range.is_empty() && !range.contains(b"a") && !range.contains(b"b"));
        assert!(!KeyRange::all().is_empty());
        let later = KeyRange::prefix(b"a").starting_at(b"ab".to_vec());
        assert!(later.contains(b"ab") && !later.contains(b"aa") && !later.contains(b"b"));
        assert_eq!(later.clone().starting_at(b"a".to_vec()), later, "a start before the range changes nothing");
    }
}
