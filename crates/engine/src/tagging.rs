//! Tags of stored objects and of buckets. Nothing here reaches an origin.

use headwater_model::bucket::{Bucket, Dialect};
use headwater_model::object::Tags;
use headwater_model::op::{Action, Caller, ObjectVersion};
use headwater_model::reply::Reply;
use headwater_model::{BucketName, Error, Result};
use headwater_store::Amendment;

use crate::engine::Engine;
use crate::versions::of_version;

impl Engine {
    pub(crate) async fn get_object_tagging(&self, caller: &Caller<'_>, target: &ObjectVersion) -> Result<Reply> {
        let object = self.open_for(caller, Action::GetObjectTagging, target).await?;
        let tags = Reply::Tags(object.meta.tags.clone());
        Ok(if self.tells_versions(Some(&target.bucket)) { of_version(tags, object.meta.version) } else { tags })
    }

    /// Replaces the tags, or removes them where `tags` is `None`. An object that is not here has no tags to set: its origin
    /// is not asked.
    pub(crate) async fn set_object_tags(
        &self,
        caller: &Caller<'_>,
        target: &ObjectVersion,
        tags: Option<Tags>,
    ) -> Result<Reply> {
        let action = if tags.is_some() { Action::PutObjectTagging } else { Action::DeleteObjectTagging };
        let tags = tags.unwrap_or_default();
        self.amend(caller, action, target, |_| Ok(Amendment::Tags(tags.clone()))).await
    }

    /// S3 says that there are none, OSS shows none.
    pub(crate) fn get_bucket_tagging(&self, caller: &Caller<'_>, bucket: &BucketName) -> Result<Reply> {
        let tags = self.known(bucket)?.bucket.configuration.tags.clone();
        if tags.is_empty() && caller.dialect == Dialect::S3 {
            return Err(Error::NoSuchTagSet { bucket: bucket.as_str().into() });
        }
        Ok(Reply::Tags(tags))
    }

    pub(crate) async fn put_bucket_tagging(&self, bucket: &BucketName, tags: Tags) -> Result<Reply> {
        self.change_bucket(bucket, |bucket| bucket.configuration.tags = tags).await
    }

    /// Removes the tags of these keys, all if none is named.
    pub(crate) async fn delete_bucket_tagging(&self, bucket: &BucketName, keys: &[Box<str>]) -> Result<Reply> {
        self.change_bucket(bucket, |bucket| {
            bucket.configuration.tags.retain(|(key, _)| !keys.is_empty() && !keys.contains(key));
        })
        .await
    }

    /// Changes what a bucket's owner configured, and nothing that fills depend on.
    pub(crate) async fn change_bucket(&self, name: &BucketName, change: impl FnOnce(&mut Bucket)) -> Result<Reply> {
        self.try_change_bucket(name, |bucket| {
            change(bucket);
            Ok(())
        })
        .await
    }

    /// As [`Self::change_bucket`], unless `change` refuses.
    pub(crate) async fn try_change_bucket(
        &self,
        name: &BucketName,
        change: impl FnOnce(&mut Bucket) -> Result<()>,
    ) -> Result<Reply> {
        let changing = self.buckets.change().await;
        let mut bucket = Bucket::clone(&changing.find(name)?.bucket);
        change(&mut bucket)?;
        changing.update(&*self.store, bucket).await?;
        Ok(Reply::Done)
    }
}
