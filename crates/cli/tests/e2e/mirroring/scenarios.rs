//! The vendor's documented scenarios, each with the vendors' official SDKs.

use headwater_testkit::origin::{Reply, ScriptedOrigin};

use super::fixture::mirror_rule;
use crate::harness::{Headwater, Python, Setup};

/// Runs one scenario of `tests/clients/scenario.py` with every SDK, each on a bucket of its own.
async fn with_every_sdk(scenario: &str, server: &Headwater, origin: &ScriptedOrigin, rules: &str) {
    for sdk in ["oss2-v1", "oss2-v4", "oss-v2", "boto3"] {
        let bucket = format!("scenario-{sdk}");
        let client = server.client();
        let target = format!("/{bucket}/");
        client.put(&target, "").header("x-oss-acl", "public-read").send().await.expect(200);
        let document = format!("<WebsiteConfiguration><RoutingRules>{rules}</RoutingRules></WebsiteConfiguration>");
        client.put(&format!("{target}?website"), document).send().await.expect(200);
        let before = origin.requests().len();
        let script =
            Python::script("scenario", server).with("SCENARIO", scenario).with("SDK", sdk).with("BUCKET", &bucket);
        tokio::task::spawn_blocking(move || script.run()).await.expect("the script passes");
        let asked: Vec<String> = origin.requests()[before..].iter().map(|request| request.target.clone()).collect();
        assert_eq!(asked, expected_requests(scenario), "{scenario} with {sdk}");
    }
}

/// What the origin is asked for in each scenario.
fn expected_requests(scenario: &str) -> Vec<String> {
    let targets: &[&str] = match scenario {
        "basic" => &["/examplefolder/example.txt", "/examplefolder/missing.txt"],
        "redirection" => &[],
        "migration" => &["/B"],
        other => panic!("no scenario {other}"),
    };
    targets.iter().map(ToString::to_string).collect()
}

async fn origin() -> ScriptedOrigin {
    let origin = ScriptedOrigin::start().await;
    origin.on("/examplefolder/example.txt", Reply::ok("from the origin").header("content-type", "text/plain"));
    origin.on("/B", Reply::ok("only at the origin"));
    origin
}

/// The form with three columns makes this rule of the classic example: the third column stands for the prefix.
#[tokio::test(flavor = "multi_thread")]
async fn scenario_s1_basic_with_the_third_column() {
    let (origin, server) = (origin().await, Setup::new().start());
    let fields = "<EnableReplacePrefix>true</EnableReplacePrefix><ReplaceKeyPrefixWith></ReplaceKeyPrefixWith>";
    let prefix = "<KeyPrefixEquals>examplefolder/</KeyPrefixEquals>";
    let rules = mirror_rule(1, prefix, &origin.url("/examplefolder/"), fields);
    with_every_sdk("basic", &server, &origin, &rules).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scenario_s2_basic_with_an_empty_third_column() {
    let (origin, server) = (origin().await, Setup::new().start());
    let prefix = "<KeyPrefixEquals>examplefolder/</KeyPrefixEquals>";
    with_every_sdk("basic", &server, &origin, &mirror_rule(1, prefix, &origin.url("/"), "")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scenario_s8_redirection() {
    let (origin, server) = (origin().await, Setup::new().start());
    let rule = |number: u32, prefix: &str, fields: &str| {
        format!(
            "<RoutingRule><RuleNumber>{number}</RuleNumber><Condition><KeyPrefixEquals>{prefix}</KeyPrefixEquals>\
             <HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition>\
             <Redirect><RedirectType>External</RedirectType>{fields}</Redirect></RoutingRule>"
        )
    };
    let host = "<HostName>www.example.com</HostName>";
    let rules = [
        rule(1, "examplefolder/", &format!("<Protocol>https</Protocol>{host}")),
        rule(
            2,
            "whole/",
            &format!("<Protocol>http</Protocol>{host}<ReplaceKeyWith>prefix/${{key}}.suffix</ReplaceKeyWith>"),
        ),
        rule(
            3,
            "abc/",
            &format!(
                "<Protocol>http</Protocol>{host}<ReplaceKeyPrefixWith>def/</ReplaceKeyPrefixWith>\
                 <PassQueryString>true</PassQueryString><HttpRedirectCode>302</HttpRedirectCode>"
            ),
        ),
    ];
    with_every_sdk("redirection", &server, &origin, &rules.concat()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scenario_s10_migration() {
    let (origin, server) = (origin().await, Setup::new().start());
    with_every_sdk("migration", &server, &origin, &mirror_rule(1, "", &origin.url("/"), "")).await;
}
