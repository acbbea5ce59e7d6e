//! Access Keys: who may use the data plane, by browser.
//!
//! Guarantees: a secret or a token is on the page that answers its making and on no other; the root key is shown and not
//! changed; a policy that is not one is refused with what was typed. A key whose policy is emptied does not come to have
//! none: that is asked for by a button of its own, because it means more rights.
//!
//! How: `list`, `making`, `one`, `tokens`, `issuing` and `deleting` are the pages, methods of [`KeyVisit`]; what changes do
//! is the engine's.

mod deleting;
mod issuing;
mod list;
mod making;
mod one;
mod removing_policy;
mod tokens;

use headwater_engine::ShownKey;
use headwater_wire::{escape_key, unescape_path};

use crate::faults::Faults;
use crate::page::{Outcome, text};
use crate::visitor::Visitor;

/// What may be put before a policy that is to be written.
const EXAMPLE_POLICY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"],
     "Resource": ["arn:aws:s3:::site", "arn:aws:s3:::site/pictures/*"]},
    {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::site/inbox/*"}
  ]
}"#;

/// Who comes to the keys.
pub(crate) struct KeyVisit<'v> {
    pub(crate) visitor: Visitor<'v>,
}

impl KeyVisit<'_> {
    /// Answers a request, `rest` being the segments of its path below `/access-keys`. `None` if there is no such page.
    pub(crate) async fn answer(self, posted: bool, rest: &[&str], fields: &[(String, String)]) -> Option<Outcome> {
        let Some((id, rest)) = rest.split_first() else {
            return (!posted).then(|| self.list(text(fields, "search")));
        };
        let id = unescape_path(id)?;
        match rest {
            ["tokens", "create"] => return self.issue(posted, &id, fields).await,
            ["tokens", token, "revoke"] => return self.revoke(posted, &id, token).await,
            _ => {}
        }
        if *id == *self.root_id() {
            return (!posted && rest.is_empty()).then(|| self.root());
        }
        let key = self.key(&id)?;
        Some(match (posted, rest) {
            (false, []) => self.show(&key),
            (true, []) => self.change(&key, fields).await,
            (false, ["remove-policy"]) => self.removing_policy(&key, Faults::default()),
            (true, ["remove-policy"]) => self.remove_policy(&key, fields).await,
            (false, ["delete"]) => self.deleting(&key, "", Faults::default()),
            (true, ["delete"]) => self.delete(&key, fields).await,
            _ => return None,
        })
    }

    fn root_id(&self) -> &str {
        self.visitor.administration.engine().accounts().root_key_id()
    }

    fn keys(&self) -> Vec<ShownKey> {
        self.visitor.administration.engine().access_keys()
    }

    fn key(&self, id: &str) -> Option<ShownKey> {
        self.keys().into_iter().find(|shown| &*shown.key.id == id)
    }
}

/// The address of a key's page.
fn address(id: &str) -> String {
    format!("/access-keys/{}", escape_key(id))
}

#[cfg(test)]
mod tests;
