//! Creating and editing a rule.
//!
//! Guarantees: nothing that was typed is lost, whatever is wrong with it and whatever others changed meanwhile; a rule is
//! saved onto the document that the page showed, or not at all.

use headwater_model::rule::change::{Change, changed};
use headwater_model::rule::{RoutingRule, warning};
use http::StatusCode;

use super::panel::{Effect, Filled, Panel};
use super::rule_form::RuleForm;
use super::saving::Saved;
use super::subject::{Found, Subject};
use super::trial;
use super::visit::{Visit, version};
use crate::faults::{Faults, OF_FORM};
use crate::page::{Outcome, page, text};

const CONCURRENT: &str = "The rules of this bucket were changed by somebody else since this page was opened, so nothing was \
     saved. What you typed is kept: OK saves it onto the rules as they are now.";

/// A form that came, and what it is about.
struct Sent<'r> {
    subject: Subject,
    form: RuleForm,
    sample: String,
    /// The rule of which the form shows a part.
    stored: Option<&'r RoutingRule>,
    rule: Result<RoutingRule, Faults>,
}

impl Visit<'_> {
    /// The panel of a new rule, perhaps one that begins as a copy.
    pub(crate) fn create(&self, copied: Option<u32>) -> Outcome {
        let copied = copied.and_then(|number| self.rule(number));
        let subject = copied.map(Subject::copies).unwrap_or_default();
        let notices = copied.map(|rule| {
            format!(
                "A copy of rule {}: set another File Name Prefix or File Name Suffix, in which rules differ.",
                rule.number
            )
        });
        self.open(subject, copied, notices)
    }

    /// The panel of a rule; the list if there is none.
    pub(crate) fn edit(&self, number: u32) -> Outcome {
        match self.rule(number) {
            Some(rule) if RuleForm::of(rule).is_some() => self.open(Subject::edits(rule), Some(rule), None),
            Some(_) => self.list_with(StatusCode::CONFLICT, format!("Rule {number} has no form: use Import XML.")),
            None => self.list_with(StatusCode::NOT_FOUND, format!("There is no rule {number} any more.")),
        }
    }

    fn open(&self, subject: Subject, stored: Option<&RoutingRule>, notice: Option<String>) -> Outcome {
        let form = stored.and_then(RuleForm::of).unwrap_or_default();
        let number = subject.number.unwrap_or_else(|| self.next_number());
        let rule = form.rule(number, stored);
        let notices = notice.into_iter().collect();
        let filled = Filled { subject, form, sample: String::new(), stored, rule, notices };
        page(StatusCode::OK, &Panel::new(self.names(), self.bucket.rule_version, filled).unjudged())
    }

    /// The preview of what is typed, as a part of the page that is open.
    pub(crate) fn preview(&self, fields: &[(String, String)]) -> Outcome {
        let sent = self.read(fields);
        page(StatusCode::OK, &Effect::of(sent.rule.as_ref().ok(), &sent.sample))
    }

    /// What the panel's buttons do: save, preview or test.
    pub(crate) async fn sent(&self, fields: &[(String, String)]) -> Outcome {
        match text(fields, "do") {
            "preview" => page(StatusCode::OK, &self.panel(self.read(fields), version(fields), Vec::new())),
            "test" => self.test(fields).await,
            _ => self.save(fields).await,
        }
    }

    async fn test(&self, fields: &[(String, String)]) -> Outcome {
        let sent = self.read(fields);
        let mut tested = None;
        if let Ok(rule) = &sent.rule {
            let sample = Effect::of(Some(rule), &sent.sample).sample().to_owned();
            // Renumbering leaves a rule at its place, and a new one is the last.
            let place = sent.place(self.rules());
            let number = u32::try_from(place).unwrap_or(u32::MAX).saturating_add(1);
            let change = sent.change(rule);
            if let Ok(Some(website)) = changed(self.bucket.website.as_deref(), change) {
                let engine = self.administration.engine();
                tested = Some(trial::run(engine, &self.bucket.name, website, number, &sample).await);
            }
        }
        let mut panel = self.panel(sent, version(fields), Vec::new());
        panel.test = tested;
        page(StatusCode::OK, &panel)
    }

    async fn save(&self, fields: &[(String, String)]) -> Outcome {
        let mut sent = self.read(fields);
        let Ok(rule) = &sent.rule else {
            return page(StatusCode::UNPROCESSABLE_ENTITY, &self.panel(sent, version(fields), Vec::new()));
        };
        match self.change(sent.change(rule), version(fields)).await {
            Ok(Saved::Done) => self.to_list(),
            Ok(Saved::Refused(reason)) => {
                sent.rule = Err(Faults::one(OF_FORM, reason));
                page(StatusCode::UNPROCESSABLE_ENTITY, &self.panel(sent, version(fields), Vec::new()))
            }
            Ok(Saved::Concurrent) | Err(_) => {
                let Some(now) = self.again() else { return self.to_list() };
                let found = Subject::read(fields).find(now.rules());
                now.concurrent(now.read(fields), found)
            }
        }
    }

    /// The form again, now about the rules as they are.
    fn concurrent(&self, mut sent: Sent<'_>, found: Found<'_>) -> Outcome {
        let mut notices = vec![CONCURRENT.to_owned()];
        sent.subject = match found {
            Found::New => Subject::default(),
            Found::Same(rule) if sent.subject.number.is_none() => Subject::copies(rule),
            Found::Same(rule) => Subject::edits(rule),
            Found::Changed(_) | Found::Gone if sent.subject.number.is_none() => Subject::default(),
            Found::Changed(rule) => {
                notices
                    .push(format!("Rule {} itself was changed or replaced: OK replaces it as it is now.", rule.number));
                Subject::edits(rule)
            }
            Found::Gone => {
                notices.push("The rule itself was deleted: OK adds it anew, behind all others.".to_owned());
                Subject::default()
            }
        };
        page(StatusCode::CONFLICT, &self.panel(sent, self.bucket.rule_version, notices))
    }

    fn panel(&self, sent: Sent<'_>, version: u64, notices: Vec<String>) -> Panel<'_> {
        let Sent { subject, form, sample, stored, rule } = sent;
        Panel::new(self.names(), version, Filled { subject, form, sample, stored, rule, notices })
    }

    fn read(&self, fields: &[(String, String)]) -> Sent<'_> {
        let (subject, form) = (Subject::read(fields), RuleForm::read(fields));
        let stored = match subject.find(self.rules()) {
            Found::Same(rule) => Some(rule),
            // A copy begins as what it was made of; where that has changed, there is only what was typed.
            Found::Changed(rule) => Some(rule).filter(|_| subject.number.is_some()),
            Found::New | Found::Gone => None,
        };
        let number = subject.number.unwrap_or_else(|| self.next_number());
        let mut sent =
            Sent { rule: form.rule(number, stored), subject, form, sample: text(fields, "sample").to_owned(), stored };
        if let Some(fault) = sent.indistinct(self.rules()) {
            sent.rule = Err(fault);
        }
        sent
    }

    pub(crate) fn rule(&self, number: u32) -> Option<&RoutingRule> {
        self.rules().iter().find(|rule| rule.number == number)
    }

    fn next_number(&self) -> u32 {
        self.rules().last().map_or(1, |rule| rule.number.saturating_add(1))
    }
}

impl Sent<'_> {
    /// The rule that this one replaces.
    fn replaced(&self) -> Option<&RoutingRule> {
        self.stored.filter(|_| self.subject.number.is_some())
    }

    fn change(&self, rule: &RoutingRule) -> Change {
        match self.replaced() {
            Some(stored) => Change::Replace(stored.number, Box::new(rule.clone())),
            None => Change::Add(Box::new(rule.clone())),
        }
    }

    fn place(&self, rules: &[RoutingRule]) -> usize {
        let replaced = self.replaced().map(|rule| rule.number);
        rules.iter().position(|rule| Some(rule.number) == replaced).unwrap_or(rules.len())
    }

    /// Rules must differ in prefix or suffix. A rule that an API made without is not judged before one of the two changes.
    fn indistinct(&self, rules: &[RoutingRule]) -> Option<Faults> {
        let rule = self.rule.as_ref().ok()?;
        let names = |rule: &RoutingRule| {
            let part = |text: &Option<Box<str>>| text.clone().unwrap_or_default();
            (part(&rule.condition.key_prefix), part(&rule.condition.key_suffix))
        };
        let replaced = self.replaced();
        if replaced.is_some_and(|replaced| names(replaced) == names(rule)) {
            return None;
        }
        let others: Vec<_> =
            rules.iter().filter(|other| Some(other.number) != replaced.map(|rule| rule.number)).cloned().collect();
        let other = warning::indistinct(rule, &others)?;
        Some(Faults::one("prefix", warning::not_distinct(rule, other)))
    }
}
