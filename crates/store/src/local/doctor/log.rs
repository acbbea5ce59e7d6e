//! The whole log, replayed beside the real index.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use headwater_model::Result;

use super::DoctorReport;
use crate::local::change::{self, RowChange};
use crate::local::layout::Layout;
use crate::local::open_error::OpenError;
use crate::local::replay::publish_entry;
use crate::local::scan::{Found, FrameReader};
use crate::local::segment::{self, SegmentFile};
use crate::local::view::View;

/// Memory of rows that are applied to the scratch index at a time.
const APPLY_BYTES: usize = 16 << 20;

/// What a walk over the log came to.
#[derive(Debug, Default)]
pub(super) struct LogWalk {
    /// Segments on disk.
    pub(super) numbers: BTreeSet<u64>,
    /// The newest.
    pub(super) newest: u64,
    /// Whether a start that reads the newest segment would refuse it.
    pub(super) is_newest_damaged: bool,
    /// Sequence of the last good entry.
    pub(super) last_sequence: u64,
}

/// The views that entries go to.
struct Views<'a> {
    dir: &'a Path,
    /// Gets the entries that the index does not have yet.
    real: Option<(&'a View, u64)>,
    /// Gets all of them.
    scratch: &'a View,
}

impl LogWalk {
    /// Replays every good entry into `scratch`, and into `real` what a start would replay.
    pub(super) fn run(
        layout: &Layout,
        real: Option<&View>,
        scratch: &View,
        report: &mut DoctorReport,
    ) -> Result<Self, OpenError> {
        let log_error = |error| OpenError::io("read the log", &layout.log, error);
        let segments = segment::discover(&layout.log).map_err(log_error)?;
        let real = real.map(|view| (view, view.layers().sequence));
        let views = Views { dir: &layout.root, real, scratch };
        let mut walk = Self { newest: segments.last().map_or(0, |(number, _)| *number), ..Self::default() };
        for (number, path) in segments {
            report.segments += 1;
            walk.numbers.insert(number);
            let opened = SegmentFile::open(&path).map_err(log_error)?;
            match opened.filter(|segment| segment.header.number == number) {
                Some(segment) => walk.segment(&Arc::new(segment), &views, report)?,
                None if number == walk.newest && is_unmade(&path).map_err(log_error)? => {}
                None => {
                    walk.is_newest_damaged = number == walk.newest;
                    report.lost(number, 0, "no good header");
                }
            }
        }
        Ok(walk)
    }

    fn segment(
        &mut self,
        segment: &Arc<SegmentFile>,
        views: &Views<'_>,
        report: &mut DoctorReport,
    ) -> Result<(), OpenError> {
        let number = segment.header.number;
        let name = segment::file_name(number);
        let io_error = |error| OpenError::io("read the log", &views.dir.join("log").join(&name), error);
        let first_sequence = segment.header.first_sequence;
        if first_sequence <= self.last_sequence {
            report.lost(number, 0, "its entries are older than those of the segment before");
            return Ok(());
        }
        // Between segments there may be a gap: compaction removes whole ones.
        self.last_sequence = first_sequence - 1;
        views.each(|view| view.layers_mut().accounting.add_segment(number, first_sequence));
        let mut reader = FrameReader::new(Arc::clone(segment)).map_err(io_error)?;
        loop {
            match reader.next_frame().map_err(io_error)? {
                Found::End => return Ok(()),
                Found::Frame(offset, frame) => {
                    let (sequence, frame_bytes) = (frame.sequence, frame.size_bytes() as u64);
                    if sequence != self.last_sequence + 1 {
                        report.lost(number, offset, "entries before this one are missing");
                    }
                    match change::decode(frame.rows) {
                        Some(changes) => views.publish(sequence, frame_bytes, changes)?,
                        None => report.lost(number, offset, "unreadable rows"),
                    }
                    self.last_sequence = sequence;
                    report.entries += 1;
                }
                Found::Bad(offset) => {
                    let is_newest = number == self.newest;
                    if is_newest && !reader.is_damage(offset).map_err(io_error)? {
                        report.torn_bytes = segment.size_bytes().map_err(io_error)? - offset;
                        return Ok(());
                    }
                    self.is_newest_damaged |= is_newest;
                    report.lost(number, offset, "bytes are not what was written");
                    if !reader.skip_bad().map_err(io_error)? {
                        return Ok(());
                    }
                }
            }
        }
    }
}

impl Views<'_> {
    fn each(&self, act: impl Fn(&View)) {
        act(self.scratch);
        if let Some((real, _)) = self.real {
            act(real);
        }
    }

    fn publish(&self, sequence: u64, frame_bytes: u64, mut changes: Vec<RowChange>) -> Result<(), OpenError> {
        let store = |error| OpenError::store(self.dir, error);
        if let Some((real, applied)) = self.real
            && sequence > applied
        {
            publish_entry(real, sequence, frame_bytes, &mut changes).map_err(store)?;
        }
        publish_entry(self.scratch, sequence, frame_bytes, &mut changes).map_err(store)?;
        if self.scratch.layers().active_bytes() >= APPLY_BYTES {
            settle(self.scratch).map_err(store)?;
        }
        Ok(())
    }
}

/// Applies everything visible to the index below.
pub(super) fn settle(view: &View) -> Result<()> {
    let frozen = view.layers_mut().freeze();
    view.apply(&frozen, &[])?;
    view.layers_mut().thaw();
    Ok(())
}

fn is_unmade(path: &Path) -> std::io::Result<bool> {
    Ok(std::fs::metadata(path)?.len() <= segment::SEGMENT_HEADER_BYTES as u64)
}
