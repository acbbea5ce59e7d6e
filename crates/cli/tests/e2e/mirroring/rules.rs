//! Which rule serves a miss, and which rules are accepted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use headwater_testkit::origin::Reply;
use md5::{Digest as _, Md5};

use super::fixture::{BUCKET, Fixture, mirror_rule, path};

/// A rule to one directory of the fixture's origin.
fn rule_to(fixture: &Fixture, number: u32, conditions: &str, directory: &str) -> String {
    mirror_rule(number, conditions, &fixture.origin.url(&format!("/{directory}/")), "")
}

#[tokio::test(flavor = "multi_thread")]
async fn row_26_the_number_decides_and_not_the_place() {
    let fixture = Fixture::without_rules().await;
    let rules = [rule_to(&fixture, 2, "", "second"), rule_to(&fixture, 1, "", "first")].concat();
    fixture.put_rules(&rules).await.expect(200);
    fixture.origin.on("/first/k", Reply::ok("first"));
    fixture.origin.on("/second/k", Reply::ok("second"));
    fixture.get("k").await.expect(200).expect_body(b"first");
    assert_eq!(fixture.origin.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_27_only_the_first_matching_rule_is_tried() {
    let fixture = Fixture::without_rules().await;
    let rules = [rule_to(&fixture, 1, "", "first"), rule_to(&fixture, 2, "", "second")].concat();
    fixture.put_rules(&rules).await.expect(200);
    fixture.origin.on("/second/k", Reply::ok("second"));
    fixture.get("k").await.expect_error(404, "NoSuchKey");
    assert_eq!(fixture.origin.count("/second/k"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_28_all_conditions_must_hold() {
    const PREFIX: &str = "<KeyPrefixEquals>images/</KeyPrefixEquals>";
    const SUFFIX: &str = "<KeySuffixEquals>.png</KeySuffixEquals>";
    const HEADER: &str =
        "<IncludeHeader><Key>X-Kind</Key><StartsWith>a</StartsWith><EndsWith>z</EndsWith></IncludeHeader>";
    let all = [PREFIX, SUFFIX, HEADER].concat();
    let keys = ["images/a.png", "images/a.jpg", "a.png", "a.jpg"];
    // Which of the keys match without and with the header.
    let cases = [
        (PREFIX, [true, true, false, false], [true, true, false, false]),
        (SUFFIX, [true, false, true, false], [true, false, true, false]),
        (HEADER, [false; 4], [true; 4]),
        (&all, [false; 4], [true, false, false, false]),
    ];
    for (conditions, without, with) in cases {
        for (header, expected) in [("none", without), ("abcxyz", with)] {
            // A bucket each: what the origin does not have is believed for a while.
            let fixture = Fixture::without_rules().await;
            fixture.put_rules(&rule_to(&fixture, 1, conditions, "d")).await.expect(200);
            for (key, matches) in keys.iter().zip(expected) {
                let before = fixture.origin.requests().len();
                let client = fixture.server.anonymous();
                client.get(&path(key)).header("x-kind", header).send().await.expect_error(404, "NoSuchKey");
                let asked = fixture.origin.requests().len() - before;
                assert_eq!(asked, usize::from(matches), "{conditions}, {key}, x-kind: {header}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_29_twenty_rules_are_accepted_and_twenty_one_are_not() {
    let fixture = Fixture::without_rules().await;
    let rules =
        |count| (1..=count).map(|number| rule_to(&fixture, number, "", &format!("d{number}"))).collect::<String>();
    fixture.put_rules(&rules(20)).await.expect(200);
    fixture.put_rules(&rules(21)).await.expect_error(400, "InvalidArgument");
    let echo = fixture.server.client().get(&format!("/{BUCKET}/?website")).send().await.expect(200);
    assert_eq!(echo.text().matches("<RoutingRule>").count(), 20, "a refused document changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_30_rules_that_cannot_work_are_refused() {
    let fixture = Fixture::without_rules().await;
    let good = mirror_rule(1, "", "http://origin.example/", "");
    let wrong = [
        (good.replace(">404<", ">403<"), "HttpErrorCodeReturnedEquals"),
        (good.replace("origin.example/", "origin.example"), "MirrorURL"),
        (good.replace("http://", "ftp://"), "MirrorURL"),
        (good.replace("origin.example/", "user:password@origin.example/"), "MirrorURL"),
        (good.replace("origin.example/", "origin.example/?q=1/"), "MirrorURL"),
        (good.replace("<RuleNumber>1", "<RuleNumber>0"), "RuleNumber"),
        ([good.as_str(), &good].concat(), "RuleNumber"),
    ];
    for (rules, argument) in wrong {
        let answer = fixture.put_rules(&rules).await.expect_error(400, "InvalidArgument");
        assert_eq!(answer.element("ArgumentName").as_deref(), Some(argument), "{}", answer.text());
    }
    let answer = fixture.server.client().get(&format!("/{BUCKET}/?website")).send().await;
    answer.expect_error(404, "NoSuchWebsiteConfiguration");
    fixture.put_rules(&good).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_31_a_bucket_without_a_website_says_so() {
    let fixture = Fixture::without_rules().await;
    let target = format!("/{BUCKET}/?website");
    let client = fixture.server.client();
    let answer = client.get(&target).send().await.expect_error(404, "NoSuchWebsiteConfiguration");
    assert_eq!(answer.element("BucketName").as_deref(), Some(BUCKET));
    client.delete(&target).send().await.expect(204);
    fixture.put_rules(&rule_to(&fixture, 1, "", "d")).await.expect(200);
    client.delete(&target).send().await.expect(204);
    client.get(&target).send().await.expect_error(404, "NoSuchWebsiteConfiguration");
    fixture.get("k").await.expect_error(404, "NoSuchKey");
    assert!(fixture.origin.requests().is_empty(), "a deleted rule asks nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_32_a_document_that_was_damaged_on_its_way_is_refused() {
    let fixture = Fixture::without_rules().await;
    let client = fixture.server.client();
    let target = format!("/{BUCKET}/?website");
    let rule = rule_to(&fixture, 1, "", "d");
    let document = format!("<WebsiteConfiguration><RoutingRules>{rule}</RoutingRules></WebsiteConfiguration>");
    for digest in [BASE64.encode(Md5::digest(b"another document")), "no-digest".to_owned()] {
        let call = client.put(&target, document.clone()).header("content-md5", &digest);
        call.send().await.expect_error(400, "InvalidDigest");
    }
    client.get(&target).send().await.expect_error(404, "NoSuchWebsiteConfiguration");
    let digest = BASE64.encode(Md5::digest(&document));
    client.put(&target, document).header("content-md5", &digest).send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_33_a_rule_without_a_type_is_a_redirection() {
    let fixture = Fixture::without_rules().await;
    let rule = "<RoutingRule><RuleNumber>1</RuleNumber><Condition><KeyPrefixEquals>old/</KeyPrefixEquals></Condition>\
                <Redirect><Protocol>https</Protocol><HostName>www.example.com</HostName></Redirect></RoutingRule>";
    fixture.put_rules(rule).await.expect(200);
    let echo = fixture.server.client().get(&format!("/{BUCKET}/?website")).send().await.expect(200);
    assert_eq!(echo.element("RedirectType").as_deref(), Some("External"), "{}", echo.text());
    let answer = fixture.get("old/k").await.expect(301);
    assert_eq!(answer.header("location"), Some("https://www.example.com/old/k"));
}
