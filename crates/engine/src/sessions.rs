//! Temporary credentials: issued by the admin API, carried by their holder, kept nowhere.
//!
//! Guarantees: a session token opens with this server's master key only, says for which access key it was issued, until
//! when, and what its holder may do at most; it outlives restarts and needs no row. Credentials are as good as the key
//! behind them is at the moment of a request: without it, or if it is disabled, they are worth nothing.
//!
//! ```text
//! token = "hws1." BASE64URL( nonce (12) ‖ ciphertext ‖ tag (16) )       additional data: headwater/1/session
//!                                 └ id, secret, parent key, end, policy in postcard
//! ```
//!
//! Deliberately not here: a list of what was issued, and taking back a single one; disable the key behind it, or let it
//! end.

use std::sync::Arc;
use std::time::Duration;

use headwater_model::clock::Timestamp;
use headwater_model::policy::{Attached, Policy};
use headwater_model::rule::Secret;
use headwater_model::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::keys::random_text;

/// Shortest and longest life (AWS AssumeRole: 900 s to 12 h; RAM likewise).
const MIN_LIFE: Duration = Duration::from_mins(15);
const MAX_LIFE: Duration = Duration::from_hours(12);
/// Longest session policy: the token carries it in a header of every request (AWS: 2,048 characters).
const MAX_POLICY_BYTES: usize = 2048;
/// Begins every token; the number is the version of the form.
pub(crate) const PREFIX: &str = "hws1.";

/// What is asked for.
#[derive(Clone, Debug)]
pub struct AssumeRole {
    /// The access key whose rights are lent; root's too.
    pub access_key_id: Box<str>,
    /// How long: 15 minutes to 12 hours.
    pub life: Duration,
    /// What the holder may do at most.
    pub policy: Option<Box<str>>,
}

/// Temporary credentials.
#[derive(Clone, Debug)]
pub struct TemporaryCredentials {
    /// Access key id; without the token it is unknown.
    pub access_key_id: Box<str>,
    /// Secret.
    pub secret: Secret,
    /// Session token.
    pub token: Secret,
    /// When they end.
    pub expires: Timestamp,
}

/// What a token says.
#[derive(Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) access_key_id: Box<str>,
    pub(crate) secret: Secret,
    pub(crate) parent: Box<str>,
    pub(crate) expires: Timestamp,
    pub(crate) policy: Option<Arc<Policy>>,
}

impl Engine {
    /// Issues temporary credentials for an access key.
    ///
    /// # Errors
    /// `InvalidAccessKeyId` if the key is unknown or disabled; `InvalidArgument` for a life out of range;
    /// `MalformedPolicy`.
    pub fn assume_role(&self, role: &AssumeRole) -> Result<TemporaryCredentials> {
        if self.accounts.permanent(&role.access_key_id).is_none() {
            return Err(Error::InvalidAccessKeyId { access_key_id: role.access_key_id.clone() });
        }
        if !(MIN_LIFE..=MAX_LIFE).contains(&role.life) {
            let message = format!("credentials live {} to {} seconds", MIN_LIFE.as_secs(), MAX_LIFE.as_secs());
            return Err(Error::invalid_argument("duration_seconds", &role.life.as_secs().to_string(), message));
        }
        let policy = role.policy.as_deref().map(policy_of_session).transpose()?;
        let id = random_text(&*self.clock, 16, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let session = Session {
            access_key_id: format!("ASIA{id}").into(),
            secret: Secret::new(random_text(&*self.clock, 40, letters)),
            parent: role.access_key_id.clone(),
            expires: self.clock.now().plus(role.life),
            policy,
        };
        let bytes = postcard::to_stdvec(&session).map_err(|error| Error::internal("write a session token", error))?;
        Ok(TemporaryCredentials {
            token: Secret::new(format!("{PREFIX}{}", self.seal.seal_token(&bytes))),
            access_key_id: session.access_key_id,
            secret: session.secret,
            expires: session.expires,
        })
    }
}

fn policy_of_session(text: &str) -> Result<Arc<Policy>> {
    if text.len() > MAX_POLICY_BYTES {
        let message = format!("the policy of a session is longer than {MAX_POLICY_BYTES} bytes");
        return Err(Error::MalformedPolicy { message: message.into() });
    }
    Policy::parse(text, Attached::Key).map(Arc::new)
}
