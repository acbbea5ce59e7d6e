//! A store that cannot take the body: clients are served all the same.

use futures_util::FutureExt as _;
use headwater_model::origin::Framing;
use headwater_model::reply::Served;

use super::faulty_store::Faults;
use super::origin::Answer;
use super::world::{World, get_range, object, pattern, read, read_broken, read_some};
use crate::fill::{FillLimits, FillOutcome, MAX_COMMITTING_FILLS};

const SIZE: usize = 1 << 20;

async fn world(faults: Faults) -> World {
    World::with(|_| {}, faults, FillLimits::default()).await
}

#[tokio::test]
async fn o78_a_store_that_fills_up_meanwhile_is_left_for_the_ring() {
    for lag_bytes in [0, 1, 10_000, 150_000] {
        let world = world(Faults { space_bytes: Some(400_000), lag_bytes, ..Faults::default() }).await;
        let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
        world.origin.answers(answer);
        let fast = world.get().await;
        let slow = world.get().await;
        let range = object(world.ask(&get_range("bytes=390000-410000")).await);
        for chunk in pattern(SIZE).chunks(30_000) {
            feed.chunk(chunk.to_vec());
        }
        drop(feed);
        let read_all = async |reply: headwater_model::reply::ObjectReply| read(reply.body).await.unwrap();
        let (fast, slow, range) = tokio::join!(read_all(fast), read_all(slow), read_all(range));
        assert!(fast == pattern(SIZE) && slow == pattern(SIZE), "lag {lag_bytes}");
        assert!(range == pattern(SIZE)[390_000..=410_000]);
        assert_eq!(world.seen.outcomes(1).await, [FillOutcome::PassedThrough("storage_full")]);
        assert!(world.stored().await.is_none());
    }
}

#[tokio::test]
async fn o78_the_ring_waits_for_its_slowest_follower_and_holds_no_more_than_it_may() {
    let world = world(Faults { space_bytes: Some(100_000), ..Faults::default() }).await;
    let (answer, feed) = Answer::fed(Framing::Length(20 << 20));
    world.origin.answers(answer);
    let mut reply = world.get().await;
    let chunk = pattern(SIZE);
    for _ in 0..20 {
        feed.chunk(chunk.clone());
    }
    world.seen.received(5 << 20).await;
    // The task is where it must wait: only reading lets it go on. Without that, this read would find all 20 MiB.
    assert_eq!(*world.seen.bytes.borrow(), 5 << 20, "4 MiB in the ring, and one chunk on its way");
    let first = read_some(&mut reply.body, SIZE).await.len();
    drop(feed);
    assert_eq!(first + read(reply.body).await.unwrap().len(), 20 << 20);
}

#[tokio::test]
async fn o78_a_fill_in_the_ring_cannot_be_joined_and_ends_with_its_followers() {
    let world = world(Faults { space_bytes: Some(100_000), ..Faults::default() }).await;
    let (answer, feed) = Answer::fed(Framing::Length(20 << 20));
    world.origin.answers(answer);
    let reply = world.get().await;
    feed.chunk(pattern(200_000));
    world.seen.received(200_000).await;

    world.store.heal();
    world.origin.answers(Answer::of(200, "space again"));
    assert_eq!(read(world.get().await.body).await.unwrap(), b"space again");
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);

    drop(reply);
    feed.chunk(pattern(1000));
    assert_eq!(world.seen.outcomes(2).await[1], FillOutcome::Failed("abandoned"));
    assert_eq!(world.stored_bytes().await.unwrap(), b"space again");
}

#[tokio::test]
async fn o78_without_any_space_everything_passes_through() {
    let world = world(Faults { no_space_at_all: true, ..Faults::default() }).await;
    for size_bytes in [5, SIZE] {
        world.origin.answers(Answer::of(200, pattern(size_bytes)));
        let reply = world.get().await;
        assert_eq!(reply.served, Served::PassThrough);
        assert!(reply.facts.size && !reply.facts.etag);
        assert_eq!(read(reply.body).await.unwrap(), pattern(size_bytes));
    }
    assert_eq!(world.seen.outcomes(2).await, [FillOutcome::PassedThrough("storage_full"); 2]);
    assert!(world.stored().await.is_none());
}

#[tokio::test]
async fn o78_a_body_in_the_ring_is_verified_like_any_other() {
    let world = world(Faults { space_bytes: Some(100_000), ..Faults::default() }).await;
    let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
    world.origin.answers(answer.header("x-oss-hash-crc64ecma", "1"));
    let reply = world.get().await;
    feed.chunk(pattern(SIZE));
    drop(feed);
    let (arrived, failure) = read_broken(reply.body).await;
    assert!(arrived.len() <= SIZE - (64 << 10));
    assert_eq!(failure.reason, "checksum_mismatch");
}

#[tokio::test]
async fn o78_a_store_that_fails_at_the_end_costs_the_copy_and_not_the_answer() {
    let world = world(Faults { finish_fails: true, lag_bytes: 100_000, ..Faults::default() }).await;
    for size_bytes in [5, SIZE] {
        world.origin.answers(Answer::of(200, pattern(size_bytes)));
        assert!(read(world.get().await.body).await.unwrap() == pattern(size_bytes));
    }
    assert_eq!(world.seen.outcomes(2).await, [FillOutcome::PassedThrough("store_failed"); 2]);
    assert!(world.stored().await.is_none());
}

#[tokio::test]
async fn a_slow_disk_slows_those_who_ask_and_refuses_nobody() {
    let (let_commit, may_commit) = tokio::sync::watch::channel(false);
    let limits = FillLimits { max_running: 1 };
    let faults = Faults { may_commit: Some(may_commit), ..Faults::default() };
    let world = World::with(|_| {}, faults, limits).await;
    let asked = |number: usize| {
        let mut get = super::world::get();
        get.key = headwater_model::ObjectKey::parse(&format!("key-{number}")).unwrap();
        get
    };
    // As many as may wait for the disk are answered, although one fetch at a time is all that may run.
    for number in 0..MAX_COMMITTING_FILLS {
        world.origin.answers(Answer::of(200, "body"));
        assert_eq!(read(object(world.ask(&asked(number)).await).body).await.unwrap(), b"body");
    }
    // The next one is not answered before the disk has taken one of them.
    world.origin.answers(Answer::of(200, "body"));
    let (last, mut waits) = (asked(MAX_COMMITTING_FILLS), std::pin::pin!(world.seen.outcomes(1)));
    let mut answer = std::pin::pin!(world.ask(&last));
    for _ in 0..1000 {
        assert!((&mut answer).now_or_never().is_none(), "answered while the disk is behind");
        tokio::task::yield_now().await;
    }
    assert!((&mut waits).now_or_never().is_none());
    let_commit.send_replace(true);
    assert_eq!(read(object(answer.await).body).await.unwrap(), b"body");
}
