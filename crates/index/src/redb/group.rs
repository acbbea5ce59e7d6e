//! Group commit: concurrent callers of [`crate::Index::commit`] share one durable transaction.
//!
//! ```text
//! callers ── bounded queue ──► committer thread ── judge, change, judge, change, … one sync ──► answers
//! ```
//!
//! The commits of a group are judged one after the other within the transaction, each against the changes of those
//! before it, so a group has the same outcome as its commits one by one. A commit that is refused changes nothing; if
//! the transaction fails, the whole group failed and nobody is answered `Committed`.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use headwater_model::{Error, Result};
use tokio::sync::{mpsc, oneshot};

use super::failure;
use super::file::{IndexFile, WritableRows};
use crate::{Commit, Expect, Outcome};

/// Commits that wait for the transaction under way; more callers wait for a place in the queue.
const QUEUE_COMMITS: usize = 256;

struct Request {
    commit: Commit,
    answer: oneshot::Sender<Result<Outcome>>,
}

/// The committer thread. Dropping it lets the queue run empty and waits for the thread.
pub(super) struct Committer {
    /// `None` only while dropping: the thread ends when the last sender is gone.
    queue: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Committer {
    pub(super) fn start(file: Arc<IndexFile>) -> Result<Self> {
        let (queue, requests) = mpsc::channel(QUEUE_COMMITS);
        let thread = thread::Builder::new()
            .name("index-commit".into())
            .spawn(move || run(&file, requests))
            .map_err(|error| Error::internal("start the index committer", error))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Performs one commit, together with those of other callers.
    pub(super) fn commit(&self, commit: Commit) -> impl Future<Output = Result<Outcome>> + Send + use<> {
        let queue = self.queue.clone();
        async move {
            let stopped = || Error::internal("commit index rows", "the index committer has stopped");
            let (answer, outcome) = oneshot::channel();
            let queue = queue.ok_or_else(stopped)?;
            queue.send(Request { commit, answer }).await.map_err(|_| stopped())?;
            // The sender must not outlive the request: dropping the index waits for the last of them.
            drop(queue);
            outcome.await.map_err(|_| stopped())?
        }
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by its hook; its callers have seen the queue end.
            let _ = thread.join();
        }
    }
}

fn run(file: &IndexFile, mut requests: mpsc::Receiver<Request>) {
    let mut group = Vec::with_capacity(QUEUE_COMMITS);
    while requests.blocking_recv_many(&mut group, QUEUE_COMMITS) > 0 {
        let outcomes = file.write(|rows| group.iter().map(|request| perform(rows, &request.commit)).collect());
        answer(group.drain(..), outcomes);
    }
}

fn answer(group: impl Iterator<Item = Request>, outcomes: Result<Vec<Outcome>>) {
    match outcomes {
        Ok(outcomes) => {
            for (request, outcome) in group.zip(outcomes) {
                // A caller that has gone away does not need its answer.
                let _ = request.answer.send(Ok(outcome));
            }
        }
        Err(error) => {
            for request in group {
                let _ = request.answer.send(Err(failure::repeat(&error)));
            }
        }
    }
}

/// Judges a commit and, if all it expects holds, makes its changes.
fn perform(rows: &mut WritableRows<'_>, commit: &Commit) -> Result<Outcome> {
    for (position, expect) in commit.expect.iter().enumerate() {
        if !holds(rows, expect)? {
            return Ok(Outcome::Refused(position));
        }
    }
    for key in &commit.delete {
        rows.delete(key)?;
    }
    for row in &commit.put {
        rows.put(&row.key, &row.value)?;
    }
    Ok(Outcome::Committed)
}

fn holds(rows: &WritableRows<'_>, expect: &Expect) -> Result<bool> {
    Ok(match expect {
        Expect::Absent(key) => rows.get(key)?.is_none(),
        Expect::Present(key) => rows.get(key)?.is_some(),
        Expect::Equals(key, value) => rows.get(key)?.as_ref() == Some(value),
        Expect::Empty(range) => rows.is_empty(range)?,
    })
}
