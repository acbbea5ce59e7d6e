//! The sweep after a crash: removing blob files that no row names.
//!
//! The files are listed before the store takes its first write, so none of them can belong to a writer at work. Each is
//! then looked up in the background: its footer names the key, and the part, that could name it; those without a
//! readable footer are looked for in all rows, once. Only the hours from the
//! sweep horizon on are looked at (`docs/storage.md`, "The sweep horizon").

use std::collections::BTreeSet;
use std::sync::Arc;

use headwater_index::KeyRange;
use headwater_index::rows::{Extent, ObjectRow, PartRow, RowKind, RowValue, VersionRow};
use headwater_model::{Error, Result};

use super::accounting::files;
use super::blob::{BlobDir, BlobId, Footer, Role};
use super::commit::Judgement;
use super::core::Core;
use super::probe::Point;
use super::running::{Hour, RunningWrite, RunningWrites, beginning_of, hour_of};
use super::versions::AnyRow;
use super::wait::block_on;

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

    /// Whether the object, one of its versions, or the part that a footer speaks of names the file. A look without the
    /// lock finds most that are named; that a file is not is told under the lock, since rows move.
    fn names(&self, id: BlobId, footer: &Footer) -> Result<bool> {
        let object_key = ObjectRow::key(footer.generation, &footer.key);
        if let Some(value) = self.view.get(&object_key)?
            && files(&ObjectRow::decode(&object_key, &value)?.extents).any(|named| named == id.0)
        {
            return Ok(true);
        }
        block_on(self.commit(0, |judgement| named_under_lock(judgement, id, footer)))
    }

    /// Takes those out that any row names: a walk over all of them, which only files without a footer are worth. Rows move
    /// from parts to objects to versions, which is the order of the walk; if one went back, it begins anew.
    fn forget_named(&self, ids: &mut BTreeSet<BlobId>) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        for _ in 0..MOST_WALKS {
            let promotions = self.state().promotions;
            for kind in [RowKind::Part, RowKind::Object, RowKind::Version] {
                for row in self.view.rows(KeyRange::prefix(&[kind.tag()]), CHUNK_ROWS) {
                    let (key, value) = row?;
                    for id in files(&extents(kind, &key, &value)?) {
                        ids.remove(&BlobId(id));
                    }
                }
            }
            if self.state().promotions == promotions {
                return Ok(());
            }
        }
        Err(Error::internal("sweep blob files", "versions become current again without pause"))
    }
}

/// How often all rows are walked over because one moved back: each walk takes long, and few versions are deleted.
const MOST_WALKS: usize = 8;

fn named_under_lock(judgement: &mut Judgement<'_>, id: BlobId, footer: &Footer) -> Result<bool> {
    let object_key = ObjectRow::key(footer.generation, &footer.key);
    if let Some(value) = judgement.get(&object_key)?
        && names_file(RowKind::Object, &object_key, &value, id)?
    {
        return Ok(true);
    }
    if let Role::Part(part) = &footer.role {
        let part_key = PartRow::key(footer.generation, part.upload, part.number);
        if let Some(value) = judgement.get(&part_key)?
            && names_file(RowKind::Part, &part_key, &value, id)?
        {
            return Ok(true);
        }
    }
    let mut rest = Some(VersionRow::range_of_key(footer.generation, &footer.key));
    while let Some(range) = rest.filter(|_| judgement.state.has_versions(footer.generation)) {
        let chunk = judgement.chunk(&range, CHUNK_ROWS)?;
        rest = chunk.rest_of(&range);
        for (key, value) in chunk.rows {
            if value.map_or(Ok(false), |value| names_file(RowKind::Version, &key, &value, id))? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn names_file(kind: RowKind, key: &[u8], value: &[u8], id: BlobId) -> Result<bool> {
    Ok(files(&extents(kind, key, value)?).any(|named| named == id.0))
}

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
