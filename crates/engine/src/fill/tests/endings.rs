//! How fills end: verified, cut, refused, vanished.

use std::time::Duration;

use headwater_model::Error;
use headwater_model::error::MirrorFailureKind;
use headwater_model::limits::HOLD_BACK_BYTES;
use headwater_model::origin::{Framing, OriginError};
use headwater_model::reply::Served;

use super::origin::Answer;
use super::world::{World, get, get_with, mirror_failure, object, pattern, read, read_broken, read_some, relayed};
use crate::fill::{FillOutcome, MissMethod, MissOutcome};

const HOLD_BACK: usize = HOLD_BACK_BYTES as usize;

#[tokio::test]
async fn row_2_a_missing_object_is_fetched_once_and_stored() {
    let world = World::new().await;
    world.origin.answers(Answer::of(200, "hello").header("content-type", "text/plain"));
    let reply = world.get().await;
    assert_eq!((reply.served, reply.origin_status), (Served::Miss, Some(200)));
    assert_eq!(reply.facts, headwater_model::reply::KnownFacts::ALL, "a small answer is known whole");
    let meta = reply.meta.clone();
    assert_eq!(read(reply.body).await.unwrap(), b"hello");
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
    let stored = world.stored().await.unwrap();
    assert_eq!(*stored.meta, *meta, "the answer had the metadata that was stored");
    assert_eq!(world.stored_bytes().await.unwrap(), b"hello");
    assert_eq!(world.origin.requests().len(), 1);
    assert_eq!(world.fills.running(), 0);
}

#[tokio::test]
async fn row_2_a_long_object_streams_and_is_stored() {
    let world = World::new().await;
    let body = pattern(1 << 20);
    let (answer, feed) = Answer::fed(Framing::Length(1 << 20));
    world.origin.answers(answer);
    let reply = world.get().await;
    assert_eq!(reply.meta.size_bytes, 1 << 20, "the head comes before the body");
    assert!(reply.facts.size && !reply.facts.etag && !reply.facts.digests);
    feed.chunk(body.clone());
    drop(feed);
    assert_eq!(read(reply.body).await.unwrap(), body);
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
    assert_eq!(world.stored_bytes().await.unwrap(), body);
}

#[tokio::test]
async fn row_3_an_origin_without_the_object_says_so_each_time() {
    let world = World::new().await;
    for status in [404, 410] {
        world.origin.answers(Answer::of(status, "gone"));
        let outcome = world.ask(&get()).await.unwrap();
        assert!(matches!(outcome, MissOutcome::NotFound { origin_status } if origin_status == status));
    }
    assert_eq!(world.seen.outcomes(2).await, [FillOutcome::NotFound; 2]);
    assert!(world.stored().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_3_an_absence_is_not_shared_with_later_requests() {
    let world = World::new().await;
    for round in 1..=500 {
        world.origin.answers(Answer::of(404, ""));
        assert!(matches!(world.ask(&get()).await.unwrap(), MissOutcome::NotFound { .. }));
        assert_eq!(world.origin.requests().len(), round, "whoever asks after the answer asks the origin");
    }
}

#[tokio::test]
async fn row_4_any_other_status_is_a_failure() {
    let world = World::new().await;
    for (status, transient, asked) in [(204, false, 1), (403, false, 1), (500, true, 2), (503, true, 2), (429, true, 1)]
    {
        for _ in 0..asked {
            world.origin.answers(Answer::of(status, "secret words of the origin"));
        }
        let failure = world.failure().await;
        assert_eq!((failure.kind, failure.origin_status), (MirrorFailureKind::Answer, Some(status)));
        assert_eq!(failure.retry_after.is_some(), transient, "{status}");
        assert!(!failure.message.contains("secret"));
    }
    assert!(world.stored().await.is_none());
}

#[tokio::test]
async fn row_5_an_unreachable_origin_is_tried_twice_and_only_while_nothing_was_said() {
    let world = World::new().await;
    world.origin.fails(OriginError::Connect("refused".into()));
    world.origin.answers(Answer::of(200, "second try"));
    assert_eq!(read(world.get().await.body).await.unwrap(), b"second try");
    world.seen.outcomes(1).await;
    world.delete().await;

    world.origin.fails(OriginError::Connect("refused".into()));
    world.origin.fails(OriginError::Connect("refused".into()));
    let failure = world.failure().await;
    assert_eq!((failure.kind, failure.reason), (MirrorFailureKind::Unreachable, "connect"));
    assert!(failure.retry_after.is_some());

    world.origin.fails(OriginError::FirstByteTimeout);
    assert_eq!(world.failure().await.reason, "timeout_first_byte");
    assert_eq!(world.origin.requests().len(), 5, "a request that was sent is not repeated");
}

#[tokio::test]
async fn row_8_a_body_that_is_cut_is_never_stored_and_fetched_again() {
    let world = World::new().await;
    let (answer, feed) = Answer::fed(Framing::Length(1 << 20));
    world.origin.answers(answer);
    let mut reply = world.get().await;
    feed.chunk(pattern(500_000));
    let first = read_some(&mut reply.body, 400_000).await;
    feed.breaks();
    let (rest, failure) = read_broken(reply.body).await;
    assert_eq!(failure.reason, "body_broken");
    assert_eq!([first, rest].concat(), pattern(500_000)[..500_000.min((1 << 20) - HOLD_BACK)]);
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Failed("body_broken")]);
    assert!(world.stored().await.is_none());

    world.origin.answers(Answer::of(200, pattern(1 << 20)));
    assert_eq!(read(world.get().await.body).await.unwrap(), pattern(1 << 20));
}

#[tokio::test]
async fn the_last_64_kib_never_reach_the_client_of_a_failing_fill() {
    let world = World::new().await;
    let body = pattern(300_000);
    for framing in [Framing::Length(300_000), Framing::Delimited] {
        let (answer, feed) = Answer::fed(framing);
        world.origin.answers(answer.header("x-oss-hash-crc64ecma", "1"));
        feed.chunk(body.slice(..200_000));
        feed.chunk(body.slice(200_000..));
        let mut reply = world.get().await;
        let held_back = 300_000 - HOLD_BACK;
        assert_eq!(read_some(&mut reply.body, held_back).await, body[..held_back]);
        drop(feed);
        let (rest, failure) = read_broken(reply.body).await;
        assert_eq!(rest, b"", "{framing:?}");
        assert_eq!(failure.reason, "checksum_mismatch");
    }
    assert!(world.stored().await.is_none());
}

#[tokio::test]
async fn a_small_answer_that_fails_is_an_error_and_not_a_cut() {
    let world = World::new().await;
    let twice = |framing, chunk: &'static str, broken: bool| {
        for _ in 0..2 {
            let (answer, feed) = Answer::fed(framing);
            world.origin.answers(answer);
            feed.chunk(chunk);
            if broken {
                feed.breaks();
            }
        }
    };
    twice(Framing::Length(10), "01234", false);
    let failure = world.failure().await;
    assert_eq!((failure.reason, &*failure.message), ("body_short", "Bytes read is not equal to expected."));

    twice(Framing::Length(10), "0123456789A", false);
    let failure = world.failure().await;
    assert_eq!((failure.reason, &*failure.message), ("body_surplus", "Bytes read is not equal to expected."));

    twice(Framing::Delimited, "01234", true);
    let failure = world.failure().await;
    assert_eq!(&*failure.message, "Read body from mirror host failed, please check your mirror host.");

    for _ in 0..2 {
        world.origin.answers(Answer::of(200, "123456789").header("x-amz-checksum-crc32", "AAAAAA=="));
    }
    assert_eq!(world.failure().await.reason, "checksum_mismatch");
    assert_eq!(world.origin.requests().len(), 8, "each was worth a second try");
    assert!(world.stored().await.is_none());
}

#[tokio::test]
async fn a_long_body_that_is_too_short_or_too_long_is_cut() {
    let world = World::new().await;
    for (size_bytes, reason) in [(199_999, "body_short"), (200_001, "body_surplus")] {
        let (answer, feed) = Answer::fed(Framing::Length(200_000));
        world.origin.answers(answer);
        let reply = world.get().await;
        feed.chunk(pattern(150_000));
        feed.chunk(pattern(size_bytes - 150_000));
        drop(feed);
        let (arrived, failure) = read_broken(reply.body).await;
        assert!(arrived.len() <= 200_000 - HOLD_BACK);
        assert_eq!(failure.reason, reason);
    }
    assert!(world.stored().await.is_none());
}

#[tokio::test]
async fn o42_an_origin_that_trickles_is_given_up() {
    let world = World::new().await;
    for (size_bytes, enough) in [(29 << 10, false), (30 << 10, true)] {
        let (answer, feed) = Answer::fed(Framing::Length(200_000));
        world.origin.answers(answer);
        let reply = world.get().await;
        let before = *world.seen.bytes.borrow();
        feed.chunk(pattern(size_bytes - 1));
        world.seen.received(before + size_bytes as u64 - 1).await;
        world.clock.advance(Duration::from_secs(30));
        feed.chunk("x");
        feed.chunk(pattern(200_000 - size_bytes));
        drop(feed);
        if enough {
            assert_eq!(read(reply.body).await.unwrap().len(), 200_000);
        } else {
            assert_eq!(read_broken(reply.body).await.1.reason, "too_slow");
        }
    }
}

#[tokio::test]
async fn row_10_a_redirect_that_is_not_followed_goes_to_the_client() {
    let world = World::with_rule(|mirror| mirror.follow_redirect = Some(false)).await;
    world.origin.answers(Answer::of(302, "moved").header("location", "https://elsewhere.example/x?y"));
    let reply = relayed(world.ask(&get()).await);
    assert_eq!((reply.status, reply.location.as_deref()), (302, Some("https://elsewhere.example/x?y")));
    assert_eq!(read(reply.body).await.unwrap(), b"", "a redirect's body is not passed on");
    assert!(!world.origin.requests()[0].follow_redirects);
    assert!(world.stored().await.is_none());
}

#[tokio::test]
async fn row_11_a_redirect_without_a_usable_target_is_a_failure() {
    let world = World::with_rule(|mirror| mirror.follow_redirect = Some(false)).await;
    world.origin.answers(Answer::of(302, ""));
    assert_eq!(world.failure().await.reason, "bad_redirect");
    world.origin.answers(Answer::of(301, "").header("location", "javascript:alert(1)"));
    assert_eq!(world.failure().await.reason, "bad_redirect");
    world.origin.fails(OriginError::BadRedirect("no location".into()));
    assert_eq!(world.failure().await.reason, "bad_redirect");
}

#[tokio::test]
async fn row_34_listed_statuses_reach_the_client_with_their_body() {
    let list = |mirror: &mut headwater_model::rule::Mirror| {
        mirror.transparent_response_codes = Some("400, 404".into());
    };
    let world = World::with_rule(list).await;
    world.origin.answers(Answer::of(404, "my own page").header("content-type", "text/html"));
    let reply = relayed(world.ask(&get()).await);
    assert_eq!((reply.status, reply.content_type.as_deref()), (404, Some("text/html")));
    assert_eq!(reply.content_length, Some(11));
    assert_eq!(read(reply.body).await.unwrap(), b"my own page");
    world.origin.answers(Answer::of(400, pattern(HOLD_BACK + 1)));
    assert_eq!(world.failure().await.reason, "relayed_answer_too_large");
    world.origin.answers(Answer::of(403, "not listed"));
    assert_eq!(world.failure().await.origin_status, Some(403));
}

#[tokio::test]
async fn row_12_a_body_without_length_streams_and_is_stored_with_its_length() {
    let world = World::new().await;
    let body = pattern(200_000);
    let (answer, feed) = Answer::fed(Framing::Delimited);
    world.origin.answers(answer);
    feed.chunk(body.slice(..100_000));
    let reply = world.get().await;
    assert!(!reply.facts.size, "chunked on the miss");
    feed.chunk(body.slice(100_000..));
    drop(feed);
    assert_eq!(read(reply.body).await.unwrap(), body);
    world.seen.outcomes(1).await;
    assert_eq!(world.stored().await.unwrap().meta.size_bytes, 200_000);
}

#[tokio::test]
async fn decision_12_a_body_that_ends_with_its_connection_is_served_and_not_stored() {
    let world = World::new().await;
    for size_bytes in [5, 200_000] {
        let body = pattern(size_bytes);
        world.origin.answers(Answer::of(200, body.clone()).framing(Framing::Close));
        let reply = world.get().await;
        assert_eq!(reply.served, Served::PassThrough);
        assert_eq!(read(reply.body).await.unwrap(), body);
    }
    assert_eq!(world.seen.outcomes(2).await, [FillOutcome::PassedThrough("close_delimited"); 2]);
    assert!(world.stored().await.is_none());
}

#[tokio::test]
async fn an_empty_object_is_an_object() {
    let world = World::new().await;
    world.origin.answers(Answer::of(200, ""));
    let reply = world.get().await;
    assert_eq!(reply.meta.etag.as_str(), "d41d8cd98f00b204e9800998ecf8427e");
    assert_eq!(read(reply.body).await.unwrap(), b"");
    world.seen.outcomes(1).await;
    assert_eq!(world.stored_bytes().await.unwrap(), b"");
}

#[tokio::test]
async fn a_task_that_vanishes_fails_its_readers() {
    let world = World::new().await;
    world.origin.panics();
    assert_eq!(world.failure().await.reason, "vanished");
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Failed("vanished")]);
    assert_eq!(world.fills.running(), 0, "its place is free again");

    world.origin.answers(Answer::of(200, "alive"));
    assert_eq!(read(world.get().await.body).await.unwrap(), b"alive");
}

#[tokio::test]
async fn a_task_that_vanishes_within_the_body_cuts_its_readers() {
    let world = World::new().await;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let (answer, feed) = Answer::fed(Framing::Length(1 << 20));
    world.origin.answers(answer);
    let fills = std::sync::Arc::clone(&world.fills);
    let (bucket, rule) = (std::sync::Arc::clone(&world.bucket), world.rule.clone());
    let asked = runtime.spawn(async move { fills.miss(&bucket, &rule, &get(), MissMethod::Get).await });
    let mut reply = object(asked.await.unwrap());
    feed.chunk(pattern(100_000));
    read_some(&mut reply.body, 100_000).await;
    runtime.shutdown_background();
    assert_eq!(read_broken(reply.body).await.1.reason, "vanished");
    assert!(world.stored().await.is_none());
}

#[tokio::test]
async fn row_43_a_request_that_came_round_is_refused_at_once() {
    let world = World::new().await;
    let failure = mirror_failure(world.ask(&get_with("cdn-loop", "a, headwater-here")).await.unwrap_err());
    assert_eq!((failure.reason, failure.retry_after), ("loop", None));
    let failure = mirror_failure(world.ask(&get_with("cdn-loop", "a, b, c, d, e, f")).await.unwrap_err());
    assert_eq!(failure.reason, "too_many_hops");
    assert!(world.origin.requests().is_empty());

    world.origin.answers(Answer::of(200, "x"));
    world.ask(&get_with("cdn-loop", "a")).await.unwrap();
    assert_eq!(world.origin.requests()[0].headers["cdn-loop"], "a, headwater-here");
}

#[tokio::test]
async fn row_47_a_key_that_cannot_be_mapped_asks_nobody() {
    let world = World::new().await;
    let mut dots = get();
    dots.key = headwater_model::ObjectKey::parse("a/../b").unwrap();
    let failure = mirror_failure(world.ask(&dots).await.unwrap_err());
    assert_eq!((failure.kind, failure.reason), (MirrorFailureKind::Refused, "unmappable_key"));
    assert!(world.origin.requests().is_empty());
}

#[tokio::test]
async fn an_origin_at_its_own_limit_is_our_limit() {
    let world = World::new().await;
    world.origin.fails(OriginError::Busy { limit: "origin_permits", retry_after: std::time::Duration::from_secs(1) });
    assert!(matches!(world.ask(&get()).await, Err(Error::SlowDown { .. })));
}
