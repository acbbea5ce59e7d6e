//! The bearer tokens of a key: shown without what they are sent as, and revoked one by one.

use askama::Template;
use headwater_admin::iso_8601;
use headwater_model::token::AccessToken;
use http::StatusCode;

use super::{KeyVisit, address};
use crate::faults::Faults;
use crate::page::{Outcome, page};

/// A token on its key's page.
pub(super) struct TokenRow {
    pub(super) id: String,
    pub(super) note: String,
    pub(super) created: String,
    pub(super) expires: Option<String>,
    pub(super) has_expired: bool,
    pub(super) revoke: String,
}

#[derive(Template)]
#[template(path = "access_keys/revoke.html")]
struct RevokePage<'p> {
    csrf: &'p str,
    key_id: &'p str,
    address: String,
    token: TokenRow,
    faults: Faults,
}

impl KeyVisit<'_> {
    /// Those of a key, in the order in which they were issued.
    pub(super) fn tokens(&self, key_id: &str) -> Vec<TokenRow> {
        let engine = self.visitor.administration.engine();
        let mut tokens = engine.access_tokens(Some(key_id));
        tokens.sort_by_key(|token| token.created);
        tokens.iter().map(|token| self.token_row(token)).collect()
    }

    /// The question, and what is done when it was answered. `None` if the key has no such token.
    pub(super) async fn revoke(&self, posted: bool, key_id: &str, token_id: &str) -> Option<Outcome> {
        let Self { visitor } = self;
        let tokens = visitor.administration.engine().access_tokens(Some(key_id));
        let token = tokens.into_iter().find(|token| &*token.id == token_id)?;
        if !posted {
            return Some(self.revoking(key_id, &token, Faults::default()));
        }
        let revoked = visitor.administration.revoke_access_token(visitor.requester.clone(), token_id).await;
        Some(match revoked {
            Err(failure) => self.revoking(key_id, &token, Faults::refused(&failure, &[])),
            Ok(_) => {
                visitor.session.say(format!("Token {token_id} was revoked."));
                Outcome::To(address(key_id))
            }
        })
    }

    fn revoking(&self, key_id: &str, token: &AccessToken, faults: Faults) -> Outcome {
        let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let (csrf, address) = (self.visitor.csrf(), address(key_id));
        page(status, &RevokePage { csrf, key_id, address, token: self.token_row(token), faults })
    }

    fn token_row(&self, token: &AccessToken) -> TokenRow {
        let now = self.visitor.administration.engine().clock().now();
        TokenRow {
            id: token.id.to_string(),
            note: token.note.as_deref().unwrap_or_default().to_owned(),
            created: iso_8601(token.created),
            expires: token.expires.map(iso_8601),
            has_expired: token.expires.is_some_and(|expires| now >= expires),
            revoke: format!("{}/tokens/{}/revoke", address(&token.access_key_id), token.id),
        }
    }
}
