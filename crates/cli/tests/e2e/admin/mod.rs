//! The admin API and the commands that use it.

mod commands;
mod curl;
mod schema;
mod secrets;
