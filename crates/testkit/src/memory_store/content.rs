//! Bytes of an opened object.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use headwater_model::body::Body;
use headwater_model::{Error, Result};
use headwater_store::{Content, DataKey, StoredObject};

/// Bodies up to this length are told to be resident; longer ones are only readable, so that both ways are taken.
pub(super) const RESIDENT_BYTES: usize = 64 << 10;
/// Longest piece of a body that is read.
const PIECE_BYTES: usize = 64 << 10;

pub(super) struct MemoryContent {
    bytes: Bytes,
    /// What the body is encrypted with: it is, for whoever does not show it.
    data_key: Option<DataKey>,
}

impl MemoryContent {
    pub(super) fn new(bytes: Bytes, data_key: Option<DataKey>) -> Self {
        let data_key = data_key.filter(|_| !bytes.is_empty());
        Self { bytes, data_key }
    }
}

impl Content for MemoryContent {
    fn resident(&self) -> Option<Bytes> {
        (self.data_key.is_none() && self.bytes.len() <= RESIDENT_BYTES).then(|| self.bytes.clone())
    }

    fn read(&self, range: Range<u64>) -> Body {
        assert!(
            range.start < range.end && range.end <= self.bytes.len() as u64,
            "the range {range:?} must be valid for {} bytes and not empty",
            self.bytes.len()
        );
        if self.data_key.is_some() {
            let locked = Error::internal("read a body", "it is encrypted and was not decrypted");
            return Body::Stream(Box::pin(futures_util::stream::iter([Err(locked)])));
        }
        body_of(self.bytes.slice(range.start as usize..range.end as usize), PIECE_BYTES)
    }

    fn decrypted(&self, key: &DataKey) -> Result<Arc<dyn Content>> {
        match &self.data_key {
            Some(data_key) if data_key != key => Err(Error::Damaged { detail: "a body does not open".into() }),
            None if !self.bytes.is_empty() => Err(Error::internal("decrypt a body", "it is not encrypted")),
            _ => Ok(Arc::new(Self::new(self.bytes.clone(), None))),
        }
    }
}

/// The whole body of any store's object.
pub(super) async fn read_all(object: &StoredObject) -> Result<Bytes> {
    if let Some(bytes) = object.content.resident() {
        return Ok(bytes);
    }
    if object.meta.size_bytes == 0 {
        return Ok(Bytes::new());
    }
    match object.content.read(0..object.meta.size_bytes) {
        Body::Empty => Ok(Bytes::new()),
        Body::Full(bytes) => Ok(bytes),
        Body::Stream(mut pieces) => {
            let mut bytes = BytesMut::new();
            while let Some(piece) = pieces.next().await {
                bytes.extend_from_slice(&piece?);
            }
            Ok(bytes.freeze())
        }
    }
}

/// A body in memory as one piece or, beyond a piece's size, as a stream.
pub(super) fn body_of(bytes: Bytes, piece_bytes: usize) -> Body {
    if bytes.len() <= piece_bytes {
        return Body::Full(bytes);
    }
    let pieces = (0..bytes.len()).step_by(piece_bytes);
    let pieces: Vec<Result<Bytes>> =
        pieces.map(|start| Ok(bytes.slice(start..(start + piece_bytes).min(bytes.len())))).collect();
    Body::Stream(Box::pin(futures_util::stream::iter(pieces)))
}
