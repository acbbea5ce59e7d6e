//! The digests of a payload as the write reads it back: of the body that it holds, and of the payload itself where that is
//! another because it is encrypted.

use std::sync::Arc;

use headwater_model::Result;
use headwater_model::digest::{ChecksumAlgorithm, Digests};

use crate::local::cipher::{Cipher, Decrypting};
use crate::local::digest::{BodyDigest, Crc64};

/// Running digests of a payload.
pub(super) struct PayloadDigest {
    body: BodyDigest,
    encrypted: Option<Encrypted>,
}

/// What an encrypted payload needs beside.
struct Encrypted {
    decrypting: Decrypting,
    size_bytes: u64,
    crc64: Crc64,
}

impl PayloadDigest {
    /// Of the empty payload; `checksum` asks for one additional checksum of the body.
    pub(super) fn new(checksum: Option<ChecksumAlgorithm>, cipher: Option<Arc<Cipher>>) -> Self {
        let encrypted =
            cipher.map(|cipher| Encrypted { decrypting: Decrypting::new(cipher), size_bytes: 0, crc64: Crc64::new() });
        Self { body: BodyDigest::new(checksum), encrypted }
    }

    /// Takes the next bytes of the payload.
    ///
    /// # Errors
    /// [`headwater_model::Error::Damaged`] if they are not what was written.
    pub(super) fn update(&mut self, bytes: &[u8]) -> Result<()> {
        let Self { body, encrypted } = self;
        let Some(encrypted) = encrypted else {
            body.update(bytes);
            return Ok(());
        };
        encrypted.size_bytes += bytes.len() as u64;
        encrypted.crc64.update(bytes);
        encrypted.decrypting.update(bytes, |plain| body.update(plain))
    }

    /// Digests of the body, and of the payload.
    ///
    /// # Errors
    /// As [`PayloadDigest::update`].
    pub(super) fn finish(mut self) -> Result<(Digests, Digests)> {
        let Some(mut encrypted) = self.encrypted else {
            let digests = self.body.finish();
            return Ok((digests.clone(), digests));
        };
        encrypted.decrypting.finish(|plain| self.body.update(plain))?;
        let (size_bytes, crc64) = (encrypted.size_bytes, encrypted.crc64.finish());
        Ok((self.body.finish(), Digests { size_bytes, md5: [0; 16], crc64, checksum: None }))
    }
}
