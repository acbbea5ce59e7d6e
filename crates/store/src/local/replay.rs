//! The start: from what is on disk to the visible rows.
//!
//! Guarantees: what was acknowledged is visible again, a torn tail is cut off, and anything else that is not as it was
//! written stops the start with a message that names the doctor. Only entries above the index's `applied_sequence` are
//! read (and the segment that holds the first of them).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use headwater_index::redb::RedbIndex;

use super::accounting::Accounting;
use super::batch::Position;
use super::blob::BlobId;
use super::change::{self, RowChange};
use super::frame::Frame;
use super::layout::Layout;
use super::open_error::OpenError;
use super::scan::{Found, FrameReader};
use super::segment::{self, SEGMENT_HEADER_BYTES, SegmentFile};
use super::view::{Layers, View};

/// Where a start found the log's end, and what it replayed.
pub(super) struct Replayed {
    /// The visible rows.
    pub(super) view: View,
    /// Where the next frame goes.
    pub(super) position: Position,
    /// Sequence of the next entry.
    pub(super) next_sequence: u64,
    /// The newest segment, if there is one to append to.
    pub(super) active: Option<Arc<SegmentFile>>,
    /// Blob files that replayed entries made garbage.
    pub(super) garbage: Vec<BlobId>,
}

/// A segment to read.
enum Segment {
    /// With its header.
    Whole(Arc<SegmentFile>, Age),
    /// The newest, made so far that its file exists.
    Unmade(u64),
}

/// Whether a segment may have a torn tail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    /// It may.
    Newest,
    /// It was wholly synced before the next one was made.
    Sealed,
}

/// A walk over the segments in order, oldest first.
struct Replay<'a> {
    dir: &'a Path,
    view: View,
    /// Entries up to here are in the index.
    applied: u64,
    /// Sequence of the last entry seen; 0 before the first.
    last: u64,
    garbage: Vec<BlobId>,
    log_bytes: u64,
}

/// Opens the index and replays the log over it.
pub(super) fn replay(layout: &Layout, new_salt: u64) -> Result<Replayed, OpenError> {
    let dir = &layout.root;
    let store = |error| OpenError::store(dir, error);
    let log_error = |error| OpenError::io("read the log", &layout.log, error);
    let segments = segment::discover(&layout.log).map_err(log_error)?;
    if !layout.index.exists() && !is_unused(&segments)? {
        return Err(OpenError::damaged(dir, "there is a log but no index (index.redb): it must be rebuilt"));
    }
    let index = RedbIndex::open(&layout.index).map_err(store)?;
    let applied = index.applied_sequence().map_err(store)?;
    let accounting = Accounting::load(&index).map_err(store)?;
    let view = View::new(index, layout.index.clone(), Layers::new(accounting, applied));
    let replay = Replay { dir, view, applied, last: 0, garbage: Vec::new(), log_bytes: 0 };
    replay.run(&segments, new_salt)
}

/// Whether no entry was ever written: a first start that ended before its index was made.
fn is_unused(segments: &[(u64, PathBuf)]) -> Result<bool, OpenError> {
    match segments {
        [] => Ok(true),
        [(_, path)] => is_empty_segment(path),
        _ => Ok(false),
    }
}

impl Replay<'_> {
    fn run(mut self, segments: &[(u64, PathBuf)], new_salt: u64) -> Result<Replayed, OpenError> {
        let mut next = Position::beginning_of(1, new_salt);
        let mut active = None;
        for segment in self.unapplied(segments)? {
            match segment {
                Segment::Whole(segment, age) => {
                    next = self.read_segment(&segment, age)?;
                    active = Some(segment);
                }
                Segment::Unmade(number) => {
                    next = Position::beginning_of(number, new_salt);
                    active = None;
                }
            }
        }
        if self.last < self.applied {
            let detail = format!("the log ends at entry {}, the index at {}", self.last, self.applied);
            return Err(OpenError::damaged(self.dir, detail));
        }
        self.reconcile(segments);
        let next_sequence = self.last + 1;
        Ok(Replayed { view: self.view, position: next, next_sequence, active, garbage: self.garbage })
    }

    /// Takes segments out of the accounting that are not on disk: a crash came between compaction and the checkpoint.
    fn reconcile(&self, segments: &[(u64, PathBuf)]) {
        let mut layers = self.view.layers_mut();
        layers.tail_bytes = self.log_bytes;
        let missing: Vec<_> = layers
            .accounting
            .segments()
            .filter(|known| segments.binary_search_by_key(&known.number, |(number, _)| *number).is_err())
            .collect();
        for segment in missing {
            if segment.row.live_bytes > 0 {
                let segment_name = segment::file_name(segment.number);
                tracing::error!(
                    segment_name,
                    entries = segment.row.live_entries,
                    "log segment with live entries is missing"
                );
            }
            layers.accounting.remove_segment(segment.number);
        }
    }

    /// The segments that may hold entries above `applied`, and at least the newest.
    fn unapplied(&mut self, segments: &[(u64, PathBuf)]) -> Result<Vec<Segment>, OpenError> {
        let mut found = Vec::new();
        let mut age = Age::Newest;
        for (number, path) in segments.iter().rev() {
            let opened = SegmentFile::open(path).map_err(|error| OpenError::io("open a log segment", path, error))?;
            match opened.filter(|segment| segment.header.number == *number) {
                Some(segment) => {
                    let first_sequence = segment.header.first_sequence;
                    found.push(Segment::Whole(Arc::new(segment), age));
                    age = Age::Sealed;
                    if first_sequence <= self.applied + 1 {
                        // Entries below it are all in the index; the frames of this one tell where the log ends.
                        self.last = first_sequence - 1;
                        break;
                    }
                }
                None if found.is_empty() && is_empty_segment(path)? => {
                    found.push(Segment::Unmade(*number));
                    age = Age::Sealed;
                    // If it is the only one, everything before it is in the index and compacted away.
                    self.last = self.applied;
                }
                None => return Err(OpenError::damaged(self.dir, format!("{}: no good header", path.display()))),
            }
        }
        found.reverse();
        match found.first() {
            Some(Segment::Whole(first, _)) if first.header.first_sequence > self.applied + 1 => {
                let begin = first.header.first_sequence;
                let detail = format!("the log begins at entry {begin}, the index ends at {}", self.applied);
                Err(OpenError::damaged(self.dir, detail))
            }
            _ => Ok(found),
        }
    }

    /// Replays a segment; tells where it ends.
    fn read_segment(&mut self, segment: &Arc<SegmentFile>, age: Age) -> Result<Position, OpenError> {
        let header = segment.header;
        let name = segment::file_name(header.number);
        let io_error = |error| OpenError::io("read the log", &self.dir.join("log").join(&name), error);
        if header.first_sequence != self.last + 1 {
            let detail =
                format!("{name} begins at entry {}, the one before ends at {}", header.first_sequence, self.last);
            return Err(OpenError::damaged(self.dir, detail));
        }
        self.view.layers_mut().accounting.add_segment(header.number, header.first_sequence);
        let mut reader = FrameReader::new(Arc::clone(segment)).map_err(io_error)?;
        loop {
            match reader.next_frame().map_err(io_error)? {
                Found::Frame(offset, frame) => self.entry(&name, offset, frame)?,
                Found::End => break,
                Found::Bad(offset) => {
                    if age == Age::Sealed || reader.is_damage(offset).map_err(io_error)? {
                        return Err(OpenError::damaged(self.dir, format!("{name}: bad bytes at offset {offset}")));
                    }
                    tracing::warn!(segment = name, offset, "torn tail of the log cut off");
                    segment.truncate(offset).and_then(|()| segment.sync()).map_err(io_error)?;
                    break;
                }
            }
        }
        Ok(Position { segment: header.number, salt: header.salt, offset_bytes: reader.offset() })
    }

    /// Makes one entry visible, unless the index has it.
    fn entry(&mut self, name: &str, offset: u64, frame: Frame<'_>) -> Result<(), OpenError> {
        let damaged = |what: &str| OpenError::damaged(self.dir, format!("{name}: {what} at offset {offset}"));
        if frame.sequence != self.last + 1 {
            return Err(damaged(&format!("entry {} follows entry {}", frame.sequence, self.last)));
        }
        self.last = frame.sequence;
        if frame.sequence <= self.applied {
            return Ok(());
        }
        let mut changes = change::decode(frame.rows).ok_or_else(|| damaged("unreadable rows"))?;
        let frame_bytes = frame.size_bytes() as u64;
        let garbage = publish_entry(&self.view, frame.sequence, frame_bytes, &mut changes);
        self.garbage.extend(garbage.map_err(|error| OpenError::store(self.dir, error))?);
        self.log_bytes += frame_bytes;
        Ok(())
    }
}

/// Makes an entry read from the log visible; gives the blob files that it made garbage.
pub(super) fn publish_entry(
    view: &View,
    sequence: u64,
    frame_bytes: u64,
    changes: &mut [RowChange],
) -> headwater_model::Result<Vec<BlobId>> {
    for change in &mut *changes {
        change.former = view.get(&change.key)?;
    }
    let mut layers = view.layers_mut();
    let garbage = layers.accounting.take(sequence, frame_bytes, changes)?;
    layers.publish(sequence, changes);
    Ok(garbage.into_iter().map(BlobId).collect())
}

/// Whether a file is too short to hold an entry: its making was interrupted.
fn is_empty_segment(path: &Path) -> Result<bool, OpenError> {
    let metadata = std::fs::metadata(path).map_err(|error| OpenError::io("look at a log segment", path, error))?;
    Ok(metadata.len() <= SEGMENT_HEADER_BYTES as u64)
}
