//! Cross-Origin Resource Sharing: which pages of other sites a browser may let at the bucket's files.
//!
//! Guarantees: one rule changes at a time and the others stay, whoever changed them meanwhile; what is saved the API would
//! have taken too.

mod changing;
mod form;

#[cfg(test)]
mod tests;

use askama::Template;
use headwater_model::bucket::Dialect;
use headwater_model::cors::CorsRule;
use headwater_model::limits::{MAX_CORS_RULES, MAX_CORS_RULES_OSS};
use http::StatusCode;

use super::basic_settings::Setting;
use super::rule_list::{Listed, Place};
use super::{BucketVisit, Confirm, Frame, Tab};
use crate::faults::Faults;
use crate::page::{Outcome, page};
use form::{CorsForm, METHODS};

const PATH: &str = "cors";
const TITLE: &str = "Cross-Origin Resource Sharing";

struct Row {
    place: Place,
    number: usize,
    form: CorsForm,
}

#[derive(Template)]
#[template(path = "bucket/cors/list.html")]
struct ListPage<'p> {
    frame: Frame<'p>,
    alert: Option<String>,
    limit: usize,
    rows: Vec<Row>,
    varies: bool,
}

#[derive(Template)]
#[template(path = "bucket/cors/rule.html")]
struct RulePage<'p> {
    frame: Frame<'p>,
    conflict: Option<String>,
    faults: Faults,
    place: Place,
    form: CorsForm,
}

impl Listed for CorsRule {
    fn name(&self, at: usize) -> String {
        (at + 1).to_string()
    }
}

impl BucketVisit<'_> {
    fn cors_rules(&self) -> &[CorsRule] {
        self.bucket.configuration.cors.as_ref().map_or(&[], |cors| &cors.rules)
    }

    /// Most rules that whoever made the bucket could put.
    fn most_cors_rules(&self) -> usize {
        match self.bucket.dialect {
            Dialect::Oss => MAX_CORS_RULES_OSS,
            Dialect::S3 => MAX_CORS_RULES,
        }
    }

    pub(crate) fn cors_setting(&self) -> Setting {
        let now = match self.cors_rules().len() {
            0 => "No rules: pages of other sites are not let at the files.".to_owned(),
            1 => "1 rule.".to_owned(),
            rules => format!("{rules} rules."),
        };
        Setting { title: TITLE, path: PATH, now }
    }

    /// Answers what is below `/buckets/{bucket}/cors`.
    pub(crate) async fn cors(&self, posted: bool, rest: &[&str], fields: &[(String, String)]) -> Option<Outcome> {
        let at = |number: &str| number.parse::<usize>().ok()?.checked_sub(1);
        Some(match (posted, rest) {
            (false, []) => self.cors_list(StatusCode::OK, None),
            (false, ["create"]) => {
                self.cors_rule(StatusCode::OK, Place::default(), CorsForm::default(), Faults::default(), None)
            }
            (false, ["rules", number]) => self.edit_cors_rule(at(number)?),
            (false, ["rules", number, "delete"]) => self.confirm_cors_delete(at(number)?),
            (true, ["save"]) => self.save_cors_rule(fields).await,
            (true, ["order"]) => self.order_cors(fields).await,
            (true, ["vary"]) => self.save_vary(fields).await,
            _ => return None,
        })
    }

    fn cors_list(&self, status: StatusCode, alert: Option<String>) -> Outcome {
        let rules = self.cors_rules();
        let row = |(at, rule)| Some(Row { place: Place::of(rules, at)?, number: at + 1, form: CorsForm::of(rule) });
        let shown = ListPage {
            frame: self.frame(Tab::BasicSettings),
            alert,
            limit: self.most_cors_rules(),
            rows: rules.iter().enumerate().filter_map(row).collect(),
            varies: self.bucket.configuration.cors.as_ref().is_some_and(|cors| cors.response_vary),
        };
        page(status, &shown)
    }

    fn cors_rule(
        &self,
        status: StatusCode,
        place: Place,
        form: CorsForm,
        faults: Faults,
        conflict: Option<String>,
    ) -> Outcome {
        page(status, &RulePage { frame: self.frame(Tab::BasicSettings), conflict, faults, place, form })
    }

    fn no_cors_rule(&self, number: usize) -> Outcome {
        self.cors_list(StatusCode::NOT_FOUND, Some(format!("There is no rule {number} any more.")))
    }

    fn edit_cors_rule(&self, at: usize) -> Outcome {
        let rules = self.cors_rules();
        match (rules.get(at), Place::of(rules, at)) {
            (Some(rule), Some(place)) => {
                self.cors_rule(StatusCode::OK, place, CorsForm::of(rule), Faults::default(), None)
            }
            _ => self.no_cors_rule(at + 1),
        }
    }

    /// Asks before a rule goes.
    fn confirm_cors_delete(&self, at: usize) -> Outcome {
        let rules = self.cors_rules();
        let (Some(rule), Some(place)) = (rules.get(at), Place::of(rules, at)) else { return self.no_cors_rule(at + 1) };
        let consequence = if rules.len() == 1 {
            "It is the last one: no page of another site is let at the files then.".to_owned()
        } else {
            format!("Pages of {} are then judged by the other rules alone.", rule.origins.join(", "))
        };
        self.confirm(Confirm {
            setting: TITLE,
            path: PATH,
            question: format!("Delete rule {}?", at + 1),
            consequence,
            place,
        })
    }
}
