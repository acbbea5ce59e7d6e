//! Back-to-Origin: the rules of a bucket, by browser.
//!
//! Guarantees: what is saved is the document that the page showed with one change, or nothing; index and error pages are
//! never touched; whatever fails, what was typed is shown again with the reason. All of it works without scripts.
//!
//! How: `rule_form` is the form and the rule that it means, `preview` tells what comes of a rule, `subject` finds a rule again when the list has changed; all of these are pure.
//! `visit` holds who comes to which bucket, `editing` and `ordering` are what may be done there, and answer with the
//! pages of `panel` and `listing`; `routes` tells which of it a request is for.

mod editing;
mod listing;
mod ordering;
mod panel;
mod preview;
mod routes;
mod rule_form;
mod saving;
mod subject;
mod trial;
mod visit;

pub(crate) use saving::{Saved, save};
pub(crate) use visit::{Visit, version};

#[cfg(test)]
mod tests;
