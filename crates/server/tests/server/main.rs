//! The server over real sockets.

#![allow(clippy::unwrap_used)] // a test that cannot set up its stage fails there

mod admin;
mod admin_client;
mod admin_objects;
mod admin_rules;
mod audited;
mod configuration;
mod console;
mod console_files;
mod console_keys;
mod differential;
mod forms;
mod matrix;
mod proxies;
mod requests;
mod site;
mod support;
mod sweep;
mod tls;
mod tokens;
mod traffic;
mod vendors;
