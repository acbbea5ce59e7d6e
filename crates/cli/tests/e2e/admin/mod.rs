//! The admin API and the commands that use it.

mod buckets;
mod commands;
mod concurrent;
mod curl;
mod objects;
mod rules;
mod schema;
mod secrets;
mod terminal;

use std::process::Output;

use serde_json::Value;

use crate::harness::{Headwater, run};

fn json(server: &Headwater, arguments: &[&str]) -> Value {
    let output = run(server.client_command(arguments).arg("--json"));
    serde_json::from_str(&output).unwrap_or_else(|error| panic!("{error}: {output}"))
}

/// A command that must fail: its status and its one line.
fn refused(server: &Headwater, arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = server.client_command(arguments).output().expect("the binary starts");
    assert!(stdout.is_empty(), "{}", String::from_utf8_lossy(&stdout));
    (status.code(), String::from_utf8(stderr).expect("messages are text"))
}
