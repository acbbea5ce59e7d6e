//! Operations on buckets as such.

use headwater_model::bucket::{Bucket, CannedAcl, Dialect, Generation};
use headwater_model::limits::MAX_LIST_KEYS;
use headwater_model::list::ListQuery;
use headwater_model::op::{Caller, CreateBucket, ListBuckets};
use headwater_model::reply::Reply;
use headwater_model::{BucketName, Error, Result};
use headwater_store::BucketRef;

use crate::engine::Engine;

impl Engine {
    pub(crate) fn list_buckets(&self, query: &ListBuckets) -> Reply {
        let mut buckets = self.buckets.sorted();
        buckets.retain(|bucket| {
            let name = bucket.name.as_str();
            name.starts_with(&*query.prefix)
                && name > &*query.after
                && query.location.as_ref().is_none_or(|location| *location == bucket.location)
        });
        let more = buckets.len() > query.limit;
        buckets.truncate(query.limit);
        let next = more.then(|| buckets.last().map(|bucket| bucket.name.as_str().into())).flatten();
        Reply::Buckets { owner: self.owner.clone(), buckets, next }
    }

    /// On the OSS face a repeated creation succeeds and sets the access list that it names (OSS PutBucket); S3 answers
    /// that the bucket is the caller's already.
    pub(crate) async fn create_bucket(&self, caller: &Caller, create: CreateBucket) -> Result<Reply> {
        let change = self.buckets.change().await;
        let owner = self.owner.clone();
        if let Ok(known) = change.find(&create.bucket) {
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
            dialect: caller.dialect,
            location: create.location.unwrap_or_else(|| (*self.region).into()),
            storage_class: create.storage_class.unwrap_or_else(|| "Standard".into()),
            rule_version: 0,
            migration: headwater_model::settings::MigrationSettings::default(),
            website: None,
            configuration: headwater_model::bucket::BucketConfiguration::default(),
        };
        let bucket = change.create(&*self.store, bucket).await?;
        Ok(Reply::Bucket { owner, bucket })
    }

    pub(crate) fn show_bucket(&self, name: &BucketName) -> Result<Reply> {
        Ok(Reply::Bucket { owner: self.owner.clone(), bucket: self.known(name)?.bucket.clone() })
    }

    pub(crate) async fn put_bucket_acl(&self, name: &BucketName, acl: CannedAcl) -> Result<Reply> {
        let change = self.buckets.change().await;
        let known = change.find(name)?;
        change.update(&*self.store, Bucket { acl, ..Bucket::clone(&known.bucket) }).await?;
        Ok(Reply::Done)
    }

    /// Open uploads are content to OSS, which refuses; S3 drops them with a bucket that holds no object.
    pub(crate) async fn delete_bucket(&self, caller: &Caller, name: &BucketName) -> Result<Reply> {
        let change = self.buckets.change().await;
        let known = change.find(name)?;
        if caller.dialect == Dialect::S3 {
            self.drop_uploads(&known.reference).await?;
        }
        change.delete(&*self.store, &known).await?;
        Ok(Reply::Done)
    }

    /// Aborts the open uploads of a bucket without objects, a page at most: whoever begins them faster than they are
    /// dropped is told that the bucket is not empty.
    async fn drop_uploads(&self, bucket: &BucketRef) -> Result<()> {
        let query = |limit| ListQuery { prefix: "".into(), delimiter: "".into(), after: "".into(), limit };
        if !self.store.list(bucket, &query(1)).await?.objects.is_empty() {
            return Ok(());
        }
        for upload in self.store.uploads(bucket, &query(MAX_LIST_KEYS), None).await?.uploads {
            match self.store.abort_upload(bucket, &upload.key, upload.id).await {
                Ok(()) | Err(Error::NoSuchUpload { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
