//! Tombstones: the memory that a key was deleted on purpose.
//!
//! Guarantees: a tombstone stands from the very entry that deleted its key to the entry that writes the key again or
//! lifts it; while it stands no fill of the key is granted or commits. Judged and written under the commit lock, like
//! everything else of a key.
//!
//! How: one row per tombstone. Their number per bucket is counted at start and kept under the lock, so a bucket without
//! any pays nothing. Rows of a bucket that was deleted are never read again; they are removed right after it, and what
//! a crash leaves of them is removed at the next deletion of a bucket.

use std::collections::BTreeMap;

use bytes::Bytes;
use headwater_index::KeyRange;
use headwater_index::rows::{GoneRow, RowKind, RowValue};
use headwater_model::bucket::Generation;
use headwater_model::clock::Timestamp;
use headwater_model::limits::MAX_GONE_PER_BUCKET;
use headwater_model::{Error, ObjectKey, Result};

use super::commit::Judgement;
use super::core::Core;
use super::view::View;
use crate::{BucketRef, Tombstone};

/// Rows read or removed at a time.
const PAGE_ROWS: usize = 1024;

/// The tombstones of every bucket's life.
pub(super) fn count(view: &View) -> Result<BTreeMap<Generation, u64>> {
    let mut counts = BTreeMap::new();
    for row in view.rows(every(), PAGE_ROWS) {
        let (generation, _) = GoneRow::parse_key(&row?.0)?;
        *counts.entry(generation).or_insert(0) += 1;
    }
    Ok(counts)
}

fn every() -> KeyRange {
    KeyRange::prefix(&[RowKind::Gone.tag()])
}

/// The tombstone that stands for a key, as the last entry leaves it.
pub(super) fn stands(judgement: &mut Judgement<'_>, generation: Generation, key: &ObjectKey) -> Result<Option<Bytes>> {
    let any = judgement.state.buckets.get(&generation).is_some_and(|living| living.tombstones > 0);
    if any { judgement.get(&GoneRow::key(generation, key)) } else { Ok(None) }
}

/// Leaves a tombstone, unless one stands already: the first deletion is the one remembered.
pub(super) fn leave(
    judgement: &mut Judgement<'_>,
    bucket: &BucketRef,
    key: &ObjectKey,
    deleted: Timestamp,
) -> Result<()> {
    let generation = bucket.generation;
    if stands(judgement, generation, key)?.is_some() {
        return Ok(());
    }
    if judgement.living(bucket)?.tombstones >= MAX_GONE_PER_BUCKET {
        let bucket = bucket.name.as_str().into();
        return Err(Error::TooManyTombstones { bucket, limit: MAX_GONE_PER_BUCKET });
    }
    let row = GoneRow { sequence: judgement.sequence(), deleted };
    judgement.put(GoneRow::key(generation, key), row.encode(), None);
    judgement.state.count_tombstones(generation, |count| count + 1);
    Ok(())
}

/// Removes the tombstone of a key that is written; whether one stood.
pub(super) fn clear(judgement: &mut Judgement<'_>, generation: Generation, key: &ObjectKey) -> Result<bool> {
    let Some(former) = stands(judgement, generation, key)? else { return Ok(false) };
    judgement.delete(GoneRow::key(generation, key), former);
    judgement.state.count_tombstones(generation, |count| count.saturating_sub(1));
    Ok(true)
}

impl Core {
    /// When the key was deleted on purpose.
    pub(super) fn gone(&self, bucket: &BucketRef, key: &ObjectKey) -> Result<Option<Timestamp>> {
        let living = self.state().buckets.get(&bucket.generation).copied();
        if living.is_none_or(|living| living.tombstones == 0) {
            return Ok(None);
        }
        let row_key = GoneRow::key(bucket.generation, key);
        let row = self.view.get(&row_key)?;
        Ok(row.map(|value| GoneRow::decode(&row_key, &value)).transpose()?.map(|row| row.deleted))
    }

    /// A page of tombstones.
    pub(super) fn list_gone(
        &self,
        bucket: &BucketRef,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Tombstone>> {
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

    /// Removes the rows of a bucket that was deleted, and those that earlier crashes left of others.
    pub(super) async fn purge_gone(&self) -> Result<()> {
        loop {
            let living: Vec<Generation> = self.state().buckets.keys().copied().collect();
            let mut dead = Vec::new();
            for row in self.view.rows(every(), PAGE_ROWS) {
                let (key, value) = row?;
                if !living.contains(&GoneRow::parse_key(&key)?.0) {
                    dead.push((key, value));
                }
                if dead.len() == PAGE_ROWS {
                    break;
                }
            }
            if dead.is_empty() {
                return Ok(());
            }
            self.commit(0, |judgement| {
                for (key, _) in dead {
                    if let Some(former) = judgement.get(&key)? {
                        judgement.delete(key, former);
                    }
                }
                Ok(())
            })
            .await?;
        }
    }
}
