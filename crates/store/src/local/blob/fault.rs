//! Why a write to a blob failed, and how that reads outside.

use std::io;
use std::path::{Path, PathBuf};

use headwater_model::Error;
use rustix::io::Errno;

/// A sync that failed. What it covered may or may not be on disk, the kernel has dropped the pages that it could not
/// write, and a second sync would report success: so it is never retried, and a store that sees it must stop.
#[derive(Debug, thiserror::Error)]
#[error("sync of {} failed", path.display())]
pub(crate) struct SyncFailed {
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl SyncFailed {
    /// The error for a failed sync of `path`.
    pub(crate) fn error(path: &Path, source: impl Into<io::Error>) -> Error {
        Error::internal("syncing to disk", Self { path: path.to_owned(), source: source.into() })
    }

    /// Whether `error` is one: then the process must end.
    pub(crate) fn is_cause_of(error: &Error) -> bool {
        matches!(error, Error::Internal { source, .. } if source.is::<Self>())
    }
}

/// The first thing that went wrong in a write; it stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The file could not be written or read back.
    Io(Errno),
    /// A sync failed: see [`SyncFailed`].
    Sync(Errno),
    /// The writer was dropped, or its caller broke the announced lengths.
    Abandoned,
    /// A worker ended without finishing its work (it panicked, or the runtime is going down).
    WorkerGone,
}

impl Fault {
    /// The error that callers see.
    pub(super) fn error(self, path: &Path) -> Error {
        match self {
            Self::Io(errno) => write_error("writing a blob", errno),
            Self::Sync(errno) => SyncFailed::error(path, errno),
            Self::Abandoned => Error::internal("writing a blob", "the write was abandoned"),
            Self::WorkerGone => Error::internal("writing a blob", "a worker ended early"),
        }
    }
}

/// The error of a failed change to a file: a full disk or quota is the caller's to handle, the rest is ours.
pub(super) fn write_error(context: &'static str, error: impl Into<io::Error>) -> Error {
    let error = error.into();
    match Errno::from_io_error(&error) {
        Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => Error::StorageFull,
        _ => Error::internal(context, error),
    }
}
