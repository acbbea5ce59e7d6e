//! HEAD of a missing object that is to be stored first.

use std::sync::Arc;

use headwater_model::Error;
use headwater_model::body::Body;
use headwater_model::origin::{Framing, OriginError, OriginMethod};
use headwater_model::reply::{ObjectReply, Reply, Served};
use headwater_model::settings::{AnswerGuard, MigrationSettings};

use super::faulty_store::Faults;
use super::origin::Answer;
use super::world::{World, get, get_range, mirror_failure, object, pattern, read, settings};
use crate::fill::{FillLimits, FillOutcome, MissMethod, MissOutcome};

const SIZE: usize = 1 << 20;

async fn ask(world: &World) -> Result<MissOutcome, Error> {
    world.fills.miss(&world.bucket, &world.rule, &get(), MissMethod::HeadStored).await
}

/// The answer to the HEAD of an object that was stored.
fn stored(outcome: Result<MissOutcome, Error>) -> ObjectReply {
    match outcome.unwrap() {
        MissOutcome::Stored(reply) => match *reply {
            Reply::Object(object) if matches!(object.body, Body::Empty) => *object,
            other => panic!("not the head of an object: {other:?}"),
        },
        other => panic!("not stored: {other:?}"),
    }
}

#[tokio::test]
async fn what_is_asked_for_is_a_get_and_the_answer_comes_when_it_is_stored() {
    for size in [0, 5, SIZE] {
        let world = World::new().await;
        world.origin.answers(Answer::of(200, pattern(size)).header("content-type", "text/css"));
        let reply = stored(ask(&world).await);
        assert_eq!((reply.served, reply.meta.size_bytes), (Served::Miss, size as u64));
        assert!(reply.facts.etag && reply.facts.size);
        let here = world.stored().await.expect("it is stored before the answer").meta;
        assert_eq!(here.etag, reply.meta.etag);
        assert!(world.stored_bytes().await.unwrap() == pattern(size));
        assert_eq!(world.origin.requests()[0].method, OriginMethod::Get);
        assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_and_gets_at_once_ask_the_origin_once() {
    let world = Arc::new(World::new().await);
    let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
    world.origin.answers(answer);
    let mut heads = Vec::new();
    let mut gets = Vec::new();
    for _ in 0..5 {
        let (of_head, of_get) = (Arc::clone(&world), Arc::clone(&world));
        heads.push(tokio::spawn(async move { stored(ask(&of_head).await) }));
        gets.push(tokio::spawn(async move { read(of_get.get().await.body).await.unwrap() }));
    }
    world.seen.joined(9).await;
    let bytes = pattern(SIZE);
    feed.chunk(bytes.slice(..SIZE / 2));
    tokio::task::yield_now().await;
    assert!(heads.iter().all(|head| !head.is_finished()), "half of it is not the object");
    feed.chunk(bytes.slice(SIZE / 2..));
    drop(feed);
    for head in heads {
        assert_eq!(head.await.unwrap().meta.size_bytes, SIZE as u64);
    }
    for get in gets {
        assert!(get.await.unwrap() == bytes);
    }
    assert_eq!(world.origin.requests().len(), 1);
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
}

#[tokio::test]
async fn absence_and_failure_are_those_of_a_get() {
    let world = World::new().await;
    world.origin.answers(Answer::of(404, ""));
    assert!(matches!(ask(&world).await.unwrap(), MissOutcome::NotFound { origin_status: 404 }));
    world.origin.answers(Answer::of(503, ""));
    world.origin.answers(Answer::of(503, ""));
    assert_eq!(mirror_failure(ask(&world).await.unwrap_err()).origin_status, Some(503));
    world.origin.fails(OriginError::ConnectTimeout);
    assert_eq!(mirror_failure(ask(&world).await.unwrap_err()).reason, "timeout_connect");
    let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
    world.origin.answers(answer);
    feed.chunk(pattern(SIZE / 2));
    feed.breaks();
    let failure = mirror_failure(ask(&world).await.unwrap_err());
    assert_eq!(failure.reason, "body_broken", "a head that was on its way is no promise");
    assert!(world.stored().await.is_none());
    assert_eq!(world.fills.running(), 0);
}

#[tokio::test]
async fn what_a_get_refuses_a_head_refuses_too() {
    let guard = AnswerGuard { min_bytes: 6, ..AnswerGuard::default() };
    let world = World::migrating(MigrationSettings { max_object_bytes: 10, guard, ..settings() }).await;
    for (size, reason) in [(11, "too_large"), (5, "guard_min_bytes")] {
        world.origin.answers(Answer::of(200, pattern(size)));
        world.origin.answers(Answer::of(200, pattern(size)));
        let of_head = mirror_failure(ask(&world).await.unwrap_err()).reason;
        assert_eq!((of_head, world.failure().await.reason), (reason, reason));
    }
    assert!(world.stored().await.is_none());
}

#[tokio::test]
async fn what_cannot_be_stored_is_told_without_waiting_for_it() {
    let full = Faults { no_space_at_all: true, ..Faults::default() };
    let fills_up = Faults { space_bytes: Some(100_000), ..Faults::default() };
    for faults in [full, fills_up] {
        let world = World::with(|_| {}, faults, FillLimits::default()).await;
        let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
        world.origin.answers(answer);
        feed.chunk(pattern(SIZE / 2));
        let reply = object(ask(&world).await);
        assert_eq!((reply.served, reply.meta.size_bytes, reply.facts.etag), (Served::PassThrough, SIZE as u64, false));
        // Nobody follows any more, and nothing is stored: whatever comes ends it.
        drop(feed);
        world.seen.outcomes(1).await;
    }
}

#[tokio::test]
async fn it_is_answered_after_the_commit_and_not_before() {
    let (may_commit, allowed) = tokio::sync::watch::channel(false);
    let faults = Faults { may_commit: Some(allowed), ..Faults::default() };
    let world = Arc::new(World::with(|_| {}, faults, FillLimits::default()).await);
    for size in [5, SIZE] {
        may_commit.send_replace(false);
        world.origin.answers(Answer::of(200, pattern(size)));
        let asking = Arc::clone(&world);
        let head = tokio::spawn(async move { stored(ask(&asking).await) });
        // Served from the verified body, while the disk has not taken it.
        world.origin.asked(1).await;
        read(world.get().await.body).await.unwrap();
        assert!(!head.is_finished() && world.stored().await.is_none());
        may_commit.send_replace(true);
        assert_eq!(head.await.unwrap().meta.size_bytes, size as u64);
        assert!(world.stored().await.is_some());
        world.delete().await;
    }
}

#[tokio::test]
async fn a_range_of_a_head_is_that_of_what_is_stored() {
    let world = World::new().await;
    world.origin.answers(Answer::of(200, pattern(100)));
    let get = get_range("bytes=10-19");
    let outcome = world.fills.miss(&world.bucket, &world.rule, &get, MissMethod::HeadStored).await;
    assert_eq!(stored(outcome).range, Some(10..20));
    assert_eq!(world.stored().await.unwrap().meta.size_bytes, 100, "the whole is stored");
}
