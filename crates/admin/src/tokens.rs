//! Changes of bearer tokens, and a token as it is told of.

use std::time::Duration;

use headwater_engine::{Changed, NewToken};
use headwater_model::rule::Secret;
use headwater_model::token::AccessToken;
use headwater_model::{Error, Result};
use serde::Serialize;
use utoipa::ToSchema;

use crate::administration::{Administration, Requester};
use crate::audit::Unacknowledged;

/// A bearer token without the token.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TokenDocument {
    /// The public identifier, by which it is revoked.
    pub token_id: String,
    /// The access key whose rights it carries.
    pub access_key_id: String,
    /// When it was issued, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it ends by itself, in milliseconds since 1970; `null`: never.
    pub expires_ms: Option<i64>,
    /// What it is for.
    pub note: Option<String>,
}

impl From<&AccessToken> for TokenDocument {
    fn from(token: &AccessToken) -> Self {
        Self {
            token_id: token.id.to_string(),
            access_key_id: token.access_key_id.to_string(),
            created_ms: token.created.0,
            expires_ms: token.expires.map(|at| at.0),
            note: token.note.as_deref().map(str::to_owned),
        }
    }
}

impl Administration {
    /// Issues a bearer token. What comes beside it is the token itself, which is shown this once and written nowhere.
    ///
    /// # Errors
    /// As [`Administration::change`], refused with `AccessDenied` if a token asks, so that none outlives itself by
    /// others, and with what `Engine::create_access_token` refuses with.
    pub async fn create_access_token(
        &self,
        requester: Requester,
        new: NewToken,
    ) -> Result<(TokenDocument, Secret), Unacknowledged> {
        if requester.token.is_some() {
            let reason = "a token cannot issue tokens: sign the request with the key pair";
            return Err(Unacknowledged::Refused(Error::AccessDenied { reason }));
        }
        let (engine, target) = (self.engine().clone(), format!("access key {}", new.access_key_id));
        let (sender, token) = tokio::sync::oneshot::channel();
        let change = async move {
            let (changed, token) = engine.create_access_token(&new).await?;
            // Nobody listens if the client has gone: then the token is there, and was never shown.
            let _ = sender.send(token);
            Ok(changed.map(|token| TokenDocument::from(&token)))
        };
        let made = self.change(requester, "create_access_token", target, change).await?.after;
        let shown = made.zip(token.await.ok()).ok_or_else(|| Error::internal("show a new token", "it is gone"));
        shown.map_err(Unacknowledged::Refused)
    }

    /// Refuses to lend for longer than the token that asks lasts: temporary credentials and links count without being
    /// known here, so they would outlive it unseen. `field` is what the requester calls `life`.
    ///
    /// # Errors
    /// `InvalidArgument` naming the field, with the seconds that are left.
    pub fn lend_within_token(&self, requester: &Requester, field: &str, life: Duration) -> Result<()> {
        let Some(id) = &requester.token else { return Ok(()) };
        let tokens = self.engine().access_tokens(Some(&requester.who));
        let left_s = match tokens.iter().find(|token| token.id == *id) {
            // Revoked since it was let in.
            None => 0,
            Some(token) => match token.expires {
                None => return Ok(()),
                Some(expires) => expires.0.saturating_sub(self.engine().clock().now().0).max(0) / 1000,
            },
        };
        if u64::try_from(left_s).is_ok_and(|left_s| life <= Duration::from_secs(left_s)) {
            return Ok(());
        }
        let message = format!(
            "the token of this request ends in {left_s} seconds, and what it lends ends no later: ask for less, or sign \
             the request with the key pair"
        );
        Err(Error::invalid_argument(field, &life.as_secs().to_string(), message))
    }

    /// Revokes a bearer token; nothing differs if there is none of that id.
    ///
    /// # Errors
    /// As [`Administration::change`], refused with what `Engine::revoke_access_token` refuses with.
    pub async fn revoke_access_token(
        &self,
        requester: Requester,
        id: &str,
    ) -> Result<Changed<TokenDocument>, Unacknowledged> {
        let (engine, target, id) = (self.engine().clone(), format!("token {id}"), id.to_owned());
        let change = async move { Ok(engine.revoke_access_token(&id).await?.map(|token| TokenDocument::from(&token))) };
        self.change(requester, "revoke_access_token", target, change).await
    }
}
