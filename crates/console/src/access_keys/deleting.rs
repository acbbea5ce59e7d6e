//! The end of a key.

use askama::Template;
use headwater_engine::ShownKey;
use http::StatusCode;

use super::{KeyVisit, address};
use crate::faults::Faults;
use crate::page::{Outcome, page, text};

#[derive(Template)]
#[template(path = "access_keys/delete.html")]
struct DeletePage<'p> {
    csrf: &'p str,
    id: &'p str,
    address: String,
    display_name: &'p str,
    /// Whether the account goes with it.
    is_last: bool,
    typed: &'p str,
    faults: Faults,
}

impl KeyVisit<'_> {
    pub(crate) fn deleting(&self, key: &ShownKey, typed: &str, faults: Faults) -> Outcome {
        let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let is_last = self.keys().iter().filter(|other| other.owner.id == key.owner.id).count() == 1;
        let shown = DeletePage {
            csrf: self.visitor.csrf(),
            id: &key.key.id,
            address: address(&key.key.id),
            display_name: &key.owner.display_name,
            is_last,
            typed,
            faults,
        };
        page(status, &shown)
    }

    /// Deletes a key if its id was typed.
    pub(crate) async fn delete(&self, key: &ShownKey, fields: &[(String, String)]) -> Outcome {
        let (typed, id) = (text(fields, "confirmation"), &*key.key.id);
        if typed.trim() != id {
            let fault = format!("That is not the access key ID: type {id}.");
            return self.deleting(key, typed, Faults::one("confirmation", fault));
        }
        let Self { visitor } = self;
        if let Err(failure) = visitor.administration.delete_access_key(visitor.requester.clone(), id).await {
            return self.deleting(key, typed, Faults::refused(&failure, &[]));
        }
        visitor.session.say(format!("Access key {id} was deleted."));
        Outcome::To("/access-keys".to_owned())
    }
}
