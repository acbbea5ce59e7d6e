//! Streaming bodies, independent of any HTTP library.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;
use futures_core::Stream;

use crate::error::Result;

/// Chunks in order; the stream's end is a clean end, an error item is the last item and means that the body is broken
/// and must never be passed on as complete.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// A body: nothing, one piece in memory, or a stream.
pub enum Body {
    /// No bytes at all.
    Empty,
    /// All bytes at hand.
    Full(Bytes),
    /// Bytes as they come. The length, where known, is told beside the body (`Content-Length`).
    Stream(ByteStream),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Full(bytes) => write!(f, "Full({} bytes)", bytes.len()),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}
