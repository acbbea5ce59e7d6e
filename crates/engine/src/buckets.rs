//! Operations on buckets as such.

use headwater_model::bucket::{Bucket, BucketAccess, CannedAcl, Dialect, Generation};
use headwater_model::op::{Caller, CreateBucket, ListBuckets};
use headwater_model::reply::Reply;
use headwater_model::{BucketName, Error, Result};

use crate::engine::Engine;

impl Engine {
    /// The caller's own.
    pub(crate) fn list_buckets(&self, caller: &Caller<'_>, query: &ListBuckets) -> Reply {
        let owner = caller.principal.owner().unwrap_or_else(|| self.accounts.root()).clone();
        let mut buckets = self.buckets.sorted();
        buckets.retain(|bucket| self.owner_of(bucket).id == owner.id);
        buckets.retain(|bucket| {
            let name = bucket.name.as_str();
            name.starts_with(&*query.prefix)
                && name > &*query.after
                && query.location.as_ref().is_none_or(|location| *location == bucket.location)
        });
        let more = buckets.len() > query.limit;
        buckets.truncate(query.limit);
        let next = more.then(|| buckets.last().map(|bucket| bucket.name.as_str().into())).flatten();
        Reply::Buckets { owner, buckets, next }
    }

    /// On the OSS face a repeated creation succeeds and sets the access list that it names (OSS PutBucket); S3 answers
    /// that the bucket is the caller's already, or just that it exists if the list is to be another. A name that
    /// somebody else's bucket has is taken on both.
    pub(crate) async fn create_bucket(&self, caller: &Caller<'_>, create: CreateBucket) -> Result<Reply> {
        let change = self.buckets.change().await;
        let owner = caller.principal.owner().unwrap_or_else(|| self.accounts.root()).clone();
        if let Ok(known) = change.find(&create.bucket) {
            let same_acl = known.bucket.acl == create.acl.unwrap_or_default();
            if self.owner_of(&known.bucket).id != owner.id || (caller.dialect == Dialect::S3 && !same_acl) {
                return Err(Error::BucketAlreadyExists { bucket: create.bucket.as_str().into() });
            }
            if caller.dialect == Dialect::S3 {
                return Err(Error::BucketAlreadyOwnedByYou { bucket: create.bucket.as_str().into() });
            }
            let Some(acl) = create.acl.filter(|acl| *acl != known.bucket.acl) else {
                return Ok(Reply::Bucket { owner, bucket: known.bucket.clone() });
            };
            change.update(&*self.store, Bucket { acl, ..Bucket::clone(&known.bucket) }).await?;
            return Ok(Reply::Bucket { owner, bucket: change.find(&create.bucket)?.bucket.clone() });
        }
        let bucket = Bucket {
            name: create.bucket,
            generation: Generation(0),
            created: self.clock.now(),
            acl: create.acl.unwrap_or_default(),
            access: BucketAccess { owner: (owner.id != self.accounts.root().id).then(|| owner.clone()) },
            dialect: caller.dialect,
            location: create.location.unwrap_or_else(|| (*self.region).into()),
            storage_class: create.storage_class.unwrap_or_else(|| "Standard".into()),
            rule_version: 0,
            migration: headwater_model::settings::MigrationSettings::default(),
            website: None,
        };
        let bucket = change.create(&*self.store, bucket).await?;
        Ok(Reply::Bucket { owner, bucket })
    }

    pub(crate) fn show_bucket(&self, name: &BucketName) -> Result<Reply> {
        let known = self.known(name)?;
        Ok(Reply::Bucket { owner: self.owner_of(&known.bucket), bucket: known.bucket.clone() })
    }

    pub(crate) async fn put_bucket_acl(&self, name: &BucketName, acl: CannedAcl) -> Result<Reply> {
        let change = self.buckets.change().await;
        let known = change.find(name)?;
        change.update(&*self.store, Bucket { acl, ..Bucket::clone(&known.bucket) }).await?;
        Ok(Reply::Done)
    }

    pub(crate) async fn delete_bucket(&self, name: &BucketName) -> Result<Reply> {
        let change = self.buckets.change().await;
        let known = change.find(name)?;
        change.delete(&*self.store, &known).await?;
        Ok(Reply::Done)
    }
}
