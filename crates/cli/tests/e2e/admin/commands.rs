//! `headwater settings`, `rule` and `explain` against a real server.

use serde_json::Value;

use super::{json, refused};
use crate::harness::{Client, ClientKey, Headwater, Setup, run};

#[tokio::test]
async fn settings_are_shown_changed_and_kept_over_a_restart() {
    let mut server = Setup::new().mirror("pics", "http://127.0.0.1:9/").start();
    let shown = run(&mut server.client_command(&["settings", "get", "pics"]));
    assert!(shown.lines().any(|line| line.split_whitespace().eq(["negative_ttl_ms", "5000"])), "{shown}");
    let set = ["settings", "set", "pics", "deletes=keep", "guard.min_bytes=60", r#"guard.content_types=["image/"]"#];
    let set = json(&server, &set);
    assert_eq!((&set["deletes"], &set["guard"]["min_bytes"]), (&"keep".into(), &60.into()));
    server.kill();
    server.restart();
    assert_eq!(json(&server, &["settings", "get", "pics"]), set);

    for (arguments, code, words) in [
        (&["settings", "set", "pics", "negativ_ttl_ms=1"][..], 1, "negativ_ttl_ms"),
        (&["settings", "set", "pics", "negative_ttl_ms=300001"], 1, "300001"),
        (&["settings", "get", "nothing"], 1, "nothing"),
        (&["settings", "set", "pics", "deletes"], 2, "FIELD=VALUE"),
        (&["settings", "set", "pics"], 2, "FIELD=VALUE"),
    ] {
        let (status, message) = refused(&server, arguments);
        assert_eq!(status, Some(code), "{message}");
        assert!(message.contains(words) && (code == 2 || message.lines().count() == 1), "{message}");
    }
}

#[tokio::test]
async fn the_key_comes_from_the_environment_or_the_data_directory() {
    let server = Setup::new().mirror("pics", "http://127.0.0.1:9/").start();
    let (url, data) = (server.admin_url(), server.data());
    let data = data.to_str().expect("a text path");
    let get = ["settings", "get", "pics", "--admin-url", &url, "--data", data];
    let output = Headwater::command(&get).output().expect("the binary starts");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), message.lines().count()), (Some(1), 1), "{message}");
    assert!(message.contains("HEADWATER_ACCESS_KEY_ID") && message.contains("credentials.toml"), "{message}");
    let key = server.key();
    let text = format!("access_key_id = {:?}\naccess_key_secret = {:?}\n", key.id, key.secret);
    std::fs::write(server.data().join("credentials.toml"), text).expect("a writable directory");
    run(&mut Headwater::command(&get));
    let wrong = ["settings", "get", "pics", "--admin-url", "http://127.0.0.1:9", "--data", data];
    let output = Headwater::command(&wrong).output().expect("the binary starts");
    assert!(String::from_utf8_lossy(&output.stderr).contains("is the server running?"));
    // Who only asks whether a server is ready needs no key.
    assert_eq!(run(&mut Headwater::command(&["ready", "--admin-url", &url])), "ready\n");
    let output =
        Headwater::command(&["ready", "--admin-url", "http://127.0.0.1:9"]).output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(1));
}

const WEBSITE: &str = "<WebsiteConfiguration><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber>\
    <Condition><KeyPrefixEquals>new/</KeyPrefixEquals><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals>\
    </Condition><Redirect><RedirectType>Mirror</RedirectType><MirrorURL>http://origin.example/</MirrorURL></Redirect>\
    </RoutingRule></RoutingRules></WebsiteConfiguration>";

#[tokio::test]
async fn rules_are_shown_explained_and_tested() {
    let server = Setup::new().mirror("pics", "http://127.0.0.1:9/base").start();
    let shown = run(&mut server.client_command(&["rule", "list", "pics"]));
    assert!(shown.contains("Mirror") && shown.contains("http://127.0.0.1:9/base/"), "{shown}");

    let story = run(&mut server.client_command(&["explain", "pics/a b", "--head", "--header", "X-A: 1"]));
    assert!(story.contains("HEAD pics/a b") && story.contains("not here"), "{story}");
    assert!(story.contains("http://127.0.0.1:9/base/a%20b"), "{story}");
    let tried = run(&mut server.client_command(&["explain", "pics/a b", "--try"]));
    assert!(tried.contains("tried       http://127.0.0.1:9/base/a%20b\n"), "{tried}");
    assert!(tried.contains("no answer: failed: connect"), "{tried}");
    server.client().put("/pics/here", "x").send().await.expect(200);
    let told = json(&server, &["explain", "pics/here"]);
    assert_eq!(told["stored"]["size_bytes"], 1, "{told}");

    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let file = directory.path().join("website.xml");
    std::fs::write(&file, WEBSITE).expect("a writable directory");
    let file = file.to_str().expect("a text path");
    let story = run(&mut server.client_command(&["rule", "test", "pics", "old/a", "--website", file]));
    assert!(story.contains("does not apply: KeyPrefixEquals \"new/\""), "{story}");
    let story = run(&mut server.client_command(&["rule", "test", "pics", "new/a", "--website", file]));
    assert!(story.contains("http://origin.example/new/a"), "{story}");
    assert!(run(&mut server.client_command(&["rule", "list", "pics"])).contains("127.0.0.1:9"), "nothing was saved");
    assert_eq!(refused(&server, &["explain", "pics"]).0, Some(1));
}

#[tokio::test]
async fn origins_and_tombstones_have_commands() {
    let mut server = Setup::new().mirror("pics", "http://127.0.0.1:9/").start();
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let file = directory.path().join("secret");
    std::fs::write(&file, "canary-of-an-origin\n").expect("a writable directory");
    let secret = format!("credentials.access_key_secret=@{}", file.display());
    let url = "https://o.example/any/path";
    let set = ["origin", "set", url, "kind=s3", "credentials.access_key_id=id", "credentials.region=eu", &secret];
    let set = json(&server, &set);
    assert_eq!(set["credentials"]["access_key_secret"], "******", "{set}");
    server.kill();
    server.restart();
    assert_eq!(json(&server, &["origin", "get", url]), set);
    let list = run(&mut server.client_command(&["origin", "list"]));
    assert!(list.contains("https://o.example:443") && list.contains("s3"), "{list}");
    let status = run(&mut server.client_command(&["origin", "status", url]));
    assert!(status.contains("breaker") && status.contains("closed"), "{status}");
    run(&mut server.client_command(&["origin", "delete", url]));
    assert_eq!(json(&server, &["origin", "get", url])["kind"], "http");
    assert_eq!(refused(&server, &["origin", "get", "ftp://o.example/"]).0, Some(2));

    json(&server, &["settings", "set", "pics", "deletes=keep"]);
    server.client().delete("/pics/a//b").send().await.expect(204);
    let shown = run(&mut server.client_command(&["object", "tombstones", "pics/a"]));
    assert!(shown.trim_end().ends_with("a//b") && shown.lines().count() == 1, "{shown}");
    run(&mut server.client_command(&["object", "lift", "pics/a//b"]));
    assert_eq!(json(&server, &["object", "tombstones", "pics"]), Value::Array(Vec::new()));
    // More than a page of the API.
    for number in 0..1003 {
        server.client().delete(&format!("/pics/n{number:04}")).send().await.expect(204);
    }
    let count = |list: Value| list.as_array().map(Vec::len);
    assert_eq!(count(json(&server, &["object", "tombstones", "pics"])), Some(1003));
    assert_eq!(count(json(&server, &["object", "tombstones", "pics", "--limit", "1002"])), Some(1002));
    assert_eq!(refused(&server, &["object", "lift", "pics/a//b"]).0, Some(1));
    server.stop();
    let log = server.log().join("\n");
    assert!(!log.contains("canary-of-an-origin"), "{log}");
}

#[tokio::test]
async fn access_keys_have_commands() {
    let mut server = Setup::new().start();
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let file = directory.path().join("policy.json");
    let policy = r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::mine*"}}"#;
    std::fs::write(&file, policy).expect("a writable directory");
    let policy = format!("policy=@{}", file.display());
    let create = ["key", "create", "display_name=alice", "email=alice@a.example", "access_key_id=AKALICE", &policy];
    let made = json(&server, &create);
    let secret = made["secret"].as_str().expect("the secret is shown once").to_owned();
    assert_eq!(made["policy"]["Statement"]["Effect"], "Allow", "{made}");
    server.kill();
    server.restart();
    let listed = json(&server, &["key", "list"]);
    assert_eq!(listed["keys"][0]["account"]["email"], "alice@a.example", "{listed}");
    assert!(!listed.to_string().contains(&secret));
    let shown = run(&mut server.client_command(&["key", "list"]));
    assert!(shown.contains("AKALICE") && shown.contains("alice"), "{shown}");

    let alice = Client::new(server.address(), Some(ClientKey { id: "AKALICE", secret: secret.clone().leak() }));
    alice.put("/mine-1", "").send().await.expect(200);
    alice.put("/other-1", "").send().await.expect(403);
    json(&server, &["key", "set", "AKALICE", "policy=null"]);
    alice.put("/other-1", "").send().await.expect(200);
    json(&server, &["key", "set", "AKALICE", "enabled=false"]);
    alice.put("/other-1", "").send().await.expect(403);

    for (arguments, words) in [
        (&["key", "create", "access_key_id=AKALICE"][..], "access_key_id"),
        (&["key", "create", "policy={}"], "Statement"),
        (&["key", "create", "colour=red"], "colour"),
        (&["key", "set", "nobody", "enabled=true"], "nobody"),
        (&["key", "delete", "nobody"], "nobody"),
    ] {
        let (status, message) = refused(&server, arguments);
        assert!(status == Some(1) && message.contains(words), "{message}");
    }
    run(&mut server.client_command(&["key", "delete", "AKALICE"]));
    assert_eq!(json(&server, &["key", "list"])["keys"], Value::Array(Vec::new()));
    server.stop();
    let audit = std::fs::read_to_string(server.data().join("audit.log")).expect("an audit log");
    assert!(audit.contains("create_access_key") && audit.contains("delete_access_key"), "{audit}");
    assert!(!audit.contains(&secret) && !server.log().join("\n").contains(&secret));
}
