//! Which website documents are accepted (oss-mirroring 2.8).
//!
//! Guarantees: an accepted document can be executed without any further check, except that a URL may still be one that
//! a particular key cannot be appended to. How: one pass, the first fault is the answer, and it names the element and
//! its value in the vendor's words. Fields that a rule's type does not use are not looked at: SDKs send them, and OSS
//! keeps them.
//!
//! Not here: what only the XML form can get wrong (the codec's part).

use std::collections::BTreeSet;
use std::fmt::Display;

use http::HeaderValue;

use crate::error::{Error, Result};
use crate::limits::{MAX_ALTERNATES, MAX_RULE_HEADER_BYTES, MAX_RULE_HEADERS, MAX_RULES};
use crate::rule::origin_base::{OriginBase, authority_to_ascii, check_whole_url};
use crate::rule::validate::site::{check_site, check_site_rule};
use crate::rule::{Condition, Mirror, MirrorHeaders, Redirect, RedirectType, RoutingRule};
use crate::website::{ErrorDocument, IndexDocument, Website};

mod site;

/// Statuses that a redirect may answer with.
const REDIRECT_CODES: [u16; 5] = [301, 302, 303, 307, 308];
/// Numbers of alternates.
const ALTERNATE_NUMBERS: std::ops::RangeInclusive<u32> = 1..=10_000;

/// Checks a whole document.
///
/// # Errors
/// [`Error::MalformedXml`] for a document that says nothing, [`Error::InvalidArgument`] for a wrong value.
pub fn validate(website: &Website) -> Result<()> {
    if website.index.is_none() && website.error.is_none() && website.rules.is_empty() {
        let message = "one of IndexDocument, ErrorDocument and RoutingRules must be present";
        return Err(Error::MalformedXml { message: message.into() });
    }
    check_site(website)?;
    website.index.as_ref().map_or(Ok(()), check_index)?;
    website.error.as_ref().map_or(Ok(()), check_error_page)?;
    let count = website.rules.iter().filter(|rule| !rule.is_of_site()).count();
    if count > MAX_RULES {
        return Err(invalid("RuleNumber", &count, format!("more than {MAX_RULES} rules")));
    }
    let mut numbers = BTreeSet::new();
    for rule in &website.rules {
        if rule.number == 0 {
            return Err(invalid("RuleNumber", &0, "the number must be positive"));
        }
        if !numbers.insert(rule.number) {
            return Err(invalid("RuleNumber", &rule.number, "the number is repeated"));
        }
        check_rule(rule)?;
    }
    Ok(())
}

fn check_index(index: &IndexDocument) -> Result<()> {
    if index.suffix.is_empty() || index.suffix.contains('/') {
        return Err(invalid("Suffix", &index.suffix, "the name must not be empty and must not contain /"));
    }
    match index.kind {
        None | Some(0..=2) => Ok(()),
        Some(other) => Err(invalid("Type", &other, "the type must be 0, 1 or 2")),
    }
}

fn check_error_page(page: &ErrorDocument) -> Result<()> {
    if page.key.is_empty() {
        return Err(invalid("Key", &"", "the key of the error page must not be empty"));
    }
    match page.http_status {
        None | Some(200 | 404) => Ok(()),
        Some(other) => Err(invalid("HttpStatus", &other, "HttpStatus is Invalid")),
    }
}

fn check_rule(rule: &RoutingRule) -> Result<()> {
    if let Some(redirect) = rule.redirect.as_ref().filter(|redirect| redirect.kind.is_of_site()) {
        return check_site_rule(&rule.condition, redirect);
    }
    check_condition(rule)?;
    match (&rule.redirect, &rule.lua) {
        (None, None) => Err(Error::MalformedXml { message: "RoutingRule lacks Redirect".into() }),
        (None, Some(_)) => Ok(()),
        (Some(redirect), _) => match redirect.kind {
            RedirectType::Mirror => check_mirror(&redirect.mirror),
            _ => check_redirect(redirect),
        },
    }
}

fn check_condition(rule: &RoutingRule) -> Result<()> {
    const CODE: &str = "HttpErrorCodeReturnedEquals";
    let Condition { error_code, include_headers, .. } = &rule.condition;
    match (rule.kind(), *error_code) {
        (Some(RedirectType::Mirror), Some(code)) if code != 404 => {
            return Err(invalid(CODE, &code, "a Mirror rule applies to 404 only"));
        }
        (_, Some(code)) if !(400..=599).contains(&code) => {
            return Err(invalid(CODE, &code, "the status must be from 400 to 599"));
        }
        _ => {}
    }
    check_count("IncludeHeader", include_headers.len())?;
    for header in include_headers {
        check_header_name("Key", &header.key)?;
        for (name, value) in
            [("Equals", &header.equals), ("StartsWith", &header.starts_with), ("EndsWith", &header.ends_with)]
        {
            value.as_deref().map_or(Ok(()), |value| check_header_value(name, value))?;
        }
    }
    Ok(())
}

fn check_redirect(redirect: &Redirect) -> Result<()> {
    let given = |field: &'_ Option<Box<str>>| field.as_deref().is_some_and(|text| !text.is_empty());
    if let Some(code) = redirect.http_redirect_code.filter(|code| !REDIRECT_CODES.contains(code)) {
        return Err(invalid("HttpRedirectCode", &code, format!("the code must be one of {REDIRECT_CODES:?}")));
    }
    if let Some(protocol) = redirect.protocol.as_deref().filter(|text| !matches!(*text, "" | "http" | "https")) {
        return Err(invalid("Protocol", &protocol, "the protocol must be http or https"));
    }
    if let Some(host) = redirect.host_name.as_deref().filter(|host| !host.is_empty()) {
        authority_to_ascii(host).map_err(|message| invalid("HostName", &host, message))?;
    }
    if let Some(replacement) = redirect.replace_key_with.as_deref().filter(|text| !text.is_empty()) {
        if given(&redirect.replace_key_prefix_with) {
            return Err(invalid("ReplaceKeyWith", &replacement, "not together with ReplaceKeyPrefixWith"));
        }
        if redirect.enable_replace_prefix == Some(true) {
            return Err(invalid("ReplaceKeyWith", &replacement, "not together with EnableReplacePrefix"));
        }
    }
    Ok(())
}

fn check_mirror(mirror: &Mirror) -> Result<()> {
    check_base("MirrorURL", mirror.url.as_deref().unwrap_or_default())?;
    mirror.url_slave.as_deref().map_or(Ok(()), |url| check_base("MirrorURLSlave", url))?;
    if let Some(url) = mirror.url_probe.as_deref() {
        check_whole_url(url).map_err(|message| invalid("MirrorURLProbe", &url, message))?;
    }
    let alternates = mirror.multi_alternates.as_deref().unwrap_or_default();
    if alternates.len() > MAX_ALTERNATES {
        let message = format!("more than {MAX_ALTERNATES} alternates");
        return Err(invalid("MirrorMultiAlternate", &alternates.len(), message));
    }
    let mut numbers = BTreeSet::new();
    for alternate in alternates {
        const NUMBER: &str = "MirrorMultiAlternateNumber";
        if !ALTERNATE_NUMBERS.contains(&alternate.number) {
            return Err(invalid(NUMBER, &alternate.number, "the number must be from 1 to 10000"));
        }
        if !numbers.insert(alternate.number) {
            return Err(invalid(NUMBER, &alternate.number, "the number is repeated"));
        }
        check_base("MirrorMultiAlternateURL", &alternate.url)?;
    }
    mirror.headers.as_ref().map_or(Ok(()), check_mirror_headers)
}

/// Fields that are never forwarded may be named: OSS accepts that too, and they are not sent.
fn check_mirror_headers(headers: &MirrorHeaders) -> Result<()> {
    for (list, names) in [("Pass", &headers.pass), ("Remove", &headers.remove)] {
        check_count(list, names.len())?;
        names.iter().try_for_each(|name| check_header_name(list, name))?;
    }
    check_count("Set", headers.set.len())?;
    for field in &headers.set {
        check_header_name("Key", &field.key)?;
        check_header_value("Value", &field.value)?;
    }
    Ok(())
}

fn check_base(element: &str, url: &str) -> Result<()> {
    OriginBase::parse(url).map(|_| ()).map_err(|message| invalid(element, &url, message))
}

fn check_count(element: &str, count: usize) -> Result<()> {
    if count <= MAX_RULE_HEADERS {
        return Ok(());
    }
    Err(invalid(element, &count, format!("more than {MAX_RULE_HEADERS} entries")))
}

fn check_header_name(element: &str, name: &str) -> Result<()> {
    let valid = (1..=MAX_RULE_HEADER_BYTES).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if valid {
        return Ok(());
    }
    let message = format!("a header name is 1 to {MAX_RULE_HEADER_BYTES} letters, digits and hyphens");
    Err(invalid(element, &name, message))
}

fn check_header_value(element: &str, value: &str) -> Result<()> {
    // What HTTP cannot carry at all includes CR and LF.
    if value.len() <= MAX_RULE_HEADER_BYTES && HeaderValue::try_from(value).is_ok() {
        return Ok(());
    }
    let message = format!("a header value has at most {MAX_RULE_HEADER_BYTES} bytes and no control characters");
    Err(invalid(element, &value, message))
}

fn invalid(element: &str, value: &dyn Display, message: impl Into<Box<str>>) -> Error {
    Error::invalid_argument(element, &value.to_string(), message)
}

#[cfg(test)]
mod tests;
