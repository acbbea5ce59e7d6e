//! Lifecycle: which files, versions and parts end when.
//!
//! Guarantees: one rule changes at a time and the others stay, whoever changed them meanwhile; what a rule holds that its
//! form cannot show is kept and told; what is saved the API would have taken too.

mod changing;
mod conditions;
mod due;
mod form;
mod words;

#[cfg(test)]
mod tests;

use askama::Template;
use headwater_model::lifecycle::LifecycleRule;
use headwater_model::limits::MAX_LIFECYCLE_RULES;
use http::StatusCode;

use super::basic_settings::Setting;
use super::rule_list::{Listed, Place};
use super::{BucketVisit, Confirm, Frame, Tab};
use crate::faults::Faults;
use crate::page::{Outcome, page};
use form::{LONE_MARKERS, LifecycleForm, unshown_elements};

const PATH: &str = "lifecycle";
const TITLE: &str = "Lifecycle";

struct Row {
    place: Place,
    number: usize,
    name: String,
    enabled: bool,
    conditions: Vec<(&'static str, String)>,
    actions: Vec<String>,
}

#[derive(Template)]
#[template(path = "bucket/lifecycle/list.html")]
struct ListPage<'p> {
    frame: Frame<'p>,
    alert: Option<String>,
    limit: usize,
    rows: Vec<Row>,
    mirrors: bool,
}

#[derive(Template)]
#[template(path = "bucket/lifecycle/rule.html")]
struct RulePage<'p> {
    frame: Frame<'p>,
    conflict: Option<String>,
    faults: Faults,
    place: Place,
    form: LifecycleForm,
    kept: Vec<&'static str>,
}

impl Listed for LifecycleRule {
    fn name(&self, _: usize) -> String {
        self.id.to_string()
    }
}

impl BucketVisit<'_> {
    fn lifecycle_rules(&self) -> &[LifecycleRule] {
        self.bucket.configuration.lifecycle.as_ref().map_or(&[], |lifecycle| &lifecycle.rules)
    }

    pub(crate) fn lifecycle_setting(&self) -> Setting {
        let rules = self.lifecycle_rules();
        let enabled = rules.iter().filter(|rule| rule.enabled).count();
        let now = match (rules.len(), enabled) {
            (0, _) => "No rules: files stay until they are deleted.".to_owned(),
            (1, 1) => "1 rule.".to_owned(),
            (1, _) => "1 rule, disabled.".to_owned(),
            (rules, enabled) => format!("{rules} rules, {enabled} enabled."),
        };
        Setting { title: TITLE, path: PATH, now }
    }

    /// Answers what is below `/buckets/{bucket}/lifecycle`.
    pub(crate) async fn lifecycle(&self, posted: bool, rest: &[&str], fields: &[(String, String)]) -> Option<Outcome> {
        let at = |number: &str| number.parse::<usize>().ok()?.checked_sub(1);
        Some(match (posted, rest) {
            (false, []) => self.lifecycle_list(StatusCode::OK, None),
            (false, ["create"]) => {
                self.lifecycle_rule(StatusCode::OK, Place::default(), LifecycleForm::new(), Faults::default(), None)
            }
            (false, ["rules", number]) => self.edit_lifecycle_rule(at(number)?),
            (false, ["rules", number, "delete"]) => self.confirm_lifecycle_delete(at(number)?),
            (true, ["save"]) => self.save_lifecycle_rule(fields).await,
            (true, ["order"]) => self.order_lifecycle(fields).await,
            _ => return None,
        })
    }

    fn lifecycle_list(&self, status: StatusCode, alert: Option<String>) -> Outcome {
        let rules = self.lifecycle_rules();
        let row = |(at, rule): (usize, &LifecycleRule)| {
            Some(Row {
                place: Place::of(rules, at)?,
                number: at + 1,
                name: rule.id.to_string(),
                enabled: rule.enabled,
                conditions: words::conditions(rule),
                actions: words::actions(rule),
            })
        };
        let shown = ListPage {
            frame: self.frame(Tab::BasicSettings),
            alert,
            limit: MAX_LIFECYCLE_RULES,
            rows: rules.iter().enumerate().filter_map(row).collect(),
            mirrors: self.bucket.website.as_ref().is_some_and(|website| !website.rules.is_empty()),
        };
        page(status, &shown)
    }

    fn lifecycle_rule(
        &self,
        status: StatusCode,
        place: Place,
        form: LifecycleForm,
        faults: Faults,
        conflict: Option<String>,
    ) -> Outcome {
        let stored = self.lifecycle_rules().iter().find(|rule| place.name.as_deref() == Some(&rule.id));
        let kept = stored.map(unshown_elements).unwrap_or_default();
        page(status, &RulePage { frame: self.frame(Tab::BasicSettings), conflict, faults, place, form, kept })
    }

    fn no_lifecycle_rule(&self, number: usize) -> Outcome {
        self.lifecycle_list(StatusCode::NOT_FOUND, Some(format!("There is no rule {number} any more.")))
    }

    fn edit_lifecycle_rule(&self, at: usize) -> Outcome {
        let rules = self.lifecycle_rules();
        match (rules.get(at), Place::of(rules, at)) {
            (Some(rule), Some(place)) => {
                self.lifecycle_rule(StatusCode::OK, place, LifecycleForm::of(rule), Faults::default(), None)
            }
            _ => self.no_lifecycle_rule(at + 1),
        }
    }

    /// Asks before a rule goes.
    fn confirm_lifecycle_delete(&self, at: usize) -> Outcome {
        let rules = self.lifecycle_rules();
        let (Some(rule), Some(place)) = (rules.get(at), Place::of(rules, at)) else {
            return self.no_lifecycle_rule(at + 1);
        };
        let actions = words::actions(rule).join(" ");
        self.confirm(Confirm {
            setting: TITLE,
            path: PATH,
            question: format!("Delete rule {}?", rule.id),
            consequence: format!("What it does is no longer done: {actions} What it has removed does not come back."),
            place,
        })
    }
}
