//! What is asked before a rule of a list goes.

use askama::Template;
use http::StatusCode;

use super::rule_list::Place;
use super::{BucketVisit, Frame, Tab};
use crate::page::{Outcome, page};

/// The question.
pub(super) struct Confirm {
    /// The setting whose rule it is, as people read it.
    pub(super) setting: &'static str,
    /// What follows the bucket's name in the setting's address.
    pub(super) path: &'static str,
    pub(super) question: String,
    /// What comes of it.
    pub(super) consequence: String,
    pub(super) place: Place,
}

#[derive(Template)]
#[template(path = "bucket/confirm.html")]
struct ConfirmPage<'p> {
    frame: Frame<'p>,
    setting: &'static str,
    path: &'static str,
    question: String,
    consequence: String,
    place: Place,
}

impl BucketVisit<'_> {
    pub(super) fn confirm(&self, confirm: Confirm) -> Outcome {
        let Confirm { setting, path, question, consequence, place } = confirm;
        let frame = self.frame(Tab::BasicSettings);
        page(StatusCode::OK, &ConfirmPage { frame, setting, path, question, consequence, place })
    }
}
