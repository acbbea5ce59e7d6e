//! Who may fill a key, and what keeps a deleted one deleted.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use headwater_model::ObjectKey;
use headwater_model::clock::Timestamp;

/// What a deletion leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// Nothing: the key may be filled again. A tombstone that stands stays.
    Refetchable,
    /// A tombstone (`Gone`): the key is not filled until it is written, or the tombstone is lifted.
    Gone,
}

/// A tombstone: a key that was deleted on purpose, and when.
pub type Tombstone = (ObjectKey, Timestamp);

/// The right to commit a fill: revoked by whatever touches the key, the rules or the bucket first.
#[derive(Clone)]
pub struct FillToken {
    revoked: Arc<AtomicBool>,
}

impl FillToken {
    /// A token that holds. Stores make them in [`Store::begin_fill`](crate::Store::begin_fill).
    #[allow(clippy::new_without_default)] // a token is granted, never defaulted
    pub fn new() -> Self {
        Self { revoked: Arc::new(AtomicBool::new(false)) }
    }

    /// Ends the right. Called by stores under the commit lock; idempotent.
    pub fn revoke(&self) {
        self.revoked.store(true, Ordering::Release);
    }

    /// Whether the right has ended. A request must not join a fill whose token is revoked.
    pub fn is_revoked(&self) -> bool {
        self.revoked.load(Ordering::Acquire)
    }

    /// Whether nobody but the store holds the token any more: no commit can come with it.
    pub(crate) fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.revoked) == 1
    }

    /// Whether both are the same grant.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.revoked, &other.revoked)
    }
}

impl fmt::Debug for FillToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FillToken").field("revoked", &self.is_revoked()).finish()
    }
}
