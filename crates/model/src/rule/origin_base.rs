//! `MirrorURL`: the absolute URL that keys are appended to.
//!
//! Guarantees: a base that was read has a scheme, a host that is an IP address or a name in its ASCII form, perhaps a
//! port, and a path that ends with `/`; nothing else. How: the text is cut by hand instead of by a URL library,
//! because those normalise dots and slashes, which origins may tell apart.

use std::borrow::Cow;

use idna::AsciiDenyList;

use crate::host::{Host, HostError};

/// A base URL in its parts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OriginBase<'u> {
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// Host in ASCII (an IPv6 address in brackets), and `:port` if there is one.
    pub(crate) authority: Cow<'u, str>,
    /// Path as written, from its first `/` to its last.
    pub(crate) path: &'u str,
}

impl<'u> OriginBase<'u> {
    /// Reads a `MirrorURL`.
    ///
    /// # Errors
    /// A sentence for the rule's author.
    pub(crate) fn parse(url: &'u str) -> Result<Self, Box<str>> {
        let (scheme, authority, path) = split(url)?;
        if path.contains(['?', '#']) {
            return Err("the url must have no query and no fragment".into());
        }
        if !path.ends_with('/') {
            return Err("the url must end with /".into());
        }
        Ok(Self { scheme, authority: authority_to_ascii(authority)?, path })
    }
}

/// Checks a URL that is requested as it stands: `MirrorURLProbe` may end anywhere and may have a query.
///
/// # Errors
/// A sentence for the rule's author.
pub(crate) fn check_whole_url(url: &str) -> Result<(), Box<str>> {
    let (_, authority, rest) = split(url)?;
    if rest.contains('#') {
        return Err("the url must have no fragment".into());
    }
    authority_to_ascii(authority).map(|_| ())
}

/// Scheme and authority of an absolute URL, the host in ASCII.
///
/// # Errors
/// A sentence for the URL's author.
pub(crate) fn scheme_and_authority(url: &str) -> Result<(&'static str, Cow<'_, str>), Box<str>> {
    let (scheme, authority, _) = split(url)?;
    Ok((scheme, authority_to_ascii(authority)?))
}

/// Scheme, authority, and the rest from its first `/`, `?` or `#`.
fn split(url: &str) -> Result<(&'static str, &str, &str), Box<str>> {
    let (scheme, rest) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
        (Some(rest), _) => ("http", rest),
        (_, Some(rest)) => ("https", rest),
        _ => return Err("the url must start with http:// or https://".into()),
    };
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    Ok((scheme, authority, rest))
}

/// A host and perhaps a port, the host in ASCII (UTS 46; RFC 3986 section 3.2 for addresses).
///
/// # Errors
/// A sentence for the rule's author.
pub(crate) fn authority_to_ascii(authority: &str) -> Result<Cow<'_, str>, Box<str>> {
    if authority.contains('@') {
        return Err("the url must have no user information".into());
    }
    // The colons of an IPv6 address are within its brackets.
    let port_at = authority.rfind(':').filter(|at| !authority[*at..].contains(']'));
    let (host, port) = authority.split_at(port_at.unwrap_or(authority.len()));
    if host.is_empty() {
        return Err("the url has no host".into());
    }
    if let Some(digits) = port.strip_prefix(':') {
        let valid =
            digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok_and(|port| port != 0);
        if !valid {
            return Err("the port must be a number from 1 to 65535".into());
        }
    }
    let host = host_to_ascii(host).map_err(|error| match error {
        // As OSS words it.
        HostError::Characters => format!("Host:{host} contains some illegal characters."),
        other => format!("Host:{host}: {other}."),
    })?;
    Ok(if port.is_empty() { host } else { Cow::Owned(format!("{host}{port}")) })
}

/// A host in the form that names it to resolvers. It is judged in that form, so that no other spelling of an address
/// slips through; an address whose digits or dots only come out of the mapping was meant to.
fn host_to_ascii(host: &str) -> Result<Cow<'_, str>, HostError> {
    if host.starts_with('[') {
        return Host::parse(host).map(|_| Cow::Borrowed(host));
    }
    let ascii = idna::domain_to_ascii_cow(host.as_bytes(), AsciiDenyList::URL).map_err(|_| HostError::Characters)?;
    if ascii.is_empty() {
        return Err(HostError::Characters);
    }
    match Host::parse(&ascii)? {
        Host::Literal(_) if ascii != host => Err(HostError::Disguised),
        _ => Ok(ascii),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_are_read_in_their_parts() {
        for (url, scheme, authority, path) in [
            ("http://www.test.com/", "http", "www.test.com", "/"),
            ("https://www.test.com:8443/dir1//x/", "https", "www.test.com:8443", "/dir1//x/"),
            ("http://192.0.2.1:80/", "http", "192.0.2.1:80", "/"),
            ("http://[2001:db8::1]/a/", "http", "[2001:db8::1]", "/a/"),
            ("http://[2001:db8::1]:81/", "http", "[2001:db8::1]:81", "/"),
            ("http://WWW.Bücher.example/", "http", "www.xn--bcher-kva.example", "/"),
            ("https://例子.测试/", "https", "xn--fsqu00a.xn--0zwm56d", "/"),
            ("http://my_host/", "http", "my_host", "/"),
            ("http://h/../", "http", "h", "/../"),
            ("http://h.example./", "http", "h.example.", "/"),
        ] {
            let expected = OriginBase { scheme, authority: authority.into(), path };
            assert_eq!(OriginBase::parse(url), Ok(expected), "{url}");
        }
    }

    #[test]
    fn other_urls_are_refused_with_the_reason() {
        for (url, reason) in [
            ("", "start with"),
            ("ftp://www.test.com/", "start with"),
            ("www.test.com/", "start with"),
            ("HTTP://www.test.com/", "start with"),
            ("http://www.test.com", "end with /"),
            ("http://www.test.com/dir", "end with /"),
            ("http:///", "no host"),
            ("http://:80/", "no host"),
            ("http://user@h/", "user information"),
            ("http://user:password@h/", "user information"),
            ("http://h/?a=/", "query"),
            ("http://h?a/", "query"),
            ("http://h/#/", "fragment"),
            ("http://h:/", "port"),
            ("http://h:0/", "port"),
            ("http://h:65536/", "port"),
            ("http://h:+1/", "port"),
            ("http://a b/", "Host:a b contains some illegal characters."),
            ("http://a\\b/", "illegal characters"),
            ("http://a%2fb/", "illegal characters"),
            ("http://a\r\nb/", "illegal characters"),
            ("http://[::1%25lo]/", "illegal characters"),
            ("http://[::g]/", "illegal characters"),
            ("http://\u{ad}/", "illegal characters"),
            ("http://a,b/", "illegal characters"),
            ("http://a..b/", "empty or too long"),
            ("http://127.1/", "dotted decimal"),
            ("http://0x7f.0.0.1/", "dotted decimal"),
            ("http://0177.0.0.1:80/", "dotted decimal"),
            ("http://2130706433/", "dotted decimal"),
            ("http://127.0.0.1./", "dotted decimal"),
            ("http://127\u{3002}0\u{ff0e}0.1/", "dotted decimal"),
            ("http://\u{ff11}\u{ff12}\u{ff17}.0.0.1/", "dotted decimal"),
            ("http://\u{2460}\u{2461}\u{2466}.1/", "dotted decimal"),
            ("http://127.0.0.1\u{ad}/", "dotted decimal"),
            ("http://169.254.169.\u{ff10}xfe/", "dotted decimal"),
        ] {
            let error = OriginBase::parse(url).unwrap_err();
            assert!(error.contains(reason), "{url}: {error}");
        }
    }

    #[test]
    fn probes_may_end_anywhere() {
        assert_eq!(check_whole_url("http://h/health?deep=1"), Ok(()));
        assert_eq!(check_whole_url("https://h"), Ok(()));
        for bad in ["h/health", "http://u@h/health", "http://a b/health", "http://h/#x"] {
            assert!(check_whole_url(bad).is_err(), "{bad}");
        }
    }
}
