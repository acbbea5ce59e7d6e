//! Adding to the end of a stored object.
//!
//! Guarantees: the object stays the version that it is, with the headers, lists, tags and locks that it has at the
//! commit; what is locked by then is not appended to. Either the whole piece is at its end or nothing is.
//!
//! How: what becomes of the body depends on where it is and how long it gets.
//!
//! ```text
//!  body before          with the piece             the row names then
//!  in the log, or none  at most INLINE_BYTES       the body in its own log entry, written anew
//!  in the log, or none  longer                     a file of the body before, the file of the piece
//!  in files             fewer than most pieces     these files, the file of the piece
//!  in files             more                       one file of the body before, the file of the piece
//! ```
//! Whatever is prepared of the body before is prepared outside the commit lock, and looked for again under it: if the
//! row names other bytes by then, it is prepared again.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use headwater_index::rows::{Extent, ObjectRow};
use headwater_model::body::Body;
use headwater_model::digest::Digests;
use headwater_model::object::{ObjectMeta, SharedMeta};
use headwater_model::{Error, Result};

use super::blob::Role;
use super::cipher::Salt;
use super::commit::{Judgement, Refusal};
use super::config::INLINE_BYTES;
use super::core::Core;
use super::digest::combine_crc64;
use super::immutability::Immutability;
use super::objects::check_copy;
use super::reading::{ATTEMPTS, crc64, inline};
use super::seal::{Candidate, OwnedBlob, Sealing, detached, meta};
use crate::{Expectation, NewObject, StoredObject, WriteIntent};

/// What is appended.
struct Piece {
    digests: Digests,
    sealing: Option<Sealing>,
    /// Once it had to be one.
    file: Option<OwnedBlob>,
}

/// The body of the object with the piece at its end.
enum Longer {
    /// Of no object: there was none.
    Nothing,
    /// In the log entry, as it is stored.
    Logged(Bytes, Option<Salt>),
    /// What the row names, and the file of the piece.
    Behind,
    /// One file for all that the row names, and the file of the piece.
    BehindCopy(Box<OwnedBlob>),
}

impl Core {
    /// Makes a finished body durable at the end of the object that meets `expect`.
    pub(super) async fn seal_append(
        self: &Arc<Self>,
        sealing: Sealing,
        intent: WriteIntent,
        object: NewObject,
        expect: Expectation,
    ) -> Result<SharedMeta> {
        let core = Arc::clone(self);
        detached(async move {
            let (Sealing::Memory { digests, .. } | Sealing::File { digests, .. }) = &sealing;
            let mut piece = Piece { digests: digests.clone(), sealing: Some(sealing), file: None };
            for _ in 0..ATTEMPTS {
                let found = core.find_current(&intent.bucket, &intent.key)?;
                let row = found.as_ref().and_then(|found| Some((found, found.row.object()?)));
                let (before, longer) = match row {
                    None => (None, Longer::Nothing),
                    Some((found, (meta, extents))) => {
                        let content = core.open_body(&found.row_key, &found.value, extents).await?;
                        // Another row by now, or compaction moved the body.
                        let Some(content) = content else { continue };
                        // Another object with the same bytes may have come: what was encrypted for the one does not
                        // open in the other.
                        if meta.composition.encryption != object.composition.encryption {
                            return Err(Error::PreconditionFailed { condition: "If-Match" });
                        }
                        let content = match &intent.data_key {
                            Some(data_key) => content.decrypted(data_key)?,
                            None => content,
                        };
                        let before = StoredObject { meta: Arc::clone(meta), content };
                        let longer = core.lengthen(&before, extents, &mut piece, (&intent, &object)).await?;
                        (Some((extents, found.value.len())), longer)
                    }
                };
                let append = Append { intent: &intent, object: &object, expect: &expect, before, longer };
                if let Some(meta) = core.commit_append(append, &mut piece).await? {
                    return Ok(meta);
                }
            }
            Err(Error::SlowDown { limit: "key_contention", retry_after: std::time::Duration::from_secs(1) })
        })
        .await
    }

    /// Prepares the longer body.
    async fn lengthen(
        self: &Arc<Self>,
        before: &StoredObject,
        extents: &[Extent],
        piece: &mut Piece,
        (intent, object): (&WriteIntent, &NewObject),
    ) -> Result<Longer> {
        let small = inline(extents).is_some() || extents.is_empty();
        if small && let Some(Sealing::Memory { body, .. }) = &piece.sealing {
            let resident = before.content.resident().unwrap_or_default();
            if resident.len() + body.len() <= INLINE_BYTES {
                self.space.admit((resident.len() + body.len()) as u64)?;
                let (stored, salt) = self.as_stored(intent.data_key.as_ref(), [&resident[..], body].concat().into());
                return Ok(Longer::Logged(stored, salt));
            }
        }
        if let Some(sealing) = piece.sealing.take() {
            let file = match sealing {
                Sealing::File { file, .. } => *file,
                Sealing::Memory { body, .. } => self.to_file(body, intent).await?,
            };
            piece.file = Some(self.persist(file, self.note(Role::from(object))).await?);
        }
        if extents.is_empty() || (!small && extents.len() < self.config.append_pieces) {
            return Ok(Longer::Behind);
        }
        Ok(Longer::BehindCopy(Box::new(self.copy_before(before, (intent, object)).await?)))
    }

    /// One file of the whole body.
    async fn copy_before(
        self: &Arc<Self>,
        before: &StoredObject,
        (intent, object): (&WriteIntent, &NewObject),
    ) -> Result<OwnedBlob> {
        let size_bytes = before.meta.size_bytes;
        self.space.admit(size_bytes)?;
        let intent = WriteIntent { content_length: Some(size_bytes), max_bytes: size_bytes, ..intent.clone() };
        let mut file = self.begin_file(&intent).await?;
        match before.content.read(0..size_bytes) {
            Body::Empty => {}
            Body::Full(body) => file.writer.write(body).await.map_err(|error| self.heed(error))?,
            Body::Stream(mut stream) => {
                while let Some(chunk) = stream.next().await {
                    file.writer.write(chunk?).await.map_err(|error| self.heed(error))?;
                }
            }
        }
        check_copy(before, &file.writer.finish().await.map_err(|error| self.heed(error))?)?;
        self.persist(file, self.note(Role::from(object))).await
    }

    /// Commits the longer object; `None` if the row names another body by now.
    async fn commit_append(&self, mut append: Append<'_>, piece: &mut Piece) -> Result<Option<SharedMeta>> {
        let now = self.clock.now();
        let body_bytes = match &append.longer {
            Longer::Logged(body, _) => body.len(),
            _ => 0,
        };
        // A row that lists a thousand pieces is longer than what the queue counts for any entry.
        let row_bytes = append.before.map_or(0, |(_, row_bytes)| row_bytes);
        let judged = self.try_commit(body_bytes + row_bytes, |judgement| {
            let Append { intent, object, expect, before, longer } = &append;
            let candidate = Candidate { bucket: &intent.bucket, key: &intent.key, expect, now };
            // First: what has another tag by now may well have another body.
            let former = candidate.judge(judgement)?;
            let (former, value) =
                former.ok_or_else(|| Error::NoSuchKey { key: intent.key.as_str().into(), origin_status: None })?;
            // It may have been locked while the body came, which changes no tag.
            Immutability::of(judgement, intent.bucket.generation, now).permit_removal(&intent.key, &former.meta)?;
            if before.is_none_or(|(extents, _)| *extents != former.extents) {
                return Ok(None);
            }
            // An append makes no version: the object stays the one that it is.
            let version = former.meta.version;
            let meta = Arc::new(ObjectMeta { version, ..longer_meta(&former.meta, object, &piece.digests) });
            let extents = match longer {
                Longer::Nothing => return Ok(None),
                Longer::Logged(body, salt) => logged(judgement, body.clone(), *salt),
                Longer::Behind => of(former, piece.file.as_ref()),
                Longer::BehindCopy(copy) => {
                    [Some(&**copy), piece.file.as_ref()].into_iter().flatten().map(OwnedBlob::extent).collect()
                }
            };
            candidate.put_row(judgement, &meta, extents, Some(value));
            Ok(Some(meta))
        });
        let judged = judged.await;
        if matches!(judged, Ok(Some(_)) | Err(Refusal::Unknown(_))) {
            piece.file.iter_mut().for_each(OwnedBlob::leave);
            if let Longer::BehindCopy(copy) = &mut append.longer {
                copy.leave();
            }
        }
        judged.map_err(|refusal| match refusal {
            Refusal::Certain(error) | Refusal::Unknown(error) => error,
        })
    }
}

/// An append to be committed.
struct Append<'a> {
    intent: &'a WriteIntent,
    object: &'a NewObject,
    expect: &'a Expectation,
    /// Where the body of before is, and the length of its row.
    before: Option<(&'a [Extent], usize)>,
    longer: Longer,
}

/// The extents of a body that is in the entry.
fn logged(judgement: &mut Judgement<'_>, body: Bytes, salt: Option<Salt>) -> Vec<Extent> {
    if body.is_empty() {
        return Vec::new();
    }
    let (length_bytes, crc64) = (body.len() as u64, crc64(&body));
    let (blob, offset_bytes) = judgement.place_body(body);
    vec![Extent { blob, offset_bytes, length_bytes, crc64, salt }]
}

/// The extents of a row, and a file behind them.
fn of(former: ObjectRow, piece: Option<&OwnedBlob>) -> Vec<Extent> {
    let mut extents = former.extents;
    extents.extend(piece.map(OwnedBlob::extent));
    extents
}

/// Metadata of the object with `appended` at its end.
fn longer_meta(former: &ObjectMeta, object: &NewObject, appended: &Digests) -> ObjectMeta {
    let crc64 = combine_crc64(former.crc64, appended.crc64, appended.size_bytes);
    let size_bytes = former.size_bytes + appended.size_bytes;
    // Its lists, locks and tags are those of now, whatever they were when the body began to come.
    let object = NewObject { headers: former.headers.clone(), tags: former.tags.clone(), ..object.clone() };
    ObjectMeta { md5: None, ..meta(object, &Digests { size_bytes, md5: [0; 16], crc64, checksum: None }) }
}
