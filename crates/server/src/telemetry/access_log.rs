//! One line per request, as JSON.
//!
//! Guarantees: a line is whole or absent; writing never delays a request. Lines gather in memory and a thread of its
//! own writes them; if the target cannot keep up, lines beyond [`MAX_PENDING_BYTES`] are dropped and counted.
//!
//! Not here: rotation. The target is opened for appending, so `copytruncate` and pipes to a log service work.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Most bytes of lines that wait for the writer: some seconds of full load.
const MAX_PENDING_BYTES: usize = 8 << 20;
/// Lines are written at the latest after this time, so that an operator who follows the log sees them come.
const FLUSH_INTERVAL: Duration = Duration::from_millis(100);

/// Where access lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessLogTarget {
    /// Nowhere.
    Off,
    /// Standard output.
    Stdout,
    /// Appended to this file.
    File(PathBuf),
}

/// The log. Dropping it writes what is pending.
pub struct AccessLog {
    shared: Option<Arc<Shared>>,
    writer: Option<JoinHandle<()>>,
}

struct Shared {
    pending: Mutex<Pending>,
    wake: Condvar,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Pending {
    bytes: Vec<u8>,
    closing: bool,
}

impl AccessLog {
    /// Opens the target and starts the writer.
    ///
    /// # Errors
    /// The file cannot be opened, or no thread can be started.
    pub fn open(target: &AccessLogTarget) -> io::Result<Self> {
        let target: Box<dyn Write + Send> = match target {
            AccessLogTarget::Off => return Ok(Self { shared: None, writer: None }),
            AccessLogTarget::Stdout => Box::new(io::stdout()),
            AccessLogTarget::File(path) => Box::new(OpenOptions::new().create(true).append(true).open(path)?),
        };
        let shared = Arc::new(Shared { pending: Mutex::default(), wake: Condvar::new(), dropped: AtomicU64::new(0) });
        let theirs = shared.clone();
        let writer = std::thread::Builder::new().name("access-log".into()).spawn(move || theirs.write_to(target))?;
        Ok(Self { shared: Some(shared), writer: Some(writer) })
    }

    /// Lines dropped so far because the target could not keep up.
    pub fn dropped(&self) -> u64 {
        self.shared.as_ref().map_or(0, |shared| shared.dropped.load(Ordering::Relaxed))
    }

    pub(crate) fn write(&self, line: &AccessLine<'_>) {
        let Some(shared) = &self.shared else { return };
        let mut pending = shared.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.bytes.len() > MAX_PENDING_BYTES {
            shared.dropped.fetch_add(1, Ordering::Relaxed);
        } else {
            line.append_to(&mut pending.bytes);
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            shared.pending.lock().unwrap_or_else(PoisonError::into_inner).closing = true;
            shared.wake.notify_one();
        }
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has nothing left to write.
            let _ = writer.join();
        }
    }
}

impl Shared {
    fn write_to(&self, mut target: Box<dyn Write + Send>) {
        let mut batch = Vec::new();
        loop {
            let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            let (mut pending, _) = self
                .wake
                .wait_timeout_while(pending, FLUSH_INTERVAL, |pending| !pending.closing)
                .unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut pending.bytes, &mut batch);
            let closing = pending.closing;
            drop(pending);
            if !batch.is_empty() && target.write_all(&batch).and_then(|()| target.flush()).is_err() {
                let lines = batch.split_inclusive(|byte| *byte == b'\n').count();
                self.dropped.fetch_add(lines as u64, Ordering::Relaxed);
            }
            batch.clear();
            if closing {
                return;
            }
        }
    }
}

/// What a line says.
pub(crate) struct AccessLine<'a> {
    /// Milliseconds since the epoch when the request came.
    pub(crate) time_ms: i64,
    pub(crate) request_id: &'a str,
    pub(crate) remote: IpAddr,
    pub(crate) method: &'a str,
    /// Operation in the vendors' words.
    pub(crate) op: &'static str,
    pub(crate) dialect: &'static str,
    pub(crate) bucket: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    /// Access key id, if the request was signed.
    pub(crate) access_key_id: Option<&'a str>,
    pub(crate) status: u16,
    /// Vendor's error code, if the answer is an error.
    pub(crate) error: Option<&'a str>,
    /// Why a miss failed, in one word.
    pub(crate) reason: Option<&'a str>,
    /// Body bytes handed to the connection.
    pub(crate) bytes_sent: u64,
    /// Body bytes taken from the connection.
    pub(crate) bytes_received: u64,
    /// From the request head to the end of the answer's body.
    pub(crate) duration: Duration,
    /// `hit`, `miss`, `joined` or `pass_through`, for object reads.
    pub(crate) served: Option<&'static str>,
    pub(crate) origin_status: Option<u16>,
    /// Whether the answer's body was sent to its end.
    pub(crate) complete: bool,
}

impl AccessLine<'_> {
    fn append_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"time_ms\":");
        number(out, self.time_ms);
        text(out, "request_id", self.request_id);
        out.extend_from_slice(b",\"remote\":\"");
        write!(out, "{}", self.remote).expect("memory takes every write");
        out.push(b'"');
        text(out, "method", self.method);
        text(out, "op", self.op);
        text(out, "dialect", self.dialect);
        for (name, value) in [
            ("bucket", self.bucket),
            ("key", self.key),
            ("access_key_id", self.access_key_id),
            ("error", self.error),
            ("reason", self.reason),
            ("served", self.served),
        ] {
            if let Some(value) = value {
                text(out, name, value);
            }
        }
        field(out, "status", i64::from(self.status));
        field(out, "bytes_sent", self.bytes_sent as i64);
        field(out, "bytes_received", self.bytes_received as i64);
        field(out, "duration_us", self.duration.as_micros() as i64);
        if let Some(status) = self.origin_status {
            field(out, "origin_status", i64::from(status));
        }
        if !self.complete {
            out.extend_from_slice(b",\"complete\":false");
        }
        out.extend_from_slice(b"}\n");
    }
}

fn number(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn field(out: &mut Vec<u8>, name: &str, value: i64) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    number(out, value);
}

/// A JSON string (RFC 8259 section 7); what needs no escape is copied in one piece.
fn text(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":\"");
    let mut clean = 0;
    for (at, byte) in value.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&value.as_bytes()[clean..at]);
        write!(out, "\\u{byte:04x}").expect("memory takes every write");
        clean = at + 1;
    }
    out.extend_from_slice(&value.as_bytes()[clean..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(key: &str) -> AccessLine<'_> {
        AccessLine {
            time_ms: 1,
            request_id: "ID",
            remote: "127.0.0.1".parse().expect("an address"),
            method: "GET",
            op: "GetObject",
            dialect: "oss",
            bucket: Some("bkt"),
            key: Some(key),
            access_key_id: None,
            status: 200,
            error: None,
            reason: None,
            bytes_sent: 5,
            bytes_received: 0,
            duration: Duration::from_micros(7),
            served: Some("miss"),
            origin_status: Some(200),
            complete: true,
        }
    }

    #[test]
    fn a_line_is_json_whatever_the_key_holds() {
        let key = "a\"b\\c\n\u{1}ключ";
        let mut out = Vec::new();
        line(key).append_to(&mut out);
        let value: serde_json::Value = serde_json::from_slice(&out).expect("json");
        assert_eq!(value["key"], key);
        assert_eq!(value["duration_us"], 7);
        assert_eq!(value["origin_status"], 200);
        assert_eq!(out.last(), Some(&b'\n'));
    }

    #[test]
    fn dropping_the_log_writes_everything() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("access.log");
        let log = AccessLog::open(&AccessLogTarget::File(path.clone())).expect("a log");
        for _ in 0..1000 {
            log.write(&line("k"));
        }
        drop(log);
        assert_eq!(std::fs::read_to_string(path).expect("the file").lines().count(), 1000);
    }
}
