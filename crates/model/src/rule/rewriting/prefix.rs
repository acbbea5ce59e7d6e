//! Rewriting the key (oss-mirroring 4.2).

use std::borrow::Cow;

use crate::rule::{Redirect, RedirectType, RoutingRule};

/// The key that the rule asks for, unencoded. For rules other than Mirror a non-empty `ReplaceKeyWith` is the whole new
/// key; otherwise the prefix is rewritten. The result may be empty.
pub fn rewritten_key<'k>(rule: &RoutingRule, key: &'k str) -> Cow<'k, str> {
    let Some(redirect) = &rule.redirect else { return Cow::Borrowed(key) };
    let template = redirect.replace_key_with.as_deref().filter(|template| !template.is_empty());
    if let Some(template) = template.filter(|_| redirect.kind != RedirectType::Mirror) {
        // S3 knows no variables.
        let is_template = !redirect.kind.is_of_site();
        return Cow::Owned(if is_template { template.replace("${key}", key) } else { template.to_owned() });
    }
    let prefix = rule.condition.key_prefix.as_deref().unwrap_or_default();
    let replacement = redirect.replace_key_prefix_with.as_deref().unwrap_or_default();
    if !replaces_prefix(redirect, prefix, replacement) {
        return Cow::Borrowed(key);
    }
    match (replacement, key.strip_prefix(prefix).unwrap_or(key)) {
        ("", rest) => Cow::Borrowed(rest),
        (replacement, rest) => Cow::Owned([replacement, rest].concat()),
    }
}

/// Whether the prefix gives way to the replacement. A missing `EnableReplacePrefix` means that a replacement, if there
/// is one, counts; an explicit `false` turns it off for mirroring only, as the older interface for redirects ignored it.
/// Without a prefix there is nothing to take away, so a replacement is always put in front.
fn replaces_prefix(redirect: &Redirect, prefix: &str, replacement: &str) -> bool {
    if redirect.kind.is_of_site() {
        // An empty replacement takes the prefix away.
        return redirect.replace_key_prefix_with.is_some();
    }
    match (redirect.enable_replace_prefix, replacement.is_empty()) {
        (Some(true), _) | (None, false) => true,
        (Some(false), false) => prefix.is_empty() || redirect.kind != RedirectType::Mirror,
        (Some(false) | None, true) => false,
    }
}
