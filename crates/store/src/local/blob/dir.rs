//! The directory of all blobs: making, finding, removing them.
//!
//! Guarantees: a blob is found by its id alone; [`BlobDir::sync_names`] makes a new file's name durable at the price of
//! one directory sync (two more for the first file of a directory); a removed blob stays readable for those who
//! have it pinned ([`super::pins`]) and its name is gone at once.

use std::collections::HashSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use headwater_model::clock::{Clock, Timestamp};
use headwater_model::{Error, Result};
use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use super::chunk::{Chunk, ChunkPool};
use super::fault::{SyncFailed, write_error};
use super::file::{BlobFile, OpenBlobs};
use super::footer::{Footer, FooterDraft};
use super::layout::{damaged, trailer_bytes};
use super::path::{BlobId, Place, hour_name};
use super::payload::PayloadDigest;
use super::pins::Pins;
use super::spool::Spool;
use super::walk::Walk;
use super::writer::{BlobWriter, Encryption, NewFile, WriteOptions};
use crate::encryption::DataKey;
use crate::local::cipher::{Cipher, Encrypting, Salt, stored_length};

/// Directory names known to be durable that are remembered (an hour has 257). Forgetting them costs syncs, nothing else.
const MAX_DURABLE_DIRS: usize = 2048;
/// Attempts to create a file whose empty directory is being removed by a concurrent [`BlobDir::remove_blocking`].
const CREATE_ATTEMPTS: usize = 3;

/// All blobs of a data directory.
#[derive(Debug)]
pub(crate) struct BlobDir {
    root: PathBuf,
    clock: Arc<dyn Clock>,
    /// Directories whose own names are on disk.
    durable: Mutex<HashSet<PathBuf>>,
    pub(super) pins: Pins,
    pub(super) opened: OpenBlobs,
    pub(super) chunks: Arc<ChunkPool>,
}

impl BlobDir {
    /// A buffer from the pool whose first `filled` bytes are to be overwritten; at most [`CHUNK_BYTES`].
    pub(crate) fn chunk(&self, filled: usize) -> Chunk {
        self.chunks.take(filled)
    }

    /// Opens `root` (`<data directory>/blobs`), making it if it is missing; its parent must exist. Blocks.
    pub(crate) fn open(root: PathBuf, clock: Arc<dyn Clock>) -> Result<Arc<Self>> {
        make_dir(&root).map_err(|error| write_error("making the blob directory", error))?;
        if let Some(parent) = root.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync_dir(parent)?;
        }
        Ok(Arc::new(Self {
            root,
            clock,
            durable: Mutex::default(),
            pins: Pins::default(),
            opened: OpenBlobs::new(),
            chunks: Arc::default(),
        }))
    }

    /// Begins a blob. With an announced length its space is set aside now.
    ///
    /// # Errors
    /// [`Error::EntityTooLarge`] if more is announced than allowed, [`Error::StorageFull`] before any byte is taken,
    /// [`Error::Internal`].
    pub(crate) async fn create(self: &Arc<Self>, draft: FooterDraft, options: WriteOptions) -> Result<BlobWriter> {
        let limit_bytes = options.max_bytes;
        if let Some(size_bytes) = options.content_length.filter(|announced| *announced > limit_bytes) {
            return Err(Error::EntityTooLarge { size_bytes, limit_bytes });
        }
        let dir = Arc::clone(self);
        let made = tokio::task::spawn_blocking(move || {
            let (new, file) = dir.create_file()?;
            let keyed = options.data_key.as_ref().map(|key| dir.cipher(key));
            let (cipher, salt) = keyed.unzip();
            let payload_bytes = options.content_length.map(|length| salt.map_or(length, |_| stored_length(length)));
            reserve(&file, payload_bytes)?;
            let encryption = cipher.clone().zip(salt);
            let encryption = encryption.map(|(cipher, salt)| Encryption { salt, encrypting: Encrypting::new(cipher) });
            let digest = PayloadDigest::new(options.checksum, cipher.clone());
            let spool = Spool::new(file, new.place.file.clone(), Arc::clone(&dir.chunks), (digest, cipher));
            Ok(BlobWriter::new(new, spool, (draft, options), encryption))
        });
        made.await.map_err(|error| Error::internal("beginning a blob", error))?
    }

    /// What encrypts a new payload, and what its key was derived with.
    fn cipher(&self, key: &DataKey) -> (Arc<Cipher>, Salt) {
        let mut salt = Salt::default();
        self.clock.random(&mut salt);
        (Arc::new(Cipher::new(key, &salt)), salt)
    }

    /// An empty file under a fresh id. Blocks.
    pub(super) fn create_file(self: &Arc<Self>) -> Result<(NewFile, File)> {
        let id = BlobId(self.clock.id());
        let place = id.place(&self.root);
        let mut create = OpenOptions::new();
        create.read(true).write(true).create_new(true).mode(0o600);
        for _ in 0..CREATE_ATTEMPTS {
            let file =
                make_dir(&place.hour).and_then(|()| make_dir(&place.shard)).and_then(|()| create.open(&place.file));
            match file {
                Ok(file) => return Ok((NewFile::new(Arc::clone(self), id, place), file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(write_error("creating a blob", error)),
            }
        }
        Err(Error::internal("creating a blob", "its directory keeps vanishing"))
    }

    /// Makes the names of a new file and of its directories durable. Blocks.
    pub(super) fn sync_names(&self, place: &Place) -> Result<()> {
        sync_dir(&place.shard)?;
        for (dir, parent) in [(&place.shard, &place.hour), (&place.hour, &self.root)] {
            if !self.durable_dirs().contains(dir) {
                sync_dir(parent)?;
                let mut durable = self.durable_dirs();
                if durable.len() >= MAX_DURABLE_DIRS {
                    durable.clear();
                }
                durable.insert(dir.clone());
            }
        }
        Ok(())
    }

    /// Removes a blob; `false` if there was none. Those who pinned it before keep reading. The name's removal is not
    /// synced: after a power cut the file may be back, and is garbage that no row names. Blocks.
    pub(crate) fn remove_blocking(&self, id: BlobId) -> Result<bool> {
        let place = id.place(&self.root);
        if self.pins.is_pinned(id) {
            match self.opened.open(id, &place.file) {
                Ok(Some(file)) => self.pins.retain(id, file),
                Ok(None) => return Ok(false),
                // Nobody can read it anyway, so nobody loses anything.
                Err(Error::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let removed = match std::fs::remove_file(&place.file) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(Error::internal("removing a blob", error)),
        };
        self.opened.forget(id);
        if hour_name(id.created()) < hour_name(self.clock.now()) {
            self.remove_if_empty(&place.shard);
            self.remove_if_empty(&place.hour);
        }
        Ok(removed)
    }

    /// Opens a blob, from the cache of open ones if it is there; `None` if there is no such file. May block.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the file is no whole blob, [`Error::Internal`] if it cannot be opened.
    pub(super) fn open_blob(&self, id: BlobId) -> Result<Option<Arc<BlobFile>>> {
        if let Some(file) = self.pins.retained(id) {
            return Ok(Some(file));
        }
        self.opened.open(id, &id.place(&self.root).file)
    }

    /// A blob's footer. Blocks.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the file is missing, unfinished or damaged.
    pub(crate) fn read_footer(&self, id: BlobId) -> Result<Footer> {
        BlobFile::open(id, &self.path(id))?.map(|(_, footer)| footer).ok_or_else(|| damaged(format!("no blob {id}")))
    }

    /// Where a blob is, for messages.
    pub(crate) fn path(&self, id: BlobId) -> PathBuf {
        id.place(&self.root).file
    }

    /// Ids of all files made in the hour of `since` or later, in no order within an hour, finished or not: a sweep before
    /// writes begin finds what a crash left. Blocks; holds one directory's listing at a time.
    pub(crate) fn walk(&self, since: Timestamp) -> Result<Walk> {
        Walk::new(&self.root, &hour_name(since))
    }

    fn durable_dirs(&self) -> std::sync::MutexGuard<'_, HashSet<PathBuf>> {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes a directory of a past hour when its last blob went. Under the lock, so that it is not remembered as
    /// durable after it was made anew.
    fn remove_if_empty(&self, dir: &Path) {
        let mut durable = self.durable_dirs();
        if std::fs::remove_dir(dir).is_ok() {
            durable.remove(dir);
        }
    }
}

/// Sets space aside behind the end of the file, which does not show in its length. A file system that cannot do it is
/// told by `EOPNOTSUPP`; the write then finds a full disk later.
fn reserve(file: &File, content_length: Option<u64>) -> Result<()> {
    let Some(payload_bytes) = content_length.filter(|bytes| *bytes > 0) else { return Ok(()) };
    let space_bytes = payload_bytes + trailer_bytes(payload_bytes);
    loop {
        match rustix::fs::fallocate(file, FallocateFlags::KEEP_SIZE, 0, space_bytes) {
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(write_error("setting space aside", errno)),
        }
    }
}

/// Makes a directory for our eyes only, unless it exists.
fn make_dir(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Makes the names in a directory durable.
fn sync_dir(path: &Path) -> Result<()> {
    let dir = File::open(path).map_err(|error| Error::internal("opening a directory to sync it", error))?;
    dir.sync_all().map_err(|error| SyncFailed::error(path, error))
}
