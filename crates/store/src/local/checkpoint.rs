//! Checkpoints: moving rows from the overlay into the index.
//!
//! Guarantees: a row is in an overlay or in the index at every moment; the index's `applied_sequence`, its accounting
//! and its rows are of the same moment; blob files that became garbage below `applied_sequence` are unlinked before it
//! is written, because no replay would find them again.

use std::io;

use bytes::Bytes;
use headwater_index::rows::{Counter, CounterRow, RowValue};
use headwater_model::{Error, Result};

use super::core::Core;
use super::probe::Point;
use super::running::hour_of;
use super::signals::OverlayRoom;

/// Free space a checkpoint asks for, times the rows' memory: redb writes changed pages anew, branches included.
const SPACE_FACTOR: u64 = 4;
/// Hours that the sweep horizon is kept behind the oldest writer, because a clock may be set back.
const HORIZON_MARGIN_HOURS: u64 = 1;

/// Makes checkpoints until the store ends.
pub(super) fn run(core: &Core) {
    let mut settled_at = core.clock.elapsed();
    loop {
        let orders = core.signals.wait();
        if orders.abandon {
            return;
        }
        let now = core.clock.elapsed();
        if core.view.layers().is_settled() {
            settled_at = now;
        }
        if orders.log_ended {
            core.signals.closed.send_replace(Some(finish(core)));
            return;
        }
        let is_due = now.saturating_sub(settled_at) >= core.config.checkpoint_interval;
        let is_retry = *core.signals.overlay.borrow() == OverlayRoom::Full;
        if orders.checkpoint || is_due || is_retry {
            attempt(core);
            settled_at = core.clock.elapsed();
        }
    }
}

/// The last checkpoints; `false` if that was not possible.
fn finish(core: &Core) -> bool {
    while !core.view.layers().is_settled() {
        if !attempt(core) {
            return false;
        }
    }
    true
}

/// One checkpoint, and what it means for writers that wait.
fn attempt(core: &Core) -> bool {
    let result = checkpoint(core);
    let is_crowded = core.view.layers().active_bytes() >= core.config.overlay_bytes;
    match result {
        Ok(()) => {
            core.signals.overlay.send_replace(OverlayRoom::Open);
            if is_crowded {
                core.signals.want_checkpoint();
            }
            true
        }
        Err(Error::StorageFull) => {
            tracing::warn!("no space for a checkpoint: tried again when there is some");
            core.signals.overlay.send_replace(if is_crowded { OverlayRoom::Full } else { OverlayRoom::Open });
            false
        }
        Err(error) => {
            core.fail_stop("checkpoint the index", &io::Error::other(error.to_string()));
            false
        }
    }
}

fn checkpoint(core: &Core) -> Result<()> {
    let at = |point| core.config.probe.at(point).map_err(|error| Error::internal("make a checkpoint", error));
    if core.view.layers().is_settled() {
        return Ok(());
    }
    let overlay_bytes = core.view.layers().active_bytes() as u64;
    if !core.space.has_room(SPACE_FACTOR * overlay_bytes) {
        return Err(Error::StorageFull);
    }
    let frozen = core.view.layers_mut().freeze();
    at(Point::CheckpointFrozen)?;
    core.unlink_garbage();
    at(Point::CheckpointSwept)?;
    let horizon = [(CounterRow::key(Counter::SweepFromHour), Some(horizon(core)))];
    core.view.apply(&frozen, &horizon)?;
    at(Point::CheckpointApplied)?;
    core.view.layers_mut().thaw();
    tracing::debug!(applied_sequence = frozen.sequence, "checkpoint made");
    Ok(())
}

/// The earliest hour in which a file without a row may lie once this checkpoint is made.
fn horizon(core: &Core) -> Bytes {
    let now = hour_of(core.clock.now());
    let oldest = [core.running.oldest(), core.garbage.oldest(), Some(now)].into_iter().flatten().min().unwrap_or(now);
    CounterRow { value: oldest.saturating_sub(HORIZON_MARGIN_HOURS) }.encode()
}
