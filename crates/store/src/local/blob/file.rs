//! Finished blobs, open for reading, and the cache of them.
//!
//! Guarantees: bytes come out of [`BlobFile::read`] only after every block that they touch was compared with its CRC32C
//! in the trailer, which itself was verified together with the footer when the file was opened; a file under another
//! blob's name does not open. What fails is [`Error::Damaged`] and is logged as an error with its place.
//!
//! How: one copy, page cache to buffer; the checksum then runs over bytes that are still in the CPU's cache.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use headwater_model::{Error, Result};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use super::chunk::{CHUNK_BYTES, Chunk, ChunkPool};
use super::file_io::fill;
use super::footer::Footer;
use super::layout::{BLOCK_BYTES, FixedTail, SUM_BYTES, TAIL_BYTES, crc32c, damaged};
use super::path::BlobId;

/// Most blobs kept open while nobody reads them. A hit on a body of some hundred KiB is then a look-up and one read; more
/// would take descriptors from connections.
const OPEN_BLOBS: u64 = 256;
/// What an open blob weighs in the cache at least; a trailer that is larger (payload over 256 MiB) counts by its size, so
/// that the cached trailers together stay below 4 MiB.
const MIN_WEIGHT_BYTES: u64 = 16 << 10;

/// A finished blob.
#[derive(Debug)]
pub(super) struct BlobFile {
    /// Which one.
    pub(super) id: BlobId,
    /// Open for reading.
    pub(super) file: Arc<File>,
    /// Length of the payload.
    pub(super) payload_bytes: u64,
    /// Block checksums, verified.
    pub(super) trailer: Box<[u8]>,
}

impl BlobFile {
    /// Opens and checks everything but the payload; `None` if there is no such file. Blocks.
    pub(super) fn open(id: BlobId, path: &Path) -> Result<Option<(Self, Footer)>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::internal("opening a blob", error)),
        };
        match Self::check(id, file) {
            Err(Error::Damaged { detail }) => {
                tracing::error!(path = %path.display(), %detail, "blob damaged");
                Err(damaged(format!("blob {id}: {detail}")))
            }
            checked => checked.map(Some),
        }
    }

    fn check(id: BlobId, file: File) -> Result<(Self, Footer)> {
        let (payload_bytes, trailer, footer) = read_end(&file)?;
        if footer.blob != id {
            return Err(damaged(format!("file holds blob {}", footer.blob)));
        }
        Ok((Self { id, file: Arc::new(file), payload_bytes, trailer }, footer))
    }

    /// The footer, read again. Blocks.
    pub(super) fn footer(&self) -> Result<Footer> {
        read_end(&self.file).map(|(_, _, footer)| footer)
    }

    /// Verified bytes from the start of `range`, which is not empty and within the payload: up to its end, or up to the
    /// end of the second block if that is nearer.
    pub(super) async fn read(&self, chunks: &Arc<ChunkPool>, range: Range<u64>) -> Result<Bytes> {
        debug_assert!(range.start < range.end);
        if range.end > self.payload_bytes {
            return Err(self.fail(range.start, "extent reaches beyond the payload"));
        }
        let from = range.start / BLOCK_BYTES * BLOCK_BYTES;
        let until = range.end.min(from + CHUNK_BYTES as u64);
        let blocks_end = until.next_multiple_of(BLOCK_BYTES).min(self.payload_bytes);
        let chunk = self.read_blocks(chunks, from..blocks_end).await?;
        Ok(chunk.hand_out((range.start - from) as usize..(until - from) as usize))
    }

    /// The block of that number, verified, in a buffer that can be changed.
    pub(super) async fn read_block(&self, chunks: &Arc<ChunkPool>, index: u64) -> Result<Chunk> {
        let from = index.saturating_mul(BLOCK_BYTES);
        if from >= self.payload_bytes {
            return Err(self.fail(from, "extent reaches beyond the payload"));
        }
        self.read_blocks(chunks, from..self.payload_bytes.min(from + BLOCK_BYTES)).await
    }

    async fn read_blocks(&self, chunks: &Arc<ChunkPool>, blocks: Range<u64>) -> Result<Chunk> {
        let chunk = chunks.take((blocks.end - blocks.start) as usize);
        let filled = fill(&self.file, chunk, blocks.start).await;
        let chunk = filled.map_err(|error| self.fail(blocks.start, &error.to_string()))?;
        self.verify(blocks.start, chunk.as_ref())?;
        Ok(chunk)
    }

    /// Compares whole blocks, the first at `offset`, with their checksums.
    pub(super) fn verify(&self, offset: u64, blocks: &[u8]) -> Result<()> {
        let sums = &self.trailer[(offset / BLOCK_BYTES * SUM_BYTES) as usize..];
        for (index, (block, sum)) in
            blocks.chunks(BLOCK_BYTES as usize).zip(sums.chunks_exact(SUM_BYTES as usize)).enumerate()
        {
            if crc32c(block).to_le_bytes() != sum {
                return Err(self.fail(offset + index as u64 * BLOCK_BYTES, "block fails its checksum"));
            }
        }
        Ok(())
    }

    /// Says that the blob is damaged, to the log and to the caller.
    pub(super) fn fail(&self, offset: u64, what: &str) -> Error {
        tracing::error!(blob = %self.id, offset, what, "blob damaged");
        damaged(format!("blob {} at {offset}: {what}", self.id))
    }

    fn is_unlinked(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
    }
}

/// Reads and verifies what follows the payload: the payload's length, the trailer, the footer. Blocks.
fn read_end(file: &File) -> Result<(u64, Box<[u8]>, Footer)> {
    let unreadable = |error: io::Error| damaged(format!("end of file: {error}"));
    let file_bytes = file.metadata().map_err(unreadable)?.len();
    let Some(tail_offset) = file_bytes.checked_sub(TAIL_BYTES) else { return Err(damaged("file is too short")) };
    let mut fixed = [0; TAIL_BYTES as usize];
    file.read_exact_at(&mut fixed, tail_offset).map_err(unreadable)?;
    let tail = FixedTail::parse(fixed, file_bytes)?;
    let payload_bytes = tail.payload_bytes(file_bytes).ok_or_else(|| damaged("file is too short"))?;
    let mut end = vec![0; (file_bytes - payload_bytes) as usize];
    file.read_exact_at(&mut end, payload_bytes).map_err(unreadable)?;
    let (trailer, footer) = tail.open(&end)?;
    Ok((payload_bytes, trailer.into(), Footer::decode(footer, payload_bytes)?))
}

/// The blobs that are open.
#[derive(Debug)]
pub(super) struct OpenBlobs(Cache<BlobId, Arc<BlobFile>, ByTrailer>);

/// Weighs an open blob by the memory of its trailer.
#[derive(Clone, Debug)]
struct ByTrailer;

impl Weighter<BlobId, Arc<BlobFile>> for ByTrailer {
    fn weight(&self, _: &BlobId, file: &Arc<BlobFile>) -> u64 {
        (file.trailer.len() as u64).max(MIN_WEIGHT_BYTES)
    }
}

impl OpenBlobs {
    pub(super) fn new() -> Self {
        let options = OptionsBuilder::new()
            .estimated_items_capacity(OPEN_BLOBS as usize)
            .weight_capacity(OPEN_BLOBS * MIN_WEIGHT_BYTES)
            .shards(1) // more shards could not take the largest trailer
            .build()
            .expect("both capacities are given");
        Self(Cache::with_options(options, ByTrailer, DefaultHashBuilder::default(), DefaultLifecycle::default()))
    }

    /// The blob if it is open.
    pub(super) fn get(&self, id: BlobId) -> Option<Arc<BlobFile>> {
        self.0.get(&id)
    }

    /// The blob, opened if need be. May block.
    pub(super) fn open(&self, id: BlobId, path: &Path) -> Result<Option<Arc<BlobFile>>> {
        if let Some(open) = self.get(id) {
            return Ok(Some(open));
        }
        let Some((file, _)) = BlobFile::open(id, path)? else { return Ok(None) };
        let file = Arc::new(file);
        self.0.insert(id, Arc::clone(&file));
        // Removal unlinks first and forgets then. Looking after the insertion, we see its unlink, or it sees our entry.
        if file.is_unlinked() {
            self.0.remove(&id);
        }
        Ok(Some(file))
    }

    /// Closes the blob as soon as its readers are done. After its file was unlinked.
    pub(super) fn forget(&self, id: BlobId) {
        self.0.remove(&id);
    }
}
