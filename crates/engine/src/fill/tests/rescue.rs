//! Connections that are lost within a body.

use headwater_model::error::MirrorFailureKind;
use headwater_model::limits::HOLD_BACK_BYTES;
use headwater_model::origin::{Framing, OriginError, RequestCause};

use super::origin::{Answer, Feed};
use super::world::{World, pattern, read, read_broken, read_some};
use crate::fill::FillOutcome;

const SIZE: usize = 1 << 20;
const TAG: &str = "\"v1\"";

/// A whole answer with a strong tag, fed by the test.
fn tagged() -> (Answer, Feed) {
    let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
    (answer.header("etag", TAG), feed)
}

/// The rest from `position` on, of the version that `tag` names.
fn rest(position: usize, tag: &str) -> Answer {
    let range = format!("bytes {position}-{}/{SIZE}", SIZE - 1);
    Answer::of(206, pattern(SIZE).slice(position..)).header("content-range", &range).header("etag", tag)
}

#[tokio::test]
async fn o45_a_lost_connection_is_replaced_and_no_follower_notices() {
    let world = World::new().await;
    let (answer, feed) = tagged();
    world.origin.answers(answer);
    let mut reply = world.get().await;
    feed.chunk(pattern(SIZE).slice(..300_000));
    let first = read_some(&mut reply.body, 100_000).await;
    world.origin.answers(rest(300_000, TAG));
    feed.breaks();
    let second = read(reply.body).await.unwrap();
    assert_eq!([first, second].concat(), pattern(SIZE));
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
    assert_eq!(world.stored_bytes().await.unwrap(), pattern(SIZE));
    let requests = world.origin.requests();
    assert_eq!(requests[1].headers["range"], "bytes=300000-");
    assert_eq!(requests[1].headers["if-match"], TAG);
    assert_eq!((requests[1].cause, requests.len()), (RequestCause::Resume, 2));
}

#[tokio::test]
async fn o45_loss_after_loss_is_mended_as_long_as_bytes_come() {
    let world = World::new().await;
    let (answer, feed) = tagged();
    world.origin.answers(answer);
    let reply = world.get().await;
    feed.chunk(pattern(SIZE).slice(..1000));
    for round in 1..20 {
        let from = round * 1000;
        let (answer, feed) = Answer::fed(Framing::Length((SIZE - from) as u64));
        let range = format!("bytes {from}-{}/{SIZE}", SIZE - 1);
        world.origin.answers(answer.status(206).header("content-range", &range).header("etag", TAG));
        feed.chunk(pattern(SIZE).slice(from..from + 1000));
        feed.breaks();
    }
    world.origin.answers(rest(20_000, TAG));
    feed.breaks();
    assert_eq!(read(reply.body).await.unwrap(), pattern(SIZE));
    assert_eq!(world.origin.requests().len(), 21);
}

#[tokio::test]
async fn o61_an_object_that_changed_meanwhile_is_an_error_and_never_a_mixture() {
    type Case = (&'static str, fn() -> Answer);
    let answers: [Case; 5] = [
        ("another tag", || rest(300_000, "\"v2\"")),
        ("no tag", || {
            Answer::of(206, pattern(SIZE).slice(300_000..))
                .header("content-range", &format!("bytes 300000-{}/{SIZE}", SIZE - 1))
        }),
        ("another length", || {
            Answer::of(206, pattern(10)).header("content-range", "bytes 300000-300009/300010").header("etag", TAG)
        }),
        ("the condition failed", || Answer::of(412, "")),
        ("a whole of another tag", || Answer::of(200, pattern(SIZE)).header("etag", "\"v2\"")),
    ];
    for (what, answer) in answers {
        let world = World::new().await;
        let (first, feed) = tagged();
        world.origin.answers(first);
        let reply = world.get().await;
        feed.chunk(pattern(SIZE).slice(..300_000));
        world.origin.answers(answer());
        feed.breaks();
        let (bytes, failure) = read_broken(reply.body).await;
        assert_eq!((failure.kind, failure.reason), (MirrorFailureKind::Answer, "object_changed"), "{what}");
        assert_eq!(bytes, pattern(SIZE)[..bytes.len()], "{what}");
        assert!(bytes.len() <= SIZE - HOLD_BACK_BYTES as usize, "{what}");
        assert!(world.stored().await.is_none(), "{what}");
    }
}

#[tokio::test]
async fn o64_an_origin_that_knows_no_ranges_gives_the_whole_again_and_only_the_rest_is_taken() {
    let world = World::new().await;
    let (answer, feed) = tagged();
    world.origin.answers(answer);
    let reply = world.get().await;
    feed.chunk(pattern(SIZE).slice(..300_000));
    world.origin.answers(Answer::of(200, pattern(SIZE)).header("etag", TAG));
    feed.breaks();
    assert_eq!(read(reply.body).await.unwrap(), pattern(SIZE));
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
    assert_eq!(world.stored_bytes().await.unwrap(), pattern(SIZE));
}

#[tokio::test]
async fn o64_a_whole_of_unknown_length_goes_on_under_a_tag_and_not_under_a_date() {
    const OLD: &str = "Sun, 06 Nov 1994 07:00:00 GMT";
    for (name, value, goes_on) in [("etag", TAG, true), ("last-modified", OLD, false)] {
        let world = World::new().await;
        let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
        world.origin.answers(answer.header(name, value));
        let reply = world.get().await;
        feed.chunk(pattern(SIZE).slice(..300_000));
        let again = || Answer::of(200, pattern(SIZE)).framing(Framing::Delimited).header(name, value);
        world.origin.answers(again());
        if goes_on {
            feed.breaks();
            assert_eq!(read(reply.body).await.unwrap(), pattern(SIZE));
            assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
            assert_eq!(*world.seen.rescued.borrow(), 1);
            continue;
        }
        // It may be the same version: other requests may find out, until none is left.
        (0..4).for_each(|_| world.origin.answers(again()));
        feed.breaks();
        for asked in 2..=5 {
            world.origin.asked(asked).await;
            world.clock.sleepers(1).await;
            world.clock.advance(std::time::Duration::from_secs(10));
        }
        assert_eq!(read_broken(reply.body).await.1.reason, "body_broken");
        assert_eq!(*world.seen.rescued.borrow(), 0);
    }
}

#[tokio::test]
async fn o60_what_nothing_pins_is_cut() {
    for (name, value) in [("x-none", ""), ("etag", "W/\"v1\""), ("accept-ranges", "none")] {
        let world = World::new().await;
        let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
        world.origin.answers(answer.header(name, value));
        let reply = world.get().await;
        feed.chunk(pattern(300_000));
        feed.breaks();
        assert_eq!(read_broken(reply.body).await.1.reason, "body_broken", "{name}: {value}");
        assert_eq!(world.origin.requests().len(), 1);
    }
}

#[tokio::test]
async fn o31_a_body_of_unknown_length_goes_on_too() {
    let world = World::new().await;
    let (answer, feed) = Answer::fed(Framing::Delimited);
    world.origin.answers(answer.header("etag", TAG));
    feed.chunk(pattern(SIZE).slice(..300_000));
    let reply = world.get().await;
    world.origin.answers(rest(300_000, TAG));
    feed.breaks();
    assert_eq!(read(reply.body).await.unwrap(), pattern(SIZE));
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
}

#[tokio::test]
async fn a_rescue_without_a_byte_ends_after_a_few_tries_and_goes_round_the_origins() {
    let world = World::with_rule(|mirror| mirror.url_slave = Some("http://second.example/".into())).await;
    let (answer, feed) = tagged();
    world.origin.answers(answer);
    let reply = world.get().await;
    feed.chunk(pattern(SIZE).slice(..300_000));
    for _ in 0..5 {
        world.origin.fails(OriginError::Connect("refused".into()));
    }
    feed.breaks();
    for asked in 2..=5 {
        world.origin.asked(asked).await;
        world.clock.sleepers(1).await;
        world.clock.advance(std::time::Duration::from_secs(10));
    }
    assert_eq!(read_broken(reply.body).await.1.reason, "body_broken", "the loss is what is told");
    let hosts: Vec<bool> = world.origin.requests()[1..].iter().map(|request| request.url.contains("second")).collect();
    assert_eq!(hosts, [false, true, false, true, false]);
}
