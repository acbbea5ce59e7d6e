//! What a miss costs the origin: bytes of bodies, counted where the origin writes them.

use futures_util::future::join_all;
use headwater_testkit::origin::{Cut, RecordedRequest, Reply, pattern};

use super::fixture::{Fixture, path};

const SIZE: usize = 64 << 20;
const BREAK_EVERY: usize = 16 << 20;
/// What heads may add to the bodies.
const HEADS: u64 = 4 << 10;
const READERS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn m3_without_faults_every_byte_is_sent_once() {
    let fixture = Fixture::with("").await;
    fixture.origin.on("/k", Reply::pattern(1, SIZE as u64).header("etag", "\"v1\""));
    let near = |first: usize| format!("bytes={first}-{}", first + 999);
    let whole = || async { fixture.get("k").await.expect(200).expect_body(&pattern(1, 0, SIZE)) };
    let part = |first: usize| {
        let client = fixture.server.anonymous();
        let range = near(first);
        async move {
            let answer = client.get(&path("k")).header("range", &range).send().await.expect(206);
            answer.expect_body(&pattern(1, first as u64, 1000))
        }
    };
    tokio::join!(join_all((0..READERS).map(|_| whole())), join_all((0..READERS).map(|nth| part(nth << 20))));
    fixture.wait_until_stored("k").await;
    let sent = fixture.origin.sent_bytes("/k");
    assert!((SIZE as u64..SIZE as u64 + HEADS).contains(&sent), "{sent} bytes for an object of {SIZE}");
    assert_eq!(fixture.origin.count("/k"), 1);
}

/// The part that is asked for, broken after [`BREAK_EVERY`] bytes.
fn breaking(request: &RecordedRequest) -> Reply {
    let reply = Reply::ranged(request, &pattern(1, 0, SIZE).into()).header("etag", "\"v1\"");
    let from = request.header("range").and_then(|range| range.strip_prefix("bytes=")?.split('-').next()?.parse().ok());
    let breaks = SIZE - from.unwrap_or(0_usize) > BREAK_EVERY;
    if breaks { reply.cut_body_at(BREAK_EVERY as u64, Cut::Fin) } else { reply }
}

#[tokio::test(flavor = "multi_thread")]
async fn m3_a_break_every_16_mib_costs_no_byte_twice() {
    let fixture = Fixture::with("").await;
    fixture.origin.on_fn("/k", breaking);
    fixture.get("k").await.expect(200).expect_body(&pattern(1, 0, SIZE));
    fixture.wait_until_stored("k").await;
    let sent = fixture.origin.sent_bytes("/k");
    assert!((SIZE as u64..SIZE as u64 + 4 * HEADS).contains(&sent), "{sent} bytes for an object of {SIZE}");
    assert_eq!(fixture.origin.count("/k"), SIZE / BREAK_EVERY, "one request for each piece");
}
