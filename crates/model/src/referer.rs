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
        let page = self.truncated(&referer[..referer.floor_char_boundary(MAX_PAGE_BYTES)]);
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

/// Most bytes of a `Referer` that are looked at: browsers send no longer ones.
const MAX_PAGE_BYTES: usize = 2048;

/// Whether the pattern fits the whole, or all before a `/`, `?` or `#`: in one pass, in time of the product of both lengths,
/// which strangers may choose.
fn is_of(pattern: &str, page: &str) -> bool {
    let pattern = pattern.as_bytes();
    // Which parts of the pattern fit what was read of the page so far.
    let mut reached = vec![false; pattern.len() + 1];
    reached[0] = true;
    pass_stars(pattern, &mut reached);
    for byte in page.bytes() {
        if matches!(byte, b'/' | b'?' | b'#') && reached[pattern.len()] {
            return true;
        }
        let mut any = false;
        for at in (0..pattern.len()).rev() {
            let takes = pattern[at] != b'*' && (pattern[at] == b'?' || pattern[at].eq_ignore_ascii_case(&byte));
            reached[at + 1] = (reached[at] && takes) || (reached[at + 1] && pattern.get(at + 1) == Some(&b'*'));
            any |= reached[at + 1];
        }
        reached[0] = reached[0] && pattern.first() == Some(&b'*');
        if !any && !reached[0] {
            return false;
        }
        pass_stars(pattern, &mut reached);
    }
    reached[pattern.len()]
}

/// A star also stands for nothing.
fn pass_stars(pattern: &[u8], reached: &mut [bool]) {
    for (at, byte) in pattern.iter().enumerate() {
        if *byte == b'*' && reached[at] {
            reached[at + 1] = true;
        }
    }
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
