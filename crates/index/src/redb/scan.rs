//! Reads of one moment: look-ups, scans, walks and seeks within one read transaction.

use std::ops::ControlFlow;

use bytes::Bytes;
use headwater_model::Result;
use redb::{Range, ReadOnlyTable, ReadableTableMetadata, StorageError};

use super::failure;
use crate::{KeyRange, Row};

const CONTEXT: &str = "read index rows";

/// The index as it was at one moment. While it lives, the file keeps the pages of that moment: drop it soon.
pub struct RedbSnapshot {
    table: ReadOnlyTable<&'static [u8], &'static [u8]>,
}

impl RedbSnapshot {
    pub(super) fn new(table: ReadOnlyTable<&'static [u8], &'static [u8]>) -> Self {
        Self { table }
    }

    /// The row under `key`.
    pub fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        let value = self.table.get(key).map_err(fail)?;
        Ok(value.map(|value| Bytes::copy_from_slice(value.value())))
    }

    /// The first row of `range`. With `range.start` moved on this is a seek: a listing skips a collapsed prefix by
    /// seeking to [`crate::after_prefix`] of it.
    pub fn first(&self, range: &KeyRange) -> Result<Option<Row>> {
        Ok(self.scan(range, 1)?.pop())
    }

    /// The first row whose key is `key` or follows it.
    pub fn first_at_or_after(&self, key: &[u8]) -> Result<Option<Row>> {
        self.first(&KeyRange { start: key.to_vec(), end: None })
    }

    /// The first `limit` rows of `range`.
    pub fn scan(&self, range: &KeyRange, limit: usize) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        if limit == 0 {
            return Ok(rows);
        }
        self.for_each(range, |key, value| {
            rows.push(Row { key: key.to_vec(), value: Bytes::copy_from_slice(value) });
            if rows.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(rows)
    }

    /// Shows the rows of `range` in order, without copying them, until `visit` breaks.
    pub fn for_each(&self, range: &KeyRange, mut visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>) -> Result<()> {
        for row in self.range(range)?.into_iter().flatten() {
            let (key, value) = row.map_err(fail)?;
            if visit(key.value(), value.value()).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The rows of `range` one by one, in order; after an error comes nothing more.
    pub fn rows(&self, range: &KeyRange) -> Result<impl Iterator<Item = Result<Row>> + Send + use<>> {
        let rows = self.range(range)?.into_iter().flatten();
        Ok(rows.map(|row| {
            let (key, value) = row.map_err(fail)?;
            Ok(Row { key: key.value().to_vec(), value: Bytes::copy_from_slice(value.value()) })
        }))
    }

    /// Number of rows; cheap.
    pub fn row_count(&self) -> Result<u64> {
        self.table.len().map_err(fail)
    }

    /// `None` for an interval that is empty or turned round.
    fn range(&self, range: &KeyRange) -> Result<Option<Range<'static, &'static [u8], &'static [u8]>>> {
        if range.is_empty() {
            return Ok(None);
        }
        match &range.end {
            Some(end) => self.table.range::<&[u8]>(range.start.as_slice()..end.as_slice()),
            None => self.table.range::<&[u8]>(range.start.as_slice()..),
        }
        .map(Some)
        .map_err(fail)
    }
}

fn fail(error: StorageError) -> headwater_model::Error {
    failure::storage(CONTEXT, error)
}
