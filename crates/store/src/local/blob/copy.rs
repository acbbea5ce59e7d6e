//! Copying a blob without passing its bytes through this process.
//!
//! Guarantees: the copy is a blob of its own, durable when [`BlobDir::copy`] returns, that shares nothing with the source
//! but, where the file system offers it, disk blocks (reflink). Its block checksums are the source's, so damage in the
//! source stays detectable in the copy instead of being blessed by it.

use std::fs::File;
use std::io;
use std::sync::Arc;

use headwater_model::{Error, Result};
use rustix::io::Errno;

use super::dir::BlobDir;
use super::fault::write_error;
use super::file::BlobFile;
use super::footer::{FooterDraft, FooterNote};
use super::layout::damaged;
use super::path::BlobId;
use super::writer::{End, PersistedBlob, seal};

/// Bytes of one `copy_file_range`: large enough for the file system to work in extents, small enough to be interrupted.
const COPY_STEP_BYTES: u64 = 64 << 20;

impl BlobDir {
    /// Copies the whole payload of `source` into a new blob. The caller keeps the source pinned, and owns the copy.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the source is missing or damaged, [`Error::StorageFull`], [`Error::Internal`]
    /// (see [`super::SyncFailed::is_cause_of`]).
    pub(crate) async fn copy(
        self: &Arc<Self>,
        source: BlobId,
        draft: FooterDraft,
        note: FooterNote,
    ) -> Result<PersistedBlob> {
        let dir = Arc::clone(self);
        let copied = tokio::task::spawn_blocking(move || {
            let source = dir.open_blob(source)?.ok_or_else(|| damaged(format!("blob {source} is missing")))?;
            let footer = source.footer()?;
            let (new, file) = dir.create_file()?;
            copy_payload(&source, &file)?;
            let end = End { note, payload: footer.digests(), salt: footer.salt };
            let blob = seal(&file, &new, draft, end, &source.trailer)?;
            Ok::<_, Error>((new, blob))
        });
        let (mut new, blob) = copied.await.map_err(|error| Error::internal("copying a blob", error))??;
        new.keep();
        Ok(blob)
    }
}

/// Copies the payload into an empty file: by reference if the file system can, else by the kernel. A reference brings the
/// source's end along, which is cut off.
fn copy_payload(source: &BlobFile, target: &File) -> Result<()> {
    if rustix::fs::ioctl_ficlone(target, &source.file).is_err() {
        copy_bytes(source, target).map_err(|error| write_error("copying a blob", error))?;
    }
    target.set_len(source.payload_bytes).map_err(|error| write_error("copying a blob", error))
}

fn copy_bytes(source: &BlobFile, target: &File) -> io::Result<()> {
    let (mut from, mut to) = (0, 0);
    while from < source.payload_bytes {
        let step = (source.payload_bytes - from).min(COPY_STEP_BYTES) as usize;
        match rustix::fs::copy_file_range(&source.file, Some(&mut from), target, Some(&mut to), step) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}
