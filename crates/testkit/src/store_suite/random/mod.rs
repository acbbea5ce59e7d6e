//! Random operations on a store, compared with the model after every one.
//!
//! A run is a list of [`Operation`]s that follows from a seed. Each operation means something whatever came before it,
//! so a failing list is shrunk by leaving operations out. A difference is told with the seed and the shrunk list, which
//! [`replay`] performs again.

mod operation;
mod run;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

pub use operation::{BodyOf, ExpectOf, Operation};

use self::run::Run;
use super::Factory;
use crate::SeededRandom;

/// Most runs that are made to shrink a failing list.
const MAX_SHRINK_RUNS: usize = 300;

/// Performs `count` operations that follow from `seed` on a store of `factory` and on the model.
///
/// # Panics
/// If they ever differ, with the seed and the shortest list found that still differs.
pub async fn random_operations(factory: &dyn Factory, seed: u64, count: usize) {
    let mut random = SeededRandom::new(seed);
    let operations: Vec<Operation> = (0..count).map(|_| Operation::random(&mut random)).collect();
    let Err(first) = difference(factory, &operations).await else { return };
    let (shrunk, difference) = shrink(factory, operations, first).await;
    panic!("seed {seed}: {difference}\nafter these operations (see `random::replay`):\n{shrunk:#?}");
}

/// Performs the operations of a report again.
///
/// # Panics
/// If store and model differ.
pub async fn replay(factory: &dyn Factory, operations: &[Operation]) {
    if let Err(difference) = difference(factory, operations).await {
        panic!("{difference}");
    }
}

/// Performs `operations` on a fresh store and a fresh model; the first difference, a panic included.
async fn difference(factory: &dyn Factory, operations: &[Operation]) -> Result<(), String> {
    let mut run = Run::new(factory).await;
    for (position, operation) in operations.iter().enumerate() {
        let outcome = AssertUnwindSafe(run.perform(operation)).catch_unwind().await;
        outcome
            .unwrap_or_else(|panic| Err(message(&*panic)))
            .map_err(|difference| format!("operation {position}, {operation:?}: {difference}"))?;
    }
    Ok(())
}

/// What a panic said.
fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}

/// Leaves out as much of a failing list as it can, larger pieces first.
async fn shrink(factory: &dyn Factory, mut failing: Vec<Operation>, mut why: String) -> (Vec<Operation>, String) {
    let (mut piece, mut runs) = (failing.len().div_ceil(2), 0);
    while piece > 0 {
        let mut start = 0;
        while start < failing.len() && runs < MAX_SHRINK_RUNS {
            runs += 1;
            let end = (start + piece).min(failing.len());
            let shorter: Vec<Operation> = failing[..start].iter().chain(&failing[end..]).cloned().collect();
            match difference(factory, &shorter).await {
                Err(difference) => (failing, why) = (shorter, difference),
                Ok(()) => start = end,
            }
        }
        piece /= 2;
    }
    (failing, why)
}
