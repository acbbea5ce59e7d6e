//! Each client's whole round against the server.

mod accepted;
mod configuration;
mod console;
mod curl;
mod looks_first;
mod rclone;
mod sdk;
mod tls;
mod users;
mod versions;
