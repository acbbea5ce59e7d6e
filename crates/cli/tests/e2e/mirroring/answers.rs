//! What reaches the client of a miss, and what is kept.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use headwater_testkit::origin::{Gate, Reply, pattern};
use md5::{Digest as _, Md5};

use super::fixture::{Fixture, path};

#[tokio::test(flavor = "multi_thread")]
async fn row_01_an_object_that_exists_is_served_without_the_origin() {
    let fixture = Fixture::with("").await;
    fixture.server.client().put(&path("here.txt"), "mine").send().await.expect(200);
    let answer = fixture.get("here.txt").await.expect(200).expect_body(b"mine");
    assert_eq!(answer.header("x-oss-tag"), None);
    assert!(fixture.origin.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn row_02_the_second_get_is_answered_from_the_bucket() {
    let fixture = Fixture::with("").await;
    for (key, length) in [("empty", 0), ("small", 1000), ("threshold", 65_536), ("large", 3 << 20)] {
        let target = format!("/{key}");
        fixture.origin.on(&target, Reply::pattern(2, length).header("content-type", "text/x-test"));
        let body = pattern(2, 0, length as usize);
        for round in 0..3 {
            if round == 2 {
                fixture.wait_until_stored(key).await;
            }
            let answer = fixture.get(key).await.expect(200).expect_body(&body);
            assert_eq!(answer.header("x-oss-tag"), Some("MIRROR"), "{key}, round {round}");
            assert_eq!(answer.header("content-type"), Some("text/x-test"), "{key}, round {round}");
            assert_eq!(answer.header("content-length"), Some(length.to_string().as_str()), "{key}, round {round}");
        }
        assert_eq!(fixture.origin.count(&target), 1, "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_12_a_chunked_origin_is_answered_chunked_and_stored() {
    let fixture = Fixture::with("").await;
    let body = pattern(12, 0, 500_000);
    // Held: of a body that came whole before the answer began, the length is known.
    let gate = Gate::closed();
    fixture.origin.on("/stream", Reply::ok(body.clone()).chunked(7000).hold_body_at(400_000, &gate));
    let mut miss = fixture.server.anonymous().get(&path("stream")).open().await;
    miss.read_at_least(100_000).await;
    gate.open();
    let miss = miss.finish().await.expect(200).expect_body(&body);
    assert_eq!(miss.header("transfer-encoding"), Some("chunked"));
    assert_eq!(miss.header("content-length"), None);
    fixture.wait_until_stored("stream").await;
    let hit = fixture.get("stream").await.expect(200).expect_body(&body);
    assert_eq!(hit.header("content-length"), Some("500000"));
    assert_eq!(fixture.origin.count("/stream"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_13_a_content_coding_is_kept_with_its_bytes() {
    let fixture = Fixture::with("").await;
    let body = pattern(13, 0, 3000);
    fixture.origin.on("/page", Reply::ok(body.clone()).header("content-encoding", "gzip"));
    for _ in 0..2 {
        let answer = fixture.get("page").await.expect(200).expect_body(&body);
        assert_eq!(answer.header("content-encoding"), Some("gzip"));
        fixture.wait_until_stored("page").await;
    }
    assert_eq!(fixture.origin.requests()[0].header("accept-encoding"), Some("identity"));
}

#[tokio::test(flavor = "multi_thread")]
async fn row_14_exactly_seven_headers_are_kept() {
    const KEPT: [(&str, &str); 7] = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-encoding", "br"),
        ("content-disposition", "attachment; filename=\"a.html\""),
        ("cache-control", "max-age=60"),
        ("expires", "Wed, 21 Oct 2026 07:28:00 GMT"),
        ("content-language", "de"),
        ("access-control-allow-origin", "https://shop.example"),
    ];
    const DROPPED: [(&str, &str); 8] = [
        ("set-cookie", "id=1"),
        ("vary", "accept-encoding"),
        ("x-oss-meta-a", "1"),
        ("x-amz-meta-a", "1"),
        ("etag", "\"of-the-origin\""),
        ("age", "5"),
        ("server", "origin/1.0"),
        ("access-control-allow-methods", "GET"),
    ];
    let fixture = Fixture::with("").await;
    let reply = KEPT.iter().chain(&DROPPED).fold(Reply::ok("body"), |reply, (name, value)| reply.header(name, value));
    fixture.origin.on("/page.html", reply);
    let miss = fixture.get("page.html").await.expect(200);
    fixture.wait_until_stored("page.html").await;
    let hit = fixture.get("page.html").await.expect(200);
    let head = fixture.server.client().head(&path("page.html")).send().await.expect(200);
    for (what, answer) in [("miss", miss), ("hit", hit), ("head", head)] {
        for (name, value) in KEPT {
            assert_eq!(answer.header(name), Some(value), "{what}");
        }
        for (name, value) in DROPPED {
            assert_ne!(answer.header(name), Some(value), "{what}: {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_16_content_md5_is_compared_if_the_rule_says_so() {
    let body = pattern(16, 0, 200_000);
    let right = BASE64.encode(Md5::digest(&body));
    let wrong = BASE64.encode(Md5::digest(b"another body"));
    let cases = [
        ("good", Some(right.as_str()), true),
        ("bad", Some(wrong.as_str()), false),
        ("absent", None, true),
        ("malformed", Some("no-digest"), false),
    ];
    let fixture = Fixture::with("<MirrorCheckMd5>true</MirrorCheckMd5>").await;
    for (key, digest, stored) in cases {
        for (suffix, body) in [("", &body[..]), ("-small", b"small")] {
            let key = format!("{key}{suffix}");
            let digest = match (digest, suffix) {
                (Some(digest), "-small") if digest == right => Some(BASE64.encode(Md5::digest(body))),
                (digest, _) => digest.map(ToOwned::to_owned),
            };
            let reply = Reply::ok(body.to_vec());
            let reply = digest.iter().fold(reply, |reply, digest| reply.header("content-md5", digest));
            fixture.origin.on(&format!("/{key}"), reply);
            fixture.get(&key).await.expect(200).expect_body(body);
            fixture.wait_for_fills().await;
            assert_eq!(fixture.is_stored(&key).await, stored, "{key}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_16_content_md5_is_ignored_otherwise() {
    let fixture = Fixture::with("").await;
    fixture.origin.on("/k", Reply::ok("body").header("content-md5", &BASE64.encode(Md5::digest(b"another body"))));
    fixture.get("k").await.expect(200).expect_body(b"body");
    fixture.wait_until_stored("k").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_46_the_origins_last_modified_is_kept_if_the_rule_says_so() {
    const ORIGIN_TIME: &str = "Wed, 21 Oct 2015 07:28:00 GMT";
    for (fields, kept) in [("", false), ("<MirrorUserLastModified>true</MirrorUserLastModified>", true)] {
        let fixture = Fixture::with(fields).await;
        fixture.origin.on("/k", Reply::ok("body").header("last-modified", ORIGIN_TIME));
        let miss = fixture.get("k").await.expect(200);
        fixture.wait_until_stored("k").await;
        let hit = fixture.get("k").await.expect(200);
        assert_eq!(miss.header("last-modified"), hit.header("last-modified"), "one time for all readers");
        assert_eq!(hit.header("last-modified") == Some(ORIGIN_TIME), kept, "{fields}");
    }
}
