//! Access keys as the operator sees them: listed, made, changed, deleted.
//!
//! A secret is shown when its key is made, to whoever made it, and never again. An account comes with its first key and
//! goes with its last; what it owns stays, and is root's to look after.

use std::sync::Arc;

use headwater_model::account::{AccessKey, Account};
use headwater_model::clock::Clock;
use headwater_model::policy::{Attached, MAX_OSS_POLICY_BYTES, Policy};
use headwater_model::reply::Owner;
use headwater_model::rule::Secret;
use headwater_model::{Error, Result};

use crate::engine::Engine;
use crate::settings::Changed;

/// Length of ids and secrets that are made here, in characters: those of AWS, which every client's form accepts.
const ID_CHARS: usize = 20;
const SECRET_CHARS: usize = 40;
/// Longest id, secret, display name and e-mail address that may be given; forms of clients take no longer ones.
const MAX_ID_CHARS: usize = 128;
const MAX_SECRET_CHARS: usize = 128;
const MIN_SECRET_CHARS: usize = 8;
const MAX_NAME_CHARS: usize = 64;
const MAX_EMAIL_CHARS: usize = 254;

/// An access key without its secret, and whose it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownKey {
    /// The key; its secret is the mask.
    pub key: AccessKey,
    /// Its account.
    pub owner: Owner,
    /// The account's e-mail address.
    pub email: Option<Box<str>>,
}

/// What a new key is to be. Whatever is left out is made.
#[derive(Clone, Debug, Default)]
pub struct NewKey {
    /// Canonical id of the account that it joins; `None` makes a new account.
    pub account: Option<Box<str>>,
    /// Canonical id of the new account.
    pub canonical_id: Option<Box<str>>,
    /// Display name of the new account; the access key id by default.
    pub display_name: Option<Box<str>>,
    /// E-mail address of the new account.
    pub email: Option<Box<str>>,
    /// The public identifier.
    pub access_key_id: Option<Box<str>>,
    /// The secret.
    pub secret: Option<Secret>,
    /// What the key may do at all.
    pub policy: Option<Box<str>>,
}

/// What becomes of a key; `None` leaves as it is.
#[derive(Clone, Debug, Default)]
pub struct KeyChange {
    /// Whether it may be used.
    pub enabled: Option<bool>,
    /// Its policy; `Some(None)` takes it away.
    pub policy: Option<Option<Box<str>>>,
    /// The change is made only while this is the policy.
    pub expected: Option<Option<Box<str>>>,
}

impl Engine {
    /// All access keys but root's, by account.
    pub fn access_keys(&self) -> Vec<ShownKey> {
        let accounts = self.accounts.all();
        accounts.iter().flat_map(|account| account.keys.iter().map(|key| shown(account, key))).collect()
    }

    /// Makes an access key. What comes beside it is the secret, which is shown this once.
    ///
    /// # Errors
    /// `InvalidArgument` naming the field; `MalformedPolicy`; those of the store.
    pub async fn create_access_key(&self, new: NewKey) -> Result<(Changed<ShownKey>, Secret)> {
        let change = self.accounts.change().await;
        let (key, secret) = self.new_key(&new)?;
        let account = match &new.account {
            Some(id) => {
                for (field, given) in
                    [("canonical_id", &new.canonical_id), ("display_name", &new.display_name), ("email", &new.email)]
                {
                    if let Some(value) = given {
                        return Err(Error::invalid_argument(field, value, "the account has it already"));
                    }
                }
                change.find(id).ok_or_else(|| Error::invalid_argument("account", id, "there is no such account"))?
            }
            None => self.new_account(&new, &key)?,
        };
        let made = shown(&account, &key);
        change.add(&*self.store, account, key).await?;
        Ok((Changed { before: None, after: Some(made), differs: true }, secret))
    }

    /// Changes an access key.
    ///
    /// # Errors
    /// [`Error::InvalidAccessKeyId`] if there is none; `PreconditionFailed` if its policy is not the one that is expected;
    /// `MalformedPolicy`; those of the store.
    pub async fn change_access_key(&self, id: &str, wanted: KeyChange) -> Result<Changed<ShownKey>> {
        let change = self.accounts.change().await;
        let (mut account, at) = change.holder(id).ok_or_else(|| unknown(id))?;
        let before = shown(&account, &account.keys[at]);
        let key = &mut account.keys[at];
        let text = key.policy.as_ref().map(|policy| policy.text());
        if wanted.expected.is_some_and(|expected| expected.as_deref() != text) {
            return Err(Error::PreconditionFailed { condition: "policy" });
        }
        key.enabled = wanted.enabled.unwrap_or(key.enabled);
        if let Some(policy) = wanted.policy {
            key.policy = policy.as_deref().map(policy_of_key).transpose()?;
        }
        let after = shown(&account, &account.keys[at]);
        let differs = before != after;
        if differs {
            change.put(&*self.store, account).await?;
        }
        Ok(Changed { before: Some(before), after: Some(after), differs })
    }

    /// Deletes an access key with its tokens, and its account if it was the last.
    ///
    /// # Errors
    /// [`Error::InvalidAccessKeyId`] if there is none; those of the store.
    pub async fn delete_access_key(&self, id: &str) -> Result<Changed<ShownKey>> {
        let change = self.accounts.change().await;
        let (mut account, at) = change.holder(id).ok_or_else(|| unknown(id))?;
        let before = shown(&account, &account.keys[at]);
        self.end_tokens(id).await?;
        account.keys.remove(at);
        if account.keys.is_empty() {
            change.delete(&*self.store, &account.owner.id).await?;
        } else {
            change.put(&*self.store, account).await?;
        }
        Ok(Changed { before: Some(before), after: None, differs: true })
    }

    fn new_key(&self, new: &NewKey) -> Result<(AccessKey, Secret)> {
        let id = match &new.access_key_id {
            Some(id) => checked("access_key_id", id, 3, MAX_ID_CHARS, |byte| {
                byte.is_ascii_graphic() && !b"/:,=%&?".contains(&byte)
            })?,
            None => random_text(&*self.clock, ID_CHARS, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").into(),
        };
        let secret = match &new.secret {
            Some(secret) => {
                let fits = (MIN_SECRET_CHARS..=MAX_SECRET_CHARS).contains(&secret.reveal().len());
                if !fits || !secret.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
                    let message =
                        format!("a secret is {MIN_SECRET_CHARS} to {MAX_SECRET_CHARS} visible ASCII characters");
                    return Err(Error::invalid_argument("secret", "", message));
                }
                secret.clone()
            }
            None => {
                let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
                Secret::new(random_text(&*self.clock, SECRET_CHARS, letters))
            }
        };
        let policy = new.policy.as_deref().map(policy_of_key).transpose()?;
        let created = self.clock.now();
        Ok((AccessKey { id: id.as_ref().into(), secret: secret.clone(), policy, enabled: true, created }, secret))
    }

    fn new_account(&self, new: &NewKey, key: &AccessKey) -> Result<Account> {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let id = match &new.canonical_id {
            Some(id) => checked("canonical_id", id, 1, MAX_NAME_CHARS, word)?,
            None => random_text(&*self.clock, 64, b"0123456789abcdef0123456789abcdef").into(),
        };
        let display_name = match &new.display_name {
            Some(name) => checked("display_name", name, 1, MAX_NAME_CHARS, |byte| !byte.is_ascii_control())?,
            None => key.id.as_ref().into(),
        };
        let email = match &new.email {
            Some(email) if email.contains('@') => {
                let email = checked("email", email, 3, MAX_EMAIL_CHARS, |byte| byte.is_ascii_graphic())?;
                Some(email.to_ascii_lowercase().into())
            }
            Some(email) => return Err(Error::invalid_argument("email", email, "an e-mail address has an @")),
            None => None,
        };
        let owner = Owner { id: id.as_ref().into(), display_name: display_name.as_ref().into() };
        if self.accounts.all().iter().any(|account| account.owner.id == owner.id) {
            return Err(Error::invalid_argument("canonical_id", &owner.id, "another account has it"));
        }
        Ok(Account { owner, email, created: self.clock.now(), keys: Vec::new() })
    }
}

fn shown(account: &Account, key: &AccessKey) -> ShownKey {
    let key = AccessKey { secret: Secret::new(headwater_model::rule::SECRET_MASK), ..key.clone() };
    ShownKey { key, owner: account.owner.clone(), email: account.email.clone() }
}

fn policy_of_key(text: &str) -> Result<Arc<Policy>> {
    if text.len() > MAX_OSS_POLICY_BYTES {
        let message = format!("the policy is longer than {MAX_OSS_POLICY_BYTES} bytes");
        return Err(Error::MalformedPolicy { message: message.into() });
    }
    Policy::parse(text, Attached::Key).map(Arc::new)
}

fn checked(
    field: &'static str,
    value: &str,
    min_chars: usize,
    max_chars: usize,
    allowed: impl Fn(u8) -> bool,
) -> Result<Box<str>> {
    if (min_chars..=max_chars).contains(&value.chars().count()) && value.bytes().all(allowed) {
        return Ok(value.into());
    }
    let message = format!("it has {min_chars} to {max_chars} characters, none of them special");
    Err(Error::invalid_argument(field, value, message))
}

fn unknown(id: &str) -> Error {
    Error::InvalidAccessKeyId { access_key_id: id.into() }
}

/// `alphabet` has 32 or 64 letters, so that every byte of randomness maps evenly.
pub(crate) fn random_text(clock: &dyn Clock, chars: usize, alphabet: &[u8]) -> String {
    let mut bytes = vec![0; chars];
    clock.random(&mut bytes);
    bytes.into_iter().map(|byte| char::from(alphabet[usize::from(byte) % alphabet.len()])).collect()
}
