//! What a rule makes of a sample: whether it applies, where it asks, and what is stored.
//!
//! Guarantees: judged by the functions that requests go through, so that a preview cannot differ from the behaviour.
//! Not here: what the origin says; that is the test of a rule.

use headwater_model::ObjectKey;
use headwater_model::op::MissContext;
use headwater_model::rule::matching::{Method, Mismatch, Question, mismatch};
use headwater_model::rule::{RedirectType, RoutingRule, rewriting};

/// A rule's effect on one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Preview {
    /// The sample cannot be a file name.
    NoName(String),
    /// The rule does not apply, for this reason.
    NoMatch(String),
    /// The origin is asked at `url`; the answer is stored as `stored`.
    Mirrored {
        /// Where the origin is asked.
        url: String,
        /// The key that the object gets; the requested one, always.
        stored: String,
    },
    /// No origin can be asked, for this reason: the answer is a 404.
    Unmappable(String),
    /// The client is sent there.
    Redirected {
        /// Status of the answer.
        code: u16,
        /// `Location`.
        location: String,
    },
}

/// A sample that the rule applies to, for a form that names none.
pub(crate) fn sample_for(rule: &RoutingRule) -> String {
    let text = |field: &'_ Option<Box<str>>| field.as_deref().unwrap_or_default().to_owned();
    let (prefix, suffix) = (text(&rule.condition.key_prefix), text(&rule.condition.key_suffix));
    let name = if suffix.is_empty() { "example.txt" } else { "example" };
    format!("{prefix}{name}{suffix}")
}

/// What the rule makes of a request for the sample, a file name that may end with `?` and a query.
pub(crate) fn preview(rule: &RoutingRule, sample: &str) -> Preview {
    let (name, query) = match sample.split_once('?') {
        Some((name, query)) => (name, Some(query)),
        None => (sample, None),
    };
    // As the OSS face folds them.
    let folded = name.trim_start_matches('/');
    let key = match ObjectKey::parse(folded) {
        Ok(key) => key,
        Err(error) => return Preview::NoName(error.to_string()),
    };
    let error_status = match rule.kind() {
        Some(RedirectType::Mirror) | None => 404,
        Some(_) => rule.condition.error_code.unwrap_or(404),
    };
    let miss = MissContext {
        query: query.map(Into::into),
        extra_slashes: u16::try_from(name.len() - folded.len()).unwrap_or(u16::MAX),
        host: "(the host of the request)".into(),
        ..MissContext::default()
    };
    let question = Question { method: Method::Get, key: key.as_str(), error_status, headers: &miss.headers };
    match mismatch(rule, &question) {
        // A sample has no header fields: the rest of the rule can still be shown.
        None | Some(Mismatch::HeadNotAllowed | Mismatch::IncludeHeader(_)) => effect(rule, &key, &miss),
        Some(reason) => Preview::NoMatch(words(reason)),
    }
}

fn effect(rule: &RoutingRule, key: &ObjectKey, miss: &MissContext) -> Preview {
    if rule.mirror().is_none() {
        return Preview::Redirected {
            code: rule.redirect_code(),
            location: rewriting::location(rule, key.as_str(), miss),
        };
    }
    match rewriting::origin_url(rule, key, miss) {
        Ok(url) => Preview::Mirrored { url, stored: key.to_string() },
        Err(reason) => Preview::Unmappable(reason.to_string()),
    }
}

fn words(reason: Mismatch<'_>) -> String {
    match reason {
        Mismatch::NoRedirect => "the rule does nothing by itself".to_owned(),
        Mismatch::OfSite => "the rule is for visits of the website only".to_owned(),
        Mismatch::ErrorCode { expected } => format!("the rule is for status {expected}"),
        Mismatch::KeyPrefix(prefix) => format!("the name does not begin with {prefix}"),
        Mismatch::KeySuffix(suffix) => format!("the name does not end with {suffix}"),
        Mismatch::IncludeHeader(header) => format!("the header {} is not as demanded", header.key),
        Mismatch::HeadNotAllowed => "a HEAD does not mirror".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use headwater_model::rule::{Condition, Redirect};

    use super::*;

    fn rule() -> RoutingRule {
        let mut rule = RoutingRule::mirror_all(1, "https://www.example.com/path/");
        rule.condition.key_prefix = Some("mirror/".into());
        let redirect = rule.redirect.as_mut().unwrap();
        redirect.replace_key_prefix_with = Some("test/".into());
        redirect.enable_replace_prefix = Some(true);
        rule
    }

    #[test]
    fn a_mirrored_name_is_asked_rewritten_and_stored_as_requested() {
        let mirrored = |url: &str, stored: &str| Preview::Mirrored { url: url.into(), stored: stored.into() };
        let mut rule = rule();
        let expected = mirrored("https://www.example.com/path/test/a%20b.jpg", "mirror/a b.jpg");
        assert_eq!(preview(&rule, "mirror/a b.jpg"), expected);
        assert_eq!(preview(&rule, "mirror/a b.jpg?x=1"), expected, "queries stay here unless they are transferred");
        rule.redirect.as_mut().unwrap().mirror.pass_query_string = Some(true);
        rule.redirect.as_mut().unwrap().mirror.pass_original_slashes = Some(true);
        let slashed = mirrored("https://www.example.com/path//test/a?x=1", "mirror/a");
        assert_eq!(preview(&rule, "/mirror/a?x=1"), slashed);
        assert_eq!(preview(&rule, "mirror/a?x=1"), mirrored("https://www.example.com/path/test/a?x=1", "mirror/a"));
    }

    #[test]
    fn samples_that_meet_nothing_say_why() {
        let rule = rule();
        assert_eq!(preview(&rule, "other/a"), Preview::NoMatch("the name does not begin with mirror/".into()));
        assert!(matches!(preview(&rule, "mirror/../a"), Preview::Unmappable(_)));
        assert!(matches!(preview(&rule, "/"), Preview::NoName(_)));
        assert_eq!(sample_for(&rule), "mirror/example.txt");
    }

    #[test]
    fn a_redirected_name_shows_its_location() {
        let condition = Condition { error_code: Some(403), key_suffix: Some(".jpg".into()), ..Condition::default() };
        let redirect = Redirect {
            host_name: Some("www.test.com".into()),
            protocol: Some("https".into()),
            replace_key_with: Some("123/${key}".into()),
            ..Redirect::default()
        };
        let rule = RoutingRule { number: 1, condition, redirect: Some(redirect), lua: None };
        let location = "https://www.test.com/123/example.jpg".to_owned();
        assert_eq!(preview(&rule, &sample_for(&rule)), Preview::Redirected { code: 301, location });
    }
}
