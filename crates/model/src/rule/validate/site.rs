//! What S3 demands of a document in its form, in its words.

use crate::error::{Error, Result};
use crate::limits::MAX_SITE_RULES;
use crate::rule::origin_base::authority_to_ascii;
use crate::rule::{Condition, Redirect, RedirectType};
use crate::website::Website;

/// Checks what S3's rules demand of the rest of their document.
pub(super) fn check_site(website: &Website) -> Result<()> {
    let of_site = website.rules.iter().filter(|rule| rule.is_of_site());
    let count = of_site.clone().count();
    if count == 0 {
        return Ok(());
    }
    if of_site.clone().any(|rule| rule.kind() == Some(RedirectType::AllRequests)) {
        if website.rules.len() == 1 && website.index.is_none() && website.error.is_none() {
            return Ok(());
        }
        return Err(refused("RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules."));
    }
    if count > MAX_SITE_RULES {
        return Err(refused(format!(
            "{count} routing rules provided, the number of routing rules in a website configuration is limited to \
             {MAX_SITE_RULES}."
        )));
    }
    if website.index.is_none() {
        return Err(Error::no_index_document());
    }
    Ok(())
}

/// Checks one of S3's rules.
pub(super) fn check_site_rule(condition: &Condition, redirect: &Redirect) -> Result<()> {
    if let Some(code) = condition.error_code.filter(|code| !(400..=599).contains(code)) {
        return Err(refused(format!(
            "The provided HTTP error code ({code}) is not valid. Valid codes are 4XX or 5XX."
        )));
    }
    if let Some(code) = redirect.http_redirect_code.filter(|code| !(301..=399).contains(code)) {
        return Err(refused(format!(
            "The provided HTTP redirect code ({code}) is not valid. Valid codes are 3XX except 300."
        )));
    }
    if redirect.protocol.as_deref().is_some_and(|protocol| !matches!(protocol, "http" | "https")) {
        return Err(refused(
            "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.",
        ));
    }
    if redirect.replace_key_with.is_some() && redirect.replace_key_prefix_with.is_some() {
        return Err(refused("You can only define ReplaceKeyPrefix or ReplaceKey but not both."));
    }
    if let Some(host) = redirect.host_name.as_deref() {
        authority_to_ascii(host).map_err(|message| Error::invalid_argument("HostName", host, message))?;
    }
    Ok(())
}

fn refused(message: impl Into<Box<str>>) -> Error {
    Error::InvalidRequest { message: message.into() }
}
