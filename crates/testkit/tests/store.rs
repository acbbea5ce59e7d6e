//! The reference model keeps the contract that it is the measure of.

use headwater_testkit::MemoryFactory;
use headwater_testkit::store_suite::random;

headwater_testkit::store_conformance!(MemoryFactory);

#[tokio::test]
async fn random_operations_agree_with_themselves() {
    for seed in 0..10 {
        random::random_operations(&MemoryFactory, seed, 200).await;
    }
}
