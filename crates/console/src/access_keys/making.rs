//! Making a key.

use askama::Template;
use headwater_engine::NewKey;
use headwater_model::rule::Secret;
use http::StatusCode;

use super::{EXAMPLE_POLICY, KeyVisit, address};
use crate::faults::Faults;
use crate::page::{Outcome, page, text};

/// Names of the form's fields, which are those of the admin API, with their labels.
const FIELDS: [(&str, &str); 7] = [
    ("display_name", "Display name"),
    ("email", "E-mail address"),
    ("account", "Join account"),
    ("canonical_id", "Canonical ID"),
    ("access_key_id", "Access key ID"),
    ("secret", "Secret"),
    ("policy", "Policy"),
];

/// The form; its fields as typed, but for the secret, which no page shows again.
#[derive(Template)]
#[template(path = "access_keys/create.html")]
struct CreatePage<'p> {
    csrf: &'p str,
    example: &'static str,
    display_name: &'p str,
    email: &'p str,
    account: &'p str,
    canonical_id: &'p str,
    access_key_id: &'p str,
    policy: &'p str,
    faults: Faults,
}

/// The only page that shows a secret.
#[derive(Template)]
#[template(path = "access_keys/created.html")]
struct CreatedPage<'p> {
    csrf: &'p str,
    id: &'p str,
    address: String,
    display_name: &'p str,
    secret: &'p str,
}

impl KeyVisit<'_> {
    /// The form, with what was typed.
    pub(crate) fn creating(&self, fields: &[(String, String)], faults: Faults) -> Outcome {
        let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let shown = CreatePage {
            csrf: self.visitor.csrf(),
            example: EXAMPLE_POLICY,
            display_name: text(fields, "display_name"),
            email: text(fields, "email"),
            account: text(fields, "account"),
            canonical_id: text(fields, "canonical_id"),
            access_key_id: text(fields, "access_key_id"),
            policy: text(fields, "policy"),
            faults,
        };
        page(status, &shown)
    }

    /// Makes a key. Its page is no redirect: the secret is in this answer and nowhere else.
    pub(crate) async fn create(&self, fields: &[(String, String)]) -> Outcome {
        let given = |name: &str| Some(text(fields, name).trim()).filter(|text| !text.is_empty()).map(Box::from);
        let secret = text(fields, "secret");
        let new = NewKey {
            account: given("account"),
            canonical_id: given("canonical_id"),
            display_name: given("display_name"),
            email: given("email"),
            access_key_id: given("access_key_id"),
            secret: (!secret.is_empty()).then(|| Secret::new(secret)),
            policy: given("policy"),
        };
        let Self { visitor } = self;
        match visitor.administration.create_access_key(visitor.requester.clone(), new).await {
            Err(failure) => self.creating(fields, Faults::refused(&failure, &FIELDS)),
            Ok((key, secret)) => {
                let shown = CreatedPage {
                    csrf: visitor.csrf(),
                    address: address(&key.access_key_id),
                    id: &key.access_key_id,
                    display_name: &key.account.display_name,
                    secret: secret.reveal(),
                };
                page(StatusCode::CREATED, &shown)
            }
        }
    }
}
