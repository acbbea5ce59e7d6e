//! Listeners, TLS, the request loop, telemetry and drain.
//!
//! Guarantees: a request is authenticated and authorised before its body is read; every connection has limits on time
//! and size in both directions; a broken body ends its connection, never looks complete; each request leaves one access
//! line and its counts.
//!
//! How: [`Server`] binds two listeners: the data plane speaks OSS and S3, the admin plane answers health, metrics and the admin API (`admin`), whose changes crate `admin` writes down.
//! `service` carries a request from HTTP to the engine and back; `connection` runs a connection under its watchdog;
//! `telemetry` writes the access lines and the metrics.
//!
//! Not here: what operations do (crate `engine`), what messages mean (crate `wire`).

mod admin;
mod authenticate;
mod body;
mod bucket_log;
mod clock;
mod compress;
mod connection;
mod cors;
mod lifecycle;
mod listen;
mod owner;
mod post;
mod proxy_protocol;
mod record;
mod referer;
mod request_id;
mod server;
mod service;
mod settings;
mod telemetry;
mod tls;

pub use clock::SystemClock;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub use proxy_protocol::fuzzing;
pub use server::{Addresses, Server, ServerConfig};
pub use telemetry::{AccessLog, AccessLogTarget, Metrics};
pub use tls::TlsFiles;
