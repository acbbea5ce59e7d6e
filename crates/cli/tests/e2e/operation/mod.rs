//! What an operator does with the binary, and what it tells them.

mod dashboard;
mod demo;
mod disk_full;
mod drain;
mod proxy_protocol;
mod quickstart;
mod start;
mod telemetry;
