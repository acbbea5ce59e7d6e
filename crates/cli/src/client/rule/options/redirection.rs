//! Redirection: send the client elsewhere.

use anyhow::ensure;
use clap::Args;
use headwater_model::rule::{Redirect, RedirectType, RoutingRule};

use super::{FLAG, RuleOptions, filled};

/// What stands for the key in the template of a new key.
const KEY: &str = "${key}";

/// What rules have that redirect.
#[derive(Args, Debug, Default)]
pub(super) struct RedirectOptions {
    /// Send the client elsewhere instead of fetching
    #[arg(long)]
    redirect: bool,
    /// HTTP Status Code that the rule is for, 400 to 599 [default: 404]
    #[arg(long, value_name = "CODE")]
    status_code: Option<u16>,
    /// Redirection Code: 301, 302, 303, 307 or 308 [default: 301]
    #[arg(long, value_name = "CODE")]
    redirect_code: Option<u16>,
    /// Add a prefix, a directory, to the key; empty for none
    #[arg(long, value_name = "DIR/", conflicts_with = "replace_prefix")]
    add_prefix: Option<String>,
    /// Add a suffix to the key; empty for none
    #[arg(long, value_name = "TEXT", conflicts_with = "replace_prefix")]
    add_suffix: Option<String>,
    /// Redirect to a fixed path
    #[arg(long, value_name = "PATH", conflicts_with_all = ["replace_prefix", "add_prefix", "add_suffix"])]
    fixed_path: Option<String>,
    /// Source from Alibaba Cloud CDN
    #[arg(long, value_name = FLAG, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          hide_possible_values = true)]
    from_cdn: Option<bool>,
}

impl RedirectOptions {
    /// Whether a new rule is to redirect.
    pub(super) fn is_chosen(&self) -> bool {
        self.redirect
    }

    /// An option that is named.
    pub(super) fn named(&self) -> Option<&'static str> {
        let options = [
            ("redirect", self.redirect),
            ("status-code", self.status_code.is_some()),
            ("redirect-code", self.redirect_code.is_some()),
            ("add-prefix", self.add_prefix.is_some()),
            ("add-suffix", self.add_suffix.is_some()),
            ("fixed-path", self.fixed_path.is_some()),
            ("from-cdn", self.from_cdn.is_some()),
        ];
        options.into_iter().find_map(|(name, is_named)| is_named.then_some(name))
    }

    /// The template of the new key with what is named of it; none if nothing is.
    fn template(&self, redirect: &Redirect) -> anyhow::Result<Option<String>> {
        if let Some(path) = &self.fixed_path {
            ensure!(!path.is_empty(), "--fixed-path is empty; give a path, as in abc/myphoto.jpg");
            return Ok(Some(path.clone()));
        }
        let stored = redirect.replace_key_with.as_deref().and_then(|template| template.split_once(KEY));
        let (before, after) = stored.unwrap_or_default();
        if self.add_prefix.is_none() && self.add_suffix.is_none() {
            return Ok(None);
        }
        let before = self.add_prefix.as_deref().unwrap_or(before);
        let after = self.add_suffix.as_deref().unwrap_or(after);
        ensure!(
            before.is_empty() || before.ends_with('/'),
            "--add-prefix {before:?} is a directory and ends with /: {before}/"
        );
        Ok(Some(if before.is_empty() && after.is_empty() { String::new() } else { format!("{before}{KEY}{after}") }))
    }
}

impl RuleOptions {
    /// What a rule does that redirects; its condition gets the status.
    pub(super) fn redirect(&self, rule: &mut RoutingRule) -> anyhow::Result<Redirect> {
        let is_new = rule.redirect.is_none();
        let mut redirect = rule.redirect.clone().unwrap_or_default();
        self.prefix_after(rule)?;
        if let Some(host) = self.checked_domain()? {
            redirect.host_name = filled(host);
        }
        if let Some(protocol) = &self.protocol {
            redirect.protocol = filled(protocol);
        } else if is_new && redirect.host_name.is_some() {
            redirect.protocol = Some("https".into());
        }
        if let Some(template) = self.redirection.template(&redirect)? {
            redirect.replace_key_with = filled(&template);
            (redirect.replace_key_prefix_with, redirect.enable_replace_prefix) = (None, None);
        }
        if let Some(replacement) = &self.replace_prefix {
            redirect.replace_key_with = None;
            redirect.replace_key_prefix_with = filled(replacement);
            redirect.enable_replace_prefix = Some(true);
        } else if self.keep_prefix {
            (redirect.replace_key_prefix_with, redirect.enable_replace_prefix) = (None, None);
        }
        let goes_elsewhere = redirect.host_name.is_some()
            || redirect.replace_key_with.is_some()
            || redirect.enable_replace_prefix == Some(true);
        ensure!(
            goes_elsewhere,
            "without a host, and with nothing changed in the key, the client would be sent to where it came from; \
             give --domain HOST[:PORT]"
        );
        redirect.kind = match self.redirection.from_cdn {
            Some(true) => RedirectType::AliCdn,
            Some(false) => RedirectType::External,
            None => redirect.kind,
        };
        redirect.http_redirect_code = self.redirection.redirect_code.or(redirect.http_redirect_code).or(Some(301));
        redirect.pass_query_string = self.pass_query.or(redirect.pass_query_string).or(Some(false));
        rule.condition.error_code = self.redirection.status_code.or(rule.condition.error_code);
        Ok(redirect)
    }
}
