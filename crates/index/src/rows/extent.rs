//! Where a body's bytes are: an ordered list of extents, each a piece of one blob.

use serde::{Deserialize, Serialize};

/// Names what holds bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BlobRef {
    /// A segment of the log: bodies small enough to live in their log entry.
    Log {
        /// Number of the segment.
        segment: u64,
    },
    /// A file of its own.
    File {
        /// UUID v7 that names the file.
        id: [u8; 16],
    },
}

/// A piece of a body. A body is its extents in order; an empty body has none. Of a sealed piece, length and CRC are those
/// of what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// What holds the bytes.
    pub blob: BlobRef,
    /// Where they begin in it.
    pub offset_bytes: u64,
    /// How many they are.
    pub length_bytes: u64,
    /// CRC-64/XZ of these bytes.
    pub crc64: u64,
    /// What its key is derived with, if it is sealed: each piece has one of its own.
    pub salt: Option<[u8; 16]>,
}
