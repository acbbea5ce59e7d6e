//! The housekeeping thread: unlinks garbage, sweeps what a crash left, removes the tombstones of deleted buckets, compacts
//! the log, keeps the reserve.

use std::collections::BTreeSet;

use super::core::Core;
use super::sweep::Leftovers;

/// Works until the store ends.
pub(super) fn run(core: &Core, leftovers: Leftovers) {
    let mut leftovers = Some(leftovers);
    let mut spoilt = BTreeSet::new();
    loop {
        let orders = core.signals.rest();
        if orders.abandon || orders.log_ended {
            return;
        }
        core.unlink_garbage();
        core.space.restore_standby();
        if let Some(leftovers) = leftovers.take() {
            core.sweep(leftovers);
        }
        if let Err(error) = core.purge_gone() {
            tracing::warn!(%error, "tombstones of deleted buckets are removed later");
        }
        if let Err(error) = core.compact(&mut spoilt) {
            tracing::warn!(%error, "log compaction put off");
        }
    }
}
