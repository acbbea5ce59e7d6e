//! What a signature says about the body.

use std::fmt;

use http::request::Parts;

use super::error::SignError;
use super::header;
use super::keys::SigningKey;

/// The words of `x-amz-content-sha256` and `x-oss-content-sha256`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentSha256 {
    /// `UNSIGNED-PAYLOAD`: the body is not covered.
    Unsigned,
    /// The body's SHA-256 in hex.
    Digest([u8; 32]),
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`.
    ChunkedSigned,
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER`.
    ChunkedSignedTrailer,
    /// `STREAMING-UNSIGNED-PAYLOAD-TRAILER`.
    ChunkedUnsignedTrailer,
}

pub(super) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
/// `hex(sha256(""))`.
pub(super) const EMPTY_DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const CHUNKED_SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const CHUNKED_SIGNED_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const CHUNKED_UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

impl ContentSha256 {
    /// Reads a header value; `None` for a mode that is not spoken here, the empty value included.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            UNSIGNED_PAYLOAD => Some(Self::Unsigned),
            CHUNKED_SIGNED => Some(Self::ChunkedSigned),
            CHUNKED_SIGNED_TRAILER => Some(Self::ChunkedSignedTrailer),
            CHUNKED_UNSIGNED_TRAILER => Some(Self::ChunkedUnsignedTrailer),
            _ => decode_hex(text).map(Self::Digest),
        }
    }

    /// Whether the body is in `aws-chunked` coding.
    pub fn is_chunked(self) -> bool {
        matches!(self, Self::ChunkedSigned | Self::ChunkedSignedTrailer | Self::ChunkedUnsignedTrailer)
    }
}

impl fmt::Display for ContentSha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => f.write_str(UNSIGNED_PAYLOAD),
            Self::Digest(digest) => f.write_str(&hex::encode(digest)),
            Self::ChunkedSigned => f.write_str(CHUNKED_SIGNED),
            Self::ChunkedSignedTrailer => f.write_str(CHUNKED_SIGNED_TRAILER),
            Self::ChunkedUnsignedTrailer => f.write_str(CHUNKED_UNSIGNED_TRAILER),
        }
    }
}

/// 32 bytes from 64 hex digits.
pub(super) fn decode_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

/// How the body of a verified request is to be checked.
#[derive(Clone, Debug)]
pub enum PayloadMode {
    /// Not covered by the signature.
    Unsigned,
    /// The whole body must have this SHA-256; the caller computes it.
    Sha256([u8; 32]),
    /// `aws-chunked`, each chunk signed: read it through a [`ChunkedDecoder`](super::ChunkedDecoder).
    ChunkedSigned(Box<ChunkSeed>),
    /// `aws-chunked`, each chunk and the trailer signed.
    ChunkedSignedTrailer(Box<ChunkSeed>),
    /// `aws-chunked`, nothing signed, with a trailer that carries a checksum.
    ChunkedUnsignedTrailer,
}

/// What the chain of chunk signatures starts from.
#[derive(Clone, Debug)]
pub struct ChunkSeed {
    pub(super) key: SigningKey,
    /// `20130524T000000Z`, as signed.
    pub(super) timestamp: String,
    /// `20130524/us-east-1/s3/aws4_request`.
    pub(super) scope: String,
    /// The request's own signature.
    pub(super) signature: [u8; 32],
}

impl PayloadMode {
    pub(super) fn new(content: ContentSha256, seed: impl FnOnce() -> ChunkSeed) -> Self {
        match content {
            ContentSha256::Unsigned => Self::Unsigned,
            ContentSha256::Digest(digest) => Self::Sha256(digest),
            ContentSha256::ChunkedSigned => Self::ChunkedSigned(Box::new(seed())),
            ContentSha256::ChunkedSignedTrailer => Self::ChunkedSignedTrailer(Box::new(seed())),
            ContentSha256::ChunkedUnsignedTrailer => Self::ChunkedUnsignedTrailer,
        }
    }
}

/// The length of an `aws-chunked` body after decoding, in bytes: `x-amz-decoded-content-length`, which is mandatory.
pub fn decoded_content_length(parts: &Parts) -> Result<u64, SignError> {
    const NAME: &str = "x-amz-decoded-content-length";
    let text = header::single(&parts.headers, NAME)?.ok_or(SignError::MissingHeader { name: NAME })?;
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SignError::malformed(NAME, "not a number of bytes"));
    }
    text.parse().map_err(|_| SignError::malformed(NAME, "larger than any object"))
}
