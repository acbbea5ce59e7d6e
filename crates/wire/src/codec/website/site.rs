//! S3's rules and `RedirectAllRequestsTo`, read and written.

use std::str::FromStr;

use headwater_model::rule::{Condition, Redirect, RedirectType, RoutingRule};
use headwater_model::website::Website;
use headwater_model::{Error, Result};

use super::read::text;
use crate::xml::read::{decimal, malformed};
use crate::xml::{Element, XmlWriter};

const CONDITIONS: [&str; 2] = ["KeyPrefixEquals", "HttpErrorCodeReturnedEquals"];
const REDIRECTS: [&str; 5] = ["Protocol", "HostName", "ReplaceKeyPrefixWith", "ReplaceKeyWith", "HttpRedirectCode"];

/// Whether a `RoutingRule` is in S3's form: no number, and nothing that only OSS has.
pub(super) fn is_one(rule: Element<'_>) -> bool {
    rule.elements().all(|part| match part.name() {
        "Condition" => part.elements().all(|element| CONDITIONS.contains(&element.name())),
        "Redirect" => part.elements().all(|element| REDIRECTS.contains(&element.name())),
        _ => false,
    })
}

/// Reads a rule; its number is the next one after those before it.
pub(super) fn read(element: Element<'_>, before: &[RoutingRule]) -> Result<RoutingRule> {
    let element = element.as_container()?;
    let condition = element.container("Condition")?.map(condition).transpose()?.unwrap_or_default();
    let redirect = element.required("Redirect")?.as_container()?;
    if redirect.elements().next().is_none() {
        return Err(malformed("Redirect is empty"));
    }
    let number = before.last().map_or(0, |rule| rule.number).saturating_add(1);
    let redirect = Redirect {
        kind: RedirectType::Site,
        protocol: text(redirect, "Protocol")?,
        host_name: text(redirect, "HostName")?,
        http_redirect_code: code(redirect, "HttpRedirectCode", "redirect", "3XX except 300")?,
        replace_key_with: text(redirect, "ReplaceKeyWith")?,
        replace_key_prefix_with: text(redirect, "ReplaceKeyPrefixWith")?,
        ..Redirect::default()
    };
    Ok(RoutingRule { number, condition, redirect: Some(redirect), lua: None })
}

fn condition(element: Element<'_>) -> Result<Condition> {
    if element.elements().next().is_none() {
        let message = "Condition cannot be empty. To redirect all requests without a condition, the condition element \
                       shouldn't be present.";
        return Err(Error::InvalidRequest { message: message.into() });
    }
    Ok(Condition {
        key_prefix: text(element, "KeyPrefixEquals")?,
        error_code: code(element, "HttpErrorCodeReturnedEquals", "error", "4XX or 5XX")?,
        ..Condition::default()
    })
}

fn code<T: FromStr>(parent: Element<'_>, name: &str, kind: &str, valid: &str) -> Result<Option<T>> {
    let Some(text) = parent.text(name)? else { return Ok(None) };
    decimal(text).map(Some).ok_or_else(|| {
        let message = format!("The provided HTTP {kind} code ({text}) is not valid. Valid codes are {valid}.");
        Error::InvalidRequest { message: message.into() }
    })
}

/// Reads `RedirectAllRequestsTo`, which is kept as a rule.
pub(super) fn read_all_requests(element: Element<'_>) -> Result<RoutingRule> {
    let redirect = Redirect {
        kind: RedirectType::AllRequests,
        host_name: Some(element.required_text("HostName")?.into()),
        protocol: text(element, "Protocol")?,
        ..Redirect::default()
    };
    Ok(RoutingRule { number: 1, condition: Condition::default(), redirect: Some(redirect), lua: None })
}

/// Writes a rule as it was put.
pub(super) fn write(xml: &mut XmlWriter, rule: &RoutingRule) {
    xml.open("RoutingRule");
    if rule.condition != Condition::default() {
        xml.open("Condition");
        xml.optional("KeyPrefixEquals", rule.condition.key_prefix.as_ref());
        xml.optional("HttpErrorCodeReturnedEquals", rule.condition.error_code);
        xml.close();
    }
    if let Some(redirect) = &rule.redirect {
        xml.open("Redirect");
        xml.optional("Protocol", redirect.protocol.as_ref());
        xml.optional("HostName", redirect.host_name.as_ref());
        xml.optional("ReplaceKeyPrefixWith", redirect.replace_key_prefix_with.as_ref());
        xml.optional("ReplaceKeyWith", redirect.replace_key_with.as_ref());
        xml.optional("HttpRedirectCode", redirect.http_redirect_code);
        xml.close();
    }
    xml.close();
}

/// The redirect of everything, if that is what the document is.
pub(super) fn all_requests(website: &Website) -> Option<&Redirect> {
    let redirects = website.rules.iter().filter_map(|rule| rule.redirect.as_ref());
    redirects.into_iter().find(|redirect| redirect.kind == RedirectType::AllRequests)
}

/// Writes `RedirectAllRequestsTo`.
pub(super) fn write_all_requests(xml: &mut XmlWriter, redirect: &Redirect) {
    xml.open("RedirectAllRequestsTo");
    xml.optional("HostName", redirect.host_name.as_ref());
    xml.optional("Protocol", redirect.protocol.as_ref());
    xml.close();
}
