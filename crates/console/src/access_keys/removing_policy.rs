//! The end of a key's policy, which means more rights: it is asked for first, with the policy that goes.

use askama::Template;
use headwater_admin::Unacknowledged;
use headwater_engine::{KeyChange, ShownKey};
use headwater_model::Error;
use http::StatusCode;

use super::one::{CONCURRENT, print};
use super::{KeyVisit, address};
use crate::faults::{Faults, OF_FORM};
use crate::page::{Outcome, page, text};

#[derive(Template)]
#[template(path = "access_keys/remove_policy.html")]
struct RemovePolicyPage<'p> {
    csrf: &'p str,
    id: &'p str,
    address: String,
    policy: &'p str,
    print: String,
    faults: Faults,
}

impl KeyVisit<'_> {
    /// The question; a key without a policy has its page.
    pub(super) fn removing_policy(&self, key: &ShownKey, faults: Faults) -> Outcome {
        let Some(policy) = &key.key.policy else { return Outcome::To(address(&key.key.id)) };
        let (csrf, print) = (self.visitor.csrf(), print(Some(policy.text())));
        let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let (id, address, policy) = (&*key.key.id, address(&key.key.id), policy.text());
        page(status, &RemovePolicyPage { csrf, id, address, policy, print, faults })
    }

    /// Takes the policy away that the question showed.
    pub(super) async fn remove_policy(&self, key: &ShownKey, fields: &[(String, String)]) -> Outcome {
        let stored = key.key.policy.as_ref().map(|policy| Box::from(policy.text()));
        if print(stored.as_deref()) != text(fields, "print") {
            return self.policy_is_another(key);
        }
        let wanted = KeyChange { enabled: None, policy: Some(None), expected: Some(stored) };
        let Self { visitor } = self;
        match visitor.administration.change_access_key(visitor.requester.clone(), &key.key.id, wanted).await {
            Ok(_) => {
                let said = "Its policy was removed: it may do everything that its account may.";
                visitor.session.say(said.to_owned());
                Outcome::To(address(&key.key.id))
            }
            Err(Unacknowledged::Refused(Error::PreconditionFailed { .. })) => match self.key(&key.key.id) {
                Some(now) => self.policy_is_another(&now),
                None => Outcome::To("/access-keys".to_owned()),
            },
            Err(failure) => self.removing_policy(key, Faults::refused(&failure, &[])),
        }
    }

    fn policy_is_another(&self, key: &ShownKey) -> Outcome {
        let policy = key.key.policy.as_ref().map_or("", |policy| policy.text());
        self.page(StatusCode::CONFLICT, key, policy, Faults::one(OF_FORM, CONCURRENT))
    }
}
