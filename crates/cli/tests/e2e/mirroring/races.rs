//! Fills against local writes and crashes.

use headwater_testkit::origin::{Gate, Reply, pattern};

use super::fixture::{BUCKET, Fixture, path};

const LENGTH: usize = 4 << 20;
const HELD_AT: usize = 1 << 20;

/// A miss of `/k` whose body is held in the middle, with the reader that caused it.
async fn running_fill(fixture: &Fixture, gate: &Gate) -> crate::harness::Opened {
    let held = Reply::pattern(1, LENGTH as u64).hold_body_at(HELD_AT as u64, gate);
    fixture.origin.on_each("/k", vec![held, Reply::pattern(2, LENGTH as u64)]);
    let mut reader = fixture.server.anonymous().get(&path("k")).open().await;
    reader.read_at_least(HELD_AT / 2).await;
    reader
}

#[tokio::test(flavor = "multi_thread")]
async fn row_37_a_put_during_the_fill_wins() {
    let (fixture, gate) = (Fixture::with("").await, Gate::closed());
    let reader = running_fill(&fixture, &gate).await;
    fixture.server.client().put(&path("k"), "the client's").send().await.expect(200);
    fixture.get("k").await.expect(200).expect_body(b"the client's");
    gate.open();
    reader.finish().await.expect_body(&pattern(1, 0, LENGTH));
    fixture.wait_for_fills().await;
    let answer = fixture.get("k").await.expect(200).expect_body(b"the client's");
    assert_eq!(answer.header("x-oss-tag"), None);
    assert_eq!(fixture.origin.count("/k"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_37_a_delete_during_the_fill_wins() {
    let (fixture, gate) = (Fixture::with("").await, Gate::closed());
    let reader = running_fill(&fixture, &gate).await;
    fixture.server.client().delete(&path("k")).send().await.expect(204);
    gate.open();
    reader.finish().await.expect_body(&pattern(1, 0, LENGTH));
    fixture.expect_not_stored("k").await;
    fixture.get("k").await.expect(200).expect_body(&pattern(2, 0, LENGTH));
}

#[tokio::test(flavor = "multi_thread")]
async fn row_37_a_new_rule_during_the_fill_wins() {
    let (fixture, gate) = (Fixture::with("").await, Gate::closed());
    let reader = running_fill(&fixture, &gate).await;
    fixture.server.client().delete(&format!("/{BUCKET}/?website")).send().await.expect(204);
    gate.open();
    reader.finish().await.expect_body(&pattern(1, 0, LENGTH));
    fixture.expect_not_stored("k").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_44_a_kill_in_the_middle_leaves_nothing() {
    let (mut fixture, gate) = (Fixture::with("").await, Gate::closed());
    let reader = running_fill(&fixture, &gate).await;
    fixture.server.kill();
    let answer = reader.finish().await;
    assert!(!answer.complete, "a killed server cannot end a body");
    fixture.server.restart();
    assert!(!fixture.is_stored("k").await);
    let listing = fixture.server.client().get(&format!("/{BUCKET}/")).send().await.expect(200);
    assert_eq!(listing.element("Key"), None);
    fixture.get("k").await.expect(200).expect_body(&pattern(2, 0, LENGTH));
    fixture.wait_until_stored("k").await;
    fixture.get("k").await.expect(200).expect_body(&pattern(2, 0, LENGTH));
    assert_eq!(fixture.origin.count("/k"), 2);
}
