//! The doctor: an offline check of a whole data directory, and the making anew of its index.
//!
//! Guarantees: the directory is locked while it works; a check changes nothing; a rebuild replaces the index only when
//! the new one is complete and durable. From an undamaged log a rebuild gives exactly the rows that were committed: it
//! resurrects nothing, because compaction keeps every delete that an older put on disk still needs.
//!
//! How: the whole log is replayed into an index of its own, beside the real one. Both must hold the same rows, every
//! row's bytes must be there, and what no row names is an orphan.
//!
//! Deliberately not here: guessing. Entries lost to damage are reported and stay lost; blob files whose entry is lost
//! are orphans that a footer describes, for a person to judge.

mod compare;
mod log;
mod report;
mod versions;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use headwater_index::redb::RedbIndex;
use headwater_model::clock::{Clock, Timestamp};

use self::log::LogWalk;
pub use self::report::{DoctorReport, Finding};
use super::accounting::Accounting;
use super::blob::BlobDir;
use super::layout::{Layout, sync_dir};
use super::open_error::OpenError;
use super::probe::Probe;
use super::segment::{SegmentFile, SegmentHeader};
use super::view::{Layers, View};

/// Name of the index that is built beside the real one; one left by a crash is made anew.
const SCRATCH: &str = "index.redb.new";

/// What the doctor is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// Check frames, rows, footers and which files exist.
    Check,
    /// Check, and read every byte of every body.
    CheckBodies,
    /// Check, and replace the index by one made from the log.
    Rebuild,
}

/// Examines the store in `dir`. Blocks, for as long as it takes to read the log (and, if asked, all bodies).
///
/// # Errors
/// [`OpenError`]: in use, no store, of another format, or refused by the file system. Damage is no error: it is what the
/// report is about.
pub fn examine(dir: &Path, clock: &Arc<dyn Clock>, treatment: Treatment) -> Result<DoctorReport, OpenError> {
    let layout = Layout::open_existing(dir)?;
    let store = |error| OpenError::store(dir, error);
    let scratch_path = layout.root.join(SCRATCH);
    remove_scratch(&scratch_path)?;
    let mut report = DoctorReport::default();
    let real = open_real(&layout, &mut report).map_err(store)?;
    let scratch_index = RedbIndex::open(&scratch_path).map_err(store)?;
    let scratch = View::new(scratch_index, scratch_path.clone(), Layers::default());
    let walk = LogWalk::run(&layout, real.as_ref(), &scratch, &mut report)?;
    if let Some(real) = &real {
        compare::segments(real, &walk.numbers, &mut report);
        compare::figures(real, &scratch, &mut report);
        compare::rows(real, &scratch, &mut report).map_err(store)?;
    }
    let blobs = BlobDir::open(layout.blobs.clone(), Arc::clone(clock)).map_err(store)?;
    let truth = real.as_ref().filter(|_| treatment != Treatment::Rebuild).unwrap_or(&scratch);
    let named = compare::bodies(truth, &layout, &blobs, treatment, &mut report).map_err(store)?;
    versions::compare(truth, &mut report).map_err(store)?;
    orphans(&blobs, &named, &mut report).map_err(store)?;
    drop(real);
    if treatment == Treatment::Rebuild {
        log::settle(&scratch).map_err(store)?;
        drop(scratch);
        if walk.is_newest_damaged {
            begin_segment(&layout, &**clock, walk.newest + 1, walk.last_sequence + 1)?;
        }
        let replace = fs::rename(&scratch_path, &layout.index).and_then(|()| sync_dir(&layout.root));
        replace.map_err(|error| OpenError::io("replace the index", &layout.index, error))?;
        report.rebuilt = true;
    } else {
        drop(scratch);
        remove_scratch(&scratch_path)?;
    }
    Ok(report)
}

/// The rows that a start would show, without the changes that it would make; `None` if the index cannot be read.
fn open_real(layout: &Layout, report: &mut DoctorReport) -> headwater_model::Result<Option<View>> {
    if !layout.index.exists() {
        report.add(Finding::Index { detail: "index.redb is missing".into() });
        return Ok(None);
    }
    let opened = RedbIndex::open(&layout.index).and_then(|index| {
        let applied = index.applied_sequence()?;
        let accounting = Accounting::load(&index)?;
        Ok(View::new(index, layout.index.clone(), Layers::new(accounting, applied)))
    });
    match opened {
        Ok(view) => Ok(Some(view)),
        Err(headwater_model::Error::Damaged { detail }) => {
            report.add(Finding::Index { detail });
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn orphans(blobs: &Arc<BlobDir>, named: &BTreeSet<[u8; 16]>, report: &mut DoctorReport) -> headwater_model::Result<()> {
    for id in blobs.walk(Timestamp(0))? {
        let id = id?;
        report.blobs += 1;
        if !named.contains(&id.0) {
            report.orphan_blobs += 1;
            report.orphan_bytes += fs::metadata(blobs.path(id)).map_or(0, |metadata| metadata.len());
        }
    }
    Ok(())
}

/// Begins a segment behind a damaged newest one, so that a start need not read that.
fn begin_segment(layout: &Layout, clock: &dyn Clock, number: u64, first_sequence: u64) -> Result<(), OpenError> {
    let mut salt = [0; 8];
    clock.random(&mut salt);
    let header = SegmentHeader { number, first_sequence, created: clock.now(), salt: u64::from_le_bytes(salt) };
    SegmentFile::create(&layout.log, header, &Probe::none())
        .map(drop)
        .map_err(|error| OpenError::io("begin a log segment", &layout.log, error))
}

fn remove_scratch(path: &Path) -> Result<(), OpenError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(OpenError::io("remove a former scratch index", path, error))
        }
        _ => Ok(()),
    }
}
