//! Cross-origin rules of a bucket: which pages of other sites a browser may let at its objects.
//!
//! Guarantees: [`CorsConfiguration::decide`] is the whole decision, for preflight and for plain requests; patterns match
//! as bytes, with at most one `*` in each. What is decided here only tells a browser what to do: rights are not touched.

use serde::{Deserialize, Serialize};

/// A bucket's rules, in the order given: the first that fits decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorsConfiguration {
    /// At most [`crate::limits::MAX_CORS_RULES`].
    pub rules: Vec<CorsRule>,
    /// OSS `ResponseVary`: answers vary by origin even where no rule fits.
    pub response_vary: bool,
}

/// One rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorsRule {
    /// Its name, which means nothing (S3).
    pub id: Option<Box<str>>,
    /// Patterns of origins, each with at most one `*`.
    pub origins: Vec<Box<str>>,
    /// Methods in upper case: GET, PUT, HEAD, POST, DELETE.
    pub methods: Vec<Box<str>>,
    /// Patterns of request headers in lower case, each with at most one `*`.
    pub headers: Vec<Box<str>>,
    /// Response headers that a page may see.
    pub exposed: Vec<Box<str>>,
    /// How long a browser may keep a preflight's answer, in seconds.
    pub max_age_seconds: Option<u32>,
}

/// What a browser asks.
#[derive(Clone, Copy, Debug)]
pub struct CorsQuestion<'a> {
    /// `Origin`.
    pub origin: &'a str,
    /// The method, or `Access-Control-Request-Method` of a preflight.
    pub method: &'a str,
    /// `Access-Control-Request-Headers` of a preflight, one by one in lower case; empty otherwise.
    pub headers: &'a [String],
}

impl CorsConfiguration {
    /// The first rule that allows what is asked.
    pub fn decide(&self, question: &CorsQuestion<'_>) -> Option<&CorsRule> {
        self.rules.iter().find(|rule| rule.allows(question))
    }
}

impl CorsRule {
    fn allows(&self, question: &CorsQuestion<'_>) -> bool {
        self.origins.iter().any(|pattern| matches(pattern, question.origin))
            && self.methods.iter().any(|method| **method == *question.method)
            && question.headers.iter().all(|header| self.headers.iter().any(|pattern| matches(pattern, header)))
    }

    /// Whether it allows every origin: its answers are then the same for all.
    pub fn allows_every_origin(&self) -> bool {
        self.origins.iter().any(|pattern| &**pattern == "*")
    }
}

/// Whether `pattern`, in which one `*` stands for any text, is of `text`.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => {
            text.len() >= before.len() + after.len() && text.starts_with(before) && text.ends_with(after)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(origins: &[&str], methods: &[&str], headers: &[&str]) -> CorsRule {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).into()).collect();
        CorsRule { origins: texts(origins), methods: texts(methods), headers: texts(headers), ..CorsRule::default() }
    }

    #[test]
    fn one_star_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("http://*.example.org", "http://a.example.org", true),
            ("http://*.example.org", "http://.example.org", true),
            ("http://*.example.org", "http://example.org", false),
            ("x-amz-*", "x-amz-meta-a", true),
            ("ab*ba", "aba", false),
            ("http://a", "http://A", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn the_first_rule_that_allows_all_of_it_decides() {
        let configuration = CorsConfiguration {
            rules: vec![rule(&["http://a"], &["PUT"], &["x-one"]), rule(&["*"], &["GET", "PUT"], &["x-*"])],
            response_vary: false,
        };
        let asked = |origin, method, headers: &[&str]| {
            let headers: Vec<String> = headers.iter().map(|name| (*name).to_owned()).collect();
            let found = configuration.decide(&CorsQuestion { origin, method, headers: &headers });
            found.and_then(|found| configuration.rules.iter().position(|rule| rule == found))
        };
        assert_eq!(asked("http://a", "PUT", &["x-one"]), Some(0));
        assert_eq!(asked("http://a", "PUT", &["x-one", "x-two"]), Some(1));
        assert_eq!(asked("http://b", "GET", &[]), Some(1));
        assert_eq!(asked("http://a", "DELETE", &[]), None);
        assert_eq!(asked("http://a", "GET", &["content-type"]), None);
    }
}
