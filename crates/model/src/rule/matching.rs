//! Which rule a request meets.
//!
//! Guarantees: the rule found is the one with the lowest number whose conditions all hold, and no other is tried
//! afterwards, whatever its origin says. How: [`mismatch`] names the first condition of a rule that fails;
//! [`first_match`] walks the rules with it, so an explanation and the behaviour cannot differ.
//!
//! A Mirror rule whose conditions hold ends the walk also for a HEAD that it does not allow: the answer is the plain
//! 404, never that of a later rule, because a HEAD must not announce what a GET would not get.

use http::HeaderMap;

use crate::rule::{IncludeHeader, RedirectType, RoutingRule};

/// What the rules are asked about: a request that failed.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// How the object was asked for.
    pub method: Method,
    /// The key, without the leading slashes that the OSS face folds.
    pub key: &'q str,
    /// Status that the request has without any rule.
    pub error_status: u16,
    /// The client's header fields, `host` among them.
    pub headers: &'q HeaderMap,
}

/// The methods that rules apply to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// HEAD.
    Head,
}

/// Why a rule does not apply: the first condition that fails, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch<'r> {
    /// The rule has no `Redirect`.
    NoRedirect,
    /// The rule is S3's: it is for visits of the website, see [`crate::rule::site`].
    OfSite,
    /// The request has another status than this.
    ErrorCode {
        /// Status that the rule is for.
        expected: u16,
    },
    /// The key does not begin so.
    KeyPrefix(&'r str),
    /// The key does not end so.
    KeySuffix(&'r str),
    /// No value of this header field passes the tests.
    IncludeHeader(&'r IncludeHeader),
    /// All conditions hold, but the rule mirrors for GET only (`MirrorAllowHeadObject`). It ends the walk.
    HeadNotAllowed,
}

/// The rule to execute; `None` means that the request fails as it would without rules. `rules` are in ascending order
/// of their numbers, as in [`crate::website::Website`].
pub fn first_match<'r>(rules: &'r [RoutingRule], question: &Question<'_>) -> Option<&'r RoutingRule> {
    debug_assert!(rules.is_sorted_by_key(|rule| rule.number), "rules are sorted when a document is accepted");
    for rule in rules {
        match mismatch(rule, question) {
            None => return Some(rule),
            Some(Mismatch::HeadNotAllowed) => return None,
            Some(_) => {}
        }
    }
    None
}

/// Why the rule does not apply to the request; `None` if it does.
pub fn mismatch<'r>(rule: &'r RoutingRule, question: &Question<'_>) -> Option<Mismatch<'r>> {
    let Some(kind) = rule.kind() else { return Some(Mismatch::NoRedirect) };
    if kind.is_of_site() {
        return Some(Mismatch::OfSite);
    }
    let condition = &rule.condition;
    let expected = match kind {
        RedirectType::Mirror => 404,
        // Without a code a redirect could also mean every request, existing objects included: only errors is safe.
        _ => condition.error_code.unwrap_or(404),
    };
    if question.error_status != expected {
        return Some(Mismatch::ErrorCode { expected });
    }
    if let Some(prefix) = condition.key_prefix.as_deref().filter(|prefix| !question.key.starts_with(prefix)) {
        return Some(Mismatch::KeyPrefix(prefix));
    }
    if let Some(suffix) = condition.key_suffix.as_deref().filter(|suffix| !question.key.ends_with(suffix)) {
        return Some(Mismatch::KeySuffix(suffix));
    }
    if let Some(header) = condition.include_headers.iter().find(|header| !header_holds(header, question.headers)) {
        return Some(Mismatch::IncludeHeader(header));
    }
    let for_get_only = rule.mirror().is_some_and(|mirror| !mirror.allows_head());
    (question.method == Method::Head && for_get_only).then_some(Mismatch::HeadNotAllowed)
}

/// Whether one value of the field passes all tests; they are not spread over several values, so that a client cannot
/// meet them by repeating a field.
fn header_holds(expected: &IncludeHeader, headers: &HeaderMap) -> bool {
    headers.get_all(&*expected.key).iter().any(|value| {
        let holds = |test: &Option<Box<str>>, compare: fn(&[u8], &[u8]) -> bool| {
            test.as_deref().is_none_or(|text| compare(value.as_bytes(), text.as_bytes()))
        };
        holds(&expected.equals, |value, text| value == text)
            && holds(&expected.starts_with, <[u8]>::starts_with)
            && holds(&expected.ends_with, <[u8]>::ends_with)
    })
}

#[cfg(test)]
mod tests;
