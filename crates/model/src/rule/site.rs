//! S3's rules: which of them a visit of a website meets.
//!
//! Guarantees: of the rules whose conditions hold the first counts, in the order of the document. A rule without
//! `HttpErrorCodeReturnedEquals` is asked before anything is looked up, and so applies to what is stored as well; one with
//! it only when the visit has failed with that status. OSS's rules are not looked at: they stand where the object is
//! missing, see [`crate::rule::matching`].

use crate::rule::RoutingRule;

/// The rule that answers before the look-up. `path` is the path of the visit without its first slash; empty for the root.
pub fn before_lookup<'r>(rules: &'r [RoutingRule], path: &str) -> Option<&'r RoutingRule> {
    first(rules, path, None)
}

/// The rule that answers instead of this error.
pub fn after_error<'r>(rules: &'r [RoutingRule], path: &str, status: u16) -> Option<&'r RoutingRule> {
    first(rules, path, Some(status))
}

fn first<'r>(rules: &'r [RoutingRule], path: &str, status: Option<u16>) -> Option<&'r RoutingRule> {
    let holds = |rule: &&RoutingRule| {
        let prefix = rule.condition.key_prefix.as_deref().unwrap_or_default();
        rule.is_of_site() && rule.condition.error_code == status && path.starts_with(prefix)
    };
    rules.iter().find(holds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Condition, Redirect, RedirectType};

    fn rule(number: u32, prefix: Option<&str>, error_code: Option<u16>) -> RoutingRule {
        let condition = Condition { key_prefix: prefix.map(Into::into), error_code, ..Condition::default() };
        let redirect = Some(Redirect { kind: RedirectType::Site, ..Redirect::default() });
        RoutingRule { number, condition, redirect, lua: None }
    }

    #[test]
    fn the_first_rule_whose_conditions_hold_counts() {
        let mut foreign = rule(1, None, None);
        foreign.redirect = Some(Redirect::default());
        let rules = [
            foreign,
            rule(2, Some("a/"), None),
            rule(3, Some("a/b"), None),
            rule(4, Some("c/"), Some(404)),
            rule(5, None, Some(404)),
            rule(6, None, Some(403)),
        ];
        let number = |rule: Option<&RoutingRule>| rule.map(|rule| rule.number);
        for (path, before) in [("a/b", Some(2)), ("a/", Some(2)), ("a", None), ("", None), ("c/d", None)] {
            assert_eq!(number(before_lookup(&rules, path)), before, "{path}");
        }
        for (path, status, after) in [
            ("c/d", 404, Some(4)),
            ("a/b", 404, Some(5)),
            ("", 404, Some(5)),
            ("c/d", 403, Some(6)),
            ("c/d", 500, None),
        ] {
            assert_eq!(number(after_error(&rules, path, status)), after, "{path} {status}");
        }
    }
}
