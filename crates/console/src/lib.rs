//! The web console: what operators do daily, by browser.
//!
//! Guarantees: nothing but the log-on page and the assets is shown without a session, and a session is root's; a change
//! needs the session's token in its form and comes from a page of this origin; all of it works without scripts.
//!
//! How: [`Console`] is the only door: it asks for the session and the token before any page sees a request. A page is a
//! template that extends `layout.html` and has a field `csrf`, which its forms carry (pages of one bucket: `bucket/frame.html`
//! and `frame`); it answers with an `Outcome` (`page`), and a change answers with the address of the page that shows it. To add
//! a page, add its path to the match in `console`, or in `bucket`.
//!
//! Not here: listeners and limits of bodies (crate `server`), what changes do (crates `admin` and `engine`).

mod access_keys;
mod assets;
mod audit_log;
mod back_to_origin;
#[cfg(test)]
mod browser;
mod bucket;
mod buckets;
mod console;
mod faults;
mod files;
mod log_on;
mod origins;
mod overview;
mod page;
mod session;
mod settings;
mod throttle;
mod visitor;
#[cfg(test)]
mod world;

pub use console::{Admission, Admitted, Console};
