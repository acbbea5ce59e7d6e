//! Random operations, restarts among them, agree with the memory model.

mod support;

use futures_util::StreamExt as _;
use headwater_testkit::store_suite::random::random_operations;
use support::{Ending, LocalFactory};

/// Operations of all runs together.
const OPERATIONS: usize = 100_000;
/// Runs: each begins with an empty store, so each sees the beginnings of things too.
const RUNS: usize = 20;
/// Runs at a time: most of a run's time is spent waiting for syncs.
const AT_A_TIME: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_operations_agree_with_the_model() {
    let runs = (0..RUNS).map(|seed| async move {
        let ending = if seed % 2 == 0 { Ending::Dropped } else { Ending::Closed };
        let factory = LocalFactory { segment_bytes: 256 << 10, overlay_bytes: 64 << 10, ending };
        tokio::spawn(async move { random_operations(&factory, seed as u64, OPERATIONS / RUNS).await }).await
    });
    let results: Vec<_> = futures_util::stream::iter(runs).buffer_unordered(AT_A_TIME).collect().await;
    for result in results {
        result.expect("no difference");
    }
}
