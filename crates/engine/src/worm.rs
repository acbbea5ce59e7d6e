//! OSS's retention policy of a bucket: making, locking and extending it, and taking it back.
//!
//! Guarantees: a policy and object lock exclude each other, and a bucket whose versions are suspended gets no policy (OSS
//! BucketWorm). That what is young stays is the store's to see to, under the commit lock.

use headwater_model::bucket::Bucket;
use headwater_model::error::VersionError;
use headwater_model::reply::Reply;
use headwater_model::version::Versioning;
use headwater_model::worm::{BucketWorm, WormId, WormState};
use headwater_model::{BucketName, Error, Result};

use crate::engine::Engine;

impl Engine {
    pub(crate) fn get_bucket_worm(&self, name: &BucketName) -> Result<Reply> {
        let worm = self.known(name)?.bucket.configuration.worm.ok_or_else(|| none(name))?;
        Ok(Reply::Worm(worm, worm.state(self.clock.now())))
    }

    /// A policy that expired must be taken back before another is made, as at OSS.
    pub(crate) async fn initiate_bucket_worm(&self, name: &BucketName, days: u32) -> Result<Reply> {
        let id = WormId(self.clock.id());
        let worm = BucketWorm { id, days, created: self.clock.now(), locked: false };
        self.try_change_bucket(name, |bucket| {
            require_room(bucket)?;
            bucket.configuration.worm = Some(worm);
            Ok(())
        })
        .await?;
        Ok(Reply::WormInitiated(id))
    }

    pub(crate) async fn abort_bucket_worm(&self, name: &BucketName) -> Result<Reply> {
        self.try_change_bucket(name, |bucket| {
            let worm = bucket.configuration.worm.ok_or_else(|| none(name))?;
            if worm.locked {
                return Err(locked(name));
            }
            bucket.configuration.worm = None;
            Ok(())
        })
        .await
    }

    pub(crate) async fn complete_bucket_worm(&self, name: &BucketName, id: &str) -> Result<Reply> {
        let now = self.clock.now();
        self.try_change_bucket(name, |bucket| {
            let worm = named(bucket, id)?;
            match worm.state(now) {
                WormState::InProgress => worm.locked = true,
                WormState::Locked => return Err(locked(name)),
                WormState::Expired => return Err(invalid("The retention policy was not locked in time.")),
            }
            Ok(())
        })
        .await
    }

    pub(crate) async fn extend_bucket_worm(&self, name: &BucketName, id: &str, days: u32) -> Result<Reply> {
        self.try_change_bucket(name, |bucket| {
            let worm = named(bucket, id)?;
            if !worm.locked {
                return Err(invalid("Only a retention policy that is locked can be extended."));
            }
            if days <= worm.days {
                return Err(invalid("The retention period of a locked policy can only be made longer."));
            }
            worm.days = days;
            Ok(())
        })
        .await
    }
}

/// What stands in the way of a new policy.
fn require_room(bucket: &Bucket) -> Result<()> {
    let state = |message: &str| Err(VersionError::InvalidBucketState { message: message.into() }.into());
    if bucket.configuration.object_lock.is_some() {
        return state("The bucket has an ObjectWorm configuration, which excludes a retention policy.");
    }
    if bucket.configuration.versioning == Versioning::Suspended {
        return state("Versioning of the bucket is suspended; a retention policy needs it enabled or never enabled.");
    }
    match bucket.configuration.worm {
        None => Ok(()),
        Some(worm) if worm.locked => Err(locked(&bucket.name)),
        Some(_) => Err(invalid("The bucket has a retention policy already; abort it first.")),
    }
}

/// The policy of that id.
fn named<'b>(bucket: &'b mut Bucket, id: &str) -> Result<&'b mut BucketWorm> {
    let none = none(&bucket.name);
    bucket.configuration.worm.as_mut().filter(|worm| worm.id.to_string() == id).ok_or(none)
}

fn none(name: &BucketName) -> Error {
    VersionError::NoWorm { bucket: name.as_str().into() }.into()
}

fn locked(name: &BucketName) -> Error {
    VersionError::WormLocked { bucket: name.as_str().into() }.into()
}

fn invalid(message: &str) -> Error {
    VersionError::InvalidWorm { message: message.into() }.into()
}
