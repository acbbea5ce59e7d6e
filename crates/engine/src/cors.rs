//! The cross-origin rules of a bucket. What they say to a browser is told where answers are written.

use std::sync::Arc;

use headwater_model::cors::CorsConfiguration;
use headwater_model::reply::Reply;
use headwater_model::{BucketName, Error, Result};

use crate::engine::Engine;

impl Engine {
    pub(crate) fn get_bucket_cors(&self, bucket: &BucketName) -> Result<Reply> {
        let cors = self.known(bucket)?.bucket.configuration.cors.clone();
        cors.map(Reply::Cors).ok_or_else(|| Error::NoSuchCors { bucket: bucket.as_str().into() })
    }

    pub(crate) async fn put_bucket_cors(&self, bucket: &BucketName, cors: Option<CorsConfiguration>) -> Result<Reply> {
        self.change_bucket(bucket, |bucket| bucket.configuration.cors = cors.map(Arc::new)).await
    }
}
