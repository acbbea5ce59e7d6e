//! Following a write whose body is still in memory: the fill of a small object costs no file and no thread.
//!
//! A body that outgrows the memory goes on in a blob file. Followers notice nothing: the first bytes stay in memory for
//! them, the rest is read through the blob's own tail.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use headwater_model::{BoxFuture, Error, Result};
use tokio::sync::watch;

use crate::{Tail, TailState};

/// A body in memory that is being written and followed.
pub(super) struct FollowedBody {
    bytes: Mutex<Held>,
    /// State of the bytes in memory; says nothing more once the body goes on in a file.
    state: watch::Sender<TailState>,
    /// Where the body goes on.
    file: watch::Sender<Option<FileTail>>,
}

/// The tail of the blob that a body went on in.
type FileTail = Arc<dyn Tail>;

#[derive(Debug)]
enum Held {
    Growing(BytesMut),
    Whole(Bytes),
}

impl FollowedBody {
    /// An empty body that is expected to grow to `expected_bytes`.
    pub(super) fn new(expected_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            bytes: Mutex::new(Held::Growing(BytesMut::with_capacity(expected_bytes))),
            state: watch::Sender::new(TailState::Growing(0)),
            file: watch::Sender::new(None),
        })
    }

    /// Appends.
    pub(super) fn push(&self, chunk: &[u8]) {
        let length = match &mut *self.held() {
            Held::Growing(bytes) => {
                bytes.extend_from_slice(chunk);
                bytes.len()
            }
            Held::Whole(bytes) => bytes.len(),
        };
        self.state.send_replace(TailState::Growing(length as u64));
    }

    /// The body so far; nothing may be appended afterwards.
    pub(super) fn freeze(&self) -> Bytes {
        let mut held = self.held();
        let bytes = match &mut *held {
            Held::Growing(bytes) => std::mem::take(bytes).freeze(),
            Held::Whole(bytes) => bytes.clone(),
        };
        *held = Held::Whole(bytes.clone());
        bytes
    }

    /// The body is whole.
    pub(super) fn finish(&self) {
        let length = self.freeze().len() as u64;
        self.state.send_replace(TailState::Finished(length));
    }

    /// The writer ended before the body was whole.
    pub(super) fn break_off(&self) {
        self.state.send_if_modified(|state| match *state {
            TailState::Growing(length) => {
                *state = TailState::Broken(length);
                true
            }
            TailState::Finished(_) | TailState::Broken(_) => false,
        });
    }

    /// The body goes on in a blob whose first bytes are those in memory.
    pub(super) fn go_on_in(&self, tail: FileTail) {
        self.file.send_replace(Some(tail));
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held_bytes(&self) -> u64 {
        match &*self.held() {
            Held::Growing(bytes) => bytes.len() as u64,
            Held::Whole(bytes) => bytes.len() as u64,
        }
    }

    fn in_memory(&self, range: Range<u64>) -> Option<Bytes> {
        let within = |length: usize| {
            let start = usize::try_from(range.start).ok().filter(|start| *start < length)?;
            Some(start..usize::try_from(range.end).unwrap_or(usize::MAX).min(length))
        };
        match &*self.held() {
            Held::Growing(bytes) => within(bytes.len()).map(|range| Bytes::copy_from_slice(&bytes[range])),
            Held::Whole(bytes) => within(bytes.len()).map(|range| bytes.slice(range)),
        }
    }

    /// The file's state; while it has not caught up with the memory, what is in memory counts.
    fn state_in(&self, file: &FileTail) -> TailState {
        match file.state() {
            TailState::Growing(length) => TailState::Growing(length.max(self.held_bytes())),
            TailState::Broken(length) => TailState::Broken(length.max(self.held_bytes())),
            finished @ TailState::Finished(_) => finished,
        }
    }

    async fn changed_in(&self, file: FileTail, seen: TailState) -> TailState {
        loop {
            let inner = file.state();
            let state = self.state_in(&file);
            if state != seen {
                return state;
            }
            file.changed(inner).await;
        }
    }

    async fn changed_from(&self, seen: TailState) -> TailState {
        let mut states = self.state.subscribe();
        let mut files = self.file.subscribe();
        loop {
            let file = files.borrow_and_update().clone();
            if let Some(file) = file {
                return self.changed_in(file, seen).await;
            }
            let state = *states.borrow_and_update();
            if state != seen {
                return state;
            }
            // Both senders live in `self`, so neither wait can fail.
            tokio::select! {
                _ = states.changed() => {}
                _ = files.changed() => {}
            }
        }
    }
}

impl Tail for FollowedBody {
    fn state(&self) -> TailState {
        let file = self.file.borrow().clone();
        match file {
            Some(file) => self.state_in(&file),
            None => *self.state.borrow(),
        }
    }

    fn changed(&self, seen: TailState) -> BoxFuture<'_, TailState> {
        Box::pin(self.changed_from(seen))
    }

    fn read(&self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        Box::pin(async move {
            if let Some(bytes) = self.in_memory(range.clone()) {
                return Ok(bytes);
            }
            let file = self.file.borrow().clone();
            match file {
                Some(file) => file.read(range).await,
                None => Err(Error::internal("follow a write", format!("{range:?} is not readable yet"))),
            }
        })
    }
}
