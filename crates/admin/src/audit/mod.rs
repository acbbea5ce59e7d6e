//! The audit log: who changed what, when, from where.
//!
//! Guarantees: a line is on the disk before its change is acknowledged, in the order in which changes were made, and a
//! client that goes away meanwhile interrupts neither; every line carries the SHA-256 of the line
//! before it, so that a line that was changed or taken out afterwards shows ([`verify`]). Nothing here is secret: who
//! writes an entry has masked it.
//!
//! ```text
//! {"time":"2026-01-02T03:04:05.678Z","request_id":"…","who":"KEYID","token":"…","remote":"127.0.0.1","action":"…",
//!  "target":"…","before":…,"after":…,"previous":"64 hex digits, or empty on the first line"}
//! ```
//! `token` is there if the change came with a bearer token: its public identifier.
//!
//! How: the file is opened for every line, so it can be moved away at any time and the next change begins a new one,
//! whose first line still names the last line of the old (after a restart: an empty `previous`).
//!
//! Deliberately not here: protection against who can write the file. It does not show if all hashes are computed anew,
//! nor, while the server is stopped, if lines are cut off the end or the beginning; ship the lines to another machine
//! for that.

mod change;
mod verify;

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use headwater_model::clock::{Clock, Timestamp};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub(crate) use change::Intent;
pub use change::Unacknowledged;
pub use verify::{AuditReport, verify};

/// Most bytes of the file's end that are read for its last lines: a line holds a document twice, at most 1 MiB each.
const MAX_TAIL_BYTES: u64 = 8 << 20;

/// The audit log of a server.
#[derive(Clone)]
pub struct Audit {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    /// Held over a change and its line.
    order: tokio::sync::Mutex<()>,
    /// Digest of the last line; held while a line is written.
    previous: Mutex<String>,
}

/// One change.
#[derive(Debug)]
struct Entry {
    request_id: String,
    /// Access key id.
    who: String,
    /// Public identifier of the bearer token that it came with.
    token: Option<Arc<str>>,
    remote: IpAddr,
    action: Cow<'static, str>,
    target: String,
    /// Masked.
    before: Value,
    /// Masked.
    after: Value,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    request_id: &'a str,
    who: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    remote: IpAddr,
    action: &'a str,
    target: &'a str,
    before: &'a Value,
    after: &'a Value,
    previous: &'a str,
}

impl Audit {
    /// Goes on with the log at `path`, if there is one; the file is made with the first change.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let tail = read_tail(path)?;
        let last = tail.strip_suffix(b"\n").unwrap_or(&tail).rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let previous = if last.is_empty() { String::new() } else { digest(last) };
        if !tail.is_empty() && !tail.ends_with(b"\n") {
            // A crash cut the line off before its change was acknowledged. It stays, as a line of its own.
            append(path, b"\n")?;
        }
        let (path, order, previous) = (path.to_owned(), tokio::sync::Mutex::default(), Mutex::new(previous));
        Ok(Self { shared: Arc::new(Shared { path, clock, order, previous }) })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Writes a line down; it is on the disk when this returns.
    async fn write(&self, entry: Entry) -> io::Result<()> {
        let shared = self.shared.clone();
        tokio::task::spawn_blocking(move || shared.write(&entry)).await.map_err(io::Error::other)?
    }

    /// The last lines, oldest first; fewer than `limit` if there are no more, or they are longer than 8 MiB together.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn last(&self, limit: usize) -> io::Result<Vec<Value>> {
        let shared = self.shared.clone();
        let read = tokio::task::spawn_blocking(move || {
            let tail = read_tail(&shared.path)?;
            let lines = tail.rsplit(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
            let mut lines: Vec<Value> = lines.take(limit).collect();
            lines.reverse();
            Ok(lines)
        });
        read.await.map_err(io::Error::other)?
    }
}

impl Shared {
    fn write(&self, entry: &Entry) -> io::Result<()> {
        let mut previous = self.previous.lock().unwrap_or_else(PoisonError::into_inner);
        let Entry { request_id, who, token, remote, action, target, before, after } = entry;
        let time = iso_8601(self.clock.now());
        let (token, remote, previous_line) = (token.as_deref(), *remote, &*previous);
        let line =
            Line { time, request_id, who, token, remote, action, target, before, after, previous: previous_line };
        let mut line = serde_json::to_vec(&line)?;
        let next = digest(&line);
        line.push(b'\n');
        append(&self.path, &line)?;
        *previous = next;
        Ok(())
    }
}

fn append(path: &Path, line: &[u8]) -> io::Result<()> {
    append_by(path, |file| {
        file.write_all(line)?;
        file.sync_data()
    })
}

/// Lets `write` add to the end of the file. What a failure leaves behind is cut off again: it would stand between two
/// lines as if somebody had changed the log.
fn append_by(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let is_new = !path.exists();
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    let length = file.metadata()?.len();
    if let Err(error) = write(&mut file) {
        if let Err(error) = file.set_len(length) {
            tracing::error!(%error, path = %path.display(), "part of an audit line could not be taken back");
        }
        return Err(error);
    }
    if is_new && let Some(directory) = path.parent() {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

/// The whole lines within the last [`MAX_TAIL_BYTES`]; nothing if there is no file.
fn read_tail(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let skipped = file.metadata()?.len().saturating_sub(MAX_TAIL_BYTES);
    file.seek(SeekFrom::Start(skipped))?;
    let mut tail = Vec::new();
    file.take(MAX_TAIL_BYTES).read_to_end(&mut tail)?;
    if skipped > 0 {
        let begin = tail.iter().position(|byte| *byte == b'\n').map_or(tail.len(), |at| at + 1);
        tail.drain(..begin);
    }
    Ok(tail)
}

fn digest(line: &[u8]) -> String {
    hex::encode(Sha256::digest(line))
}

/// `2026-01-02T03:04:05.678Z`.
pub fn iso_8601(at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    format!("{moment:.3}")
}

#[cfg(test)]
mod tests;
