//! The settings that no vendor's document has: how a bucket migrates (decisions, rows 2 and 3). And the changes of the
//! vendors' documents by who must know what they replace.
//!
//! Guarantees: only checked settings are stored; they are durable before they hold, and hold for every request that
//! begins after the change is acknowledged. A change raises the bucket's rule version, so that no fill begun under the
//! former settings stores anything.

use headwater_model::bucket::{Bucket, BucketConfiguration};
use headwater_model::settings::MigrationSettings;
use headwater_model::{BucketName, Result};

use crate::engine::Engine;

/// What a change made of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed<T> {
    /// What there was.
    pub before: Option<T>,
    /// What there is now.
    pub after: Option<T>,
    /// Whether they differ; two documents that show the same may have different secrets. If not, nothing was written.
    pub differs: bool,
}

impl<T> Changed<T> {
    /// The same change in another form.
    pub fn map<U>(self, mut form: impl FnMut(T) -> U) -> Changed<U> {
        let Self { before, after, differs } = self;
        Changed { before: before.map(&mut form), after: after.map(form), differs }
    }
}

impl Engine {
    /// All buckets as of now, in order of name, from memory.
    pub fn buckets(&self) -> Vec<std::sync::Arc<Bucket>> {
        self.buckets.sorted()
    }

    /// How a bucket migrates.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub fn migration_settings(&self, name: &BucketName) -> Result<MigrationSettings> {
        Ok(self.known(name)?.bucket.migration.clone())
    }

    /// Changes how a bucket migrates; `change` makes the new settings from the old, and no other change comes between.
    ///
    /// # Errors
    /// `NoSuchBucket`; those of `change`; `InvalidArgument` naming the field; those of the store.
    pub async fn change_migration_settings(
        &self,
        name: &BucketName,
        change: impl FnOnce(&MigrationSettings) -> Result<MigrationSettings>,
    ) -> Result<Changed<MigrationSettings>> {
        let buckets = self.buckets.change().await;
        let known = buckets.find(name)?;
        let before = known.bucket.migration.clone();
        let after = change(&before)?;
        after.validate()?;
        if after != before {
            let rule_version = known.bucket.rule_version + 1;
            let bucket = Bucket { migration: after.clone(), rule_version, ..Bucket::clone(&known.bucket) };
            buckets.update(&*self.store, bucket).await?;
        }
        Ok(Changed { differs: after != before, before: Some(before), after: Some(after) })
    }

    /// Changes what a bucket's owner configures; `change` makes the new configuration from the old, and no other change
    /// comes between.
    ///
    /// Whether the caller may, [`Engine::authorise`] has been asked.
    ///
    /// # Errors
    /// `NoSuchBucket`; those of `change`; those of the store.
    pub async fn change_configuration(
        &self,
        name: &BucketName,
        change: impl FnOnce(&BucketConfiguration) -> Result<BucketConfiguration>,
    ) -> Result<Changed<BucketConfiguration>> {
        let buckets = self.buckets.change().await;
        let known = buckets.find(name)?;
        let before = known.bucket.configuration.clone();
        let after = change(&before)?;
        if after != before {
            let bucket = Bucket { configuration: after.clone(), ..Bucket::clone(&known.bucket) };
            buckets.update(&*self.store, bucket).await?;
        }
        Ok(Changed { differs: after != before, before: Some(before), after: Some(after) })
    }
}
