//! Many requests, one fill.

use std::sync::Arc;
use std::time::Duration;

use headwater_model::Error;
use headwater_model::origin::Framing;
use headwater_model::reply::Served;

use super::faulty_store::Faults;
use super::origin::Answer;
use super::world::{World, get, get_with, next, object, pattern, read, read_broken, read_some, settings};
use crate::fill::{FillLimits, FillOutcome};
use headwater_model::settings::MigrationSettings;

const SIZE: usize = 1 << 20;

/// One request of its own task.
fn spawn(world: &Arc<World>) -> tokio::task::JoinHandle<(Served, Vec<u8>)> {
    let world = Arc::clone(world);
    tokio::spawn(async move {
        let reply = world.get().await;
        (reply.served, read(reply.body).await.unwrap())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_36_a_hundred_requests_for_one_missing_object_ask_the_origin_once() {
    let world = Arc::new(World::new().await);
    let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
    world.origin.answers(answer);
    let readers: Vec<_> = (0..100).map(|_| spawn(&world)).collect();
    world.seen.joined(99).await;
    for chunk in pattern(SIZE).chunks(10_000) {
        feed.chunk(chunk.to_vec());
    }
    drop(feed);
    let mut misses = 0;
    for reader in readers {
        let (served, body) = reader.await.unwrap();
        misses += usize::from(served == Served::Miss);
        assert!(body == pattern(SIZE));
    }
    assert_eq!((misses, world.origin.requests().len()), (1, 1));
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_36_small_answers_are_shared_too() {
    let world = Arc::new(World::new().await);
    let (answer, feed) = Answer::fed(Framing::Length(5));
    world.origin.answers(answer);
    let readers: Vec<_> = (0..20).map(|_| spawn(&world)).collect();
    world.seen.joined(19).await;
    feed.chunk("hello");
    drop(feed);
    for reader in readers {
        assert_eq!(reader.await.unwrap().1, b"hello");
    }
    assert_eq!(world.origin.requests().len(), 1);
}

#[tokio::test]
async fn a_late_joiner_starts_at_the_beginning() {
    let world = World::new().await;
    let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
    world.origin.answers(answer);
    let mut early = world.get().await;
    feed.chunk(pattern(SIZE).slice(..900_000));
    read_some(&mut early.body, 900_000).await;
    let late = world.get().await;
    assert_eq!(late.served, Served::Joined);
    feed.chunk(pattern(SIZE).slice(900_000..));
    drop(feed);
    assert_eq!(read(late.body).await.unwrap(), pattern(SIZE));
}

#[tokio::test]
async fn a_reader_that_does_not_read_slows_nobody() {
    let world = World::new().await;
    let (answer, feed) = Answer::fed(Framing::Length(20 << 20));
    world.origin.answers(answer);
    let slow = world.get().await;
    let fast = world.get().await;
    let chunk = pattern(SIZE);
    for _ in 0..20 {
        feed.chunk(chunk.clone());
    }
    drop(feed);
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed], "without a byte read by anybody");
    assert_eq!(read(fast.body).await.unwrap().len(), 20 << 20);
    assert_eq!(read(slow.body).await.unwrap().len(), 20 << 20, "and nobody is cut off");
}

#[tokio::test]
async fn readers_take_smaller_pieces_the_more_they_are() {
    let world = World::new().await;
    let (answer, feed) = Answer::fed(Framing::Length(4 * SIZE as u64));
    world.origin.answers(answer);
    let mut first = world.get().await;
    feed.chunk(pattern(4 * SIZE));
    assert_eq!(next(&mut first.body).await.unwrap().unwrap().len(), 16 << 10, "who has taken nothing is given little");
    read_some(&mut first.body, 2 << 20).await;
    assert_eq!(next(&mut first.body).await.unwrap().unwrap().len(), 256 << 10);
    let mut others = Vec::new();
    for _ in 1..200 {
        others.push(world.get().await);
    }
    next(&mut first.body).await.unwrap().unwrap();
    assert_eq!(next(&mut first.body).await.unwrap().unwrap().len(), (32 << 20) / 200, "32 MiB for all of them");
    while others.len() < 3000 {
        others.push(world.get().await);
    }
    next(&mut first.body).await.unwrap().unwrap();
    assert_eq!(next(&mut first.body).await.unwrap().unwrap().len(), 16 << 10, "but no less than 16 KiB");
}

#[tokio::test]
async fn row_38_a_client_that_leaves_does_not_end_the_fill() {
    let world = World::new().await;
    let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
    world.origin.answers(answer);
    let mut reply = world.get().await;
    feed.chunk(pattern(SIZE).slice(..SIZE / 10));
    read_some(&mut reply.body, SIZE / 10).await;
    drop(reply);
    feed.chunk(pattern(SIZE).slice(SIZE / 10..));
    drop(feed);
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
    assert_eq!(world.stored_bytes().await.unwrap(), pattern(SIZE));
}

#[tokio::test]
async fn decision_18_a_fill_left_with_more_than_the_limit_ends() {
    let settings = MigrationSettings { leftover_limit_bytes: Some(SIZE as u64 / 2), ..settings() };
    let world = World::migrating(settings).await;
    for (received, outcome) in [(SIZE / 10, FillOutcome::Failed("abandoned")), (SIZE / 2, FillOutcome::Committed)] {
        let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
        world.origin.answers(answer);
        drop(world.get().await);
        feed.chunk(pattern(SIZE).slice(..received));
        if outcome == FillOutcome::Committed {
            feed.chunk(pattern(SIZE).slice(received..));
            drop(feed);
        } else {
            feed.dropped().await;
        }
        let ended = world.seen.outcomes.borrow().len();
        assert_eq!(world.seen.outcomes(ended.max(1)).await.last(), Some(&outcome));
        world.seen.outcomes.send_modify(Vec::clear);
    }
}

#[tokio::test]
async fn a_request_that_asks_something_else_has_its_own_pass_through() {
    let world = World::with_rule(|mirror| {
        mirror.headers.as_mut().unwrap().pass = vec!["x-variant".into()];
    })
    .await;
    let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
    world.origin.answers(answer);
    let mut first = object(world.ask(&get_with("x-variant", "a")).await);
    feed.chunk(pattern(SIZE).slice(..100_000));
    read_some(&mut first.body, 100_000).await;

    world.origin.answers(Answer::of(200, "the other variant"));
    let second = object(world.ask(&get_with("x-variant", "b")).await);
    assert_eq!(second.served, Served::PassThrough);
    assert_eq!(read(second.body).await.unwrap(), b"the other variant");
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::PassedThrough("different_request")]);

    let third = object(world.ask(&get_with("x-variant", "a")).await);
    assert_eq!(third.served, Served::Joined, "the first fill was not disturbed");
    feed.chunk(pattern(SIZE).slice(100_000..));
    drop(feed);
    assert_eq!(read(third.body).await.unwrap(), pattern(SIZE));
    assert_eq!(world.seen.outcomes(2).await[1], FillOutcome::Committed);
    assert_eq!(world.stored_bytes().await.unwrap(), pattern(SIZE));
}

#[tokio::test]
async fn a_request_after_the_answer_finds_the_object_or_its_fill() {
    let (may_commit, gate) = tokio::sync::watch::channel(false);
    let faults = Faults { may_commit: Some(gate), ..Faults::default() };
    let world = World::with(|_| {}, faults, FillLimits::default()).await;
    for size_bytes in [5, 200_000] {
        world.origin.answers(Answer::of(200, pattern(size_bytes)));
        assert_eq!(read(world.get().await.body).await.unwrap(), pattern(size_bytes));
        assert!(world.stored().await.is_none(), "the answer did not wait for the commit");
        let again = world.get().await;
        assert_eq!(again.served, Served::Joined);
        assert_eq!(read(again.body).await.unwrap(), pattern(size_bytes));
        may_commit.send_replace(true);
        world.seen.outcomes(1).await;
        assert!(world.stored().await.is_some());
        may_commit.send_replace(false);
        world.delete().await;
        world.seen.outcomes.send_modify(Vec::clear);
    }
    assert_eq!(world.origin.requests().len(), 2);
}

#[tokio::test]
async fn decision_7_beyond_the_limit_of_running_fills_only_joining_is_possible() {
    let limits = FillLimits { max_running: 1 };
    let world = World::with(|_| {}, Faults::default(), limits).await;
    let (answer, feed) = Answer::fed(Framing::Length(5));
    world.origin.answers(answer);
    let world = Arc::new(world);
    let first = spawn(&world);
    world.origin.asked(1).await;
    let mut other = get();
    other.key = headwater_model::ObjectKey::parse("other").unwrap();
    let refused = world.ask(&other).await.unwrap_err();
    assert!(matches!(refused, Error::SlowDown { retry_after, .. } if retry_after > Duration::ZERO));
    let second = spawn(&world);
    world.seen.joined(1).await;
    feed.chunk("hello");
    drop(feed);
    assert_eq!(first.await.unwrap().1, b"hello");
    assert_eq!(second.await.unwrap().1, b"hello");
    world.seen.outcomes(1).await;
    world.origin.answers(Answer::of(200, "now"));
    assert!(world.ask(&other).await.is_ok());
}

#[tokio::test]
async fn drain_lets_fills_end_until_its_limit_and_begins_none() {
    let world = Arc::new(World::new().await);
    let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
    world.origin.answers(answer);
    let reply = world.get().await;
    let drain = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.fills.drain(Duration::from_secs(30)).await }
    });
    world.clock.sleepers(1).await;
    let mut other = get();
    other.key = headwater_model::ObjectKey::parse("other").unwrap();
    assert!(matches!(world.ask(&other).await, Err(Error::SlowDown { .. })));
    feed.chunk(pattern(SIZE));
    drop(feed);
    drain.await.unwrap();
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
    assert_eq!(read(reply.body).await.unwrap(), pattern(SIZE));
}

#[tokio::test]
async fn drain_ends_what_is_not_done_in_time() {
    let world = Arc::new(World::new().await);
    let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
    world.origin.answers(answer);
    let reply = world.get().await;
    feed.chunk(pattern(SIZE / 2));
    let drain = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.fills.drain(Duration::from_secs(30)).await }
    });
    world.clock.sleepers(1).await;
    world.clock.advance(Duration::from_secs(30));
    drain.await.unwrap();
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Failed("shutdown")]);
    assert_eq!(read_broken(reply.body).await.1.reason, "shutdown");
    assert!(world.stored().await.is_none());
    assert_eq!(world.fills.running(), 0);
}

#[tokio::test]
async fn drain_does_not_wait_for_an_origin_that_never_answers() {
    let world = Arc::new(World::new().await);
    world.origin.never_answers();
    let asked = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.failure().await.reason }
    });
    world.origin.asked(1).await;
    let drain = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.fills.drain(Duration::from_secs(30)).await }
    });
    world.clock.sleepers(1).await;
    world.clock.advance(Duration::from_secs(30));
    drain.await.unwrap();
    assert_eq!(asked.await.unwrap(), "shutdown");
}
