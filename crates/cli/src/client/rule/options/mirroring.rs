//! Mirroring: fetch from an origin, and store.

use anyhow::{Context as _, ensure};
use clap::Args;
use headwater_model::rule::forwarding::{SentBy, is_sent};
use headwater_model::rule::rewriting::{Columns, three_columns};
use headwater_model::rule::{KeyValue, MirrorHeaders, Redirect, RedirectType, RoutingRule};

use super::origins::OriginOptions;
use super::{FLAG, RuleOptions, filled};

/// What rules have that fetch.
#[derive(Args, Debug, Default)]
pub(super) struct MirrorOptions {
    /// Origin URL, third column: a directory at the origin
    #[arg(long, value_name = "DIR")]
    directory: Option<String>,
    /// The whole MirrorURL instead of the three columns
    #[arg(long, value_name = "URL", conflicts_with_all = ["protocol", "domain", "directory"])]
    origin_url: Option<String>,
    /// Keep Forward Slash in Origin URL
    #[arg(long, value_name = FLAG, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          hide_possible_values = true)]
    keep_forward_slash: Option<bool>,
    /// Perform MD5 verification
    #[arg(long, value_name = FLAG, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          hide_possible_values = true)]
    check_md5: Option<bool>,
    /// Follow Origin to Redirect Request [default: true]
    #[arg(long, value_name = FLAG, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          hide_possible_values = true)]
    follow_redirects: Option<bool>,
    /// OSS Private Bucket: the origin is a private bucket of this server
    #[arg(long, value_name = FLAG, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          hide_possible_values = true)]
    private_bucket: Option<bool>,
    /// The role that reads a private bucket; kept and echoed
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
    /// Transmit All HTTP Headers of the client
    #[arg(long, value_name = FLAG, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          hide_possible_values = true)]
    transmit_all_headers: Option<bool>,
    /// Transmit this header of the client (repeatable; replaces the list, and empty empties it)
    #[arg(long, value_name = "NAME")]
    transmit_header: Vec<String>,
    /// Prohibit Transmission of this header (repeatable; replaces the list, and empty empties it)
    #[arg(long, value_name = "NAME")]
    prohibit_header: Vec<String>,
    /// Set a header; a value @FILE is a file's text (repeatable; replaces the list, and empty empties it)
    #[arg(long, value_name = "NAME: VALUE")]
    set_header: Vec<String>,
    #[command(flatten)]
    origins: OriginOptions,
}

impl MirrorOptions {
    /// An option that is named.
    pub(super) fn named(&self) -> Option<&'static str> {
        let options = [
            ("directory", self.directory.is_some()),
            ("origin-url", self.origin_url.is_some()),
            ("keep-forward-slash", self.keep_forward_slash.is_some()),
            ("check-md5", self.check_md5.is_some()),
            ("follow-redirects", self.follow_redirects.is_some()),
            ("private-bucket", self.private_bucket.is_some()),
            ("role", self.role.is_some()),
            ("transmit-all-headers", self.transmit_all_headers.is_some()),
            ("transmit-header", !self.transmit_header.is_empty()),
            ("prohibit-header", !self.prohibit_header.is_empty()),
            ("set-header", !self.set_header.is_empty()),
        ];
        options.into_iter().find_map(|(name, is_named)| is_named.then_some(name)).or_else(|| self.origins.named())
    }

    fn write_flags(&self, redirect: &mut Redirect) {
        let mirror = &mut redirect.mirror;
        for (given, element) in [
            (self.keep_forward_slash, &mut mirror.pass_original_slashes),
            (self.check_md5, &mut mirror.check_md5),
            (self.follow_redirects, &mut mirror.follow_redirect),
            (self.private_bucket, &mut mirror.using_role),
        ] {
            if given.is_some() {
                *element = given;
            }
        }
        if let Some(role) = &self.role {
            mirror.role = filled(role);
        }
    }

    fn write_headers(&self, redirect: &mut Redirect) -> anyhow::Result<()> {
        let headers = redirect.mirror.headers.get_or_insert_with(MirrorHeaders::default);
        if self.transmit_all_headers.is_some() {
            headers.pass_all = self.transmit_all_headers;
        }
        for (given, list) in [(&self.transmit_header, &mut headers.pass), (&self.prohibit_header, &mut headers.remove)]
        {
            if !given.is_empty() {
                *list = given.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).map(Into::into).collect();
            }
        }
        if !self.set_header.is_empty() {
            let given = self.set_header.iter().filter(|field| !field.is_empty());
            headers.set = given.map(|field| set(field)).collect::<anyhow::Result<_>>()?;
        }
        let never = |name: &str| format!("{name} is never sent to origins; leave it out");
        let pass = headers.pass.iter().find(|name| !self.transmit_header.is_empty() && !is_sent(name, SentBy::Pass));
        ensure!(pass.is_none(), "--transmit-header {}", never(pass.map_or("", |name| name)));
        let set = headers.set.iter().find(|field| !self.set_header.is_empty() && !is_sent(&field.key, SentBy::Set));
        ensure!(set.is_none(), "--set-header {}", never(set.map_or("", |field| &field.key)));
        Ok(())
    }
}

impl RuleOptions {
    /// What a rule does that fetches.
    pub(super) fn mirror(&self, rule: &RoutingRule) -> anyhow::Result<Redirect> {
        let mut redirect = match &rule.redirect {
            Some(redirect) => redirect.clone(),
            None => Redirect { kind: RedirectType::Mirror, ..Redirect::default() },
        };
        if rule.redirect.is_none() || self.moves_url() {
            self.write_url(rule, &mut redirect)?;
        }
        if self.pass_query.is_some() {
            (redirect.pass_query_string, redirect.mirror.pass_query_string) = (self.pass_query, self.pass_query);
        }
        self.mirroring.write_flags(&mut redirect);
        self.mirroring.write_headers(&mut redirect)?;
        self.mirroring.origins.write(&mut redirect.mirror)?;
        redirect.materialise_defaults();
        Ok(redirect)
    }

    /// Whether what is named takes part in the URL.
    fn moves_url(&self) -> bool {
        let MirrorOptions { directory, origin_url, .. } = &self.mirroring;
        let named = [&self.protocol, &self.domain, directory, origin_url, &self.prefix, &self.replace_prefix];
        self.keep_prefix || named.iter().any(|option| option.is_some())
    }

    /// URL and replacement, of the columns or of the whole URL.
    fn write_url(&self, rule: &RoutingRule, redirect: &mut Redirect) -> anyhow::Result<()> {
        let shown = Columns::of(rule);
        let prefix = self.prefix_after(rule)?;
        let replace = self.replace_prefix.as_deref().or(shown.replace.filter(|_| !self.keep_prefix));
        if let Some(url) = &self.mirroring.origin_url {
            let slash = if url.ends_with('/') { "" } else { "/" };
            redirect.mirror.url = Some(format!("{url}{slash}").into());
            redirect.enable_replace_prefix = replace.map(|_| true);
            redirect.replace_key_prefix_with = replace.and_then(filled);
            return Ok(());
        }
        let host = self.checked_domain()?.unwrap_or(shown.host);
        ensure!(!host.is_empty(), "no origin is named; give --domain HOST[:PORT], or --origin-url URL");
        let path = self.mirroring.directory.as_deref().unwrap_or(shown.path);
        ensure!(
            !path.split('/').any(|level| matches!(level, "." | "..")),
            "--directory {path:?} has a . or .. level, which origins resolve to another place; name the directory itself"
        );
        let scheme = self.protocol.as_deref().unwrap_or(shown.scheme);
        let meant = three_columns(1, &Columns { scheme, host, path, prefix, replace }).redirect.unwrap_or_default();
        redirect.enable_replace_prefix = meant.enable_replace_prefix;
        redirect.replace_key_prefix_with = meant.replace_key_prefix_with;
        redirect.mirror.url = meant.mirror.url;
        Ok(())
    }
}

/// `NAME: VALUE`.
pub(super) fn set(field: &str) -> anyhow::Result<KeyValue> {
    let (name, value) = field.split_once(':').with_context(|| format!("--set-header {field:?} is not NAME: VALUE"))?;
    let (name, value) = (name.trim(), value.trim());
    let value = match value.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("cannot read {file} for {name}"))?,
        None => value.to_owned(),
    };
    Ok(KeyValue { key: name.into(), value: value.trim_end_matches(['\n', '\r']).into() })
}
