//! Secrets within rules.
//!
//! Guarantees: a secret is never formatted, neither by `Debug` nor in an echoed document, where [`SECRET_MASK`] stands
//! for it. A document that comes back with the mask keeps the secret that it had: an SDK can read, change and write the
//! rules without ever holding the secret.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Error, Result};
use crate::rule::{MirrorAuth, RoutingRule};
use crate::website::Website;

/// What stands for a secret in echoed documents. No vendor issues such a secret.
pub const SECRET_MASK: &str = "******";

/// `AccessKeySecret` of a rule. Its serialised form is the plain text: whoever stores it decides how to protect it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String, format = Password, example = "******")]
pub struct Secret(Box<str>);

impl Secret {
    /// Takes the plain text, or the mask.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The plain text, for signing.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether this is the mask and not a secret.
    pub fn is_mask(&self) -> bool {
        &*self.0 == SECRET_MASK
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SECRET_MASK)
    }
}

impl Website {
    /// Replaces each masked secret by the one that `old` holds for the same access key id: that of the rule with the
    /// same number if it has that id, else of the first rule that has (rules may have been renumbered).
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a mask that stands for nothing.
    pub fn adopt_masked_secrets(&mut self, old: Option<&Self>) -> Result<()> {
        let old_rules = old.map_or(&[][..], |website| &website.rules);
        for rule in &mut self.rules {
            let number = rule.number;
            let auth = rule.redirect.as_mut().and_then(|redirect| redirect.mirror.auth.as_mut());
            let Some(auth) = auth.filter(|auth| auth.access_key_secret.as_ref().is_some_and(Secret::is_mask)) else {
                continue;
            };
            let has_its_id = |candidate: &&MirrorAuth| candidate.access_key_id == auth.access_key_id;
            let same_number = old_rules.iter().filter(|rule| rule.number == number).filter_map(auth_of);
            let known = same_number.chain(old_rules.iter().filter_map(auth_of)).find(has_its_id);
            let Some(secret) = known.and_then(|known| known.access_key_secret.clone()) else {
                return Err(Error::invalid_argument(
                    "AccessKeySecret",
                    SECRET_MASK,
                    format!("rule {number} has a masked secret, and no secret is stored for its access key id"),
                ));
            };
            auth.access_key_secret = Some(secret);
        }
        Ok(())
    }
}

fn auth_of(rule: &RoutingRule) -> Option<&MirrorAuth> {
    rule.redirect.as_ref()?.mirror.auth.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(number: u32, access_key_id: &str, secret: &str) -> RoutingRule {
        let mut rule = RoutingRule::mirror_all(number, "https://origin.example/");
        rule.redirect.as_mut().unwrap().mirror.auth = Some(MirrorAuth {
            access_key_id: Some(access_key_id.into()),
            access_key_secret: Some(Secret::new(secret)),
            ..MirrorAuth::default()
        });
        rule
    }

    fn secrets(website: &Website) -> Vec<&str> {
        website.rules.iter().filter_map(auth_of).map(|auth| auth.access_key_secret.as_ref().unwrap().reveal()).collect()
    }

    #[test]
    fn secrets_are_not_formatted() {
        let text = format!("{:?}", rule(1, "id", "hunter2"));
        assert!(text.contains(SECRET_MASK) && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn a_mask_that_comes_back_keeps_the_old_secret() {
        let old = Website {
            rules: vec![rule(1, "a", "first"), rule(2, "b", "second"), rule(3, "a", "third")],
            ..Website::default()
        };
        let mut new = Website {
            rules: vec![rule(1, "b", SECRET_MASK), rule(2, "b", "new"), rule(3, "a", SECRET_MASK)],
            ..Website::default()
        };
        new.adopt_masked_secrets(Some(&old)).unwrap();
        assert_eq!(secrets(&new), ["second", "new", "third"]);
    }

    #[test]
    fn a_mask_that_stands_for_nothing_is_refused() {
        let old = Website { rules: vec![rule(1, "a", "first")], ..Website::default() };
        for known in [None, Some(&old)] {
            let mut new = Website { rules: vec![rule(1, "other", SECRET_MASK)], ..Website::default() };
            assert!(matches!(
                new.adopt_masked_secrets(known),
                Err(Error::InvalidArgument { name, .. }) if &*name == "AccessKeySecret"
            ));
        }
    }
}
