//! The embedded index: one file, one table from bytes to bytes.
//!
//! Guarantees: a commit is durable when it is answered, and never visible in part, after a crash either; a snapshot
//! shows one moment; the file is open in one process at a time; after a failed commit every later one is refused until
//! the index is opened again (what a disk that failed a sync really holds cannot be known).
//!
//! How: every commit is one write transaction of redb with `Durability::Immediate` and quick repair, so that opening
//! after a crash reads the saved allocator state instead of walking the file. There are two ways in, which redb lets
//! through one at a time: [`RedbIndex::apply`], the checkpoint of a store that keeps its own log, in place and in large
//! batches; and [`Index::commit`], whose concurrent callers share a transaction made by the committer thread (`group`).
//!
//! Reads run in place on the caller's thread, also on that of a runtime: a look-up touches one page per level of the
//! tree (four or five for a hundred million rows), which are in redb's cache or the system's nearly always, and handing
//! it to another thread would cost more than it takes. A walk over a large range belongs into a blocking task of its
//! caller.

mod dump;
mod failure;
mod file;
mod group;
mod scan;
mod spread;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use headwater_model::{BoxFuture, Result};

use self::file::IndexFile;
use self::group::Committer;
use crate::rows::{Counter, CounterRow, RowValue};
use crate::{Commit, Index, KeyRange, Outcome, Row};

pub use dump::{DumpSummary, load};
pub use file::{CheckReport, check};
pub use scan::RedbSnapshot;
pub use spread::spread;

/// An open index file.
///
/// Dropping it waits for the commits under way and closes the file; snapshots taken from it stay readable only as long
/// as it is open.
pub struct RedbIndex {
    file: Arc<IndexFile>,
    committer: Committer,
}

impl RedbIndex {
    /// Opens the index at `path`, or makes an empty one if there is no file.
    ///
    /// # Errors
    /// `Damaged` for a file that redb did not write or that is beyond repair; `Internal` if another process has it
    /// open, it is of an older format of redb, or the file system fails. Each names the file.
    pub fn open(path: &Path) -> Result<Self> {
        let file = Arc::new(IndexFile::open(path)?);
        let committer = Committer::start(Arc::clone(&file))?;
        Ok(Self { file, committer })
    }

    /// The row under `key`.
    pub fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        self.snapshot()?.get(key)
    }

    /// The first `limit` rows of `range`.
    pub fn scan(&self, range: &KeyRange, limit: usize) -> Result<Vec<Row>> {
        self.snapshot()?.scan(range, limit)
    }

    /// The index as it is now, for several reads that must agree.
    pub fn snapshot(&self) -> Result<RedbSnapshot> {
        self.file.snapshot()
    }

    /// Changes rows (`Some`: written, `None`: deleted) and [`RedbIndex::applied_sequence`] in one durable commit, in
    /// place. Changes in the order of [`spread`] leave the file smallest; of several changes of one key the last wins.
    ///
    /// # Errors
    /// `StorageFull`, `Damaged`, `Internal`; also `Internal` for a sequence below the one applied already, which would
    /// make a replay repeat history. Nothing has changed then, unless the commit itself failed: see the module.
    pub fn apply<'a>(
        &self,
        changes: impl IntoIterator<Item = (&'a [u8], Option<&'a [u8]>)>,
        applied_sequence: u64,
    ) -> Result<()> {
        self.file.write(|rows| {
            let former = applied(rows.get(&CounterRow::key(Counter::AppliedSequence))?)?;
            if applied_sequence < former {
                let detail = format!("sequence {applied_sequence} is below the applied {former}");
                return Err(headwater_model::Error::internal("apply log entries to the index", detail));
            }
            for (key, value) in changes {
                match value {
                    Some(value) => rows.put(key, value)?,
                    None => rows.delete(key)?,
                }
            }
            let counter = CounterRow { value: applied_sequence };
            rows.put(&CounterRow::key(Counter::AppliedSequence), &counter.encode())
        })
    }

    /// The sequence given to the last [`RedbIndex::apply`]; 0 if there was none. A log is replayed from the next one.
    pub fn applied_sequence(&self) -> Result<u64> {
        applied(self.get(&CounterRow::key(Counter::AppliedSequence))?)
    }

    /// Size of the file in bytes: rows, free pages and all.
    pub fn file_bytes(&self) -> Result<u64> {
        self.file.size_bytes()
    }

    /// Number of rows of all kinds; cheap.
    pub fn row_count(&self) -> Result<u64> {
        self.snapshot()?.row_count()
    }
}

/// The number in the row of applied sequences.
fn applied(value: Option<Bytes>) -> Result<u64> {
    let Some(value) = value else { return Ok(0) };
    Ok(CounterRow::decode(&CounterRow::key(Counter::AppliedSequence), &value)?.value)
}

impl Index for RedbIndex {
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Bytes>>> {
        Box::pin(async move { Self::get(self, key) })
    }

    fn scan<'a>(&'a self, range: &'a KeyRange, limit: usize) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(async move { Self::scan(self, range, limit) })
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Outcome>> {
        Box::pin(self.committer.commit(commit))
    }
}

#[cfg(test)]
mod tests;
