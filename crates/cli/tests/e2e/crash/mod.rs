//! `kill -9` at random moments under mixed load: what was acknowledged is there, what was deleted stays away, nothing
//! partial is ever seen.
//!
//! Several workers write, delete, copy and read keys of their own, fetch missing objects that all share, and replace and
//! delete some of those under the others' fetches, until the server is killed. Each keeps a ledger of what it attempted
//! and what was acknowledged, in the process that survives. After the restart every key must hold what was acknowledged
//! last or something attempted later, the listing must say the same as the reads, and the missing objects must come
//! whole. At the end `headwater doctor` must find nothing wrong, and an index made anew by it must say the same as the
//! one that grew.
//!
//! `CRASH_ROUNDS` sets the number of kills, `CRASH_SEED` repeats a run's choices (not its timing).

mod ledger;
mod value;
mod verify;
mod worker;

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use headwater_model::clock::Clock as _;
use headwater_server::SystemClock;
use headwater_testkit::SeededRandom;
use headwater_testkit::origin::{Reply, ScriptedOrigin};

use crate::harness::{Headwater, Setup, eventually, run};
use value::Value;
use worker::Worker;

const DEFAULT_ROUNDS: u64 = 100;
const WORKERS: u64 = 6;
/// The server lives so many milliseconds in a round.
const LIFE_MS: Range<usize> = 20..800;
/// Objects that only the origin has, new ones in every round, shared out among the workers.
const MISSES_PER_ROUND: u64 = 12;
/// The bucket that workers write to, and the one with a mirror.
const WRITTEN: &str = "written";
const MIRRORED: &str = "mirrored";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_and_nothing_partial_is_seen() {
    let rounds = setting("CRASH_ROUNDS").unwrap_or(DEFAULT_ROUNDS).max(1);
    let seed = setting("CRASH_SEED").unwrap_or_else(|| {
        let mut bytes = [0; 4];
        SystemClock::new().random(&mut bytes);
        u32::from_le_bytes(bytes).into()
    });
    println!("CRASH_SEED={seed} CRASH_ROUNDS={rounds}");
    let mut random = SeededRandom::new(seed);
    let origin = ScriptedOrigin::start().await;
    let mut server = Setup::new().mirror(MIRRORED, &origin.url("/")).start();
    server.client().put(&format!("/{WRITTEN}/"), "").send().await.expect(200);
    let mut workers: Vec<Worker> =
        (0..WORKERS).map(|number| Worker::new(number, SeededRandom::new(random.next_u64()))).collect();
    for round in 0..rounds {
        let misses = misses(round, &origin);
        workers = one_life(&mut server, workers, &misses, &mut random).await;
        server.restart();
        verify::written(&server, &mut workers).await;
        verify::misses(&server, &mut workers, &misses).await;
    }
    let done: u64 = workers.iter().map(Worker::acknowledged).sum();
    println!("{rounds} kills, {done} changes acknowledged, none lost");

    server.stop();
    doctor(&server, &["--rebuild"]);
    server.restart();
    let last = misses(rounds - 1, &origin);
    verify::written(&server, &mut workers).await;
    verify::misses(&server, &mut workers, &last).await;

    verify::end(&server, &workers).await;
    server.stop();
    let report = doctor(&server, &[]);
    assert_eq!(report["objects"], rounds * MISSES_PER_ROUND, "{report}");
    assert_eq!(report["parts"], 0, "{report}");

    // Kills leave files behind that no object names; a server that is left alone removes them.
    let number = |name: &str| report[name].as_u64().expect("the report has the number");
    let named = number("blobs") - number("orphan_blobs");
    server.restart();
    eventually("what kills left behind is removed", || {
        std::future::ready(files(&server.data().join("blobs")) == named)
    })
    .await;
    server.stop();
    let report = doctor(&server, &[]);
    assert_eq!((&report["orphan_blobs"], &report["blobs"]), (&0.into(), &named.into()), "{report}");
}

/// How many files a directory holds, in its directories too. What goes away meanwhile does not count.
fn files(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
}

/// What the doctor finds in the directory of a stopped server: nothing wrong.
fn doctor(server: &Headwater, flags: &[&str]) -> serde_json::Value {
    let data = server.data();
    let arguments = ["doctor", "--json", "--data", data.to_str().expect("a text path")];
    let report = run(Headwater::command(&arguments).args(flags));
    let report: serde_json::Value = serde_json::from_str(&report).expect("the report is JSON");
    assert_eq!(report["sound"], true, "{report}");
    report
}

/// Lets the workers work until the server is killed.
async fn one_life(
    server: &mut Headwater,
    workers: Vec<Worker>,
    misses: &[(String, Value)],
    random: &mut SeededRandom,
) -> Vec<Worker> {
    let tasks: Vec<_> =
        workers.into_iter().map(|worker| tokio::spawn(worker.work(server.client(), misses.to_vec()))).collect();
    let life_ms = LIFE_MS.start + random.below(LIFE_MS.len());
    // The wait is what is tested: the kill comes at no particular moment.
    tokio::time::sleep(Duration::from_millis(life_ms as u64)).await;
    server.kill();
    let mut workers = Vec::new();
    for task in tasks {
        workers.push(task.await.expect("workers see nothing wrong"));
    }
    workers
}

/// Puts this round's objects on the origin.
fn misses(round: u64, origin: &ScriptedOrigin) -> Vec<(String, Value)> {
    const LENGTHS: [usize; 6] = [0, 500, 30_000, 66_000, 400_000, 2_000_000];
    let misses = (0..MISSES_PER_ROUND).map(|number| {
        let length = LENGTHS[(number % LENGTHS.len() as u64) as usize];
        (format!("r{round}/m{number}"), Value { id: u64::MAX - round * MISSES_PER_ROUND - number, length })
    });
    let misses: Vec<_> = misses.collect();
    for (key, value) in &misses {
        let reply = Reply::ok(value.bytes());
        // Some come in pieces, so that kills find fills in the middle.
        let reply = if value.length > 300_000 { reply.paced(100_000, Duration::from_millis(5)) } else { reply };
        origin.on(&format!("/{key}"), reply);
    }
    misses
}

#[allow(clippy::disallowed_methods)] // how long a test run is to be is said in its environment
fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}
