//! What the client does against origins that misbehave. Tests are named after the rows of the origin chaos matrix.

#![expect(clippy::unwrap_used, reason = "the lint's exception for tests does not reach what the tests share")]

mod body;
mod care;
mod connect;
mod framing;
mod h2;
mod h2_frames;
mod redirect;
mod request;
mod reuse;
mod rig;
mod signing;
mod tls;
