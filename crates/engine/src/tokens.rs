//! Bearer tokens of the admin API: issued for an access key, shown once, revoked one by one.
//!
//! Guarantees: of a token only a digest is kept, and it takes the secret of its access key to compare one; so a token
//! dies with its key, is refused as long as the key is disabled, and does not outlive a change of the key's secret. What
//! its holder may do is judged anew at each request, as that of the key. Comparison takes the same time wherever two
//! digests differ, and an unknown token costs the work of a known one.
//!
//! ```text
//! token  = "hwt1." ID "." SECRET                ID: 16 letters of base 32, SECRET: 40 of base 64 (240 bits)
//! digest = HMAC-SHA-256( secret of the access key, token )
//! ```
//!
//! Deliberately not here: what a token is good for. The data plane takes none: there is nothing in it that covers a
//! request, so it would be worth as much as the key's secret to whoever sees one pass.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use headwater_model::access::Principal;
use headwater_model::clock::Timestamp;
use headwater_model::limits::MAX_TOKENS_PER_KEY;
use headwater_model::rule::Secret;
use headwater_model::token::AccessToken;
use headwater_model::{Error, Result};
use headwater_store::Store;
use ring::hmac;

use crate::accounts::Accounts;
use crate::engine::Engine;
use crate::keys::random_text;
use crate::settings::Changed;

/// Begins every token, so that scanners of leaked secrets know one; the number is the version of the form.
const PREFIX: &str = "hwt1.";
const ID_CHARS: usize = 16;
const SECRET_CHARS: usize = 40;
/// Shortest and longest life of a token that ends by itself: ten years, beyond which it may as well not.
const MIN_LIFE: Duration = Duration::from_mins(1);
const MAX_LIFE: Duration = Duration::from_hours(24 * 3650);
/// Longest note: a line.
const MAX_NOTE_CHARS: usize = 128;
/// Stands in for the secret of a key that there is not.
const NO_SECRET: &str = "no-such-access-key-no-such-access-key-00";

/// What a new token is to be.
#[derive(Clone, Debug, Default)]
pub struct NewToken {
    /// The access key whose rights it carries; root's too.
    pub access_key_id: Box<str>,
    /// How long it lives: a minute to ten years; `None`: until it is revoked.
    pub life: Option<Duration>,
    /// What it is for, at most 128 characters.
    pub note: Option<Box<str>>,
}

/// Who holds a token.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// Whose rights count.
    pub principal: Principal,
    /// The access key of the token.
    pub access_key_id: Arc<str>,
    /// The token's public identifier.
    pub token_id: Arc<str>,
}

/// Why a bearer token does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// It was never issued, or was revoked, or its access key was deleted or has another secret.
    #[error("the token is unknown or was revoked")]
    Unknown,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its access key is disabled.
    #[error("the access key of the token is disabled")]
    Disabled,
}

/// All tokens, by id.
#[derive(Default)]
pub(crate) struct Tokens(ArcSwap<BTreeMap<Arc<str>, Arc<AccessToken>>>);

impl Tokens {
    pub(crate) async fn load(store: &dyn Store) -> Result<Self> {
        let tokens = store.access_tokens().await?.into_iter().map(|token| (token.id.clone(), Arc::new(token)));
        Ok(Self(ArcSwap::from_pointee(tokens.collect())))
    }

    fn of(&self, access_key_id: Option<&str>) -> Vec<Arc<AccessToken>> {
        let of_key = |token: &&Arc<AccessToken>| access_key_id.is_none_or(|id| id == &*token.access_key_id);
        self.0.load().values().filter(of_key).cloned().collect()
    }

    /// The lock of accounts is held: nobody changes tokens meanwhile.
    fn update(&self, change: impl FnOnce(&mut BTreeMap<Arc<str>, Arc<AccessToken>>)) {
        let mut next = BTreeMap::clone(&self.0.load());
        change(&mut next);
        self.0.store(Arc::new(next));
    }
}

impl Accounts {
    /// Who holds this token now.
    ///
    /// # Errors
    /// Why it does not count. That it has expired, or that its key is disabled, is told only to who has the whole token.
    pub fn bearer(&self, token: &str, now: Timestamp) -> Result<Bearer, TokenRefusal> {
        let id = token.strip_prefix(PREFIX).and_then(|rest| rest.split_once('.')).map(|(id, _)| id);
        let known = id.and_then(|id| self.tokens.0.load().get(id).cloned());
        let secret = known.as_ref().and_then(|known| self.secret_of(&known.access_key_id));
        let digest = known.as_ref().map_or([0; 32], |known| known.digest);
        let key = hmac_key(secret.as_deref().unwrap_or(NO_SECRET));
        let holds = hmac::verify(&key, token.as_bytes(), &digest).is_ok();
        let known = known.filter(|_| holds && secret.is_some()).ok_or(TokenRefusal::Unknown)?;
        if known.expires.is_some_and(|expires| now >= expires) {
            return Err(TokenRefusal::Expired);
        }
        let credential = self.permanent(&known.access_key_id).ok_or(TokenRefusal::Disabled)?;
        Ok(Bearer {
            principal: credential.principal,
            access_key_id: known.access_key_id.clone(),
            token_id: known.id.clone(),
        })
    }
}

impl Engine {
    /// The tokens of an access key, or all, by id. Their digests say nothing to whoever sees them.
    pub fn access_tokens(&self, access_key_id: Option<&str>) -> Vec<Arc<AccessToken>> {
        self.accounts.tokens.of(access_key_id)
    }

    /// Issues a token. What comes beside it is the token itself, which is shown this once.
    ///
    /// # Errors
    /// `InvalidAccessKeyId` if the key is unknown or disabled; `InvalidArgument` naming the field; those of the store.
    pub async fn create_access_token(&self, new: &NewToken) -> Result<(Changed<AccessToken>, Secret)> {
        let _change = self.accounts.change().await;
        let credential = self.accounts.permanent(&new.access_key_id);
        let credential =
            credential.ok_or_else(|| Error::InvalidAccessKeyId { access_key_id: new.access_key_id.clone() })?;
        let (created, note) = (self.clock.now(), new.note.as_deref().map(checked_note).transpose()?);
        let expires = new.life.map(checked_life).transpose()?.map(|life| created.plus(life));
        if self.accounts.tokens.of(Some(&new.access_key_id)).len() >= MAX_TOKENS_PER_KEY {
            let message =
                format!("an access key has at most {MAX_TOKENS_PER_KEY} tokens; revoke one that is not needed");
            return Err(Error::invalid_argument("access_key_id", &new.access_key_id, message));
        }
        let id: Arc<str> = random_text(&*self.clock, ID_CHARS, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").into();
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let text = format!("{PREFIX}{id}.{}", random_text(&*self.clock, SECRET_CHARS, letters));
        let mut digest = [0; 32];
        digest.copy_from_slice(hmac::sign(&hmac_key(&credential.secret), text.as_bytes()).as_ref());
        let access_key_id = new.access_key_id.as_ref().into();
        let token = AccessToken { id, access_key_id, digest, created, expires, note };
        self.store.put_access_token(token.clone()).await?;
        self.accounts.tokens.update(|tokens| drop(tokens.insert(token.id.clone(), Arc::new(token.clone()))));
        Ok((Changed { before: None, after: Some(token), differs: true }, Secret::new(text)))
    }

    /// Revokes a token: the next request with it is refused. Nothing differs if there is none of that id.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn revoke_access_token(&self, id: &str) -> Result<Changed<AccessToken>> {
        let _change = self.accounts.change().await;
        let Some(known) = self.accounts.tokens.0.load().get(id).cloned() else {
            return Ok(Changed { before: None, after: None, differs: false });
        };
        self.end_token(&known).await?;
        Ok(Changed { before: Some(AccessToken::clone(&known)), after: None, differs: true })
    }

    /// Revokes all tokens of an access key; whoever calls it has the right to change accounts.
    pub(crate) async fn end_tokens(&self, access_key_id: &str) -> Result<()> {
        for token in self.accounts.tokens.of(Some(access_key_id)) {
            self.end_token(&token).await?;
        }
        Ok(())
    }

    async fn end_token(&self, token: &AccessToken) -> Result<()> {
        self.store.delete_access_token(&token.id).await?;
        self.accounts.tokens.update(|tokens| drop(tokens.remove(&token.id)));
        Ok(())
    }
}

fn hmac_key(secret: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())
}

fn checked_note(note: &str) -> Result<Box<str>> {
    if (1..=MAX_NOTE_CHARS).contains(&note.chars().count()) && !note.chars().any(char::is_control) {
        return Ok(note.into());
    }
    let message = format!("a note has 1 to {MAX_NOTE_CHARS} characters, none of them a control character");
    Err(Error::invalid_argument("note", note, message))
}

fn checked_life(life: Duration) -> Result<Duration> {
    if (MIN_LIFE..=MAX_LIFE).contains(&life) {
        return Ok(life);
    }
    let message =
        format!("a token lives {} to {} seconds, or until it is revoked", MIN_LIFE.as_secs(), MAX_LIFE.as_secs());
    Err(Error::invalid_argument("duration_seconds", &life.as_secs().to_string(), message))
}
