//! Lists of rules that a bucket is set to: which rule a form is about, although others change the list meanwhile.
//!
//! Guarantees: a form changes the rule that its page showed, wherever it went, or says that this rule is another now; what
//! others changed elsewhere in the list stays.

use std::fmt::Debug;

use headwater_admin::Unacknowledged;
use headwater_model::Error;
use headwater_model::bucket::BucketConfiguration;
use serde::Serialize;

use super::BucketVisit;
use crate::back_to_origin::Saved;
use crate::page::{print, text};

/// A rule of a list.
pub(super) trait Listed: Debug {
    /// What it is called, `at` being its place from 0.
    fn name(&self, at: usize) -> String;
}

/// The rule that a form is about, as the form carries it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// What it was called; none for a new one.
    pub(super) name: Option<String>,
    /// Print of it.
    pub(super) print: String,
}

/// What became of the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// No rule was shown: the form makes a new one.
    New,
    /// It is as it was shown, at this place.
    Same(usize),
    /// What is called so now is another, or was changed.
    Changed(usize),
    /// There is none.
    Gone,
}

impl Place {
    /// Of the rule at this place, if there is one.
    pub(super) fn of(rules: &[impl Listed], at: usize) -> Option<Self> {
        rules.get(at).map(|rule| Self { name: Some(rule.name(at)), print: print(rule) })
    }

    pub(super) fn read(fields: &[(String, String)]) -> Self {
        let name = fields.iter().find(|(field, _)| field == "rule").map(|(_, name)| name.clone());
        Self { name, print: text(fields, "print").to_owned() }
    }

    /// Finds the rule in the list as it is now.
    pub(super) fn find(&self, rules: &[impl Listed]) -> Found {
        let Some(name) = &self.name else { return Found::New };
        let named = rules.iter().enumerate().position(|(at, rule)| rule.name(at) == *name);
        let same = named.filter(|at| print(&rules[*at]) == self.print);
        match same.or_else(|| rules.iter().position(|rule| print(rule) == self.print)) {
            Some(at) => Found::Same(at),
            None => named.map_or(Found::Gone, Found::Changed),
        }
    }

    /// The form's place in the list as it is now, with what has happened.
    pub(super) fn renewed(&self, rules: &[impl Listed]) -> (Self, String) {
        const KEPT: &str = "so nothing was saved. What you typed is kept";
        match self.find(rules) {
            Found::Changed(at) => (
                Self::of(rules, at).unwrap_or_default(),
                format!(
                    "This rule was changed by somebody else since its page was opened, {KEPT}: OK saves it in place of the rule as it is now."
                ),
            ),
            Found::Gone => (
                Self::default(),
                format!("This rule was deleted by somebody else since its page was opened, {KEPT}: OK adds it anew."),
            ),
            Found::New | Found::Same(_) => {
                (self.clone(), format!("The rules were changed by somebody else meanwhile, {KEPT}: OK saves it."))
            }
        }
    }
}

impl BucketVisit<'_> {
    /// Makes a change of what the owner configured, if `part` of it is still what this visit found. `change` is made of a
    /// copy; `part` is what the audit log tells.
    pub(super) async fn change_configuration<T>(
        &self,
        action: &'static str,
        part: fn(&BucketConfiguration) -> T,
        change: impl FnOnce(&mut BucketConfiguration) + Send + 'static,
    ) -> Saved
    where
        T: PartialEq + Serialize + Send + Sync + 'static,
    {
        let administration = self.visitor.administration;
        let (engine, bucket, expected) =
            (administration.engine().clone(), self.bucket.name.clone(), part(&self.bucket.configuration));
        let changing = async move {
            let changed = engine.change_configuration(&bucket, |now| {
                if part(now) != expected {
                    return Err(Error::PreconditionFailed { condition: "what the page showed" });
                }
                let mut new = now.clone();
                change(&mut new);
                Ok(new)
            });
            Ok(changed.await?.map(|configuration| part(&configuration)))
        };
        match administration.change(self.visitor.requester.clone(), action, self.target(), changing).await {
            Ok(_) => Saved::Done,
            Err(Unacknowledged::Refused(Error::PreconditionFailed { .. })) => Saved::Concurrent,
            Err(failure) => Saved::Refused(failure.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Listed for &str {
        fn name(&self, at: usize) -> String {
            (at + 1).to_string()
        }
    }

    #[test]
    fn a_rule_is_found_where_it_went() {
        let place = Place::of(&["a", "b"], 1).unwrap();
        assert_eq!(place.find(&["b", "a"]), Found::Same(0));
        assert_eq!(place.find(&["b", "b"]), Found::Same(1), "its own place first");
        assert_eq!(place.find(&["a", "c"]), Found::Changed(1));
        assert_eq!(place.find(&["a"]), Found::Gone);
        assert_eq!(Place::default().find(&["a"]), Found::New);
        let fields = [("rule", "2"), ("print", &*place.print)].map(|(name, value)| (name.into(), value.into()));
        assert_eq!(Place::read(&fields), place);
        assert_eq!(place.renewed(&["a", "c"]).0, Place::of(&["a", "c"], 1).unwrap());
        assert_eq!(place.renewed(&["a"]).0, Place::default());
    }
}
