//! Every blob file made since some hour, one directory at a time.

use std::fs::ReadDir;
use std::io;
use std::path::{Path, PathBuf};

use headwater_model::{Error, Result};

use super::path::BlobId;

/// Iterates over ids. Blocks. What is not named like a blob is not ours: it is logged and left alone.
#[derive(Debug)]
pub(crate) struct Walk {
    hours: std::vec::IntoIter<PathBuf>,
    shards: std::vec::IntoIter<PathBuf>,
    files: Option<ReadDir>,
}

impl Walk {
    /// All files below `root` in hours named `since` or later, in the order of hours.
    pub(super) fn new(root: &Path, since: &str) -> Result<Self> {
        let mut hours = directories(root).map_err(walk_error)?;
        hours.retain(|hour| hour.file_name().is_some_and(|name| name >= since));
        Ok(Self { hours: hours.into_iter(), shards: Vec::new().into_iter(), files: None })
    }

    /// The next file's id, or `None` at the end.
    fn step(&mut self) -> io::Result<Option<BlobId>> {
        loop {
            if let Some(entry) = self.files.as_mut().and_then(Iterator::next) {
                let entry = entry?;
                match entry.file_name().to_str().and_then(BlobId::parse) {
                    Some(id) => return Ok(Some(id)),
                    None => tracing::warn!(path = %entry.path().display(), "foreign file among blobs"),
                }
            } else if let Some(shard) = self.shards.next() {
                self.files = present(std::fs::read_dir(shard))?;
            } else if let Some(hour) = self.hours.next() {
                self.files = None;
                self.shards = present(directories(&hour))?.unwrap_or_default().into_iter();
            } else {
                return Ok(None);
            }
        }
    }
}

impl Iterator for Walk {
    type Item = Result<BlobId>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().map_err(walk_error).transpose()
    }
}

/// Paths in a directory, sorted.
fn directories(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths =
        std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort_unstable();
    Ok(paths)
}

/// A directory that vanished during the walk held nothing any more.
fn present<T>(listed: io::Result<T>) -> io::Result<Option<T>> {
    match listed {
        Ok(listed) => Ok(Some(listed)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn walk_error(error: io::Error) -> Error {
    Error::internal("walking over the blobs", error)
}
