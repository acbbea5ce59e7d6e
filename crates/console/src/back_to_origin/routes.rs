//! Which page a request is for, below `/buckets/{bucket}/back-to-origin`.
//!
//! Not here: whether the requester may come in, and whether a form is one of this session's; both are asked before.

use super::visit::Visit;
use crate::page::{Outcome, text};

impl Visit<'_> {
    /// Answers a request, `rest` being the segments of its path below the list's, `fields` those of its query or of the form
    /// that was `posted`. `None` if there is no such page.
    pub(crate) async fn answer(&self, posted: bool, rest: &[&str], fields: &[(String, String)]) -> Option<Outcome> {
        let number = |text: &str| text.parse::<u32>().ok();
        Some(match (posted, rest) {
            (false, []) => self.list(),
            (false, ["create"]) => self.create(number(text(fields, "copied"))),
            (false, ["rules", rule]) => self.edit(number(rule)?),
            (false, ["rules", rule, "delete"]) => self.confirm_delete(number(rule)?),
            (false, ["clear"]) => self.confirm_clear("", None),
            (false, ["import"]) => self.import_page(),
            (false, ["export"]) => self.export(),
            (true, ["preview"]) => self.preview(fields),
            (true, ["save"]) => self.sent(fields).await,
            (true, ["order"]) => self.order(fields).await,
            (true, ["clear"]) => self.clear(fields).await,
            (true, ["import"]) => self.import(fields).await,
            _ => return None,
        })
    }
}
