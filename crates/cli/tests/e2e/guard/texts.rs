//! Texts of origins are data: whatever they hold, no document of ours is changed by it.

use headwater_testkit::origin::Reply;

use super::world::{DIALECTS, speak};
use crate::harness::Answer;
use crate::mirroring::{Fixture, path};

/// What an origin would like to see executed, or parsed.
const MARKUP: &str = "<script>alert(1)</script><Code>Fake</Code>\"'&amp;]]>";

/// Holds an error to being a document of ours: well-formed as far as its elements go, and without the origin's text.
fn expect_our_own(answer: &Answer, way: &str) {
    let text = answer.text();
    assert_eq!(answer.header("content-type"), Some("application/xml"), "{way}");
    for foreign in ["<script", "alert(1)", "Fake", "]]>"] {
        assert!(!text.contains(foreign), "{way}: {foreign}: {text}");
    }
    assert_eq!(text.matches("<Code>").count(), 1, "{way}: {text}");
    for (name, value) in &answer.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        assert!(!value.contains("<script") && !value.contains("Fake"), "{way}: {name}: {value}");
    }
}

/// Answers that lead to errors, each full of markup.
fn failing() -> Vec<(&'static str, Reply)> {
    let page = || format!("<?xml version=\"1.0\"?><Error>{MARKUP}</Error>");
    let full = |reply: Reply| {
        reply.header("content-type", &format!("text/html; x={MARKUP}")).header("x-amz-error-message", MARKUP)
    };
    let raw = |status_line: &str| {
        let body = page();
        format!("HTTP/1.1 {status_line}\r\ncontent-length: {}\r\nx-oss-err: {MARKUP}\r\n\r\n{body}", body.len())
    };
    vec![
        ("status", full(Reply::status(403))),
        ("server-error", full(Reply::status(503)).header("retry-after", MARKUP)),
        ("not-found", full(Reply::status(404))),
        ("reason", Reply::raw(raw(&format!("500 {MARKUP}")))),
        ("teapot", Reply::raw(raw(&format!("418 {MARKUP}")))),
        ("garbage", Reply::raw(format!("{MARKUP}\r\n\r\n"))),
        ("redirect", Reply::redirect(302, &format!("http://{MARKUP}/"))),
        ("length", Reply::raw(format!("HTTP/1.1 200 OK\r\ncontent-length: {MARKUP}\r\n\r\n"))),
        (
            "range",
            Reply::raw(format!("HTTP/1.1 206 {MARKUP}\r\ncontent-length: 1\r\ncontent-range: {MARKUP}\r\n\r\nx")),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn t5_errors_of_ours_hold_nothing_of_an_origins_text() {
    let fixture = Fixture::with("").await;
    for (way, reply) in failing() {
        for (who, client) in [("owner", fixture.server.client()), ("anybody", fixture.server.anonymous())] {
            for dialect in DIALECTS {
                let key = format!("{way}-{who}-{dialect:?}");
                fixture.origin.on(&format!("/{key}"), reply.clone());
                let answer = speak(dialect, client.get(&path(&key))).await;
                assert!([404, 424, 503].contains(&answer.status.as_u16()), "{key}: {answer:?}");
                expect_our_own(&answer, &key);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t5_a_key_full_of_markup_is_escaped_in_the_error_about_it() {
    let fixture = Fixture::with("").await;
    for dialect in DIALECTS {
        let answer = speak(dialect, fixture.server.client().get(&path(MARKUP))).await.expect(404);
        let key = answer.element("Key").expect("the error names the key");
        assert!(!key.contains('<') && !key.contains('>') && !key.contains("&amp;]"), "{key}");
        assert!(key.contains("&lt;script&gt;") && key.contains("&amp;amp;"), "{key}");
        assert_eq!(answer.text().matches("<Code>").count(), 1, "{}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t5_what_an_origin_says_about_an_object_never_becomes_markup_of_a_listing() {
    let fixture = Fixture::with("<MirrorSaveOssMeta>true</MirrorSaveOssMeta>").await;
    let reply =
        Reply::ok("body").header("content-type", MARKUP).header("x-oss-meta-note", MARKUP).header("etag", MARKUP);
    fixture.origin.on("/hostile", reply);
    fixture.get("hostile").await.expect(200).expect_body(b"body");
    fixture.wait_until_stored("hostile").await;
    let listing = fixture.server.client().get("/example/").send().await.expect(200);
    assert!(!listing.text().contains("script"), "{}", listing.text());
}
