//! CopyObject.

use headwater_model::digest::ETag;
use headwater_model::limits::MAX_PUT_BYTES;
use headwater_model::object::{ObjectHeaders, ObjectKind, Provenance};
use headwater_model::op::{Action, AnnouncedDigests, Caller, CopyObject};
use headwater_model::precondition::Verdict;
use headwater_model::reply::Reply;
use headwater_model::{Error, Result};
use headwater_store::{NewObject, StoredObject, WriteIntent};

use crate::body::pour;
use crate::engine::Engine;
use crate::put::{as_condition, expectation};

impl Engine {
    /// Copies bytes and, unless the request brings its own, metadata. The source never mirrors: a copy of what is not
    /// here is a copy of nothing. A copy is a normal write, so `x-oss-tag` is dropped. Whether an object may be copied onto
    /// itself is the dialect's affair, which knows everything that the request wants changed.
    pub(crate) async fn copy_object(&self, caller: &Caller<'_>, copy: CopyObject) -> Result<Reply> {
        self.authorise(caller, Action::GetObject, Some(&copy.source_bucket), Some(&copy.source_key))?;
        let bucket = self.known(&copy.bucket)?;
        let source = self.open_for(caller, Action::GetObject, &copy.source_bucket, &copy.source_key).await?;
        match copy.source_conditions.evaluate(&source.meta.etag, source.meta.last_modified) {
            Verdict::Proceed => {}
            // RFC 9110 knows 304 only for GET and HEAD; both vendors answer a failed copy condition with 412.
            Verdict::NotModified => return Err(Error::PreconditionFailed { condition: "copy-source-if-none-match" }),
            Verdict::Failed(condition) => return Err(Error::PreconditionFailed { condition }),
        }
        let access = self.access_of_new(caller, &bucket.bucket, copy.acl.as_ref())?;
        let headers = copy.headers.clone().unwrap_or_else(|| source.meta.headers.clone());
        let object = NewObject {
            etag: source.meta.etag.clone(),
            last_modified: self.clock.now(),
            kind: source.meta.kind,
            provenance: Provenance::Written,
            headers: ObjectHeaders { access, ..headers },
            checksum: source.meta.checksum.clone(),
            tags: source.meta.tags.clone(),
        };
        let has = source.meta.checksum.as_ref().map(|checksum| checksum.algorithm);
        let copied = if copy.algorithm.is_none() || copy.algorithm == has {
            let expect = expectation(&copy.condition);
            self.store.copy(source, bucket.reference.clone(), copy.key.clone(), object, expect).await
        } else {
            self.copy_computing(source, &bucket.reference, &copy, object).await
        };
        copied.map(Reply::Copied).map_err(|error| as_condition(error, &copy.condition))
    }

    /// A copy for which a checksum must be computed reads every byte, and is an object written in one piece then: its tag
    /// and its checksum are of the whole, however the source was written.
    async fn copy_computing(
        &self,
        source: StoredObject,
        bucket: &headwater_store::BucketRef,
        copy: &CopyObject,
        object: NewObject,
    ) -> Result<headwater_model::object::SharedMeta> {
        let size_bytes = source.meta.size_bytes;
        let intent = WriteIntent {
            bucket: bucket.clone(),
            key: copy.key.clone(),
            content_length: Some(size_bytes),
            max_bytes: MAX_PUT_BYTES.max(size_bytes),
            checksum: copy.algorithm,
            followed: false,
        };
        let mut writer = self.store.begin(intent).await?;
        let body = crate::get::content(&source, 0..size_bytes);
        let digests = pour(&mut *writer, body, &AnnouncedDigests::default()).await?;
        let etag = ETag::of_md5(digests.md5);
        let object = NewObject { etag, kind: ObjectKind::Normal, checksum: digests.checksum, ..object };
        writer.seal(object, expectation(&copy.condition)).await
    }
}
