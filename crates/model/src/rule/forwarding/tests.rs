use super::*;
use crate::rule::KeyValue;

fn rule(change: impl FnOnce(&mut MirrorHeaders)) -> RoutingRule {
    let mut rule = RoutingRule::mirror_all(1, "https://source.com/");
    change(rule.redirect.as_mut().unwrap().mirror.headers.as_mut().unwrap());
    rule
}

fn names(names: &[&str]) -> Vec<Box<str>> {
    names.iter().map(|name| (*name).into()).collect()
}

fn set(fields: &[(&str, &str)]) -> Vec<KeyValue> {
    fields.iter().map(|(key, value)| KeyValue { key: (*key).into(), value: (*value).into() }).collect()
}

fn client(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
}

/// The fields that the rule adds to our own, sorted.
fn beyond_own(forwarded: &Forwarded) -> Vec<(&str, &str)> {
    let own = own_headers();
    let fields = forwarded.headers.iter().filter(|(name, value)| own.get(*name) != Some(value));
    let mut fields: Vec<_> = fields.map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    fields.sort_unstable();
    fields
}

#[test]
fn nothing_of_the_client_is_forwarded_by_default() {
    let client = client(&[("cookie", "c"), ("user-agent", "curl"), ("accept", "text/html"), ("x-a", "1")]);
    let forwarded = origin_headers(&rule(|_| ()), &client);
    assert_eq!(forwarded.headers, own_headers());
    assert_eq!(forwarded.headers[USER_AGENT], "aliyun-oss-mirror");
    assert_eq!(forwarded.headers[ACCEPT_ENCODING], "identity");
    assert_eq!(forwarded.headers[ACCEPT], "*/*");
    assert!(!forwarded.carried_cookie && forwarded.confidential.is_empty());
}

#[test]
fn row_18_pass_all_never_passes_what_is_ours_or_the_connections() {
    let client = client(&[
        ("x-a", "1"),
        ("x-a", "2"),
        ("user-agent", "curl"),
        ("range", "bytes=0-1"),
        ("authorization", "OSS a:b"),
        ("authorization2", "x"),
        ("x-oss-a", "x"),
        ("oss-b", "x"),
        ("x-drs-c", "x"),
        ("x-amz-security-token", "x"),
        ("date", "x"),
        ("content-length", "0"),
        ("content-md5", "x"),
        ("host", "bucket.example"),
        ("connection", "close, X-Named"),
        ("x-named", "x"),
        ("keep-alive", "x"),
        ("te", "x"),
        ("trailer", "x"),
        ("transfer-encoding", "x"),
        ("upgrade", "x"),
        ("expect", "100-continue"),
        ("proxy-authorization", "x"),
        ("proxy-connection", "x"),
        ("if-none-match", "x"),
        ("if-modified-since", "x"),
        ("if-range", "x"),
        ("accept-encoding", "gzip"),
    ]);
    let everything: Vec<Box<str>> = client.keys().map(|name| name.as_str().into()).collect();
    let forwarded = origin_headers(&rule(|headers| headers.pass_all = Some(true)), &client);
    assert_eq!(beyond_own(&forwarded), [("user-agent", "curl"), ("x-a", "1"), ("x-a", "2")]);
    // Naming a field does not help either; only the content coding is the rule's choice.
    let forwarded = origin_headers(&rule(|headers| headers.pass = everything), &client);
    let expected = [("accept-encoding", "gzip"), ("user-agent", "curl"), ("x-a", "1"), ("x-a", "2")];
    assert_eq!(beyond_own(&forwarded), expected);
}

#[test]
fn row_19_remove_beats_pass_and_set_beats_both() {
    let client = client(&[("a", "1"), ("b", "2"), ("c", "3")]);
    for (pass_all, pass) in [(true, &[][..]), (false, &["A", "b", "absent"])] {
        let rule = rule(|headers| {
            headers.pass_all = Some(pass_all);
            headers.pass = names(pass);
            headers.remove = names(&["A", "c"]);
            headers.set = set(&[("C", "set"), ("d", "new"), ("d", "newer")]);
        });
        let forwarded = origin_headers(&rule, &client);
        assert_eq!(beyond_own(&forwarded), [("b", "2"), ("c", "set"), ("d", "newer")], "{pass_all}");
    }
}

#[test]
fn scenario_6_and_row_20_host_is_the_origins_unless_set() {
    let client = client(&[("host", "bucket.example"), ("aaa", "aaa"), ("bbb", "bbb"), ("ccc", "111")]);
    let rule = |fields: &[(&str, &str)]| {
        rule(|headers| {
            headers.pass = names(&["host", "aaa"]);
            headers.remove = names(&["bbb"]);
            headers.set = set(fields);
        })
    };
    assert_eq!(beyond_own(&origin_headers(&rule(&[("ccc", "ccc")]), &client)), [("aaa", "aaa"), ("ccc", "ccc")]);
    let forwarded = origin_headers(&rule(&[("Host", "virtual.example")]), &client);
    assert_eq!(beyond_own(&forwarded), [("aaa", "aaa"), ("host", "virtual.example")]);
    assert_eq!(forwarded.confidential, [HOST], "another host must not be asked under this name");
}

#[test]
fn set_cannot_send_what_is_never_forwarded() {
    let fields =
        [("authorization", "Bearer x"), ("range", "bytes=0-1"), ("x-oss-a", "x"), ("if-match", "x"), ("te", "x")];
    let forwarded = origin_headers(&rule(|headers| headers.set = set(&fields)), &HeaderMap::new());
    assert_eq!(forwarded.headers, own_headers());
    assert!(forwarded.confidential.is_empty());
}

#[test]
fn what_a_rule_sets_is_confidential_and_never_formatted() {
    let fields = [("x-token", "hunter2"), ("user-agent", "own"), ("x-amz-request-payer", "requester")];
    let forwarded = origin_headers(&rule(|headers| headers.set = set(&fields)), &HeaderMap::new());
    assert_eq!(forwarded.headers["x-token"], "hunter2");
    assert_eq!(forwarded.headers[USER_AGENT], "own");
    let confidential: Vec<_> = forwarded.confidential.iter().map(HeaderName::as_str).collect();
    assert_eq!(confidential, ["x-token", "user-agent", "x-amz-request-payer"]);
    assert!(!format!("{forwarded:?}").contains("hunter2"));
}

#[test]
fn cookies_count_only_if_the_clients_own_were_forwarded() {
    let with_cookie = client(&[("cookie", "session=1")]);
    let pass_all = |headers: &mut MirrorHeaders| headers.pass_all = Some(true);
    for (rule, client, carried) in [
        (rule(pass_all), &with_cookie, true),
        (rule(|headers| headers.pass = names(&["Cookie"])), &with_cookie, true),
        (rule(pass_all), &HeaderMap::new(), false),
        (rule(|_| ()), &with_cookie, false),
        (
            rule(|headers| {
                headers.pass_all = Some(true);
                headers.remove = names(&["cookie"]);
            }),
            &with_cookie,
            false,
        ),
        (
            rule(|headers| {
                headers.pass_all = Some(true);
                headers.set = set(&[("cookie", "constant")]);
            }),
            &with_cookie,
            false,
        ),
    ] {
        let forwarded = origin_headers(&rule, client);
        assert_eq!(forwarded.carried_cookie, carried, "{rule:?}");
        assert_eq!(forwarded.confidential.contains(&COOKIE), forwarded.headers.contains_key(COOKIE));
    }
}

#[test]
fn rules_of_other_types_forward_nothing() {
    let mut rule = rule(|headers| headers.pass_all = Some(true));
    rule.redirect.as_mut().unwrap().kind = crate::rule::RedirectType::External;
    assert_eq!(origin_headers(&rule, &client(&[("x-a", "1")])).headers, own_headers());
}

#[test]
fn what_is_never_sent_is_known_beforehand() {
    for (name, passed, set) in [
        ("accept-language", true, true),
        ("Host", false, true),
        ("authorization", false, false),
        ("X-Oss-Meta-A", false, false),
        ("x-amz-security-token", false, true),
        ("no name", true, true),
    ] {
        assert_eq!((is_sent(name, SentBy::Pass), is_sent(name, SentBy::Set)), (passed, set), "{name}");
    }
}
