//! Changing a stored object without changing its body.
//!
//! Guarantees: an amended row names the entry that wrote it, like every row; what it stands on goes with it. So a small
//! body is written again beside its amended row, while bodies in files stay where they are: their new row names them
//! too. A row that changed between the look and the commit is looked at again.

use std::sync::Arc;

use bytes::Bytes;
use headwater_model::clock::Timestamp;
use headwater_model::object::{ObjectHeaders, ObjectMeta, SharedMeta};
use headwater_model::version::{ObjectLock, VersionId};
use headwater_model::{Error, ObjectKey, Result};

use super::core::Core;
use super::reading::{ATTEMPTS, inline};
use super::version_reads::FoundRow;
use crate::{Amendment, BucketRef, JudgedAmendment};

impl Core {
    /// Changes what of an object can change without another body: of the current one, or of a version.
    pub(super) async fn amend(
        &self,
        bucket: &BucketRef,
        key: &ObjectKey,
        version: Option<VersionId>,
        amendment: &JudgedAmendment,
    ) -> Result<SharedMeta> {
        for _ in 0..ATTEMPTS {
            let found = match version {
                None => self.find_current(bucket, key)?,
                Some(version) => self.find_version(bucket, key, version)?,
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
        amendment: &JudgedAmendment,
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
            if amendment.judged.as_ref().is_some_and(|judged| judged != meta) {
                return Err(Error::PreconditionFailed { condition: "If-Match" });
            }
            *meta = Arc::new(amended(key, meta, &amendment.amendment, now)?);
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
