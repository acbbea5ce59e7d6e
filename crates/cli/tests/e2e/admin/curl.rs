//! The admin API with curl alone, as the manual shows it.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{json, refused};
use crate::harness::{Headwater, Setup, command, find, run};

/// Runs curl against the API: the status and the answer. curl 7 signs the digest of the body that it is told, and does not
/// tell it by itself.
fn curl(server: &Headwater, secret: &str, path: &str, arguments: &[&str]) -> (u16, Value) {
    let mut curl = command(find("curl", "curl"));
    curl.args(["--silent", "--show-error", "--aws-sigv4", "aws:amz:cn-hangzhou:s3", "--write-out", "\n%{http_code}"]);
    curl.args(["--user", &format!("{}:{secret}", server.key().id)]);
    let body = arguments.iter().skip_while(|argument| **argument != "--data").nth(1).unwrap_or(&"");
    let digest = Sha256::digest(body.as_bytes());
    let digest = digest.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    curl.args(["--header", &format!("x-amz-content-sha256: {digest}")]);
    let output = run(curl.args(arguments).arg(format!("{}{path}", server.admin_url())));
    let (body, status) = output.rsplit_once('\n').expect("the status is on a line of its own");
    (status.parse().expect("a status"), serde_json::from_str(body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn curl_reads_and_changes_settings() {
    let mut server = Setup::new().mirror("pics", "http://127.0.0.1:9/").start();
    let secret = server.key().secret;
    let path = "/api/v1/buckets/pics/migration";
    let (status, buckets) = curl(&server, secret, "/api/v1/buckets", &[]);
    assert_eq!((status, &buckets["buckets"][0]["name"]), (200, &"pics".into()), "{buckets}");
    let patch = ["--request", "PATCH", "--data", r#"{"negative_ttl_ms":0}"#];
    let (status, settings) = curl(&server, secret, path, &patch);
    assert_eq!((status, &settings["negative_ttl_ms"]), (200, &0.into()), "{settings}");
    let put = ["--request", "PUT", "--data", r#"{"deletes":"keep"}"#];
    let (status, settings) = curl(&server, secret, path, &put);
    assert_eq!((status, &settings["negative_ttl_ms"]), (200, &5000.into()), "{settings}");
    let (status, audit) = curl(&server, secret, "/api/v1/audit?limit=1", &[]);
    assert_eq!((status, &audit["entries"][0]["after"]), (200, &settings), "{audit}");
    let (status, answer) = curl(&server, "wrong", path, &patch);
    assert_eq!((status, &answer["error"]["code"]), (401, &"unauthenticated".into()), "{answer}");
    assert_eq!(curl(&server, secret, path, &[]).1, settings, "the wrong key changed nothing");
    server.stop();
    let id = audit["entries"][0]["request_id"].as_str().expect("an id");
    let told = |line: &&String| line.contains(id) && line.contains(path) && line.contains(r#""status":200"#);
    assert_eq!(server.log().iter().filter(told).count(), 1, "{:?}", server.log());
}

/// Runs curl with a bearer token, as a program would that cannot sign.
fn curl_with_token(server: &Headwater, token: &str, path: &str, arguments: &[&str]) -> (u16, Value) {
    let mut curl = command(find("curl", "curl"));
    curl.args(["--silent", "--show-error", "--write-out", "\n%{http_code}"]);
    curl.args(["--header", &format!("Authorization: Bearer {token}")]);
    let output = run(curl.args(arguments).arg(format!("{}{path}", server.admin_url())));
    let (body, status) = output.rsplit_once('\n').expect("the status is on a line of its own");
    (status.parse().expect("a status"), serde_json::from_str(body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn tokens_are_issued_used_and_revoked() {
    let mut server = Setup::new().mirror("pics", "http://127.0.0.1:9/").start();
    let key = server.key().id;
    let issued = json(&server, &["key", "token", "create", key, "--expires", "30d", "--note", "ci job"]);
    let text = |name: &str| issued[name].as_str().expect("a text").to_owned();
    let (id, token) = (text("token_id"), text("token"));
    server.kill();
    server.restart();
    let path = "/api/v1/buckets/pics/migration";
    let patch = ["--request", "PATCH", "--data", r#"{"negative_ttl_ms":7}"#];
    let (status, settings) = curl_with_token(&server, &token, path, &patch);
    assert_eq!((status, &settings["negative_ttl_ms"]), (200, &7.into()), "{settings}");

    // The commands take it from the environment or from a file, and prefer it to a key.
    let list = ["key", "token", "list", key];
    let shown = run(server.client_command(&list).env("HEADWATER_TOKEN", &token));
    assert!(shown.contains(&id) && shown.contains("ci job") && !shown.contains(&token), "{shown}");
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let file = directory.path().join("token");
    std::fs::write(&file, format!("{token}\n")).expect("a writable directory");
    let file = file.to_str().expect("a text path");
    let mut alone = Headwater::command(&["bucket", "list", "--admin-url", &server.admin_url(), "--token-file", file]);
    assert!(run(&mut alone).contains("pics"));
    let wrong = server.client_command(&list).env("HEADWATER_TOKEN", "hwt1.wrong").output().expect("the binary starts");
    let message = String::from_utf8_lossy(&wrong.stderr);
    assert!(!wrong.status.success() && message.contains("unknown or was revoked"), "{message}");
    let (code, message) = refused(&server, &["key", "token", "create", key, "--token-file", file]);
    assert!(code == Some(1) && message.contains("a token cannot issue tokens"), "{message}");

    let revoked = run(&mut server.client_command(&["key", "token", "revoke", &id]));
    assert_eq!(revoked, format!("{id} is revoked\n"));
    let (status, answer) = curl_with_token(&server, &token, path, &[]);
    assert_eq!((status, &answer["error"]["code"]), (401, &"invalid_token".into()), "{answer}");
    server.stop();
    let secret = token.rsplit('.').next().expect("a piece");
    assert!(!server.log().iter().any(|line| line.contains(secret)), "no log has a token");
    let audit = std::fs::read_to_string(server.data().join("audit.log")).expect("an audit log");
    assert!(audit.contains(&format!("\"token\":\"{id}\"")) && !audit.contains(secret), "{audit}");
}
