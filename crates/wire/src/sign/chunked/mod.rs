//! Bodies in the `aws-chunked` coding, decoded and verified while they arrive.
//!
//! Guarantees: a byte of a signed chunk is handed out only after that chunk's signature verified; a body counts as whole
//! only after its final chunk (and its trailer signature, where one is due) and only if it decodes to exactly the
//! declared length; memory is bounded by one signed chunk plus what the caller pushed.
//!
//! How: the caller pushes what it received and pops payload; nothing blocks. Payload is sliced out of the pushed
//! buffers, not copied, unless the pieces are tiny.
//!
//! ```text
//! Header ─► Data ─► DataEnd ─► Header …          one chunk:  size[;chunk-signature] CRLF payload CRLF
//!    └─ size 0 ─► Trailer ─► End                 last chunk: 0[;chunk-signature] CRLF (trailer field)* CRLF
//! any error ─► Failed
//! ```
//!
//! Deliberately not here: computing the checksums that a trailer carries; they are returned as text.

mod chain;
mod frame;
mod pieces;

use bytes::Bytes;
use sha2::{Digest, Sha256};

pub(super) use chain::Chain;
use frame::{ChunkHeader, LineBuffer, parse_header, parse_trailer};
use pieces::Pieces;

use super::payload::{PayloadMode, decode_hex};

/// Largest chunk whose payload is signed: it is held until its signature is verified. Clients use 64 KiB to 1 MiB.
pub const MAX_SIGNED_CHUNK_BYTES: u64 = 16 << 20;

/// Longest trailer, all fields and the signature together; a checksum and its signature take some 200 bytes.
pub const MAX_TRAILER_BYTES: usize = 4 << 10;

/// Longest chunk header line: 16 digits, the extension's name and 64 digits take 98 bytes.
const MAX_CHUNK_HEADER_BYTES: usize = 128;

const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

/// Why a chunked body is refused. Each variant names the S3 answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// Where a chunk header or the end of a chunk must be is something else: at S3 the body has then ended before its
    /// end. 400 `IncompleteBody`, whatever the bytes are.
    #[error("malformed chunked body: {message}")]
    Unframed {
        /// What is wrong.
        message: &'static str,
    },
    /// The framing is broken in another way. 400 `InvalidRequest`.
    #[error("malformed chunked body: {message}")]
    Malformed {
        /// What is wrong.
        message: &'static str,
    },
    /// The trailer has no end within its limit. 400 `InvalidRequest`.
    #[error("the trailer is longer than {limit_bytes} bytes")]
    LineTooLong {
        /// The limit.
        limit_bytes: usize,
    },
    /// A signed chunk is too large to be held for verification. 400 `InvalidChunkSizeError`.
    #[error("a signed chunk of {size_bytes} bytes is larger than {limit_bytes}")]
    ChunkTooLarge {
        /// As announced.
        size_bytes: u64,
        /// The limit.
        limit_bytes: u64,
    },
    /// A chunk's or the trailer's signature is wrong. 403 `SignatureDoesNotMatch`.
    #[error("the signature of a chunk does not match")]
    SignatureMismatch,
    /// A signature that the mode demands is absent. 403 `AccessDenied`.
    #[error("a chunk or the trailer is not signed")]
    SignatureMissing,
    /// The body goes on beyond its declared length. 400 `InvalidRequest`.
    #[error("the body is longer than the {declared_bytes} bytes declared")]
    TooLong {
        /// From `x-amz-decoded-content-length`.
        declared_bytes: u64,
    },
    /// The body ended early: no final chunk, or fewer bytes than declared. 400 `IncompleteBody`.
    #[error("the body ended after {decoded_bytes} of {declared_bytes} bytes")]
    Incomplete {
        /// Payload bytes decoded.
        decoded_bytes: u64,
        /// From `x-amz-decoded-content-length`.
        declared_bytes: u64,
    },
}

/// What remains to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Header,
    Data { remaining_bytes: u64, signature: Option<[u8; 32]> },
    DataEnd,
    Trailer { is_signed: bool },
    End { surplus_blank: bool },
    Failed,
}

/// Decodes one body; see the module's documentation.
#[derive(Debug)]
pub struct ChunkedDecoder {
    state: State,
    /// Present where chunks are signed.
    chain: Option<Chain>,
    has_trailer: bool,
    declared_bytes: u64,
    decoded_bytes: u64,
    line: LineBuffer,
    /// Of the chunk being read.
    digest: Sha256,
    /// Payload of the chunk being read, not yet verified.
    held: Pieces,
    /// Payload to hand out.
    ready: Pieces,
    trailer_bytes: usize,
    /// Whether the last line read was a field of the trailer, with CR LF at its end.
    ends_with_field: bool,
    trailers: Vec<(String, String)>,
}

impl ChunkedDecoder {
    /// A decoder for a body of this mode that must decode to `declared_bytes`
    /// ([`decoded_content_length`](super::decoded_content_length)). `None` if the mode is not chunked.
    pub fn new(mode: PayloadMode, declared_bytes: u64) -> Option<Self> {
        let (chain, has_trailer) = match mode {
            PayloadMode::Unsigned | PayloadMode::Sha256(_) => return None,
            PayloadMode::ChunkedSigned(seed) => (Some(Chain::new(*seed)), false),
            PayloadMode::ChunkedSignedTrailer(seed) => (Some(Chain::new(*seed)), true),
            PayloadMode::ChunkedUnsignedTrailer => (None, true),
        };
        Some(Self {
            state: State::Header,
            chain,
            has_trailer,
            declared_bytes,
            decoded_bytes: 0,
            line: LineBuffer::default(),
            digest: Sha256::new(),
            held: Pieces::default(),
            ready: Pieces::default(),
            trailer_bytes: 0,
            ends_with_field: false,
            trailers: Vec::new(),
        })
    }

    /// Takes the next bytes of the coded body. After an error the decoder stays failed; payload popped before it was
    /// verified all the same.
    pub fn push(&mut self, mut input: Bytes) -> Result<(), ChunkError> {
        while !input.is_empty() {
            if let Err(error) = self.step(&mut input) {
                self.state = State::Failed;
                self.held.clear();
                return Err(error);
            }
        }
        Ok(())
    }

    /// The next piece of payload that may be used; `None`: push more, or finish.
    pub fn pop(&mut self) -> Option<Bytes> {
        self.ready.pop()
    }

    /// Confirms that the body is whole, after everything was pushed, and returns the trailer: lower-case names and
    /// values in the order of their names, without the signature.
    pub fn finish(self) -> Result<Vec<(String, String)>, ChunkError> {
        match self.state {
            _ if !self.line.is_empty() => Err(self.incomplete()),
            // Some clients leave out the blank line after the trailer's signature, which nothing depends on.
            State::End { .. } | State::Trailer { is_signed: true } => Ok(self.trailers),
            // S3 takes an unsigned trailer without it too. Which fields must have come is known to whoever announced them.
            State::Trailer { is_signed: false } if self.chain.is_none() && self.ends_with_field => Ok(self.trailers),
            State::Failed => Err(ChunkError::Malformed { message: "refused before" }),
            State::Header | State::Data { .. } | State::DataEnd | State::Trailer { is_signed: false } => {
                Err(self.incomplete())
            }
        }
    }

    fn incomplete(&self) -> ChunkError {
        ChunkError::Incomplete { decoded_bytes: self.decoded_bytes, declared_bytes: self.declared_bytes }
    }

    /// Consumes at least one byte of the (not empty) input.
    fn step(&mut self, input: &mut Bytes) -> Result<(), ChunkError> {
        match self.state {
            State::Header => {
                let no_header = |_| ChunkError::Unframed { message: "a chunk header without an end" };
                if let Some(line) = self.line.take(input, MAX_CHUNK_HEADER_BYTES).map_err(no_header)? {
                    self.begin_chunk(&parse_header(&line)?)?;
                }
            }
            State::Data { remaining_bytes, signature } => self.take_data(input, remaining_bytes, signature)?,
            State::DataEnd => {
                if self.take_line_end(input, ChunkError::Unframed { message: "no line end after a chunk" })? {
                    self.state = State::Header;
                }
            }
            State::Trailer { is_signed } => {
                let too_long = |_| ChunkError::LineTooLong { limit_bytes: MAX_TRAILER_BYTES };
                let line = self.line.take(input, MAX_TRAILER_BYTES - self.trailer_bytes).map_err(too_long)?;
                if let Some(line) = line {
                    self.trailer_bytes += line.len();
                    self.take_trailer_line(&line, is_signed)?;
                }
            }
            State::End { surplus_blank: false } => {
                // One widespread client ends an unsigned trailer with two blank lines.
                if self.take_line_end(input, ChunkError::Malformed { message: "bytes after the end" })? {
                    self.state = State::End { surplus_blank: true };
                }
            }
            State::End { surplus_blank: true } => {
                return Err(ChunkError::Malformed { message: "bytes after the end" });
            }
            State::Failed => return Err(ChunkError::Malformed { message: "refused before" }),
        }
        Ok(())
    }

    /// Whether a CR LF is complete; refused with `message` if it is something else.
    fn take_line_end(&mut self, input: &mut Bytes, otherwise: ChunkError) -> Result<bool, ChunkError> {
        match self.line.take(input, 2) {
            Ok(None) => Ok(false),
            Ok(Some(line)) if line == b"\r\n" => Ok(true),
            Ok(Some(_)) | Err(_) => Err(otherwise),
        }
    }

    fn begin_chunk(&mut self, header: &ChunkHeader) -> Result<(), ChunkError> {
        let size_bytes = header.size_bytes;
        match (&self.chain, header.signature) {
            (Some(_), None) => return Err(ChunkError::SignatureMissing),
            (None, Some(_)) => return Err(ChunkError::Malformed { message: "a signature in an unsigned body" }),
            (Some(_), Some(_)) if size_bytes > MAX_SIGNED_CHUNK_BYTES => {
                return Err(ChunkError::ChunkTooLarge { size_bytes, limit_bytes: MAX_SIGNED_CHUNK_BYTES });
            }
            _ => {}
        }
        if size_bytes > self.declared_bytes - self.decoded_bytes {
            return Err(ChunkError::TooLong { declared_bytes: self.declared_bytes });
        }
        if size_bytes > 0 {
            self.state = State::Data { remaining_bytes: size_bytes, signature: header.signature };
            return Ok(());
        }
        self.verify_chunk(header.signature)?;
        if self.decoded_bytes < self.declared_bytes {
            return Err(self.incomplete());
        }
        self.state = State::Trailer { is_signed: false };
        Ok(())
    }

    fn take_data(
        &mut self,
        input: &mut Bytes,
        remaining_bytes: u64,
        signature: Option<[u8; 32]>,
    ) -> Result<(), ChunkError> {
        let wanted = usize::try_from(remaining_bytes).unwrap_or(usize::MAX);
        let piece = input.split_to(wanted.min(input.len()));
        let length = u64::try_from(piece.len()).expect("a buffer's length fits 64 bits");
        self.decoded_bytes += length;
        if self.chain.is_some() {
            self.digest.update(&piece);
            self.held.push(piece);
        } else {
            self.ready.push(piece);
        }
        let remaining_bytes = remaining_bytes - length;
        self.state = State::Data { remaining_bytes, signature };
        if remaining_bytes == 0 {
            self.verify_chunk(signature)?;
            self.state = State::DataEnd;
        }
        Ok(())
    }

    /// Verifies the chunk that was read to its end and releases its payload.
    fn verify_chunk(&mut self, signature: Option<[u8; 32]>) -> Result<(), ChunkError> {
        if let Some(chain) = &mut self.chain {
            let provided = signature.ok_or(ChunkError::SignatureMissing)?;
            chain.verify_chunk(&self.digest.finalize_reset().into(), &provided)?;
            self.ready.append(&mut self.held);
        }
        Ok(())
    }

    fn take_trailer_line(&mut self, line: &[u8], is_signed: bool) -> Result<(), ChunkError> {
        let ends_whole = line.ends_with(b"\r\n");
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let awaits_signature = self.has_trailer && self.chain.is_some() && !is_signed;
        if line.is_empty() {
            // Some clients put a blank line between the fields and their signature.
            if !awaits_signature {
                self.state = State::End { surplus_blank: false };
            }
            return Ok(());
        }
        if !self.has_trailer || is_signed {
            return Err(ChunkError::Malformed { message: "a trailer field where none is due" });
        }
        let (name, value) = parse_trailer(line)?;
        if name == TRAILER_SIGNATURE {
            let provided = decode_hex(&value).ok_or(ChunkError::SignatureMismatch)?;
            let unexpected = ChunkError::Malformed { message: "a signature in an unsigned trailer" };
            self.chain.as_mut().ok_or(unexpected)?.verify_trailer(&self.trailers, &provided)?;
            self.state = State::Trailer { is_signed: true };
            return Ok(());
        }
        let position = self.trailers.partition_point(|(known, _)| *known < name);
        if self.trailers.get(position).is_some_and(|(known, _)| *known == name) {
            return Err(ChunkError::Malformed { message: "a trailer field is sent twice" });
        }
        self.trailers.insert(position, (name, value));
        self.ends_with_field = ends_whole;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
