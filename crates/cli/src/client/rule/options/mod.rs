//! What a rule shall be, in the fields of the vendor's panel "Create Rule".
//!
//! Guarantees: of a rule that is edited only what is named changes, and whatever has no option is kept; what comes out would
//! be accepted as a document. `rule export` and `rule import` are for all that has no option.

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use headwater_model::rule::rewriting::{Columns, three_columns};
use headwater_model::rule::{Condition, KeyValue, MirrorHeaders, Redirect, RedirectType, RoutingRule, validate};
use headwater_model::website::Website;

/// The fields; what is not given stays as it is, or has the default of the panel.
#[derive(Args, Debug, Default)]
pub(crate) struct RuleOptions {
    /// Origin URL, first column: http or https [default: https]
    #[arg(long, value_name = "http|https", value_parser = ["http", "https"], hide_possible_values = true)]
    protocol: Option<String>,
    /// Origin URL, second column: where the origin is
    #[arg(long, value_name = "HOST[:PORT]")]
    domain: Option<String>,
    /// Origin URL, third column: a directory at the origin
    #[arg(long, value_name = "DIR")]
    directory: Option<String>,
    /// The whole MirrorURL instead of the three columns
    #[arg(long, value_name = "URL", conflicts_with_all = ["protocol", "domain", "directory"])]
    origin_url: Option<String>,
    /// File Name Prefix: for keys that begin so; empty for any
    #[arg(long, value_name = "TEXT")]
    prefix: Option<String>,
    /// File Name Suffix: for keys that end so; empty for any
    #[arg(long, value_name = "TEXT")]
    suffix: Option<String>,
    /// Replace the prefix with TEXT when the origin is asked; without TEXT delete it
    #[arg(long, value_name = "TEXT", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    replace_prefix: Option<String>,
    /// Neither replace nor delete the prefix
    #[arg(long, conflicts_with = "replace_prefix")]
    keep_prefix: bool,
    /// Keep Forward Slash in Origin URL
    #[arg(long, value_name = FLAG, num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    keep_forward_slash: Option<bool>,
    /// Perform MD5 verification
    #[arg(long, value_name = FLAG, num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    check_md5: Option<bool>,
    /// Transfer queryString
    #[arg(long, value_name = FLAG, num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    pass_query: Option<bool>,
    /// Follow Origin to Redirect Request [default: true]
    #[arg(long, value_name = FLAG, num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    follow_redirects: Option<bool>,
    /// OSS Private Bucket: the origin is a private bucket of this server
    #[arg(long, value_name = FLAG, num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    private_bucket: Option<bool>,
    /// Transmit All HTTP Headers of the client
    #[arg(long, value_name = FLAG, num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
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
}

const FLAG: &str = "true|false";

impl RuleOptions {
    /// Whether nothing is named.
    pub(super) fn is_empty(&self) -> bool {
        let Self { transmit_header, prohibit_header, set_header, .. } = self;
        let texts = [&self.protocol, &self.domain, &self.directory, &self.origin_url, &self.prefix, &self.suffix];
        let flags = [self.keep_forward_slash, self.check_md5, self.pass_query, self.follow_redirects];
        let more = [self.private_bucket, self.transmit_all_headers];
        let lists = [transmit_header, prohibit_header, set_header];
        texts.iter().all(|text| text.is_none())
            && flags.iter().chain(&more).all(Option::is_none)
            && lists.iter().all(|list| list.is_empty())
            && self.replace_prefix.is_none()
            && !self.keep_prefix
    }

    /// The rule that is meant: a new one, or `stored` with what is named.
    ///
    /// # Errors
    /// What is missing or wrong, by the name of its option or of its element in the document; a stored rule that fetches
    /// nothing.
    pub(super) fn rule(&self, number: u32, stored: Option<&RoutingRule>) -> anyhow::Result<RoutingRule> {
        let mut rule = stored.cloned().unwrap_or_else(|| RoutingRule {
            number,
            condition: Condition { error_code: Some(404), ..Condition::default() },
            redirect: Some(Redirect { kind: RedirectType::Mirror, ..Redirect::default() }),
            lua: None,
        });
        if rule.kind() != Some(RedirectType::Mirror) {
            bail!("rule {number} fetches nothing, and these options are for rules that do; use rule export and import");
        }
        // Asked of the rule as it was: the directory may stand for its prefix.
        let columns = self.columns(&rule, stored.is_some())?;
        for (given, element) in
            [(&self.prefix, &mut rule.condition.key_prefix), (&self.suffix, &mut rule.condition.key_suffix)]
        {
            if let Some(text) = given {
                *element = Some(text.as_str()).filter(|text| !text.is_empty()).map(Into::into);
            }
        }
        let mut redirect = rule.redirect.take().unwrap_or_default();
        if let Some(columns) = columns {
            redirect.enable_replace_prefix = columns.enable_replace_prefix;
            redirect.replace_key_prefix_with = columns.replace_key_prefix_with;
            redirect.mirror.url = columns.mirror.url;
        }
        self.write_flags(&mut redirect);
        self.write_headers(&mut redirect)?;
        redirect.materialise_defaults();
        rule.redirect = Some(redirect);
        validate(&Website { rules: vec![rule.clone()], ..Website::default() }).map_err(super::told)?;
        Ok(rule)
    }

    /// URL and replacement of the columns; none if neither they nor the prefix are named.
    fn columns(&self, rule: &RoutingRule, is_stored: bool) -> anyhow::Result<Option<Redirect>> {
        let named =
            [&self.protocol, &self.domain, &self.directory, &self.origin_url, &self.prefix, &self.replace_prefix];
        if is_stored && named.iter().all(|option| option.is_none()) && !self.keep_prefix {
            return Ok(None);
        }
        let shown = Columns::of(rule);
        let prefix = self.prefix.as_deref().unwrap_or(shown.prefix);
        let replace = self.replace_prefix.as_deref().or(shown.replace.filter(|_| !self.keep_prefix));
        ensure!(
            self.replace_prefix.is_none() || !prefix.is_empty(),
            "--replace-prefix needs a prefix to replace; give --prefix too"
        );
        if let Some(url) = &self.origin_url {
            let slash = if url.ends_with('/') { "" } else { "/" };
            let mut redirect = rule.redirect.clone().unwrap_or_default();
            redirect.mirror.url = Some(format!("{url}{slash}").into());
            redirect.enable_replace_prefix = replace.map(|_| true);
            redirect.replace_key_prefix_with = replace.filter(|text| !text.is_empty()).map(Into::into);
            return Ok(Some(redirect));
        }
        let host = self.domain.as_deref().unwrap_or(shown.host);
        ensure!(!host.is_empty(), "no origin is named; give --domain HOST[:PORT], or --origin-url URL");
        ensure!(
            !host.contains(['/', '?', '#', '\\']),
            "--domain {host:?} holds more than a host; scheme and directory go into --protocol and --directory"
        );
        let path = self.directory.as_deref().unwrap_or(shown.path);
        ensure!(
            !path.split('/').any(|level| matches!(level, "." | "..")),
            "--directory {path:?} has a . or .. level, which origins resolve to another place; name the directory itself"
        );
        let scheme = self.protocol.as_deref().unwrap_or(shown.scheme);
        Ok(three_columns(1, &Columns { scheme, host, path, prefix, replace }).redirect)
    }

    fn write_flags(&self, redirect: &mut Redirect) {
        let mirror = &mut redirect.mirror;
        for (given, element) in [
            (self.keep_forward_slash, &mut mirror.pass_original_slashes),
            (self.check_md5, &mut mirror.check_md5),
            (self.follow_redirects, &mut mirror.follow_redirect),
            (self.private_bucket, &mut mirror.using_role),
            (self.pass_query, &mut mirror.pass_query_string),
            (self.pass_query, &mut redirect.pass_query_string),
        ] {
            if given.is_some() {
                *element = given;
            }
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
                *list = given.iter().filter(|name| !name.is_empty()).map(|name| name.trim().into()).collect();
            }
        }
        if !self.set_header.is_empty() {
            let given = self.set_header.iter().filter(|field| !field.is_empty());
            headers.set = given.map(|field| set(field)).collect::<anyhow::Result<_>>()?;
        }
        Ok(())
    }
}

fn set(field: &str) -> anyhow::Result<KeyValue> {
    let (name, value) = field.split_once(':').with_context(|| format!("--set-header {field:?} is not NAME: VALUE"))?;
    let (name, value) = (name.trim(), value.trim());
    let value = match value.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("cannot read {file} for {name}"))?,
        None => value.to_owned(),
    };
    Ok(KeyValue { key: name.into(), value: value.trim_end_matches(['\n', '\r']).into() })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: RuleOptions,
    }

    fn options(line: &str) -> RuleOptions {
        Line::try_parse_from(["rule"].into_iter().chain(line.split_whitespace())).unwrap().options
    }

    fn made(line: &str) -> RoutingRule {
        options(line).rule(1, None).unwrap()
    }

    fn edited(rule: &RoutingRule, line: &str) -> RoutingRule {
        options(line).rule(rule.number, Some(rule)).unwrap()
    }

    #[test]
    fn the_three_columns_make_the_documented_rule() {
        let rule = made("--protocol http --domain www.example.com --directory examplefolder --prefix examplefolder/");
        let columns = Columns {
            scheme: "http",
            host: "www.example.com",
            path: "examplefolder",
            prefix: "examplefolder/",
            replace: None,
        };
        assert_eq!(rule, three_columns(1, &columns));
        assert_eq!(made("--domain o.example:8443").mirror_url(), Some("https://o.example:8443/"));
        assert_eq!(made("--origin-url http://o.example/a").mirror_url(), Some("http://o.example/a/"));
        let plain = RoutingRule::mirror_all(1, "http://o.example/");
        assert_eq!(made("--origin-url http://o.example"), plain, "defaults are filled in");
    }

    #[test]
    fn only_what_is_named_changes() {
        let mut stored = made(
            "--domain o.example --directory d --prefix p/ --replace-prefix=q/ --check-md5 --follow-redirects=false \
             --transmit-header accept --prohibit-header cookie",
        );
        stored.redirect.as_mut().unwrap().mirror.allow_head_object = Some(true);
        assert_eq!(edited(&stored, ""), stored);
        assert!(options("").is_empty() && !options("--keep-prefix").is_empty());
        let secure = edited(&stored, "--protocol http");
        assert_eq!(secure.mirror_url(), Some("http://o.example/d/"));
        assert_eq!(edited(&secure, "--protocol https"), stored);
        assert_eq!(edited(&edited(&stored, "--suffix .jpg --pass-query"), "--suffix= --pass-query=false"), stored);
        let kept = edited(&stored, "--keep-prefix");
        assert_eq!(kept.redirect.as_ref().unwrap().replace_key_prefix_with, None);
        assert_eq!(edited(&kept, "--replace-prefix=q/"), stored);
        let elsewhere = edited(&stored, "--origin-url http://else.example/");
        let redirect = elsewhere.redirect.as_ref().unwrap();
        assert_eq!(
            (elsewhere.mirror_url(), redirect.enable_replace_prefix),
            (Some("http://else.example/"), Some(true))
        );
        let headers = |rule: &RoutingRule| rule.mirror().unwrap().headers.clone().unwrap();
        assert_eq!(headers(&stored).pass, ["accept".into()]);
        assert_eq!(headers(&edited(&stored, "--transmit-header=")).pass, []);
        assert_eq!(headers(&edited(&stored, "--transmit-header=")).remove, ["cookie".into()]);
    }

    #[test]
    fn headers_are_set_from_files_too() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        std::fs::write(&file, "secret\n").unwrap();
        assert_eq!(&*set(&format!("x-token: @{}", file.display())).unwrap().value, "secret");
        assert_eq!(set("a:b:c").unwrap(), KeyValue { key: "a".into(), value: "b:c".into() });
        assert!(set("x-token").is_err() && set("x: @/no/such/file").is_err());
    }

    #[test]
    fn faults_name_their_option_or_element() {
        let refused = |line: &str| options(line).rule(1, None).unwrap_err().to_string();
        for (line, words) in [
            ("--prefix a/", "--domain"),
            ("--domain http://a", "--protocol"),
            ("--domain a --directory ../b", "--directory"),
            ("--domain a --replace-prefix", "--prefix"),
            ("--domain a_b?", "--domain"),
            ("--origin-url ftp://a/", "MirrorURL"),
            ("--domain a --transmit-header a_b", "Pass"),
        ] {
            assert!(refused(line).contains(words), "{line}: {}", refused(line));
        }
        let mut redirection = RoutingRule::mirror_all(1, "http://a/");
        redirection.redirect.as_mut().unwrap().kind = RedirectType::External;
        assert!(options("--suffix a").rule(1, Some(&redirection)).is_err());
        assert!(Line::try_parse_from(["rule", "--origin-url", "http://a/", "--domain", "a"]).is_err());
    }
}
