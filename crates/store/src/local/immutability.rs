//! What keeps an object from being deleted or replaced: its own lock, and the retention policy of its bucket.
//!
//! Judged under the commit lock, with the bucket as the last entry before leaves it: a policy that was acknowledged holds
//! for every change after it.

use headwater_model::bucket::Generation;
use headwater_model::clock::Timestamp;
use headwater_model::object::ObjectMeta;
use headwater_model::version::Governance;
use headwater_model::worm::BucketWorm;
use headwater_model::{Error, ObjectKey, Result};

use super::commit::Judgement;

/// What a removal is held against.
#[derive(Clone, Copy)]
pub(super) struct Immutability {
    /// When it happens.
    pub(super) now: Timestamp,
    /// Whether it bypasses governance.
    pub(super) governance: Governance,
    /// The policy of the bucket.
    pub(super) worm: Option<BucketWorm>,
}

impl Immutability {
    /// Of a life of a bucket at `now`, governance respected.
    pub(super) fn of(judgement: &Judgement<'_>, generation: Generation, now: Timestamp) -> Self {
        let worm = judgement.state.buckets.get(&generation).and_then(|living| living.worm);
        Self { now, governance: Governance::Respected, worm }
    }

    /// # Errors
    /// `ObjectLocked` if the object stays.
    pub(super) fn permit_removal(&self, key: &ObjectKey, meta: &ObjectMeta) -> Result<()> {
        let lock = meta.headers.lock.as_ref();
        let locked = lock.is_some_and(|lock| !lock.permits_deletion(self.now, self.governance));
        if locked || self.worm.is_some_and(|worm| worm.protects(meta.last_modified, self.now)) {
            return Err(Error::ObjectLocked { key: key.as_str().into(), version: meta.version });
        }
        Ok(())
    }
}
