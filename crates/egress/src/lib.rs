//! Everything that leaves the machine: address guard, pooled client, redirects.
//!
//! Guarantees: no socket is connected to an address that [`guard::Guard`] refuses, whatever name, literal or redirect
//! led there; a request's target is sent byte for byte as its URL has it; a body ends cleanly only if its framing did;
//! every wait has a time limit and every buffer a size; no origin is asked more than its settings and its health allow.
//!
//! How: [`OriginClient`] implements [`headwater_model::origin::Origin`] over hyper's connection API (`client::conn`) and
//! a pool of its own. hyper-util's ready-made client is not used: it hides the connection, and with it whether a reply
//! had begun (needed for the one free retry), how many interim responses came, and which bytes were left over behind a
//! body. HTTP/1.1 connections have no task of their own: whoever waits for the response drives its connection, which
//! saves two task switches per request and per chunk. HTTP/2 connections are shared and run in a task each.
//!
//! Deliberately not here: system proxies (never consulted), content decoding (bodies are kept as sent) and failover.

mod body;
mod client;
mod connect;
mod counters;
mod error_document;
mod fault;
mod framing;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod guard;
mod h1;
mod h2;
mod listeners;
mod loop_marker;
mod origins;
mod outgoing;
mod pool;
mod redirect;
mod resolve;
mod signing;
mod socket;
mod target;
mod tls;

pub use client::{OriginClient, OriginClientConfig};
pub use counters::{BUSY_LIMITS, Counters, ERROR_KINDS, error_kind};
pub use listeners::OwnListeners;
pub use loop_marker::{LoopMarker, LoopVerdict, MAX_CHAIN_HOPS};
pub use origins::{BreakerState, LastAnswer, OriginStatus, OriginTotals, Origins, retry_after};
pub use pool::PoolLimits;
pub use resolve::{Resolve, ResolveError, SystemResolver};
pub use tls::{TrustError, check_ca_pem};
