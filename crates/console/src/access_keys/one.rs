//! One key: whether it may be used, and its policy.

use askama::Template;
use headwater_admin::iso_8601;
use headwater_engine::{KeyChange, ShownKey};
use http::StatusCode;

use super::{EXAMPLE_POLICY, KeyVisit, address};
use crate::faults::Faults;
use crate::page::{Outcome, page, text};

#[derive(Template)]
#[template(path = "access_keys/one.html")]
struct KeyPage<'p> {
    csrf: &'p str,
    notice: Option<String>,
    id: &'p str,
    address: String,
    account: &'p str,
    display_name: &'p str,
    email: &'p str,
    created: String,
    enabled: bool,
    has_policy: bool,
    policy: &'p str,
    example: &'static str,
    faults: Faults,
}

#[derive(Template)]
#[template(path = "access_keys/root.html")]
struct RootPage<'p> {
    csrf: &'p str,
    id: &'p str,
    display_name: &'p str,
}

impl KeyVisit<'_> {
    /// The root key, and how it is changed.
    pub(crate) fn root(&self) -> Outcome {
        let display_name = &self.visitor.administration.engine().accounts().root().display_name;
        page(StatusCode::OK, &RootPage { csrf: self.visitor.csrf(), id: self.root_id(), display_name })
    }

    pub(crate) fn show(&self, key: &ShownKey) -> Outcome {
        let policy = key.key.policy.as_ref().map_or("", |policy| policy.text());
        self.page(key, policy, Faults::default())
    }

    fn page(&self, shown: &ShownKey, policy: &str, faults: Faults) -> Outcome {
        let ShownKey { key, owner, email } = shown;
        let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let shown = KeyPage {
            csrf: self.visitor.csrf(),
            notice: self.visitor.session.said(),
            id: &key.id,
            address: address(&key.id),
            account: &owner.id,
            display_name: &owner.display_name,
            email: email.as_deref().unwrap_or_default(),
            created: iso_8601(key.created),
            enabled: key.enabled,
            has_policy: key.policy.is_some(),
            policy,
            example: EXAMPLE_POLICY,
            faults,
        };
        page(status, &shown)
    }

    /// What the page's buttons do.
    pub(crate) async fn change(&self, key: &ShownKey, fields: &[(String, String)]) -> Outcome {
        // Browsers end lines of text areas as MIME does.
        let policy = text(fields, "policy").replace("\r\n", "\n");
        let (wanted, said) = match text(fields, "do") {
            "enable" => (KeyChange { enabled: Some(true), policy: None }, "It is enabled."),
            "disable" => (
                KeyChange { enabled: Some(false), policy: None },
                "It is disabled: requests signed with it are refused from now on.",
            ),
            "remove-policy" => (
                KeyChange { enabled: None, policy: Some(None) },
                "Its policy was removed: it may do everything that its account may.",
            ),
            _ if policy.trim().is_empty() => {
                let empty = "Type a policy. Remove Policy is what lets the key do everything that its account may.";
                return self.page(key, &policy, Faults::one("policy", empty));
            }
            _ => (KeyChange { enabled: None, policy: Some(Some(policy.trim().into())) }, "Its policy was saved."),
        };
        let Self { visitor } = self;
        let changed = visitor.administration.change_access_key(visitor.requester.clone(), &key.key.id, wanted).await;
        match changed {
            Ok(changed) if changed.differs => visitor.session.say(said.to_owned()),
            Ok(_) => visitor.session.say("That is how it was: nothing was changed.".to_owned()),
            Err(failure) => {
                return self.page(key, &policy, Faults::refused(&failure, &[("policy", "Policy document")]));
            }
        }
        Outcome::To(address(&key.key.id))
    }
}
