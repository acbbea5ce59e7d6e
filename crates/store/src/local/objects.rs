//! Deleting, granting fills, copying.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use headwater_index::rows::ObjectRow;
use headwater_model::body::Body;
use headwater_model::clock::Timestamp;
use headwater_model::digest::Digests;
use headwater_model::object::SharedMeta;
use headwater_model::precondition::ObjectCondition;
use headwater_model::{Error, ObjectKey, Result};

use super::blob::{self, BlobId, FooterDraft, Role};
use super::commit::Judgement;
use super::config::INLINE_BYTES;
use super::core::Core;
use super::digest::BodyDigest;
use super::gone::{self, Leaving};
use super::reading::InFiles;
use super::running::hour_of;
use super::seal::{Candidate, Sealing, detached, meta};
use super::versions::{self, KeyVersions};
use crate::{Afterwards, BucketRef, Deleted, Expectation, FillToken, NewObject, StoredObject, WriteIntent};

impl Core {
    /// Deletes an object.
    pub(super) async fn delete(&self, bucket: &BucketRef, key: &ObjectKey, afterwards: Afterwards) -> Result<Deleted> {
        let now = self.clock.now();
        let row_bytes = self.row_bytes([&ObjectRow::key(bucket.generation, key)])?;
        self.commit(row_bytes, |judgement| self.judge_deletion(judgement, bucket, key, afterwards, now)).await
    }

    /// Deletes an object that meets a condition.
    pub(super) async fn delete_if(
        &self,
        bucket: &BucketRef,
        key: &ObjectKey,
        afterwards: Afterwards,
        condition: &ObjectCondition,
    ) -> Result<Deleted> {
        let now = self.clock.now();
        let row_bytes = self.row_bytes([&ObjectRow::key(bucket.generation, key)])?;
        self.commit(row_bytes, |judgement| {
            judgement.living(bucket)?;
            let Some((row, _)) = judgement.object(bucket.generation, key)? else {
                if versions::any(judgement, bucket.generation, key)? {
                    // The newest of them is current, and no object.
                    condition.judge_marker()?;
                }
                // Nothing is deleted, but what a fill fetches was asked to go before it came.
                judgement.state.tokens.end(bucket.generation, key, None);
                return Ok(Deleted::default());
            };
            condition.judge(key, Some(&row.meta))?;
            self.judge_deletion(judgement, bucket, key, afterwards, now)
        })
        .await
    }

    fn judge_deletion(
        &self,
        judgement: &mut Judgement<'_>,
        bucket: &BucketRef,
        key: &ObjectKey,
        afterwards: Afterwards,
        now: Timestamp,
    ) -> Result<Deleted> {
        let generation = bucket.generation;
        judgement.living(bucket)?;
        judgement.state.tokens.end(generation, key, None);
        let former = judgement.object(generation, key)?;
        let mut versions = KeyVersions { judgement: &mut *judgement, generation, key, now };
        let marker = versions.mark_deleted(former.as_ref().map(|(row, _)| row))?;
        if afterwards == Afterwards::Gone && marker.is_none() {
            let object = if former.is_some() { gone::Deleted::Object } else { gone::Deleted::Nothing };
            self.leave_gone(judgement, &Leaving { bucket, key, deleted: now, object })?;
        }
        let found = former.is_some();
        if let Some((_, former)) = former {
            judgement.delete(ObjectRow::key(generation, key), former);
        }
        Ok(Deleted { found, marker })
    }

    /// Grants the right to fill a key.
    pub(super) async fn begin_fill(
        &self,
        bucket: &BucketRef,
        key: &ObjectKey,
        rule_version: u64,
    ) -> Result<Option<FillToken>> {
        self.commit(0, |judgement| {
            let current = judgement.living(bucket).is_ok_and(|living| living.rule_version == rule_version);
            if !current
                || judgement.get(&ObjectRow::key(bucket.generation, key))?.is_some()
                || gone::stands(judgement, bucket.generation, key)?.is_some()
                || versions::any(judgement, bucket.generation, key)?
            {
                return Ok(None);
            }
            Ok(Some(judgement.state.tokens.grant(bucket.generation, key.clone())))
        })
        .await
    }

    /// Writes an object with the bytes of another.
    pub(super) async fn copy(
        self: &Arc<Self>,
        source: StoredObject,
        bucket: BucketRef,
        key: ObjectKey,
        object: NewObject,
        expect: Expectation,
    ) -> Result<SharedMeta> {
        let size_bytes = source.meta.size_bytes;
        self.space.admit(size_bytes)?;
        let intent = WriteIntent {
            bucket,
            key,
            content_length: Some(size_bytes),
            max_bytes: size_bytes,
            checksum: None,
            followed: false,
            data_key: None,
        };
        if size_bytes <= INLINE_BYTES as u64 {
            let (body, digests) = gather(&source).await?;
            return self.seal_inline(&intent, body, meta(object, &digests), &expect).await;
        }
        if let (Some(blob), Some(md5)) = (whole_blob(&source), source.meta.md5) {
            let digests = Digests { size_bytes, md5, crc64: source.meta.crc64, checksum: None };
            return self.copy_blob(blob, (intent.bucket, intent.key), object, digests, expect).await;
        }
        let mut file = self.begin_file(&intent).await?;
        let Body::Stream(mut stream) = source.content.read(0..size_bytes) else {
            return Err(Error::internal("copy an object", "a large body is not a stream"));
        };
        while let Some(chunk) = stream.next().await {
            file.writer.write(chunk?).await.map_err(|error| self.heed(error))?;
        }
        let digests = file.writer.finish().await.map_err(|error| self.heed(error))?;
        check_copy(&source, &digests)?;
        self.seal_object(Sealing::File { file: Box::new(file), digests }, &intent, object, expect).await
    }
}

impl Core {
    /// Copies a body that is one whole blob within the file system: by reference where that is possible.
    async fn copy_blob(
        self: &Arc<Self>,
        source: BlobId,
        target: (BucketRef, ObjectKey),
        object: NewObject,
        digests: Digests,
        expect: Expectation,
    ) -> Result<SharedMeta> {
        let core = Arc::clone(self);
        detached(async move {
            let (bucket, key) = target;
            let running = core.running.begin(hour_of(core.clock.now()));
            let draft = FooterDraft { bucket: bucket.clone(), key: key.clone() };
            let note = core.note(Role::from(&object));
            let copied = core.blobs.copy(source, draft, note).await.map_err(|error| core.heed(error))?;
            let blob = core.own(copied, running);
            let meta = meta(object, &digests);
            let (extents, now) = (vec![blob.extent()], core.clock.now());
            core.commit_blob(blob, |judgement| {
                Candidate { bucket: &bucket, key: &key, expect: &expect, now }.put(judgement, meta, extents)
            })
            .await
        })
        .await
    }
}

/// The blob that is the whole body of an object as it is, not encrypted, and nothing else of it.
fn whole_blob(source: &StoredObject) -> Option<BlobId> {
    let content = source.content.as_any()?.downcast_ref::<InFiles>()?;
    match content.0.extents() {
        [blob::Extent { blob, offset_bytes: 0, salt: None, .. }] => Some(*blob),
        _ => None,
    }
}

/// A small body in one piece, and its digests.
async fn gather(source: &StoredObject) -> Result<(Bytes, Digests)> {
    let size_bytes = source.meta.size_bytes;
    let body = match source.content.resident() {
        Some(body) => body,
        None if size_bytes == 0 => Bytes::new(),
        None => match source.content.read(0..size_bytes) {
            Body::Empty => Bytes::new(),
            Body::Full(body) => body,
            Body::Stream(mut stream) => {
                let mut body = BytesMut::new();
                while let Some(chunk) = stream.next().await {
                    body.extend_from_slice(&chunk?);
                }
                body.freeze()
            }
        },
    };
    let digests = BodyDigest::of(&body, None);
    check_copy(source, &digests)?;
    Ok((body, digests))
}

/// What was read is what the source's metadata says.
pub(super) fn check_copy(source: &StoredObject, digests: &Digests) -> Result<()> {
    if digests.size_bytes != source.meta.size_bytes || digests.crc64 != source.meta.crc64 {
        return Err(Error::Damaged { detail: "the source of a copy is not what its metadata says".into() });
    }
    Ok(())
}
