//! The admin API with curl alone, as the manual shows it.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

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
