//! The sweep after a crash: removing blob files that no row names.
//!
//! The files are listed before the store takes its first write, so none of them can belong to a writer at work. Each is
//! then looked up in the background: its footer names the key, and the part, that could name it; those without a
//! readable footer are looked for in all rows, once. Writers do not wait for that: no row can come to name such a file
//! that none names, so a look at each place where a row could have moved is enough. Only the hours from the sweep horizon
//! on are looked at (`docs/storage.md`, "The sweep horizon").

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use headwater_index::KeyRange;
use headwater_index::rows::{Extent, ObjectRow, PartRow, RowKind, RowValue, VersionRow};
use headwater_model::{Error, Result};

use super::accounting::files;
use super::blob::{BlobDir, BlobId, Footer, Role};
use super::core::Core;
use super::probe::Point;
use super::running::{Hour, RunningWrite, RunningWrites, beginning_of, hour_of};
use super::versions::AnyRow;

/// Rows read at a time.
const CHUNK_ROWS: usize = 1024;

/// Files found at a start, not looked up yet.
#[derive(Debug)]
pub(super) struct Leftovers {
    files: Vec<BlobId>,
    /// Keeps the sweep horizon where it is until the sweep is done.
    running: Option<RunningWrite>,
}

impl Leftovers {
    /// Lists the files from the hour of the horizon on. Blocks.
    pub(super) fn find(blobs: &Arc<BlobDir>, running: &Arc<RunningWrites>, horizon: Hour) -> Result<Self> {
        let files: Vec<BlobId> = blobs.walk(beginning_of(horizon))?.collect::<Result<_>>()?;
        let oldest = files.iter().map(|id| hour_of(id.created())).min();
        Ok(Self { files, running: oldest.map(|hour| running.begin(hour)) })
    }
}

impl Core {
    /// Removes the leftovers that no row names.
    pub(super) fn sweep(&self, leftovers: Leftovers) {
        let Leftovers { files, running } = leftovers;
        match self.sweep_files(files) {
            Ok(Progress::Done) => drop(running),
            Ok(Progress::Interrupted) => keep(running),
            Err(error) => {
                tracing::warn!(%error, "sweep ended early: the next start's will go on");
                keep(running);
            }
        }
    }

    fn sweep_files(&self, files: Vec<BlobId>) -> Result<Progress> {
        let mut removed = 0_usize;
        let mut unreadable = BTreeSet::new();
        for id in files {
            if self.signals.is_ending() {
                return Ok(Progress::Interrupted);
            }
            match self.blobs.read_footer(id) {
                Ok(footer) if self.names(id, &footer)? => {}
                Ok(_) => {
                    removed += 1;
                    if !self.remove_leftover(id) {
                        return Ok(Progress::Interrupted);
                    }
                }
                // Never finished, most likely. But a file that a row names could be damaged just there, and what is left
                // of it may be worth more to somebody than its space.
                Err(Error::Damaged { .. }) => {
                    unreadable.insert(id);
                }
                Err(error) => return Err(error),
            }
        }
        self.forget_named(&mut unreadable)?;
        removed += unreadable.len();
        for id in unreadable {
            if !self.remove_leftover(id) {
                return Ok(Progress::Interrupted);
            }
        }
        if removed > 0 {
            tracing::info!(removed, "blob files of unfinished writes removed");
        }
        Ok(Progress::Done)
    }

    fn remove_leftover(&self, id: BlobId) -> bool {
        self.garbage.add([id]);
        self.unlink_garbage();
        self.config.probe.at(Point::SweepUnlinked).is_ok()
    }

    /// Whether the part, the object, or one of its versions that a footer speaks of names the file.
    fn names(&self, id: BlobId, footer: &Footer) -> Result<bool> {
        let Footer { generation, key, role, .. } = footer;
        let only = |row_key: Vec<u8>| KeyRange { end: Some([&row_key[..], &[0]].concat()), start: row_key };
        let part = match role {
            Role::Part(part) => Some((RowKind::Part, only(PartRow::key(*generation, part.upload, part.number)))),
            Role::Object(_) => None,
        };
        let object = (RowKind::Object, only(ObjectRow::key(*generation, key)));
        let versions = (RowKind::Version, VersionRow::range_of_key(*generation, key));
        let rows: Vec<_> = part.into_iter().chain([object, versions]).collect();
        let mut is_named = false;
        self.walk(&rows, |file| {
            is_named |= file == id;
            if is_named { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(is_named)
    }

    /// Takes those out that any row names: a walk over all of them, which only files without a footer are worth.
    fn forget_named(&self, ids: &mut BTreeSet<BlobId>) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let rows =
            [RowKind::Part, RowKind::Object, RowKind::Version].map(|kind| (kind, KeyRange::prefix(&[kind.tag()])));
        self.walk(&rows, |file| {
            ids.remove(&file);
            if ids.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    }

    /// Shows the files that rows name, without the commit lock, until `visit` breaks; some of them twice. None is missed
    /// that is named throughout: rows move from parts to objects to versions, which is the order that `rows` must have; if
    /// one went back meanwhile, the walk begins anew.
    fn walk(&self, rows: &[(RowKind, KeyRange)], mut visit: impl FnMut(BlobId) -> ControlFlow<()>) -> Result<()> {
        for _ in 0..MOST_WALKS {
            let promotions = self.view.layers().promotions;
            for (kind, range) in rows {
                for row in self.view.rows(range.clone(), CHUNK_ROWS) {
                    let (key, value) = row?;
                    for id in files(&extents(*kind, &key, &value)?) {
                        if visit(BlobId(id)).is_break() {
                            return Ok(());
                        }
                    }
                }
            }
            if self.view.layers().promotions == promotions {
                return Ok(());
            }
        }
        Err(Error::internal("sweep blob files", "versions become current again without pause"))
    }
}

/// How often rows are walked over because one moved back: a walk over all takes long, and few versions are deleted.
const MOST_WALKS: usize = 8;

/// How a sweep ended.
enum Progress {
    Done,
    Interrupted,
}

/// Leaves the sweep horizon where it is for as long as this process runs.
fn keep(running: Option<RunningWrite>) {
    std::mem::forget(running);
}

fn extents(kind: RowKind, key: &[u8], value: &[u8]) -> Result<Vec<Extent>> {
    Ok(match kind {
        RowKind::Part => PartRow::decode(key, value)?.extents,
        _ => AnyRow::decode(kind, key, value)?.into_extents(),
    })
}
