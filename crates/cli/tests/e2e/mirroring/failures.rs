//! Origins that fail: what the client is told, and that nothing is stored.

use headwater_testkit::origin::{Cut, Gate, Reply, ScriptedOrigin, TestAuthority, Validity, pattern};

use super::fixture::{Fixture, mirror_rule, path};
use crate::harness::Setup;

const ANSWERED: &str = "0041-00000101";
const UNREACHABLE: &str = "0041-00000104";
const FORBIDDEN: &str = "0041-00000108";

/// Holds the bucket to 424 with this EC for a key, and to nothing stored.
async fn expect_mirror_failed(fixture: &Fixture, key: &str, ec: &str) {
    let answer = fixture.get(key).await.expect_error(424, "MirrorFailed");
    assert_eq!(answer.element("EC").as_deref(), Some(ec), "{key}: {}", answer.text());
    assert_eq!(answer.header("x-oss-ec"), Some(ec), "{key}");
    fixture.expect_not_stored(key).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_03_not_found_at_the_origin_is_not_found_here() {
    let fixture = Fixture::with("").await;
    fixture.origin.on("/gone", Reply::status(410));
    for key in ["missing", "gone"] {
        let answer = fixture.get(key).await.expect_error(404, "NoSuchKey");
        assert_eq!(answer.element("EC").as_deref(), Some("0026-00000001"));
        assert_eq!(answer.element("Key").as_deref(), Some(key));
        fixture.expect_not_stored(key).await;
        fixture.server.client().get(&path(key)).s3().send().await.expect_error(404, "NoSuchKey");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_04_other_answers_are_mirror_failures() {
    for (status, transient) in [(403, false), (500, true), (503, true), (204, false)] {
        // An origin each: one that fails eight times in a row is left alone for a while.
        let fixture = Fixture::with("").await;
        let key = format!("status-{status}");
        fixture.origin.on(&format!("/{key}"), Reply::status(status));
        expect_mirror_failed(&fixture, &key, ANSWERED).await;
        let s3 = fixture.server.client().get(&path(&key)).s3().send().await;
        if transient {
            let s3 = s3.expect_error(503, "ServiceUnavailable");
            assert!(s3.header("retry-after").is_some(), "{status}");
        } else {
            s3.expect_error(424, "MirrorFailed");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_05_an_origin_that_cannot_be_reached_is_a_mirror_failure() {
    let fixture = Fixture::without_rules().await;
    let refusing = ScriptedOrigin::start().await.url("/");
    let (ours, foreign) = (TestAuthority::new("ours"), TestAuthority::new("foreign"));
    let expired = ScriptedOrigin::start_tls(&ours.issue(&["127.0.0.1"], Validity::Expired)).await;
    let unknown = ScriptedOrigin::start_tls(&foreign.issue(&["127.0.0.1"], Validity::Current)).await;
    let urls = [
        ("refused", refusing),
        ("name", "http://no-such-host.invalid/".to_owned()),
        ("expired", expired.url("/")),
        ("unknown", unknown.url("/")),
    ];
    for (key, url) in urls {
        fixture.put_rules(&mirror_rule(1, "", &url, "")).await.expect(200);
        expect_mirror_failed(&fixture, key, UNREACHABLE).await;
    }
    assert!(expired.requests().is_empty() && unknown.requests().is_empty(), "nothing is asked of an unproven origin");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_35_the_log_names_the_origin_that_answered() {
    let fixture = Fixture::without_rules().await;
    let refusing = ScriptedOrigin::start().await.url("/");
    let second = ScriptedOrigin::start().await;
    second.on("/k", Reply::ok("from the second"));
    let fields = format!("<MirrorURLSlave>{}</MirrorURLSlave>", second.url("/"));
    fixture.put_rules(&mirror_rule(1, "", &refusing, &fields)).await.expect(200);
    fixture.get("k").await.expect(200).expect_body(b"from the second");
    second.on("/missing", Reply::status(404));
    fixture.get("missing").await.expect_error(404, "NoSuchKey");
    // A failure is logged at a level that is always on.
    second.on("/wrong", Reply::status(403));
    fixture.get("wrong").await.expect_error(424, "MirrorFailed");
    fixture.wait_for_fills().await;
    let line = fixture.server.log().into_iter().find(|line| line.contains("fill ended")).expect("a line");
    assert!(line.contains(&second.address().to_string()) && line.contains("\"origin_status\":403"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_05_a_certificate_of_the_operators_authority_is_checked_in_full() {
    let (ours, directory) = (TestAuthority::new("ours"), tempfile::tempdir().expect("a directory"));
    let ca = ours.write_pem(directory.path());
    let fixture = Fixture::on(Setup::new().flag("--origin-ca", ca.to_str().expect("a text path"))).await;
    let good = ScriptedOrigin::start_tls(&ours.issue(&["127.0.0.1"], Validity::Current)).await;
    good.on("/secure", Reply::ok("over tls"));
    fixture.put_rules(&mirror_rule(1, "", &good.url("/"), "")).await.expect(200);
    fixture.get("secure").await.expect(200).expect_body(b"over tls");

    let expired = ScriptedOrigin::start_tls(&ours.issue(&["127.0.0.1"], Validity::Expired)).await;
    let misnamed = ScriptedOrigin::start_tls(&ours.issue(&["shop.example"], Validity::Current)).await;
    for (key, origin) in [("expired", expired), ("misnamed", misnamed)] {
        fixture.put_rules(&mirror_rule(1, "", &origin.url("/"), "")).await.expect(200);
        expect_mirror_failed(&fixture, key, UNREACHABLE).await;
        assert!(origin.requests().is_empty(), "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_06_an_internal_address_is_never_connected_to() {
    let fixture = Fixture::on(Setup::new().guarded()).await;
    let url = fixture.origin.url("/");
    let port = fixture.origin.address().port();
    let named = format!("http://localhost:{port}/");
    let mapped = format!("http://[::ffff:127.0.0.1]:{port}/");
    for (key, url) in [("literal", &url), ("named", &named), ("mapped", &mapped)] {
        fixture.put_rules(&mirror_rule(1, "", url, "")).await.expect(200);
        expect_mirror_failed(&fixture, key, FORBIDDEN).await;
    }
    assert_eq!(fixture.origin.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_07_an_origin_that_says_nothing_is_given_up() {
    let fixture = Fixture::with("").await;
    fixture.origin.on("/silent", Reply::ok("late").hold_head(&Gate::closed()));
    expect_mirror_failed(&fixture, "silent", UNREACHABLE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_08_a_cut_body_is_cut_for_the_client_and_not_stored() {
    let fixture = Fixture::with("").await;
    let length = 2 << 20;
    let body = pattern(8, 0, length);
    let held = 1 << 20;
    for (key, cut, chunked) in
        [("length", Cut::Orderly, false), ("chunked", Cut::Orderly, true), ("reset", Cut::Rst, false)]
    {
        let gate = Gate::closed();
        let bad = Reply::ok(body.clone()).hold_body_at(held, &gate).cut_body_at(held, cut);
        let bad = if chunked { bad.chunked(10_000) } else { bad };
        fixture.origin.on_each(&format!("/{key}"), vec![bad, Reply::ok(body.clone())]);
        let mut reader = fixture.server.anonymous().get(&path(key)).open().await;
        reader.read_at_least(length / 4).await;
        gate.open();
        let answer = reader.finish().await.expect(200);
        assert!(!answer.complete && answer.body.len() < length, "{key}: {} bytes", answer.body.len());
        assert!(answer.body == body[..answer.body.len()], "{key}: what was sent is wrong");
        fixture.expect_not_stored(key).await;
        fixture.get(key).await.expect(200).expect_body(&body);
        fixture.wait_until_stored(key).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_08_a_cut_small_body_is_a_failure_and_no_answer() {
    let fixture = Fixture::with("").await;
    let good = Reply::ok("a whole body");
    let chunked = Reply::ok("a whole body").chunked(4).cut_body_at(6, Cut::Orderly);
    let cut = good.clone().cut_body_at(6, Cut::Orderly);
    // Each twice: while nobody knows of it, a failure is worth a second try.
    fixture.origin.on_each("/length", vec![cut.clone(), cut, good.clone()]);
    fixture.origin.on_each("/chunked", vec![chunked.clone(), chunked, good]);
    for key in ["length", "chunked"] {
        fixture.get(key).await.expect_error(424, "MirrorFailed");
        fixture.expect_not_stored(key).await;
        fixture.get(key).await.expect(200).expect_body(b"a whole body");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_47_a_key_that_an_origin_would_rewrite_is_not_asked_for() {
    let fixture = Fixture::with("").await;
    for key in ["a/../b", "..", "a/./b", "./a", "a/.."] {
        fixture.get(key).await.expect_error(424, "MirrorFailed");
        fixture.server.client().get(&path(key)).s3().send().await.expect_error(424, "MirrorFailed");
    }
    assert_eq!(fixture.origin.connections(), 0);
    fixture.server.client().put(&path("a/../b"), "stored").send().await.expect(200);
    fixture.get("a/../b").await.expect(200).expect_body(b"stored");
}
