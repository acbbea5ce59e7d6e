//! Fills into a bucket that encrypts.

use headwater_model::bucket::Bucket;
use headwater_model::encryption::{BucketEncryption, Encryption, KeyHolder};
use headwater_store::StoredObject;

use super::origin::Answer;
use super::world::{World, key, pattern, read};
use crate::fill::FillOutcome;
use crate::get::content;

async fn encrypting() -> World {
    let mut world = World::new().await;
    let mut bucket = Bucket::clone(&world.bucket);
    bucket.configuration.encryption = Some(BucketEncryption::default());
    world.bucket = bucket.into();
    world
}

fn is_servers(encryption: Option<&Encryption>) -> bool {
    encryption.is_some_and(|encryption| encryption.holder == KeyHolder::Server)
}

#[tokio::test]
async fn what_is_fetched_is_stored_encrypted_and_told_so() {
    for size in [0, 10, 1 << 20] {
        let world = encrypting().await;
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
