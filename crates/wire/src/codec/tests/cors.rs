//! Cross-origin rules: as documents, and as browsers hear of them.

use headwater_model::Error;
use headwater_model::cors::CorsConfiguration;
use http::HeaderMap;

use super::*;
use crate::cors::{allow, preflight};

fn rules(host: &str, rules: &str) -> Result<CorsConfiguration> {
    let body = format!("<CORSConfiguration>{rules}</CORSConfiguration>");
    match read(host, "PUT /bkt?cors", &[], &body)? {
        Op::PutBucketCors(_, cors) => Ok(*cors),
        other => panic!("{other:?}"),
    }
}

const RULE: &str = "<CORSRule><ID>one</ID><AllowedOrigin>http://*.a.test</AllowedOrigin><AllowedMethod>GET</AllowedMethod>\
     <AllowedMethod>PUT</AllowedMethod><AllowedHeader>X-Amz-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader>\
     <MaxAgeSeconds>60</MaxAgeSeconds></CORSRule>";
const EVERYBODY: &str = "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>";

#[test]
fn rules_come_back_as_they_were_put() {
    let lower = RULE.replace("X-Amz-*", "x-amz-*");
    let written = rules(S3, RULE).unwrap();
    let shown = xml(S3, "GET /bkt?cors", Reply::Cors(Arc::new(written)));
    assert_eq!(
        shown,
        format!("<CORSConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{lower}</CORSConfiguration>")
    );
    let written = rules(OSS, &format!("{RULE}<ResponseVary>true</ResponseVary>")).unwrap();
    assert!(written.response_vary);
    let shown = xml(OSS, "GET /bkt?cors", Reply::Cors(Arc::new(written)));
    let expected = lower.replace("<ID>one</ID>", "");
    assert_eq!(shown, format!("<CORSConfiguration>{expected}<ResponseVary>true</ResponseVary></CORSConfiguration>"));
}

#[test]
fn wrong_rules_are_refused() {
    for host in BOTH {
        let most = if host == OSS { 20 } else { 100 };
        assert!(rules(host, &EVERYBODY.repeat(most)).is_ok());
        let no_method = EVERYBODY.replace("<AllowedMethod>GET</AllowedMethod>", "");
        for bad in [String::new(), EVERYBODY.repeat(most + 1), no_method, "<CORSRule/>".into()] {
            assert!(matches!(rules(host, &bad), Err(Error::MalformedXml { .. })), "{bad:.60}");
        }
        for (what, instead) in [
            ("GET", "FROB"),
            ("http://*.a.test", "http://*.*"),
            ("ETag", "x-*"),
            ("ETag", "*"),
            ("ETag", "a b"),
            ("X-Amz-*", "*-*"),
        ] {
            let bad = RULE.replace(what, instead);
            let wrong = rules(host, &bad);
            assert!(matches!(wrong, Err(Error::InvalidRequest { .. })), "{bad}: {wrong:?}");
        }
        let long = EVERYBODY.replace('*', &"o".repeat(70 << 10));
        assert!(matches!(rules(host, &long), Err(Error::MalformedXml { .. })));
    }
    let wrong_age = RULE.replace("60", "-1");
    assert!(matches!(rules(S3, &wrong_age), Err(Error::MalformedXml { .. })));
    let Err(Error::InvalidArgument { name, value, .. }) = rules(OSS, &wrong_age) else { panic!("not refused by name") };
    assert_eq!((&*name, &*value), ("MaxAgeSeconds", "-1"));
}

fn ask(cors: Option<&CorsConfiguration>, headers: &[(&str, &str)]) -> Result<HeaderMap> {
    let parts = parts(S3, "OPTIONS /bkt/k", headers);
    let context = ResponseContext { request_id: "R", elapsed: Duration::ZERO, secure: false };
    preflight(&routed(&parts), &parts, cors, &context).map(|response| response.headers().clone())
}

#[test]
fn a_preflight_is_allowed_by_a_rule_or_not_at_all() {
    let cors = rules(S3, RULE).unwrap();
    let asked = [
        ("origin", "http://x.a.test"),
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "X-Amz-Date, x-amz-acl"),
    ];
    let allowed = ask(Some(&cors), &asked).unwrap();
    for (name, value) in [
        ("access-control-allow-origin", "http://x.a.test"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "GET, PUT"),
        ("access-control-allow-headers", "x-amz-date, x-amz-acl"),
        ("access-control-expose-headers", "ETag"),
        ("access-control-max-age", "60"),
    ] {
        assert_eq!(allowed[name], value);
    }
    for (at, instead) in [(0, "http://b.test"), (1, "DELETE"), (2, "content-type")] {
        let mut other = asked;
        other[at].1 = instead;
        assert!(matches!(ask(Some(&cors), &other), Err(Error::CorsForbidden { enabled: true })), "{instead}");
    }
    assert!(matches!(ask(None, &asked), Err(Error::CorsForbidden { enabled: false })));
    for incomplete in [&asked[..1], &asked[1..], &[]] {
        assert!(matches!(ask(Some(&cors), incomplete), Err(Error::InvalidRequest { .. })));
    }
}

#[test]
fn answers_tell_a_page_what_it_may_see() {
    let told = |cors: &CorsConfiguration, line: &str, headers: &[(&str, &str)]| {
        let mut found = HeaderMap::new();
        allow(&mut found, &parts(S3, line, headers), cors);
        found
    };
    let cors = rules(S3, RULE).unwrap();
    assert_eq!(
        told(&cors, "GET /bkt/k", &[("origin", "http://x.a.test")])["access-control-allow-origin"],
        "http://x.a.test"
    );
    assert!(told(&cors, "DELETE /bkt/k", &[("origin", "http://x.a.test")]).is_empty());
    assert!(told(&cors, "GET /bkt/k", &[("origin", "http://b.test")]).is_empty());
    assert!(told(&cors, "GET /bkt/k", &[]).is_empty());
    let everybody = rules(OSS, &format!("{EVERYBODY}<ResponseVary>true</ResponseVary>")).unwrap();
    let open = told(&everybody, "GET /bkt/k", &[("origin", "http://b.test")]);
    assert_eq!(open["access-control-allow-origin"], "*");
    assert!(open.get("access-control-allow-credentials").is_none(), "never for everybody");
    assert_eq!(told(&everybody, "GET /bkt/k", &[])["vary"], "Origin");
}

#[test]
fn what_an_origin_allows_is_not_what_the_bucket_allows() {
    let cors = rules(S3, RULE).unwrap();
    for (headers, expected) in [
        (&[("origin", "http://b.test")][..], None),
        (&[], None),
        (&[("origin", "http://x.a.test")], Some("http://x.a.test")),
    ] {
        let mut found = HeaderMap::new();
        found.insert("access-control-allow-origin", "http://b.test".parse().unwrap());
        found.insert("access-control-allow-credentials", "true".parse().unwrap());
        allow(&mut found, &parts(S3, "GET /bkt/k", headers), &cors);
        let allowed = found.get_all("access-control-allow-origin").iter().map(|value| value.to_str().unwrap());
        assert_eq!(allowed.collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
        assert_eq!(found.contains_key("access-control-allow-credentials"), expected.is_some());
    }
}
