//! Random operations on an index, compared with the model after each.

use std::sync::Arc;

use bytes::Bytes;
use headwater_index::memory::MemoryIndex;
use headwater_index::{Commit, Expect, Index, KeyRange, Row};
use proptest::prelude::*;

/// One step.
#[derive(Clone, Debug)]
pub enum Operation {
    /// A commit, most of whose keys meet those of others.
    Commit(Commit),
    /// A page of rows.
    Scan(KeyRange, usize),
    /// The index is closed and opened again.
    Reopen,
}

/// Sequences of operations on few, neighbouring keys.
pub fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let operation = prop_oneof![
        6 => commit().prop_map(Operation::Commit),
        3 => (range(), 0usize..8).prop_map(|(range, limit)| Operation::Scan(range, limit)),
        1 => Just(Operation::Reopen),
    ];
    prop::collection::vec(operation, 1..24)
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![Just(0u8), Just(b'a'), Just(0xFF)], 1..3)
}

fn value() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(0u8..2, 0..2).prop_map(Bytes::from)
}

fn range() -> impl Strategy<Value = KeyRange> {
    (key(), prop::option::of(key())).prop_map(|(start, end)| KeyRange { start, end })
}

fn commit() -> impl Strategy<Value = Commit> {
    let expect = prop_oneof![
        key().prop_map(Expect::Absent),
        key().prop_map(Expect::Present),
        (key(), value()).prop_map(|(key, value)| Expect::Equals(key, value)),
        range().prop_map(Expect::Empty),
    ];
    let row = (key(), value()).prop_map(|(key, value)| Row { key, value });
    let expects = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(expect, 1..3)];
    (expects, prop::collection::vec(row, 0..4), prop::collection::vec(key(), 0..3))
        .prop_map(|(expect, put, delete)| Commit { expect, put, delete })
}

/// Performs `operations` on the index that `open` opens, always the same one, and on the model: every answer is the
/// same, and so are all rows in the end.
pub async fn compare(mut open: impl FnMut() -> Arc<dyn Index>, operations: Vec<Operation>) {
    let model = MemoryIndex::new();
    let mut index = open();
    for operation in operations {
        match operation {
            Operation::Commit(commit) => {
                let expected = model.commit(commit.clone()).await.expect("the model does not fail");
                let outcome = index.commit(commit.clone()).await.expect("a commit");
                assert_eq!(outcome, expected, "{commit:?}");
                for row in &commit.put {
                    let expected = model.get(&row.key).await.expect("the model does not fail");
                    assert_eq!(index.get(&row.key).await.expect("a read"), expected, "{commit:?}");
                }
            }
            Operation::Scan(range, limit) => {
                let expected = model.scan(&range, limit).await.expect("the model does not fail");
                assert_eq!(index.scan(&range, limit).await.expect("a scan"), expected, "{range:?} {limit}");
            }
            Operation::Reopen => {
                drop(index);
                index = open();
            }
        }
    }
    let all = KeyRange::all();
    let expected = model.scan(&all, usize::MAX).await.expect("the model does not fail");
    assert_eq!(index.scan(&all, usize::MAX).await.expect("a scan"), expected);
}
