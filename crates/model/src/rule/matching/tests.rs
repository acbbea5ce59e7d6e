use http::HeaderValue;

use super::*;
use crate::rule::{Condition, Redirect};

fn rule(number: u32, kind: RedirectType, condition: Condition) -> RoutingRule {
    RoutingRule { number, condition, redirect: Some(Redirect { kind, ..Redirect::default() }), lua: None }
}

fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::try_from(*value).unwrap());
    }
    headers
}

fn question<'q>(key: &'q str, headers: &'q HeaderMap) -> Question<'q> {
    Question { method: Method::Get, key, error_status: 404, headers }
}

#[test]
fn row_28_prefix_suffix_and_header_must_all_hold() {
    let host = IncludeHeader { key: "Host".into(), equals: Some("a.example".into()), ..IncludeHeader::default() };
    let condition = Condition {
        key_prefix: Some("dir/".into()),
        key_suffix: Some(".jpg".into()),
        error_code: Some(404),
        include_headers: vec![host.clone()],
    };
    let rule = rule(1, RedirectType::Mirror, condition);
    let (right, wrong) = (headers(&[("host", "a.example")]), headers(&[("host", "b.example")]));
    for (key, headers, failing) in [
        ("dir/x.jpg", &right, None),
        ("Dir/x.jpg", &right, Some(Mismatch::KeyPrefix("dir/"))),
        ("dir/x.JPG", &right, Some(Mismatch::KeySuffix(".jpg"))),
        ("dir/x.jpg", &wrong, Some(Mismatch::IncludeHeader(&host))),
    ] {
        assert_eq!(mismatch(&rule, &question(key, headers)), failing, "{key}");
    }
}

#[test]
fn row_26_the_lowest_number_whose_conditions_hold_is_executed() {
    let prefixed = |prefix: &str| Condition { key_prefix: Some(prefix.into()), ..Condition::default() };
    let rules = [
        rule(1, RedirectType::Mirror, prefixed("a/")),
        rule(2, RedirectType::External, prefixed("a/b/")),
        rule(5, RedirectType::External, Condition::default()),
    ];
    let none = HeaderMap::new();
    for (key, number) in [("a/b/c", 1), ("a/", 1), ("b", 5)] {
        assert_eq!(first_match(&rules, &question(key, &none)).map(|rule| rule.number), Some(number), "{key}");
    }
    assert_eq!(first_match(&rules[..2], &question("b", &none)), None);
}

#[test]
fn the_status_decides_and_is_404_by_default() {
    let none = HeaderMap::new();
    let with_code = |code| Condition { error_code: code, ..Condition::default() };
    for (kind, code, status, applies) in [
        (RedirectType::Mirror, None, 404, true),
        (RedirectType::Mirror, Some(404), 403, false),
        (RedirectType::External, None, 404, true),
        (RedirectType::External, None, 403, false),
        (RedirectType::AliCdn, Some(403), 403, true),
        (RedirectType::External, Some(403), 404, false),
    ] {
        let rule = rule(1, kind, with_code(code));
        let question = Question { error_status: status, ..question("k", &none) };
        assert_eq!(mismatch(&rule, &question).is_none(), applies, "{kind:?} {code:?} {status}");
    }
}

#[test]
fn a_header_test_needs_one_value_that_passes_all_of_it() {
    let test = |equals: Option<&str>, starts: Option<&str>, ends: Option<&str>| IncludeHeader {
        key: "X-Kind".into(),
        equals: equals.map(Into::into),
        starts_with: starts.map(Into::into),
        ends_with: ends.map(Into::into),
    };
    for (test, values, holds) in [
        (test(None, None, None), &["anything"][..], true),
        (test(None, None, None), &[], false),
        (test(Some("abc"), None, None), &["abc"], true),
        (test(Some("abc"), None, None), &["ABC"], false),
        (test(Some("abc"), None, None), &["x", "abc"], true),
        (test(None, Some("a"), Some("c")), &["abc"], true),
        (test(None, Some("a"), Some("c")), &["ab", "bc"], false),
        (test(Some("abc"), Some("b"), None), &["abc"], false),
    ] {
        let fields: Vec<_> = values.iter().map(|value| ("x-kind", *value)).collect();
        assert_eq!(header_holds(&test, &headers(&fields)), holds, "{test:?} {values:?}");
    }
}

#[test]
fn a_head_ends_at_a_mirror_rule_that_does_not_allow_it() {
    let none = HeaderMap::new();
    let mut rules =
        [rule(1, RedirectType::Mirror, Condition::default()), rule(2, RedirectType::External, Condition::default())];
    let head = Question { method: Method::Head, ..question("k", &none) };
    assert_eq!(mismatch(&rules[0], &head), Some(Mismatch::HeadNotAllowed));
    assert_eq!(first_match(&rules, &head), None, "no later rule answers for a key that GET would mirror");
    assert_eq!(first_match(&rules[1..], &head).map(|rule| rule.number), Some(2), "redirects answer HEAD");
    rules[0].redirect.as_mut().unwrap().mirror.allow_head_object = Some(true);
    assert_eq!(first_match(&rules, &head).map(|rule| rule.number), Some(1));
}

#[test]
fn a_rule_of_a_script_only_never_applies() {
    let rule = RoutingRule { redirect: None, ..rule(1, RedirectType::Mirror, Condition::default()) };
    assert_eq!(mismatch(&rule, &question("k", &HeaderMap::new())), Some(Mismatch::NoRedirect));
}
