//! The real binary with real clients, real origins, and faults: what a user can observe, and nothing else.
//!
//! One program, so that it is linked once; nextest runs every test in a process of its own. What the tests need beyond
//! Rust (nginx, rclone, curl, a Python environment) is installed by `./test.sh e2e`; a missing tool is a failure that
//! names its package, never a skip.

mod admin;
mod chaos;
mod clients;
mod crash;
mod guard;
mod harness;
mod mirroring;
mod operation;
mod real_tree;
mod refusals;
