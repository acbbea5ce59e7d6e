//! Form to rule and back.

use headwater_model::ObjectKey;
use headwater_model::op::MissContext;
use headwater_model::rule::rewriting::origin_url;
use headwater_model::rule::{
    Alternate, Condition, IncludeHeader, KeyValue, Mirror, MirrorAuth, MirrorHeaders, Redirect, RedirectType,
    RoutingRule, Secret,
};
use proptest::option;
use proptest::prelude::*;

use super::{Mode, RuleForm, Target, accepted, unshown_elements};
use crate::faults::Faults;

/// What a browser sends of a form.
fn sent(form: &RuleForm) -> Vec<(String, String)> {
    let RuleForm { prerequisite, origin, destination, headers, .. } = form;
    let text = [
        ("mode", if form.mode == Mode::Mirroring { "mirroring" } else { "redirection" }),
        ("error_code", &prerequisite.error_code),
        ("prefix", &prerequisite.prefix),
        ("suffix", &prerequisite.suffix),
        ("source", if form.private_bucket { "oss" } else { "other" }),
        ("role", &form.role),
        ("scheme", &origin.scheme),
        ("host", &origin.host),
        ("directory", &origin.directory),
        ("replacement", &origin.replacement),
        (
            "target",
            match destination.target {
                Target::Add => "add",
                Target::Fixed => "fixed",
                Target::Replace => "replace",
            },
        ),
        ("to_scheme", &destination.scheme),
        ("to_host", &destination.host),
        ("to_path", &destination.path),
        ("to_suffix", &destination.suffix),
        ("redirect_code", &destination.code),
        ("transmit", if headers.all { "all" } else { "specified" }),
        ("pass", &headers.pass),
        ("remove", &headers.remove),
        ("set", &headers.set),
    ];
    let ticks = [
        ("by_prefix", prerequisite.by_prefix),
        ("by_suffix", prerequisite.by_suffix),
        ("replaces", form.replaces),
        ("cdn", destination.cdn),
        ("keeps_slashes", form.keeps_slashes),
        ("checks_md5", form.checks_md5),
        ("passes_query", form.passes_query),
        ("follows_redirects", form.follows_redirects),
        ("headers", headers.on),
    ];
    let ticks = ticks.into_iter().filter(|(_, on)| *on).map(|(name, _)| (name, "on"));
    text.into_iter().chain(ticks).map(|(name, value)| (name.to_owned(), value.replace('\n', "\r\n"))).collect()
}

/// A form of these fields, all others as "Create Rule" opens.
fn filled(fields: &[(&str, &str)]) -> RuleForm {
    let mut all = sent(&RuleForm::default());
    all.retain(|(name, _)| fields.iter().all(|(field, _)| field != name));
    all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    RuleForm::read(&all)
}

fn faults(fields: &[(&str, &str)]) -> Faults {
    filled(fields).rule(1, None).expect_err("the form has a fault")
}

fn words() -> impl Strategy<Value = Box<str>> {
    "[a-z]{1,4}(/[a-z]{1,3})?/?".prop_map(Into::into)
}

fn conditions(mirror: bool) -> impl Strategy<Value = Condition> {
    let code = if mirror { Just(404u16).boxed() } else { (400u16..=599).boxed() };
    let header = Just(IncludeHeader { key: "host".into(), equals: Some("a".into()), ..IncludeHeader::default() });
    let prefix = prop_oneof![words(), Just("".into())];
    let parts = (option::of(prefix), option::of(words()), option::of(code), proptest::collection::vec(header, 0..2));
    parts.prop_map(|(key_prefix, key_suffix, error_code, include_headers)| Condition {
        key_prefix,
        key_suffix,
        error_code,
        include_headers,
    })
}

fn header_rules() -> impl Strategy<Value = MirrorHeaders> {
    let names = || proptest::collection::vec("[a-z][a-z-]{0,6}".prop_map(Box::<str>::from), 0..3);
    let set = names()
        .prop_map(|names| names.into_iter().map(|key| KeyValue { key, value: " v: 1 ".into() }).collect::<Vec<_>>());
    let parts = (option::of(any::<bool>()), names(), names(), set);
    parts.prop_map(|(pass_all, pass, remove, set)| MirrorHeaders { pass_all, pass, remove, set })
}

fn flag() -> impl Strategy<Value = Option<bool>> {
    option::of(any::<bool>())
}

fn mirrors() -> impl Strategy<Value = RoutingRule> {
    let shown = (flag(), flag(), flag(), flag(), flag(), option::of(header_rules()), option::of(words()));
    let url = (prop_oneof![Just("http"), Just("https")], "/([a-z]{1,3}/){0,2}")
        .prop_map(|(scheme, path)| Box::from(format!("{scheme}://origin.example:81{path}")));
    let rewriting = (flag(), option::of(prop_oneof![words(), Just("".into())]));
    (conditions(true), url, shown, rewriting, any::<bool>()).prop_map(|(condition, url, shown, rewriting, rich)| {
        let (follow_redirect, check_md5, pass_original_slashes, pass_query_string, using_role, headers, role) = shown;
        let mut mirror = Mirror {
            url: Some(url),
            pass_query_string,
            follow_redirect,
            check_md5,
            pass_original_slashes,
            using_role,
            headers,
            role,
            ..Mirror::default()
        };
        if rich {
            let secret = Some(Secret::new("s3cret"));
            mirror.auth = Some(MirrorAuth { access_key_secret: secret, ..MirrorAuth::default() });
            mirror.url_slave = Some("https://second.example/".into());
            let alternate = Alternate { number: 3, url: "https://third.example/".into(), ..Alternate::default() };
            mirror.multi_alternates = Some(vec![alternate]);
        }
        let (enable_replace_prefix, replace_key_prefix_with) = rewriting;
        let redirect = Redirect {
            kind: RedirectType::Mirror,
            enable_replace_prefix,
            replace_key_prefix_with,
            pass_query_string: rich.then_some(true),
            mirror,
            ..Redirect::default()
        };
        RoutingRule { number: 1, condition, redirect: Some(redirect), lua: None }
    })
}

fn redirections() -> impl Strategy<Value = RoutingRule> {
    let kind = prop_oneof![Just(RedirectType::External), Just(RedirectType::AliCdn)];
    let protocol = option::of(prop_oneof![Just("http".into()), Just("".into())]);
    let host = option::of(prop_oneof![Just("www.example.com".into()), Just("".into())]);
    let code = option::of(prop_oneof![Just(301u16), Just(302), Just(303), Just(308)]);
    let template = prop_oneof![Just("${key}".into()), Just("a${key}b${key}".into()), words(), Just("".into())];
    let key = (option::of(template), option::of(words()), flag());
    (conditions(false), kind, protocol, host, code, key, flag()).prop_map(
        |(condition, kind, protocol, host_name, http_redirect_code, key, pass_query_string)| {
            let (replace_key_with, replace_key_prefix_with, enable_replace_prefix) = key;
            let redirect = Redirect {
                kind,
                pass_query_string,
                protocol,
                host_name,
                http_redirect_code,
                replace_key_with,
                replace_key_prefix_with,
                enable_replace_prefix,
                mirror: Mirror { url_slave: Some("kept without effect".into()), ..Mirror::default() },
            };
            RoutingRule { number: 1, condition, redirect: Some(redirect), lua: None }
        },
    )
}

fn rules() -> impl Strategy<Value = RoutingRule> {
    prop_oneof![mirrors(), redirections()].prop_filter("accepted", |rule| accepted(rule).is_ok())
}

proptest! {
    #[test]
    fn ok_on_an_untouched_form_stores_the_very_rule(rule in rules()) {
        let form = RuleForm::read(&sent(&RuleForm::of(&rule).unwrap()));
        prop_assert_eq!(form.rule(1, Some(&rule)), Ok(rule));
    }

    #[test]
    fn one_touched_field_changes_that_alone(rule in mirrors().prop_filter("accepted", |rule| accepted(rule).is_ok())) {
        let mut form = RuleForm::of(&rule).unwrap();
        form.checks_md5 = !form.checks_md5;
        let mut expected = rule.clone();
        expected.redirect.as_mut().unwrap().mirror.check_md5 = Some(form.checks_md5);
        prop_assert_eq!(form.rule(1, Some(&rule)), Ok(expected));
    }

    #[test]
    fn what_a_form_made_reopens_and_means_the_same(rule in rules()) {
        // As if it had been typed: nothing is kept from a stored rule.
        let typed = RuleForm::of(&rule).unwrap();
        if let Ok(made) = typed.rule(1, None) {
            let again = RuleForm::of(&made).unwrap();
            prop_assert_eq!(again.rule(1, None), Ok(made.clone()));
            prop_assert!(accepted(&made).is_ok());
        }
    }

    #[test]
    fn another_mode_keeps_what_no_form_shows(rule in mirrors()) {
        let mut form = RuleForm::of(&rule).unwrap();
        form.mode = Mode::Redirection;
        form.replaces = false;
        form.destination.host = "www.example.com".to_owned();
        form.prerequisite.error_code = "404".to_owned();
        let made = form.rule(1, Some(&rule)).unwrap();
        let (before, after) = (rule.redirect.unwrap(), made.redirect.unwrap());
        prop_assert_eq!(after.kind, RedirectType::External);
        prop_assert_eq!(after.mirror.url, None);
        prop_assert_eq!((after.mirror.auth, after.mirror.url_slave), (before.mirror.auth, before.mirror.url_slave));
        prop_assert_eq!(made.condition.include_headers, rule.condition.include_headers);
    }
}

/// The table of oss-mirroring 4.3, and what the saved rule reopens with.
#[test]
fn the_third_column_collapses_with_the_very_prefix_only() {
    for (prefix, directory, replacement, key, expected, reopens_ticked) in [
        ("examplefolder/", "examplefolder", None, "examplefolder/example.txt", "examplefolder/example.txt", true),
        ("examplefolder/", "", None, "examplefolder/example.txt", "examplefolder/example.txt", false),
        ("examplefolder/", "other", None, "examplefolder/e", "other/examplefolder/e", false),
        ("", "/dir1/", None, "k", "dir1/k", false),
        ("mirror/", "path", Some("test/"), "mirror/photo.jpg", "path/test/photo.jpg", true),
        ("a/", "a", Some(""), "a/example.txt", "a/example.txt", true),
    ] {
        let mut fields = vec![("prefix", prefix), ("host", "www.example.com"), ("directory", directory)];
        if let Some(replacement) = replacement {
            fields.extend([("replaces", "on"), ("replacement", replacement)]);
        }
        let rule = filled(&fields).rule(1, None).unwrap();
        let url = origin_url(&rule, &ObjectKey::parse(key).unwrap(), &MissContext::default()).unwrap();
        assert_eq!(url, format!("https://www.example.com/{expected}"), "{fields:?}");
        let again = RuleForm::of(&rule).unwrap();
        assert_eq!(again.origin.directory, directory.trim_matches('/'), "column 3 stays");
        assert_eq!(again.replaces, reopens_ticked, "{fields:?}");
    }
}

#[test]
fn a_plain_form_is_a_mirror_rule_with_the_defaults_of_oss() {
    let rule = filled(&[("by_prefix", "on"), ("prefix", "a/"), ("host", "origin.example:8080")]).rule(4, None).unwrap();
    let mut expected = RoutingRule::mirror_all(4, "https://origin.example:8080/");
    expected.condition.key_prefix = Some("a/".into());
    assert_eq!(rule, expected);
}

#[test]
fn redirections_are_the_vendors() {
    let of = |fields: &[(&str, &str)]| {
        let mut all = vec![("mode", "redirection"), ("to_host", "www.test.com")];
        all.extend(fields);
        filled(&all).rule(1, None).unwrap()
    };
    let added = of(&[("to_path", "123/"), ("to_suffix", ".jpg")]).redirect.unwrap();
    assert_eq!(added.replace_key_with.as_deref(), Some("123/${key}.jpg"));
    assert_eq!((added.kind, added.http_redirect_code), (RedirectType::External, Some(301)));
    assert_eq!(of(&[]).redirect.unwrap().replace_key_with, None, "nothing to add");
    let fixed = of(&[("target", "fixed"), ("to_path", "abc/myphoto.jpg"), ("redirect_code", "307"), ("cdn", "on")]);
    let fixed = fixed.redirect.unwrap();
    assert_eq!(fixed.replace_key_with.as_deref(), Some("abc/myphoto.jpg"));
    assert_eq!((fixed.kind, fixed.http_redirect_code), (RedirectType::AliCdn, Some(307)));
    let replaced = of(&[("target", "replace"), ("prefix", "abc/"), ("to_path", "def/")]).redirect.unwrap();
    assert_eq!((replaced.replace_key_prefix_with.as_deref(), replaced.enable_replace_prefix), (Some("def/"), None));
    // Ticked, the prefix may be deleted, whichever mode of the URL is chosen.
    let deleted = of(&[("replaces", "on"), ("prefix", "abc/")]).redirect.unwrap();
    assert_eq!((deleted.replace_key_prefix_with, deleted.enable_replace_prefix), (None, Some(true)));
}

#[test]
fn faults_name_their_field_and_what_would_be_right() {
    let host = ("host", "origin.example");
    let on = ("headers", "on");
    let redirection = ("mode", "redirection");
    let to = ("to_host", "www.test.com");
    for (fields, field, part) in [
        (&[][..], "host", "needs a host"),
        (&[("host", "https://a.example")], "host", "without scheme"),
        (&[("host", "a.example/b")], "host", "third column"),
        (&[("host", "a b")], "host", "illegal characters"),
        (&[("host", "u@a.example")], "host", "user information"),
        (&[("host", "a.example:99999")], "host", "1 to 65535"),
        (&[host, ("scheme", "ftp")], "scheme", "http or https"),
        (&[host, ("directory", "a/../b")], "directory", ". or .."),
        (&[host, ("directory", "a?b")], "directory", "no ?"),
        (&[host, ("by_prefix", "on")], "prefix", "ticked and empty"),
        (&[host, ("by_suffix", "on")], "suffix", "ticked and empty"),
        (&[host, ("replaces", "on")], "replacement", "needs a File Name Prefix"),
        (&[host, ("replacement", "x/")], "replacement", "needs a File Name Prefix"),
        (&[host, on, ("pass", "not a name")], "pass", "no header name"),
        (&[host, on, ("pass", "Range")], "pass", "never sent"),
        (&[host, on, ("pass", "X-OSS-meta-a")], "pass", "never sent"),
        (&[host, on, ("pass", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk")], "pass", "11 headers are too many"),
        (&[host, on, ("remove", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk")], "remove", "at most 10"),
        (&[host, on, ("set", "no colon")], "set", "name: value"),
        (&[host, on, ("set", "Authorization: x")], "set", "never sent"),
        (&[host, on, ("set", "a: \u{1}")], "set", "control characters"),
        (&[redirection, to, ("error_code", "200")], "error_code", "400 to 599"),
        (&[redirection, to, ("error_code", "many")], "error_code", "400 to 599"),
        (&[redirection], "to_host", "needs a host"),
        (&[redirection, ("to_host", "a.example/b")], "to_host", "columns of their own"),
        (&[redirection, ("to_host", "a b")], "to_host", "illegal characters"),
        (&[redirection, to, ("to_path", "123")], "to_path", "123/"),
        (&[redirection, to, ("to_path", "*/")], "to_path", "must not contain *"),
        (&[redirection, to, ("target", "fixed")], "to_path", "needs a path"),
        (&[redirection, to, ("target", "fixed"), ("to_path", "a${key}")], "to_path", "Add Prefix or Suffix"),
        (&[redirection, to, ("target", "replace")], "to_path", "needs a replacement"),
        (&[redirection, to, ("redirect_code", "300")], "redirect_code", "301"),
    ] {
        let faults = faults(fields);
        let told = faults.of(field).unwrap_or_else(|| panic!("{fields:?} has another fault: {faults:?}"));
        assert!(told.contains(part), "{fields:?}: {told}");
    }
    let several = faults(&[("by_suffix", "on"), on, ("pass", "Range")]);
    assert_eq!(several.iter().count(), 3, "all are told at once: {several:?}");
}

#[test]
fn names_that_origins_get_are_taken() {
    let form = filled(&[
        ("host", "o.example"),
        ("headers", "on"),
        ("pass", "Accept-Encoding\r\nUser-Agent"),
        ("set", "Host: b: c"),
    ]);
    let headers = form.rule(1, None).unwrap().redirect.unwrap().mirror.headers.unwrap();
    assert_eq!(headers.pass, ["Accept-Encoding".into(), "User-Agent".into()]);
    assert_eq!(headers.set, [KeyValue { key: "Host".into(), value: "b: c".into() }]);
    let off = filled(&[("host", "o.example"), ("transmit", "all"), ("pass", "Accept-Encoding")]).rule(1, None).unwrap();
    assert_eq!(off, filled(&[("host", "o.example")]).rule(1, None).unwrap(), "without the tick nothing is forwarded");
}

#[test]
fn what_the_form_does_not_show_is_named() {
    let mut rule = RoutingRule::mirror_all(1, "https://o.example/");
    assert!(unshown_elements(&rule).is_empty());
    rule.redirect.as_mut().unwrap().mirror.allow_head_object = Some(true);
    rule.condition.include_headers.push(IncludeHeader::default());
    assert_eq!(unshown_elements(&rule), ["IncludeHeader", "MirrorAllowHeadObject"]);
}

#[test]
fn rules_without_a_form_have_none() {
    let mut rule = RoutingRule::mirror_all(1, "https://o.example/");
    for kind in [RedirectType::Internal, RedirectType::Site, RedirectType::AllRequests] {
        rule.redirect.as_mut().unwrap().kind = kind;
        assert_eq!(RuleForm::of(&rule), None);
    }
    rule.redirect = None;
    assert_eq!(RuleForm::of(&rule), None);
}
