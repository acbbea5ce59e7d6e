//! Rules through the admin API: changed only by who knows what they replace, and remembered.

use http::Method;
use serde_json::{Value, json};

use crate::admin_client::{Signed, ask, exchange, head};
use crate::support::{Running, open_bucket, start};

const RULES: &str = "/api/v1/buckets/bkt/rules";
const HISTORY: &str = "/api/v1/buckets/bkt/rules/history";

fn rules(prefix: &str) -> String {
    let website = format!(
        "<WebsiteConfiguration><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber>\
         <Condition><KeyPrefixEquals>{prefix}</KeyPrefixEquals>\
         <HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition>\
         <Redirect><RedirectType>Mirror</RedirectType><MirrorURL>https://origin.example/</MirrorURL>\
         <MirrorHeaders><Set><Key>x-token</Key><Value>canary-77</Value></Set></MirrorHeaders></Redirect>\
         </RoutingRule></RoutingRules></WebsiteConfiguration>"
    );
    json!({ "website": website }).to_string()
}

/// Status, `ETag` and answer.
async fn send(running: &Running, method: Method, if_match: Option<&str>, body: &str) -> (u16, String, Value) {
    let mut parts = head(method, RULES, body, Signed::Rightly);
    if let Some(tag) = if_match {
        parts.headers.insert("if-match", tag.parse().unwrap());
    }
    let (parts, answer) = exchange(running, parts, body).await;
    let tag = parts.headers.get("etag").map(|tag| tag.to_str().unwrap().to_owned());
    (parts.status.as_u16(), tag.unwrap_or_default(), answer)
}

#[tokio::test]
async fn rules_are_replaced_by_who_knows_them() {
    let running = start(None).await;
    open_bucket(&running).await;
    let (status, before, _) = send(&running, Method::GET, None, "").await;
    assert_eq!((status, before.as_str()), (200, "\"0\""));
    let (status, first, answer) = send(&running, Method::PUT, Some(&before), &rules("a/")).await;
    assert_eq!((status, first.as_str(), &answer["rule_version"]), (200, "\"1\"", &json!(1)), "{answer}");
    let shown = answer["website"].as_str().unwrap();
    assert!(shown.contains("a/") && !shown.contains("canary-77"), "{shown}");

    for method in [Method::PUT, Method::DELETE] {
        let body = if method == Method::PUT { rules("b/") } else { String::new() };
        let (status, _, answer) = send(&running, method, Some(&before), &body).await;
        assert_eq!((status, &answer["error"]["code"]), (412, &json!("precondition_failed")), "{answer}");
        assert_eq!((&answer["error"]["field"], &answer["error"]["value"]), (&json!("If-Match"), &json!("0")));
        assert!(answer["error"]["message"].as_str().unwrap().contains("version 1 by now, not 0"), "{answer}");
    }
    assert_eq!(send(&running, Method::GET, None, "").await.1, first, "nothing was changed");
    assert_eq!(send(&running, Method::PUT, Some("*"), &rules("b/")).await.1, "\"2\"");
    assert_eq!(send(&running, Method::PUT, None, &rules("c/")).await.1, "\"3\"");
    let (status, gone, answer) = send(&running, Method::DELETE, Some("\"3\""), "").await;
    assert_eq!((status, gone.as_str(), &answer["website"]), (200, "\"4\"", &Value::Null));
}

#[tokio::test]
async fn of_two_who_know_the_same_rules_one_replaces_them() {
    let running = start(None).await;
    open_bucket(&running).await;
    let (one, other) = (rules("a/"), rules("b/"));
    let (one, other) = tokio::join!(
        send(&running, Method::PUT, Some("\"0\""), &one),
        send(&running, Method::PUT, Some("\"0\""), &other)
    );
    let mut statuses = [one.0, other.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    assert_eq!(send(&running, Method::GET, None, "").await.1, "\"1\"");
}

#[tokio::test]
async fn versions_of_rules_are_remembered_with_who_made_them_until_the_bucket_goes() {
    let running = start(None).await;
    open_bucket(&running).await;
    assert_eq!(ask(&running, Method::GET, HISTORY, "").await, (200, json!({"revisions": []})));
    for prefix in ["a/", "b/"] {
        assert_eq!(send(&running, Method::PUT, None, &rules(prefix)).await.0, 200);
    }
    assert_eq!(send(&running, Method::DELETE, None, "").await.0, 200);
    assert_eq!(send(&running, Method::DELETE, None, "").await.1, "\"3\"", "nothing was changed");
    let (_, history) = ask(&running, Method::GET, HISTORY, "").await;
    let revisions = history["revisions"].as_array().unwrap();
    let versions: Vec<&Value> = revisions.iter().map(|revision| &revision["rule_version"]).collect();
    assert_eq!(versions, [&json!(1), &json!(2), &json!(3)]);
    assert!(revisions[1]["website"].as_str().unwrap().contains("<KeyPrefixEquals>b/<"), "{history}");
    assert_eq!((&revisions[2]["website"], &revisions[2]["who"]), (&Value::Null, &json!("root")));
    assert!(revisions[0]["time"].as_str().unwrap().ends_with('Z') && !history.to_string().contains("canary-77"));
    assert_eq!(ask(&running, Method::GET, "/api/v1/buckets/none/rules/history", "").await.0, 404);
}

#[tokio::test]
async fn what_is_wrong_with_rules_is_named_and_changes_nothing() {
    let running = start(None).await;
    open_bucket(&running).await;
    for (if_match, body, code, field) in [
        (Some("seven"), rules("a/"), "invalid_argument", json!("If-Match")),
        (Some("W/\"0\""), rules("a/"), "invalid_argument", json!("If-Match")),
        (None, r#"{"website":""}"#.to_owned(), "malformed_xml", Value::Null),
        (None, r#"{"site":""}"#.to_owned(), "invalid_argument", json!("site")),
        (None, r#"{"website":7}"#.to_owned(), "invalid_argument", json!("website")),
    ] {
        let (status, _, answer) = send(&running, Method::PUT, if_match, &body).await;
        let error = &answer["error"];
        assert_eq!((status, &error["code"], &error["field"]), (400, &json!(code), &field), "{answer}");
    }
    assert_eq!(send(&running, Method::GET, None, "").await.1, "\"0\"");
}
