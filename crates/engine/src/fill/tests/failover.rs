//! Several origins for one object.

use std::time::Duration;

use headwater_model::Error;
use headwater_model::origin::{Framing, OriginError, RequestCause};
use headwater_model::rule::Mirror;

use super::origin::Answer;
use super::world::{World, get, pattern, read};
use crate::fill::{FillOutcome, MissMethod, MissOutcome};

fn two(mirror: &mut Mirror) {
    mirror.url_slave = Some("http://second.example/".into());
}

/// Which origins were asked, by the first letter of their hosts: `o` is the primary, `s` the secondary, `p` the probe's.
fn hosts(world: &World) -> String {
    world.origin.requests().iter().map(|request| request.url.chars().nth("http://".len()).unwrap()).collect()
}

#[tokio::test]
async fn row_35_the_secondary_is_asked_after_5xx_and_no_answer() {
    for fail in [0, 1, 2, 3] {
        let world = World::with_rule(two).await;
        match fail {
            0 => world.origin.answers(Answer::of(503, "")),
            1 => world.origin.fails(OriginError::ConnectTimeout),
            2 => world.origin.fails(OriginError::FirstByteTimeout),
            _ => world.origin.fails(OriginError::Tls("expired".into())),
        }
        world.origin.answers(Answer::of(200, "of the second"));
        assert_eq!(read(world.get().await.body).await.unwrap(), b"of the second");
        assert_eq!(hosts(&world), "os");
        assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
    }
}

#[tokio::test]
async fn row_35_a_404_of_the_primary_is_authoritative() {
    for all in [false, true] {
        let world = World::with_rule(|mirror| {
            two(mirror);
            mirror.switch_all_errors = Some(all);
        })
        .await;
        world.origin.answers(Answer::of(404, ""));
        assert!(matches!(world.ask(&get()).await.unwrap(), MissOutcome::NotFound { origin_status: 404 }));
        assert_eq!(hosts(&world), "o");
    }
}

#[tokio::test]
async fn row_35_other_errors_switch_only_where_the_rule_says_all() {
    for status in [401, 403, 418, 204] {
        let world = World::with_rule(two).await;
        world.origin.answers(Answer::of(status, ""));
        assert_eq!(world.failure().await.origin_status, Some(status));
        assert_eq!(hosts(&world), "o");

        let world = World::with_rule(|mirror| {
            two(mirror);
            mirror.switch_all_errors = Some(true);
        })
        .await;
        world.origin.answers(Answer::of(status, ""));
        world.origin.answers(Answer::of(200, "x"));
        assert_eq!(read(world.get().await.body).await.unwrap(), b"x");
        assert_eq!(hosts(&world), "os");
    }
}

#[tokio::test]
async fn row_35_if_all_fail_the_last_error_is_told() {
    let world = World::with_rule(two).await;
    world.origin.answers(Answer::of(500, ""));
    world.origin.answers(Answer::of(502, ""));
    world.origin.answers(Answer::of(503, ""));
    assert_eq!(world.failure().await.origin_status, Some(503));
    assert_eq!(hosts(&world), "oss", "the last one is tried again");
    let causes: Vec<_> = world.origin.requests().iter().map(|request| request.cause).collect();
    assert_eq!(causes, [RequestCause::Miss, RequestCause::Miss, RequestCause::Retry]);
}

#[tokio::test]
async fn an_origin_that_is_left_alone_gives_way_to_the_next_and_is_our_limit_if_there_is_none() {
    let open = || OriginError::Busy { limit: "breaker_open", retry_after: Duration::from_secs(1) };
    let world = World::with_rule(two).await;
    world.origin.fails(open());
    world.origin.answers(Answer::of(200, "x"));
    assert_eq!(read(world.get().await.body).await.unwrap(), b"x");

    let world = World::new().await;
    world.origin.fails(open());
    assert!(matches!(world.ask(&get()).await, Err(Error::SlowDown { limit: "breaker_open", .. })));
}

#[tokio::test]
async fn a_retry_that_the_budget_forbids_leaves_the_first_failure() {
    let world = World::new().await;
    world.origin.answers(Answer::of(500, ""));
    world.origin.fails(OriginError::RetryBudget);
    assert_eq!(world.failure().await.origin_status, Some(500));
}

#[tokio::test]
async fn o28_a_small_body_that_is_lost_is_asked_for_again_at_the_next_origin() {
    let world = World::with_rule(two).await;
    let (answer, feed) = Answer::fed(Framing::Length(1000));
    world.origin.answers(answer);
    feed.chunk(pattern(500));
    feed.breaks();
    world.origin.answers(Answer::of(200, pattern(1000)));
    assert_eq!(read(world.get().await.body).await.unwrap(), pattern(1000));
    assert_eq!(hosts(&world), "os");
}

#[tokio::test]
async fn row_35_while_the_probe_fails_the_secondary_comes_first() {
    let world = World::with_rule(|mirror| {
        two(mirror);
        mirror.url_probe = Some("http://probe.example/alive".into());
    })
    .await;
    world.origin.answers(Answer::of(500, ""));
    world.origin.answers(Answer::of(200, "of the second"));
    assert_eq!(read(world.get().await.body).await.unwrap(), b"of the second");
    assert_eq!(hosts(&world), "ps", "the first probe decides at once");
    world.seen.outcomes(1).await;
    world.delete().await;

    // Two successes in a row bring the primary back.
    for round in 0..2 {
        world.clock.sleepers(1).await;
        world.origin.answers(Answer::of(200, ""));
        world.clock.advance(Duration::from_secs(5));
        world.origin.asked(3 + round).await;
    }
    world.clock.sleepers(1).await;
    world.origin.answers(Answer::of(200, "of the first"));
    assert_eq!(read(world.get().await.body).await.unwrap(), b"of the first");
    assert_eq!(hosts(&world), "psppo");
}

#[tokio::test]
async fn row_35_a_head_goes_the_same_way() {
    let world = World::with_rule(two).await;
    world.origin.answers(Answer::of(503, ""));
    world.origin.answers(Answer::of(200, "").header("content-length", "7"));
    let outcome = world.fills.miss(&world.bucket, &world.rule, &get(), MissMethod::Head).await;
    assert_eq!(super::world::object(outcome).meta.size_bytes, 7);
    assert_eq!(hosts(&world), "os");
}
