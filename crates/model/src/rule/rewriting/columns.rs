//! The three-column form of consoles (oss-mirroring 4.3).

use crate::rule::{Condition, Mirror, Redirect, RedirectType, RoutingRule};

/// What a form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns<'c> {
    /// Column 1: `http` or `https`.
    pub scheme: &'c str,
    /// Column 2: host, perhaps with a port.
    pub host: &'c str,
    /// Column 3: directory on the origin; slashes around it do not matter.
    pub path: &'c str,
    /// File name prefix; empty means every key.
    pub prefix: &'c str,
    /// "Replace or delete file prefix": `None` if not ticked; empty deletes the prefix.
    pub replace: Option<&'c str>,
}

impl<'r> Columns<'r> {
    /// The columns that show a Mirror rule; [`three_columns`] makes them its URL and its replacement again.
    pub fn of(rule: &'r RoutingRule) -> Self {
        let url = rule.mirror_url().unwrap_or_default();
        let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = rule.condition.key_prefix.as_deref().unwrap_or_default();
        let redirect = rule.redirect.as_ref();
        let replacement = redirect.and_then(|redirect| redirect.replace_key_prefix_with.as_deref()).unwrap_or_default();
        let flag = redirect.and_then(|redirect| redirect.enable_replace_prefix);
        // An explicit "no" still puts a replacement in front of keys that need no prefix.
        let replaces = flag.unwrap_or(!replacement.is_empty()) || (prefix.is_empty() && !replacement.is_empty());
        let path = path.strip_suffix('/').unwrap_or(path);
        Self { scheme, host, path, prefix, replace: replaces.then_some(replacement) }
    }
}

/// The rule that a form means: a Mirror rule with the defaults that OSS fills in.
///
/// Column 3 goes in front of the rewritten key. Only if it names the very prefix, and the prefix is not replaced, the two
/// collapse into one: the classic example of the vendor has `examplefolder` in both and means one directory.
pub fn three_columns(number: u32, columns: &Columns<'_>) -> RoutingRule {
    let path = columns.path.trim_matches('/');
    let directory = if path.is_empty() { String::new() } else { format!("{path}/") };
    let url = format!("{}://{}/{directory}", columns.scheme, columns.host);
    let names_prefix = !directory.is_empty() && directory == columns.prefix;
    let mut redirect = Redirect {
        kind: RedirectType::Mirror,
        enable_replace_prefix: (names_prefix || columns.replace.is_some()).then_some(true),
        replace_key_prefix_with: columns.replace.filter(|replacement| !replacement.is_empty()).map(Into::into),
        mirror: Mirror { url: Some(url.into()), ..Mirror::default() },
        ..Redirect::default()
    };
    redirect.materialise_defaults();
    let condition = Condition {
        key_prefix: Some(columns.prefix).filter(|prefix| !prefix.is_empty()).map(Into::into),
        error_code: Some(404),
        ..Condition::default()
    };
    RoutingRule { number, condition, redirect: Some(redirect), lua: None }
}
