//! HEAD of a missing object.

use headwater_model::Error;
use headwater_model::body::Body;
use headwater_model::origin::{Framing, OriginError, OriginMethod};
use headwater_model::reply::{ObjectReply, Served};

use super::origin::Answer;
use super::world::{World, get, mirror_failure, object, pattern, read_some};
use crate::fill::{FillOutcome, MissMethod, MissOutcome};

async fn ask(world: &World) -> Result<MissOutcome, Error> {
    world.fills.miss(&world.bucket, &world.rule, &get(), MissMethod::Head).await
}

async fn head(world: &World) -> ObjectReply {
    let reply = object(ask(world).await);
    assert!(matches!(reply.body, Body::Empty));
    reply
}

#[tokio::test]
async fn row_24_the_origins_head_is_the_answer_and_nothing_is_stored() {
    let world = World::new().await;
    let answer = Answer::of(200, "").header("content-length", "12345").header("content-type", "text/css");
    world.origin.answers(answer);
    let reply = head(&world).await;
    assert_eq!((reply.meta.size_bytes, reply.facts.size), (12345, true));
    assert_eq!(reply.meta.headers.content.content_type.as_deref(), Some("text/css"));
    assert_eq!((reply.served, reply.facts.etag), (Served::PassThrough, false));
    assert_eq!(world.origin.requests()[0].method, OriginMethod::Head);
    assert!(world.stored().await.is_none());
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::PassedThrough("head_request")]);
    assert_eq!(world.fills.running(), 0);
}

#[tokio::test]
async fn row_24_where_head_is_refused_the_first_byte_tells_the_length() {
    let world = World::new().await;
    let partial = || Answer::of(206, "x").header("content-type", "text/css");
    let cases = [
        (405, partial().header("content-range", "bytes 0-0/777"), Some(777)),
        (501, partial().header("content-range", "bytes 0-0/1"), Some(1)),
        (405, Answer::of(200, pattern(5000)), Some(5000)),
        (405, Answer::of(200, pattern(5000)).framing(Framing::Delimited), None),
        (405, Answer::of(416, "").header("content-range", "bytes */0"), Some(0)),
    ];
    for (refusal, answer, length) in cases {
        world.origin.answers(Answer::of(refusal, "").header("content-length", "9"));
        world.origin.answers(answer);
        let reply = head(&world).await;
        assert_eq!(reply.facts.size.then_some(reply.meta.size_bytes), length);
    }
    let requests = world.origin.requests();
    assert_eq!((requests[1].method, &requests[1].headers["range"]), (OriginMethod::Get, &"bytes=0-0".parse().unwrap()));
    assert!(!requests[0].headers.contains_key("range"));
}

#[tokio::test]
async fn row_24_a_partial_answer_that_proves_nothing_is_a_failure() {
    let world = World::new().await;
    for _ in 0..2 {
        world.origin.answers(Answer::of(405, ""));
        world.origin.answers(Answer::of(206, "xy").header("content-range", "bytes 5-6/777"));
    }
    assert_eq!(mirror_failure(ask(&world).await.unwrap_err()).reason, "partial_answer");
}

#[tokio::test]
async fn row_24_absence_and_failure_are_those_of_a_get() {
    let world = World::new().await;
    world.origin.answers(Answer::of(404, ""));
    assert!(matches!(ask(&world).await.unwrap(), MissOutcome::NotFound { origin_status: 404 }));
    world.origin.answers(Answer::of(503, ""));
    world.origin.answers(Answer::of(503, ""));
    assert_eq!(mirror_failure(ask(&world).await.unwrap_err()).origin_status, Some(503));
    world.origin.fails(OriginError::ConnectTimeout);
    assert_eq!(mirror_failure(ask(&world).await.unwrap_err()).reason, "timeout_connect");
    assert_eq!(world.fills.running(), 0);
}

#[tokio::test]
async fn row_24_a_running_fill_answers_head_without_the_origin() {
    let world = World::new().await;
    let (answer, feed) = Answer::fed(Framing::Length(1 << 20));
    world.origin.answers(answer.header("content-type", "text/css"));
    let mut reply = world.get().await;
    feed.chunk(pattern(100_000));
    read_some(&mut reply.body, 100_000).await;
    let reply = head(&world).await;
    assert_eq!((reply.served, reply.meta.size_bytes), (Served::Joined, 1 << 20));
    assert_eq!(reply.meta.headers.content.content_type.as_deref(), Some("text/css"));
    assert_eq!(world.origin.requests().len(), 1);
}
