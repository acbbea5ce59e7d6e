//! The admin API: who may use it, what it refuses and how, what it changes.

use headwater_admin::verify_audit;
use headwater_model::bucket::Dialect;
use http::{Method, header};
use serde_json::{Value, json};

use crate::admin_client::{Signed, ask, exchange, head, send};
use crate::support::{open_bucket, start};

const MIGRATION: &str = "/api/v1/buckets/bkt/migration";

#[tokio::test]
async fn only_the_root_key_by_a_signature_over_the_body_gets_in() {
    let running = start(None).await;
    open_bucket(&running).await;
    let change = json!({"negative_ttl_ms": 1}).to_string();
    for signed in [
        Signed::NotAtAll,
        Signed::WithSecret("another-secret"),
        Signed::AsKey("nobody"),
        Signed::WithoutItsBody,
        Signed::OverAnotherBody,
        Signed::AsOss,
        Signed::InTheUrl,
    ] {
        let (status, answer) = send(&running, Method::PATCH, MIGRATION, &change, signed).await;
        assert_eq!(status, 401, "{answer}");
        assert_eq!(answer["error"]["code"], "unauthenticated");
        assert!(answer["error"]["message"].is_string() && answer["error"]["field"].is_null());
    }
    let unknown = send(&running, Method::GET, MIGRATION, "", Signed::AsKey("nobody")).await;
    let wrong = send(&running, Method::GET, MIGRATION, "", Signed::WithSecret("wrong")).await;
    assert_eq!(unknown, wrong, "whether a key exists is not told");
    assert_eq!(ask(&running, Method::GET, MIGRATION, "").await.1["negative_ttl_ms"], 5000, "nothing was changed");
    // A path that is not there tells strangers nothing either.
    assert_eq!(send(&running, Method::GET, "/api/v1/nothing", "", Signed::NotAtAll).await.0, 401);
}

#[tokio::test]
async fn a_signed_change_is_taken_once_and_its_id_is_told() {
    let running = start(None).await;
    open_bucket(&running).await;
    let body = r#"{"negative_ttl_ms":1}"#;
    let change = head(Method::PATCH, MIGRATION, body, Signed::Rightly);
    let (answer, _) = exchange(&running, change.clone(), body).await;
    assert_eq!(answer.status, 200);
    let (_, audit) = ask(&running, Method::GET, "/api/v1/audit?limit=1", "").await;
    assert_eq!(audit["entries"][0]["request_id"], answer.headers["x-request-id"].to_str().unwrap());
    assert_eq!(ask(&running, Method::PATCH, MIGRATION, r#"{"negative_ttl_ms":2}"#).await.0, 200);
    // The same, and the same in other letters, which is as valid.
    let mut spelled = change.clone();
    let (known, signature) = spelled.headers["authorization"].to_str().unwrap().rsplit_once('=').unwrap();
    let other = format!("{known}={}", signature.to_uppercase());
    spelled.headers.insert("authorization", other.parse().unwrap());
    for repeated in [change, spelled] {
        let (answer, told) = exchange(&running, repeated, body).await;
        assert_eq!((answer.status.as_u16(), &told["error"]["code"]), (403, &json!("repeated")), "{told}");
    }
    assert_eq!(ask(&running, Method::GET, MIGRATION, "").await.1["negative_ttl_ms"], 2);
    let read = head(Method::GET, MIGRATION, "", Signed::Rightly);
    for _ in 0..2 {
        assert_eq!(exchange(&running, read.clone(), "").await.0.status, 200);
    }
}

#[tokio::test]
async fn settings_are_read_replaced_and_patched() {
    let running = start(None).await;
    open_bucket(&running).await;
    let (status, defaults) = ask(&running, Method::GET, MIGRATION, "").await;
    assert_eq!((status, &defaults["deletes"], &defaults["keep"]), (200, &json!("refetch"), &json!("seven_headers")));
    let patch = json!({"deletes": "keep", "leftover_limit_bytes": 60, "guard": {"min_bytes": 9}});
    let (status, patched) = ask(&running, Method::PATCH, MIGRATION, &patch.to_string()).await;
    assert_eq!(
        (status, &patched["leftover_limit_bytes"], &patched["guard"]["min_bytes"]),
        (200, &json!(60), &json!(9))
    );
    assert_eq!(ask(&running, Method::GET, MIGRATION, "").await.1, patched);
    let (status, put) = ask(&running, Method::PUT, MIGRATION, r#"{"refuse_empty":true}"#).await;
    assert_eq!((status, &put["refuse_empty"], &put["deletes"]), (200, &json!(true), &json!("refetch")));
    let (_, again) = ask(&running, Method::PUT, MIGRATION, r#"{"refuse_empty":true}"#).await;
    assert_eq!(again, put);

    let (_, buckets) = ask(&running, Method::GET, "/api/v1/buckets", "").await;
    let row = &buckets["buckets"][0];
    assert_eq!((&row["name"], &row["rule_version"], &row["migration"]), (&json!("bkt"), &json!(2), &put));

    let (_, audit) = ask(&running, Method::GET, "/api/v1/audit?limit=5", "").await;
    let entries = audit["entries"].as_array().unwrap();
    let [made, _, last] = &entries[..] else { panic!("what changes nothing leaves no line: {audit}") };
    assert_eq!(made["action"], json!("create_bucket"));
    assert_eq!((&last["who"], &last["target"]), (&json!("root"), &json!("bucket bkt")));
    assert_eq!((&last["before"], &last["after"]), (&patched, &put));
    let (server, directory) = running.stop();
    server.await.unwrap();
    let report = verify_audit(&directory.path().join("audit.log")).unwrap().unwrap();
    assert_eq!((report.lines, report.broken.len()), (3, 0));
}

#[tokio::test]
async fn settings_without_effect_are_refused_by_name() {
    let running = start(None).await;
    open_bucket(&running).await;
    for body in [r#"{"list":"through"}"#, r#"{"refresh":{"ttl_s":60}}"#, r#"{"write_through":true}"#] {
        assert_eq!(ask(&running, Method::PATCH, MIGRATION, body).await.0, 422, "{body}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_and_changes_nothing() {
    let running = start(None).await;
    open_bucket(&running).await;
    for (body, field, value) in [
        (r#"{"negativ_ttl_ms":1}"#, json!("negativ_ttl_ms"), Value::Null),
        (r#"{"guard":{"least":1}}"#, json!("guard.least"), Value::Null),
        (r#"{"negative_ttl_ms":300001}"#, json!("negative_ttl_ms"), json!("300001")),
        ("{", Value::Null, Value::Null),
    ] {
        for method in [Method::PUT, Method::PATCH] {
            let (status, answer) = ask(&running, method, MIGRATION, body).await;
            assert_eq!(status, 400, "{answer}");
            assert_eq!((&answer["error"]["field"], &answer["error"]["value"]), (&field, &value), "{answer}");
        }
    }
    for (method, path, status, code) in [
        (Method::GET, "/api/v1/buckets/none/migration", 404, "no_such_bucket"),
        (Method::GET, "/api/v1/buckets/N_O/migration", 400, "invalid_bucket_name"),
        (Method::GET, "/api/v1/nothing", 404, "no_such_resource"),
        (Method::POST, MIGRATION, 405, "method_not_allowed"),
        (Method::GET, "/api/v1/audit?lines=1", 400, "invalid_query"),
    ] {
        let (got, answer) = ask(&running, method, path, "").await;
        assert_eq!((got, &answer["error"]["code"]), (status, &json!(code)), "{path}");
    }
    let large = " ".repeat((1 << 20) + 1);
    let (status, answer) = ask(&running, Method::PUT, MIGRATION, &large).await;
    assert_eq!((status, &answer["error"]["code"]), (413, &json!("body_too_large")));
    let (_, audit) = ask(&running, Method::GET, "/api/v1/audit", "").await;
    let actions: Vec<_> = audit["entries"].as_array().unwrap().iter().map(|line| &line["action"]).collect();
    assert_eq!(actions, [&json!("create_bucket")], "{audit}");
}

#[tokio::test]
async fn the_openapi_document_and_the_routes_agree() {
    let running = start(None).await;
    open_bucket(&running).await;
    let (status, document) = send(&running, Method::GET, "/-/openapi.json", "", Signed::NotAtAll).await;
    assert_eq!(status, 200);
    assert_eq!(document["openapi"], "3.1.0");
    for (path, methods) in document["paths"].as_object().unwrap() {
        let named = [("{bucket}", "bkt"), ("{scheme}", "http"), ("{authority}", "a.test:80")];
        let path = named.iter().fold(path.clone(), |path, (name, value)| path.replace(name, value));
        let path = path.replace(['{', '}'], "");
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let described = methods.get(method.as_str().to_lowercase()).is_some();
            let (_, answer) = ask(&running, method.clone(), &path, "").await;
            let code = answer["error"]["code"].as_str().unwrap_or_default();
            assert_eq!(code != "method_not_allowed", described, "{method} {path}: {answer}");
            assert_ne!(code, "no_such_resource", "{method} {path}: {answer}");
        }
    }
    let settings = &document["components"]["schemas"]["MigrationSettings"];
    assert!(settings["properties"]["negative_ttl_ms"]["description"].is_string(), "{settings}");
}

const WEBSITE: &str = "<WebsiteConfiguration><RoutingRules>\
    <RoutingRule><RuleNumber>1</RuleNumber><Condition><KeyPrefixEquals>img/</KeyPrefixEquals>\
    <HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition>\
    <Redirect><RedirectType>Mirror</RedirectType><MirrorURL>https://origin.example/base/</MirrorURL>\
    <MirrorHeaders><Set><Key>x-token</Key><Value>canary-77</Value></Set></MirrorHeaders></Redirect></RoutingRule>\
    </RoutingRules></WebsiteConfiguration>";

#[tokio::test]
async fn rules_are_tested_before_they_are_saved() {
    let running = start(None).await;
    open_bucket(&running).await;
    let test = async |key: &str, website: &str| {
        let body = json!({"website": website, "request": {"key": key, "method": "get"}}).to_string();
        ask(&running, Method::POST, "/api/v1/buckets/bkt/rules/test", &body).await
    };
    let (status, answer) = test("img/a b.png", WEBSITE).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["rules"][0]["verdict"], "applies");
    assert_eq!(answer["matched"]["origins"][0]["url"], "https://origin.example/base/img/a%20b.png");
    let text = answer.to_string();
    assert!(text.contains(r#"["x-token","******"]"#) && !text.contains("canary-77"), "{text}");
    let (_, answer) = test("doc/a", WEBSITE).await;
    assert_eq!((&answer["rules"][0]["verdict"], &answer["matched"]), (&json!("fails"), &Value::Null));
    assert!(answer["rules"][0]["failed"].as_str().unwrap().contains("img/"), "{answer}");
    let (status, answer) = test("a", "<WebsiteConfiguration/>").await;
    assert_eq!(status, 400, "{answer}");
    let (_, answer) = ask(&running, Method::GET, "/api/v1/buckets/bkt/rules", "").await;
    assert_eq!(answer["website"], Value::Null, "nothing was saved");
    let (_, answer) = ask(&running, Method::POST, "/api/v1/buckets/bkt/explain", r#"{"key":"img/a"}"#).await;
    assert_eq!((&answer["stored"], &answer["rules"]), (&Value::Null, &json!([])));
}

#[tokio::test]
async fn origins_are_tried_where_the_key_has_a_url() {
    let running = start(None).await;
    open_bucket(&running).await;
    let try_it = async |bucket: &str, key: &str, website: &str| {
        let body = json!({"website": website, "request": {"key": key, "try": true}}).to_string();
        ask(&running, Method::POST, &format!("/api/v1/buckets/{bucket}/rules/test"), &body).await
    };
    let (status, answer) = try_it("bkt", "img/a", WEBSITE).await;
    assert_eq!(status, 200, "{answer}");
    let tried = &answer["matched"]["tried"];
    assert_eq!((&tried[0]["outcome"], &tried[0]["reason"]), (&json!("failed"), &json!("connect")), "{tried}");
    let (status, answer) = try_it("bkt", "img/../a", WEBSITE).await;
    assert_eq!((status, &answer["matched"]["tried"]), (200, &Value::Null), "{answer}");
    assert_eq!(answer["matched"]["unmappable"], "the key has a dot segment", "{answer}");
    // Whatever else is wrong with the document.
    let masked = WEBSITE.replace(
        "<MirrorHeaders>",
        "<MirrorAuth><AuthType>S3V4</AuthType><Region>r</Region>\
        <AccessKeyId>i</AccessKeyId><AccessKeySecret>******</AccessKeySecret></MirrorAuth><MirrorHeaders>",
    );
    let (status, answer) = try_it("none", "img/a", &masked).await;
    assert_eq!((status, &answer["error"]["code"]), (404, &json!("no_such_bucket")), "{answer}");
}

#[tokio::test]
async fn rules_that_come_by_the_data_plane_are_in_the_audit_log() {
    let running = start(None).await;
    open_bucket(&running).await;
    let target = (Some("bkt"), None);
    let put = crate::support::request(Method::PUT, "/bkt/?website", WEBSITE);
    let (parts, _) = running.send(crate::support::signed(put, Dialect::Oss, target)).await;
    assert_eq!(parts.status, 200);
    let id = parts.headers["x-oss-request-id"].to_str().unwrap().to_owned();
    // The second one finds nothing to take away.
    for _ in 0..2 {
        let delete = crate::support::request(Method::DELETE, "/bkt/?website", "");
        let (parts, _) = running.send(crate::support::signed(delete, Dialect::S3, target)).await;
        assert_eq!(parts.status, 204);
    }
    let refused = running.send(crate::support::request(Method::DELETE, "/bkt/?website", "")).await;
    assert_eq!(refused.0.status, 403);
    let (_, audit) = ask(&running, Method::GET, "/api/v1/audit", "").await;
    let [_, put, delete] = &audit["entries"].as_array().unwrap()[..] else { panic!("three lines: {audit}") };
    assert_eq!((&put["action"], &put["target"]), (&json!("put_website"), &json!("bucket bkt")));
    assert_eq!((&put["who"], &put["request_id"], &put["before"]), (&json!("root"), &json!(id), &Value::Null));
    let document = put["after"].as_str().unwrap();
    assert!(document.contains("https://origin.example/base/") && !document.contains("canary-77"), "{document}");
    assert_eq!((&delete["action"], &delete["before"]), (&json!("delete_website"), &put["after"]));
    assert_eq!(delete["after"], Value::Null);
}

#[tokio::test]
async fn tombstones_are_listed_and_lifted_whatever_their_keys() {
    let running = start(None).await;
    open_bucket(&running).await;
    assert_eq!(ask(&running, Method::PATCH, MIGRATION, r#"{"deletes":"keep"}"#).await.0, 200);
    // Path, and the key that it means; each is deleted through the data plane without having been there.
    for (path, key) in [("a", "a"), ("b//c%20d", "b//c d"), ("b/%2Fe", "b//e"), ("%C3%A4%25", "\u{e4}%")] {
        let delete = crate::support::request(Method::DELETE, &format!("/bkt/{path}"), "");
        let (parts, _) = running.send(crate::support::signed(delete, Dialect::Oss, (Some("bkt"), Some(key)))).await;
        assert_eq!(parts.status, 204, "{path}");
    }
    let list =
        async |query: &str| ask(&running, Method::GET, &format!("/api/v1/buckets/bkt/tombstones{query}"), "").await.1;
    let keys = |page: &Value| -> Vec<String> {
        let rows = page["tombstones"].as_array().unwrap().iter();
        rows.map(|row| row["key"].as_str().unwrap().to_owned()).collect()
    };
    let all = list("").await;
    assert_eq!(
        (keys(&all), &all["next"]),
        (vec!["a".into(), "b//c d".into(), "b//e".into(), "\u{e4}%".into()], &Value::Null)
    );
    let page = list("?limit=1&prefix=b").await;
    assert_eq!((keys(&page), &page["next"]), (vec!["b//c d".to_owned()], &json!("b//c d")));
    assert_eq!(keys(&list("?after=b%2F%2Fc%20d&prefix=b").await), ["b//e"]);
    let (_, told) = ask(&running, Method::POST, "/api/v1/buckets/bkt/explain", r#"{"key":"a"}"#).await;
    assert!(told["tombstone_since_ms"].is_i64(), "{told}");

    let lift =
        async |key: &str| ask(&running, Method::DELETE, &format!("/api/v1/buckets/bkt/tombstones/{key}"), "").await;
    assert_eq!(lift("b%2F%2Fc%20d").await.0, 204);
    assert_eq!(lift("b//e").await.0, 204);
    assert_eq!(lift("%C3%A4%25").await.0, 204);
    let (status, answer) = lift("b//e").await;
    assert_eq!((status, &answer["error"]["code"]), (404, &json!("no_such_key")));
    assert_eq!(keys(&list("").await), ["a"]);
    let (_, audit) = ask(&running, Method::GET, "/api/v1/audit?limit=1", "").await;
    assert_eq!(audit["entries"][0]["target"], "object bkt/\u{e4}%");
}

#[tokio::test]
async fn origins_are_set_and_their_secrets_stay_in() {
    let running = start(None).await;
    let path = "/api/v1/origins/https/o.example:443";
    let settings = json!({"kind": "s3", "credentials":
        {"access_key_id": "id", "access_key_secret": "canary-91", "session_token": "canary-92", "region": "eu"}});
    let (status, put) = ask(&running, Method::PUT, path, &settings.to_string()).await;
    assert_eq!((status, &put["credentials"]["access_key_secret"]), (200, &json!("******")), "{put}");
    let (status, patched) = ask(&running, Method::PATCH, path, r#"{"limits":{"max_concurrent":3}}"#).await;
    assert_eq!((status, &patched["limits"]["max_concurrent"], &patched["kind"]), (200, &json!(3), &json!("s3")));
    assert_eq!(ask(&running, Method::PUT, path, &patched.to_string()).await.1, patched, "the mask keeps the secret");
    let (status, answer) = ask(&running, Method::PATCH, path, r#"{"credentials":{"access_key_id":"other"}}"#).await;
    assert_eq!((status, &answer["error"]["field"]), (400, &json!("credentials.access_key_secret")), "{answer}");
    // A secret alone is a change too, even if it shows as nothing.
    let secret = r#"{"credentials":{"access_key_secret":"canary-93"}}"#;
    assert_eq!(ask(&running, Method::PATCH, path, secret).await.0, 200);
    let (_, status) = ask(&running, Method::GET, &format!("{path}/status"), "").await;
    assert_eq!(status["in_flight"], 0, "{status}");
    let (_, list) = ask(&running, Method::GET, "/api/v1/origins", "").await;
    assert_eq!(list["origins"][0]["origin"], "https://o.example:443");
    let (_, audit) = ask(&running, Method::GET, "/api/v1/audit", "").await;
    assert_eq!(audit["entries"].as_array().unwrap().len(), 3, "{audit}");
    assert!(![&put, &patched, &list, &audit].iter().any(|answer| answer.to_string().contains("canary")));
    let (status, had) = ask(&running, Method::DELETE, path, "").await;
    assert_eq!((status, &had["kind"]), (200, &json!("s3")));
    assert_eq!(ask(&running, Method::GET, path, "").await.1["kind"], "http", "the defaults are back");
    let (status, answer) = ask(&running, Method::GET, "/api/v1/origins/ftp/o.example:21", "").await;
    assert_eq!((status, &answer["error"]["field"]), (400, &json!("origin")), "{answer}");
}

#[tokio::test]
async fn the_tag_of_an_answer_is_that_of_its_settings_however_many_change_them() {
    let running = start(None).await;
    let put = async |limit: u32| {
        let body = json!({"limits": {"max_concurrent": limit}}).to_string();
        let parts = head(Method::PUT, "/api/v1/origins/https/o.example:443", &body, Signed::Rightly);
        let (parts, answer) = exchange(&running, parts, &body).await;
        assert_eq!((parts.status.as_u16(), &answer["limits"]["max_concurrent"]), (200, &json!(limit)), "{answer}");
        parts.headers[header::ETAG].clone()
    };
    // Settings have one version, whenever they are made.
    let mut alone = Vec::new();
    for limit in 1..=8 {
        alone.push(put(limit).await);
    }
    for _ in 0..4 {
        let together = futures_util::future::join_all((1..=8).map(&put)).await;
        assert_eq!(together, alone);
    }
}
