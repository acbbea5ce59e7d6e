//! Encrypted bodies as they are stored: between the digests, which are of what clients send, and the disk.
//!
//! ```text
//! body     │◄──── 65,520 ────►│◄──── 65,520 ────►│◄─ rest ─►│
//! stored   │ ciphertext ‖ tag │ ciphertext ‖ tag │ c. ‖ tag │
//!          │◄──── 65,536 ────►│◄──── 65,536 ────►│◄─ +16 ──►│
//! ```
//! A stored block is a block of a blob file, so checksums, scan, doctor, compaction and copies see whole blocks of bytes like
//! any others, and need no key.
//!
//! Guarantees: a block that was changed, moved to another place, or taken from another piece of any body does not open
//! ([`Error::Damaged`]); bytes are handed out only after their block was authenticated. That a body has all its blocks is
//! told by its row, which knows the stored length.
//!
//! How: AES-256-GCM. Each piece (extent) has a key of its own, HKDF-SHA256 of the object's data key and a salt of 128 random
//! bits; the nonce is the number of the block. So no nonce is used twice under one key, and parts and appends can be written
//! at the same time without agreeing on anything.
//!
//! Deliberately not here: whose key opens the data key (the engine's), and hiding how long a body is.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use headwater_model::{Error, Result};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt as HkdfSalt};

use super::blob::BLOCK_BYTES;
use crate::DataKey;

/// Bytes by which a stored block is longer.
const TAG_BYTES: u64 = 16;
/// Bytes of the body in a whole block.
pub(super) const PLAIN_BLOCK_BYTES: u64 = BLOCK_BYTES - TAG_BYTES;
/// Keeps keys that are derived here apart from any others.
const KEY_INFO: &[u8] = b"headwater/1/extent";

/// What a piece's key is derived with.
pub(super) type Salt = [u8; 16];

/// Stored length of a piece.
pub(super) fn stored_length(plain_bytes: u64) -> u64 {
    plain_bytes.saturating_add(plain_bytes.div_ceil(PLAIN_BLOCK_BYTES).saturating_mul(TAG_BYTES))
}

/// Length of a piece in the clear. The last block of no piece is empty: a stored length that would say so is none.
pub(super) fn plain_length(stored_bytes: u64) -> Result<u64> {
    let rest = stored_bytes % BLOCK_BYTES;
    if rest != 0 && rest <= TAG_BYTES {
        return Err(Error::Damaged { detail: format!("no encrypted piece is {stored_bytes} bytes long").into() });
    }
    Ok(whole_blocks(stored_bytes) + rest.saturating_sub(TAG_BYTES))
}

/// How much of the body is in the whole blocks of a piece that grows.
pub(super) fn whole_blocks(stored_bytes: u64) -> u64 {
    stored_bytes / BLOCK_BYTES * PLAIN_BLOCK_BYTES
}

/// Encrypts and decrypts the blocks of one piece.
pub(super) struct Cipher(LessSafeKey);

impl std::fmt::Debug for Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cipher(..)")
    }
}

impl Cipher {
    /// Of the piece with this salt.
    pub(super) fn new(key: &DataKey, salt: &Salt) -> Self {
        let derived = HkdfSalt::new(HKDF_SHA256, salt).extract(key.reveal());
        let key = derived.expand(&[KEY_INFO], &AES_256_GCM).expect("one key is far below what HKDF gives");
        Self(LessSafeKey::new(UnboundKey::from(key)))
    }

    /// Encrypts a block, the tag behind it.
    fn encrypt(&self, index: u64, mut block: BytesMut) -> Bytes {
        debug_assert!(!block.is_empty() && block.len() as u64 <= PLAIN_BLOCK_BYTES);
        self.0
            .seal_in_place_append_tag(nonce(index), Aad::empty(), &mut block)
            .expect("a block is far shorter than what one nonce may cover");
        block.freeze()
    }

    /// Decrypts a stored block in place; gives the length of what is at its beginning then.
    ///
    /// # Errors
    /// [`Error::Damaged`] if it is not the block of that number of this piece as it was written.
    pub(super) fn decrypt(&self, index: u64, stored: &mut [u8]) -> Result<usize> {
        match self.0.open_in_place(nonce(index), Aad::empty(), stored) {
            Ok(plain) => Ok(plain.len()),
            Err(ring::error::Unspecified) => {
                Err(Error::Damaged { detail: format!("block {index} of an encrypted body does not open").into() })
            }
        }
    }

    /// Encrypts a small body.
    pub(super) fn encrypt_body(&self, body: &[u8]) -> Bytes {
        let mut stored = BytesMut::with_capacity(stored_length(body.len() as u64) as usize);
        for (index, block) in body.chunks(PLAIN_BLOCK_BYTES as usize).enumerate() {
            stored.extend_from_slice(&self.encrypt(index as u64, with_room(block)));
        }
        stored.freeze()
    }

    /// Decrypts a small body.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub(super) fn decrypt_body(&self, stored: &[u8]) -> Result<Bytes> {
        let mut body = BytesMut::with_capacity(plain_length(stored.len() as u64)? as usize);
        for (index, block) in stored.chunks(BLOCK_BYTES as usize).enumerate() {
            let start = body.len();
            body.extend_from_slice(block);
            let length = self.decrypt(index as u64, &mut body[start..])?;
            body.truncate(start + length);
        }
        Ok(body.freeze())
    }
}

fn with_room(block: &[u8]) -> BytesMut {
    let mut room = BytesMut::with_capacity(block.len() + TAG_BYTES as usize);
    room.extend_from_slice(block);
    room
}

/// The number of the block, as 96 bits.
fn nonce(index: u64) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[NONCE_LEN - 8..].copy_from_slice(&index.to_be_bytes());
    Nonce::assume_unique_for_key(nonce)
}

/// A body on its way into a piece, cut into blocks. Holds one block at most.
pub(super) struct Encrypting {
    cipher: Arc<Cipher>,
    open: BytesMut,
    next: u64,
}

impl Encrypting {
    pub(super) fn new(cipher: Arc<Cipher>) -> Self {
        Self { cipher, open: BytesMut::new(), next: 0 }
    }

    /// Takes bytes from the front of `chunk`; gives a stored block when one is whole. To be called until `chunk` is empty.
    pub(super) fn take(&mut self, chunk: &mut Bytes) -> Option<Bytes> {
        if self.open.capacity() == 0 {
            self.open.reserve(BLOCK_BYTES as usize);
        }
        let room = PLAIN_BLOCK_BYTES as usize - self.open.len();
        self.open.extend_from_slice(&chunk.split_to(room.min(chunk.len())));
        (self.open.len() as u64 == PLAIN_BLOCK_BYTES).then(|| self.close())
    }

    /// The last block, if it is not whole.
    pub(super) fn finish(&mut self) -> Option<Bytes> {
        (!self.open.is_empty()).then(|| self.close())
    }

    fn close(&mut self) -> Bytes {
        let index = self.next;
        self.next += 1;
        self.cipher.encrypt(index, std::mem::take(&mut self.open))
    }
}

/// A piece read back in whatever cuts, given on block by block in the clear. Holds one block at most.
pub(super) struct Decrypting {
    cipher: Arc<Cipher>,
    open: Vec<u8>,
    next: u64,
}

impl Decrypting {
    pub(super) fn new(cipher: Arc<Cipher>) -> Self {
        Self { cipher, open: Vec::new(), next: 0 }
    }

    /// Takes the next stored bytes, and shows what they complete.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub(super) fn update(&mut self, mut stored: &[u8], mut show: impl FnMut(&[u8])) -> Result<()> {
        while !stored.is_empty() {
            let (now, later) = stored.split_at(stored.len().min(BLOCK_BYTES as usize - self.open.len()));
            self.open.extend_from_slice(now);
            if self.open.len() as u64 == BLOCK_BYTES {
                self.close(&mut show)?;
            }
            stored = later;
        }
        Ok(())
    }

    /// Shows what is left.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub(super) fn finish(&mut self, mut show: impl FnMut(&[u8])) -> Result<()> {
        if self.open.is_empty() { Ok(()) } else { self.close(&mut show) }
    }

    fn close(&mut self, show: &mut impl FnMut(&[u8])) -> Result<()> {
        let length = self.cipher.decrypt(self.next, &mut self.open)?;
        show(&self.open[..length]);
        self.next += 1;
        self.open.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
