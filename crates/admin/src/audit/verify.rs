//! Whether an audit log is as it was written.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

use serde_json::Value;

use super::digest;

/// What was found in an audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Lines.
    pub lines: u64,
    /// Numbers of the lines, from 1, before which something was changed or taken out: at most 100 of them.
    pub broken: Vec<u64>,
}

/// Most entries of [`AuditReport::broken`]: the first ones tell enough.
const MAX_BROKEN: usize = 100;

/// Follows the chain of a log from its first line, whose predecessor may lie in another file. `None` if there is no
/// log.
///
/// # Errors
/// The file cannot be read.
pub fn verify(path: &Path) -> io::Result<Option<AuditReport>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut report = AuditReport::default();
    let mut expected: Option<String> = None;
    for line in BufReader::new(file).split(b'\n') {
        let line = line?;
        report.lines += 1;
        let previous = serde_json::from_slice::<Value>(&line).ok();
        let previous = previous.as_ref().and_then(|entry| entry.get("previous")?.as_str());
        // A line that is none is one that a crash cut off; the line behind it names it all the same.
        let holds = match (previous, &expected) {
            (Some(previous), Some(expected)) => previous == expected,
            (_, None) | (None, Some(_)) => true,
        };
        if !holds && report.broken.len() < MAX_BROKEN {
            report.broken.push(report.lines);
        }
        expected = Some(digest(&line));
    }
    Ok(Some(report))
}
