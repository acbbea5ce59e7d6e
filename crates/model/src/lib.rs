//! The nouns of Headwater: names, objects, operations, rules, errors and the traits that cut the crates.
//!
//! Guarantees: every value of these types is already valid (names, ranges, digests are parsed at the edge, never
//! checked again), and nothing here touches a socket, a file, a clock or a runtime.
//!
//! How: one file per idea. `op` lists what a client may ask and what it gets; `error` lists every way it may fail;
//! the dialects (crate `wire`) translate both, so nothing here knows a status code or a vendor's word.

pub mod access;
pub mod account;
pub mod acl;
pub mod body;
pub mod bucket;
pub mod clock;
pub mod cors;
pub mod digest;
pub mod encryption;
pub mod error;
pub mod host;
pub mod lifecycle;
pub mod limits;
pub mod list;
pub mod logging;
pub mod multipart;
pub mod name;
pub mod object;
pub mod op;
pub mod origin;
pub mod policy;
pub mod precondition;
pub mod range;
pub mod referer;
pub mod reply;
pub mod rule;
pub mod settings;
pub mod token;
pub mod version;
pub mod website;
pub mod worm;

pub use error::{Error, Result};
pub use name::{BucketName, ObjectKey};

use std::future::Future;
use std::pin::Pin;

/// A boxed, sendable future: the return type of the object-safe traits.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
