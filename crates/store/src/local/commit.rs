//! The commit lock: judging a change against everything before it, and giving it its place in the log.
//!
//! Guarantees: judgements happen one after the other, each seeing the changes of all before it, durable or not; an
//! entry's place in the log is the place of its judgement. [`Core::commit`] returns when the entry is durable and
//! visible, and a judgement that refuses because of rows that are not durable yet waits for these: nobody is told of
//! a state that a crash could take back.
//!
//! How: under the lock a judgement reads pending rows, then the view; what it changes becomes one frame in the batch
//! that the committer thread writes next, and pending rows until that batch is visible.

use std::collections::BTreeMap;
use std::sync::MutexGuard;

use bytes::Bytes;
use headwater_index::KeyRange;
use headwater_index::rows::{BlobRef, BucketRow, ObjectRow, RowValue};
use headwater_model::bucket::{Bucket, Generation};
use headwater_model::version::{VersionNumber, Versioning};
use headwater_model::worm::BucketWorm;
use headwater_model::{Error, ObjectKey, Result};
use tokio::sync::watch;

use super::batch::{Batch, Outcome, Position};
use super::change::RowChange;
use super::core::Core;
use super::merge::Chunk;
use super::tokens::FillTokens;
use super::view::View;
use crate::BucketRef;

/// Most bytes of entries that wait for the disk; more writers wait for these first.
pub(super) const QUEUE_BYTES: usize = 16 << 20;
/// What an entry takes of the queue beside its body.
const ENTRY_BYTES: usize = 4 << 10;

/// Everything under the commit lock.
#[derive(Debug)]
pub(super) struct CommitState {
    /// Entries that the committer has not taken yet.
    pub(super) batch: Batch,
    /// The batch that the committer is writing.
    pub(super) writing: Option<watch::Receiver<Outcome>>,
    /// Rows of both.
    pub(super) pending: BTreeMap<Bytes, PendingRow>,
    /// Living buckets, pending changes included.
    pub(super) buckets: BTreeMap<Generation, LivingBucket>,
    /// Granted fill tokens.
    pub(super) tokens: FillTokens,
    /// Tells the versions that this opening of the store makes from all others of the same sequences.
    version_salt: u64,
    /// Whether entries are taken.
    pub(super) stage: Stage,
}

/// A row that is not visible yet.
#[derive(Debug)]
pub(super) struct PendingRow {
    /// Sequence of its entry.
    pub(super) sequence: u64,
    /// What it will be.
    pub(super) value: Option<Bytes>,
}

/// What a commit needs to know about a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct LivingBucket {
    /// Version of its rules.
    pub(super) rule_version: u64,
    /// Tombstones that stand in it, pending ones included.
    pub(super) tombstones: u64,
    /// Whether its objects have versions.
    pub(super) versioning: Versioning,
    /// For how long they stay as they are.
    pub(super) worm: Option<BucketWorm>,
}

/// Whether the log takes entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It does.
    Open,
    /// No new ones; those in the batch are still written.
    Closing,
    /// No more at all: a write or sync failed, or the store was dropped.
    Stopped,
}

/// Why a commit is not known to have happened.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It has not.
    Certain(Error),
    /// The store stopped meanwhile; the next start finds out.
    Unknown(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Certain(error)
    }
}

impl CommitState {
    /// A log that goes on at `position` with `next_sequence`.
    pub(super) fn new(position: Position, next_sequence: u64, version_salt: u64) -> Self {
        Self {
            batch: Batch::new(position, next_sequence),
            writing: None,
            pending: BTreeMap::new(),
            buckets: BTreeMap::new(),
            tokens: FillTokens::new(),
            version_salt,
            stage: Stage::Open,
        }
    }

    /// Takes the living buckets from the visible rows.
    pub(super) fn load_buckets(&mut self, view: &View) -> Result<()> {
        self.buckets.clear();
        for row in view.rows(BucketRow::range(), 256) {
            let (key, value) = row?;
            let bucket = BucketRow::decode(&key, &value)?.bucket;
            let tombstones = view.layers().accounting.gone(bucket.generation);
            self.set_bucket(&bucket);
            self.buckets.entry(bucket.generation).and_modify(|living| living.tombstones = tombstones);
        }
        Ok(())
    }

    /// Records a bucket as living with its present rules.
    pub(super) fn set_bucket(&mut self, bucket: &Bucket) {
        let configuration = &bucket.configuration;
        let (rule_version, versioning, worm) = (bucket.rule_version, configuration.versioning, configuration.worm);
        let living = LivingBucket { rule_version, tombstones: 0, versioning, worm };
        let entry = self.buckets.entry(bucket.generation);
        entry.and_modify(|known| *known = LivingBucket { tombstones: known.tombstones, ..living }).or_insert(living);
    }

    /// Whether a life of a bucket may hold versions that are not current.
    pub(super) fn has_versions(&self, generation: Generation) -> bool {
        self.buckets.get(&generation).is_some_and(|living| living.versioning != Versioning::Unversioned)
    }

    fn outcome(&self) -> Option<watch::Receiver<Outcome>> {
        if self.batch.is_empty() { self.writing.clone() } else { Some(self.batch.outcome.subscribe()) }
    }
}

/// One change being judged, under the commit lock.
pub(super) struct Judgement<'a> {
    view: &'a View,
    /// The state it is judged against.
    pub(super) state: &'a mut CommitState,
    changes: Vec<RowChange>,
    body: Bytes,
    saw_pending: bool,
}

impl Judgement<'_> {
    /// Sequence that the entry will have.
    pub(super) fn sequence(&self) -> u64 {
        self.state.batch.next_sequence()
    }

    /// Number of the version that the entry makes, at most one of a key.
    pub(super) fn version_number(&self) -> VersionNumber {
        VersionNumber::new(self.sequence(), self.state.version_salt)
    }

    /// Gives the entry a body, and tells where it will be.
    pub(super) fn place_body(&mut self, body: Bytes) -> (BlobRef, u64) {
        self.body = body;
        let end = self.state.batch.end();
        let offset_bytes = end.offset_bytes + super::frame::FRAME_HEADER_BYTES as u64;
        (BlobRef::Log { segment: end.segment }, offset_bytes)
    }

    /// The bucket, which must still live.
    pub(super) fn living(&self, bucket: &BucketRef) -> Result<&LivingBucket> {
        let living = self.state.buckets.get(&bucket.generation);
        living.ok_or_else(|| Error::NoSuchBucket { bucket: bucket.name.as_str().into() })
    }

    /// A row as the last entry leaves it.
    pub(super) fn get(&mut self, key: &[u8]) -> Result<Option<Bytes>> {
        if let Some(pending) = self.state.pending.get(key) {
            self.saw_pending = true;
            return Ok(pending.value.clone());
        }
        self.view.get(key)
    }

    /// An object as the last entry leaves it, and its row as stored.
    pub(super) fn object(&mut self, generation: Generation, key: &ObjectKey) -> Result<Option<(ObjectRow, Bytes)>> {
        let row_key = ObjectRow::key(generation, key);
        let Some(value) = self.get(&row_key)? else { return Ok(None) };
        Ok(Some((ObjectRow::decode(&row_key, &value)?, value)))
    }

    /// Rows from the start of `range` on, as the last entry leaves them; see [`View::chunk`].
    pub(super) fn chunk(&mut self, range: &KeyRange, limit: usize) -> Result<Chunk> {
        let end = range.end.as_deref().map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let bounds = (std::ops::Bound::Included(range.start.as_slice()), end);
        let pending: Vec<_> = self
            .state
            .pending
            .range::<[u8], _>(bounds)
            .take(limit)
            .map(|(key, row)| (key.clone(), row.value.clone()))
            .collect();
        self.saw_pending |= !pending.is_empty();
        Ok(Chunk::of(pending, limit).over(self.view.chunk(range, limit)?))
    }

    /// All rows of `range`, as the last entry leaves them. For ranges with a known bound only.
    pub(super) fn rows(&mut self, range: KeyRange) -> Result<Vec<(Bytes, Bytes)>> {
        let mut rows = Vec::new();
        let mut rest = Some(range);
        while let Some(range) = rest {
            let chunk = self.chunk(&range, 1024)?;
            rest = chunk.rest_of(&range);
            rows.extend(chunk.rows.into_iter().filter_map(|(key, value)| Some((key, value?))));
        }
        Ok(rows)
    }

    /// The first row of `range`, as the last entry leaves it.
    pub(super) fn first(&mut self, range: KeyRange) -> Result<Option<(Bytes, Bytes)>> {
        // Nearly always the first is there, and rows may be long: more are read only behind deleted ones.
        let (mut rest, mut limit) = (Some(range), 2);
        while let Some(range) = rest {
            let mut chunk = self.chunk(&range, limit)?;
            limit = (limit * 8).min(64);
            rest = chunk.rest_of(&range);
            if let Some(row) = chunk.rows.drain(..).find_map(|(key, value)| Some((key, value?))) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// Whether no row is in `range`.
    pub(super) fn is_empty(&mut self, range: KeyRange) -> Result<bool> {
        Ok(self.first(range)?.is_none())
    }

    /// Writes a row that was `former`.
    pub(super) fn put(&mut self, key: impl Into<Bytes>, value: Bytes, former: Option<Bytes>) {
        self.changes.push(RowChange { key: key.into(), value: Some(value), former });
    }

    /// Deletes a row that was `former`.
    pub(super) fn delete(&mut self, key: impl Into<Bytes>, former: Bytes) {
        self.changes.push(RowChange { key: key.into(), value: None, former: Some(former) });
    }

    /// Repeats the deletion of a row that does not exist, for those who rebuild the index from the log.
    pub(super) fn delete_again(&mut self, key: Bytes) {
        self.changes.push(RowChange { key, value: None, former: None });
    }

    fn append(self) {
        let sequence = self.sequence();
        for change in &self.changes {
            if let Some((generation, step)) = change.tombstones()
                && let Some(living) = self.state.buckets.get_mut(&generation)
            {
                living.tombstones = living.tombstones.saturating_add_signed(step);
            }
            let row = PendingRow { sequence, value: change.value.clone() };
            self.state.pending.insert(change.key.clone(), row);
        }
        self.state.batch.push(&self.body, self.changes);
    }
}

impl Core {
    /// Locks the commit state.
    pub(super) fn state(&self) -> MutexGuard<'_, CommitState> {
        self.state.lock().expect("judgements do not panic")
    }

    /// Judges a change and waits until its entry, or whatever it was refused for, is durable and visible. `body_bytes`
    /// is the length of the body it will place. A judgement that changes nothing writes no entry.
    ///
    /// # Errors
    /// Those of `judge`; `StorageFull`; `Internal` once the store is closed.
    pub(super) async fn commit<T>(
        &self,
        body_bytes: usize,
        judge: impl FnOnce(&mut Judgement<'_>) -> Result<T>,
    ) -> Result<T> {
        self.try_commit(body_bytes, judge).await.map_err(|refusal| match refusal {
            Refusal::Certain(error) | Refusal::Unknown(error) => error,
        })
    }

    /// [`Core::commit`], for callers who must know whether the entry may have been written all the same.
    pub(super) async fn try_commit<T>(
        &self,
        body_bytes: usize,
        judge: impl FnOnce(&mut Judgement<'_>) -> Result<T>,
    ) -> Result<T, Refusal> {
        let share = u32::try_from((ENTRY_BYTES + body_bytes).min(QUEUE_BYTES)).expect("QUEUE_BYTES is below 4 GiB");
        let _share =
            self.queue.acquire_many(share).await.map_err(|error| Error::internal("append to the log", error))?;
        self.wait_for_overlay().await?;
        let (verdict, outcome) = self.judge(judge)?;
        if let Some(mut outcome) = outcome {
            let decided = outcome.wait_for(|outcome| *outcome != Outcome::Waiting).await;
            match decided.map_or(Outcome::Stopped, |outcome| *outcome) {
                Outcome::Durable => {}
                Outcome::Full => return Err(Error::StorageFull.into()),
                Outcome::Refused => {
                    return Err(Error::internal("append to the log", "the next segment could not be made").into());
                }
                Outcome::Waiting | Outcome::Stopped => return Err(Refusal::Unknown(stopped())),
            }
        }
        Ok(verdict?)
    }

    /// What rows take of the queue that an entry moves or deletes: one that lists 10,000 parts is much longer than what is
    /// counted for any entry. A look before the commit, which also brings them into memory before the lock is taken.
    pub(super) fn row_bytes<const N: usize>(&self, keys: [&[u8]; N]) -> Result<usize> {
        let rows = self.view.get_together(keys)?;
        Ok(rows.iter().flatten().map(Bytes::len).sum())
    }

    /// The synchronous half of [`Core::commit`]: the verdict, and whose outcome it depends on.
    fn judge<T>(
        &self,
        judge: impl FnOnce(&mut Judgement<'_>) -> Result<T>,
    ) -> Result<(Result<T>, Option<watch::Receiver<Outcome>>)> {
        let mut state = self.state();
        if state.stage != Stage::Open {
            return Err(stopped());
        }
        let mut judgement = Judgement {
            view: &self.view,
            state: &mut state,
            changes: Vec::new(),
            body: Bytes::new(),
            saw_pending: false,
        };
        let verdict = judge(&mut judgement);
        let saw_pending = judgement.saw_pending;
        if verdict.is_ok() && !judgement.changes.is_empty() {
            judgement.append();
            self.batch_ready.notify_one();
            return Ok((verdict, state.outcome()));
        }
        let outcome = if saw_pending { state.outcome() } else { None };
        Ok((verdict, outcome))
    }
}

fn stopped() -> Error {
    Error::internal("append to the log", "the store is closed")
}
