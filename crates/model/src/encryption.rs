//! Encryption at rest: what is known of an encrypted body, and what requests say about it.
//!
//! Guarantees: a customer's key is in memory only while its request runs; it is never formatted, never stored, and
//! overwritten when it is dropped. What is stored of it is the MD5 that AWS answers.
//!
//! Deliberately not here: how bodies and keys are encrypted (the store's and the engine's).

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Length in bytes of every key: AES-256.
pub const KEY_BYTES: usize = 32;

/// The one algorithm by both vendors' name.
pub const AES256: &str = "AES256";

/// How an object's body is encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// Whose key opens its data key.
    pub holder: KeyHolder,
    /// The data key, wrapped: nonce (12) ‖ ciphertext (32) ‖ tag (16). Opens for the object's key in its bucket's life only.
    pub wrapped_key: Box<[u8]>,
}

/// Whose key opens an object's data key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyHolder {
    /// The server: its master key (SSE-S3).
    Server,
    /// Who wrote the object; every reader must bring the same key (SSE-C).
    Customer {
        /// MD5 of that key, as AWS answers it.
        key_md5: [u8; 16],
    },
}

/// A key that a customer sent with a request (SSE-C).
#[derive(Clone, PartialEq, Eq)]
pub struct CustomerKey {
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    md5: [u8; 16],
}

impl CustomerKey {
    /// The key, and its MD5 as compared with what the request says.
    pub fn new(bytes: [u8; KEY_BYTES], md5: [u8; 16]) -> Self {
        Self { bytes: Zeroizing::new(bytes), md5 }
    }

    /// The key, for wrapping.
    pub fn reveal(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }

    /// Its MD5.
    pub fn md5(&self) -> [u8; 16] {
        self.md5
    }
}

impl fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerKey(..)")
    }
}

/// What a writer asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WriteEncryption {
    /// What its bucket does by default.
    #[default]
    BucketDefault,
    /// Encryption with a key of the server.
    Managed,
    /// Encryption with this key.
    Customer(CustomerKey),
}

impl WriteEncryption {
    /// The customer's key, if it is one.
    pub fn customer_key(&self) -> Option<&CustomerKey> {
        match self {
            Self::Customer(key) => Some(key),
            Self::BucketDefault | Self::Managed => None,
        }
    }
}

/// What the server does with objects whose writers ask for nothing, in buckets that say nothing either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerEncryption {
    /// It stores them as they come.
    #[default]
    Off,
    /// It encrypts them with keys of its own.
    Managed,
}

/// What a bucket does with objects whose writers ask for nothing: it encrypts them with keys of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketEncryption {
    /// S3 `BucketKeyEnabled`; echoed, without further effect: it concerns AWS's KMS.
    pub bucket_key: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customers_key_is_not_formatted() {
        let key = CustomerKey::new([7; KEY_BYTES], [1; 16]);
        assert_eq!(format!("{:?}", WriteEncryption::Customer(key)), "Customer(CustomerKey(..))");
    }
}
