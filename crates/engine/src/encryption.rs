//! Encryption of objects as clients see it: whose key opens which object.
//!
//! Guarantees: every object and every upload has a data key of its own, which is stored only wrapped: with the master key, or
//! with the key that a customer sent, which is never stored. A wrapped key opens for the key in the life of the bucket that it
//! was wrapped for, so that a row copied elsewhere shows nothing. Bytes of an encrypted object reach nobody but through
//! [`Seal::readable`].
//!
//! ```text
//! nonce (12) ‖ data key (32), AES-256-GCM ‖ tag (16)       additional data: headwater/1/object/GENERATION/KEY
//! ```
//!
//! Deliberately not here: how bodies are encrypted (the store's).

use headwater_model::bucket::Bucket;
use headwater_model::encryption::{CustomerKey, Encryption, KEY_BYTES, KeyHolder, ServerEncryption, WriteEncryption};
use headwater_model::reply::Reply;
use headwater_model::{Error, ObjectKey, Result};
use headwater_store::{BucketRef, DataKey, StoredObject};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::seal::{Seal, SealError};

/// A data key in the clear and as it is stored.
pub(crate) struct NewKey {
    pub(crate) data_key: DataKey,
    pub(crate) encryption: Box<Encryption>,
}

impl NewKey {
    /// What the write needs, and what the object keeps; nothing of either for an object in the clear.
    pub(crate) fn split(key: Option<Self>) -> (Option<DataKey>, Option<Box<Encryption>>) {
        key.map(|key| (key.data_key, key.encryption)).unzip()
    }
}

impl Seal {
    /// The key of a new object, if it is to be encrypted.
    pub(crate) fn key_of_new(&self, wanted: &WriteEncryption, bucket: &Bucket, key: &ObjectKey) -> Option<NewKey> {
        let is_encrypted = *wanted != WriteEncryption::BucketDefault
            || bucket.configuration.encryption.is_some()
            || self.default == ServerEncryption::Managed;
        is_encrypted.then(|| self.wrap(wanted.customer_key(), &BucketRef::from(bucket), key))
    }

    /// A fresh data key.
    fn wrap(&self, customer: Option<&CustomerKey>, bucket: &BucketRef, key: &ObjectKey) -> NewKey {
        let holder = customer.map_or(KeyHolder::Server, |key| KeyHolder::Customer { key_md5: key.md5() });
        let (mut data_key, mut nonce) = ([0; KEY_BYTES], [0; NONCE_LEN]);
        self.clock.random(&mut data_key);
        self.clock.random(&mut nonce);
        let mut wrapped = data_key.to_vec();
        let place = Aad::from(place(bucket, key));
        wrapping(customer)
            .as_ref()
            .unwrap_or(&self.key)
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), place, &mut wrapped)
            .expect("a key is far shorter than what one nonce may cover");
        let wrapped_key = [&nonce[..], &wrapped].concat().into();
        NewKey { data_key: DataKey::new(data_key), encryption: Box::new(Encryption { holder, wrapped_key }) }
    }

    /// The data key of an object or upload.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] if the customer's key is missing, is another, or is not needed;
    /// [`Error::Internal`] over a [`crate::SealError`] if it was wrapped with another master key.
    pub(crate) fn data_key(
        &self,
        encryption: Option<&Encryption>,
        bucket: &BucketRef,
        key: &ObjectKey,
        customer: Option<&CustomerKey>,
    ) -> Result<Option<DataKey>> {
        let Some(encryption) = encryption else {
            return if customer.is_some() { Err(refused(NOT_APPLICABLE)) } else { Ok(None) };
        };
        match (encryption.holder, customer) {
            (KeyHolder::Server, Some(_)) => return Err(refused(NOT_APPLICABLE)),
            (KeyHolder::Customer { .. }, None) => return Err(refused(KEY_NEEDED)),
            (KeyHolder::Customer { key_md5 }, Some(customer)) if customer.md5() != key_md5 => {
                return Err(refused(OTHER_KEY));
            }
            (KeyHolder::Server, None) | (KeyHolder::Customer { .. }, Some(_)) => {}
        }
        let wrapping = wrapping(customer);
        let opened = encryption.wrapped_key.split_first_chunk::<NONCE_LEN>().and_then(|(nonce, wrapped)| {
            let mut wrapped = Zeroizing::new(wrapped.to_vec());
            let (nonce, place) = (Nonce::assume_unique_for_key(*nonce), Aad::from(place(bucket, key)));
            let opened = wrapping.as_ref().unwrap_or(&self.key).open_in_place(nonce, place, &mut wrapped).ok()?;
            <[u8; KEY_BYTES]>::try_from(&*opened).ok()
        });
        match (opened, customer) {
            (Some(bytes), _) => Ok(Some(DataKey::new(bytes))),
            (None, Some(_)) => Err(refused(OTHER_KEY)),
            (None, None) => {
                let place = format!("object {} of bucket {}", key.as_str(), bucket.name).into();
                Err(Error::internal("open a data key", SealError { place }))
            }
        }
    }

    /// The object with its bytes in the clear.
    ///
    /// # Errors
    /// Those of [`Seal::data_key`]; [`Error::Damaged`].
    pub(crate) fn readable(
        &self,
        object: StoredObject,
        bucket: &BucketRef,
        key: &ObjectKey,
        customer: Option<&CustomerKey>,
    ) -> Result<StoredObject> {
        let encryption = object.meta.composition.encryption.as_deref();
        match self.data_key(encryption, bucket, key, customer)? {
            None => Ok(object),
            Some(data_key) => Ok(StoredObject { content: object.content.decrypted(&data_key)?, meta: object.meta }),
        }
    }
}

/// What wraps in place of the master key.
fn wrapping(customer: Option<&CustomerKey>) -> Option<LessSafeKey> {
    let key = UnboundKey::new(&AES_256_GCM, customer?.reveal());
    Some(LessSafeKey::new(key.expect("the key has the length of the algorithm")))
}

/// An answer that tells how its object or upload is encrypted.
pub(crate) fn told(reply: Reply, encryption: Option<&Encryption>) -> Reply {
    match encryption {
        None => reply,
        Some(encryption) => Reply::Encrypted(Box::new(reply), encryption.holder),
    }
}

const NOT_APPLICABLE: &str = "The encryption parameters are not applicable to this object.";
const KEY_NEEDED: &str = "The object was stored using a form of Server Side Encryption. The correct parameters must be \
                          provided to retrieve the object.";
const OTHER_KEY: &str = "The provided encryption parameters did not match the ones used originally.";

fn refused(message: &str) -> Error {
    Error::InvalidRequest { message: message.into() }
}

fn place(bucket: &BucketRef, key: &ObjectKey) -> Vec<u8> {
    format!("headwater/1/object/{}/{}", bucket.generation.0, key.as_str()).into_bytes()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use headwater_model::BucketName;
    use headwater_model::bucket::Generation;
    use headwater_testkit::ManualClock;

    use super::*;
    use crate::seal::MASTER_KEY_BYTES;

    fn seal(byte: u8) -> Seal {
        Seal::new(&[byte; MASTER_KEY_BYTES], Arc::new(ManualClock::default()))
    }

    fn bucket(generation: u64) -> BucketRef {
        BucketRef { name: BucketName::parse("photos").unwrap(), generation: Generation(generation) }
    }

    fn key(text: &str) -> ObjectKey {
        ObjectKey::parse(text).unwrap()
    }

    fn wrap(seal: &Seal, wanted: &WriteEncryption) -> NewKey {
        seal.wrap(wanted.customer_key(), &bucket(1), &key("a/b"))
    }

    #[test]
    fn a_data_key_opens_where_it_was_wrapped_only() {
        let new = wrap(&seal(1), &WriteEncryption::Managed);
        let opened = seal(1).data_key(Some(&new.encryption), &bucket(1), &key("a/b"), None).unwrap();
        assert_eq!(opened.as_ref(), Some(&new.data_key));
        for (seal, bucket, key) in
            [(seal(2), bucket(1), key("a/b")), (seal(1), bucket(2), key("a/b")), (seal(1), bucket(1), key("a/c"))]
        {
            let refused = seal.data_key(Some(&new.encryption), &bucket, &key, None);
            assert!(matches!(refused, Err(Error::Internal { .. })));
        }
        let seal = seal(1);
        let [one, other] = [0, 1].map(|_| wrap(&seal, &WriteEncryption::Managed).data_key);
        assert_ne!(one, other, "each has its own");
    }

    #[test]
    fn a_customers_key_is_needed_and_is_the_right_one() {
        let customer = |byte: u8, md5: u8| CustomerKey::new([byte; KEY_BYTES], [md5; 16]);
        let new = wrap(&seal(1), &WriteEncryption::Customer(customer(1, 1)));
        let open = |seal: Seal, with: Option<CustomerKey>| {
            seal.data_key(Some(&new.encryption), &bucket(1), &key("a/b"), with.as_ref())
        };
        // The master key has no part in it.
        assert_eq!(open(seal(2), Some(customer(1, 1))).unwrap(), Some(new.data_key.clone()));
        for wrong in [None, Some(customer(2, 2)), Some(customer(2, 1))] {
            assert!(matches!(open(seal(1), wrong), Err(Error::InvalidRequest { .. })));
        }
        let managed = wrap(&seal(1), &WriteEncryption::Managed).encryption;
        for needless in [None, Some(&*managed)] {
            let opened = seal(1).data_key(needless, &bucket(1), &key("a/b"), Some(&customer(1, 1)));
            assert!(matches!(opened, Err(Error::InvalidRequest { .. })));
        }
    }
}
