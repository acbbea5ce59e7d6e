//! The log's segments, for reading small bodies.
//!
//! Keeps a bounded number of segment files open; which segments exist is the accounting's business. A reader that got a
//! file keeps it: it stays readable after compaction unlinked it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use quick_cache::sync::Cache;

use super::segment::{SegmentFile, file_name};

/// Segment files kept open: 8 GiB of log with segments of 64 MiB. A file beyond them is opened again, at some 10 us.
const OPEN_SEGMENTS: usize = 128;

/// Open segments by number.
#[derive(Debug)]
pub(super) struct Segments {
    directory: PathBuf,
    open: Cache<u64, Arc<SegmentFile>>,
}

impl Segments {
    /// The segments in `directory`, none of them open.
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory, open: Cache::new(OPEN_SEGMENTS) }
    }

    /// Takes a segment that is open already.
    pub(super) fn insert(&self, segment: Arc<SegmentFile>) {
        self.open.insert(segment.header.number, segment);
    }

    /// A segment's file; `None` if there is no such segment any more.
    pub(super) fn get(&self, number: u64) -> io::Result<Option<Arc<SegmentFile>>> {
        if let Some(segment) = self.open.get(&number) {
            return Ok(Some(segment));
        }
        match SegmentFile::open(&self.path(number)) {
            Ok(Some(segment)) => {
                let segment = Arc::new(segment);
                self.open.insert(number, Arc::clone(&segment));
                Ok(Some(segment))
            }
            Ok(None) => Err(io::Error::new(io::ErrorKind::InvalidData, "log segment has no good header")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes a segment from disk.
    pub(super) fn unlink(&self, number: u64) -> io::Result<()> {
        std::fs::remove_file(self.path(number))?;
        self.open.remove(&number);
        Ok(())
    }

    fn path(&self, number: u64) -> PathBuf {
        self.directory.join(file_name(number))
    }
}
