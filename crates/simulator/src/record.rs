//! Requests as they came.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// One request, byte for byte where it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedRequest {
    /// Method as sent.
    pub method: String,
    /// Request target as sent.
    pub target: String,
    /// Fields in the order sent, names as sent.
    pub headers: Vec<(String, String)>,
    /// Which connection it came on, counted from 0.
    pub connection: usize,
    /// How many requests came on it before.
    pub earlier: usize,
}

impl RecordedRequest {
    /// Takes the head of a request apart; `None` if it is none.
    pub(crate) fn parse(head: &[u8], connection: usize, earlier: usize) -> Option<Self> {
        let text = String::from_utf8_lossy(head);
        let mut lines = text.split("\r\n").filter(|line| !line.is_empty());
        let mut request_line = lines.next()?.split(' ');
        let (method, target) = (request_line.next()?.to_owned(), request_line.next()?.to_owned());
        let headers = lines
            .map(|line| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned())))
            .collect::<Option<_>>()?;
        Some(Self { method, target, headers, connection, earlier })
    }

    /// The value of the first field of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What an origin saw.
#[derive(Debug, Default)]
pub(crate) struct Record {
    requests: Mutex<Vec<RecordedRequest>>,
    /// Bytes written per target, heads included.
    sent: Mutex<HashMap<String, u64>>,
    requested: watch::Sender<usize>,
    connected: watch::Sender<usize>,
    open: watch::Sender<usize>,
}

impl Record {
    pub(crate) fn add(&self, request: RecordedRequest) {
        self.lock().push(request);
        self.requested.send_modify(|count| *count += 1);
    }

    pub(crate) fn add_sent(&self, target: &str, bytes: u64) {
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner).entry(target.to_owned()).or_default() += bytes;
    }

    pub(crate) fn sent_bytes(&self, target: &str) -> u64 {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).get(target).copied().unwrap_or_default()
    }

    /// Counts a new connection and gives it its number.
    pub(crate) fn connect(&self) -> usize {
        self.open.send_modify(|count| *count += 1);
        let mut number = 0;
        self.connected.send_modify(|count| {
            number = *count;
            *count += 1;
        });
        number
    }

    pub(crate) fn disconnect(&self) {
        self.open.send_modify(|count| *count -= 1);
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.lock().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connected.borrow()
    }

    pub(crate) async fn wait_for_requests(&self, count: usize) {
        wait(&self.requested, |seen| seen >= count).await;
    }

    pub(crate) async fn wait_for_open(&self, count: usize) {
        wait(&self.open, |open| open == count).await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<RecordedRequest>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn wait(counter: &watch::Sender<usize>, reached: impl Fn(usize) -> bool) {
    let mut counter = counter.subscribe();
    counter.wait_for(|count| reached(*count)).await.expect("the record holds its senders");
}
