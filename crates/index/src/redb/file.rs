//! The file: opening, checking, and the one shape of every write transaction.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use headwater_model::{Error, Result};
use redb::backends::FileBackend;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, Table, TableDefinition};

use super::failure;
use super::scan::RedbSnapshot;
use crate::{KeyRange, rows};

/// The only table. Its name is part of the file format.
pub(super) const ROWS: TableDefinition<'static, &'static [u8], &'static [u8]> = TableDefinition::new("rows");

/// Memory for pages. The branch pages of some ten million rows fit; leaf pages are the system's page cache's business.
const CACHE_BYTES: usize = 24 << 20;

/// Only the owner may read the file: rows hold the credentials of origins.
const FILE_MODE: u32 = 0o600;

/// Most findings that [`check`] lists; one cause usually damages rows by the thousand.
const MAX_FINDINGS: usize = 100;

/// An open database file.
pub(super) struct IndexFile {
    database: Database,
    path: PathBuf,
    /// A commit failed: what the disk holds is unknown, so nothing is written on top of it.
    failed: AtomicBool,
}

impl IndexFile {
    /// Opens or makes the file and its table, and makes both durable.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = Self::with_database(database(path)?, path)?;
        // At every opening: a crash may have come between making the file and this line.
        sync_parent(path)?;
        Ok(file)
    }

    /// Makes the table if there is none yet.
    pub(super) fn with_database(database: Database, path: &Path) -> Result<Self> {
        let file = Self { database, path: path.to_owned(), failed: AtomicBool::new(false) };
        match file.snapshot() {
            Ok(_) => Ok(file),
            Err(Error::Internal { source, .. }) if is_missing_table(source.as_ref()) => {
                file.write(|_| Ok(()))?;
                Ok(file)
            }
            Err(error) => Err(error),
        }
    }

    /// The rows of this moment.
    pub(super) fn snapshot(&self) -> Result<RedbSnapshot> {
        const CONTEXT: &str = "read the index";
        let transaction = self.database.begin_read().map_err(|error| failure::any(CONTEXT, error))?;
        let table = transaction.open_table(ROWS).map_err(|error| failure::any(CONTEXT, error))?;
        Ok(RedbSnapshot::new(table))
    }

    /// One durable transaction: everything that `change` does, or nothing if it fails. Waits for its turn.
    pub(super) fn write<T>(&self, change: impl FnOnce(&mut WritableRows<'_>) -> Result<T>) -> Result<T> {
        const CONTEXT: &str = "commit index rows";
        if self.failed.load(Ordering::Acquire) {
            return Err(Error::internal(CONTEXT, "an earlier commit failed: the index must be opened again"));
        }
        let mut transaction = self.database.begin_write().map_err(|error| failure::any(CONTEXT, error))?;
        transaction.set_durability(Durability::Immediate).map_err(|error| Error::internal(CONTEXT, error))?;
        transaction.set_quick_repair(true);
        let result = {
            let table = transaction.open_table(ROWS).map_err(|error| failure::any(CONTEXT, error))?;
            change(&mut WritableRows { table })?
        };
        // A transaction that is dropped before this line is rolled back.
        transaction.commit().map_err(|error| {
            self.failed.store(true, Ordering::Release);
            failure::any(CONTEXT, error)
        })?;
        Ok(result)
    }

    pub(super) fn size_bytes(&self) -> Result<u64> {
        let metadata = fs::metadata(&self.path).map_err(|error| Error::internal("measure the index", error))?;
        Ok(metadata.len())
    }
}

/// The rows within a write transaction: reads see its own writes.
pub(super) struct WritableRows<'a> {
    table: Table<'a, &'static [u8], &'static [u8]>,
}

impl WritableRows<'_> {
    const CONTEXT: &'static str = "change index rows";

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        let value = self.table.get(key).map_err(|error| failure::storage(Self::CONTEXT, error))?;
        Ok(value.map(|value| Bytes::copy_from_slice(value.value())))
    }

    pub(super) fn is_empty(&self, range: &KeyRange) -> Result<bool> {
        if range.is_empty() {
            return Ok(true);
        }
        let mut rows = match &range.end {
            Some(end) => self.table.range::<&[u8]>(range.start.as_slice()..end.as_slice()),
            None => self.table.range::<&[u8]>(range.start.as_slice()..),
        }
        .map_err(|error| failure::storage(Self::CONTEXT, error))?;
        match rows.next() {
            None => Ok(true),
            Some(Ok(_)) => Ok(false),
            Some(Err(error)) => Err(failure::storage(Self::CONTEXT, error)),
        }
    }

    pub(super) fn put(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        self.table.insert(key, value).map(drop).map_err(|error| failure::storage(Self::CONTEXT, error))
    }

    pub(super) fn delete(&mut self, key: &[u8]) -> Result<()> {
        self.table.remove(key).map(drop).map_err(|error| failure::storage(Self::CONTEXT, error))
    }
}

/// What [`check`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// The file's structure failed its checksums and redb repaired it: the last commits may be lost.
    pub repaired: bool,
    /// Rows read.
    pub rows: u64,
    /// Rows that cannot be decoded.
    pub unreadable_rows: u64,
    /// The first of them, each naming its row.
    pub findings: Vec<String>,
}

impl CheckReport {
    /// Whether nothing was found.
    pub fn is_sound(&self) -> bool {
        !self.repaired && self.unreadable_rows == 0
    }
}

/// Checks the closed index at `path`: every page's checksum, then that every row can be decoded. Repairs the file's
/// structure where redb can. Reads the whole file.
///
/// # Errors
/// `Damaged` if there is no file, it is no index, or it is beyond repair (the index is then rebuilt from the log); the
/// others of [`super::RedbIndex::open`].
pub fn check(path: &Path) -> Result<CheckReport> {
    if !path.exists() {
        return Err(failure::damaged(path.display(), "there is no such file"));
    }
    let mut database = database(path)?;
    let intact = guarded(path, || database.check_integrity())?;
    let file = IndexFile::with_database(database, path)?;
    let mut report = CheckReport { repaired: !intact, ..CheckReport::default() };
    file.snapshot()?.for_each(&KeyRange::all(), |key, value| {
        report.rows += 1;
        if let Err(error) = rows::verify(key, value) {
            report.unreadable_rows += 1;
            if report.findings.len() < MAX_FINDINGS {
                report.findings.push(error.to_string());
            }
        }
        std::ops::ControlFlow::Continue(())
    })?;
    Ok(report)
}

/// Opens or makes the database.
fn database(path: &Path) -> Result<Database> {
    guarded(path, || {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE).open(path)?;
        Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(FileBackend::new(file)?)
    })
}

/// Runs a step of opening. redb trusts a file that was closed cleanly and may panic when it was damaged afterwards:
/// that too is an error about the file, not a fault of the program.
fn guarded<T>(path: &Path, step: impl FnOnce() -> Result<T, redb::DatabaseError>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(result) => result.map_err(|error| failure::open(path, error)),
        Err(_) => Err(failure::damaged(path.display(), "its structure is inconsistent")),
    }
}

fn is_missing_table(source: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    matches!(source.downcast_ref::<redb::Error>(), Some(redb::Error::TableDoesNotExist(_)))
}

/// Makes the file's name durable.
fn sync_parent(path: &Path) -> Result<()> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(parent)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| Error::internal("sync the directory of the index", error))
}
