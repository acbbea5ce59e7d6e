//! Where a request points: bucket and raw key, from host and path.
//!
//! Guarantees: the path is split exactly once and never normalised; `//`, `.` and `..` stay what they are.
//!
//! ```text
//! BUCKET.DOMAIN/KEY          virtual-hosted, if DOMAIN is configured
//! BUCKET.WEBSITE-DOMAIN/KEY  website endpoint, if WEBSITE-DOMAIN is configured
//! ANYTHING-ELSE/BUCKET/KEY   path style; DOMAIN itself, an IP address and an unknown host alike
//! ```

use std::borrow::Cow;
use std::sync::Arc;

use headwater_model::ObjectKey;
use headwater_model::bucket::Dialect;
use http::header::HOST;
use http::request::Parts;

use crate::escape::{Plus, decode};

/// How the server is reached and what it assumes.
#[derive(Clone, Debug)]
pub struct Addressing {
    /// Domains whose subdomains are buckets, in lower case, without port and leading dot.
    pub domains: Vec<Box<str>>,
    /// Domains whose subdomains are the websites of buckets, in the same form.
    pub website_domains: Vec<Box<str>>,
    /// The dialect of a request that shows none, for a bucket that has none.
    pub default_dialect: Dialect,
    /// The region announced.
    pub region: Arc<str>,
}

/// How a request names its bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// In the path.
    Path,
    /// In the host.
    VirtualHosted,
    /// In the host, below a website domain.
    Website,
}

/// The parts of a request's address, still encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place<'r> {
    pub(crate) style: Style,
    /// Lower case if it comes from the host, as sent if from the path; `None` for the service.
    pub(crate) bucket: Option<Cow<'r, str>>,
    /// Raw path after the bucket and its slash; empty for the bucket itself.
    pub(crate) raw_key: &'r str,
    /// What of the host says which vendor a client believes to talk to.
    suffix: &'r str,
}

impl Place<'_> {
    /// The dialect that the host shows.
    pub(crate) fn dialect(&self) -> Option<Dialect> {
        dialect_of_host(self.suffix)
    }
}

/// The host that a request names, with port: the authority of its target (HTTP/2, absolute form), else `Host`; empty if
/// there is neither.
pub fn request_host(parts: &Parts) -> &str {
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    authority.or_else(|| parts.headers.get(HOST)?.to_str().ok()).unwrap_or_default()
}

/// An object of this service, as a URL names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedObject {
    /// The text in the bucket's place; it need not be the name of a bucket.
    pub bucket: Box<str>,
    /// `None` if no object can have the name.
    pub key: Option<ObjectKey>,
}

impl NamedObject {
    /// What the raw path of a URL names, path style.
    pub fn by_path(path: &str) -> Self {
        let path = path.strip_prefix('/').unwrap_or(path);
        let (bucket, raw_key) = path.split_once('/').unwrap_or((path, ""));
        Self::new(bucket, raw_key)
    }

    fn new(bucket: &str, raw_key: &str) -> Self {
        let key = decode(raw_key, Plus::Literal).and_then(|text| ObjectKey::parse(&text).ok());
        Self { bucket: bucket.into(), key }
    }
}

impl Addressing {
    /// What a URL names whose host is one of the domains (path style) or lies below one; `None` if it does neither. The
    /// port says nothing, as in requests: there may be a proxy in front.
    pub fn named_by(&self, host: &str, path: &str) -> Option<NamedObject> {
        if self.is_domain(host) {
            return Some(NamedObject::by_path(path));
        }
        if self.is_website(host) {
            return None;
        }
        let (label_bytes, _) = longest_suffix(host, &self.domains)?;
        Some(NamedObject::new(&lower_case(&host[..label_bytes]), path.strip_prefix('/').unwrap_or(path)))
    }

    /// Whether a host is that of a website: below one of the domains for them.
    pub fn is_website(&self, host: &str) -> bool {
        longest_suffix(host, &self.website_domains).is_some()
    }

    /// A configured domain below another one is itself no bucket.
    fn is_domain(&self, host: &str) -> bool {
        self.domains.iter().any(|domain| domain.eq_ignore_ascii_case(without_port(host)))
    }

    pub(crate) fn locate<'r>(&'r self, parts: &'r Parts) -> Place<'r> {
        let host = request_host(parts);
        let path = parts.uri.path();
        let path = path.strip_prefix('/').unwrap_or(path);
        let sites = longest_suffix(host, &self.website_domains).map(|found| (Style::Website, found));
        let buckets = || longest_suffix(host, &self.domains).filter(|_| !self.is_domain(host));
        let buckets = || buckets().map(|found| (Style::VirtualHosted, found));
        if let Some((style, (label_bytes, domain))) = sites.or_else(buckets) {
            let bucket = lower_case(&host[..label_bytes]);
            return Place { style, bucket: Some(bucket), raw_key: path, suffix: domain };
        }
        let (bucket, raw_key) = path.split_once('/').unwrap_or((path, ""));
        let bucket = (!path.is_empty()).then_some(Cow::Borrowed(bucket));
        // The whole name counts, configured or not.
        Place { style: Style::Path, bucket, raw_key, suffix: without_port(host) }
    }
}

/// Host and port under which the service answers: the request's host, without a bucket's label.
pub(crate) fn endpoint<'r>(parts: &'r Parts, style: Style, bucket: Option<&str>) -> &'r str {
    let host = request_host(parts);
    match (style, bucket) {
        (Style::VirtualHosted | Style::Website, Some(bucket)) => host.get(bucket.len() + 1..).unwrap_or(host),
        _ => host,
    }
}

fn lower_case(label: &str) -> Cow<'_, str> {
    if label.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(label.to_ascii_lowercase());
    }
    Cow::Borrowed(label)
}

/// The longest of `domains` that `host` is a proper subdomain of, with the length of what stands before its dot.
fn longest_suffix<'d>(host: &str, domains: &'d [Box<str>]) -> Option<(usize, &'d str)> {
    let name = without_port(host);
    let matching = domains.iter().filter_map(|domain| {
        let label_bytes = name.len().checked_sub(domain.len() + 1).filter(|bytes| *bytes > 0)?;
        let (label, rest) = name.as_bytes().split_at(label_bytes);
        let suffix = rest.strip_prefix(b".")?;
        (suffix.eq_ignore_ascii_case(domain.as_bytes()) && label.is_ascii()).then_some((label_bytes, &**domain))
    });
    matching.max_by_key(|(_, domain)| domain.len())
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // The colons of an IPv6 literal stand within brackets.
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    }
}

/// The vendors' own naming: `s3.eu-west-1.…`, `s3-website.…`, `oss-cn-hangzhou.…`, `….amazonaws.com`, `….aliyuncs.com`.
fn dialect_of_host(name: &str) -> Option<Dialect> {
    let is_word = |label: &str, word: &str| {
        let (start, rest) = label.split_at_checked(word.len()).unwrap_or_default();
        start.eq_ignore_ascii_case(word) && (rest.is_empty() || rest.starts_with('-'))
    };
    let begins = |word| name.split('.').any(|label| is_word(label, word));
    let under = |company| name.rsplit('.').nth(1).is_some_and(|label| label.eq_ignore_ascii_case(company));
    match (under("aliyuncs") || begins("oss"), under("amazonaws") || begins("s3")) {
        (true, false) => Some(Dialect::Oss),
        (false, true) => Some(Dialect::S3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(host: &str, path: &str) -> Parts {
        http::Request::builder().uri(path).header(HOST, host).body(()).unwrap().into_parts().0
    }

    fn addressing() -> Addressing {
        Addressing {
            domains: vec!["oss-cn-hangzhou.aliyuncs.com".into(), "example.org".into(), "s3.example.org".into()],
            website_domains: vec!["web.example.org".into()],
            default_dialect: Dialect::Oss,
            region: "cn-hangzhou".into(),
        }
    }

    #[test]
    fn hosts_and_paths() {
        use Style::{Path, VirtualHosted, Website};
        for (host, path, style, bucket, key, endpoint) in [
            ("127.0.0.1:9000", "/", Path, None, "", "127.0.0.1:9000"),
            ("127.0.0.1:9000", "/b", Path, Some("b"), "", "127.0.0.1:9000"),
            ("127.0.0.1:9000", "/b/", Path, Some("b"), "", "127.0.0.1:9000"),
            ("[::1]:9000", "/b/a//../c%2F/", Path, Some("b"), "a//../c%2F/", "[::1]:9000"),
            ("[::1]", "/b//k", Path, Some("b"), "/k", "[::1]"),
            ("h", "//k", Path, Some(""), "k", "h"),
            ("example.org", "/b/k", Path, Some("b"), "k", "example.org"),
            ("unknown.test", "/b/k", Path, Some("b"), "k", "unknown.test"),
            ("B.Example.ORG:80", "/k/l", VirtualHosted, Some("b"), "k/l", "Example.ORG:80"),
            ("a.b.example.org", "/", VirtualHosted, Some("a.b"), "", "example.org"),
            ("b.s3.example.org", "//k", VirtualHosted, Some("b"), "/k", "s3.example.org"),
            ("s3.example.org", "/b/k", Path, Some("b"), "k", "s3.example.org"),
            ("b.web.example.org", "/", Website, Some("b"), "", "web.example.org"),
            (".example.org", "/b", Path, Some("b"), "", ".example.org"),
        ] {
            let parts = parts(host, path);
            let addressing = addressing();
            let place = addressing.locate(&parts);
            let found = (place.style, place.bucket.as_deref(), place.raw_key);
            assert_eq!(found, (style, bucket, key), "{host}{path}");
            assert_eq!(super::endpoint(&parts, style, bucket), endpoint, "{host}");
        }
    }

    #[test]
    fn urls_name_objects_of_the_service_by_the_same_rules() {
        for (host, path, named) in [
            ("b.example.org:443", "/a%20b//c", Some(("b", Some("a b//c")))),
            ("A.B.Example.ORG", "/k", Some(("a.b", Some("k")))),
            ("b.s3.example.org", "//k", Some(("b", Some("/k")))),
            ("s3.example.org", "/b/k", Some(("b", Some("k")))),
            ("example.org:9000", "/b/", Some(("b", None))),
            ("example.org", "/b/%ff", Some(("b", None))),
            ("b.web.example.org", "/k", None),
            ("example.com", "/b/k", None),
            ("127.0.0.1:9000", "/b/k", None),
        ] {
            let found = addressing().named_by(host, path);
            let expected = named.map(|(bucket, key)| NamedObject {
                bucket: bucket.into(),
                key: key.map(|key| ObjectKey::parse(key).unwrap()),
            });
            assert_eq!(found, expected, "{host}{path}");
        }
    }

    #[test]
    fn hosts_show_the_dialect() {
        for (host, dialect) in [
            ("b.oss-cn-hangzhou.aliyuncs.com", Some(Dialect::Oss)),
            ("s3.eu-west-1.amazonaws.com", Some(Dialect::S3)),
            ("b.s3.example.org", Some(Dialect::S3)),
            ("b.example.org", None),
            ("127.0.0.1", None),
        ] {
            assert_eq!(addressing().locate(&parts(host, "/")).dialect(), dialect, "{host}");
        }
    }
}
