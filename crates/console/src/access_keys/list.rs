//! The list of keys, root's before all others.

use askama::Template;
use headwater_engine::ShownKey;
use http::StatusCode;

use super::{KeyVisit, address};
use crate::page::{Outcome, page};

/// Most keys on the page: more are found by searching.
const MAX_SHOWN: usize = 500;

struct Row {
    id: String,
    address: String,
    account: String,
    display_name: String,
    email: String,
    enabled: bool,
    has_policy: bool,
    is_root: bool,
}

#[derive(Template)]
#[template(path = "access_keys/list.html")]
struct ListPage<'p> {
    csrf: &'p str,
    notice: Option<String>,
    search: &'p str,
    rows: Vec<Row>,
    /// How many match beyond those that are shown.
    more: usize,
}

impl KeyVisit<'_> {
    pub(crate) fn list(&self, search: &str) -> Outcome {
        let wanted = search.trim().to_lowercase();
        let mut rows: Vec<Row> = std::iter::once(self.root_row()).chain(self.keys().iter().map(row)).collect();
        rows.retain(|row| {
            let texts = [&row.id, &row.account, &row.display_name, &row.email];
            texts.iter().any(|text| text.to_lowercase().contains(&wanted))
        });
        let more = rows.len().saturating_sub(MAX_SHOWN);
        rows.truncate(MAX_SHOWN);
        let (csrf, notice) = (self.visitor.csrf(), self.visitor.session.said());
        page(StatusCode::OK, &ListPage { csrf, notice, search, rows, more })
    }

    fn root_row(&self) -> Row {
        let root = self.visitor.administration.engine().accounts().root();
        Row {
            id: self.root_id().to_owned(),
            address: address(self.root_id()),
            account: root.id.to_string(),
            display_name: root.display_name.to_string(),
            email: String::new(),
            enabled: true,
            has_policy: false,
            is_root: true,
        }
    }
}

fn row(shown: &ShownKey) -> Row {
    Row {
        id: shown.key.id.to_string(),
        address: address(&shown.key.id),
        account: shown.owner.id.to_string(),
        display_name: shown.owner.display_name.to_string(),
        email: shown.email.clone().unwrap_or_default().into(),
        enabled: shown.key.enabled,
        has_policy: shown.key.policy.is_some(),
        is_root: false,
    }
}
