//! Random operations, restarts among them, agree with the memory model.

mod support;

use headwater_testkit::store_suite::random::random_operations;
use support::{Ending, LocalFactory};

/// Operations of all runs together.
const OPERATIONS: usize = 100_000;
/// Runs: each begins with an empty store, so each sees the beginnings of things too.
const RUNS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_operations_agree_with_the_model() {
    for seed in 0..RUNS {
        let ending = if seed % 2 == 0 { Ending::Dropped } else { Ending::Closed };
        let factory = LocalFactory { segment_bytes: 256 << 10, overlay_bytes: 64 << 10, ending };
        random_operations(&factory, seed as u64, OPERATIONS / RUNS).await;
    }
}
