//! What operators do: the changes that the audit log keeps, whichever door they come by.
//!
//! Guarantees: a change made through [`Administration`] is on the disk in the audit log before it is acknowledged, with
//! who made it and from where; nothing secret is written there.
//!
//! How: the JSON API (crate `server`), the console and the data plane's changes of settings are three doors to
//! the same functions; each knows who asks ([`Requester`]), none makes an audited change past them.
//!
//! Not here: who may do what (crate `engine`), requests and answers (crates `server` and `console`).

mod administration;
mod audit;
mod control;
mod described;
mod duration;
mod facts;
mod history;
mod keys;
mod objects;
mod origins;
mod public_access;
mod pulse;
mod story;
mod tokens;
mod website;
mod words;

pub use administration::{Administration, Requester};
pub use audit::{Audit, AuditReport, Unacknowledged, iso_8601, verify as verify_audit};
pub use described::DescribedObject;
pub use duration::parse as parse_duration;
pub use facts::ServerFacts;
pub use history::{History, Revision};
pub use keys::{AccountDocument, KeyDocument};
pub use objects::{Emptied, Link, MAX_LINK_LIFE};
pub use pulse::{Counting, Pulse, Sample, TICK, Totals, Window};
pub use story::{Step, steps};
pub use tokens::TokenDocument;
pub use website::WebsiteChanged;
pub use words::{leaves, plain, printable};
