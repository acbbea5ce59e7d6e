//! How a bucket encrypts objects whose writers ask for nothing, and the server those of buckets that say nothing.

use headwater_model::bucket::Dialect;
use headwater_model::encryption::{BucketEncryption, ServerEncryption};
use headwater_model::op::Caller;
use headwater_model::reply::Reply;
use headwater_model::{BucketName, Error, Result};

use crate::engine::Engine;

impl Engine {
    /// What the server does with objects of buckets that say nothing.
    pub fn default_encryption(&self) -> ServerEncryption {
        self.seal.default
    }

    /// On OSS what the bucket says, on S3 what holds: there a bucket always tells how it encrypts.
    pub(crate) fn get_bucket_encryption(&self, caller: &Caller<'_>, bucket: &BucketName) -> Result<Reply> {
        let own = self.known(bucket)?.bucket.configuration.encryption;
        let is_on = caller.dialect == Dialect::S3 && self.default_encryption() == ServerEncryption::Managed;
        own.or(is_on.then(BucketEncryption::default))
            .map(Reply::BucketEncryption)
            .ok_or_else(|| Error::NoSuchEncryption { bucket: bucket.as_str().into() })
    }

    /// Objects that are there stay as they are.
    pub(crate) async fn put_bucket_encryption(
        &self,
        bucket: &BucketName,
        encryption: Option<BucketEncryption>,
    ) -> Result<Reply> {
        self.change_bucket(bucket, |bucket| bucket.configuration.encryption = encryption).await
    }
}
