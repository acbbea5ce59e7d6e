//! Audit Log: who changed what, when, from where; newest first.
//!
//! Guarantees: it shows what was written, and nothing secret is; it changes nothing. A page is of the last 100 or 1,000
//! lines, and what it is filtered by is looked for in these.
//!
//! Deliberately not here: whether the chain of lines holds. A server that somebody tampered with would be the wrong one to
//! ask; `headwater doctor` reads the file itself.

use askama::Template;
use http::StatusCode;
use serde_json::Value;

use crate::page::{Outcome, page, text};
use crate::visitor::Visitor;

/// Lines on a page, and on the longer one.
const LINES: usize = 100;
const MAX_LINES: usize = 1000;
/// Most of a value that is shown, in bytes: a website document may have a mebibyte, twice a line.
const MAX_SHOWN_BYTES: usize = 16 << 10;

/// A line.
struct Row {
    time: String,
    who: String,
    /// Identifier of the bearer token that it came with.
    token: String,
    remote: String,
    action: String,
    target: String,
    request_id: String,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "audit_log.html")]
struct AuditPage<'p> {
    csrf: &'p str,
    search: &'p str,
    limit: usize,
    rows: Vec<Row>,
    /// How many lines were looked at.
    read: usize,
    alert: Option<String>,
}

impl Visitor<'_> {
    pub(crate) async fn audit_log(&self, fields: &[(String, String)]) -> Outcome {
        let (search, long) = (text(fields, "search"), text(fields, "limit") == MAX_LINES.to_string());
        let limit = if long { MAX_LINES } else { LINES };
        let (csrf, rows) = (self.csrf(), Vec::new());
        let empty = AuditPage { csrf, search, limit, rows, read: 0, alert: None };
        match self.administration.audit().last(limit).await {
            Ok(lines) => {
                let wanted = search.trim().to_lowercase();
                let rows = lines.iter().rev().map(Row::of).filter(|row| row.contains(&wanted)).collect();
                page(StatusCode::OK, &AuditPage { rows, read: lines.len(), ..empty })
            }
            Err(error) => {
                let alert = Some(format!("The audit log cannot be read: {error}."));
                page(StatusCode::INTERNAL_SERVER_ERROR, &AuditPage { alert, ..empty })
            }
        }
    }
}

impl Row {
    fn of(line: &Value) -> Self {
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        Self {
            time: text("time"),
            who: text("who"),
            token: text("token"),
            remote: text("remote"),
            action: text("action"),
            target: text("target"),
            request_id: text("request_id"),
            before: document(&line["before"]),
            after: document(&line["after"]),
        }
    }

    /// Whether any part of it has this, in any letter case.
    fn contains(&self, wanted: &str) -> bool {
        let Self { time, who, token, remote, action, target, request_id, before, after } = self;
        let texts = [time, who, token, remote, action, target, request_id].into_iter().chain(before).chain(after);
        texts.into_iter().any(|text| text.to_lowercase().contains(wanted))
    }
}

/// A value for people: text as it is, all else as JSON on lines of their own; nothing for none.
fn document(value: &Value) -> Option<String> {
    let mut text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => format!("{other:#}"),
    };
    if text.len() > MAX_SHOWN_BYTES {
        text.truncate(text.floor_char_boundary(MAX_SHOWN_BYTES));
        text.push_str("\n… The file has the rest.");
    }
    Some(text)
}

#[cfg(test)]
mod tests;
