//! The list of rules, and what changes it as a whole: order, deletion, import and export.

use askama::Template;
use headwater_model::rule::change::{Change, Vanished};
use headwater_wire::{read_website, write_website};
use http::StatusCode;

use super::listing::{ListPage, Said, origin};
use super::saving::Saved;
use super::visit::{Visit, version};
use crate::page::{Outcome, page, text};
use crate::visitor::reason;

const CONCURRENT: &str = "The rules of this bucket were changed by somebody else since the page was opened, so nothing was \
     done. This is how they are now.";

#[derive(Template)]
#[template(path = "back_to_origin/delete.html")]
struct DeletePage<'p> {
    bucket: &'p str,
    csrf: &'p str,
    version: u64,
    number: u32,
    origin: String,
}

#[derive(Template)]
#[template(path = "back_to_origin/clear.html")]
struct ClearPage<'p> {
    bucket: &'p str,
    csrf: &'p str,
    version: u64,
    count: usize,
    typed: &'p str,
    fault: Option<String>,
}

#[derive(Template)]
#[template(path = "back_to_origin/import.html")]
struct ImportPage<'p> {
    bucket: &'p str,
    csrf: &'p str,
    version: u64,
    document: &'p str,
    replace: bool,
    notice: Option<&'p str>,
    fault: Option<String>,
}

impl Visit<'_> {
    /// The list.
    pub(crate) fn list(&self) -> Outcome {
        self.list_saying(StatusCode::OK, Said::default())
    }

    /// The list, with what went wrong.
    pub(crate) fn list_with(&self, status: StatusCode, alert: impl Into<String>) -> Outcome {
        self.list_saying(status, Said { alert: Some(alert.into()), ..Said::default() })
    }

    fn list_saying(&self, status: StatusCode, said: Said) -> Outcome {
        let website = self.bucket.website.as_deref();
        let counts = self.administration.engine().fills().rule_counts(&self.bucket);
        page(status, &ListPage::new(self.names(), website, self.bucket.rule_version, &counts, said))
    }

    /// Asks before a rule goes.
    pub(crate) fn confirm_delete(&self, number: u32) -> Outcome {
        let Some(rule) = self.rule(number) else {
            return self.list_with(StatusCode::NOT_FOUND, format!("There is no rule {number} any more."));
        };
        let (bucket, csrf) = self.names();
        let version = self.bucket.rule_version;
        page(StatusCode::OK, &DeletePage { bucket, csrf, version, number, origin: origin(rule) })
    }

    /// Moves or deletes a rule.
    pub(crate) async fn order(&self, fields: &[(String, String)]) -> Outcome {
        let Ok(number) = text(fields, "number").parse() else {
            return self.list_with(StatusCode::BAD_REQUEST, "No rule was named.");
        };
        let change = match text(fields, "do") {
            "up" => Change::MoveUp(number),
            "down" => Change::MoveDown(number),
            "delete" => Change::Delete(number),
            _ => return self.list_with(StatusCode::BAD_REQUEST, "Nothing to do was named."),
        };
        let saved = self.change(change, version(fields)).await;
        self.after(saved)
    }

    /// Asks before all rules go.
    pub(crate) fn confirm_clear(&self, typed: &str, fault: Option<String>) -> Outcome {
        let (bucket, csrf) = self.names();
        let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let (version, count) = (self.bucket.rule_version, self.rules().len());
        page(status, &ClearPage { bucket, csrf, version, count, typed, fault })
    }

    /// Takes all rules away if the bucket's name was typed.
    pub(crate) async fn clear(&self, fields: &[(String, String)]) -> Outcome {
        let typed = text(fields, "confirmation");
        if typed.trim() != self.name() {
            return self.confirm_clear(typed, Some(format!("That is not the bucket's name: type {}.", self.name())));
        }
        let saved = self.change(Change::Clear, version(fields)).await;
        self.after(saved)
    }

    fn after(&self, saved: Result<Saved, Vanished>) -> Outcome {
        match saved {
            Ok(Saved::Done) => self.to_list(),
            Ok(Saved::Refused(reason)) => self.list_with(StatusCode::UNPROCESSABLE_ENTITY, reason),
            Ok(Saved::Concurrent) => match self.again() {
                Some(now) => now.list_with(StatusCode::CONFLICT, CONCURRENT),
                None => self.to_list(),
            },
            Err(Vanished(number)) => {
                self.list_with(StatusCode::NOT_FOUND, format!("There is no rule {number} any more."))
            }
        }
    }

    /// The document as GetBucketWebsite answers it, secrets masked.
    pub(crate) fn export(&self) -> Outcome {
        self.bucket.website.as_deref().map_or_else(|| self.to_list(), |website| Outcome::File(write_website(website)))
    }

    /// Where a document is pasted.
    pub(crate) fn import_page(&self) -> Outcome {
        page(StatusCode::OK, &self.importing("", true))
    }

    fn importing<'p>(&'p self, document: &'p str, replace: bool) -> ImportPage<'p> {
        let (bucket, csrf) = self.names();
        ImportPage { bucket, csrf, version: self.bucket.rule_version, document, replace, notice: None, fault: None }
    }

    /// Takes the rules of a document.
    pub(crate) async fn import(&self, fields: &[(String, String)]) -> Outcome {
        let (document, replace) = (text(fields, "document"), text(fields, "present") != "keep");
        let refused = |fault: String| {
            page(
                StatusCode::UNPROCESSABLE_ENTITY,
                &ImportPage { fault: Some(fault), ..self.importing(document, replace) },
            )
        };
        let mut rules = match read_website(document.trim().as_bytes()) {
            Ok(website) => website.rules,
            Err(error) => return refused(reason(&error)),
        };
        if rules.is_empty() {
            return refused("The document has no rules: to take all rules away, use Clear All.".to_owned());
        }
        rules.sort_by_key(|rule| rule.number);
        match self.change(Change::Import { rules, replace }, version(fields)).await {
            Ok(Saved::Done) => self.to_list(),
            Ok(Saved::Refused(reason)) => refused(reason),
            Ok(Saved::Concurrent) | Err(Vanished(_)) => {
                let Some(now) = self.again() else { return self.to_list() };
                let notice = Some(
                    "The rules were changed by somebody else meanwhile, and nothing was imported. OK imports \
                     into the rules as they are now.",
                );
                page(StatusCode::CONFLICT, &ImportPage { notice, ..now.importing(document, replace) })
            }
        }
    }
}
