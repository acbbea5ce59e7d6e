//! The lines between the payload: chunk headers and trailer fields.
//!
//! ```text
//! chunk header:  <hex size>[;chunk-signature=<64 hex>] CRLF
//! trailer field: <name>:<value> CRLF, or only LF
//! ```

use bytes::{Buf, Bytes};

use super::ChunkError;
use crate::sign::payload::decode_hex;

/// A line, gathered until its LF arrives.
#[derive(Debug, Default)]
pub(super) struct LineBuffer(Vec<u8>);

impl LineBuffer {
    /// Whether no line has begun.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes bytes up to and including the next LF from `input`; the line with its end, or `None` if it goes on.
    pub(super) fn take(&mut self, input: &mut Bytes, limit_bytes: usize) -> Result<Option<Vec<u8>>, ChunkError> {
        let room = limit_bytes.saturating_sub(self.0.len());
        let end = input.iter().take(room).position(|byte| *byte == b'\n');
        let length = end.map_or(input.len().min(room), |position| position + 1);
        self.0.extend_from_slice(&input[..length]);
        input.advance(length);
        if end.is_some() {
            return Ok(Some(std::mem::take(&mut self.0)));
        }
        if self.0.len() >= limit_bytes {
            return Err(ChunkError::LineTooLong { limit_bytes });
        }
        Ok(None)
    }
}

/// A chunk header, parsed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ChunkHeader {
    pub(super) size_bytes: u64,
    /// The signature as sent; absent in the unsigned mode.
    pub(super) signature: Option<[u8; 32]>,
}

/// Reads a chunk header line.
pub(super) fn parse_header(line: &[u8]) -> Result<ChunkHeader, ChunkError> {
    let unframed = ChunkError::Unframed { message: "invalid chunk header" };
    let text = line.strip_suffix(b"\r\n").and_then(|line| std::str::from_utf8(line).ok()).ok_or(unframed.clone())?;
    let (size, extension) = match text.split_once(';') {
        Some((size, extension)) => (size, Some(extension)),
        None => (text, None),
    };
    // `from_str_radix` alone would take a sign.
    if !(1..=16).contains(&size.len()) || !size.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(unframed);
    }
    let size_bytes = u64::from_str_radix(size, 16).map_err(|_| unframed)?;
    let signature = match extension {
        Some(extension) => {
            let hex = extension.strip_prefix("chunk-signature=");
            let hex = hex.ok_or(ChunkError::Malformed { message: "invalid chunk extension" })?;
            Some(decode_hex(hex).ok_or(ChunkError::SignatureMismatch)?)
        }
        None => None,
    };
    Ok(ChunkHeader { size_bytes, signature })
}

/// Reads a trailer line without its end: lower-case name and trimmed value.
pub(super) fn parse_trailer(line: &[u8]) -> Result<(String, String), ChunkError> {
    let malformed = || ChunkError::Malformed { message: "invalid trailer field" };
    let text = std::str::from_utf8(line).ok().filter(|text| !text.contains(char::is_control)).ok_or_else(malformed)?;
    let (name, value) = text.split_once(':').ok_or_else(malformed)?;
    let name = name.trim();
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(malformed());
    }
    Ok((name.to_ascii_lowercase(), value.trim().to_owned()))
}
