//! Sealing: a finished body becomes an object or a part.
//!
//! Guarantees: the row is committed only after its bytes are durable; a body whose commit is refused leaves nothing
//! behind; a caller who goes away while a file is being sealed leaves either the committed object or nothing.

use std::sync::Arc;

use bytes::Bytes;
use headwater_index::rows::{BlobRef, Extent, ObjectRow, OrderRow, PartRow, RowValue, UploadKeyRow};
use headwater_model::bucket::Generation;
use headwater_model::clock::Timestamp;
use headwater_model::digest::Digests;
use headwater_model::multipart::PartInfo;
use headwater_model::object::{ObjectKind, ObjectMeta, SharedMeta};
use headwater_model::version::VersionId;
use headwater_model::{Error, ObjectKey, Result};

use super::blob::{BlobId, FooterNote, PersistedBlob, Role};
use super::cipher::{Cipher, Salt};
use super::commit::{Judgement, Refusal};
use super::core::Core;
use super::gone;
use super::probe::Point;
use super::reading::crc64;
use super::running::RunningWrite;
use super::uploads::order_of;
use super::versions::{self, KeyVersions};
use super::writer::FileBody;
use crate::{BucketRef, DataKey, Expectation, NewObject, NewPart, WriteIntent};

/// A finished body.
pub(super) enum Sealing {
    /// Small.
    Memory {
        /// The bytes.
        body: Bytes,
        /// What they came to.
        digests: Digests,
    },
    /// Large.
    File {
        /// The blob's writer, finished.
        file: Box<FileBody>,
        /// What the bytes came to.
        digests: Digests,
    },
}

/// An object about to be committed under a key.
pub(super) struct Candidate<'a> {
    pub(super) bucket: &'a BucketRef,
    pub(super) key: &'a ObjectKey,
    pub(super) expect: &'a Expectation,
    /// When.
    pub(super) now: Timestamp,
}

impl Candidate<'_> {
    /// Judges the expectation and ends the key's fill token. Gives the current object and its row.
    pub(super) fn judge(&self, judgement: &mut Judgement<'_>) -> Result<Option<(ObjectRow, Bytes)>> {
        judgement.living(self.bucket)?;
        let generation = self.bucket.generation;
        let former = judgement.object(generation, self.key)?;
        let exists = || Error::ObjectExists { key: self.key.as_str().into() };
        let mut own = None;
        match self.expect {
            Expectation::Absent if former.is_some() => return Err(exists()),
            Expectation::Any | Expectation::Absent => {}
            Expectation::ETag(expected) => match &former {
                None => return Err(Error::NoSuchKey { key: self.key.as_str().into(), origin_status: None }),
                Some((row, _)) if row.meta.etag != *expected => {
                    return Err(Error::PreconditionFailed { condition: "If-Match" });
                }
                Some(_) => {}
            },
            Expectation::Meets(condition) => condition.judge(self.key, former.as_ref().map(|(row, _)| &*row.meta))?,
            Expectation::Fill(token) => {
                if former.is_some()
                    || !judgement.state.tokens.holds(generation, self.key, token)
                    || gone::stands(judgement, generation, self.key)?.is_some()
                    || versions::any(judgement, generation, self.key)?
                {
                    return Err(exists());
                }
                own = Some(token);
            }
        }
        judgement.state.tokens.end(generation, self.key, own);
        Ok(former)
    }

    /// Commits the object with these extents, as the newest version of its key.
    pub(super) fn put(
        &self,
        judgement: &mut Judgement<'_>,
        meta: ObjectMeta,
        extents: Vec<Extent>,
    ) -> Result<SharedMeta> {
        let former = self.judge(judgement)?;
        let generation = self.bucket.generation;
        gone::clear(judgement, generation, self.key)?;
        let mut versions = KeyVersions { judgement: &mut *judgement, generation, key: self.key, now: self.now };
        let version = versions.succeed(former.as_ref().map(|(row, _)| row))?;
        let meta = Arc::new(ObjectMeta { version, ..meta });
        self.put_row(judgement, &meta, extents, former.map(|(_, value)| value));
        Ok(meta)
    }

    /// Puts the row of the current object.
    pub(super) fn put_row(
        &self,
        judgement: &mut Judgement<'_>,
        meta: &SharedMeta,
        extents: Vec<Extent>,
        former: Option<Bytes>,
    ) {
        let row = ObjectRow { sequence: judgement.sequence(), meta: Arc::clone(meta), extents };
        judgement.put(ObjectRow::key(self.bucket.generation, self.key), row.encode(), former);
    }
}

impl Core {
    /// Makes an object of a finished body.
    pub(super) async fn seal_object(
        self: &Arc<Self>,
        sealing: Sealing,
        intent: &WriteIntent,
        object: NewObject,
        expect: Expectation,
    ) -> Result<SharedMeta> {
        match sealing {
            Sealing::Memory { body, digests } => self.seal_inline(intent, body, meta(object, &digests), &expect).await,
            Sealing::File { file, digests } => {
                let (core, bucket, key) = (Arc::clone(self), intent.bucket.clone(), intent.key.clone());
                detached(async move {
                    let note = core.note(Role::from(&object));
                    let blob = core.persist(*file, note).await?;
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
    }

    /// Commits an object whose body is part of the entry.
    pub(super) async fn seal_inline(
        &self,
        intent: &WriteIntent,
        body: Bytes,
        meta: ObjectMeta,
        expect: &Expectation,
    ) -> Result<SharedMeta> {
        let (body, salt) = self.as_stored(intent.data_key.as_ref(), body);
        self.space.admit(body.len() as u64)?;
        let candidate = Candidate { bucket: &intent.bucket, key: &intent.key, expect, now: self.clock.now() };
        self.commit(body.len(), |judgement| {
            if body.is_empty() {
                return candidate.put(judgement, meta, Vec::new());
            }
            let length_bytes = body.len() as u64;
            let crc64 = if salt.is_some() { crc64(&body) } else { meta.crc64 };
            let (blob, offset_bytes) = judgement.place_body(body);
            let extent = Extent { blob, offset_bytes, length_bytes, crc64, salt };
            candidate.put(judgement, meta, vec![extent])
        })
        .await
    }

    /// A small body as it is stored: in place, 64 KiB take some 20 µs. An empty one has nothing to encrypt.
    pub(super) fn as_stored(&self, key: Option<&DataKey>, body: Bytes) -> (Bytes, Option<Salt>) {
        let Some(key) = key.filter(|_| !body.is_empty()) else { return (body, None) };
        let mut salt = Salt::default();
        self.clock.random(&mut salt);
        (Cipher::new(key, &salt).encrypt_body(&body), Some(salt))
    }

    /// Makes a part of a finished body. Parts are files whatever their size: completion names them without copying, and
    /// no object ever names the log entry of another row.
    pub(super) async fn seal_part(
        self: &Arc<Self>,
        sealing: Sealing,
        intent: WriteIntent,
        part: NewPart,
    ) -> Result<PartInfo> {
        let core = Arc::clone(self);
        detached(async move {
            let (file, digests) = match sealing {
                Sealing::File { file, digests } => (*file, digests),
                Sealing::Memory { body, digests } => (core.to_file(body, &intent).await?, digests),
            };
            let note = core.note(Role::from(&part));
            let blob = core.persist(file, note).await?;
            let extents = vec![blob.extent()];
            core.commit_blob(blob, |judgement| put_part(judgement, &intent, &part, &digests, extents)).await
        })
        .await
    }

    pub(super) async fn to_file(&self, body: Bytes, intent: &WriteIntent) -> Result<FileBody> {
        let mut file = self.begin_file(intent).await?;
        if !body.is_empty() {
            file.writer.write(body).await.map_err(|error| self.heed(error))?;
        }
        file.writer.finish().await.map_err(|error| self.heed(error))?;
        Ok(file)
    }

    /// Makes a finished blob durable.
    pub(super) async fn persist(self: &Arc<Self>, file: FileBody, note: FooterNote) -> Result<OwnedBlob> {
        let FileBody { writer, running } = file;
        let blob = writer.persist(note).await.map_err(|error| self.heed(error))?;
        let owned = self.own(blob, running);
        self.config.probe.at(Point::BlobPersisted).map_err(|error| Error::internal("seal a blob", error))?;
        Ok(owned)
    }

    /// Takes a durable blob into our hands until a row names it.
    pub(super) fn own(self: &Arc<Self>, blob: PersistedBlob, running: RunningWrite) -> OwnedBlob {
        OwnedBlob { core: Arc::clone(self), blob, named: false, _running: running }
    }

    /// Commits a row that names a blob. If that is refused, the blob goes; if the store stopped before it could tell,
    /// the blob stays for the next start to judge.
    pub(super) async fn commit_blob<T>(
        &self,
        mut blob: OwnedBlob,
        judge: impl FnOnce(&mut Judgement<'_>) -> Result<T>,
    ) -> Result<T> {
        match self.try_commit(0, judge).await {
            Ok(committed) => {
                blob.named = true;
                Ok(committed)
            }
            Err(Refusal::Certain(error)) => Err(error),
            Err(Refusal::Unknown(error)) => {
                blob.named = true;
                Err(error)
            }
        }
    }

    /// What the footer says beside the draft.
    pub(super) fn note(&self, role: Role) -> FooterNote {
        FooterNote { role, born_after_sequence: self.view.layers().sequence }
    }
}

fn put_part(
    judgement: &mut Judgement<'_>,
    intent: &WriteIntent,
    part: &NewPart,
    digests: &Digests,
    extents: Vec<Extent>,
) -> Result<PartInfo> {
    judgement.living(&intent.bucket)?;
    let generation = intent.bucket.generation;
    require_upload(judgement, generation, &intent.key, part)?;
    put_order(judgement, generation, part)?;
    let key = PartRow::key(generation, part.upload, part.number);
    let former = judgement.get(&key)?;
    let row = PartRow {
        sequence: judgement.sequence(),
        size_bytes: digests.size_bytes,
        md5: digests.md5,
        last_modified: part.last_modified,
        crc64: digests.crc64,
        checksum: part.checksum.clone(),
        extents,
    };
    judgement.put(key, row.encode(), former);
    Ok(row.info(part.number))
}

fn require_upload(
    judgement: &mut Judgement<'_>,
    generation: Generation,
    key: &ObjectKey,
    part: &NewPart,
) -> Result<()> {
    let row_key = UploadKeyRow::key(generation, part.upload);
    let open = match judgement.get(&row_key)? {
        Some(value) => UploadKeyRow::decode(&row_key, &value)?.key == *key,
        None => false,
    };
    if open { Ok(()) } else { Err(Error::NoSuchUpload { upload_id: part.upload.to_string().into() }) }
}

/// Of an upload whose parts come in order, only the next part is one. None is ever replaced, so the digest that the writer
/// went on from is that of the parts before it.
fn put_order(judgement: &mut Judgement<'_>, generation: Generation, part: &NewPart) -> Result<()> {
    let Some((key, former, order)) = order_of(judgement, generation, part.upload)? else { return Ok(()) };
    order.admit(part.number)?;
    let next = part.order.clone().filter(|next| next.last == part.number);
    let next = next.ok_or_else(|| Error::internal("store a part", "it does not say where the order stands with it"))?;
    let row = OrderRow { sequence: judgement.sequence(), order: next };
    judgement.put(key, row.encode(), Some(former));
    Ok(())
}

/// A durable blob that no row names yet; it goes when it is dropped so.
pub(super) struct OwnedBlob {
    core: Arc<Core>,
    blob: PersistedBlob,
    named: bool,
    _running: RunningWrite,
}

impl OwnedBlob {
    /// Leaves it where it is: a row names it, or may.
    pub(super) fn leave(&mut self) {
        self.named = true;
    }

    /// The whole blob as an extent. An empty one is named too: its row then owns the file.
    pub(super) fn extent(&self) -> Extent {
        let PersistedBlob { id: BlobId(id), length_bytes, crc64, salt, .. } = self.blob;
        Extent { blob: BlobRef::File { id }, offset_bytes: 0, length_bytes, crc64, salt }
    }
}

impl Drop for OwnedBlob {
    fn drop(&mut self) {
        if !self.named {
            self.core.garbage.add([self.blob.id]);
        }
    }
}

/// Metadata of an object with this body.
pub(super) fn meta(object: NewObject, digests: &Digests) -> ObjectMeta {
    let NewObject { etag, last_modified, kind, provenance, headers, checksum, tags, composition } = object;
    ObjectMeta {
        size_bytes: digests.size_bytes,
        etag,
        last_modified,
        crc64: digests.crc64,
        md5: (kind == ObjectKind::Normal).then_some(digests.md5),
        checksum,
        kind,
        provenance,
        headers,
        tags,
        composition,
        version: VersionId::Null,
    }
}

/// Runs a step to its end even if its caller goes away: a durable blob must get its row or be removed.
pub(super) async fn detached<T: Send + 'static>(step: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    tokio::spawn(step).await.map_err(|error| Error::internal("commit a blob", error))?
}
