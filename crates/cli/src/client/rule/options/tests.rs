//! Options and the rules that they mean.

use clap::Parser;

use headwater_model::rule::KeyValue;
use headwater_model::rule::rewriting::{Columns, three_columns};

use super::mirroring::set;
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
    assert_eq!((elsewhere.mirror_url(), redirect.enable_replace_prefix), (Some("http://else.example/"), Some(true)));
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
fn further_origins_and_the_key_that_signs_are_written_and_taken_away() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secret");
    std::fs::write(&file, "of-the-origin\n").unwrap();
    let file = file.display();
    let plain = made("--domain o.example");
    let stored = edited(
        &plain,
        &format!(
            "--alternate-url https://b.example --alternate-url https://c.example/d/ --slave-url http://s.example \
             --probe-url http://o.example/up --switch-all-errors --auth-key-id AK --auth-secret-file {file} \
             --auth-region eu-1"
        ),
    );
    let mirror = stored.mirror().unwrap();
    let urls = |rule: &RoutingRule| {
        let alternates = rule.mirror().unwrap().multi_alternates.clone().unwrap_or_default();
        alternates.iter().map(|alternate| (alternate.number, alternate.url.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(urls(&stored), [(1, "https://b.example/".into()), (2, "https://c.example/d/".into())]);
    assert_eq!(mirror.url_slave.as_deref(), Some("http://s.example/"));
    assert_eq!((mirror.url_probe.as_deref(), mirror.switch_all_errors), (Some("http://o.example/up"), Some(true)));
    let auth = mirror.auth.as_ref().unwrap();
    assert_eq!((auth.auth_type.as_deref(), auth.region.as_deref()), (Some("S3V4"), Some("eu-1")));
    assert_eq!(auth.access_key_secret.as_ref().unwrap().reveal(), "of-the-origin");

    let mut known = stored.clone();
    let alternates = known.redirect.as_mut().unwrap().mirror.multi_alternates.as_mut().unwrap();
    alternates[1].dst_region = Some("kept".into());
    let fewer = edited(&known, "--alternate-url https://c.example/d");
    let left = &fewer.mirror().unwrap().multi_alternates.as_ref().unwrap()[0];
    assert_eq!((left.number, left.dst_region.as_deref()), (1, Some("kept")));

    let moved = edited(&stored, "--auth-region eu-2 --auth-type OSSV4 --auth-key-id AK");
    let auth = moved.mirror().unwrap().auth.as_ref().unwrap();
    assert_eq!((auth.auth_type.as_deref(), auth.region.as_deref()), (Some("OSSV4"), Some("eu-2")));
    assert_eq!(auth.access_key_secret.as_ref().unwrap().reveal(), "of-the-origin", "the secret of the same key stays");
    let without = "--alternate-url= --slave-url= --probe-url= --switch-all-errors=false --no-auth";
    assert_eq!(
        edited(&edited(&stored, without), "--switch-all-errors=false"),
        edited(&plain, "--switch-all-errors=false")
    );

    let refused = |line: &str| options(line).rule(1, Some(&stored)).unwrap_err().to_string();
    assert!(refused("--auth-key-id another").contains("--auth-secret-file"), "a secret is of one key only");
    assert!(refused("--auth-key-id=").contains("--no-auth"));
    assert!(refused("--auth-secret-file /no/such/file").contains("/no/such/file"));
    assert!(options("--auth-region eu").rule(1, Some(&plain)).unwrap_err().to_string().contains("--auth-key-id"));
    assert!(Line::try_parse_from(["rule", "--no-auth", "--auth-region", "eu"]).is_err());
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
        ("--domain a --transmit-header Authorization", "--transmit-header Authorization is never sent"),
        ("--domain a --set-header x-oss-meta-a:b", "--set-header x-oss-meta-a is never sent"),
        ("--domain a --status-code 403", "--status-code is for rules that redirect"),
        ("--redirect --domain a --directory b", "--directory is for rules that fetch"),
        ("--redirect --domain a --alternate-url http://b/", "--alternate-url is for rules that fetch"),
        ("--redirect", "--domain"),
        ("--redirect --domain a --redirect-code 300", "HttpRedirectCode"),
        ("--redirect --domain a --add-prefix b", "b/"),
    ] {
        assert!(refused(line).contains(words), "{line}: {}", refused(line));
    }
    let mut internal = RoutingRule::mirror_all(1, "http://a/");
    internal.redirect.as_mut().unwrap().kind = RedirectType::Internal;
    assert!(options("--suffix a").rule(1, Some(&internal)).is_err());
    assert!(Line::try_parse_from(["rule", "--origin-url", "http://a/", "--domain", "a"]).is_err());
}

#[test]
fn redirections_have_their_own_fields() {
    let rule = made("--redirect --domain new.example --prefix a/ --add-prefix b/ --add-suffix .x --redirect-code 302");
    let redirect = rule.redirect.as_ref().unwrap();
    assert_eq!((redirect.kind, redirect.http_redirect_code), (RedirectType::External, Some(302)));
    assert_eq!((redirect.protocol.as_deref(), redirect.host_name.as_deref()), (Some("https"), Some("new.example")));
    assert_eq!(redirect.replace_key_with.as_deref(), Some("b/${key}.x"));
    assert_eq!(rule.condition.error_code, Some(404));
    assert_eq!(edited(&rule, ""), rule);
    assert_eq!(edited(&edited(&rule, "--add-suffix="), "--add-suffix .x"), rule);
    let replaced = edited(&rule, "--replace-prefix=c/ --status-code 403 --from-cdn");
    let redirect = replaced.redirect.as_ref().unwrap();
    assert_eq!((redirect.kind, replaced.condition.error_code), (RedirectType::AliCdn, Some(403)));
    assert_eq!((&redirect.replace_key_with, redirect.replace_key_prefix_with.as_deref()), (&None, Some("c/")));
    let fixed = edited(&rule, "--fixed-path gone.html");
    assert_eq!(fixed.redirect.as_ref().unwrap().replace_key_with.as_deref(), Some("gone.html"));
}
