//! What redb's errors mean for callers: damaged, full, or another failure of the machinery.

use std::io;
use std::path::Path;

use headwater_model::Error;
use redb::{DatabaseError, StorageError};

/// A failure while the open file is used.
pub(super) fn storage(context: &'static str, error: StorageError) -> Error {
    match error {
        StorageError::Corrupted(detail) => Error::Damaged { detail: format!("{context}: {detail}").into() },
        StorageError::Io(error) if is_full(&error) => Error::StorageFull,
        other => Error::internal(context, other),
    }
}

/// Any of redb's errors that wraps a storage error, while the open file is used.
pub(super) fn any(context: &'static str, error: impl Into<redb::Error>) -> Error {
    match error.into() {
        redb::Error::Corrupted(detail) => Error::Damaged { detail: format!("{context}: {detail}").into() },
        redb::Error::Io(error) if is_full(&error) => Error::StorageFull,
        other => Error::internal(context, other),
    }
}

/// A failure to open the file.
pub(super) fn open(path: &Path, error: DatabaseError) -> Error {
    const CONTEXT: &str = "open the index";
    let path = path.display();
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            Error::internal(CONTEXT, format!("{path} is open in another process"))
        }
        DatabaseError::UpgradeRequired(version) => Error::internal(
            CONTEXT,
            format!("{path} has the old file format {version}, which this release cannot read"),
        ),
        DatabaseError::RepairAborted => damaged(path, "it needs a repair, which was aborted"),
        DatabaseError::Storage(StorageError::Corrupted(detail)) => damaged(path, detail),
        DatabaseError::Storage(StorageError::Io(error)) => match error.kind() {
            // What redb says of a file without its magic number, or one that ends too early.
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => damaged(path, error),
            _ if is_full(&error) => Error::StorageFull,
            _ => Error::internal(CONTEXT, format!("{path}: {error}")),
        },
        other => Error::internal(CONTEXT, format!("{path}: {other}")),
    }
}

/// The file at `path` cannot be used as an index.
pub(super) fn damaged(path: impl std::fmt::Display, detail: impl std::fmt::Display) -> Error {
    Error::Damaged { detail: format!("index file {path}: {detail}").into() }
}

/// The same failure for another of several callers that it concerns.
pub(super) fn repeat(error: &Error) -> Error {
    match error {
        Error::StorageFull => Error::StorageFull,
        Error::Damaged { detail } => Error::Damaged { detail: detail.clone() },
        Error::Internal { context, source } => Error::internal(context, source.to_string()),
        other => Error::internal("commit index rows", other.to_string()),
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
