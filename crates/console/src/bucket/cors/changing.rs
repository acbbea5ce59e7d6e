//! Changes of the rules: one is saved, moved or deleted.

use std::sync::Arc;

use headwater_model::cors::{CorsConfiguration, CorsRule};
use headwater_model::limits::MAX_CORS_BYTES;
use http::StatusCode;

use super::super::rule_list::{Found, Place};
use super::super::{BucketVisit, UNCHANGED};
use super::PATH;
use super::form::CorsForm;
use crate::back_to_origin::Saved;
use crate::faults::{Faults, OF_FORM};
use crate::page::{Outcome, text};

const CONCURRENT: &str =
    "The rules were changed by somebody else since the page was opened, so nothing was done. This is how they are now.";

impl BucketVisit<'_> {
    /// Saves the rule of a form, a new one behind all others.
    pub(super) async fn save_cors_rule(&self, fields: &[(String, String)]) -> Outcome {
        let (place, form, mut rules) = (Place::read(fields), CorsForm::read(fields), self.cors_rules().to_vec());
        let found = place.find(&rules);
        let stored = match found {
            Found::Same(at) | Found::Changed(at) => Some(at),
            Found::New | Found::Gone => None,
        };
        let refused =
            |faults| self.cors_rule(StatusCode::UNPROCESSABLE_ENTITY, place.clone(), form.clone(), faults, None);
        let rule = match form.rule(stored.map(|at| &rules[at])) {
            Ok(rule) => rule,
            Err(faults) => return refused(faults),
        };
        if matches!(found, Found::Changed(_) | Found::Gone) {
            return self.concurrent_cors_rule(form, &place);
        }
        match stored {
            Some(at) if rules[at] == rule => return self.done(PATH, UNCHANGED),
            Some(at) => rules[at] = rule,
            None if rules.len() >= self.most_cors_rules() => {
                let message = format!("A bucket has at most {} rules: delete one first.", self.most_cors_rules());
                return refused(Faults::one(OF_FORM, message));
            }
            None => rules.push(rule),
        }
        if bytes(&rules) > MAX_CORS_BYTES {
            let message = format!("All rules together are longer than {MAX_CORS_BYTES} bytes: shorten their lists.");
            return refused(Faults::one(OF_FORM, message));
        }
        match self.change_cors(rules, None).await {
            Saved::Done => self.done(PATH, "The rule was saved."),
            Saved::Refused(reason) => refused(Faults::one(OF_FORM, reason)),
            Saved::Concurrent => match self.again() {
                Some(now) => now.concurrent_cors_rule(form, &place),
                None => self.done(PATH, CONCURRENT),
            },
        }
    }

    fn concurrent_cors_rule(&self, form: CorsForm, place: &Place) -> Outcome {
        let (place, conflict) = place.renewed(self.cors_rules());
        self.cors_rule(StatusCode::CONFLICT, place, form, Faults::default(), Some(conflict))
    }

    /// Moves or deletes a rule.
    pub(super) async fn order_cors(&self, fields: &[(String, String)]) -> Outcome {
        let mut rules = self.cors_rules().to_vec();
        let Found::Same(at) = Place::read(fields).find(&rules) else {
            return self.cors_list(StatusCode::CONFLICT, Some(CONCURRENT.to_owned()));
        };
        let said = match text(fields, "do") {
            "up" if at > 0 => {
                rules.swap(at - 1, at);
                "The rule was moved up."
            }
            "down" if at + 1 < rules.len() => {
                rules.swap(at, at + 1);
                "The rule was moved down."
            }
            "delete" => {
                rules.remove(at);
                "The rule was deleted."
            }
            _ => return self.done(PATH, UNCHANGED),
        };
        let saved = self.change_cors(rules, None).await;
        self.after_cors(saved, said)
    }

    /// Whether answers vary by origin even where no rule fits.
    pub(super) async fn save_vary(&self, fields: &[(String, String)]) -> Outcome {
        let Some(cors) = &self.bucket.configuration.cors else {
            return self.cors_list(StatusCode::CONFLICT, Some(CONCURRENT.to_owned()));
        };
        let varies = fields.iter().any(|(name, _)| name == "vary");
        if varies == cors.response_vary {
            return self.done(PATH, UNCHANGED);
        }
        let saved = self.change_cors(cors.rules.clone(), Some(varies)).await;
        self.after_cors(saved, "Whether answers vary by origin was saved.")
    }

    fn after_cors(&self, saved: Saved, said: &str) -> Outcome {
        match saved {
            Saved::Done => self.done(PATH, said),
            Saved::Refused(reason) => self.cors_list(StatusCode::UNPROCESSABLE_ENTITY, Some(reason)),
            Saved::Concurrent => match self.again() {
                Some(now) => now.cors_list(StatusCode::CONFLICT, Some(CONCURRENT.to_owned())),
                None => self.done(PATH, CONCURRENT),
            },
        }
    }

    /// Without rules there is no configuration. `varies` is as it was if it is not given.
    async fn change_cors(&self, rules: Vec<CorsRule>, varies: Option<bool>) -> Saved {
        let (action, is_empty) =
            if rules.is_empty() { ("delete_bucket_cors", true) } else { ("put_bucket_cors", false) };
        let change = move |configuration: &mut headwater_model::bucket::BucketConfiguration| {
            let varied = configuration.cors.as_ref().is_some_and(|cors| cors.response_vary);
            let new = CorsConfiguration { rules, response_vary: varies.unwrap_or(varied) };
            configuration.cors = (!is_empty).then(|| Arc::new(new));
        };
        self.change_configuration(action, |configuration| configuration.cors.clone(), change).await
    }
}

fn bytes(rules: &[CorsRule]) -> usize {
    let texts = rules.iter().flat_map(|rule| [&rule.origins, &rule.methods, &rule.headers, &rule.exposed]);
    texts.flatten().map(|text| text.len()).sum()
}
