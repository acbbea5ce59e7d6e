//! How a bucket encrypts objects whose writers ask for nothing.

use headwater_model::encryption::BucketEncryption;
use headwater_model::reply::Reply;
use headwater_model::{BucketName, Error, Result};

use crate::engine::Engine;

impl Engine {
    pub(crate) fn get_bucket_encryption(&self, bucket: &BucketName) -> Result<Reply> {
        let encryption = self.known(bucket)?.bucket.configuration.encryption;
        encryption
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
