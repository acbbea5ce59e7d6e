//! The matrix of oss-mirroring 2.8, row by row.

use super::*;
use crate::rule::{Alternate, IncludeHeader, KeyValue, LuaConfig};

fn website(rules: Vec<RoutingRule>) -> Website {
    Website { rules, ..Website::default() }
}

fn mirror() -> RoutingRule {
    RoutingRule::mirror_all(1, "http://www.test.com/")
}

fn mirror_with(change: impl FnOnce(&mut Mirror)) -> RoutingRule {
    let mut rule = mirror();
    change(&mut rule.redirect.as_mut().unwrap().mirror);
    rule
}

fn external_with(change: impl FnOnce(&mut Redirect)) -> RoutingRule {
    let mut redirect = Redirect::default();
    change(&mut redirect);
    RoutingRule { number: 1, condition: Condition::default(), redirect: Some(redirect), lua: None }
}

#[track_caller]
fn assert_invalid(website: &Website, element: &str, expected: &str) {
    match validate(website) {
        Err(Error::InvalidArgument { name, value, .. }) => assert_eq!((&*name, &*value), (element, expected)),
        other => panic!("{element}={expected}: {other:?}"),
    }
}

#[track_caller]
fn assert_rule_invalid(rule: RoutingRule, element: &str, expected: &str) {
    assert_invalid(&website(vec![rule]), element, expected);
}

#[test]
fn a_document_says_something() {
    assert!(matches!(validate(&Website::default()), Err(Error::MalformedXml { .. })));
    assert!(validate(&website(vec![mirror()])).is_ok());
}

#[test]
fn index_and_error_pages() {
    let index = |suffix: &str, kind| Website {
        index: Some(IndexDocument { suffix: suffix.into(), support_sub_dir: None, kind }),
        ..Website::default()
    };
    for kind in [None, Some(0), Some(1), Some(2)] {
        assert!(validate(&index("index.html", kind)).is_ok());
    }
    assert_invalid(&index("", None), "Suffix", "");
    assert_invalid(&index("a/index.html", None), "Suffix", "a/index.html");
    assert_invalid(&index("index.html", Some(3)), "Type", "3");

    let error = |key: &str, http_status| Website {
        error: Some(ErrorDocument { key: key.into(), http_status }),
        ..Website::default()
    };
    for status in [None, Some(200), Some(404)] {
        assert!(validate(&error("e.html", status)).is_ok());
    }
    assert_invalid(&error("", None), "Key", "");
    assert_invalid(&error("e.html", Some(403)), "HttpStatus", "403");
}

#[test]
fn row_29_twenty_rules_with_numbers_of_their_own() {
    let numbered = |number| RoutingRule { number, ..mirror() };
    assert!(validate(&website((1..=20).map(numbered).collect())).is_ok());
    assert_invalid(&website((1..=21).map(numbered).collect()), "RuleNumber", "21");
    assert_invalid(&website(vec![numbered(0)]), "RuleNumber", "0");
    assert_invalid(&website(vec![numbered(7), numbered(3), numbered(7)]), "RuleNumber", "7");
}

#[test]
fn a_rule_does_something() {
    let without = RoutingRule { redirect: None, ..mirror() };
    assert!(matches!(validate(&website(vec![without.clone()])), Err(Error::MalformedXml { .. })));
    let script = RoutingRule { lua: Some(LuaConfig::default()), ..without };
    assert!(validate(&website(vec![script])).is_ok());
}

#[test]
fn row_30_mirror_urls() {
    for url in [
        "",
        "ftp://h/",
        "h/",
        "http://h",
        "http://h/a",
        "http:///",
        "http://u:p@h/",
        "http://h/?q/",
        "http://h/#f/",
        "http://a b/",
    ] {
        assert_rule_invalid(mirror_with(|mirror| mirror.url = Some(url.into())), "MirrorURL", url);
        assert_rule_invalid(mirror_with(|mirror| mirror.url_slave = Some(url.into())), "MirrorURLSlave", url);
    }
    assert_rule_invalid(mirror_with(|mirror| mirror.url = None), "MirrorURL", "");
    assert_rule_invalid(mirror_with(|mirror| mirror.url_probe = Some("ping".into())), "MirrorURLProbe", "ping");
    assert!(
        validate(&website(vec![mirror_with(|mirror| mirror.url_slave = Some("https://[::1]:81/a/".into()))])).is_ok()
    );
}

#[test]
fn row_30_status_codes_of_conditions() {
    let with_code = |rule: RoutingRule, code| RoutingRule {
        condition: Condition { error_code: Some(code), ..rule.condition },
        ..rule
    };
    assert_rule_invalid(with_code(mirror(), 403), "HttpErrorCodeReturnedEquals", "403");
    assert!(validate(&website(vec![with_code(mirror(), 404)])).is_ok());
    for code in [400, 403, 405, 599] {
        assert!(validate(&website(vec![with_code(external_with(|_| ()), code)])).is_ok(), "{code}");
    }
    for code in [0, 200, 399, 600] {
        let text = code.to_string();
        assert_rule_invalid(with_code(external_with(|_| ()), code), "HttpErrorCodeReturnedEquals", &text);
    }
}

#[test]
fn redirects() {
    for code in [301, 302, 303, 307, 308] {
        assert!(validate(&website(vec![external_with(|redirect| redirect.http_redirect_code = Some(code))])).is_ok());
    }
    for code in [200, 300, 304, 305, 404] {
        let rule = external_with(|redirect| redirect.http_redirect_code = Some(code));
        assert_rule_invalid(rule, "HttpRedirectCode", &code.to_string());
    }
    assert_rule_invalid(external_with(|redirect| redirect.protocol = Some("ftp".into())), "Protocol", "ftp");
    assert_rule_invalid(external_with(|redirect| redirect.host_name = Some("a\r\nb".into())), "HostName", "a\r\nb");
    let both = |key: &'static str, prefix: &'static str, flag| {
        external_with(move |redirect| {
            redirect.replace_key_with = Some(key.into());
            redirect.replace_key_prefix_with = Some(prefix.into());
            redirect.enable_replace_prefix = Some(flag);
        })
    };
    assert_rule_invalid(both("k", "p", false), "ReplaceKeyWith", "k");
    assert_rule_invalid(both("k", "", true), "ReplaceKeyWith", "k");
    for tolerated in [both("k", "", false), both("", "p", true), both("", "", true)] {
        assert!(validate(&website(vec![tolerated])).is_ok());
    }
}

#[test]
fn fields_of_other_types_are_not_looked_at() {
    let mut rule = mirror();
    let redirect = rule.redirect.as_mut().unwrap();
    redirect.http_redirect_code = Some(200);
    redirect.protocol = Some("gopher".into());
    redirect.replace_key_with = Some("k".into());
    redirect.replace_key_prefix_with = Some("p".into());
    assert!(validate(&website(vec![rule])).is_ok());
    let rule = external_with(|redirect| redirect.mirror.url = Some("no url".into()));
    assert!(validate(&website(vec![rule])).is_ok());
}

#[test]
fn header_lists_have_ten_entries_each() {
    let ten_or_more = |count: usize| (0..count).map(|n| format!("h-{n}").into()).collect::<Vec<Box<str>>>();
    for (list, change) in [
        ("Pass", (|headers, names| headers.pass = names) as fn(&mut MirrorHeaders, Vec<Box<str>>)),
        ("Remove", |headers, names| headers.remove = names),
        ("Set", |headers, names| {
            headers.set = names.into_iter().map(|key| KeyValue { key, value: "v".into() }).collect();
        }),
    ] {
        let rule = |count| mirror_with(|mirror| change(mirror.headers.as_mut().unwrap(), ten_or_more(count)));
        assert!(validate(&website(vec![rule(10)])).is_ok(), "{list}");
        assert_rule_invalid(rule(11), list, "11");
    }
    let conditions = |count| {
        let mut rule = external_with(|_| ());
        let names = ten_or_more(count).into_iter();
        rule.condition.include_headers = names.map(|key| IncludeHeader { key, ..IncludeHeader::default() }).collect();
        rule
    };
    assert!(validate(&website(vec![conditions(10)])).is_ok());
    assert_rule_invalid(conditions(11), "IncludeHeader", "11");
}

#[test]
fn header_names_and_values() {
    let set = |key: &str, value: &str| {
        let field = KeyValue { key: key.into(), value: value.into() };
        mirror_with(|mirror| mirror.headers.as_mut().unwrap().set.push(field))
    };
    let long = "a".repeat(1025);
    assert!(validate(&website(vec![set(&long[1..], &long[1..])])).is_ok());
    // An error shows at most 1,024 characters of a value.
    assert_rule_invalid(set(&long, "v"), "Key", &long[1..]);
    assert_rule_invalid(set("k", &long), "Value", &long[1..]);
    for name in ["", "a b", "a_b", "a:b", "é"] {
        assert_rule_invalid(set(name, "v"), "Key", name);
        let pass = mirror_with(|mirror| mirror.headers.as_mut().unwrap().pass.push(name.into()));
        assert_rule_invalid(pass, "Pass", name);
    }
    for value in ["a\r\nb: c", "a\nb", "a\u{7f}"] {
        assert_rule_invalid(set("k", value), "Value", value);
        let mut rule = mirror();
        rule.condition.include_headers =
            vec![IncludeHeader { key: "k".into(), ends_with: Some(value.into()), ..IncludeHeader::default() }];
        assert_rule_invalid(rule, "EndsWith", value);
    }
    for never_forwarded in ["authorization", "x-oss-a", "range"] {
        assert!(validate(&website(vec![set(never_forwarded, "v")])).is_ok(), "accepted, never sent");
    }
}

#[test]
fn alternates_have_numbers_of_their_own() {
    let with = |numbers: &[u32]| {
        let alternate = |number: &u32| Alternate { number: *number, url: "http://h/".into(), ..Alternate::default() };
        mirror_with(|mirror| mirror.multi_alternates = Some(numbers.iter().map(alternate).collect()))
    };
    assert!(validate(&website(vec![with(&[10_000, 1])])).is_ok());
    assert_rule_invalid(with(&[0]), "MirrorMultiAlternateNumber", "0");
    assert_rule_invalid(with(&[10_001]), "MirrorMultiAlternateNumber", "10001");
    assert_rule_invalid(with(&[2, 3, 2]), "MirrorMultiAlternateNumber", "2");
    assert_rule_invalid(with(&(1..=21).collect::<Vec<_>>()), "MirrorMultiAlternate", "21");
    let mut rule = with(&[1]);
    rule.redirect.as_mut().unwrap().mirror.multi_alternates.as_mut().unwrap()[0].url = "h".into();
    assert_rule_invalid(rule, "MirrorMultiAlternateURL", "h");
}
