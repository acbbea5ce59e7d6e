//! A private bucket of the same server as the source of a rule (`MirrorUsingRole`).

use super::fixture::{BUCKET, Fixture, mirror_rule, path};
use crate::harness::{Setup, run};

const SOURCE: &str = "source";
const ROLE: &str = "<MirrorUsingRole>true</MirrorUsingRole><MirrorRole>any-role</MirrorRole>\
                    <MirrorSaveOssMeta>true</MirrorSaveOssMeta><MirrorAllowHeadObject>true</MirrorAllowHeadObject>";

/// A fixture with a private source that has one object.
async fn with_source(key: &str, body: &'static str) -> Fixture {
    let fixture = Fixture::on(Setup::new().flag("--domain", "objects.test")).await;
    let client = fixture.server.client();
    client.put(&format!("/{SOURCE}/"), "").send().await.expect(200);
    let put = client.put(&format!("/{SOURCE}/{key}"), body).header("content-type", "text/x-test");
    put.header("cache-control", "max-age=7").header("x-oss-meta-a", "1").send().await.expect(200);
    fixture.server.anonymous().get(&format!("/{SOURCE}/{key}")).send().await.expect(403);
    fixture
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_bucket_of_this_server_is_read_under_a_role_and_refused_without() {
    let fixture = with_source("a%20b", "bytes of the source").await;
    let own = format!("http://{}/{SOURCE}/", fixture.server.address());
    fixture.put_rules(&mirror_rule(1, "", &own, "")).await.expect(200);
    let refused = fixture.get("a b").await.expect_error(424, "MirrorFailed");
    assert_eq!(refused.element("EC").as_deref(), Some("0041-00000108"), "{}", refused.text());

    fixture.put_rules(&mirror_rule(1, "", &own, ROLE)).await.expect(200);
    let place = format!("{BUCKET}/a b");
    let told = run(&mut fixture.server.client_command(&["explain", &place]));
    assert!(
        told.contains(&format!("{own}a%20b")) && told.contains("local bucket source, read from the store"),
        "{told}"
    );
    let head = fixture.server.anonymous().head(&path("a b")).send().await.expect(200);
    assert_eq!(head.header("content-length"), Some("19"));
    let miss = fixture.get("a b").await.expect(200).expect_body(b"bytes of the source");
    fixture.wait_until_stored("a b").await;
    fixture.server.client().delete(&format!("/{SOURCE}/a%20b")).send().await.expect(204);
    let hit = fixture.get("a b").await.expect(200).expect_body(b"bytes of the source");
    for answer in [miss, hit] {
        assert_eq!(answer.header("content-type"), Some("text/x-test"));
        assert_eq!(answer.header("cache-control"), Some("max-age=7"));
        assert_eq!(answer.header("x-oss-meta-a"), Some("1"));
        assert_eq!(answer.header("x-oss-tag"), Some("MIRROR"));
    }
    fixture.get("another").await.expect_error(404, "NoSuchKey");
    let echoed = fixture.server.client().get(&format!("/{BUCKET}/?website")).send().await.expect(200);
    assert_eq!(echoed.element("MirrorRole").as_deref(), Some("any-role"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_named_by_domain_too_and_one_that_is_not_there_is_denied() {
    let fixture = with_source("k", "by its name").await;
    for url in ["http://source.objects.test/", "https://objects.test/source/"] {
        fixture.put_rules(&mirror_rule(1, "", url, ROLE)).await.expect(200);
        fixture.get("k").await.expect(200).expect_body(b"by its name");
        fixture.wait_until_stored("k").await;
        fixture.server.client().delete(&path("k")).send().await.expect(204);
    }
    fixture.put_rules(&mirror_rule(1, "", "http://nowhere.objects.test/", ROLE)).await.expect(200);
    let told = fixture.server.client().get(&path("k")).send().await.expect_error(424, "MirrorFailed");
    assert_eq!(told.header("x-mirror-error"), Some("source_bucket_denied"), "{}", told.text());
    let untold = fixture.get("k").await.expect_error(424, "MirrorFailed");
    assert_eq!(untold.header("x-mirror-error"), None, "{}", untold.text());
    let log = fixture.server.log();
    let denied = |line: &&String| line.contains("source_bucket_denied") && line.contains("local bucket nowhere");
    assert!(log.iter().any(|line| denied(&line)), "{log:?}");
    assert!(fixture.origin.requests().is_empty());
}
