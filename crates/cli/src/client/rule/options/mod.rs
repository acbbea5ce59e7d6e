//! What a rule shall be, in the fields of the vendor's panel "Create Rule".
//!
//! Guarantees: of a rule that is edited only what is named changes, and whatever has no option is kept; what comes out would
//! be accepted as a document. `rule export` and `rule import` are for all that has no option.
//!
//! How: here is what both modes of the panel have; `mirroring`, with `origins`, and `redirection` are the rest of each.

mod mirroring;
mod origins;
mod redirection;

#[cfg(test)]
mod tests;

use anyhow::{bail, ensure};
use clap::Args;
use headwater_model::rule::{Condition, RedirectType, RoutingRule, validate};
use headwater_model::website::Website;

use self::mirroring::MirrorOptions;
use self::redirection::RedirectOptions;

const FLAG: &str = "true|false";

/// The fields; what is not given stays as it is, or has the default of the panel.
#[derive(Args, Debug, Default)]
pub(crate) struct RuleOptions {
    /// Origin URL, first column: http or https [default: https]
    #[arg(long, value_name = "http|https", value_parser = ["http", "https"], hide_possible_values = true)]
    protocol: Option<String>,
    /// Origin URL, second column: where the origin is, or where clients are sent
    #[arg(long, value_name = "HOST[:PORT]")]
    domain: Option<String>,
    #[command(flatten)]
    mirroring: MirrorOptions,
    /// File Name Prefix: for keys that begin so; empty for any
    #[arg(long, value_name = "TEXT")]
    prefix: Option<String>,
    /// File Name Suffix: for keys that end so; empty for any
    #[arg(long, value_name = "TEXT")]
    suffix: Option<String>,
    /// Replace the prefix with TEXT; without TEXT delete it
    #[arg(long, value_name = "TEXT", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    replace_prefix: Option<String>,
    /// Neither replace nor delete the prefix
    #[arg(long, conflicts_with = "replace_prefix")]
    keep_prefix: bool,
    /// Transfer queryString
    #[arg(long, value_name = FLAG, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          hide_possible_values = true)]
    pass_query: Option<bool>,
    #[command(flatten)]
    redirection: RedirectOptions,
}

impl RuleOptions {
    /// Whether nothing is named.
    pub(super) fn is_empty(&self) -> bool {
        let texts = [&self.protocol, &self.domain, &self.prefix, &self.suffix, &self.replace_prefix];
        texts.iter().all(|text| text.is_none())
            && !self.keep_prefix
            && self.pass_query.is_none()
            && self.mirroring.named().is_none()
            && self.redirection.named().is_none()
    }

    /// The rule that is meant: a new one, or `stored` with what is named.
    ///
    /// # Errors
    /// What is missing or wrong, by the name of its option or of its element in the document; an option of the other mode;
    /// a stored rule that has no form.
    pub(super) fn rule(&self, number: u32, stored: Option<&RoutingRule>) -> anyhow::Result<RoutingRule> {
        let redirects = match stored.map(RoutingRule::kind) {
            None => self.redirection.is_chosen(),
            Some(Some(RedirectType::Mirror)) => false,
            Some(Some(RedirectType::External | RedirectType::AliCdn)) => true,
            Some(_) => bail!("rule {number} has no form; change it with headwater rule export and import"),
        };
        let foreign = if redirects { self.mirroring.named() } else { self.redirection.named() };
        if let Some(option) = foreign {
            let (its, other) = if redirects { ("redirects", "fetch") } else { ("fetches", "redirect") };
            bail!("--{option} is for rules that {other}, and this one {its}");
        }
        let mut rule = stored.cloned().unwrap_or_else(|| RoutingRule {
            number,
            condition: Condition { error_code: Some(404), ..Condition::default() },
            redirect: None,
            lua: None,
        });
        // Both are asked of the rule as it was: the directory may stand for its prefix.
        let redirect = if redirects { self.redirect(&mut rule)? } else { self.mirror(&rule)? };
        rule.redirect = Some(redirect);
        for (given, element) in
            [(&self.prefix, &mut rule.condition.key_prefix), (&self.suffix, &mut rule.condition.key_suffix)]
        {
            if let Some(text) = given {
                *element = filled(text);
            }
        }
        validate(&Website { rules: vec![rule.clone()], ..Website::default() }).map_err(super::told)?;
        Ok(rule)
    }

    /// The prefix that the rule will have, which must be there if it is to be replaced.
    fn prefix_after<'p>(&'p self, rule: &'p RoutingRule) -> anyhow::Result<&'p str> {
        let stored = rule.condition.key_prefix.as_deref().unwrap_or_default();
        let prefix = self.prefix.as_deref().unwrap_or(stored);
        ensure!(
            self.replace_prefix.is_none() || !prefix.is_empty(),
            "--replace-prefix needs a prefix to replace; give --prefix too"
        );
        Ok(prefix)
    }

    fn checked_domain(&self) -> anyhow::Result<Option<&str>> {
        let domain = self.domain.as_deref();
        ensure!(
            !domain.is_some_and(|host| host.contains(['/', '?', '#', '\\'])),
            "--domain {:?} holds more than a host; --protocol takes what stands before it",
            domain.unwrap_or_default()
        );
        Ok(domain)
    }
}

/// The text of an element; an empty one is none.
fn filled(text: &str) -> Option<Box<str>> {
    (!text.is_empty()).then(|| text.into())
}
