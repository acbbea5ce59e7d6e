//! Why a data directory cannot be opened: each a line that tells what to do.

use std::io;
use std::path::{Path, PathBuf};

/// Why a store did not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open.
    #[error("data directory {} is in use by another process", dir.display())]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// Others may write to it, and it is no data directory yet.
    #[error("{} can be written by others (mode {mode:o}): name a directory of its own, or chmod it to 700", dir.display())]
    Shared {
        /// The directory.
        dir: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// There is no store to check.
    #[error("{} is not a data directory (it has no FORMAT file)", dir.display())]
    NoStore {
        /// The directory.
        dir: PathBuf,
    },
    /// Written by another release, or not by this program.
    #[error("data directory {} has a format that this release does not know: {found}", dir.display())]
    Format {
        /// The directory.
        dir: PathBuf,
        /// What its `FORMAT` says.
        found: Box<str>,
    },
    /// Bytes are missing or wrong where a crash cannot be the reason.
    #[error("stored data is damaged: {detail}; run: headwater doctor --data {}", dir.display())]
    Damaged {
        /// The directory.
        dir: PathBuf,
        /// What and where.
        detail: Box<str>,
    },
    /// The file system refused a step.
    #[error("cannot {step}: {}", path.display())]
    Io {
        /// What was being done.
        step: &'static str,
        /// To what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The index or the blobs refused.
    #[error("cannot open {}", dir.display())]
    Store {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: headwater_model::Error,
    },
}

impl OpenError {
    pub(super) fn io(step: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { step, path: path.to_owned(), source }
    }

    /// An error of the index or the blobs; a damaged one names the doctor.
    pub(super) fn store(dir: &Path, source: headwater_model::Error) -> Self {
        match source {
            headwater_model::Error::Damaged { detail } => Self::Damaged { dir: dir.to_owned(), detail },
            source => Self::Store { dir: dir.to_owned(), source },
        }
    }

    pub(super) fn damaged(dir: &Path, detail: impl Into<Box<str>>) -> Self {
        Self::Damaged { dir: dir.to_owned(), detail: detail.into() }
    }
}
