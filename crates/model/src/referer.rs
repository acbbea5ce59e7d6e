//! OSS's hotlink protection: from which pages a bucket's objects may be fetched without a signature in a header.
//!
//! Guarantees: [`RefererConfiguration::allows`] is the whole decision, in OSS's order: an empty `Referer`, the list of those
//! that are denied, the list of those that are allowed. Patterns have `*` for any text and `?` for one character, without
//! regard to letter case.
//!
//! A pattern is of a page if it fits the whole of its address or a part that ends before a `/`, `?` or `#`: `http://a.com`
//! is of `http://a.com/page`, and not of `http://a.com.evil.org`.

use serde::{Deserialize, Serialize};

/// What a bucket's owner allows and denies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefererConfiguration {
    /// Whether requests without a `Referer` are allowed; counts only if `allowed` is not empty.
    pub allow_empty: bool,
    /// Whether the query of a `Referer` is ignored.
    pub truncate_query: bool,
    /// Whether the path of a `Referer` is ignored too; `None` was never said and means that it is not.
    pub truncate_path: Option<bool>,
    /// Patterns that are allowed; empty for all that are not denied.
    pub allowed: Vec<Box<str>>,
    /// Patterns that are denied.
    pub denied: Vec<Box<str>>,
}

impl Default for RefererConfiguration {
    /// As of a bucket for which nobody made one: everything is allowed.
    fn default() -> Self {
        Self { allow_empty: true, truncate_query: true, truncate_path: None, allowed: Vec::new(), denied: Vec::new() }
    }
}

impl RefererConfiguration {
    /// Whether a request with this `Referer` may fetch objects.
    pub fn allows(&self, referer: Option<&str>) -> bool {
        let Some(referer) = referer.map(str::trim).filter(|referer| !referer.is_empty()) else {
            return self.allow_empty || self.allowed.is_empty();
        };
        let page = self.truncated(referer);
        if self.denied.iter().any(|pattern| is_of(self.truncated(pattern), page)) {
            return false;
        }
        self.allowed.is_empty() || self.allowed.iter().any(|pattern| is_of(self.truncated(pattern), page))
    }

    /// What of an address is compared. A `?` within a pattern's host stands for a character, so only one behind the path's
    /// first slash begins a query.
    fn truncated<'u>(&self, url: &'u str) -> &'u str {
        let host = url.find("://").map_or(0, |at| at + 3);
        let path = url[host..].find('/').map_or(url.len(), |at| host + at);
        if self.truncate_path == Some(true) {
            return &url[..path];
        }
        match url[path..].find('?') {
            Some(query) if self.truncate_query => &url[..path + query],
            _ => url,
        }
    }
}

/// Whether the pattern fits the whole, or all before a `/`, `?` or `#`.
fn is_of(pattern: &str, page: &str) -> bool {
    let ends = page.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'/' | b'?' | b'#')).map(|(at, _)| at);
    ends.chain([page.len()]).take(MAX_ENDS).any(|end| fits(pattern.as_bytes(), &page.as_bytes()[..end]))
        || fits(pattern.as_bytes(), page.as_bytes())
}

/// Most places at which an address is cut to be compared; real ones have fewer slashes.
const MAX_ENDS: usize = 64;

/// Whether a pattern with `*` and `?` fits the text: in time of their product, by going back to the last `*` only.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut position, mut back) = (0, 0, None);
    while position < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                back = Some((at, position));
                at += 1;
            }
            Some(byte) if *byte == b'?' || byte.eq_ignore_ascii_case(&text[position]) => {
                at += 1;
                position += 1;
            }
            _ => {
                let Some((star, from)) = back else { return false };
                back = Some((star, from + 1));
                (at, position) = (star + 1, from + 1);
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(allowed: &[&str], denied: &[&str]) -> RefererConfiguration {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).into()).collect();
        RefererConfiguration { allowed: texts(allowed), denied: texts(denied), ..RefererConfiguration::default() }
    }

    #[test]
    fn an_empty_referer_counts_only_where_some_are_allowed() {
        let mut list = lists(&["http://a.com"], &[]);
        assert!(list.allows(None));
        list.allow_empty = false;
        assert!(!list.allows(None) && !list.allows(Some(" ")));
        list.allowed.clear();
        assert!(list.allows(None));
        assert!(RefererConfiguration::default().allows(Some("http://b.com")));
    }

    #[test]
    fn patterns_are_of_pages_and_not_of_other_hosts() {
        let list = lists(&["http://www.a.com", "https://*.b.com", "http://?.c.com:8080", "mibrowser:home"], &[]);
        for page in [
            "http://www.a.com",
            "http://www.A.com/",
            "http://www.a.com/dir/page?x=1#y",
            "https://x.b.com/page",
            "http://1.c.com:8080/",
            "mibrowser:home",
        ] {
            assert!(list.allows(Some(page)), "{page}");
        }
        for page in [
            "https://www.a.com/",
            "http://www.a.com.evil.org/",
            "http://evil.org/http:/www.a.com",
            "https://b.com/",
            "http://22.c.com:8080/",
        ] {
            assert!(!list.allows(Some(page)), "{page}");
        }
    }

    #[test]
    fn the_denied_come_first() {
        let list = lists(&["*"], &["http://*.bad.com"]);
        assert!(list.allows(Some("http://good.com/")));
        assert!(!list.allows(Some("http://x.bad.com/page")));
        assert!(!lists(&[], &["http://bad.com"]).allows(Some("http://bad.com/")));
    }

    #[test]
    fn query_and_path_are_compared_if_that_is_said() {
        let mut list = lists(&["http://a.com/dir?action=nop"], &[]);
        assert!(list.allows(Some("http://a.com/dir?action=other")), "both queries are ignored");
        list.truncate_query = false;
        assert!(list.allows(Some("http://a.com/dir?action=nop")));
        assert!(!list.allows(Some("http://a.com/dir?action=other")));
        assert!(!list.allows(Some("http://a.com/other")));
        list.truncate_path = Some(true);
        assert!(list.allows(Some("http://a.com/other")));
    }
}
