//! Where a bucket's requests are written down, and the writing of such objects.
//!
//! Deliberately not here: what the lines say and when they are written (crate `server`). A delivery is no request: it
//! makes no line of its own.

use std::sync::Arc;

use bytes::Bytes;
use headwater_model::body::Body;
use headwater_model::bucket::Bucket;
use headwater_model::digest::ETag;
use headwater_model::encryption::WriteEncryption;
use headwater_model::limits::MAX_PUT_BYTES;
use headwater_model::logging::{BucketLogging, LogFields};
use headwater_model::object::{Composition, ContentHeaders, ObjectHeaders, ObjectKind, Provenance};
use headwater_model::op::AnnouncedDigests;
use headwater_model::reply::Reply;
use headwater_model::{BucketName, Error, ObjectKey, Result};
use headwater_store::{Expectation, NewObject, WriteIntent};

use crate::body::pour;
use crate::control::Known;
use crate::encryption::NewKey;
use crate::engine::Engine;
use crate::locks::with_default;
use crate::put::with_class_of;

impl Engine {
    pub(crate) fn get_bucket_logging(&self, bucket: &BucketName) -> Result<Reply> {
        Ok(Reply::Logging(self.known(bucket)?.bucket.configuration.logging.clone()))
    }

    pub(crate) async fn put_bucket_logging(
        &self,
        bucket: &BucketName,
        logging: Option<Box<BucketLogging>>,
    ) -> Result<Reply> {
        if let Some(logging) = &logging {
            self.log_target(&self.known(bucket)?.bucket, &logging.target)?;
        }
        self.change_bucket(bucket, |bucket| bucket.configuration.logging = logging.map(Arc::from)).await
    }

    pub(crate) fn get_log_fields(&self, bucket: &BucketName) -> Result<Reply> {
        let fields = self.known(bucket)?.bucket.configuration.log_fields.clone();
        fields.map(Reply::LogFields).ok_or_else(|| Error::NoSuchLogFields { bucket: bucket.as_str().into() })
    }

    pub(crate) async fn put_log_fields(&self, bucket: &BucketName, fields: Option<Box<LogFields>>) -> Result<Reply> {
        self.change_bucket(bucket, |bucket| bucket.configuration.log_fields = fields.map(Arc::from)).await
    }

    /// Canonical id of the account that owns a bucket.
    pub fn owner_id(&self, bucket: &Bucket) -> Arc<str> {
        self.owner_of(bucket).id
    }

    /// The bucket that gets the log: of the same owner as the one whose requests it tells.
    fn log_target(&self, source: &Bucket, target: &BucketName) -> Result<Arc<Known>> {
        let known = self.buckets.find(target.as_str());
        known
            .filter(|known| self.owner_of(&known.bucket).id == self.owner_of(source).id)
            .ok_or_else(|| Error::InvalidLogTarget { target: target.as_str().into() })
    }

    /// Writes lines about requests to `source` as an object of `target`, which is the bucket's owner's.
    ///
    /// # Errors
    /// [`Error::InvalidLogTarget`] if there is no such bucket of the same owner any more; [`Error::NoSuchBucket`] of the
    /// source; those of the store.
    pub async fn deliver_log(
        &self,
        source: &BucketName,
        target: &BucketName,
        key: ObjectKey,
        lines: Bytes,
    ) -> Result<()> {
        let known = self.log_target(&self.known(source)?.bucket, target)?;
        let new_key = self.seal.key_of_new(&WriteEncryption::BucketDefault, &known.bucket, &key);
        let (data_key, encryption) = NewKey::split(new_key);
        let intent = WriteIntent {
            bucket: known.reference.clone(),
            key,
            content_length: u64::try_from(lines.len()).ok(),
            max_bytes: MAX_PUT_BYTES,
            checksum: None,
            followed: false,
            data_key,
        };
        let mut writer = self.store.begin(intent).await?;
        let digests = pour(&mut *writer, Body::Full(lines), &AnnouncedDigests::default()).await?;
        let content = ContentHeaders { content_type: Some("text/plain".into()), ..ContentHeaders::default() };
        // As any new object of the bucket, which is to keep them for as long as it says.
        let lock = with_default(&known.bucket, None, self.clock.now());
        let object = NewObject {
            etag: ETag::of_md5(digests.md5),
            last_modified: self.clock.now(),
            kind: ObjectKind::Normal,
            provenance: Provenance::Written,
            headers: with_class_of(ObjectHeaders { content, lock, ..ObjectHeaders::default() }, &known.bucket),
            checksum: None,
            tags: Vec::new(),
            composition: Composition { encryption, ..Composition::default() },
        };
        writer.seal(object, Expectation::Absent).await.map(drop)
    }
}
