//! A network of a test's own, in which every address there is can be reached and none leads out.
//!
//! Guarantees: whatever runs within [`isolated`] has loopback as its only interface; every IPv4 and IPv6 unicast address
//! is an address of that loopback, so a connection to any of them is made to a listener of the test
//! ([`EveryAddress`]) and *seen* there, instead of failing for a reason that nobody looks at; names are what the test's
//! [`NameServer`] says, whose questions the test can count.
//!
//! How: `namespace` runs the test's program once more under `unshare` and prepares interface and resolver files;
//! `names` answers DNS on port 53; `everywhere` listens at all addresses.
//!
//! Deliberately not here: packet loss, latency and firewalls.

mod everywhere;
mod names;
mod namespace;

pub use everywhere::{EveryAddress, Visit};
pub use names::{Answer, NameServer};
pub use namespace::{isolated, own_address};
