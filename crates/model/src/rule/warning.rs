//! What works and is probably not meant: rules that nothing reaches, and options that let one client's request shape
//! what all others are given.

use crate::rule::{RedirectType, RoutingRule};

/// The rules of the list that nothing reaches, with a sentence for each.
pub fn of_order(rules: &[RoutingRule]) -> Vec<(u32, String)> {
    let mut warnings = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let earlier = &rules[..at];
        if let Some(equal) =
            earlier.iter().find(|earlier| is_asked(earlier) && same_names(earlier, rule) && covers(earlier, rule))
        {
            warnings.push((
                rule.number,
                format!("Rule {} is never reached: rule {} has the same prerequisites.", rule.number, equal.number),
            ));
        } else if let Some(wider) = earlier.iter().find(|earlier| covers(earlier, rule)) {
            warnings.push((
                rule.number,
                format!(
                    "Rule {} is never reached: rule {} applies to everything that it would. Move it up, or narrow rule {}.",
                    rule.number, wider.number, wider.number
                ),
            ));
        }
    }
    warnings
}

/// The rule that makes `rule` indistinct in the vendor's sense: the same prefix and the same suffix.
pub fn indistinct<'r>(rule: &RoutingRule, others: &'r [RoutingRule]) -> Option<&'r RoutingRule> {
    others.iter().find(|other| !other.is_of_site() && same_names(other, rule))
}

/// The refusal of a rule that is not distinct.
pub fn not_distinct(rule: &RoutingRule, other: &RoutingRule) -> String {
    let words = match (prefix_of(rule), suffix_of(rule)) {
        ("", "") => "no prefix and no suffix".to_owned(),
        (prefix, "") => format!("the prefix {prefix} and no suffix"),
        ("", suffix) => format!("no prefix and the suffix {suffix}"),
        (prefix, suffix) => format!("the prefix {prefix} and the suffix {suffix}"),
    };
    format!(
        "Rules must differ in File Name Prefix or File Name Suffix: rule {} has {words}, too. Set another prefix or suffix.",
        other.number
    )
}

/// What is to be known about one rule.
pub fn of_rule(rule: &RoutingRule) -> Vec<String> {
    let mut warnings = Vec::new();
    if rule.condition.key_prefix.as_deref().is_some_and(|prefix| prefix.starts_with(['/', '\\'])) {
        warnings.push(
            "File names never begin with / or \\: with this File Name Prefix the rule applies to nothing.".into(),
        );
    }
    let Some(mirror) = rule.mirror() else { return warnings };
    if rule.passes_query() {
        warnings.push(
            "Transfer queryString: the query is no part of the file name. Requests for one file with different queries \
             share one stored object, and the first request decides what it is."
                .into(),
        );
    }
    let (pass_all, pass) =
        mirror.headers.as_ref().map_or((false, &[][..]), |headers| (headers.pass_all == Some(true), &*headers.pass));
    let names = |name: &str| pass.iter().any(|passed| passed.eq_ignore_ascii_case(name));
    if pass_all {
        warnings.push(
            "Transmit All HTTP Headers: the headers of whoever asks first may shape the object that is stored for all. \
             Answers to requests with cookies are not stored."
                .into(),
        );
        if mirror.using_role == Some(true) {
            warnings.push("Headers of clients can break the signature of requests to an OSS Private Bucket.".into());
        }
    } else if !pass.is_empty() {
        warnings.push(format!(
            "{} of whoever asks first may shape the object that is stored for all.",
            pass.iter().map(|name| &**name).collect::<Vec<_>>().join(", ")
        ));
    }
    if names("accept-encoding") {
        warnings.push("Accept-Encoding: the origin may compress, and what is stored is compressed for all.".into());
    }
    if !pass_all && names("cookie") {
        warnings.push("Cookie: answers to requests with cookies are not stored.".into());
    }
    warnings.extend(doubled_directory(rule));
    warnings
}

/// Column 3 and the prefix begin alike and both stay in the URL.
fn doubled_directory(rule: &RoutingRule) -> Option<String> {
    let prefix = prefix_of(rule);
    let (first, _) = prefix.split_once('/')?;
    let redirect = rule.redirect.as_ref()?;
    let stays = redirect.enable_replace_prefix != Some(true) && redirect.replace_key_prefix_with.is_none();
    let (_, rest) = rule.mirror_url()?.split_once("://")?;
    let (_, path) = rest.split_once('/')?;
    (stays && !first.is_empty() && path.split('/').next() == Some(first)).then(|| {
        format!(
            "The third column of Origin URL and the File Name Prefix both begin with {first}: the origin is asked for \
             /{path}{prefix}… If {first} is meant once, tick Replace or Delete File Prefix or clear the third column."
        )
    })
}

fn prefix_of(rule: &RoutingRule) -> &str {
    rule.condition.key_prefix.as_deref().unwrap_or_default()
}

fn suffix_of(rule: &RoutingRule) -> &str {
    rule.condition.key_suffix.as_deref().unwrap_or_default()
}

fn same_names(one: &RoutingRule, other: &RoutingRule) -> bool {
    (prefix_of(one), suffix_of(one)) == (prefix_of(other), suffix_of(other))
}

/// Whether misses come to it at all.
fn is_asked(rule: &RoutingRule) -> bool {
    rule.kind().is_some_and(|kind| !kind.is_of_site())
}

/// Whether every request that meets `inner` meets `outer`.
fn covers(outer: &RoutingRule, inner: &RoutingRule) -> bool {
    let status = |rule: &RoutingRule| match rule.kind() {
        Some(RedirectType::Mirror) => 404,
        _ => rule.condition.error_code.unwrap_or(404),
    };
    is_asked(outer)
        && is_asked(inner)
        && status(outer) == status(inner)
        && prefix_of(inner).starts_with(prefix_of(outer))
        && suffix_of(inner).ends_with(suffix_of(outer))
        && outer.condition.include_headers.iter().all(|header| inner.condition.include_headers.contains(header))
}

#[cfg(test)]
mod tests {
    use crate::rule::{IncludeHeader, MirrorHeaders};

    use super::*;

    fn rule(number: u32, prefix: &str, suffix: &str) -> RoutingRule {
        let mut rule = RoutingRule::mirror_all(number, "https://origin.example/");
        rule.condition.key_prefix = Some(prefix.into());
        rule.condition.key_suffix = Some(suffix.into());
        rule
    }

    fn numbers(rules: &[RoutingRule]) -> Vec<u32> {
        of_order(rules).into_iter().map(|(number, _)| number).collect()
    }

    #[test]
    fn rules_behind_wider_ones_are_never_reached() {
        assert_eq!(numbers(&[rule(1, "a/", ""), rule(2, "a/b/", ""), rule(3, "b/", ".jpg")]), [2]);
        assert_eq!(numbers(&[rule(1, "a/b/", ""), rule(2, "a/", "")]), [0; 0]);
        assert_eq!(numbers(&[rule(1, "", ".jpg"), rule(2, "a/", "b.jpg"), rule(3, "a/", "")]), [2]);
        let equal = of_order(&[rule(1, "a/", ""), rule(2, "a/", "")]);
        assert!(equal[0].1.contains("same prerequisites"), "{equal:?}");
    }

    #[test]
    fn another_status_or_a_demanded_header_leaves_the_rest_to_later_rules() {
        let mut demanding = rule(1, "", "");
        demanding.condition.include_headers.push(IncludeHeader { key: "host".into(), ..IncludeHeader::default() });
        assert_eq!(numbers(&[demanding.clone(), rule(2, "a/", "")]), [0; 0]);
        let mut as_demanding = demanding.clone();
        as_demanding.number = 2;
        assert_eq!(numbers(&[demanding, as_demanding]), [2]);
        let mut forbidden = rule(1, "", "");
        forbidden.redirect.as_mut().unwrap().kind = RedirectType::External;
        forbidden.condition.error_code = Some(403);
        assert_eq!(numbers(&[forbidden, rule(2, "a/", "")]), [0; 0]);
    }

    #[test]
    fn equal_names_are_not_distinct() {
        let others = [rule(1, "a/", ""), rule(2, "", ".jpg")];
        assert!(indistinct(&rule(3, "a/", ".jpg"), &others).is_none());
        let new = rule(3, "a/", "");
        let message = not_distinct(&new, indistinct(&new, &others).unwrap());
        assert!(message.contains("rule 1 has the prefix a/ and no suffix"), "{message}");
        assert!(message.starts_with("Rules must differ in File Name Prefix or File Name Suffix"), "{message}");
    }

    #[test]
    fn options_that_shape_what_is_stored_are_told() {
        let mut rule = rule(1, "examplefolder/", "");
        assert_eq!(of_rule(&rule), [""; 0]);
        let mirror = &mut rule.redirect.as_mut().unwrap().mirror;
        mirror.pass_query_string = Some(true);
        let pass = vec!["Accept-Encoding".into(), "cookie".into()];
        mirror.headers = Some(MirrorHeaders { pass, ..MirrorHeaders::default() });
        mirror.url = Some("https://origin.example/examplefolder/".into());
        let warnings = of_rule(&rule);
        for part in ["share one stored object", "asks first", "compressed for all", "not stored", "both begin with"] {
            assert!(warnings.iter().any(|warning| warning.contains(part)), "{part}: {warnings:?}");
        }
        let redirect = rule.redirect.as_mut().unwrap();
        redirect.enable_replace_prefix = Some(true);
        redirect.mirror.headers.as_mut().unwrap().pass_all = Some(true);
        redirect.mirror.using_role = Some(true);
        let warnings = of_rule(&rule);
        assert!(warnings.iter().any(|warning| warning.contains("signature")), "{warnings:?}");
        assert!(!warnings.iter().any(|warning| warning.contains("both begin with")), "{warnings:?}");
    }
}
