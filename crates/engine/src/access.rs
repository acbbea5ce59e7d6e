//! A bucket's list, or what of the public's rights is blocked on it, replaced while it is as somebody read it.
//!
//! Guarantees: comparing and replacing are one step under the lock that every change of a bucket takes, so a change by
//! whichever door in between is noticed, and nothing is replaced then.

use headwater_model::acl::WantedAcl;
use headwater_model::bucket::{Bucket, BucketAccess, PublicAccessBlock};
use headwater_model::op::{Action, Caller};
use headwater_model::{Error, Result};

use crate::engine::Engine;

/// What takes the place of what was read.
#[derive(Clone, Debug)]
pub enum AccessChange {
    /// Of the access control list.
    Acl(WantedAcl),
    /// Of what is blocked.
    Block(PublicAccessBlock),
}

impl Engine {
    /// Replaces the list or the block of a bucket unless one of the two is another than in `read`.
    ///
    /// # Errors
    /// `PreconditionFailed` if one of them, or the bucket, is another by now; those of PutBucketAcl and
    /// PutPublicAccessBlock.
    pub async fn replace_access(&self, caller: &Caller<'_>, read: &Bucket, wanted: &AccessChange) -> Result<()> {
        let action = match wanted {
            AccessChange::Acl(_) => Action::PutBucketAcl,
            AccessChange::Block(_) => Action::PutBucketPublicAccessBlock,
        };
        let changed = || Error::PreconditionFailed { condition: "what was read" };
        if self.bucket(read.name.as_str()).is_none() {
            return Err(changed());
        }
        self.authorise(caller, action, Some(&read.name), None)?;
        let change = self.buckets.change().await;
        let known = change.find(&read.name).map_err(|_| changed())?;
        let now = &*known.bucket;
        let as_read = now.generation == read.generation && now.acl == read.acl;
        if !as_read || now.access.public_access != read.access.public_access {
            return Err(changed());
        }
        let bucket = match wanted {
            AccessChange::Acl(wanted) => Bucket { acl: self.acl_to_be(now, wanted)?, ..now.clone() },
            AccessChange::Block(block) => {
                let access = BucketAccess { public_access: *block, ..now.access.clone() };
                Bucket { access, ..now.clone() }
            }
        };
        change.update(&*self.store, bucket).await
    }
}
