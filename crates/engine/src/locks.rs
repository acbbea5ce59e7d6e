//! Object lock: how a bucket retains its objects, and what keeps a version from being deleted.
//!
//! Guarantees: a lock is given only to objects of buckets that have it enabled, and enabling it is for good. That a locked
//! version stays is the store's to see to, under the key's commit lock; here is decided who may bypass governance.

use std::time::Duration;

use headwater_model::bucket::Bucket;
use headwater_model::clock::Timestamp;
use headwater_model::error::VersionError;
use headwater_model::op::{Action, Caller, LegalHold, ObjectVersion, Op, PutObjectRetention};
use headwater_model::reply::Reply;
use headwater_model::version::{
    DefaultRetention, Governance, ObjectLock, ObjectLockConfiguration, Retention, RetentionPeriod, Versioning,
};
use headwater_model::{BucketName, Error, ObjectKey, Result};
use headwater_store::Amendment;

use crate::engine::Engine;
use crate::versions::of_version;

const DAY: Duration = Duration::from_hours(24);
/// Days of a year of retention.
const YEAR_DAYS: u32 = 365;

impl Engine {
    pub(crate) fn get_lock_configuration(&self, name: &BucketName) -> Result<Reply> {
        let configuration = self.known(name)?.bucket.configuration.object_lock.clone();
        let none = || VersionError::NoLockConfiguration { bucket: name.as_str().into() };
        Ok(Reply::LockConfiguration(configuration.ok_or_else(none)?))
    }

    pub(crate) async fn put_lock_configuration(
        &self,
        name: &BucketName,
        configuration: ObjectLockConfiguration,
    ) -> Result<Reply> {
        self.try_change_bucket(name, |bucket| {
            if bucket.configuration.versioning != Versioning::Enabled {
                let message = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration";
                return Err(VersionError::InvalidBucketState { message: message.into() }.into());
            }
            if bucket.configuration.worm.is_some() {
                let message = "The bucket has a retention policy, which excludes an Object Lock configuration";
                return Err(VersionError::InvalidBucketState { message: message.into() }.into());
            }
            bucket.configuration.object_lock = Some(configuration);
            Ok(())
        })
        .await
    }

    pub(crate) async fn get_retention(&self, caller: &Caller<'_>, target: &ObjectVersion) -> Result<Reply> {
        let object = self.open_for(caller, Action::GetObjectRetention, target).await?;
        require_lock(&self.known(&target.bucket)?.bucket)?;
        let retention = object.meta.headers.lock.as_ref().and_then(|lock| lock.retention);
        let none = || VersionError::NoLock { key: target.key.as_str().into() };
        Ok(of_version(Reply::Retention(retention.ok_or_else(none)?), object.meta.version))
    }

    pub(crate) async fn put_retention(&self, caller: &Caller<'_>, put: PutObjectRetention) -> Result<Reply> {
        let PutObjectRetention { target, retention, governance } = put;
        self.amend(caller, Action::PutObjectRetention, &target, |_| {
            require_lock(&self.known(&target.bucket)?.bucket)?;
            require_future(retention, self.clock.now())?;
            let governance = self.governance(caller, governance, &target.bucket, &target.key);
            Ok(Amendment::Retention(retention, governance))
        })
        .await
    }

    pub(crate) async fn get_legal_hold(&self, caller: &Caller<'_>, target: &ObjectVersion) -> Result<Reply> {
        let object = self.open_for(caller, Action::GetObjectLegalHold, target).await?;
        require_lock(&self.known(&target.bucket)?.bucket)?;
        let held = object.meta.headers.lock.as_ref().is_some_and(|lock| lock.legal_hold);
        let hold = if held { LegalHold::On } else { LegalHold::Off };
        Ok(of_version(Reply::LegalHold(hold), object.meta.version))
    }

    pub(crate) async fn put_legal_hold(
        &self,
        caller: &Caller<'_>,
        target: &ObjectVersion,
        hold: LegalHold,
    ) -> Result<Reply> {
        self.amend(caller, Action::PutObjectLegalHold, target, |_| {
            require_lock(&self.known(&target.bucket)?.bucket)?;
            Ok(Amendment::LegalHold(hold == LegalHold::On))
        })
        .await
    }

    /// What the request asks for of governance, if its caller has the right to bypass it. Who has not is refused only where
    /// something is retained.
    pub(crate) fn governance(
        &self,
        caller: &Caller<'_>,
        asked: Governance,
        bucket: &BucketName,
        key: &ObjectKey,
    ) -> Governance {
        let may = || self.authorise(caller, Action::BypassGovernanceRetention, Some(bucket), Some(key)).is_ok();
        if asked == Governance::Bypassed && may() { Governance::Bypassed } else { Governance::Respected }
    }

    /// What keeps a new object: what its writer wants, and its bucket's default retention if he wants none.
    pub(crate) fn lock_of_new(
        &self,
        bucket: &Bucket,
        wanted: Option<Box<ObjectLock>>,
    ) -> Result<Option<Box<ObjectLock>>> {
        if let Some(lock) = &wanted {
            require_lock(bucket)?;
            require_future(lock.retention, self.clock.now())?;
        }
        Ok(with_default(bucket, wanted, self.clock.now()))
    }

    /// Whoever locks what he writes needs the rights to do that afterwards.
    pub(crate) fn authorise_lock(
        &self,
        caller: &Caller<'_>,
        op: &Op,
        bucket: Option<&BucketName>,
        key: Option<&ObjectKey>,
    ) -> Result<()> {
        let Some(lock) = op.lock() else { return Ok(()) };
        if lock.retention.is_some() {
            self.authorise(caller, Action::PutObjectRetention, bucket, key)?;
        }
        if lock.legal_hold {
            self.authorise(caller, Action::PutObjectLegalHold, bucket, key)?;
        }
        Ok(())
    }
}

/// A lock with the default retention of the bucket, if it has none of its own.
pub(crate) fn with_default(bucket: &Bucket, lock: Option<Box<ObjectLock>>, now: Timestamp) -> Option<Box<ObjectLock>> {
    let default = bucket.configuration.object_lock.as_ref().and_then(|configuration| configuration.default_retention);
    let Some(DefaultRetention { mode, period }) = default else { return lock };
    let mut lock = lock.unwrap_or_default();
    let days = match period {
        RetentionPeriod::Days(days) => days,
        RetentionPeriod::Years(years) => years.saturating_mul(YEAR_DAYS),
    };
    lock.retention.get_or_insert_with(|| Retention { mode, until: now.plus(DAY.saturating_mul(days)) });
    Some(lock)
}

fn require_lock(bucket: &Bucket) -> Result<()> {
    if bucket.configuration.object_lock.is_some() {
        return Ok(());
    }
    Err(Error::InvalidRequest { message: "Bucket is missing Object Lock Configuration".into() })
}

fn require_future(retention: Option<Retention>, now: Timestamp) -> Result<()> {
    if retention.is_some_and(|retention| retention.until <= now) {
        let message = "The retain until date must be in the future!";
        return Err(Error::invalid_argument("RetainUntilDate", "", message));
    }
    Ok(())
}
