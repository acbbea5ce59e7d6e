//! `Principal` and `NotPrincipal`: whom a statement of a bucket's policy means.
//!
//! S3 writes `"*"` or `{"AWS": [...], "CanonicalUser": [...]}`, OSS writes a list of user ids. A name means an account by
//! its canonical id or its display name, or one access key by its id; in an ARN the last segment of the account's or the
//! resource's part is compared.

use crate::access::Principal;

/// Whom a statement means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principals {
    pub(super) names: Vec<Name>,
    /// `NotPrincipal`.
    pub(super) all_but: bool,
}

/// One name of a principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// `*`.
    Everybody,
    /// An account or one of its keys.
    Account(Box<str>),
    /// The user of this name; of this account, unless that is empty.
    User { account: Box<str>, name: Box<str> },
    /// A service or federated principal, of which there are none here.
    Nobody,
}

impl Principals {
    pub(super) fn include(&self, principal: &Principal) -> bool {
        self.names.iter().any(|name| name.means(principal)) != self.all_but
    }

    /// Whether everybody is meant.
    pub(super) fn are_everybody(&self) -> bool {
        self.all_but || self.names.contains(&Name::Everybody)
    }
}

impl Name {
    /// A name as documents write it.
    pub(super) fn parse(text: &str) -> Self {
        if text == "*" {
            return Self::Everybody;
        }
        // arn:aws:iam::ACCOUNT:root, arn:aws:iam::ACCOUNT:user/NAME, arn:sts::ACCOUNT:assumed-role/NAME/SESSION
        if let Some(arn) = text.strip_prefix("arn:").or_else(|| text.strip_prefix("acs:")) {
            let (before, resource) = arn.rsplit_once(':').unwrap_or(("", arn));
            let account = before.rsplit(':').next().unwrap_or_default();
            return match resource.split_once('/') {
                Some((_, path)) => {
                    let name = path.rsplit('/').next().unwrap_or_default();
                    Self::User { account: account.into(), name: name.into() }
                }
                None if resource == "root" || resource == "*" => Self::account(account),
                None => Self::account(resource),
            };
        }
        Self::Account(text.into())
    }

    fn account(name: &str) -> Self {
        if name == "*" { Self::Everybody } else { Self::Account(name.into()) }
    }

    fn means(&self, principal: &Principal) -> bool {
        match (self, principal) {
            (Self::Everybody, _) => true,
            (Self::Nobody, _) | (_, Principal::Anonymous) => false,
            (Self::Account(name), Principal::Key(identity)) => identity.is_called(name),
            (Self::User { account, name }, Principal::Key(identity)) => {
                (account.is_empty() || **account == *identity.owner.id) && identity.is_called(name)
            }
        }
    }
}
