//! Random operations on a store, compared with the model after every one.
//!
//! A run is a list of [`Operation`]s that follows from a seed. Each operation means something whatever came before it,
//! so a failing list is shrunk by leaving operations out. A difference is told with the seed and the shrunk list, which
//! [`replay`] performs again.

mod change;
mod operation;
mod run;
mod versions;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

pub use operation::{BodyOf, ExpectOf, Operation};

use self::run::Run;
use super::Factory;
use crate::SeededRandom;

/// Most operations that are performed to shrink a failing list: some seconds on a store that syncs every change.
const MAX_SHRINK_OPERATIONS: usize = 20_000;

/// Performs `count` operations that follow from `seed` on a store of `factory` and on the model.
///
/// # Panics
/// If they ever differ, with the seed and the shortest list found that still differs.
pub async fn random_operations(factory: &dyn Factory, seed: u64, count: usize) {
    let mut random = SeededRandom::new(seed);
    let operations: Vec<Operation> = (0..count).map(|_| Operation::random(&mut random)).collect();
    let Err(first) = difference(factory, &operations).await else { return };
    let shrunk = shrink(factory, first).await;
    panic!("seed {seed}: {}\nafter these operations (see `random::replay`):\n{:#?}", shrunk.what, shrunk.operations);
}

/// Performs the operations of a report again.
///
/// # Panics
/// If store and model differ.
pub async fn replay(factory: &dyn Factory, operations: &[Operation]) {
    if let Err(difference) = difference(factory, operations).await {
        panic!("{}", difference.what);
    }
}

/// How store and model differ.
struct Difference {
    /// What was performed, up to the operation that shows the difference.
    operations: Vec<Operation>,
    what: String,
}

/// Performs `operations` on a fresh store and a fresh model; the first difference, a panic included.
async fn difference(factory: &dyn Factory, operations: &[Operation]) -> Result<(), Difference> {
    let mut run = Run::new(factory).await;
    for (position, operation) in operations.iter().enumerate() {
        let outcome = AssertUnwindSafe(run.perform(operation)).catch_unwind().await;
        outcome.unwrap_or_else(|panic| Err(message(&*panic))).map_err(|difference| Difference {
            operations: operations[..=position].to_vec(),
            what: format!("operation {position}, {operation:?}: {difference}"),
        })?;
    }
    Ok(())
}

/// What a panic said.
fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}

/// Leaves out as much as it can of what led to a difference, larger pieces first.
async fn shrink(factory: &dyn Factory, mut found: Difference) -> Difference {
    let (mut piece, mut performed) = (found.operations.len().div_ceil(2), 0);
    while piece > 0 {
        let mut start = 0;
        while start < found.operations.len() && performed < MAX_SHRINK_OPERATIONS {
            let end = (start + piece).min(found.operations.len());
            let shorter = [&found.operations[..start], &found.operations[end..]].concat();
            performed += shorter.len();
            match difference(factory, &shorter).await {
                Err(difference) => found = difference,
                Ok(()) => start = end,
            }
        }
        piece /= 2;
    }
    found
}
