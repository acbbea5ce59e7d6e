//! A fill never beats a local write (invariant 3).

use std::sync::Arc;

use headwater_model::bucket::Bucket;
use headwater_model::origin::Framing;
use headwater_model::reply::Served;
use headwater_store::Store;

use super::faulty_store::Faults;
use super::origin::{Answer, Feed};
use super::world::{World, get, object, pattern, read, read_some};
use crate::fill::{FillLimits, FillOutcome, MissMethod, MissOutcome};
use headwater_model::reply::ObjectReply;

const SIZE: usize = 1 << 20;

/// A fill of which 100,000 bytes were read.
async fn half_read(world: &World) -> (ObjectReply, Vec<u8>, Feed) {
    let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
    world.origin.answers(answer);
    let mut reply = world.get().await;
    feed.chunk(pattern(SIZE).slice(..100_000));
    let read = read_some(&mut reply.body, 100_000).await;
    (reply, read, feed)
}

/// Lets the fill come to its end, and checks that its reader notices nothing.
async fn finish((reply, mut begun, feed): (ObjectReply, Vec<u8>, Feed)) {
    feed.chunk(pattern(SIZE).slice(100_000..));
    drop(feed);
    begun.extend(read(reply.body).await.unwrap());
    assert!(begun == pattern(SIZE), "readers finish their body");
}

#[tokio::test]
async fn row_37_a_put_during_the_fetch_wins() {
    let world = World::new().await;
    let fill = half_read(&world).await;
    world.put("the client's").await;
    finish(fill).await;
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Superseded]);
    assert_eq!(world.stored_bytes().await.unwrap(), b"the client's");
}

#[tokio::test]
async fn row_37_a_put_between_the_answer_and_the_commit_wins() {
    let (may_commit, gate) = tokio::sync::watch::channel(false);
    let faults = Faults { may_commit: Some(gate), ..Faults::default() };
    let world = World::with(|_| {}, faults, FillLimits::default()).await;
    world.origin.answers(Answer::of(200, "the origin's"));
    assert_eq!(read(world.get().await.body).await.unwrap(), b"the origin's");
    world.put("the client's").await;
    may_commit.send_replace(true);
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Superseded]);
    assert_eq!(world.stored_bytes().await.unwrap(), b"the client's");
}

#[tokio::test]
async fn row_37_a_put_before_the_fill_got_its_token_is_found() {
    let world = World::new().await;
    world.put("the client's").await;
    assert!(matches!(world.ask(&get()).await.unwrap(), MissOutcome::LookAgain));
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Obsolete]);
    assert!(world.origin.requests().is_empty());
}

#[tokio::test]
async fn row_40_after_a_delete_during_the_fetch_the_origin_is_asked_again() {
    let world = World::new().await;
    let old = half_read(&world).await;
    world.delete().await;

    world.origin.answers(Answer::of(200, "newer"));
    let new = world.get().await;
    assert_eq!(new.served, Served::Miss, "not joined: what is fetched may be older than the delete");
    assert_eq!(read(new.body).await.unwrap(), b"newer");
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);

    finish(old).await;
    assert_eq!(world.seen.outcomes(2).await[1], FillOutcome::Superseded);
    assert_eq!(world.stored_bytes().await.unwrap(), b"newer");
}

#[tokio::test]
async fn row_40_the_end_of_a_revoked_fill_does_not_take_its_successor_out_of_the_table() {
    let world = World::new().await;
    let old = half_read(&world).await;
    world.delete().await;
    let (answer, feed) = Answer::fed(Framing::Length(SIZE as u64));
    world.origin.answers(answer);
    let new = world.get().await;
    finish(old).await;
    world.seen.outcomes(1).await;
    assert_eq!(world.get().await.served, Served::Joined);
    feed.chunk(pattern(SIZE));
    drop(feed);
    assert_eq!(read(new.body).await.unwrap(), pattern(SIZE));
}

#[tokio::test]
async fn a_fill_that_can_no_longer_be_stored_ends_with_its_last_reader() {
    let world = World::new().await;
    let (reply, _, feed) = half_read(&world).await;
    world.put("the client's").await;
    feed.chunk(pattern(SIZE).slice(100_000..150_000));
    world.seen.received(150_000).await;
    drop(reply);
    feed.chunk(pattern(SIZE).slice(150_000..200_000));
    feed.dropped().await;
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Failed("abandoned")]);
}

#[tokio::test]
async fn o77_a_rule_change_during_the_fetch_keeps_its_result_out() {
    let world = World::new().await;
    let fill = half_read(&world).await;
    let changed = Bucket { rule_version: 2, ..(*world.bucket).clone() };
    world.store.update_bucket(changed.clone()).await.unwrap();

    let old_view = world.ask(&get()).await.unwrap();
    assert!(matches!(old_view, MissOutcome::LookAgain), "a request under the old rule looks again");
    world.origin.answers(Answer::of(200, "by the new rule"));
    let new = world.fills.miss(&Arc::new(changed), &world.rule, &get(), MissMethod::Get).await;
    assert_eq!(read(object(new).body).await.unwrap(), b"by the new rule");
    finish(fill).await;
    let outcomes = world.seen.outcomes(3).await;
    assert_eq!(outcomes, [FillOutcome::Obsolete, FillOutcome::Committed, FillOutcome::Superseded]);
    assert_eq!(world.stored_bytes().await.unwrap(), b"by the new rule");
}

#[tokio::test]
async fn o77_a_bucket_deleted_during_the_fetch_keeps_its_result_out() {
    let world = World::new().await;
    let fill = half_read(&world).await;
    world.store.delete_bucket(&world.reference()).await.unwrap();
    finish(fill).await;
    assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Superseded]);
}
