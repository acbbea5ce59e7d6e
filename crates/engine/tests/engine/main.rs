//! The engine over the memory store.

#![allow(clippy::unwrap_used)] // a test that cannot set up its stage fails there

mod access;
mod account_block;
mod composition;
mod encryption;
mod explain;
mod lifecycle;
mod locks;
mod operations;
mod oss_objects;
mod races;
mod random;
mod rights;
mod rights_of_objects;
mod sealing;
mod site;
mod support;
mod temporary;
mod tokens;
mod versions;
mod website;
mod worm;
