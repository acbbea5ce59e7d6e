//! The panel of a rule as a page, and its preview as a part of one.

use askama::Template;
use headwater_model::rule::{RoutingRule, warning};

use super::preview::{Preview, preview, sample_for};
use super::rule_form::{Mode, RuleForm, Target, unshown_elements};
use super::subject::Subject;
use super::trial::Trial;
use crate::faults::Faults;

/// The page.
#[derive(Template)]
#[template(path = "back_to_origin/panel.html")]
pub(crate) struct Panel<'p> {
    bucket: &'p str,
    csrf: &'p str,
    version: u64,
    heading: String,
    subject: Subject,
    form: RuleForm,
    faults: Faults,
    notices: Vec<String>,
    kept: Vec<&'static str>,
    sample: String,
    suggested_sample: String,
    shown_sample: String,
    preview: Option<Preview>,
    warnings: Vec<String>,
    pub(crate) test: Option<Trial>,
}

/// The preview alone, for the page that is open.
#[derive(Template)]
#[template(path = "back_to_origin/effect.html")]
pub(crate) struct Effect {
    shown_sample: String,
    preview: Option<Preview>,
    warnings: Vec<String>,
}

impl Effect {
    /// Of the rule that the form means, if it has no faults.
    pub(crate) fn of(rule: Option<&RoutingRule>, sample: &str) -> Self {
        let Some(rule) = rule else {
            return Self { shown_sample: String::new(), preview: None, warnings: Vec::new() };
        };
        let shown_sample = if sample.trim().is_empty() { sample_for(rule) } else { sample.to_owned() };
        Self { preview: Some(preview(rule, &shown_sample)), shown_sample, warnings: warning::of_rule(rule) }
    }

    /// The sample that was looked at.
    pub(crate) fn sample(&self) -> &str {
        &self.shown_sample
    }
}

/// What the panel shows.
pub(crate) struct Filled<'f> {
    pub(crate) subject: Subject,
    pub(crate) form: RuleForm,
    pub(crate) sample: String,
    /// The rule of which the form shows a part.
    pub(crate) stored: Option<&'f RoutingRule>,
    /// The rule that the form means, or what is wrong.
    pub(crate) rule: Result<RoutingRule, Faults>,
    pub(crate) notices: Vec<String>,
}

impl<'p> Panel<'p> {
    pub(crate) fn new((bucket, csrf): (&'p str, &'p str), version: u64, filled: Filled<'_>) -> Self {
        let Filled { subject, form, sample, stored, rule, notices } = filled;
        let effect = Effect::of(rule.as_ref().ok(), &sample);
        Self {
            bucket,
            csrf,
            version,
            heading: subject.number.map_or_else(|| "Create Rule".to_owned(), |number| format!("Edit Rule {number}")),
            kept: stored.map(unshown_elements).unwrap_or_default(),
            suggested_sample: rule.as_ref().map(sample_for).unwrap_or_default(),
            shown_sample: effect.shown_sample,
            preview: effect.preview,
            warnings: effect.warnings,
            faults: rule.err().unwrap_or_default(),
            subject,
            form,
            notices,
            sample,
            test: None,
        }
    }

    /// As it opens: what is missing has not been asked for yet.
    pub(crate) fn unjudged(mut self) -> Self {
        self.faults = Faults::default();
        self
    }
}
