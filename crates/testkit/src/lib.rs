//! Test-only: origins that misbehave on request, conformance suites, the reference model.
//!
//! [`ManualClock`] is time that a test moves; [`MemoryStore`] is the reference model of a store; [`index_suite`] and
//! [`store_suite`] hold an implementation to its contract, each function one promise; [`origin`] holds origins,
//! certificates and names that do what a test says, right or wrong; [`network`] runs a test where nothing leads out.

mod clock;
pub mod index_suite;
mod memory_store;
pub mod network;
pub mod origin;
mod random;
pub mod store_suite;

pub use clock::ManualClock;
pub use memory_store::{MemoryFactory, MemoryStore};
pub use random::SeededRandom;
