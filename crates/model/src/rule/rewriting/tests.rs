//! The tables of oss-mirroring 3.4, 4 and 10.1.

use proptest::prelude::*;

use super::*;
use crate::name::ObjectKey;
use crate::op::MissContext;
use crate::rule::{Alternate, Condition, Mirror, Redirect, RedirectType, RoutingRule};

const URL: &str = "https://o.example/";

fn key(text: &str) -> ObjectKey {
    ObjectKey::parse(text).unwrap()
}

fn mirror(url: &str) -> RoutingRule {
    RoutingRule::mirror_all(1, url)
}

/// A rule of section 4.2 with a prefix P, a replacement R and the flag.
fn rewriting_rule(kind: RedirectType, prefix: &str, replacement: Option<&str>, flag: Option<bool>) -> RoutingRule {
    let redirect = Redirect {
        kind,
        replace_key_prefix_with: replacement.map(Into::into),
        enable_replace_prefix: flag,
        mirror: Mirror { url: Some(URL.into()), ..Mirror::default() },
        ..Redirect::default()
    };
    let condition = Condition { key_prefix: Some(prefix.into()), ..Condition::default() };
    RoutingRule { number: 1, condition, redirect: Some(redirect), lua: None }
}

fn url_of(rule: &RoutingRule, requested: &str) -> Result<String, Unmappable> {
    origin_url(rule, &key(requested), &MissContext::default())
}

#[test]
fn table_4_1_the_key_is_appended() {
    for (base, requested, url) in [
        ("http://www.test.com/", "myobject", "http://www.test.com/myobject"),
        ("http://www.test.com/dir1/", "myobject", "http://www.test.com/dir1/myobject"),
        (
            "http://www.example-domain.com/dir1/",
            "image/example_object.jpg",
            "http://www.example-domain.com/dir1/image/example_object.jpg",
        ),
        ("http://h/a b/%41;v=1,2/é/", "k", "http://h/a%20b/%41;v=1,2/%C3%A9/k"),
        ("https://Bücher.example:8443/", "k", "https://xn--bcher-kva.example:8443/k"),
    ] {
        assert_eq!(url_of(&mirror(base), requested).as_deref(), Ok(url));
    }
}

#[test]
fn table_4_2_prefixes_are_rewritten() {
    use RedirectType::{AliCdn, External, Mirror};
    for (flag, replacement, prefix, requested, mirrored, redirected) in [
        (Some(true), Some("r/"), "p/", "p/k", "r/k", "r/k"),
        (Some(true), Some(""), "p/", "p/k", "k", "k"),
        (Some(true), None, "p/", "p/k", "k", "k"),
        (None, Some("r/"), "p/", "p/k", "r/k", "r/k"),
        (None, Some("def/"), "abc/", "abc/t", "def/t", "def/t"),
        (Some(false), Some("r/"), "p/", "p/k", "p/k", "r/k"),
        (None, Some(""), "p/", "p/k", "p/k", "p/k"),
        (None, None, "p/", "p/k", "p/k", "p/k"),
        (Some(false), None, "p/", "p/k", "p/k", "p/k"),
        (Some(false), Some(""), "p/", "p/k", "p/k", "p/k"),
        (None, Some("def/"), "", "abc/test.txt", "def/abc/test.txt", "def/abc/test.txt"),
        (Some(true), Some("def/"), "", "k", "def/k", "def/k"),
        (Some(false), Some("def/"), "", "k", "def/k", "def/k"),
        (Some(true), None, "", "k", "k", "k"),
        // Only the prefix itself goes, once.
        (Some(true), None, "p/", "p/p/k", "p/k", "p/k"),
    ] {
        for (kind, expected) in [(Mirror, mirrored), (External, redirected), (AliCdn, redirected)] {
            let rule = rewriting_rule(kind, prefix, replacement, flag);
            assert_eq!(rewritten_key(&rule, requested), expected, "{kind:?} {flag:?} {replacement:?} {prefix:?}");
        }
    }
}

#[test]
fn a_whole_new_key_is_for_redirects_only() {
    for (kind, expected) in [
        (RedirectType::Mirror, "k"),
        (RedirectType::External, "a/k"),
        (RedirectType::AliCdn, "a/k"),
        (RedirectType::Internal, "a/k"),
    ] {
        let mut rule = rewriting_rule(kind, "", None, None);
        rule.redirect.as_mut().unwrap().replace_key_with = Some("a/${key}".into());
        assert_eq!(rewritten_key(&rule, "k"), expected, "{kind:?}");
    }
}

#[test]
fn table_4_3_column_three_collapses_with_an_equal_prefix_only() {
    for (prefix, path, replace, requested, asked) in [
        ("examplefolder/", "examplefolder", None, "examplefolder/example.txt", "examplefolder/example.txt"),
        ("examplefolder/", "/examplefolder/", None, "examplefolder/example.txt", "examplefolder/example.txt"),
        ("examplefolder/", "", None, "examplefolder/example.txt", "examplefolder/example.txt"),
        ("examplefolder/", "other", None, "examplefolder/example.txt", "other/examplefolder/example.txt"),
        ("", "dir1", None, "KEY", "dir1/KEY"),
        ("", "abc/123", None, "KEY", "abc/123/KEY"),
        ("mirror/", "path", Some("test/"), "mirror/photo.jpg", "path/test/photo.jpg"),
        ("a/", "a", Some(""), "a/example.txt", "a/example.txt"),
        ("a", "a", None, "a/example.txt", "a/a/example.txt"),
    ] {
        let columns = Columns { scheme: "https", host: "o.example", path, prefix, replace };
        let rule = three_columns(3, &columns);
        assert_eq!(url_of(&rule, requested).unwrap(), format!("{URL}{asked}"), "{columns:?}");
        assert_eq!((rule.number, rule.condition.error_code), (3, Some(404)));
    }
}

#[test]
fn the_collapsed_rule_reopens_with_its_third_column() {
    let columns = Columns { scheme: "https", host: "h", path: "a", prefix: "a/", replace: None };
    let rule = three_columns(1, &columns);
    let redirect = rule.redirect.as_ref().unwrap();
    assert_eq!(rule.mirror_url(), Some("https://h/a/"));
    assert_eq!((redirect.enable_replace_prefix, &redirect.replace_key_prefix_with), (Some(true), &None));
    assert_eq!(redirect.mirror.follow_redirect, Some(true), "defaults are filled in");
}

#[test]
fn table_4_4_leading_slashes_follow_the_flag() {
    let mut plain = mirror("https://www.example.com/");
    let mut folder = rewriting_rule(RedirectType::Mirror, "examplefolder/", Some("destfolder/"), None);
    for (on, rule, requested, extra_slashes, url) in [
        (true, &mut plain, "object.txt", 1, "https://www.example.com//object.txt"),
        (true, &mut folder, "examplefolder/example.txt", 2, "https://o.example///destfolder/example.txt"),
        (false, &mut mirror("https://www.example.com/"), "object.txt", 1, "https://www.example.com/object.txt"),
        (false, &mut mirror(URL), "a//b///c", 0, "https://o.example/a//b///c"),
        // On the S3 face slashes belong to the key, and the key is kept.
        (false, &mut mirror(URL), "/a", 0, "https://o.example//a"),
    ] {
        rule.redirect.as_mut().unwrap().mirror.pass_original_slashes = Some(on);
        let miss = MissContext { extra_slashes, ..MissContext::default() };
        assert_eq!(origin_url(rule, &key(requested), &miss).as_deref(), Ok(url));
    }
}

#[test]
fn table_4_5_every_byte_of_the_key_arrives() {
    for (requested, path) in [
        ("a b", "a%20b"),
        ("a+b", "a%2Bb"),
        ("100%", "100%25"),
        ("%2F", "%252F"),
        ("what?", "what%3F"),
        ("a#b", "a%23b"),
        ("中文", "%E4%B8%AD%E6%96%87"),
        ("😀", "%F0%9F%98%80"),
        ("Az09-._~/", "Az09-._~/"),
        ("!$&'()*,;=:@[]\\\"<>", "%21%24%26%27%28%29%2A%2C%3B%3D%3A%40%5B%5D%5C%22%3C%3E"),
        ("a\r\n\u{0}\u{7f}", "a%0D%0A%00%7F"),
        ("...", "..."),
        (".hidden/a..", ".hidden/a.."),
    ] {
        assert_eq!(encode_key(requested), path);
        assert_eq!(url_of(&mirror(URL), requested), Ok(format!("{URL}{path}")));
    }
}

#[test]
fn keys_that_origins_would_resolve_have_no_url() {
    for requested in ["..", ".", "a/../b", "a/..", "./a", "a/./b", "a//.."] {
        assert_eq!(url_of(&mirror(URL), requested), Err(Unmappable::DotSegment), "{requested}");
    }
    let cut = rewriting_rule(RedirectType::Mirror, "../", None, Some(true));
    assert_eq!(url_of(&cut, "../a"), Err(Unmappable::DotSegment), "the requested key counts");
    let made = rewriting_rule(RedirectType::Mirror, "p", Some("."), None);
    assert_eq!(url_of(&made, "p./a"), Err(Unmappable::DotSegment), "so does the rewritten one");
    let emptied = rewriting_rule(RedirectType::Mirror, "p/", None, Some(true));
    assert_eq!(url_of(&emptied, "p/"), Err(Unmappable::EmptyKey));
    let external = rewriting_rule(RedirectType::External, "", None, None);
    assert_eq!(url_of(&external, "k"), Err(Unmappable::NoOrigin));
    let illegal = url_of(&mirror("http://a b/"), "k").unwrap_err();
    assert_eq!(illegal.to_string(), "Host:a b contains some illegal characters.");
}

#[test]
fn the_query_goes_on_only_where_the_rule_says_so() {
    let miss = MissContext { query: Some("caller=lucas&production=oss&a=%2F+&a".into()), ..MissContext::default() };
    for (pass, mirror_pass, passed) in
        [(None, None, false), (Some(true), None, true), (None, Some(true), true), (Some(true), Some(false), false)]
    {
        let mut rule = mirror(URL);
        let redirect = rule.redirect.as_mut().unwrap();
        (redirect.pass_query_string, redirect.mirror.pass_query_string) = (pass, mirror_pass);
        let query = if passed { "?caller=lucas&production=oss&a=%2F+&a" } else { "" };
        assert_eq!(origin_url(&rule, &key("k?"), &miss), Ok(format!("{URL}k%3F{query}")), "{pass:?} {mirror_pass:?}");
        assert_eq!(url_of(&rule, "k"), Ok(format!("{URL}k")), "no query, no question mark");
    }
}

#[test]
fn further_origins_come_in_their_order_with_the_same_key() {
    let mut rule = rewriting_rule(RedirectType::Mirror, "p/", Some("r/"), None);
    assert_eq!(origin_urls(&rule, &key("p/k"), &MissContext::default()).unwrap().len(), 1);
    let settings = &mut rule.redirect.as_mut().unwrap().mirror;
    let alternate = |number, url: &str| Alternate { number, url: url.into(), ..Alternate::default() };
    settings.url_slave = Some("https://slave/".into());
    settings.multi_alternates = Some(vec![alternate(20, "https://late/x/"), alternate(3, "https://early/")]);
    let urls = ["https://slave/r/k", "https://early/r/k", "https://late/x/r/k"].map(str::to_owned);
    assert_eq!(origin_urls(&rule, &key("p/k"), &MissContext::default()).unwrap()[1..], urls);
    assert_eq!(origin_urls(&rule, &key("p/.."), &MissContext::default()), Err(Unmappable::DotSegment));
}

/// A redirect rule to `www.test.com`.
fn external(protocol: &str, change: impl FnOnce(&mut RoutingRule, &mut Redirect)) -> RoutingRule {
    let mut rule = RoutingRule { number: 1, condition: Condition::default(), redirect: None, lua: None };
    let mut redirect =
        Redirect { protocol: Some(protocol.into()), host_name: Some("www.test.com".into()), ..Redirect::default() };
    change(&mut rule, &mut redirect);
    rule.redirect = Some(redirect);
    rule
}

#[test]
fn table_10_1_locations() {
    let miss = MissContext {
        query: Some("a=b&c=d".into()),
        secure: true,
        host: "bucket.example:9000".into(),
        ..MissContext::default()
    };
    let set = |field: fn(&mut Redirect) -> &mut Option<Box<str>>, value: &'static str| {
        external("http", |_, redirect| *field(redirect) = Some(value.into()))
    };
    let with_prefix = external("http", |rule, redirect| {
        rule.condition.key_prefix = Some("abc/".into());
        redirect.replace_key_prefix_with = Some("def/".into());
    });
    for (rule, requested, expected) in [
        (external("https", |_, _| ()), "test", "https://www.test.com/test"),
        (
            set(|redirect| &mut redirect.replace_key_with, "prefix/${key}.suffix"),
            "test",
            "http://www.test.com/prefix/test.suffix",
        ),
        (
            set(|redirect| &mut redirect.replace_key_with, "${key}/${KEY}/${key}"),
            "t",
            "http://www.test.com/t/%24%7BKEY%7D/t",
        ),
        (with_prefix, "abc/test.txt", "http://www.test.com/def/test.txt"),
        (
            set(|redirect| &mut redirect.replace_key_prefix_with, "def/"),
            "abc/test.txt",
            "http://www.test.com/def/abc/test.txt",
        ),
        (external("http", |_, r| r.pass_query_string = Some(true)), "k", "http://www.test.com/k?a=b&c=d"),
        (external("", |_, _| ()), "k", "https://www.test.com/k"),
        (set(|redirect| &mut redirect.host_name, ""), "k", "http://bucket.example:9000/k"),
        (set(|redirect| &mut redirect.host_name, "例子.测试:81"), "k", "http://xn--fsqu00a.xn--0zwm56d:81/k"),
        (external("http", |_, _| ()), "a b\r\nx: y/中", "http://www.test.com/a%20b%0D%0Ax%3A%20y/%E4%B8%AD"),
        (set(|redirect| &mut redirect.host_name, "a\r\nb"), "k", "http://a%0D%0Ab/k"),
    ] {
        assert_eq!(location(&rule, requested, &miss), expected);
    }
    let insecure = MissContext { host: "h".into(), ..MissContext::default() };
    let nothing_named = external("", |_, redirect| redirect.host_name = None);
    assert_eq!(location(&nothing_named, "k", &insecure), "http://h/k");
    let path_style = MissContext { base_path: "/bucket".into(), ..insecure };
    assert_eq!(location(&nothing_named, "k", &path_style), "http://h/bucket/k");
    assert_eq!(location(&external("", |_, _| ()), "k", &path_style), "http://www.test.com/k");
}

#[test]
fn s3s_rules_replace_literally_and_delete_a_prefix() {
    let miss = MissContext { host: "h".into(), ..MissContext::default() };
    let at = |redirect: Redirect, path: &str| {
        let mut rule = external("", |_, _| ());
        rule.condition.key_prefix = Some("docs/".into());
        rule.redirect = Some(Redirect { kind: RedirectType::Site, ..redirect });
        location(&rule, path, &miss)
    };
    let prefix = |text: &str| Redirect { replace_key_prefix_with: Some(text.into()), ..Redirect::default() };
    assert_eq!(at(prefix("documents/"), "docs/x"), "http://h/documents/x");
    assert_eq!(at(prefix(""), "docs/x"), "http://h/x");
    assert_eq!(at(prefix(""), "docs/"), "http://h/");
    assert_eq!(at(Redirect::default(), "docs/x"), "http://h/docs/x");
    let whole = Redirect { replace_key_with: Some("${key}".into()), ..Redirect::default() };
    assert_eq!(at(whole, "docs/x"), "http://h/%24%7Bkey%7D");
}

#[test]
fn the_redirect_code_is_301_by_default() {
    let mut rule = external("http", |_, _| ());
    assert_eq!(rule.redirect_code(), 301);
    rule.redirect.as_mut().unwrap().http_redirect_code = Some(307);
    assert_eq!(rule.redirect_code(), 307);
}

#[test]
fn section_3_4_what_was_meant_for_us_stays_here() {
    use UrlSignature::{Other, WithExpires};
    for (raw, signature, left) in [
        ("caller=lucas&production=oss", Other, Some("caller=lucas&production=oss")),
        ("b=2&a=1&b=%2F+&&flag", Other, Some("b=2&a=1&b=%2F+&&flag")),
        ("OSSAccessKeyId=x&Expires=1&Signature=y%3D&security-token=z", WithExpires, None),
        ("Expires=1&a", WithExpires, Some("a")),
        ("Expires=1&a", Other, Some("Expires=1&a")),
        ("b=%2F&a&b=+&", Other, Some("b=%2F&a&b=+&")),
        (
            "x-oss-signature-version=OSS4&x-oss-credential=c&a=1&x-oss-date=d&x-oss-expires=5&x-oss-signature=s\
             &x-oss-additional-headers=h&x-oss-security-token=t&x-oss-process=image",
            Other,
            Some("a=1&x-oss-process=image"),
        ),
        ("x-oss-%73ignature=s&%53ignature=s&a=%zz&%=%", Other, Some("a=%zz&%=%")),
        ("X-Amz-Algorithm=a&X-Amz-Signature=s&X-Amz-Security-Token=t&k=v", Other, Some("k=v")),
        ("AWSAccessKeyId=x&Expires=1&Signature=y", WithExpires, None),
        ("response-content-type=text%2Fplain&responses=1", Other, Some("responses=1")),
        ("signature=lower&expires=1", WithExpires, Some("signature=lower&expires=1")),
        ("", Other, None),
    ] {
        assert_eq!(forwardable_query(raw, signature).as_deref(), left, "{raw}");
    }
}

/// Undoes percent-encoding, as an origin does.
fn decode(path: &str) -> Vec<u8> {
    let mut bytes = path.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        let digits: Vec<u8> = if byte == b'%' { bytes.by_ref().take(2).collect() } else { Vec::new() };
        let value = std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(value.unwrap_or(byte));
    }
    out
}

proptest! {
    #[test]
    fn an_origin_that_decodes_the_path_sees_the_key(requested in "\\PC{1,40}|[\u{0}-\u{ff}]{1,40}") {
        match url_of(&mirror(URL), &requested) {
            Ok(url) => {
                let path = url.strip_prefix(URL).unwrap();
                prop_assert!(path.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#')));
                prop_assert_eq!(decode(path), requested.as_bytes());
            }
            Err(error) => prop_assert_eq!(error, Unmappable::DotSegment),
        }
    }
}
