//! The list: origins that have settings, and those that rules name.

use askama::Template;
use headwater_model::origin::OriginId;
use http::StatusCode;

use super::health::Health;
use super::named::named;
use super::{OriginVisit, address};
use crate::faults::Faults;
use crate::page::{Outcome, page, text};

/// Most origins on the page: more are found by searching.
const MAX_SHOWN: usize = 500;
/// Most buckets that are named beside an origin.
const MAX_BUCKETS: usize = 3;

struct Row {
    id: String,
    address: String,
    health: Health,
    has_settings: bool,
    buckets: String,
}

#[derive(Template)]
#[template(path = "origins/list.html")]
struct ListPage<'p> {
    csrf: &'p str,
    notice: Option<String>,
    search: &'p str,
    /// Whether there is any at all.
    any: bool,
    rows: Vec<Row>,
    /// How many match beyond those that are shown.
    more: usize,
    url: &'p str,
    faults: Faults,
}

impl OriginVisit<'_> {
    pub(crate) fn list(&self, search: &str) -> Outcome {
        self.page_of(search, "", Faults::default())
    }

    /// The page of the origin whose URL was typed.
    pub(crate) fn find(&self, fields: &[(String, String)]) -> Outcome {
        let url = text(fields, "url");
        match OriginId::parse(url.trim()) {
            Ok(id) => Outcome::To(address(&id)),
            Err(reason) => {
                let fault = format!("That is no origin: {reason}. Type as in https://www.example.com/.");
                self.page_of("", url, Faults::one("url", fault))
            }
        }
    }

    fn page_of(&self, search: &str, url: &str, faults: Faults) -> Outcome {
        let engine = self.visitor.administration.engine();
        let mut all = named(&engine.buckets());
        let own: Vec<OriginId> = engine.origins().into_iter().map(|(id, _)| id).collect();
        for id in &own {
            all.entry(id.clone()).or_default();
        }
        let any = !all.is_empty();
        let wanted = search.trim().to_lowercase();
        all.retain(|id, buckets| id.as_str().contains(&wanted) || buckets.iter().any(|name| name.contains(&wanted)));
        let more = all.len().saturating_sub(MAX_SHOWN);
        let row = |(id, buckets): (OriginId, std::collections::BTreeSet<String>)| {
            let health = Health::of(&engine.origin_status(&id), &engine.origin_settings(&id).limits);
            let mut names: Vec<String> = buckets.iter().take(MAX_BUCKETS).cloned().collect();
            if buckets.len() > MAX_BUCKETS {
                names.push(format!("{} more", buckets.len() - MAX_BUCKETS));
            }
            Row {
                address: address(&id),
                health,
                has_settings: own.contains(&id),
                buckets: names.join(", "),
                id: id.to_string(),
            }
        };
        let rows = all.into_iter().take(MAX_SHOWN).map(row).collect();
        let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let (csrf, notice) = (self.visitor.csrf(), self.visitor.session.said());
        page(status, &ListPage { csrf, notice, search, any, rows, more, url, faults })
    }
}
