//! What of the client's request reaches the origin.

use std::time::Duration;

use headwater_testkit::origin::{RecordedRequest, Reply};

use super::fixture::{Fixture, path};

/// Header fields that the server sends of its own accord.
const OWN: [&str; 6] = ["host", "user-agent", "accept", "accept-encoding", "via", "cdn-loop"];

fn only(fixture: &Fixture) -> RecordedRequest {
    let [request] = &fixture.origin.requests()[..] else { panic!("one request at the origin") };
    request.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn row_17_no_header_and_no_query_is_forwarded_by_default() {
    let fixture = Fixture::with("").await;
    fixture.origin.on("/k", Reply::ok("body"));
    let client = fixture.server.client();
    let call = client.get(&format!("{}?caller=lucas&production=oss", path("k")));
    let call =
        [("x-a", "1"), ("x-b", "2"), ("referer", "http://r.example/"), ("accept", "text/html"), ("pragma", "no-cache")]
            .iter()
            .fold(call, |call, (name, value)| call.header(name, value));
    call.header("cookie", "session=1").send().await.expect(200);
    let request = only(&fixture);
    assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/k"));
    for (name, value) in &request.headers {
        assert!(OWN.contains(&name.to_ascii_lowercase().as_str()), "{name}: {value}");
    }
    assert_eq!(request.header("accept"), Some("*/*"));
    assert_eq!(request.header("host"), Some(fixture.origin.address().to_string().as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn row_18_forbidden_headers_are_never_forwarded() {
    const FORBIDDEN: [(&str, &str); 12] = [
        ("range", "bytes=0-1"),
        ("x-oss-a", "1"),
        ("oss-b", "1"),
        ("x-drs-c", "1"),
        ("date", "Wed, 21 Oct 2026 07:28:00 GMT"),
        ("authorization2", "1"),
        ("te", "trailers"),
        ("proxy-authorization", "Basic eDp5"),
        ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
        ("if-none-match", "\"e\""),
        ("if-modified-since", "Wed, 21 Oct 2015 07:28:00 GMT"),
        ("accept-encoding", "gzip"),
    ];
    let fixture = Fixture::with("<MirrorHeaders><PassAll>true</PassAll></MirrorHeaders>").await;
    fixture.origin.on("/k", Reply::ok("body"));
    let client = fixture.server.client();
    let call = FORBIDDEN.iter().fold(client.get(&path("k")), |call, (name, value)| call.header(name, value));
    let answer = call.header("x-plain", "passed").header("cookie", "a=b").send().await;
    assert!(answer.status.is_success(), "{}", answer.text());
    let request = only(&fixture);
    for (name, value) in FORBIDDEN {
        assert_ne!(request.header(name), Some(value), "{name}");
    }
    assert!(request.header("authorization").is_none());
    assert!(!request.headers.iter().any(|(name, _)| name.to_ascii_lowercase().starts_with("x-oss-")));
    assert_eq!(request.header("x-plain"), Some("passed"));
    assert_eq!(request.header("cookie"), Some("a=b"));
    assert_eq!(request.header("host"), Some(fixture.origin.address().to_string().as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn row_19_remove_beats_pass() {
    for pass in ["<PassAll>true</PassAll>", "<Pass>x-a</Pass><Pass>x-b</Pass>"] {
        let fixture = Fixture::with(&format!("<MirrorHeaders>{pass}<Remove>X-A</Remove></MirrorHeaders>")).await;
        fixture.origin.on("/k", Reply::ok("body"));
        let call = fixture.server.anonymous();
        call.get(&path("k")).header("x-a", "1").header("x-b", "2").send().await.expect(200);
        let request = only(&fixture);
        assert_eq!((request.header("x-a"), request.header("x-b")), (None, Some("2")), "{pass}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_20_set_names_the_host() {
    let fields = "<MirrorHeaders><Set><Key>Host</Key><Value>shop.example</Value></Set>\
                  <Set><Key>x-set</Key><Value>whatever &lt;it&gt; says</Value></Set></MirrorHeaders>";
    let fixture = Fixture::with(fields).await;
    fixture.origin.on("/k", Reply::ok("body"));
    fixture.server.anonymous().get(&path("k")).header("x-set", "client's").send().await.expect(200);
    let request = only(&fixture);
    assert_eq!(request.header("host"), Some("shop.example"));
    assert_eq!(request.header("x-set"), Some("whatever <it> says"));
    let hosts = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host"));
    assert_eq!(hosts.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_21_the_mirror_flag_decides_over_the_query() {
    let cases = [
        ("", false),
        ("<PassQueryString>true</PassQueryString>", true),
        ("<MirrorPassQueryString>true</MirrorPassQueryString>", true),
        ("<PassQueryString>true</PassQueryString><MirrorPassQueryString>false</MirrorPassQueryString>", false),
        ("<PassQueryString>false</PassQueryString><MirrorPassQueryString>true</MirrorPassQueryString>", true),
    ];
    for (fields, passed) in cases {
        let fixture = Fixture::with(fields).await;
        let target = if passed { "/k?caller=lucas&b=%20x&b=2&empty" } else { "/k" };
        fixture.origin.on(target, Reply::ok("body"));
        fixture
            .server
            .anonymous()
            .get(&format!("{}?caller=lucas&b=%20x&b=2&empty", path("k")))
            .send()
            .await
            .expect(200);
        assert_eq!(only(&fixture).target, target, "{fields}");
        let echo = fixture.server.client().get("/example/?website").send().await.expect(200);
        for name in ["PassQueryString", "MirrorPassQueryString"] {
            assert_eq!(echo.element(name), Some(passed.to_string()), "{fields}: {}", echo.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_22_authentication_never_reaches_the_origin() {
    let fixture = Fixture::with("<MirrorPassQueryString>true</MirrorPassQueryString>").await;
    let client = fixture.server.client();
    let hour = Duration::from_hours(1);
    let target = |key: &str| format!("{}?user=1", path(key));
    let calls = [
        ("v4", client.get(&target("v4")).presigned(hour)),
        ("v1", client.get(&target("v1")).presigned(hour).oss_v1()),
        ("s3", client.get(&target("s3")).presigned(hour).s3()),
        ("shaped", client.get(&format!("{}&response-content-type=text%2Fx", target("shaped"))).presigned(hour)),
    ];
    for (key, call) in calls {
        let expected = format!("/{key}?user=1");
        fixture.origin.on(&expected, Reply::ok("body"));
        let answer = call.send().await.expect(200).expect_body(b"body");
        assert_eq!(fixture.origin.requests().last().map(|request| request.target.as_str()), Some(expected.as_str()));
        if key == "shaped" {
            assert_eq!(answer.header("content-type"), Some("text/x"), "the override shapes this answer");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_23_the_origin_sees_the_vendors_user_agent() {
    let fixture = Fixture::with("").await;
    fixture.origin.on("/k", Reply::ok("body"));
    fixture.server.anonymous().get(&path("k")).header("user-agent", "browser/1.0").send().await.expect(200);
    assert_eq!(only(&fixture).header("user-agent"), Some("aliyun-oss-mirror"));
}

#[tokio::test(flavor = "multi_thread")]
async fn row_48_conditions_are_not_forwarded_and_cannot_hold_on_a_miss() {
    let fixture = Fixture::with("").await;
    let conditions = [("if-none-match", "\"abc\""), ("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT")];
    for (key, (name, value)) in ["tag", "time"].into_iter().zip(conditions) {
        fixture.origin.on(&format!("/{key}"), Reply::ok("body").header("etag", "\"abc\""));
        fixture.server.anonymous().get(&path(key)).header(name, value).send().await.expect(200).expect_body(b"body");
    }
    for request in fixture.origin.requests() {
        assert!(!request.headers.iter().any(|(name, _)| name.to_ascii_lowercase().starts_with("if-")));
    }
}
