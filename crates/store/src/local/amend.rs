//! Changing a stored object without changing its body, and adding to the end of one.
//!
//! Guarantees: an amended row names the entry that wrote it, like every row; what it stands on goes with it. So a small
//! body is written again beside its amended row, while bodies in files stay where they are: their new row names them
//! too. A row that changed between the look and the commit is looked at again.

use std::sync::Arc;

use bytes::Bytes;
use headwater_model::clock::Timestamp;
use headwater_model::digest::Digests;
use headwater_model::object::{ObjectHeaders, ObjectMeta, SharedMeta};
use headwater_model::version::{ObjectLock, VersionId};
use headwater_model::{Error, ObjectKey, Result};

use super::blob::Role;
use super::core::Core;
use super::digest::combine_crc64;
use super::immutability::Immutability;
use super::reading::{ATTEMPTS, inline};
use super::seal::{Candidate, Sealing, detached, meta};
use super::version_reads::FoundRow;
use crate::{Amendment, BucketRef, Expectation, NewObject, WriteIntent};

impl Core {
    /// Changes what of an object can change without another body: of the current one, or of a version.
    pub(super) async fn amend(
        &self,
        bucket: &BucketRef,
        key: &ObjectKey,
        version: Option<VersionId>,
        amendment: &Amendment,
    ) -> Result<SharedMeta> {
        for _ in 0..ATTEMPTS {
            let found = match version {
                None => self.find_current(bucket, key)?,
                Some(version) => self.find_version(bucket, key, version).await?,
            };
            let Some(seen) = found.filter(|found| found.row.object().is_some()) else {
                return Err(match version {
                    None => Error::NoSuchKey { key: key.as_str().into(), origin_status: None },
                    Some(version) => Error::NoSuchVersion { key: key.as_str().into(), version },
                });
            };
            let body = match seen.row.object().and_then(|(_, extents)| inline(extents)) {
                None => Bytes::new(),
                Some(extent) => match self.read_inline(extent).await? {
                    Some(body) => body,
                    // Compaction moved it.
                    None => continue,
                },
            };
            self.space.admit(body.len() as u64)?;
            if let Some(meta) = self.commit_amended(bucket, key, seen, body, amendment).await? {
                return Ok(meta);
            }
        }
        Err(Error::SlowDown { limit: "key_contention", retry_after: std::time::Duration::from_secs(1) })
    }

    /// Commits the amended row; `None` if the row is another by now.
    async fn commit_amended(
        &self,
        bucket: &BucketRef,
        key: &ObjectKey,
        seen: FoundRow,
        body: Bytes,
        amendment: &Amendment,
    ) -> Result<Option<SharedMeta>> {
        let FoundRow { row_key, value, mut row } = seen;
        let now = self.clock.now();
        // A row that lists 10,000 parts is longer than what the queue counts for any entry.
        self.commit(body.len() + value.len(), |judgement| {
            judgement.living(bucket)?;
            let current = judgement.get(&row_key)?;
            let Some((meta, extents)) = row.object_mut().filter(|_| current.as_ref() == Some(&value)) else {
                return Ok(None);
            };
            *meta = Arc::new(amended(key, meta, amendment, now)?);
            judgement.state.tokens.end(bucket.generation, key, None);
            if inline(extents).is_some() {
                let (blob, offset_bytes) = judgement.place_body(body);
                extents[0].blob = blob;
                extents[0].offset_bytes = offset_bytes;
            }
            let meta = Arc::clone(meta);
            let value = row.encode(judgement.sequence());
            judgement.put(row_key, value, current);
            Ok(Some(meta))
        })
        .await
    }

    /// Makes a finished body durable at the end of the object that has the tag of `expect`. It becomes a file whatever
    /// its length, since no object names the log entry of another row.
    pub(super) async fn seal_append(
        self: &Arc<Self>,
        sealing: Sealing,
        intent: WriteIntent,
        object: NewObject,
        expect: Expectation,
    ) -> Result<SharedMeta> {
        let core = Arc::clone(self);
        detached(async move {
            let (file, appended) = match sealing {
                Sealing::File { file, digests } => (*file, digests),
                Sealing::Memory { body, digests } => (core.to_file(body, &intent).await?, digests),
            };
            let note = core.note(Role::from(&object));
            let blob = core.persist(file, note).await?;
            let (extent, now) = (blob.extent(), core.clock.now());
            let WriteIntent { bucket, key, .. } = &intent;
            core.commit_blob(blob, |judgement| {
                let candidate = Candidate { bucket, key, expect: &expect, now };
                // First: what has another tag by now may well have its body in the log.
                let former = candidate.judge(judgement)?;
                let (former, value) =
                    former.ok_or_else(|| Error::NoSuchKey { key: key.as_str().into(), origin_status: None })?;
                // It may have been locked while the body came, which changes no tag.
                Immutability::of(judgement, bucket.generation, now).permit_removal(key, &former.meta)?;
                // Another object with the same bytes may have come: what was encrypted for the one does not open in the other.
                if former.meta.composition.encryption != object.composition.encryption {
                    return Err(Error::PreconditionFailed { condition: "If-Match" });
                }
                if inline(&former.extents).is_some() {
                    return Err(Error::internal("append to an object", "its body is in the log"));
                }
                // An append makes no version: the object stays the one that it is.
                let version = former.meta.version;
                let meta = Arc::new(ObjectMeta { version, ..longer(&former.meta, object, &appended) });
                let mut extents = former.extents;
                extents.push(extent);
                candidate.put_row(judgement, &meta, extents, Some(value));
                Ok(meta)
            })
            .await
        })
        .await
    }
}

fn amended(key: &ObjectKey, former: &ObjectMeta, amendment: &Amendment, now: Timestamp) -> Result<ObjectMeta> {
    let lock = former.headers.lock.as_deref().copied().unwrap_or_default();
    let headers = |change: &dyn Fn(&mut ObjectHeaders)| {
        let mut headers = former.headers.clone();
        change(&mut headers);
        ObjectMeta { headers, ..former.clone() }
    };
    match *amendment {
        Amendment::Tags(ref tags) => Ok(ObjectMeta { tags: tags.clone(), ..former.clone() }),
        Amendment::Access(ref access) => Ok(headers(&|headers| headers.access.clone_from(access))),
        Amendment::Retention(retention, governance) => {
            if !lock.permits_retention(retention, now, governance) {
                return Err(Error::ObjectLocked { key: key.as_str().into(), version: former.version });
            }
            Ok(headers(&|headers| headers.lock = ObjectLock { retention, ..lock }.boxed()))
        }
        Amendment::LegalHold(legal_hold) => {
            Ok(headers(&|headers| headers.lock = ObjectLock { legal_hold, ..lock }.boxed()))
        }
    }
}

/// Metadata of the object with `appended` at its end.
fn longer(former: &ObjectMeta, object: NewObject, appended: &Digests) -> ObjectMeta {
    let crc64 = combine_crc64(former.crc64, appended.crc64, appended.size_bytes);
    let size_bytes = former.size_bytes + appended.size_bytes;
    // Its lists, locks and tags are those of now, whatever they were when the body began to come.
    let object = NewObject { headers: former.headers.clone(), tags: former.tags.clone(), ..object };
    ObjectMeta { md5: None, ..meta(object, &Digests { size_bytes, md5: [0; 16], crc64, checksum: None }) }
}
