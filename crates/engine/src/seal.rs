//! Secrets at rest: what rules, origins and access keys sign with reaches the store only sealed.
//!
//! Guarantees: no secret of a website document, of an origin's credentials or of an access key is written in the clear; a sealed secret
//! opens with the master key only, and only at the place that it was sealed for, so that copying it to another bucket
//! or origin gains nothing. A secret that does not open is an error, never an empty or a wrong secret.
//!
//! How: AES-256-GCM with a random 96-bit nonce for every sealing (at most 2^32 of them by NIST SP 800-38D; a rule is
//! changed by people). The sealed form is a text, so the types of the documents stay as they are:
//!
//! ```text
//! sealed:1:BASE64( nonce (12) ‖ ciphertext ‖ tag (16) )       additional data: headwater/1/bucket/NAME
//!                                                                              headwater/1/origin/SCHEME://HOST:PORT
//!                                                                              headwater/1/account/CANONICAL-ID
//! ```
//!
//! A document has a version that its secrets take part in: a digest under a key derived from the master key, from which
//! nobody learns them. Two readers of masked documents can so tell them apart.
//!
//! Deliberately not here: where the master key comes from (the program's), and the fields that rules set on origin
//! requests (`MirrorHeaders/Set`): the vendor's API shows those to the owner of the bucket.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL};
use headwater_model::account::Account;
use headwater_model::bucket::Bucket;
use headwater_model::clock::Clock;
use headwater_model::encryption::ServerEncryption;
use headwater_model::origin::OriginId;
use headwater_model::rule::Secret;
use headwater_model::settings::OriginSettings;
use headwater_model::website::Website;
use headwater_model::{Error, Result};
use headwater_store::Store;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;

/// Begins every sealed secret; the number is the version of the form.
const PREFIX: &str = "sealed:1:";

/// Keeps tokens apart from everything else that is sealed.
const TOKEN_DATA: &[u8] = b"headwater/1/session";

/// What the key of versions is derived from, beside the master key.
const VERSION_DATA: &[u8] = b"headwater/1/version";

/// Length of a master key in bytes.
pub const MASTER_KEY_BYTES: usize = 32;

/// Seals and opens secrets with one master key.
pub struct Seal {
    pub(crate) key: LessSafeKey,
    pub(crate) clock: Arc<dyn Clock>,
    versions: hmac::Key,
    /// What becomes of objects of which neither their writers nor their buckets say how.
    pub(crate) default: ServerEncryption,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(..)")
    }
}

/// A sealed secret does not open: another master key, or damage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret of {place} was sealed with another master key, or is damaged")]
pub struct SealError {
    /// Whose secret: `bucket NAME`, `origin SCHEME://HOST:PORT` or `account CANONICAL-ID`.
    pub place: Box<str>,
}

/// Whose secret it is.
#[derive(Clone, Copy)]
enum Place<'a> {
    Bucket(&'a str),
    Origin(&'a str),
    Account(&'a str),
}

impl Place<'_> {
    fn additional_data(self) -> Vec<u8> {
        match self {
            Self::Bucket(name) => format!("headwater/1/bucket/{name}"),
            Self::Origin(id) => format!("headwater/1/origin/{id}"),
            Self::Account(id) => format!("headwater/1/account/{id}"),
        }
        .into_bytes()
    }

    fn refusal(self) -> Error {
        let place = match self {
            Self::Bucket(name) => format!("bucket {name}"),
            Self::Origin(id) => format!("origin {id}"),
            Self::Account(id) => format!("account {id}"),
        };
        Error::internal("open a sealed secret", SealError { place: place.into() })
    }
}

impl Seal {
    /// With this master key; nonces are the clock's randomness.
    pub fn new(master_key: &[u8; MASTER_KEY_BYTES], clock: Arc<dyn Clock>) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, master_key).expect("the key has the length of the algorithm");
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, master_key), VERSION_DATA);
        let versions = hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref());
        Self { key: LessSafeKey::new(key), clock, versions, default: ServerEncryption::Off }
    }

    /// The same, with this for objects of buckets that say nothing about encryption.
    #[must_use]
    pub fn with_default(self, default: ServerEncryption) -> Self {
        Self { default, ..self }
    }

    /// The bucket as it goes to the store.
    pub(crate) fn seal_bucket(&self, bucket: &Bucket) -> Bucket {
        let place = Place::Bucket(bucket.name.as_str());
        let sealed = bucket
            .website
            .as_deref()
            .map(|website| map_website(website, |secret| Ok(self.seal(place, secret))).expect("sealing does not fail"));
        Bucket { website: sealed.map(Arc::new), ..bucket.clone() }
    }

    /// A bucket of the store as it is used, and whether it held a secret in the clear, as earlier releases wrote it.
    pub(crate) fn open_bucket(&self, bucket: Bucket) -> Result<(Bucket, Found)> {
        let place = Place::Bucket(bucket.name.as_str());
        let mut found = Found::Sealed;
        let opened = bucket
            .website
            .as_deref()
            .map(|website| map_website(website, |secret| self.open_or_keep(place, secret, &mut found)));
        let website = opened.transpose()?.map(Arc::new);
        Ok((Bucket { website, ..bucket }, found))
    }

    /// Settings of an origin as they go to the store.
    pub(crate) fn seal_origin(&self, id: &OriginId, settings: &OriginSettings) -> OriginSettings {
        map_origin(settings, |secret| Ok(self.seal(Place::Origin(id.as_str()), secret))).expect("sealing does not fail")
    }

    /// Settings of an origin as they are used, from those of the store.
    pub(crate) fn open_origin(&self, id: &OriginId, settings: &OriginSettings) -> Result<(OriginSettings, Found)> {
        let (place, mut found) = (Place::Origin(id.as_str()), Found::Sealed);
        let opened = map_origin(settings, |secret| self.open_or_keep(place, secret, &mut found))?;
        Ok((opened, found))
    }

    /// An account as it goes to the store.
    pub(crate) fn seal_account(&self, account: &Account) -> Account {
        let place = Place::Account(&account.owner.id);
        let mut sealed = account.clone();
        for key in &mut sealed.keys {
            key.secret = self.seal(place, &key.secret);
        }
        sealed
    }

    /// An account as it is used, from that of the store. Accounts were never stored in the clear.
    pub(crate) fn open_account(&self, account: &Account) -> Result<Account> {
        let mut opened = account.clone();
        for key in &mut opened.keys {
            key.secret = self.open(Place::Account(&account.owner.id), &key.secret)?;
        }
        Ok(opened)
    }

    /// Bytes that only this server reads again, as text for URLs and headers.
    pub(crate) fn seal_token(&self, plain: &[u8]) -> String {
        let mut nonce = [0; NONCE_LEN];
        self.clock.random(&mut nonce);
        let mut text = plain.to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(TOKEN_DATA), &mut text)
            .expect("tokens are far shorter than what one nonce may cover");
        BASE64URL.encode([&nonce[..], &text].concat())
    }

    /// What [`Seal::seal_token`] sealed; `None` for anything else.
    pub(crate) fn open_token(&self, sealed: &str) -> Option<Vec<u8>> {
        let bytes = BASE64URL.decode(sealed).ok()?;
        let (nonce, text) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut text = text.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.key.open_in_place(nonce, Aad::from(TOKEN_DATA), &mut text).ok()?;
        Some(opened.to_vec())
    }

    /// Tells settings of an origin apart, also by their secrets: 32 hexadecimal digits, the same over restarts.
    pub(crate) fn version_of(&self, settings: &OriginSettings) -> String {
        let bytes = postcard::to_stdvec(settings).expect("settings have lengths that are known");
        hex::encode(&hmac::sign(&self.versions, &bytes).as_ref()[..16])
    }

    fn seal(&self, place: Place<'_>, secret: &Secret) -> Secret {
        let mut nonce = [0; NONCE_LEN];
        self.clock.random(&mut nonce);
        let mut text = secret.reveal().as_bytes().to_vec();
        let data = Aad::from(place.additional_data());
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), data, &mut text)
            .expect("secrets are far shorter than what one nonce may cover");
        Secret::new(format!("{PREFIX}{}", BASE64.encode([&nonce[..], &text].concat())))
    }

    fn open_or_keep(&self, place: Place<'_>, secret: &Secret, found: &mut Found) -> Result<Secret> {
        if is_sealed(secret) {
            return self.open(place, secret);
        }
        *found = Found::Clear;
        Ok(secret.clone())
    }

    fn open(&self, place: Place<'_>, sealed: &Secret) -> Result<Secret> {
        let opened = sealed.reveal().strip_prefix(PREFIX).and_then(|text| {
            let bytes = BASE64.decode(text).ok()?;
            let (nonce, text) = bytes.split_first_chunk::<NONCE_LEN>()?;
            let mut text = text.to_vec();
            let data = Aad::from(place.additional_data());
            let opened = self.key.open_in_place(Nonce::assume_unique_for_key(*nonce), data, &mut text).ok()?;
            Some(Secret::new(std::str::from_utf8(opened).ok()?))
        });
        opened.ok_or_else(|| place.refusal())
    }
}

/// How the secrets of a stored document were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// All sealed, or there were none.
    Sealed,
    /// At least one in the clear.
    Clear,
}

fn is_sealed(secret: &Secret) -> bool {
    secret.reveal().starts_with(PREFIX)
}

/// What the store holds that only its master key opens: while there is anything the key must be found, and making a new one
/// would not help. Whose it is, for whoever has lost the key.
///
/// # Errors
/// Those of the store.
pub async fn under_master_key(store: &dyn Store, default: ServerEncryption) -> Result<Vec<String>> {
    let mut places = Vec::new();
    for bucket in store.buckets().await? {
        if bucket.configuration.encryption.is_some() || default == ServerEncryption::Managed {
            places.push(format!("the objects of bucket {}", bucket.name));
        }
        if let Some(website) = bucket.website.as_deref() {
            let mut found = false;
            map_website(website, |secret| {
                found |= is_sealed(secret);
                Ok(secret.clone())
            })?;
            places.extend(found.then(|| format!("the rules of bucket {}", bucket.name)));
        }
    }
    for account in store.accounts().await?.iter().filter(|account| !account.keys.is_empty()) {
        places.push(format!("the access keys of account {}", account.owner.display_name));
    }
    for (id, settings) in store.origins().await? {
        let mut found = false;
        map_origin(&settings, |secret| {
            found |= is_sealed(secret);
            Ok(secret.clone())
        })?;
        places.extend(found.then(|| format!("the credentials of origin {}", id.as_str())));
    }
    Ok(places)
}

fn map_website(website: &Website, mut change: impl FnMut(&Secret) -> Result<Secret>) -> Result<Website> {
    let mut website = website.clone();
    for rule in &mut website.rules {
        let auth = rule.redirect.as_mut().and_then(|redirect| redirect.mirror.auth.as_mut());
        if let Some(secret) = auth.and_then(|auth| auth.access_key_secret.as_mut()) {
            *secret = change(secret)?;
        }
    }
    Ok(website)
}

fn map_origin(settings: &OriginSettings, mut change: impl FnMut(&Secret) -> Result<Secret>) -> Result<OriginSettings> {
    let mut settings = settings.clone();
    if let Some(credentials) = &mut settings.credentials {
        credentials.access_key_secret = change(&credentials.access_key_secret)?;
        if let Some(token) = &mut credentials.session_token {
            *token = change(token)?;
        }
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use headwater_testkit::ManualClock;

    use super::*;

    fn seal(byte: u8) -> Seal {
        Seal::new(&[byte; MASTER_KEY_BYTES], Arc::new(ManualClock::default()))
    }

    #[test]
    fn only_the_key_and_the_place_open_a_secret() {
        let seal_1 = seal(1);
        let secret = Secret::new("hunter2-\u{fc}");
        let place = Place::Bucket("photos");
        let sealed = seal_1.seal(place, &secret);
        assert!(sealed.reveal().starts_with("sealed:1:") && !sealed.reveal().contains("hunter2"));
        assert_ne!(seal_1.seal(place, &secret), sealed, "every sealing has a nonce of its own");
        assert_eq!(seal_1.open(place, &sealed).unwrap(), secret);
        for (seal, place) in [(seal(2), place), (seal(1), Place::Bucket("other")), (seal(1), Place::Origin("photos"))] {
            let error = seal.open(place, &sealed).unwrap_err();
            assert!(!format!("{error:?}").contains("hunter2"));
            let Error::Internal { source, .. } = error else { panic!("another error") };
            assert!(source.downcast_ref::<SealError>().is_some());
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let seal = seal(1);
        let place = Place::Origin("https://a.example:443");
        let sealed = seal.seal(place, &Secret::new("s"));
        let bytes = BASE64.decode(&sealed.reveal()[PREFIX.len()..]).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed = Secret::new(format!("{PREFIX}{}", BASE64.encode(changed)));
            assert!(seal.open(place, &changed).is_err(), "byte {at}");
        }
        for text in ["sealed:1:", "sealed:1:!!", "sealed:1:AAAA"] {
            assert!(seal.open(place, &Secret::new(text)).is_err(), "{text}");
        }
    }
}
