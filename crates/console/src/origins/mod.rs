//! Origins: how they are, and how they are treated, by browser.
//!
//! Guarantees: every setting has its field; what is saved is the form that the page showed, changed by who saw it, or
//! nothing; secrets go in and never come out, and the mask that stands for one keeps it.
//!
//! How: `fields` is the form as a table, `form` reads it and makes settings of it; `named` finds the origins of rules,
//! `health` puts states into words; `list`, `one` and `removing` are the pages, methods of [`OriginVisit`].

mod fields;
mod form;
mod health;
mod list;
mod named;
mod one;
mod removing;

use headwater_model::origin::OriginId;
use headwater_wire::unescape_path;

use crate::page::{Outcome, text};
use crate::visitor::Visitor;

/// Who comes to the origins.
pub(crate) struct OriginVisit<'v> {
    pub(crate) visitor: Visitor<'v>,
}

impl OriginVisit<'_> {
    /// Answers a request, `rest` being the segments of its path below `/origins`. `None` if there is no such page.
    pub(crate) async fn answer(self, posted: bool, rest: &[&str], fields: &[(String, String)]) -> Option<Outcome> {
        let (scheme, authority, rest) = match rest {
            [] => return (!posted).then(|| self.list(text(fields, "search"))),
            [scheme, authority, rest @ ..] => (scheme, unescape_path(authority)?, rest),
            [_] => return None,
        };
        let id = OriginId::parse(&format!("{scheme}://{authority}")).ok()?;
        Some(match (posted, rest) {
            (false, []) => self.show(&id),
            (true, []) => self.save(&id, fields).await,
            (false, ["delete"]) => self.removing(&id),
            (true, ["delete"]) => self.remove(&id, fields).await,
            _ => return None,
        })
    }

    /// Whether an origin has settings of its own.
    fn has_settings(&self, id: &OriginId) -> bool {
        self.visitor.administration.engine().origins().iter().any(|(own, _)| own == id)
    }
}

/// The address of an origin's page.
fn address(id: &OriginId) -> String {
    format!("/origins/{}", id.as_str().replacen("://", "/", 1))
}

#[cfg(test)]
mod tests;
