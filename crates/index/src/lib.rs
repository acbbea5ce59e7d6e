//! Ordered rows with conditional commits.
//!
//! [`Index`] is the contract, with a conformance suite that every implementation passes; `redb` is the embedded
//! implementation, `memory` the model for tests. `rows` gives the rows their types and their encoding.

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Durable and visible.
    Committed,
    /// Nothing changed: the expectation at this position of [`Commit::expect`] did not hold.
    Refused(usize),
}

/// Ordered, transactional, small rows.
///
/// Reads see every commit that was answered before they began. A commit answered `Committed` survives power loss.
pub trait Index: Send + Sync {
    /// The row under `key`.
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Bytes>>>;

    /// The first `limit` rows of `range` in byte order.
    fn scan<'a>(&'a self, range: &'a KeyRange, limit: usize) -> BoxFuture<'a, Result<Vec<Row>>>;

    /// Performs `commit` if all it expects holds.
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Outcome>>;
}
