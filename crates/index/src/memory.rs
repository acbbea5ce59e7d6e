//! An index in memory: the model that the others are compared with, and an index for tests. Nothing survives it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use headwater_model::{BoxFuture, Result};

use crate::{Commit, Expect, Index, KeyRange, Outcome, Row};

/// Rows in a sorted map under one lock.
#[derive(Debug, Default)]
pub struct MemoryIndex {
    rows: Mutex<BTreeMap<Vec<u8>, Bytes>>,
}

impl MemoryIndex {
    /// An empty index.
    pub fn new() -> Self {
        Self::default()
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, Bytes>> {
        // No code that holds the lock can leave the map half changed.
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index for MemoryIndex {
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Bytes>>> {
        Box::pin(async move { Ok(self.rows().get(key).cloned()) })
    }

    fn scan<'a>(&'a self, range: &'a KeyRange, limit: usize) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(async move {
            let rows = self.rows();
            let found = rows.range(range.start.clone()..).take_while(|(key, _)| range.contains(key)).take(limit);
            Ok(found.map(|(key, value)| Row { key: key.clone(), value: value.clone() }).collect())
        })
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Outcome>> {
        Box::pin(async move {
            let mut rows = self.rows();
            if let Some(position) = commit.expect.iter().position(|expect| !holds(&rows, expect)) {
                return Ok(Outcome::Refused(position));
            }
            for key in &commit.delete {
                rows.remove(key);
            }
            rows.extend(commit.put.into_iter().map(|row| (row.key, row.value)));
            Ok(Outcome::Committed)
        })
    }
}

fn holds(rows: &BTreeMap<Vec<u8>, Bytes>, expect: &Expect) -> bool {
    match expect {
        Expect::Absent(key) => !rows.contains_key(key),
        Expect::Present(key) => rows.contains_key(key),
        Expect::Equals(key, value) => rows.get(key) == Some(value),
        Expect::Empty(range) => rows.range(range.start.clone()..).next().is_none_or(|(key, _)| !range.contains(key)),
    }
}
