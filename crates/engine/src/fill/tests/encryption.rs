//! Fills into a bucket that encrypts.

use std::sync::Arc;

use headwater_egress::LoopMarker;
use headwater_model::bucket::Bucket;
use headwater_model::encryption::{BucketEncryption, Encryption, KeyHolder, ServerEncryption};
use headwater_store::StoredObject;

use super::origin::Answer;
use super::world::{World, key, pattern, read};
use crate::fill::{FillLimits, FillOutcome, Fills, FillsConfig, LocalNames};
use crate::get::content;
use crate::seal::{MASTER_KEY_BYTES, Seal};

async fn encrypting() -> World {
    let mut world = World::new().await;
    let mut bucket = Bucket::clone(&world.bucket);
    bucket.configuration.encryption = Some(BucketEncryption::default());
    world.bucket = bucket.into();
    world
}

/// The bucket says nothing, the server encrypts.
async fn on_a_server_that_encrypts() -> World {
    let mut world = World::new().await;
    let clock = Arc::new(world.clock.clone());
    let seal = Seal::new(&[1; MASTER_KEY_BYTES], Arc::clone(&clock) as _).with_default(ServerEncryption::Managed);
    world.seal = Arc::new(seal);
    world.fills = Arc::new(Fills::new(FillsConfig {
        seal: Arc::clone(&world.seal),
        store: Arc::clone(&world.store) as _,
        origin: Arc::clone(&world.origin) as _,
        origins: Arc::clone(&world.origins),
        clock,
        observer: Arc::clone(&world.seen) as _,
        marker: LoopMarker::new("here"),
        local: LocalNames::default(),
        limits: FillLimits::default(),
    }));
    world
}

fn is_servers(encryption: Option<&Encryption>) -> bool {
    encryption.is_some_and(|encryption| encryption.holder == KeyHolder::Server)
}

#[tokio::test]
async fn what_is_fetched_is_stored_encrypted_and_told_so() {
    let worlds = async |size| [(encrypting().await, size), (on_a_server_that_encrypts().await, size)];
    let all = [worlds(0).await, worlds(10).await, worlds(1 << 20).await];
    for (world, size) in all.into_iter().flatten() {
        world.origin.answers(Answer::of(200, pattern(size)));
        let reply = world.get().await;
        assert!(is_servers(reply.meta.composition.encryption.as_deref()), "the first answer tells it");
        assert!(read(reply.body).await.unwrap() == pattern(size), "followers read what came");
        assert_eq!(world.seen.outcomes(1).await, [FillOutcome::Committed]);
        let StoredObject { meta, content: stored } = world.stored().await.unwrap();
        assert!(is_servers(meta.composition.encryption.as_deref()));
        assert!(size == 0 || stored.resident().is_none(), "not in the clear");
        let object = StoredObject { meta, content: stored };
        let object = world.seal.readable(object, &world.reference(), &key(), None).unwrap();
        assert!(read(content(&object, 0..size as u64)).await.unwrap() == pattern(size));
    }
}
