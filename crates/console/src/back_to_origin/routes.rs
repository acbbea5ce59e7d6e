//! Which page a request is for, below `/buckets/{bucket}/back-to-origin`.
//!
//! Not here: whether the requester may come in, and whether a form is one of this session's; both are asked before.

use http::Method;

use super::visit::{Outcome, Visit, text};

impl Visit<'_> {
    /// Answers a request; `rest` is its path below the list's, `fields` are those of its query or its form. `None` if there
    /// is no such page.
    pub(crate) async fn answer(&self, method: &Method, rest: &str, fields: &[(String, String)]) -> Option<Outcome> {
        let number = |text: &str| text.parse::<u32>().ok();
        let parts: Vec<_> = rest.trim_matches('/').split('/').collect();
        Some(match (method.as_str(), &parts[..]) {
            ("GET", [""]) => self.list(),
            ("GET", ["create"]) => self.create(number(text(fields, "copied"))),
            ("GET", ["rules", rule]) => self.edit(number(rule)?),
            ("GET", ["rules", rule, "delete"]) => self.confirm_delete(number(rule)?),
            ("GET", ["clear"]) => self.confirm_clear("", None),
            ("GET", ["import"]) => self.import_page(),
            ("GET", ["export"]) => self.export(),
            ("POST", ["preview"]) => self.preview(fields),
            ("POST", ["save"]) => self.sent(fields).await,
            ("POST", ["order"]) => self.order(fields).await,
            ("POST", ["clear"]) => self.clear(fields).await,
            ("POST", ["import"]) => self.import(fields).await,
            _ => return None,
        })
    }
}
