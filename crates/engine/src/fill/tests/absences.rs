//! What an origin said it does not have.

use std::time::Duration;

use headwater_model::settings::MigrationSettings;

use super::origin::Answer;
use super::world::{World, get, get_with, key};
use crate::fill::{MissMethod, MissOutcome};

async fn absent(world: &World, method: MissMethod) {
    let outcome = world.fills.miss(&world.bucket, &world.rule, &get(), method).await.unwrap();
    assert!(matches!(outcome, MissOutcome::NotFound { origin_status: 404 }));
}

#[tokio::test]
async fn decision_18_an_absence_is_believed_for_its_time_and_no_longer() {
    let world = World::migrating(MigrationSettings::default()).await;
    world.origin.answers(Answer::of(404, ""));
    absent(&world, MissMethod::Get).await;
    world.clock.advance(Duration::from_millis(4_999));
    absent(&world, MissMethod::Get).await;
    absent(&world, MissMethod::Head).await;
    assert_eq!(world.origin.requests().len(), 1);
    world.clock.advance(Duration::from_millis(1));
    world.origin.answers(Answer::of(404, ""));
    absent(&world, MissMethod::Get).await;
    assert_eq!(world.origin.requests().len(), 2);
}

#[tokio::test]
async fn decision_18_a_local_write_of_the_key_ends_it() {
    let world = World::migrating(MigrationSettings::default()).await;
    world.origin.answers(Answer::of(404, ""));
    absent(&world, MissMethod::Get).await;
    world.fills.forget_absence(world.bucket.generation, &key());
    world.origin.answers(Answer::of(200, "there by now"));
    world.get().await;
}

#[tokio::test]
async fn what_a_head_was_told_is_not_believed_for_a_get() {
    let world = World::migrating(MigrationSettings::default()).await;
    world.origin.answers(Answer::of(404, ""));
    absent(&world, MissMethod::Head).await;
    absent(&world, MissMethod::Head).await;
    assert_eq!(world.origin.requests().len(), 1);
    world.origin.answers(Answer::of(200, "x"));
    world.get().await;
}

#[tokio::test]
async fn an_absence_is_one_of_the_very_request() {
    let world = World::made(
        |mirror| mirror.headers.as_mut().unwrap().pass = vec!["x-a".into()],
        MigrationSettings::default(),
        super::faulty_store::Faults::default(),
        crate::fill::FillLimits::default(),
    )
    .await;
    world.origin.answers(Answer::of(404, ""));
    absent(&world, MissMethod::Get).await;
    world.origin.answers(Answer::of(200, "for those who say so"));
    super::world::object(world.ask(&get_with("x-a", "1")).await);
}
