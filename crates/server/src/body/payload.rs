//! A request's body, held to what its signature says about it.
//!
//! Guarantees: the stream ends cleanly only if the payload has the signed SHA-256, or the `aws-chunked` coding was whole
//! and each signature in it right. Signed chunks are released only after their own signature was checked; a body under
//! a plain SHA-256 streams and fails at its end, so nothing may be committed before the end.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures_core::Stream;
use headwater_model::body::ByteStream;
use headwater_model::digest::{Checksum, ChecksumAlgorithm, TrailingChecksum};
use headwater_model::error::SignatureMismatch;
use headwater_model::{Error, Result};
use headwater_wire::sign::{ChunkError, ChunkedDecoder, PayloadMode};
use sha2::{Digest as _, Sha256};

/// Wraps `stream` according to `mode`. `declared_bytes` is the decoded length of a chunked body; a checksum in its
/// trailer goes to `trailing`.
pub(crate) fn verified(
    stream: ByteStream,
    mode: PayloadMode,
    declared_bytes: u64,
    trailing: TrailingChecksum,
) -> ByteStream {
    match mode {
        PayloadMode::Unsigned => stream,
        PayloadMode::Sha256(expected) => Box::pin(Digested { stream, expected, running: Some(Sha256::new()) }),
        mode => match ChunkedDecoder::new(mode, declared_bytes) {
            Some(decoder) => Box::pin(Chunked { stream, decoder: Some(decoder), trailing }),
            None => stream,
        },
    }
}

/// A body under one digest.
struct Digested {
    stream: ByteStream,
    expected: [u8; 32],
    /// Gone once the end was judged.
    running: Option<Sha256>,
}

impl Stream for Digested {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.stream.as_mut().poll_next(cx));
        match &item {
            Some(Ok(chunk)) => {
                if let Some(running) = &mut self.running {
                    running.update(chunk);
                }
            }
            Some(Err(_)) => {}
            None => {
                let computed = self.running.take().map(|running| <[u8; 32]>::from(running.finalize()));
                if let Some(computed) = computed.filter(|computed| *computed != self.expected) {
                    return Poll::Ready(Some(Err(Error::BadDigest {
                        header: "x-amz-content-sha256".into(),
                        announced: hex::encode(self.expected).into(),
                        computed: hex::encode(computed).into(),
                    })));
                }
            }
        }
        Poll::Ready(item)
    }
}

/// A body in `aws-chunked` coding.
struct Chunked {
    stream: ByteStream,
    /// Gone once the end was judged.
    decoder: Option<ChunkedDecoder>,
    trailing: TrailingChecksum,
}

impl Stream for Chunked {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Some(decoder) = &mut self.decoder else { return Poll::Ready(None) };
            if let Some(payload) = decoder.pop() {
                return Poll::Ready(Some(Ok(payload)));
            }
            let pushed = match ready!(self.stream.as_mut().poll_next(cx)) {
                Some(Ok(coded)) => self.decoder.as_mut().map_or(Ok(()), |decoder| decoder.push(coded)),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    let finished = self.decoder.take().map_or(Ok(Vec::new()), ChunkedDecoder::finish);
                    let judged = finished.map_err(refusal).and_then(|trailers| self.take_checksum(&trailers));
                    return Poll::Ready(judged.err().map(Err));
                }
            };
            if let Err(error) = pushed {
                self.decoder = None;
                return Poll::Ready(Some(Err(refusal(error))));
            }
        }
    }
}

impl Chunked {
    fn take_checksum(&self, trailers: &[(String, String)]) -> Result<()> {
        for (name, text) in trailers {
            let Some(algorithm) = name.strip_prefix("x-amz-checksum-").and_then(algorithm) else { continue };
            let value = BASE64.decode(text).ok().filter(|value| value.len() == algorithm.size_bytes());
            let value = value
                .ok_or_else(|| Error::InvalidDigest { header: name.as_str().into(), value: text.as_str().into() })?;
            if self.trailing.set(Checksum { algorithm, value }).is_err() {
                let message = "Expecting a single x-amz-checksum- trailer.";
                return Err(Error::InvalidRequest { message: message.into() });
            }
        }
        Ok(())
    }
}

fn algorithm(suffix: &str) -> Option<ChecksumAlgorithm> {
    ChecksumAlgorithm::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(suffix))
}

fn refusal(error: ChunkError) -> Error {
    match error {
        ChunkError::SignatureMismatch => Error::SignatureMismatch(Box::new(SignatureMismatch {
            access_key_id: "".into(),
            provided: "".into(),
            string_to_sign: "".into(),
            canonical_request: None,
        })),
        ChunkError::SignatureMissing => Error::AccessDenied { reason: "a chunk or the trailer is not signed" },
        ChunkError::Incomplete { .. } | ChunkError::Unframed { .. } => Error::IncompleteBody,
        other => Error::InvalidRequest { message: other.to_string().into() },
    }
}
