//! Health, metrics, access lines, and what must never be in any of them.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use headwater_testkit::origin::{Reply, ScriptedOrigin};
use serde_json::Value;

use crate::harness::{Setup, eventually, run};

#[tokio::test(flavor = "multi_thread")]
async fn health_is_on_the_admin_plane_only() {
    let server = Setup::new().start();
    let admin = server.admin();
    assert_eq!(admin.get("/-/healthz").send().await.expect(200).text(), "ok\n");
    assert_eq!(admin.get("/-/readyz").send().await.expect(200).text(), "ready\n");
    admin.get("/-/nothing").send().await.expect(404);
    admin.post("/-/healthz", "").send().await.expect(405);
    for path in ["/-/healthz", "/-/readyz", "/-/metrics"] {
        assert_ne!(server.anonymous().get(path).send().await.status, 200, "{path} on the data plane");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_what_happened() {
    let origin = ScriptedOrigin::start().await;
    origin.on("/k", Reply::ok("0123456789"));
    let server = Setup::new().mirror("mirrored", &origin.url("/")).start();
    for _ in 0..2 {
        server.anonymous().get("/mirrored/k").send().await.expect(200);
    }
    server.anonymous().get("/mirrored/missing").send().await.expect(404);
    server.client().put("/mirrored/own", "own").s3().send().await.expect(200);
    let answer = server.admin().get("/-/metrics").send().await.expect(200);
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("application/openmetrics-text")));
    assert!(answer.text().ends_with("# EOF\n"), "{}", answer.text());
    assert!(!answer.text().contains("mirrored"), "bucket names are no labels");
    // A request is counted at its end, which its client may see first.
    for line in [
        "headwater_requests_total{operation=\"GetObject\",dialect=\"oss\",status=\"2xx\"} 2",
        "headwater_requests_total{operation=\"GetObject\",dialect=\"oss\",status=\"4xx\"} 1",
        "headwater_requests_total{operation=\"PutObject\",dialect=\"s3\",status=\"2xx\"} 1",
        "headwater_request_duration_seconds_count{operation=\"PutObject\",dialect=\"s3\"} 1",
        "headwater_object_reads_total{served=\"miss\"} 1",
        "headwater_origin_answers_total{status=\"200\"} 1",
        "headwater_origin_answers_total{status=\"404\"} 1",
        "headwater_fills_total{",
        "headwater_store_objects 2",
        "headwater_store_objects_size_bytes 13",
        "headwater_store_disk_bytes ",
    ] {
        eventually(line, || async {
            let text = server.admin().get("/-/metrics").send().await.expect(200).text();
            text.lines().any(|found| found.starts_with(line))
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_has_one_access_line() {
    let origin = ScriptedOrigin::start().await;
    origin.on("/k", Reply::ok("0123456789"));
    origin.on("/k%22%0A%5C%D0%BA", Reply::status(403));
    let mut server = Setup::new().mirror("mirrored", &origin.url("/")).start();
    let (signed, anonymous) = (server.client(), server.anonymous());
    let mut ids = Vec::new();
    for call in [
        anonymous.get("/mirrored/k"),
        signed.put("/mirrored/own", "own").s3(),
        anonymous.get("/mirrored/own"),
        anonymous.get("/mirrored/k%22%0A%5C%D0%BA"),
    ] {
        let answer = call.send().await;
        let id = answer.header("x-oss-request-id").or(answer.header("x-amz-request-id"));
        ids.push(id.expect("answers carry a request id").to_owned());
    }
    server.stop();
    let mut lines: Vec<Value> = server
        .access_lines()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    // Requests on different connections may be noted in another order than they were answered.
    let place = |line: &Value| ids.iter().position(|id| line["request_id"] == id.as_str());
    lines.sort_by_key(place);
    assert_eq!(lines.iter().map(place).collect::<Vec<_>>(), [Some(0), Some(1), Some(2), Some(3)]);
    for line in &lines {
        for name in ["time_ms", "status", "bytes_sent", "bytes_received", "duration_us"] {
            assert!(line[name].is_u64(), "{name} in {line}");
        }
        for name in ["remote", "method", "op", "dialect", "bucket", "key"] {
            assert!(line[name].is_string(), "{name} in {line}");
        }
    }
    let field = |name: &str| lines.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    assert_eq!(field("op"), ["GetObject", "PutObject", "GetObject", "GetObject"]);
    assert_eq!(field("dialect"), ["oss", "s3", "oss", "oss"]);
    assert_eq!(field("status"), [200, 200, 200, 424]);
    assert_eq!(field("served"), ["miss".into(), Value::Null, "hit".into(), Value::Null]);
    assert_eq!(field("origin_status"), [200.into(), Value::Null, Value::Null, 403.into()]);
    assert_eq!(field("error"), [Value::Null, Value::Null, Value::Null, "MirrorFailed".into()]);
    assert_eq!(field("key"), ["k", "own", "own", "k\"\n\\к"]);
    assert_eq!(field("bytes_sent")[..3], [10, 0, 3]);
    assert_eq!(field("bytes_received"), [0, 3, 0, 0]);
    assert_eq!(field("access_key_id"), [Value::Null, server.key().id.into(), Value::Null, Value::Null]);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_in_no_log_and_in_no_readable_file() {
    const SET_SECRET: &str = "Bearer-of-the-rule-0123";
    let origin = ScriptedOrigin::start().await;
    origin.on("/k", Reply::ok("body"));
    let mut server = Setup::new().mirror("mirrored", &origin.url("/")).flag("--log", "trace").start();
    let client = server.client();
    let rule = format!(
        "<WebsiteConfiguration><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber><Redirect>\
         <RedirectType>Mirror</RedirectType><MirrorURL>{}</MirrorURL><MirrorAuth><AuthType>S3V4</AuthType>\
         <Region>r</Region><AccessKeyId>ORIGINKEY</AccessKeyId><AccessKeySecret>origin-secret-0123456789</AccessKeySecret>\
         </MirrorAuth><MirrorHeaders><Set><Key>x-token</Key><Value>{SET_SECRET}</Value></Set></MirrorHeaders></Redirect>\
         </RoutingRule></RoutingRules></WebsiteConfiguration>",
        origin.url("/")
    );
    client.put("/mirrored/?website", rule).send().await.expect(200);
    let presigned = client.get("/mirrored/k").presigned(Duration::from_mins(1));
    presigned.send().await.expect(200);
    client.get("/mirrored/k").oss_v1().send().await.expect(200);
    client.get("/mirrored/k").s3().send().await.expect(200);
    client.get("/mirrored/k").header("x-oss-security-token", "a-session-token-0123").send().await;
    let echo = client.get("/mirrored/?website").send().await.expect(200);
    assert!(!echo.text().contains("origin-secret"), "secrets of rules are masked: {}", echo.text());
    server.stop();
    let texts = [server.log().join("\n"), server.access_lines().join("\n")];
    for secret in [server.key().secret, "origin-secret-0123456789", SET_SECRET, "a-session-token-0123", "Signature="] {
        for text in &texts {
            let line = text.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret} is in the log");
        }
    }
    expect_private(&server.data());
}

/// Holds a directory and everything in it to modes that show nothing to others.
fn expect_private(path: &Path) {
    let metadata = std::fs::symlink_metadata(path).expect("it is there");
    let mode = metadata.permissions().mode() & 0o777;
    let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
    assert_eq!(mode, expected, "{} has mode {mode:o}", path.display());
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path).expect("it can be read") {
            expect_private(&entry.expect("it can be read").path());
        }
    }
}

#[test]
fn a_root_key_is_made_once_shown_once_and_kept() {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let data = home.path().join("data");
    let shown: Vec<String> = (0..2).map(|_| first_words(&data)).collect();
    let secret = shown[0].lines().find_map(|line| line.split_once("access key secret")).expect("the key is shown").1;
    let secret = secret.trim();
    assert_eq!(secret.len(), 40, "{}", shown[0]);
    assert!(!shown[1].contains(secret) && !shown[1].contains("access key"), "{}", shown[1]);
    let kept = std::fs::read_to_string(data.join("credentials.toml")).expect("the key is kept");
    assert!(kept.contains(secret), "the key that was shown is the one that is kept");
    expect_private(&data);
}

/// Standard error of a server without a given key that is stopped once it serves.
fn first_words(data: &Path) -> String {
    let script =
        "rm -f \"$1.log\"; \"$0\" serve --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --access-log off --data \"$1\" 2>\"$1.log\" &
        until grep -qs 'serving health' \"$1.log\"; do kill -0 $! || exit 1; done
        kill -TERM $!; wait $!; status=$?; cat \"$1.log\"; exit $status";
    let mut command = crate::harness::command("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_headwater")]).arg(data);
    run(&mut command)
}
