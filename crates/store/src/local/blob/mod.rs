//! Blob files: the bodies that are too large for the log.
//!
//! ```text
//! blobs/<yyyymmddhh>/<xx>/<uuid-v7>
//!
//! 0 ┌──────────────────────────────────────────────┐
//!   │ payload                                      │  the body, as it came or encrypted
//! L ├──────────────────────────────────────────────┤
//!   │ trailer: CRC32C of each 64 KiB of payload    │  u32 little-endian each; the last block may be short
//!   ├──────────────────────────────────────────────┤
//!   │ footer: JSON                                 │  version, blob, bucket, generation, key, digests, headers …
//!   ├──────────────────────────────────────────────┤
//!   │ trailer length u64, footer length u32 (LE)   │
//!   │ CRC32C of everything from L to here, u32     │  fixed tail, 24 bytes
//!   │ magic "HWBLOB01"                             │
//!   └──────────────────────────────────────────────┘
//! ```
//!
//! Guarantees: a file is whole or recognisably not (an unfinished one lacks the tail); every byte is covered by a checksum
//! that is verified when it is read; the file says by itself what it is, so the index can be rebuilt from the files; keys
//! never become paths; [`BlobWriter::persist`] returns when all of it is on disk.
//!
//! Not here: which blobs are visible. Rows name them; a blob without a row is garbage, and removing it is the sweep's work.

mod ahead;
mod chunk;
mod copy;
mod dir;
mod extent;
mod fault;
mod file;
mod file_io;
mod footer;
mod layout;
mod path;
mod payload;
mod pins;
mod queue;
mod ranges;
mod spool;
mod tail;
mod verify;
mod walk;
mod writer;

#[cfg(test)]
mod tests;

pub(crate) use chunk::Chunk;
pub(crate) use dir::BlobDir;
pub(crate) use extent::{Extent, ExtentContent};
pub(crate) use fault::SyncFailed;
pub(crate) use footer::{Footer, FooterDraft, FooterNote, Role};
pub(crate) use layout::BLOCK_BYTES;
pub(crate) use path::BlobId;
pub(crate) use verify::BlobCheck;
pub(crate) use writer::{BlobWriter, PersistedBlob, WriteOptions};
