//! Rows against rows, and rows against bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use headwater_index::KeyRange;
use headwater_index::rows::{self, BlobRef, Extent, ObjectRow, PartRow, RowKind, RowValue};
use headwater_model::{Error, Result};

use super::{DoctorReport, Finding, Treatment};
use crate::local::blob::{BlobCheck, BlobDir, BlobId};
use crate::local::layout::Layout;
use crate::local::reading::verify;
use crate::local::segment::file_name;
use crate::local::segments::Segments;
use crate::local::versions::AnyRow;
use crate::local::view::View;

/// Rows read at a time.
const CHUNK_ROWS: usize = 1024;

/// Segments that the index stands on must exist.
pub(super) fn segments(real: &View, numbers: &BTreeSet<u64>, report: &mut DoctorReport) {
    for segment in real.layers().accounting.segments().filter(|segment| segment.row.live_bytes > 0) {
        if !numbers.contains(&segment.number) {
            report.add(Finding::Segment { segment: file_name(segment.number).into() });
        }
    }
}

/// The accounting of the index must be what the log comes to.
pub(super) fn figures(real: &View, scratch: &View, report: &mut DoctorReport) {
    let totals = |view: &View| {
        let layers = view.layers();
        let accounting = &layers.accounting;
        let objects = (accounting.objects, accounting.object_bytes);
        (objects, (accounting.versions, accounting.version_bytes), accounting.file_bytes)
    };
    let live = |view: &View| -> BTreeMap<u64, (u64, u64)> {
        let layers = view.layers();
        let segments = layers.accounting.segments();
        segments.map(|segment| (segment.number, (segment.row.live_entries, segment.row.live_bytes))).collect()
    };
    let (found, expected) = (totals(real), totals(scratch));
    if found != expected {
        let detail = format!(
            "counts objects, versions (and bytes of each), file bytes as {found:?}, the log comes to {expected:?}"
        );
        report.add(Finding::Index { detail: detail.into() });
    }
    let gone = |view: &View| view.layers().accounting.all_gone().clone();
    let (found, expected) = (gone(real), gone(scratch));
    let lives: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    for life in lives {
        let [found, expected] = [&found, &expected].map(|counts| counts.get(life).copied().unwrap_or(0));
        if found != expected {
            let detail = format!("counts {found} tombstones of generation {}, the log comes to {expected}", life.0);
            report.add(Finding::Index { detail: detail.into() });
        }
    }
    let found = live(real);
    for (number, expected) in live(scratch) {
        if found.get(&number).is_some_and(|found| *found != expected) {
            let (name, found) = (file_name(number), found[&number]);
            let detail = format!("counts live entries and bytes of {name} as {found:?}, the log comes to {expected:?}");
            report.add(Finding::Index { detail: detail.into() });
        }
    }
}

/// Both must show the same rows; counters and segment figures are no truth of their own.
pub(super) fn rows(real: &View, scratch: &View, report: &mut DoctorReport) -> Result<()> {
    let is_figure = |kind: &RowKind| matches!(kind, RowKind::Counter | RowKind::GoneCount | RowKind::Segment);
    for kind in RowKind::ALL.into_iter().filter(|kind| !is_figure(kind)) {
        let range = KeyRange::prefix(&[kind.tag()]);
        let mut wrong = |key: &[u8], detail| report.add(Finding::Row { row: rows::describe(key).into(), detail });
        let mut found = real.rows(range.clone(), CHUNK_ROWS);
        let mut expected = scratch.rows(range, CHUNK_ROWS);
        let (mut left, mut right) = (found.next().transpose()?, expected.next().transpose()?);
        loop {
            let order = match (&left, &right) {
                (None, None) => break,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some((left, _)), Some((right, _))) => left.cmp(right),
            };
            if let Some((key, _)) = left.as_ref().filter(|_| order.is_lt()) {
                wrong(key, "is in the index, but the log says that it was deleted or never written");
            }
            if let Some((key, _)) = right.as_ref().filter(|_| order.is_gt()) {
                wrong(key, "is in the log, but not in the index");
            }
            if order.is_eq()
                && let (Some((key, found)), Some((_, expected))) = (&left, &right)
                && found != expected
            {
                wrong(key, "is not what the log says");
            }
            if order.is_le() {
                left = found.next().transpose()?;
            }
            if order.is_ge() {
                right = expected.next().transpose()?;
            }
        }
    }
    Ok(())
}

/// The bytes of every row must be there. Gives the blob files that rows name.
pub(super) fn bodies(
    truth: &View,
    layout: &Layout,
    blobs: &Arc<BlobDir>,
    treatment: Treatment,
    report: &mut DoctorReport,
) -> Result<BTreeSet<[u8; 16]>> {
    let bodies = Bodies { segments: Segments::new(layout.log.clone()), blobs, treatment };
    let mut named = BTreeSet::new();
    for kind in [RowKind::Object, RowKind::Part, RowKind::Version] {
        for row in truth.rows(KeyRange::prefix(&[kind.tag()]), CHUNK_ROWS) {
            let (key, value) = row?;
            let extents = match extents(kind, &key, &value, report) {
                Ok(extents) => extents,
                Err(error) => {
                    report.add(Finding::Index { detail: error.to_string().into() });
                    continue;
                }
            };
            for extent in extents {
                if let BlobRef::File { id } = extent.blob {
                    named.insert(id);
                }
                if let Some(detail) = bodies.fault(&extent)? {
                    report.add(Finding::Body { row: rows::describe(&key).into(), detail });
                }
            }
        }
    }
    Ok(named)
}

fn extents(kind: RowKind, key: &[u8], value: &Bytes, report: &mut DoctorReport) -> Result<Vec<Extent>> {
    if kind == RowKind::Part {
        report.parts += 1;
        return Ok(PartRow::decode(key, value)?.extents);
    }
    if kind == RowKind::Version {
        report.versions += 1;
        return Ok(AnyRow::decode(kind, key, value)?.into_extents());
    }
    let row = ObjectRow::decode(key, value)?;
    report.objects += 1;
    report.object_bytes += row.meta.size_bytes;
    Ok(row.extents)
}

struct Bodies<'a> {
    segments: Segments,
    blobs: &'a Arc<BlobDir>,
    treatment: Treatment,
}

impl Bodies<'_> {
    /// What is wrong with an extent's bytes.
    fn fault(&self, extent: &Extent) -> Result<Option<Box<str>>> {
        match extent.blob {
            BlobRef::File { id } if self.treatment == Treatment::CheckBodies => {
                Ok(match self.blobs.verify(BlobId(id))? {
                    BlobCheck::Intact(_) => None,
                    BlobCheck::Damaged { detail } => Some(detail),
                    BlobCheck::Missing => Some(format!("blob {} is missing", BlobId(id)).into()),
                })
            }
            BlobRef::File { id } => match self.blobs.read_footer(BlobId(id)) {
                Ok(footer) if footer.length_bytes >= extent.offset_bytes + extent.length_bytes => Ok(None),
                Ok(_) => Ok(Some(format!("blob {} is shorter than its row says", BlobId(id)).into())),
                Err(Error::Damaged { detail }) => Ok(Some(detail)),
                Err(error) => Err(error),
            },
            BlobRef::Log { segment } => self.logged_fault(segment, extent),
        }
    }

    fn logged_fault(&self, segment: u64, extent: &Extent) -> Result<Option<Box<str>>> {
        let fail = |error| Error::internal("read a log segment", error);
        let Some(file) = self.segments.get(segment).map_err(fail)? else {
            return Ok(Some(format!("log segment {} is missing", file_name(segment)).into()));
        };
        // Small bodies are read whatever the treatment: the log is in the page cache by now.
        let length = usize::try_from(extent.length_bytes).map_err(|error| Error::internal("read a body", error))?;
        let mut bytes = vec![0; length];
        let filled = file.read(&mut bytes, extent.offset_bytes).map_err(fail)?;
        bytes.truncate(filled);
        match verify(extent, &bytes) {
            Ok(()) => Ok(None),
            Err(Error::Damaged { detail }) => Ok(Some(detail)),
            Err(error) => Err(error),
        }
    }
}
