//! One key: whether it may be used, and its policy.

use askama::Template;
use headwater_admin::{Unacknowledged, iso_8601};
use headwater_engine::{KeyChange, ShownKey};
use headwater_model::Error;
use http::StatusCode;
use sha2::{Digest as _, Sha256};

use super::tokens::TokenRow;
use super::{EXAMPLE_POLICY, KeyVisit, address};
use crate::faults::{Faults, OF_FORM};
use crate::page::{Outcome, page, text};

pub(super) const CONCURRENT: &str = "The policy of this key was changed by somebody else since this page was opened, so nothing was \
     saved. What you typed is kept: Save Policy puts it in the place of the policy as it is now.";

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
    print: String,
    policy: &'p str,
    example: &'static str,
    tokens: Vec<TokenRow>,
    faults: Faults,
}

#[derive(Template)]
#[template(path = "access_keys/root.html")]
struct RootPage<'p> {
    csrf: &'p str,
    notice: Option<String>,
    id: &'p str,
    address: String,
    display_name: &'p str,
    tokens: Vec<TokenRow>,
}

impl KeyVisit<'_> {
    /// The root key, and how it is changed.
    pub(crate) fn root(&self) -> Outcome {
        let display_name = &self.visitor.administration.engine().accounts().root().display_name;
        let (csrf, notice, id) = (self.visitor.csrf(), self.visitor.session.said(), self.root_id());
        let (address, tokens) = (address(id), self.tokens(id));
        page(StatusCode::OK, &RootPage { csrf, notice, id, address, display_name, tokens })
    }

    pub(crate) fn show(&self, key: &ShownKey) -> Outcome {
        let policy = key.key.policy.as_ref().map_or("", |policy| policy.text());
        self.page(StatusCode::OK, key, policy, Faults::default())
    }

    fn refuse(&self, key: &ShownKey, policy: &str, faults: Faults) -> Outcome {
        self.page(StatusCode::UNPROCESSABLE_ENTITY, key, policy, faults)
    }

    pub(super) fn page(&self, status: StatusCode, shown: &ShownKey, policy: &str, faults: Faults) -> Outcome {
        let ShownKey { key, owner, email } = shown;
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
            print: print(key.policy.as_ref().map(|policy| policy.text())),
            policy,
            example: EXAMPLE_POLICY,
            tokens: self.tokens(&key.id),
            faults,
        };
        page(status, &shown)
    }

    /// What the page's buttons do. A policy is saved while it is the one that the page showed.
    pub(crate) async fn change(&self, key: &ShownKey, fields: &[(String, String)]) -> Outcome {
        // Browsers end lines of text areas as MIME does.
        let policy = text(fields, "policy").replace("\r\n", "\n");
        let stored = key.key.policy.as_ref().map(|policy| Box::from(policy.text()));
        let as_shown = print(stored.as_deref()) == text(fields, "print");
        let policy_change = |policy| KeyChange { enabled: None, policy: Some(policy), expected: Some(stored) };
        let status_change = |enabled| KeyChange { enabled: Some(enabled), ..KeyChange::default() };
        let (wanted, said) = match text(fields, "do") {
            "enable" => (status_change(true), "It is enabled."),
            "disable" => (status_change(false), "It is disabled: requests signed with it are refused from now on."),
            _ if !as_shown => return self.page(StatusCode::CONFLICT, key, &policy, Faults::one(OF_FORM, CONCURRENT)),
            _ if policy.trim().is_empty() => {
                let empty = "Type a policy. Remove Policy is what lets the key do everything that its account may.";
                return self.refuse(key, &policy, Faults::one("policy", empty));
            }
            _ => (policy_change(Some(policy.trim().into())), "Its policy was saved."),
        };
        let Self { visitor } = self;
        let changed = visitor.administration.change_access_key(visitor.requester.clone(), &key.key.id, wanted).await;
        match changed {
            Ok(changed) if changed.differs => visitor.session.say(said.to_owned()),
            Ok(_) => visitor.session.say("That is how it was: nothing was changed.".to_owned()),
            Err(Unacknowledged::Refused(Error::PreconditionFailed { .. })) => {
                let Some(now) = self.key(&key.key.id) else { return Outcome::To("/access-keys".to_owned()) };
                return self.page(StatusCode::CONFLICT, &now, &policy, Faults::one(OF_FORM, CONCURRENT));
            }
            Err(failure) => {
                return self.refuse(key, &policy, Faults::refused(&failure, &[("policy", "Policy document")]));
            }
        }
        Outcome::To(address(&key.key.id))
    }
}

/// What tells policies apart.
pub(super) fn print(policy: Option<&str>) -> String {
    policy.map_or_else(|| "none".to_owned(), |policy| hex::encode(&Sha256::digest(policy)[..16]))
}
