//! Redirects: which answers are one, where they lead, and what must stay behind.
//!
//! Guarantees: a hop leads to http or https, never from https down to http (unless the
//! origin's settings allow it), never with userinfo; fields that belong to
//! one origin do not follow to another. The address is judged when the hop connects, as for any request.
//!
//! How: reference resolution of RFC 3986 section 5.2 on the text of `Location`; beyond removing dot segments nothing is
//! normalised. Bytes that no URL may hold (spaces, non-ASCII) but that servers send are percent-encoded, as browsers do.

use std::fmt::Write as _;

use headwater_model::origin::OriginError;
use http::header::{AUTHORIZATION, COOKIE, HOST, LOCATION, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderName, StatusCode};

use crate::target::Target;

/// Whether the status asks for another URL with GET (RFC 9110 section 15.4; 300, 304, 305 and 306 do not).
pub(crate) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Whether a redirect may lead from https down to http.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Downgrade {
    Refused,
    /// The origin's settings say so (`allow_downgrade`).
    Allowed,
}

/// The target that a redirect from `from` leads to.
pub(crate) fn next_target(from: &Target, headers: &HeaderMap, downgrade: Downgrade) -> Result<Target, OriginError> {
    let bad = |reason: &str| OriginError::BadRedirect(reason.into());
    let mut locations = headers.get_all(LOCATION).iter();
    let location = locations.next().ok_or_else(|| bad("no location"))?;
    if locations.next().is_some() {
        return Err(bad("several locations"));
    }
    let reference = encode(location.as_bytes()).ok_or_else(|| bad("location with control bytes"))?;
    let reference = reference.split('#').next().unwrap_or_default();
    if reference.is_empty() {
        return Err(bad("empty location"));
    }
    let target = Target::parse(&resolve(&from.url, reference)).map_err(|error| match error {
        OriginError::BadUrl(text) => OriginError::BadRedirect(text),
        other => other,
    })?;
    if from.endpoint.secure && !target.endpoint.secure && downgrade == Downgrade::Refused {
        return Err(bad("from https down to http"));
    }
    Ok(target)
}

/// Removes what must not follow from one origin (scheme, host, port) to another: the fields named confidential, a
/// `Host` that was set for the first origin, and whatever HTTP itself defines as credentials.
pub(crate) fn strip_confidential(headers: &mut HeaderMap, confidential: &[HeaderName]) {
    for name in confidential.iter().chain(&[HOST, AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE]) {
        headers.remove(name);
    }
}

/// Percent-encodes what cannot stand in a URL; `None` for control bytes, which are never a slip.
fn encode(location: &[u8]) -> Option<String> {
    let mut encoded = String::with_capacity(location.len());
    for &byte in location {
        match byte {
            0..=0x1f | 0x7f => return None,
            b' ' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | 0x80.. => {
                write!(encoded, "%{byte:02X}").ok()?;
            }
            _ => encoded.push(char::from(byte)),
        }
    }
    Some(encoded)
}

/// RFC 3986 section 5.2.2 for a base that is an absolute http(s) URL without fragment.
fn resolve(base: &str, reference: &str) -> String {
    if has_scheme(reference) {
        return match reference.split_once("://") {
            Some((scheme, rest)) => join(scheme, rest),
            None => reference.to_owned(),
        };
    }
    let (scheme, rest) = base.split_once("://").unwrap_or(("http", base));
    if let Some(network_path) = reference.strip_prefix("//") {
        return join(scheme, network_path);
    }
    let (authority, base_path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let base_path = base_path.split('?').next().unwrap_or_default();
    let (path, query) = reference.split_at(reference.find('?').unwrap_or(reference.len()));
    let path = if path.is_empty() {
        base_path.to_owned()
    } else if path.starts_with('/') {
        remove_dot_segments(path)
    } else {
        // Section 5.2.3: everything up to the base's last slash, or "/" where the base has no path.
        let folder = base_path.rfind('/').map_or("/", |slash| &base_path[..=slash]);
        remove_dot_segments(&format!("{folder}{path}"))
    };
    format!("{scheme}://{authority}{path}{query}")
}

fn join(scheme: &str, rest: &str) -> String {
    let (authority, path_and_query) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (path, query) = path_and_query.split_at(path_and_query.find('?').unwrap_or(path_and_query.len()));
    format!("{scheme}://{authority}{}{query}", remove_dot_segments(path))
}

/// Whether a reference starts with a scheme (RFC 3986 section 3.1).
fn has_scheme(reference: &str) -> bool {
    let Some((scheme, _)) = reference.split_once(':') else {
        return false;
    };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// RFC 3986 section 5.2.4 for a path that is empty or starts with a slash. Empty segments are segments.
fn remove_dot_segments(path: &str) -> String {
    let Some(inner) = path.strip_prefix('/') else {
        return path.to_owned();
    };
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = inner.split('/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn follow(from: &str, location: &[u8]) -> Result<String, OriginError> {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_bytes(location).unwrap());
        next_target(&Target::parse(from).unwrap(), &headers, Downgrade::Refused).map(|target| target.url.into())
    }

    /// The examples of RFC 3986 section 5.4 that have an http meaning, over their own base.
    #[test]
    fn references_resolve_as_rfc_3986_says() {
        let base = "http://a/b/c/d;p?q";
        for (reference, expected) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("g#s", "http://a/b/c/g"),
            (";x", "http://a/b/c/;x"),
            ("g;x?y#s", "http://a/b/c/g;x?y"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
        ] {
            assert_eq!(follow(base, reference.as_bytes()).as_deref(), Ok(expected), "{reference}");
        }
    }

    #[test]
    fn nothing_else_is_normalised() {
        for (location, expected) in [
            ("http://H.example:80//a//b%2Fc%2e%2E?x=//", "http://H.example:80//a//b%2Fc%2e%2E?x=//"),
            ("//other//x", "http://other//x"),
            ("/a//../b", "http://a/a/b"),
            ("http://h.example?x", "http://h.example?x"),
        ] {
            assert_eq!(follow("http://a/b", location.as_bytes()).as_deref(), Ok(expected), "{location}");
        }
        assert_eq!(follow("http://a?q", b"g").as_deref(), Ok("http://a/g"));
    }

    #[test]
    fn raw_bytes_of_sloppy_servers_are_encoded() {
        assert_eq!(follow("http://a/", b"/f\xc3\xbcr dich|").as_deref(), Ok("http://a/f%C3%BCr%20dich%7C"));
    }

    #[test]
    fn o53_unusable_locations_are_refused() {
        for location in [
            "",
            "#top",
            "ftp://h/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "mailto:a@b",
            "http://",
            "http:///x",
            "http://user@h/",
            "//user:pw@h/",
            "http://127.1/",
            "http://h:99999/",
            "http:relative",
            "//",
        ] {
            let result = follow("http://a/b", location.as_bytes());
            assert!(matches!(result, Err(OriginError::BadRedirect(_))), "{location}: {result:?}");
        }
        let none = next_target(&Target::parse("http://a/").unwrap(), &HeaderMap::new(), Downgrade::Refused);
        assert!(matches!(none, Err(OriginError::BadRedirect(_))));
    }

    #[test]
    fn o54_https_never_leads_to_http() {
        assert!(matches!(follow("https://a/", b"http://a/"), Err(OriginError::BadRedirect(_))));
        assert_eq!(follow("https://a/", b"//b/").as_deref(), Ok("https://b/"));
        assert_eq!(follow("http://a/", b"https://a/").as_deref(), Ok("https://a/"));
    }
}
