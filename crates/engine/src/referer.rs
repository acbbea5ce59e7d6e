//! OSS's hotlink protection of a bucket.

use std::sync::Arc;

use headwater_model::referer::RefererConfiguration;
use headwater_model::reply::Reply;
use headwater_model::{BucketName, Error, Result};

use crate::engine::Engine;

impl Engine {
    /// A bucket for which nobody made one allows everything, and says so.
    pub(crate) fn get_bucket_referer(&self, bucket: &BucketName) -> Result<Reply> {
        let referer = self.known(bucket)?.bucket.configuration.referer.clone();
        Ok(Reply::Referer(referer.unwrap_or_default()))
    }

    pub(crate) async fn put_bucket_referer(
        &self,
        bucket: &BucketName,
        referer: Option<Box<RefererConfiguration>>,
    ) -> Result<Reply> {
        self.change_bucket(bucket, |bucket| bucket.configuration.referer = referer.map(Arc::from)).await
    }

    /// Whether the bucket's hotlink protection lets a request through that comes from this page. To be asked for objects
    /// only, of requests that are not signed in a header.
    ///
    /// # Errors
    /// [`Error::DeniedByReferer`]. A bucket that does not exist denies nothing.
    pub fn check_referer(&self, bucket: &BucketName, referer: Option<&str>) -> Result<()> {
        let known = self.buckets.find(bucket.as_str());
        let denies = known.is_some_and(|known| {
            known.bucket.configuration.referer.as_ref().is_some_and(|protection| !protection.allows(referer))
        });
        if denies { Err(Error::DeniedByReferer) } else { Ok(()) }
    }
}
