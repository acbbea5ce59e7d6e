//! Signing keys of the V4 schemes, and a small memory of those derived.
//!
//! Deriving a key costs four HMACs; a client repeats the same (access key, secret, day, region) for a whole day.
//! [`SigningKeys`] remembers what it saw verify. It holds a digest of those inputs, never a secret, so a changed secret
//! misses by itself; and only a request that verified is remembered, so strangers cannot push real keys out.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::scheme::Scope;

/// Keys in each of the two generations: some hundred clients in a few regions across midnight, in about 0.3 MiB.
const GENERATION_KEYS: usize = 512;

/// An HMAC-SHA256 key with its padding already absorbed.
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

impl SigningKey {
    /// Derives the key of a scope; `prefix` is what the vendor puts before the secret.
    pub(super) fn derive(prefix: &str, secret: &str, scope: &Scope) -> Self {
        let mut seed = Vec::with_capacity(prefix.len() + secret.len());
        seed.extend_from_slice(prefix.as_bytes());
        seed.extend_from_slice(secret.as_bytes());
        let steps = [scope.date.as_str(), &scope.region, &scope.service, scope.terminator];
        steps.into_iter().fold(Self::new(&seed), |key, step| Self::new(&key.sign(&[step.as_bytes()])))
    }

    fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of every length"))
    }

    /// The HMAC of the pieces, one after the other.
    pub(super) fn sign(&self, pieces: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for piece in pieces {
            mac.update(piece);
        }
        mac.finalize().into_bytes().into()
    }
}

/// HMAC-SHA1, the signature of OSS V1 and AWS V2.
pub(super) fn hmac_sha1(secret: &str, message: &[u8]) -> [u8; 20] {
    let mut mac: Hmac<Sha1> = Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of every length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// HMAC-SHA256 of one message, the signature of OSS V2.
pub(super) fn hmac_sha256(secret: &str, message: &[u8]) -> [u8; 32] {
    SigningKey::new(secret.as_bytes()).sign(&[message])
}

/// SHA-256 in one call.
pub(super) fn sha256(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}

/// Identifies the inputs of a derivation without holding them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct KeyId([u8; 32]);

impl KeyId {
    pub(super) fn new(access_key_id: &str, prefix: &str, secret: &str, scope: &Scope) -> Self {
        let mut hash = Sha256::new();
        for part in [access_key_id, prefix, secret, &scope.date, &scope.region, &scope.service] {
            // Lengths keep ("ab", "c") and ("a", "bc") apart.
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

/// Remembered signing keys: bounded, shared by all requests of a server.
///
/// Two generations approximate "least recently used" at constant cost: a key found in the old one moves to the young
/// one, and when the young one is full it becomes the old one.
#[derive(Default)]
pub struct SigningKeys(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<KeyId, SigningKey>,
    old: HashMap<KeyId, SigningKey>,
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKeys(..)")
    }
}

impl SigningKeys {
    /// An empty memory.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn find(&self, id: &KeyId) -> Option<SigningKey> {
        // A panic elsewhere cannot leave a map half changed in a way that matters: every entry is right by its id.
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = generations.young.get(id) {
            return Some(key.clone());
        }
        let key = generations.old.remove(id)?;
        generations.remember(*id, key.clone());
        Some(key)
    }

    pub(super) fn remember(&self, id: KeyId, key: SigningKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remember(id, key);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.young.len() + generations.old.len()
    }
}

impl Generations {
    fn remember(&mut self, id: KeyId, key: SigningKey) {
        if self.young.len() >= GENERATION_KEYS {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id, key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope { date: "20130524".into(), region: "us-east-1".into(), service: "s3".into(), terminator: "aws4_request" }
    }

    #[test]
    fn memory_is_bounded_and_keeps_what_is_used() {
        let keys = SigningKeys::new();
        let key = SigningKey::derive("AWS4", "secret", &scope());
        let used = KeyId::new("used", "AWS4", "secret", &scope());
        keys.remember(used, key.clone());
        for n in 0..10 * GENERATION_KEYS {
            keys.remember(KeyId::new(&n.to_string(), "AWS4", "secret", &scope()), key.clone());
            assert!(keys.find(&used).is_some(), "lost after {n}");
        }
        assert!(keys.len() <= 2 * GENERATION_KEYS);
        assert!(keys.find(&KeyId::new("0", "AWS4", "secret", &scope())).is_none());
    }

    #[test]
    fn another_secret_is_another_key() {
        let id = |id: &str, secret: &str| KeyId::new(id, "AWS4", secret, &scope());
        assert_ne!(id("ak", "old"), id("ak", "new"));
        assert_ne!(id("a", "k"), id("ak", ""));
    }
}
