//! Valid requests of six clients, no two alike: none may be refused. What they send is in
//! `tests/clients/accepted_round.py`. `CLIENT_REQUESTS=10000` sends more than everyday's.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::{Python, Setup, find};

/// Requests of an everyday run: each client has its turn.
const REQUESTS: usize = 400;
/// What tells that a valid request was not taken for one.
const REFUSALS: [u64; 4] = [400, 401, 403, 405];

const CLIENTS: [&str; 7] = ["boto3", "oss2-v1", "oss2-v4", "oss-v2", "curl", "rclone", "s3cmd"];

#[test]
#[allow(clippy::disallowed_methods)] // how long a run is, is its caller's to say
fn valid_requests_of_six_clients_are_accepted() {
    let wished = std::env::var("CLIENT_REQUESTS").ok().map(|text| text.parse().expect("a number of requests"));
    let requests: usize = wished.unwrap_or(REQUESTS);
    let mut server = Setup::new().start();
    let round = Python::script("accepted_round", &server).with("REQUESTS", requests.to_string());
    let round = round.with("CURL", find("curl", "curl")).with("RCLONE", find("rclone", "rclone"));
    println!("{}", round.run());
    server.stop();
    let mut counts = BTreeMap::<String, usize>::new();
    for line in server.access_lines() {
        let told: Value = serde_json::from_str(&line).expect("a line is JSON");
        let status = told["status"].as_u64().expect("a status");
        assert!(status < 500 && !REFUSALS.contains(&status), "{line}");
        let bucket = told["bucket"].as_str().unwrap_or_default();
        *counts.entry(bucket.trim_start_matches("accepted-").to_owned()).or_default() += 1;
    }
    println!("{counts:?}");
    for client in CLIENTS {
        assert!(counts.contains_key(client), "{client} sent nothing: {counts:?}");
    }
    assert!(counts.values().sum::<usize>() >= requests, "fewer than {requests} requests came: {counts:?}");
}
