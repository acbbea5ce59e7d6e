//! What browsers are told about requests from the pages of other sites.

use headwater_model::body::Body;
use headwater_model::bucket::Bucket;
use headwater_model::{Error, Result};
use headwater_wire::{ResponseContext, Routed, cors};
use http::Response;
use http::request::Parts;

use crate::record::RequestRecord;
use crate::service::Service;

impl Service {
    /// Answers whoever asks, since a preflight cannot be signed: it tells only what the bucket's owner wrote for browsers.
    pub(crate) fn preflight(
        &self,
        parts: &Parts,
        routed: &Routed,
        secure: bool,
        record: &RequestRecord,
    ) -> Result<Response<Body>> {
        let name = routed.bucket.as_ref().map(headwater_model::BucketName::as_str).unwrap_or_default();
        let bucket = self.engine.bucket(name).ok_or_else(|| Error::NoSuchBucket { bucket: name.into() })?;
        let elapsed = self.elapsed_of(record);
        let context = ResponseContext { request_id: record.id.as_str(), elapsed, secure };
        cors::preflight(routed, parts, bucket.configuration.cors.as_deref(), &context)
    }
}

/// Adds to an answer about a bucket, an error among them, what the page may see of it.
pub(crate) fn allow_origin(parts: &Parts, response: &mut Response<Body>, bucket: &Bucket) {
    if parts.method == http::Method::OPTIONS {
        return;
    }
    if let Some(cors) = &bucket.configuration.cors {
        cors::allow(response.headers_mut(), parts, cors);
    }
}
