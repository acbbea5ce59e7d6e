//! Tombstones: the memory that a key was deleted on purpose.
//!
//! Guarantees: a tombstone stands from the very entry that deleted its key to the entry that writes the key again or
//! lifts it; while it stands no fill of the key is granted or commits. Judged and written under the commit lock, like
//! everything else of a key.
//!
//! How: one row per tombstone. How many each life of a bucket has is part of the accounting, and pending ones are added
//! to it under the lock: a bucket without any pays nothing, and no start has to count. Those of a bucket that was deleted
//! are removed by the housekeeping thread, some at a time; until then nobody sees them, because its life is over.

use bytes::Bytes;
use headwater_index::rows::{GoneRow, RowValue};
use headwater_model::bucket::Generation;
use headwater_model::clock::Timestamp;
use headwater_model::{Error, ObjectKey, Result};

use super::commit::Judgement;
use super::core::Core;
use super::probe::Point;
use super::wait::block_on;
use crate::{BucketRef, Tombstone};

/// Rows read or removed at a time: an entry that removes so many has at most about a MiB of keys.
const PAGE_ROWS: usize = 1024;

/// A tombstone about to be left.
pub(super) struct Leaving<'a> {
    pub(super) bucket: &'a BucketRef,
    pub(super) key: &'a ObjectKey,
    /// When.
    pub(super) deleted: Timestamp,
    /// Whether an object goes with it.
    pub(super) object: Deleted,
}

/// What a deletion found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deleted {
    /// An object.
    Object,
    /// Nothing.
    Nothing,
}

/// The tombstone that stands for a key, as the last entry leaves it.
pub(super) fn stands(judgement: &mut Judgement<'_>, generation: Generation, key: &ObjectKey) -> Result<Option<Bytes>> {
    let row_key = GoneRow::key(generation, key);
    let any = judgement.state.buckets.get(&generation).is_some_and(|living| living.tombstones > 0);
    // A pending row counts even if it lifts the last one: the answer must not come before that is durable.
    if any || judgement.state.pending.contains_key(row_key.as_slice()) { judgement.get(&row_key) } else { Ok(None) }
}

/// Removes the tombstone of a key that is written; whether one stood.
pub(super) fn clear(judgement: &mut Judgement<'_>, generation: Generation, key: &ObjectKey) -> Result<bool> {
    let Some(former) = stands(judgement, generation, key)? else { return Ok(false) };
    judgement.delete(GoneRow::key(generation, key), former);
    Ok(true)
}

impl Core {
    /// Leaves a tombstone, unless one stands already: the first deletion is the one remembered.
    pub(super) fn leave_gone(&self, judgement: &mut Judgement<'_>, leaving: &Leaving<'_>) -> Result<()> {
        let Leaving { bucket, key, deleted, object } = *leaving;
        let generation = bucket.generation;
        if stands(judgement, generation, key)?.is_some() {
            return Ok(());
        }
        let limit = self.config.max_gone_per_bucket;
        if object == Deleted::Nothing && judgement.living(bucket)?.tombstones >= limit {
            return Err(Error::TooManyTombstones { bucket: bucket.name.as_str().into(), limit });
        }
        let row = GoneRow { sequence: judgement.sequence(), deleted };
        judgement.put(GoneRow::key(generation, key), row.encode(), None);
        Ok(())
    }

    /// When the key was deleted on purpose.
    pub(super) fn gone(&self, bucket: &BucketRef, key: &ObjectKey) -> Result<Option<Timestamp>> {
        // Every miss asks. The commit lock is taken only where a tombstone was found.
        if self.view.layers().accounting.gone(bucket.generation) == 0 {
            return Ok(None);
        }
        let row_key = GoneRow::key(bucket.generation, key);
        let Some(row) = self.view.get(&row_key)? else { return Ok(None) };
        let deleted = GoneRow::decode(&row_key, &row)?.deleted;
        Ok(self.state().buckets.contains_key(&bucket.generation).then_some(deleted))
    }

    /// A page of tombstones.
    pub(super) fn list_gone(
        &self,
        bucket: &BucketRef,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Tombstone>> {
        if !self.has_gone(bucket.generation) {
            return Ok(Vec::new());
        }
        let range = GoneRow::range_from(bucket.generation, prefix, after);
        self.view
            .rows(range, limit.min(PAGE_ROWS))
            .take(limit)
            .map(|row| {
                let (key, value) = row?;
                let (_, name) = GoneRow::parse_key(&key)?;
                Ok((name, GoneRow::decode(&key, &value)?.deleted))
            })
            .collect()
    }

    /// Lifts a tombstone.
    pub(super) async fn lift_gone(&self, bucket: &BucketRef, key: &ObjectKey) -> Result<bool> {
        self.commit(0, |judgement| {
            judgement.living(bucket)?;
            clear(judgement, bucket.generation, key)
        })
        .await
    }

    /// Whether a living bucket has visible tombstones. The commit lock is asked for only where there are any.
    fn has_gone(&self, generation: Generation) -> bool {
        let count = self.view.layers().accounting.gone(generation);
        count > 0 && self.state().buckets.contains_key(&generation)
    }

    /// Removes the tombstones of lives that have ended. Blocks.
    pub(super) fn purge_gone(&self) -> Result<()> {
        let mut lives: Vec<Generation> = self.view.layers().accounting.all_gone().keys().copied().collect();
        if lives.is_empty() {
            return Ok(());
        }
        {
            let state = self.state();
            lives.retain(|generation| !state.buckets.contains_key(generation));
        }
        for generation in lives {
            while !self.signals.is_ending() && self.purge_gone_of(generation)? > 0 {}
        }
        Ok(())
    }

    /// Removes some tombstones of a life that has ended; tells how many.
    fn purge_gone_of(&self, generation: Generation) -> Result<usize> {
        let at = self.config.probe.at(Point::TombstonesPurge);
        at.map_err(|error| Error::internal("purge tombstones", error))?;
        let rows = self.view.rows(GoneRow::range(generation), PAGE_ROWS);
        let keys = rows.take(PAGE_ROWS).map(|row| Ok(row?.0)).collect::<Result<Vec<_>>>()?;
        block_on(self.commit(0, |judgement| {
            // Asked again under the lock: the end of the life may have been refused meanwhile, by a full disk.
            if judgement.state.buckets.contains_key(&generation) {
                return Ok(0);
            }
            for key in &keys {
                if let Some(former) = judgement.get(key)? {
                    judgement.delete(key.clone(), former);
                }
            }
            Ok(keys.len())
        }))
    }
}
