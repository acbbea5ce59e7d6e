//! An origin that does exactly what a test says, right or wrong.
//!
//! [`ScriptedOrigin`] listens on a free loopback port and answers HTTP/1.1 from raw sockets, so that it can break every
//! rule: [`Reply`] describes an answer and its faults, [`Gate`] holds it until the test says so, and every request is
//! recorded as it came. [`TestAuthority`] makes certificates, good and bad, for its TLS variant; [`FakeNames`] is a name
//! service.
//!
//! Deliberately not here: waiting by time. A test waits for what it wants to see ([`ScriptedOrigin::wait_for_requests`])
//! and releases what it held.

mod gate;
mod names;
mod pattern;
mod record;
mod reply;
mod script;
mod server;
mod tls;

pub use gate::Gate;
pub use names::{FakeNames, NameFault};
pub use pattern::pattern;
pub use record::RecordedRequest;
pub use reply::Reply;
pub use script::{Cut, Step};
pub use server::ScriptedOrigin;
pub use tls::{ServerIdentity, TestAuthority, Validity};
