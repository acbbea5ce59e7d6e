//! What the server tells about itself: one access line per request, and metrics.

mod access_log;
mod lifecycle;
mod metrics;

pub use access_log::{AccessLog, AccessLogTarget};
pub use metrics::Metrics;

pub(crate) use access_log::AccessLine;
pub(crate) use metrics::{RequestKind, dialect_name, served_name};
