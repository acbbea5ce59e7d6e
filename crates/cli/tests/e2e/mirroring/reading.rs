//! The ways to read a missing object.

use headwater_testkit::origin::{Gate, Reply, pattern};
use tokio::task::JoinSet;

use super::fixture::{BUCKET, Fixture, make_bucket, mirror_rule, path, put_rules};
use crate::harness::Setup;

#[tokio::test(flavor = "multi_thread")]
async fn row_24_head_asks_the_origin_only_if_the_rule_says_so() {
    let fixture = Fixture::with("").await;
    fixture.origin.on("/k", Reply::ok("body").header("content-type", "text/x-test"));
    let answer = fixture.server.anonymous().head(&path("k")).send().await.expect(404);
    assert!(answer.body.is_empty());
    assert!(fixture.origin.requests().is_empty());

    let allowed = mirror_rule(1, "", &fixture.origin.url("/"), "<MirrorAllowHeadObject>true</MirrorAllowHeadObject>");
    fixture.put_rules(&allowed).await.expect(200);
    let answer = fixture.server.anonymous().head(&path("k")).send().await.expect(200);
    assert_eq!(answer.header("content-length"), Some("4"));
    assert_eq!(answer.header("content-type"), Some("text/x-test"));
    assert!(answer.body.is_empty());
    fixture.expect_not_stored("k").await;
    fixture.server.anonymous().head(&path("missing")).send().await.expect(404);
    fixture.get("k").await.expect(200).expect_body(b"body");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_36_a_hundred_readers_make_one_origin_request() {
    const READERS: usize = 100;
    let fixture = Fixture::with("").await;
    let (gate, length) = (Gate::closed(), 8 << 20);
    let body = pattern(36, 0, length);
    fixture.origin.on("/k", Reply::ok(body.clone()).hold_body_at(1 << 20, &gate));
    let mut readers = JoinSet::new();
    let mut opened = Vec::new();
    for _ in 0..READERS {
        let client = fixture.server.anonymous();
        // The head comes while the body is held, so everybody reads the same running fill.
        opened.push(client.get(&path("k")).open().await);
    }
    gate.open();
    for reader in opened {
        readers.spawn(reader.finish());
    }
    while let Some(answer) = readers.join_next().await {
        answer.expect("readers do not panic").expect(200).expect_body(&body);
    }
    assert_eq!(fixture.origin.count("/k"), 1);
    fixture.wait_until_stored("k").await;
    fixture.get("k").await.expect(200).expect_body(&body);
    assert_eq!(fixture.origin.count("/k"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_36_small_objects_are_fetched_once_too() {
    const READERS: usize = 100;
    let fixture = Fixture::with("").await;
    let gate = Gate::closed();
    fixture.origin.on("/k", Reply::ok("small").hold_head(&gate));
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        let client = fixture.server.anonymous();
        readers.spawn(async move { client.get(&path("k")).send().await });
    }
    // Whoever comes after the gate opened is answered from the bucket; nobody makes a second request.
    gate.wait_for_arrivals(1).await;
    gate.open();
    while let Some(answer) = readers.join_next().await {
        answer.expect("readers do not panic").expect(200).expect_body(b"small");
    }
    assert_eq!(fixture.origin.count("/k"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_38_a_reader_who_leaves_does_not_stop_the_fill() {
    let fixture = Fixture::with("").await;
    let (gate, length) = (Gate::closed(), 4 << 20);
    let body = pattern(38, 0, length);
    fixture.origin.on("/k", Reply::ok(body.clone()).hold_body_at(1 << 20, &gate));
    let mut reader = fixture.server.anonymous().get(&path("k")).open().await;
    reader.read_at_least(length / 10).await;
    drop(reader);
    gate.open();
    fixture.wait_until_stored("k").await;
    fixture.get("k").await.expect(200).expect_body(&body);
    assert_eq!(fixture.origin.count("/k"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_39_a_range_of_a_miss_is_served_while_the_whole_is_stored() {
    let fixture = Fixture::with("").await;
    let length = 3 << 20;
    let body = pattern(39, 0, length);
    let cases = [
        ("first", "bytes=0-9", 0..10),
        ("middle", "bytes=1000000-1999999", 1_000_000..2_000_000),
        ("open", "bytes=3000000-", 3_000_000..length),
        ("last", "bytes=-100", length - 100..length),
        ("beyond", "bytes=3145000-99999999", 3_145_000..length),
    ];
    for (key, range, expected) in cases {
        fixture.origin.on(&format!("/{key}"), Reply::ok(body.clone()));
        let answer = fixture.server.anonymous().get(&path(key)).header("range", range).send().await.expect(206);
        let shown = format!("bytes {}-{}/{length}", expected.start, expected.end - 1);
        assert_eq!(answer.header("content-range"), Some(shown.as_str()), "{key}");
        assert_eq!(answer.header("content-length"), Some(expected.len().to_string().as_str()), "{key}");
        answer.expect_body(&body[expected]);
        fixture.wait_until_stored(key).await;
        fixture.get(key).await.expect(200).expect_body(&body);
        assert_eq!(fixture.origin.count(&format!("/{key}")), 1, "{key}");
    }
    assert!(fixture.origin.requests().iter().all(|request| request.header("range").is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn row_39_a_range_outside_a_miss_is_the_whole_body_unless_the_standard_is_asked_for() {
    let fixture = Fixture::with("").await;
    for (key, standard) in [("lenient", false), ("standard", true)] {
        fixture.origin.on(&format!("/{key}"), Reply::ok("body"));
        let client = fixture.server.anonymous();
        let call = client.get(&path(key)).header("range", "bytes=100-200");
        if standard {
            let call = call.header("x-oss-range-behavior", "standard");
            call.send().await.expect_error(416, "InvalidRange");
        } else {
            call.send().await.expect(200).expect_body(b"body");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_40_a_deleted_object_is_fetched_again() {
    let fixture = Fixture::with("").await;
    fixture.origin.on_each("/k", vec![Reply::ok("one"), Reply::ok("two")]);
    fixture.get("k").await.expect(200).expect_body(b"one");
    fixture.wait_until_stored("k").await;
    fixture.server.client().delete(&path("k")).send().await.expect(204);
    fixture.get("k").await.expect(200).expect_body(b"two");
    assert_eq!(fixture.origin.count("/k"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_41_a_refused_request_never_reaches_the_origin() {
    let fixture =
        Fixture { server: Setup::new().start(), origin: headwater_testkit::origin::ScriptedOrigin::start().await };
    make_bucket(&fixture.server, "private").await;
    put_rules(&fixture.server, &mirror_rule(1, "", &fixture.origin.url("/"), "")).await.expect(200);
    fixture.get("k").await.expect_error(403, "AccessDenied");
    let listed = fixture.server.anonymous().get(&format!("/{BUCKET}/")).send().await;
    listed.expect_error(403, "AccessDenied");
    fixture.server.anonymous().head(&path("k")).send().await.expect(403);
    let stranger = crate::harness::ClientKey { id: fixture.server.key().id, secret: "not-the-secret-of-this-key" };
    let client = fixture.server.client().with_key(stranger);
    client.get(&path("k")).send().await.expect_error(403, "SignatureDoesNotMatch");
    assert_eq!(fixture.origin.connections(), 0);
    fixture.origin.on("/k", Reply::ok("body"));
    fixture.server.client().get(&path("k")).send().await.expect(200).expect_body(b"body");
}
