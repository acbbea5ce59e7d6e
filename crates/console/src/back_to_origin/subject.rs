//! Which rule a form is about, although rules have no names: their numbers change with every move.
//!
//! How: a form carries the number and a print of the rule that it showed. If the rules changed meanwhile, the rule is
//! found again by its print, wherever it went; a rule that was itself changed is told apart from one that is gone.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use headwater_model::rule::RoutingRule;
use headwater_model::website::Website;
use headwater_wire::write_website;

/// As the form carries it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    /// Number of the rule that is edited; none for a new one.
    pub(crate) number: Option<u32>,
    /// Number of the rule that the new one is a copy of.
    pub(crate) copied: Option<u32>,
    /// Print of the rule that was shown; empty for none.
    pub(crate) print: String,
}

/// What became of the rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Found<'r> {
    /// No rule was shown: the form makes a new one.
    New,
    /// It is as it was shown.
    Same(&'r RoutingRule),
    /// Its number has another rule now, or it was changed.
    Changed(&'r RoutingRule),
    /// There is nothing at its number.
    Gone,
}

impl Subject {
    /// The rule with this number is edited.
    pub(crate) fn edits(rule: &RoutingRule) -> Self {
        Self { number: Some(rule.number), copied: None, print: print(rule) }
    }

    /// A new rule that begins as this one.
    pub(crate) fn copies(rule: &RoutingRule) -> Self {
        Self { number: None, copied: Some(rule.number), print: print(rule) }
    }

    pub(crate) fn read(fields: &[(String, String)]) -> Self {
        let find = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| &**value);
        let number = |name: &str| find(name).and_then(|text| text.parse().ok());
        Self { number: number("number"), copied: number("copied"), print: find("print").unwrap_or_default().to_owned() }
    }

    /// Finds the rule among those of today.
    pub(crate) fn find<'r>(&self, rules: &'r [RoutingRule]) -> Found<'r> {
        let Some(number) = self.number.or(self.copied) else { return Found::New };
        let there = rules.iter().find(|rule| rule.number == number);
        let same = there.filter(|rule| print(rule) == self.print);
        match same.or_else(|| rules.iter().find(|rule| print(rule) == self.print)) {
            Some(rule) => Found::Same(rule),
            None => there.map_or(Found::Gone, Found::Changed),
        }
    }
}

/// The same for rules that differ in their numbers alone. Forms outlive neither a release nor their page, so the hash need
/// not be the same for ever.
fn print(rule: &RoutingRule) -> String {
    let rule = RoutingRule { number: 1, ..rule.clone() };
    let mut hasher = DefaultHasher::new();
    write_website(&Website { rules: vec![rule], ..Website::default() }).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(number: u32, host: &str) -> RoutingRule {
        RoutingRule::mirror_all(number, &format!("https://{host}/"))
    }

    #[test]
    fn a_rule_is_found_where_it_went() {
        let subject = Subject::edits(&rule(2, "b"));
        let moved = [rule(1, "b"), rule(2, "a")];
        assert_eq!(subject.find(&moved), Found::Same(&moved[0]));
        let changed = [rule(1, "a"), rule(2, "c")];
        assert_eq!(subject.find(&changed), Found::Changed(&changed[1]));
        assert_eq!(subject.find(&[rule(1, "a")]), Found::Gone);
        assert_eq!(Subject::default().find(&moved), Found::New);
        let twins = [rule(1, "b"), rule(2, "b")];
        assert_eq!(subject.find(&twins), Found::Same(&twins[1]), "its own number first");
    }

    #[test]
    fn a_form_carries_its_subject() {
        let subject = Subject::copies(&rule(3, "a"));
        let fields = [("copied", "3"), ("print", &*subject.print)].map(|(name, value)| (name.into(), value.into()));
        assert_eq!(Subject::read(&fields), subject);
    }
}
