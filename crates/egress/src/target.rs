//! An origin's URL, taken apart for connecting and sending, never changed.
//!
//! Guarantees: path and query go out byte for byte as written (`%2F`, `//`, `..` and trailing dots included); a host is
//! what [`Host`] reads: nothing that a resolver might take for an address in disguise.
//!
//! Deliberately not here: normalisation, percent-encoding and IDNA. Whoever builds a URL does that.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use headwater_model::host::Host;
use headwater_model::origin::OriginError;
use http::{HeaderValue, Uri};

/// Longest URL: a key of 1,024 bytes, each percent-encoded, between the longest prefixes and queries of a rule.
const MAX_URL_BYTES: usize = 16 << 10;

/// Where connections go and what tells them apart in the pool: scheme, host, port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Endpoint {
    /// `https`.
    pub(crate) secure: bool,
    /// Lower case, without brackets and without the root's dot.
    pub(crate) host: Host,
    pub(crate) port: u16,
}

/// As [`headwater_model::origin::OriginId`] writes it.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, port) = (if self.secure { "https" } else { "http" }, self.port);
        match &self.host {
            Host::Name(name) => write!(f, "{scheme}://{name}:{port}"),
            Host::Literal(IpAddr::V4(ip)) => write!(f, "{scheme}://{ip}:{port}"),
            Host::Literal(IpAddr::V6(ip)) => write!(f, "{scheme}://[{ip}]:{port}"),
        }
    }
}

/// A URL that can be requested.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) url: Box<str>,
    pub(crate) endpoint: Arc<Endpoint>,
    /// Host as written, with the port if it is not the scheme's default: the value of `Host`.
    pub(crate) authority: HeaderValue,
    /// Origin-form (RFC 9112 section 3.2.1): path and query as written.
    pub(crate) path: Uri,
}

impl Target {
    /// Takes an absolute http or https URL apart.
    pub(crate) fn parse(url: &str) -> Result<Self, OriginError> {
        let bad = |reason: &str| OriginError::BadUrl(format!("{reason}: {url:.200}").into());
        if url.len() > MAX_URL_BYTES {
            return Err(bad("too long"));
        }
        let (secure, rest) = split_scheme(url).ok_or_else(|| bad("not http or https"))?;
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (host_text, port) = split_port(authority).ok_or_else(|| bad("bad host or port"))?;
        let host = Host::parse(host_text).map_err(|error| bad(&error.to_string()))?;
        let default_port = if secure { 443 } else { 80 };
        let port = port.unwrap_or(default_port);
        let authority = if port == default_port { host_text.to_owned() } else { format!("{host_text}:{port}") };
        Ok(Self {
            url: url.into(),
            endpoint: Arc::new(Endpoint { secure, host, port }),
            authority: HeaderValue::from_str(&authority).map_err(|_| bad("bad host"))?,
            path: parse_path(path).ok_or_else(|| bad("bad path or query"))?,
        })
    }
}

fn split_scheme(url: &str) -> Option<(bool, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    if scheme.eq_ignore_ascii_case("https") {
        Some((true, rest))
    } else {
        scheme.eq_ignore_ascii_case("http").then_some((false, rest))
    }
}

/// Splits `host[:port]`; userinfo never passes, as `@` is in no valid host.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let host_end = if authority.starts_with('[') {
        authority.find(']')? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, port) = authority.split_at(host_end);
    match port.strip_prefix(':') {
        None if port.is_empty() => Some((host, None)),
        // An empty port is the default one (RFC 3986 section 3.2.3).
        Some("") => Some((host, None)),
        Some(digits) if digits.len() <= 5 && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok().filter(|port| *port != 0).map(|port| (host, Some(port)))
        }
        _ => None,
    }
}

fn parse_path(text: &str) -> Option<Uri> {
    let path = match text.as_bytes().first() {
        Some(b'/') => text.to_owned(),
        // An empty path is sent as "/" (RFC 9112 section 3.2.1).
        Some(b'?') => format!("/{text}"),
        None => "/".to_owned(),
        Some(_) => return None,
    };
    if !path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#' && byte != b'\\') {
        return None;
    }
    let uri: Uri = path.parse().ok()?;
    // Whatever the parser would leave out or change must not go out silently.
    let unchanged = uri.scheme().is_none()
        && uri.authority().is_none()
        && uri.path_and_query().is_some_and(|kept| kept.as_str() == path);
    unchanged.then_some(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Option<(String, String, u16)> {
        let target = Target::parse(url).ok()?;
        let authority = target.authority.to_str().unwrap().to_owned();
        Some((authority, target.path.to_string(), target.endpoint.port))
    }

    #[test]
    fn odd_but_valid_targets_are_kept_byte_for_byte() {
        let long = format!("/{}", "k".repeat(4000));
        for path in [
            "/",
            "//",
            "//a//b",
            "/a%2Fb",
            "/a%2fb",
            "/a/../b",
            "/a/./b",
            "/a/..",
            "/a.",
            "/a./",
            "/a?",
            "/a?x=%20&&y",
            "/a?b?c",
            "/a;p=1",
            "/~a",
            "/a+b",
            "/a%00",
            "/%E4%BD%A0",
            "/a:b@c",
            "/a'b(c)!*",
            "/http://other/x",
            "/a?u=http://h/",
            long.as_str(),
        ] {
            let (_, sent, _) = parse(&format!("http://h.example{path}")).unwrap_or_else(|| panic!("{path}"));
            assert_eq!(sent, path);
        }
    }

    #[test]
    fn empty_paths_become_origin_form() {
        assert_eq!(parse("http://h.example").unwrap().1, "/");
        assert_eq!(parse("http://h.example?x=1").unwrap().1, "/?x=1");
    }

    #[test]
    fn default_ports_are_left_out_of_host() {
        assert_eq!(parse("http://H.example:80/").unwrap(), ("H.example".into(), "/".into(), 80));
        assert_eq!(parse("HTTPS://h.example:443/").unwrap(), ("h.example".into(), "/".into(), 443));
        assert_eq!(parse("http://h.example:443/").unwrap(), ("h.example:443".into(), "/".into(), 443));
        assert_eq!(parse("http://h.example:/").unwrap(), ("h.example".into(), "/".into(), 80));
        assert_eq!(parse("http://[2001:DB8::1]:8080/").unwrap(), ("[2001:DB8::1]:8080".into(), "/".into(), 8080));
    }

    #[test]
    fn hosts_that_differ_in_spelling_only_share_connections() {
        let a = Target::parse("http://H.Example./x").unwrap().endpoint;
        let b = Target::parse("http://h.example:80/y").unwrap().endpoint;
        assert_eq!(a, b);
    }

    #[test]
    fn what_cannot_be_requested_is_refused() {
        for url in [
            "",
            "h.example/",
            "//h.example/",
            "ftp://h.example/",
            "file:///etc/passwd",
            "gopher://h/",
            "http:/h/",
            "http://",
            "http:///x",
            "http://user@h.example/",
            "http://user:pw@h.example/",
            "http://@h.example/",
            "http://h.example:0/",
            "http://h.example:65536/",
            "http://h.example:+80/",
            "http://h.example:8 0/",
            "http://h.example:80:80/",
            "http://h example/",
            "http://h%2eexample/",
            "http://h\u{ff0e}example/",
            "http://\u{2460}27.0.0.1/",
            "http://h..example/",
            "http://.h.example/",
            "http://h.example../",
            "http://[::1/",
            "http://[::1]x/",
            "http://[fe80::1%25eth0]/",
            "http://[127.0.0.1]/",
            "http://::1/",
            "http://h.example\\@127.0.0.1/",
            "http://h.example/a b",
            "http://h.example/\u{e4}",
            "http://h.example/a#b",
            "http://h.example/a\r\nX: y",
            "http://h.example/\0",
            "http://h.example/a\\b",
            "http://a,b/",
            "http://h.example#/",
        ] {
            assert!(parse(url).is_none(), "{url:?}");
        }
        assert!(parse(&format!("http://h.example/{}", "a".repeat(MAX_URL_BYTES))).is_none());
        assert!(parse(&format!("http://{}.example/", "a".repeat(64))).is_none());
    }

    #[test]
    fn addresses_in_disguise_are_refused_by_name() {
        for host in ["127.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.0.0.1.", "h.example.1"] {
            let error = Target::parse(&format!("http://{host}/")).unwrap_err();
            assert!(error.to_string().contains("dotted decimal"), "{host}: {error}");
        }
    }
}
