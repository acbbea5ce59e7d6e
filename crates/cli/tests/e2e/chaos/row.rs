//! One row: all its cases in all modes on both dialects, at one time, against one server per set of origin settings.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use headwater_model::bucket::Dialect;
use headwater_simulator::matrix::{Case, Class, Expectation, Matrix, Mode};
use headwater_simulator::{Authorities, Pace};
use serde_json::Value;

use super::cell::{Answers, Cell};
use super::{PENDING, judge};
use crate::harness::{Headwater, Setup, eventually};

/// Rows about time: their limits are divided by the scale. The others keep the real limits, so that a busy machine does
/// not fail them.
const TIMED: [&str; 6] = ["O06", "O08", "O10", "O41", "O42", "O43"];
/// By what times are divided, unless CHAOS_SCALE says otherwise.
const SCALE: u32 = 20;
/// Most requests of a herd whose fetch fails: each may begin one of its own.
const HERD: usize = 20;

/// Runs a row.
///
/// # Panics
/// If a case fails that is not pending, or one that is does not.
pub(crate) async fn run(id: &str) {
    let matrix = Matrix::load();
    let row = matrix.row(id).expect("a row of the matrix");
    let mut groups = BTreeMap::<&str, Vec<&Case>>::new();
    for case in &row.cases {
        groups.entry(&case.origin_settings).or_default().push(case);
    }
    let authorities = Authorities::new();
    let mut failures = BTreeMap::<String, Vec<String>>::new();
    for (settings, cases) in groups {
        let (server, _directory) = start(id, settings, &authorities);
        let server = Arc::new(server);
        let mut preparing = Vec::new();
        for case in cases {
            for dialect in [Dialect::Oss, Dialect::S3] {
                for mode in Mode::ALL {
                    let (server, authorities) = (&server, &authorities);
                    let how = (dialect, mode, pace(id));
                    preparing.push(Cell::prepare(server, authorities, id, case, how));
                }
            }
        }
        let cells = join_all(preparing).await;
        let answers = join_all(cells.iter().map(|cell| cell.ask(&server))).await;
        wait_for_fills(&server).await;
        let reasons = reasons(&server);
        for (cell, answers) in cells.iter().zip(&answers) {
            let mut faults = check(cell, answers);
            faults.extend(check_reasons(cell, &reasons));
            faults.extend(check_store(cell, &server).await);
            let name = format!("{id}/{}", cell.case.name);
            failures.entry(name).or_default().extend(faults.into_iter().map(|f| format!("{}: {f}", cell.name())));
        }
    }
    conclude(&failures);
}

/// Compares with what is known to be pending.
fn conclude(failures: &BTreeMap<String, Vec<String>>) {
    let mut wrong = Vec::new();
    for (name, faults) in failures {
        match (PENDING.contains(&name.as_str()), faults.is_empty()) {
            (true, true) => wrong.push(format!("{name} passes: take it off PENDING")),
            (false, false) => wrong.extend(faults.iter().cloned()),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn scale(id: &str) -> u32 {
    #[allow(clippy::disallowed_methods, reason = "asked for by hand, as with CRASH_ROUNDS")]
    let wanted = std::env::var("CHAOS_SCALE").ok().map(|text| text.parse().expect("CHAOS_SCALE is a number"));
    if TIMED.contains(&id) { wanted.unwrap_or(SCALE) } else { 1 }
}

fn pace(id: &str) -> Pace {
    Pace::divided_by(scale(id))
}

fn start(id: &str, settings: &str, authorities: &Authorities) -> (Headwater, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let ca = authorities.trusted().write_pem(directory.path());
    let time = |ms: u64| pace(id).time(Duration::from_millis(ms)).as_millis();
    let config = format!(
        "[origin.defaults]\n{settings}\ntimeouts.connect_ms = {}\ntimeouts.tls_ms = {}\n\
         timeouts.first_byte_ms = {}\ntimeouts.idle_ms = {}\n",
        time(3_000),
        time(5_000),
        time(10_000),
        time(15_000)
    );
    let path = directory.path().join("headwater.toml");
    std::fs::write(&path, config).expect("a writable directory");
    let text = |path: &std::path::Path| path.to_str().expect("a text path").to_owned();
    let setup = Setup::new().flag("--config", &text(&path)).flag("--origin-ca", &text(&ca));
    (setup.start(), directory)
}

/// Waits until no fetch runs: what was not stored by then never will be.
pub(crate) async fn wait_for_fills(server: &Headwater) {
    let admin = server.admin();
    eventually("no fill runs", || async {
        let metrics = admin.get("/-/metrics").send().await.expect(200).text();
        metrics.lines().any(|line| line == "headwater_fills_running 0")
    })
    .await;
}

/// Reason codes of the log, by bucket.
fn reasons(server: &Headwater) -> BTreeMap<String, Vec<String>> {
    let mut reasons = BTreeMap::<String, Vec<String>>::new();
    for line in server.log() {
        let Ok(event) = serde_json::from_str::<Value>(&line) else { continue };
        let text = |name: &str| event.get(name).and_then(Value::as_str);
        if let (Some("fill ended"), Some(bucket), Some(reason)) = (text("message"), text("bucket"), text("reason")) {
            reasons.entry(bucket.to_owned()).or_default().push(reason.to_owned());
        }
    }
    reasons
}

fn check(cell: &Cell, answers: &Answers) -> Vec<String> {
    let expectation = cell.case.expectation(cell.mode);
    let mut faults = Vec::new();
    for answer in &answers.owners {
        let judged = match answer {
            Ok(answer) => judge::owner(cell, answer, expectation),
            Err(error) => judge::unanswered(error, expectation),
        };
        faults.extend(judged.err());
    }
    let told = answers.anonymous.as_ref().map(|answer| match answer {
        Ok(answer) => judge::stranger(answer),
        Err(error) => judge::unanswered(error, expectation),
    });
    faults.extend(told.and_then(Result::err));
    let (least, most) = bounds(cell, expectation);
    let seen = cell.origin_requests();
    if !(least..=most).contains(&seen) {
        faults.push(format!("{seen} requests at the origin instead of {least} to {most}"));
    }
    faults.extend(cell.origin_faults());
    faults.dedup();
    faults
}

/// A herd shares one fetch. Where that fails or is not to be shared, whoever comes after its end begins another.
fn bounds(cell: &Cell, expectation: &Expectation) -> (usize, usize) {
    let (least, most) = expectation.requests.bounds();
    let shared = expectation.class.all().iter().all(|class| *class == Class::Ok);
    if cell.mode == Mode::Herd && !shared { (least.min(1), most * HERD) } else { (least, most) }
}

fn check_reasons(cell: &Cell, reasons: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let expectation = cell.case.expectation(cell.mode);
    let seen = reasons.get(cell.bucket()).map(Vec::as_slice).unwrap_or_default();
    let told = seen.iter().filter(|reason| !(cell.mode == Mode::Head && *reason == "head_request"));
    let mut faults: Vec<String> =
        told.filter_map(|reason| judge::is_expected(cell, reason, expectation).err()).collect();
    faults.dedup();
    faults
}

async fn check_store(cell: &Cell, server: &Headwater) -> Vec<String> {
    let expectation = cell.case.expectation(cell.mode);
    let wanted = cell.mode != Mode::Head && expectation.class.all().iter().all(|class| class.stores());
    let stored = cell.is_stored(server).await;
    if stored != wanted {
        return vec![format!("stored: {stored} instead of {wanted}")];
    }
    if !stored {
        return Vec::new();
    }
    let before = cell.origin_requests();
    match cell.get_again(server).await {
        Ok(answer) if answer.status == 200 && answer.complete && answer.body == cell.body => {
            let asked = cell.origin_requests() - before;
            if asked == 0 { Vec::new() } else { vec!["the origin is asked for what is stored".to_owned()] }
        }
        Ok(answer) => vec![format!("what is stored is {} with {} bytes", answer.status, answer.body.len())],
        Err(error) => vec![format!("what is stored cannot be read: {error}")],
    }
}
