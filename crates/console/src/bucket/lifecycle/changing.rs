//! Changes of the rules: one is saved, enabled, disabled or deleted.

use std::sync::Arc;

use headwater_model::bucket::BucketConfiguration;
use headwater_model::lifecycle::{LifecycleConfiguration, LifecycleRule};
use headwater_model::limits::MAX_LIFECYCLE_RULES;
use headwater_wire::{accept_lifecycle, overlapping_lifecycle};
use http::StatusCode;

use super::super::rule_list::{Found, Place};
use super::super::{BucketVisit, UNCHANGED};
use super::PATH;
use super::form::LifecycleForm;
use crate::back_to_origin::Saved;
use crate::faults::{Faults, OF_FORM};
use crate::page::{Outcome, text};
use crate::visitor::reason;

const CONCURRENT: &str =
    "The rules were changed by somebody else since the page was opened, so nothing was done. This is how they are now.";

/// Why OSS would not take a rule beside the others. What is as it is stored was taken, by whoever allowed it in the API.
fn overlap(rule: &LifecycleRule, stored: Option<usize>, rules: &[LifecycleRule]) -> Option<String> {
    if stored.is_some_and(|at| rules[at] == *rule) {
        return None;
    }
    let others: Vec<LifecycleRule> =
        rules.iter().enumerate().filter(|(at, _)| Some(*at) != stored).map(|(_, other)| other.clone()).collect();
    let (other, action) = overlapping_lifecycle(rule, &others)?;
    let prefix = other.key_prefix();
    let keys = if prefix.is_empty() { "all files".to_owned() } else { format!("files that begin with {prefix}") };
    Some(format!(
        "Rule {} does the same ({action}) to {keys}: choose a prefix apart from its, or another tag or size, or change that rule.",
        other.id
    ))
}

impl BucketVisit<'_> {
    /// Saves the rule of a form, a new one behind all others.
    pub(super) async fn save_lifecycle_rule(&self, fields: &[(String, String)]) -> Outcome {
        let (place, form) = (Place::read(fields), LifecycleForm::read(fields));
        let mut rules = self.lifecycle_rules().to_vec();
        let found = place.find(&rules);
        let stored = match found {
            Found::Same(at) | Found::Changed(at) => Some(at),
            Found::New | Found::Gone => None,
        };
        let refused =
            |faults| self.lifecycle_rule(StatusCode::UNPROCESSABLE_ENTITY, place.clone(), form.clone(), faults, None);
        let rule = match form.rule(stored.map(|at| &rules[at])) {
            Ok(rule) => rule,
            Err(faults) => return refused(faults),
        };
        if matches!(found, Found::Changed(_) | Found::Gone) {
            return self.concurrent_lifecycle_rule(form, &place);
        }
        if let Some(fault) = overlap(&rule, stored, &rules) {
            return refused(Faults::one("prefix", fault));
        }
        match stored {
            Some(at) if rules[at] == rule => return self.done(PATH, UNCHANGED),
            Some(at) => rules[at] = rule,
            None if rules.len() >= MAX_LIFECYCLE_RULES => {
                let message = format!("A bucket has at most {MAX_LIFECYCLE_RULES} rules: delete one first.");
                return refused(Faults::one(OF_FORM, message));
            }
            None if rules.iter().any(|other| !rule.id.is_empty() && other.id == rule.id) => {
                let message = format!("There is a rule {} already: choose another name, or none.", rule.id);
                return refused(Faults::one("id", message));
            }
            None => rules.push(rule),
        }
        if let Err(error) = accept_lifecycle(&mut rules) {
            return refused(Faults::one(OF_FORM, reason(&error)));
        }
        match self.change_lifecycle(rules).await {
            Saved::Done => self.done(PATH, "The rule was saved."),
            Saved::Refused(reason) => refused(Faults::one(OF_FORM, reason)),
            Saved::Concurrent => match self.again() {
                Some(now) => now.concurrent_lifecycle_rule(form, &place),
                None => self.done(PATH, CONCURRENT),
            },
        }
    }

    fn concurrent_lifecycle_rule(&self, mut form: LifecycleForm, shown: &Place) -> Outcome {
        let (place, conflict) = shown.renewed(self.lifecycle_rules());
        if let (None, Some(name)) = (&place.name, &shown.name) {
            // It is added anew, under the name that it had.
            name.clone_into(&mut form.id);
        }
        self.lifecycle_rule(StatusCode::CONFLICT, place, form, Faults::default(), Some(conflict))
    }

    /// Enables, disables or deletes a rule.
    pub(super) async fn order_lifecycle(&self, fields: &[(String, String)]) -> Outcome {
        let mut rules = self.lifecycle_rules().to_vec();
        let Found::Same(at) = Place::read(fields).find(&rules) else {
            return self.lifecycle_list(StatusCode::CONFLICT, Some(CONCURRENT.to_owned()));
        };
        let said = match text(fields, "do") {
            "enable" if !rules[at].enabled => {
                rules[at].enabled = true;
                format!("Rule {} is enabled.", rules[at].id)
            }
            "disable" if rules[at].enabled => {
                rules[at].enabled = false;
                format!("Rule {} is disabled.", rules[at].id)
            }
            "delete" => format!("Rule {} was deleted.", rules.remove(at).id),
            _ => return self.done(PATH, UNCHANGED),
        };
        match self.change_lifecycle(rules).await {
            Saved::Done => self.done(PATH, said),
            Saved::Refused(reason) => self.lifecycle_list(StatusCode::UNPROCESSABLE_ENTITY, Some(reason)),
            Saved::Concurrent => match self.again() {
                Some(now) => now.lifecycle_list(StatusCode::CONFLICT, Some(CONCURRENT.to_owned())),
                None => self.done(PATH, CONCURRENT),
            },
        }
    }

    /// Without rules there is no configuration.
    async fn change_lifecycle(&self, rules: Vec<LifecycleRule>) -> Saved {
        let action = if rules.is_empty() { "delete_bucket_lifecycle" } else { "put_bucket_lifecycle" };
        let change = move |configuration: &mut BucketConfiguration| {
            let by_class = configuration.lifecycle.as_ref().is_some_and(|lifecycle| lifecycle.minimum_by_class);
            configuration.lifecycle =
                (!rules.is_empty()).then(|| Arc::new(LifecycleConfiguration { rules, minimum_by_class: by_class }));
        };
        self.change_configuration(action, |configuration| configuration.lifecycle.clone(), change).await
    }
}
