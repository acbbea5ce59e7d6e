//! Changes of the rules of a website document, as wholes.
//!
//! Guarantees: rules change and nothing else of the document does; afterwards they are numbered from 1 in their order. A
//! document of which nothing is left is none. Pure: saving is the part of the console and of the command line.

use crate::rule::RoutingRule;
use crate::website::Website;

/// What is done to the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A new rule, behind all others.
    Add(Box<RoutingRule>),
    /// A new rule, in front of the one with this number and of all with higher ones.
    Insert(u32, Box<RoutingRule>),
    /// Another rule in place of the one with this number.
    Replace(u32, Box<RoutingRule>),
    /// The rule with this number goes.
    Delete(u32),
    /// It changes places with the one before it.
    MoveUp(u32),
    /// It changes places with the one behind it.
    MoveDown(u32),
    /// It takes the place of another, which makes room.
    Move {
        /// The rule that goes elsewhere.
        number: u32,
        /// The rule at whose place it shall be; the last place for a number that is higher than all.
        to: u32,
    },
    /// All go.
    Clear,
    /// These come, in place of all or behind them.
    Import {
        /// In their order.
        rules: Vec<RoutingRule>,
        /// Whether the present ones go.
        replace: bool,
    },
}

/// The rule that a change is about is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vanished(
    /// Its number.
    pub u32,
);

/// The document after the change; `None` if nothing is left of it.
///
/// # Errors
/// [`Vanished`] if there is no rule of the number that the change names.
pub fn changed(website: Option<&Website>, change: Change) -> Result<Option<Website>, Vanished> {
    let mut website = website.cloned().unwrap_or_default();
    let rules = &mut website.rules;
    let place =
        |rules: &[RoutingRule], number| rules.iter().position(|rule| rule.number == number).ok_or(Vanished(number));
    match change {
        Change::Add(rule) => rules.push(*rule),
        Change::Insert(number, rule) => {
            let at = rules.iter().position(|rule| rule.number >= number).unwrap_or(rules.len());
            rules.insert(at, *rule);
        }
        Change::Replace(number, rule) => {
            let at = place(rules, number)?;
            rules[at] = *rule;
        }
        Change::Delete(number) => {
            let at = place(rules, number)?;
            rules.remove(at);
        }
        Change::MoveUp(number) => {
            let at = place(rules, number)?;
            if at > 0 {
                rules.swap(at - 1, at);
            }
        }
        Change::MoveDown(number) => {
            let at = place(rules, number)?;
            if at + 1 < rules.len() {
                rules.swap(at, at + 1);
            }
        }
        Change::Move { number, to } => {
            let at = place(rules, number)?;
            let target = rules.iter().position(|rule| rule.number >= to).unwrap_or(rules.len() - 1);
            let rule = rules.remove(at);
            rules.insert(target, rule);
        }
        Change::Clear => rules.clear(),
        Change::Import { rules: imported, replace } => {
            if replace {
                rules.clear();
            }
            rules.extend(imported);
        }
    }
    for (rule, number) in website.rules.iter_mut().zip(1..) {
        rule.number = number;
    }
    let Website { index, error, rules } = &website;
    let nothing = index.is_none() && error.is_none() && rules.is_empty();
    Ok((!nothing).then_some(website))
}

#[cfg(test)]
mod tests {
    use crate::website::IndexDocument;

    use super::*;

    fn rule(number: u32, host: &str) -> RoutingRule {
        RoutingRule::mirror_all(number, &format!("https://{host}/"))
    }

    fn site() -> Website {
        let index = IndexDocument { suffix: "index.html".into(), support_sub_dir: None, kind: None };
        Website { index: Some(index), error: None, rules: vec![rule(2, "a"), rule(5, "b"), rule(9, "c")] }
    }

    fn after(change: Change) -> Vec<(u32, String)> {
        let site = site();
        let after = changed(Some(&site), change).unwrap().unwrap();
        assert_eq!(after.index, site.index, "the rest of the document stays");
        after.rules.iter().map(|rule| (rule.number, rule.mirror_url().unwrap()[8..9].to_owned())).collect()
    }

    fn order(letters: &str) -> Vec<(u32, String)> {
        (1..).zip(letters.chars().map(String::from)).collect()
    }

    #[test]
    fn rules_change_their_places_and_are_numbered_anew() {
        for (change, letters) in [
            (Change::Add(rule(5, "d").into()), "abcd"),
            (Change::Insert(1, rule(5, "d").into()), "dabc"),
            (Change::Insert(5, rule(5, "d").into()), "adbc"),
            (Change::Insert(10, rule(5, "d").into()), "abcd"),
            (Change::Replace(5, rule(1, "d").into()), "adc"),
            (Change::Delete(2), "bc"),
            (Change::MoveUp(9), "acb"),
            (Change::MoveUp(2), "abc"),
            (Change::MoveDown(2), "bac"),
            (Change::MoveDown(9), "abc"),
            (Change::Move { number: 2, to: 9 }, "bca"),
            (Change::Move { number: 2, to: 5 }, "bac"),
            (Change::Move { number: 9, to: 1 }, "cab"),
            (Change::Move { number: 5, to: 5 }, "abc"),
            (Change::Move { number: 2, to: 99 }, "bca"),
            (Change::Clear, ""),
            (Change::Import { rules: vec![rule(7, "x"), rule(8, "y")], replace: true }, "xy"),
            (Change::Import { rules: vec![rule(2, "x")], replace: false }, "abcx"),
        ] {
            assert_eq!(after(change.clone()), order(letters), "{change:?}");
        }
    }

    #[test]
    fn a_document_of_nothing_is_none() {
        let rules = Website { rules: vec![rule(1, "a")], ..Website::default() };
        assert_eq!(changed(Some(&rules), Change::Clear), Ok(None));
        assert_eq!(changed(Some(&rules), Change::Delete(1)), Ok(None));
        assert_eq!(changed(None, Change::Add(rule(7, "a").into())).unwrap().unwrap(), rules);
    }

    #[test]
    fn a_vanished_rule_is_told() {
        for change in [
            Change::Delete(3),
            Change::MoveUp(3),
            Change::MoveDown(3),
            Change::Move { number: 3, to: 1 },
            Change::Replace(3, rule(3, "d").into()),
        ] {
            assert_eq!(changed(Some(&site()), change), Err(Vanished(3)));
        }
    }
}
