//! The chain of chunk signatures: each one signs the one before it, beginning with the request's own.
//!
//! ```text
//! chunk:   AWS4-HMAC-SHA256-PAYLOAD ⏎ time ⏎ scope ⏎ previous ⏎ hex(sha256("")) ⏎ hex(sha256(payload))
//! trailer: AWS4-HMAC-SHA256-TRAILER ⏎ time ⏎ scope ⏎ previous ⏎ hex(sha256((name:value LF)*))
//! ```

use subtle::ConstantTimeEq;

use super::ChunkError;
use crate::sign::keys::sha256;
use crate::sign::payload::{ChunkSeed, EMPTY_DIGEST};

const CHUNK_ALGORITHM: &str = "AWS4-HMAC-SHA256-PAYLOAD";
const TRAILER_ALGORITHM: &str = "AWS4-HMAC-SHA256-TRAILER";

#[derive(Debug)]
pub(in crate::sign) struct Chain {
    seed: ChunkSeed,
    /// Hex of the last signature verified.
    previous: String,
}

impl Chain {
    pub(in crate::sign) fn new(seed: ChunkSeed) -> Self {
        let previous = hex::encode(seed.signature);
        Self { seed, previous }
    }

    /// Verifies the next chunk by the digest of its payload.
    pub(super) fn verify_chunk(&mut self, digest: &[u8; 32], provided: &[u8; 32]) -> Result<(), ChunkError> {
        let expected = self.chunk_signature(digest);
        self.advance(&expected, provided)
    }

    /// Verifies the trailer, whose fields are in the order of their names.
    pub(super) fn verify_trailer(
        &mut self,
        fields: &[(String, String)],
        provided: &[u8; 32],
    ) -> Result<(), ChunkError> {
        let expected = self.trailer_signature(fields);
        self.advance(&expected, provided)
    }

    pub(in crate::sign) fn chunk_signature(&self, digest: &[u8; 32]) -> [u8; 32] {
        self.sign(CHUNK_ALGORITHM, &[EMPTY_DIGEST, "\n", &hex::encode(digest)].concat())
    }

    pub(in crate::sign) fn trailer_signature(&self, fields: &[(String, String)]) -> [u8; 32] {
        let mut canonical = String::new();
        for (name, value) in fields {
            canonical.extend([name.as_str(), ":", value, "\n"]);
        }
        self.sign(TRAILER_ALGORITHM, &hex::encode(sha256(canonical.as_bytes())))
    }

    fn sign(&self, algorithm: &str, last: &str) -> [u8; 32] {
        let lines = [algorithm, &self.seed.timestamp, &self.seed.scope, &self.previous, last].join("\n");
        self.seed.key.sign(&[lines.as_bytes()])
    }

    pub(in crate::sign) fn advance(&mut self, expected: &[u8; 32], provided: &[u8; 32]) -> Result<(), ChunkError> {
        if !bool::from(expected.ct_eq(provided)) {
            return Err(ChunkError::SignatureMismatch);
        }
        self.previous = hex::encode(expected);
        Ok(())
    }
}
