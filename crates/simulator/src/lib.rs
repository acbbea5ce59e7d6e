//! Origins that do exactly what a script says, right or wrong, and the chaos matrix: every way in which an origin
//! misbehaves, and what is made of it.
//!
//! [`ScriptedOrigin`] listens on a loopback port and answers HTTP/1.1 from raw sockets, so that it can break every rule,
//! and HTTP/2 where streams are to break: [`Reply`] describes an answer and its faults, [`Connections`] those before any
//! answer, [`Gate`] holds an answer until it is opened, and every request is recorded as it came. [`TestAuthority`]
//! makes certificates, good and bad. [`matrix`] reads the rows of the chaos matrix from one data file, which tests and
//! the manual share; [`Scenario`] is the origin of one of its cases.
//!
//! Deliberately not here: waiting by time, but where slowness itself is the fault. A test waits for what it wants to see
//! ([`ScriptedOrigin::wait_for_requests`]) and releases what it held.

mod connections;
mod gate;
mod http2;
mod manual;
pub mod matrix;
mod pattern;
mod record;
mod reply;
mod resource;
mod scenario;
mod script;
mod server;
mod tls;

pub use connections::Connections;
pub use gate::Gate;
pub use manual::table;
pub use pattern::pattern;
pub use record::RecordedRequest;
pub use reply::Reply;
pub use resource::Resource;
pub use scenario::{Ask, Authorities, Pace, Scenario};
pub use script::{Cut, Step};
pub use server::ScriptedOrigin;
pub use tls::{ServerIdentity, TestAuthority, Validity};
