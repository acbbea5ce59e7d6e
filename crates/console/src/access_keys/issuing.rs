//! Issuing a bearer token for a key, root's too.

use std::time::Duration;

use askama::Template;
use headwater_admin::{Unacknowledged, iso_8601, parse_duration};
use headwater_engine::NewToken;
use headwater_model::Error;
use headwater_model::clock::Timestamp;
use http::StatusCode;

use super::{KeyVisit, address};
use crate::faults::{Faults, OF_FORM};
use crate::page::{Outcome, page, text};

/// What the admin API calls the parts of a new token, with the field of the form that each is and its label. The key is
/// that of the page.
const FIELDS: [(&str, &str, &str); 3] = [
    ("note", "note", "Note"),
    ("duration_seconds", "expires", "Expires after"),
    ("access_key_id", OF_FORM, "Access key"),
];

/// The form, its fields as typed.
#[derive(Template)]
#[template(path = "access_keys/create_token.html")]
struct CreatePage<'p> {
    csrf: &'p str,
    key_id: &'p str,
    address: String,
    is_root: bool,
    note: &'p str,
    expires: &'p str,
    faults: Faults,
}

/// The only page that shows a token.
#[derive(Template)]
#[template(path = "access_keys/token_created.html")]
struct CreatedPage<'p> {
    csrf: &'p str,
    key_id: &'p str,
    address: String,
    token_id: &'p str,
    token: &'p str,
    note: Option<&'p str>,
    expires: Option<String>,
}

impl KeyVisit<'_> {
    /// The form, and what is done when it was sent. `None` if there is no such key.
    pub(super) async fn issue(&self, posted: bool, key_id: &str, fields: &[(String, String)]) -> Option<Outcome> {
        if key_id != self.root_id() && self.key(key_id).is_none() {
            return None;
        }
        if !posted {
            return Some(self.issuing(key_id, &[], Faults::default()));
        }
        Some(match life(text(fields, "expires").trim()) {
            Ok(life) => self.issued(key_id, life, fields).await,
            Err(fault) => self.issuing(key_id, fields, Faults::one("expires", format!("Expires after: {fault}."))),
        })
    }

    fn issuing(&self, key_id: &str, fields: &[(String, String)], faults: Faults) -> Outcome {
        let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let shown = CreatePage {
            csrf: self.visitor.csrf(),
            key_id,
            address: address(key_id),
            is_root: key_id == self.root_id(),
            note: text(fields, "note"),
            expires: text(fields, "expires"),
            faults,
        };
        page(status, &shown)
    }

    /// Issues a token. Its page is no redirect: the token is in this answer and nowhere else.
    async fn issued(&self, key_id: &str, life: Option<Duration>, fields: &[(String, String)]) -> Outcome {
        let note = Some(text(fields, "note").trim()).filter(|note| !note.is_empty()).map(Box::from);
        let new = NewToken { access_key_id: key_id.into(), life, note };
        let Self { visitor } = self;
        match visitor.administration.create_access_token(visitor.requester.clone(), new).await {
            Err(failure) => self.issuing(key_id, fields, faults_of(failure)),
            Ok((issued, token)) => {
                let shown = CreatedPage {
                    csrf: visitor.csrf(),
                    key_id,
                    address: address(key_id),
                    token_id: &issued.token_id,
                    token: token.reveal(),
                    note: issued.note.as_deref(),
                    expires: issued.expires_ms.map(|at| iso_8601(Timestamp(at))),
                };
                page(StatusCode::CREATED, &shown)
            }
        }
    }
}

/// How long a token lives; nothing typed: until it is revoked.
fn life(typed: &str) -> Result<Option<Duration>, String> {
    if typed.is_empty() { Ok(None) } else { parse_duration(typed).map(Some) }
}

/// What the engine refused, at the field that it means.
fn faults_of(failure: Unacknowledged) -> Faults {
    let labelled = FIELDS.map(|(_, field, label)| (field, label));
    let failure = match failure {
        Unacknowledged::Refused(Error::InvalidArgument { name, value, message }) => {
            let name = match FIELDS.iter().find(|(known, ..)| *known == &*name) {
                Some((_, field, _)) => (*field).into(),
                None => name,
            };
            Unacknowledged::Refused(Error::InvalidArgument { name, value, message })
        }
        failure => failure,
    };
    Faults::refused(&failure, &labelled)
}
