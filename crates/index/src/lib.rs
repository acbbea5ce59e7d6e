//! Ordered rows with conditional commits.
//!
//! [`Index`] is the contract, with a conformance suite that every implementation passes; [`redb`] is the embedded
//! implementation, [`memory`] the model for tests. [`rows`] gives the rows their types and their encoding.
//!
//! Deliberately not here: what the rows mean together. Which rows an operation reads and changes is the store's
//! business; an index only orders them, keeps them and changes them atomically.

mod contract;
pub mod memory;
pub mod redb;
pub mod rows;

pub use contract::{Commit, Expect, Index, KeyRange, Outcome, Row, after_prefix};
