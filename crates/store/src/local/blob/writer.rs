//! Writing one blob: from the first byte to durable.
//!
//! ```text
//!  create ─► write… ─► finish ─► persist ─► durable, nameable by its id
//!     └────────┴──────────┴───────┴─ dropped or failed: file unlinked, followers see Broken (or keep Finished)
//! ```
//! Guarantees: [`BlobWriter::persist`] returns only after the payload, everything behind it, and the names of the file
//! and of its directories are on disk. Until then nothing refers to the file, and dropping the writer removes it.
//!
//! Deliberately not here: visibility. A blob that no row names is garbage; the caller commits the row.

use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use headwater_model::digest::{ChecksumAlgorithm, Digests};
use headwater_model::{Error, Result};

use super::ahead::BlobAhead;
use super::dir::BlobDir;
use super::fault::{Fault, SyncFailed, write_error};
use super::file_io::write_all;
use super::footer::{Footer, FooterDraft, FooterNote};
use super::layout::FixedTail;
use super::path::{BlobId, Place};
use super::spool::{Finished, Spool};
use super::tail::BlobTail;
use crate::contract::{Ahead, Tail};
use crate::encryption::DataKey;
use crate::local::cipher::{Encrypting, Salt};

/// What a write may be.
#[derive(Clone, Debug)]
pub(crate) struct WriteOptions {
    /// Announced length in bytes, if any: space is set aside for it before the first byte.
    pub(crate) content_length: Option<u64>,
    /// Most bytes accepted.
    pub(crate) max_bytes: u64,
    /// Additional checksum to compute.
    pub(crate) checksum: Option<ChecksumAlgorithm>,
    /// Encrypts the body; the payload is what comes of it.
    pub(crate) data_key: Option<DataKey>,
}

/// A blob on disk, durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PersistedBlob {
    /// Its id.
    pub(crate) id: BlobId,
    /// Length of the payload in bytes.
    pub(crate) length_bytes: u64,
    /// CRC-64/XZ of the payload.
    pub(crate) crc64: u64,
    /// Bytes of the whole file, for disk accounting.
    pub(crate) file_bytes: u64,
    /// What the payload's key is derived with, if it is encrypted.
    pub(crate) salt: Option<Salt>,
}

/// A blob that is being written. Dropped before [`BlobWriter::persist`] succeeded, it leaves nothing behind.
pub(crate) struct BlobWriter {
    file: NewFile,
    spool: Arc<Spool>,
    draft: FooterDraft,
    options: WriteOptions,
    /// Length of what was appended, in the clear.
    accepted: u64,
    encryption: Option<Encryption>,
    finished: Option<Finished>,
}

/// How the payload is encrypted.
pub(super) struct Encryption {
    pub(super) salt: Salt,
    pub(super) encrypting: Encrypting,
}

/// A blob file that nothing refers to yet: unlinked when dropped, unless kept.
#[derive(Debug)]
pub(super) struct NewFile {
    pub(super) dir: Arc<BlobDir>,
    pub(super) id: BlobId,
    pub(super) place: Place,
    kept: bool,
}

impl BlobWriter {
    pub(super) fn new(
        file: NewFile,
        spool: Arc<Spool>,
        (draft, options): (FooterDraft, WriteOptions),
        encryption: Option<Encryption>,
    ) -> Self {
        Self { file, spool, draft, options, accepted: 0, encryption, finished: None }
    }

    /// Appends. Returns when at most 4 MiB wait for the disk; the bytes are visible to followers soon after.
    ///
    /// # Errors
    /// [`Error::EntityTooLarge`] beyond the announced or the allowed length, [`Error::StorageFull`], [`Error::Internal`];
    /// the write is broken then.
    pub(crate) async fn write(&mut self, chunk: Bytes) -> Result<()> {
        let length = chunk.len() as u64;
        self.admit(length)?;
        if chunk.is_empty() {
            return Ok(());
        }
        if self.encryption.is_some() {
            return self.encrypt(chunk).await;
        }
        self.spool.push(chunk).await?;
        self.accepted += length;
        Ok(())
    }

    /// Appends what comes of the chunk. Counted at once: a call that was dropped while it waited leaves a body that ends
    /// differently from what it says, and breaks the write.
    async fn encrypt(&mut self, mut chunk: Bytes) -> Result<()> {
        let Some(mut encryption) = self.encryption.take() else {
            self.spool.fail(Fault::Abandoned);
            return Err(Error::internal("writing a blob", "an earlier write was given up"));
        };
        self.accepted += chunk.len() as u64;
        while !chunk.is_empty() {
            if let Some(block) = encryption.encrypting.take(&mut chunk) {
                self.spool.push(block).await?;
            }
        }
        self.encryption = Some(encryption);
        Ok(())
    }

    /// Takes bytes that were written ahead behind the present end, as if they were written now.
    ///
    /// # Errors
    /// [`Error::Internal`] if they were not; those of [`BlobWriter::write`]. The write is broken then.
    pub(crate) async fn absorb(&mut self, length: u64) -> Result<()> {
        self.admit(length)?;
        if length == 0 {
            return Ok(());
        }
        let absorbed = self.spool.absorb(length).await;
        match absorbed {
            Ok(()) => self.accepted += length,
            Err(_) => self.spool.fail(Fault::Abandoned),
        }
        absorbed
    }

    /// Whether bytes may come next.
    fn admit(&self, length: u64) -> Result<()> {
        let limit_bytes = self.options.content_length.unwrap_or(u64::MAX).min(self.options.max_bytes);
        let size_bytes = self.accepted.saturating_add(length);
        if size_bytes > limit_bytes {
            self.spool.fail(Fault::Abandoned);
            return Err(Error::EntityTooLarge { size_bytes, limit_bytes });
        }
        if self.finished.is_some() {
            return Err(Error::internal("writing a blob", "the body is finished"));
        }
        Ok(())
    }

    /// Writes ahead of the end; `None` if no length was announced, and if the body is encrypted: blocks are encrypted in
    /// their order.
    pub(crate) fn ahead(&self) -> Option<Arc<dyn Ahead>> {
        if self.options.data_key.is_some() {
            return None;
        }
        let length_bytes = self.options.content_length?;
        Some(Arc::new(BlobAhead::new(Arc::clone(&self.spool), length_bytes)))
    }

    /// Follows the bytes while they are written.
    pub(crate) fn tail(&self) -> Arc<dyn Tail> {
        Arc::new(BlobTail::new(Arc::clone(&self.spool)))
    }

    /// Ends the body: waits until all of it is written and digested.
    ///
    /// # Errors
    /// [`Error::IncompleteBody`] if shorter than announced; those of [`BlobWriter::write`].
    pub(crate) async fn finish(&mut self) -> Result<Digests> {
        if let Some(finished) = &self.finished {
            return Ok(finished.body.clone());
        }
        if self.options.content_length.is_some_and(|announced| self.accepted < announced) {
            self.spool.fail(Fault::Abandoned);
            return Err(Error::IncompleteBody);
        }
        if self.options.data_key.is_some() {
            let last = match &mut self.encryption {
                Some(encryption) => encryption.encrypting.finish(),
                None => return Err(Error::internal("writing a blob", "an earlier write was given up")),
            };
            if let Some(last) = last {
                self.spool.push(last).await?;
            }
        }
        let finished = self.spool.complete().await?;
        debug_assert_eq!(finished.body.size_bytes, self.accepted);
        let digests = finished.body.clone();
        self.finished = Some(finished);
        Ok(digests)
    }

    /// Makes the blob durable. The caller owns it then: it commits a row, or calls [`BlobDir::remove_blocking`].
    ///
    /// # Errors
    /// [`Error::StorageFull`], [`Error::Internal`]. If [`SyncFailed::is_cause_of`] it, the process must stop.
    pub(crate) async fn persist(mut self, note: FooterNote) -> Result<PersistedBlob> {
        let Some(Finished { payload, trailer, .. }) = self.finished.take() else {
            return Err(Error::internal("writing a blob", "persisted before it was finished"));
        };
        self.settle().await?;
        let salt = self.encryption.as_ref().map(|encryption| encryption.salt);
        let sealed = tokio::task::spawn_blocking(move || {
            let end = End { note, payload, salt };
            let blob = seal(&self.spool.file, &self.file, self.draft.clone(), end, &trailer)?;
            Ok::<_, Error>((self, blob))
        });
        let (mut writer, blob) = sealed.await.map_err(|error| Error::internal("ending a blob", error))??;
        // Only here: if the caller went away meanwhile, nobody knows the id and the file must go.
        writer.file.keep();
        Ok(blob)
    }
}

impl BlobWriter {
    /// Waits for the early sync that may be running, and tells whether one failed.
    pub(super) async fn settle(&self) -> Result<()> {
        self.spool.settle().await
    }

    /// The blob's id, before it is persisted.
    #[cfg(test)]
    pub(super) fn id(&self) -> BlobId {
        self.file.id
    }

    /// Bytes that wait for the disk.
    #[cfg(test)]
    pub(super) fn queued_bytes(&self) -> usize {
        self.spool.queued_bytes()
    }
}

impl Drop for BlobWriter {
    fn drop(&mut self) {
        self.spool.fail(Fault::Abandoned);
    }
}

impl fmt::Debug for BlobWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobWriter")
            .field("id", &self.file.id)
            .field("accepted", &self.accepted)
            .finish_non_exhaustive()
    }
}

/// What a payload came to.
pub(super) struct End {
    pub(super) note: FooterNote,
    /// Digests of the payload as it is in the file.
    pub(super) payload: Digests,
    /// What its key is derived with, if it is encrypted.
    pub(super) salt: Option<Salt>,
}

/// Writes what follows the payload, and makes the file and its name durable. Blocks.
pub(super) fn seal(file: &File, new: &NewFile, draft: FooterDraft, end: End, trailer: &[u8]) -> Result<PersistedBlob> {
    let End { note, payload, salt } = end;
    let footer = Footer::new(new.id, draft, note, (&payload, salt)).encode()?;
    let end = Bytes::from(FixedTail::seal(trailer, &footer));
    let file_bytes = payload.size_bytes + end.len() as u64;
    write_all(file, &[end], payload.size_bytes).map_err(|errno| write_error("ending a blob", errno))?;
    rustix::fs::fdatasync(file).map_err(|errno| SyncFailed::error(&new.place.file, errno))?;
    new.dir.sync_names(&new.place)?;
    Ok(PersistedBlob { id: new.id, length_bytes: payload.size_bytes, crc64: payload.crc64, file_bytes, salt })
}

impl NewFile {
    pub(super) fn new(dir: Arc<BlobDir>, id: BlobId, place: Place) -> Self {
        Self { dir, id, place, kept: false }
    }

    /// The file is durable: leaves it alone from now on.
    pub(super) fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let unlink = Unlink(std::mem::take(&mut self.place.file));
        // Freeing a large file's blocks takes the file system a while.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            drop(runtime.spawn_blocking(move || drop(unlink)));
        }
    }
}

/// Unlinks when dropped: by the thread that may block, by the runtime that is going down and drops its jobs unrun, or
/// right here if there is no runtime.
struct Unlink(PathBuf);

impl Drop for Unlink {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "abandoned blob could not be removed");
        }
    }
}
