//! A write in progress and those who follow it.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use headwater_model::digest::Digests;
use headwater_model::multipart::PartInfo;
use headwater_model::object::SharedMeta;
use headwater_model::{BoxFuture, Error, Result};
use headwater_store::{Expectation, NewObject, NewPart, ObjectWriter, Tail, TailState, WriteIntent};
use tokio::sync::watch;

use super::state::Stored;
use super::{MemoryStore, digests, ready};

/// The bytes written so far, shared by the writer and its followers.
struct Written {
    bytes: Mutex<Vec<u8>>,
    /// Published after the bytes it speaks of.
    state: watch::Sender<TailState>,
}

impl Written {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct MemoryWriter {
    store: MemoryStore,
    intent: WriteIntent,
    written: Arc<Written>,
}

impl MemoryWriter {
    pub(super) fn new(store: MemoryStore, intent: WriteIntent) -> Self {
        let written = Written { bytes: Mutex::default(), state: watch::Sender::new(TailState::Growing(0)) };
        Self { store, intent, written: Arc::new(written) }
    }

    fn append(&self, chunk: &[u8]) -> Result<()> {
        self.growing("write")?;
        let size_bytes = self.written.bytes().len() as u64 + chunk.len() as u64;
        let limit_bytes =
            self.intent.content_length.map_or(self.intent.max_bytes, |announced| announced.min(self.intent.max_bytes));
        if size_bytes > limit_bytes {
            self.give_up();
            return Err(Error::EntityTooLarge { size_bytes, limit_bytes });
        }
        self.written.bytes().extend_from_slice(chunk);
        self.written.state.send_replace(TailState::Growing(size_bytes));
        Ok(())
    }

    fn end(&self) -> Result<Digests> {
        self.growing("finish")?;
        let digests = digests::of(&self.written.bytes(), self.intent.checksum);
        if self.intent.content_length.is_some_and(|announced| announced != digests.size_bytes) {
            self.give_up();
            return Err(Error::IncompleteBody);
        }
        self.written.state.send_replace(TailState::Finished(digests.size_bytes));
        Ok(digests)
    }

    /// The body, which must be finished.
    fn body(&self) -> Result<Bytes> {
        match *self.written.state.borrow() {
            TailState::Finished(_) => Ok(self.written.bytes().clone().into()),
            _ => Err(Error::internal("seal a write", "its body is not finished")),
        }
    }

    fn growing(&self, step: &'static str) -> Result<()> {
        match *self.written.state.borrow() {
            TailState::Growing(_) => Ok(()),
            _ => Err(Error::internal(step, "the write has ended")),
        }
    }

    fn give_up(&self) {
        self.written.state.send_if_modified(|state| match *state {
            TailState::Growing(bytes) => {
                *state = TailState::Broken(bytes);
                true
            }
            _ => false,
        });
    }
}

impl Drop for MemoryWriter {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl ObjectWriter for MemoryWriter {
    fn write(&mut self, chunk: Bytes) -> BoxFuture<'_, Result<()>> {
        ready(self.append(&chunk))
    }

    fn tail(&self) -> Arc<dyn Tail> {
        assert!(self.intent.followed, "only a write begun with `followed` may be followed");
        Arc::new(MemoryTail { written: Arc::clone(&self.written) })
    }

    fn finish(&mut self) -> BoxFuture<'_, Result<Digests>> {
        ready(self.end())
    }

    fn seal(self: Box<Self>, object: NewObject, expect: Expectation) -> BoxFuture<'static, Result<SharedMeta>> {
        Box::pin(async move {
            let stored = Stored::new(object, self.body()?);
            self.store.state().commit(&self.intent.bucket, &self.intent.key, &expect, stored)
        })
    }

    fn seal_part(self: Box<Self>, part: NewPart) -> BoxFuture<'static, Result<PartInfo>> {
        Box::pin(async move {
            let bytes = self.body()?;
            self.store.state().put_part(&self.intent.bucket, part, bytes)
        })
    }
}

struct MemoryTail {
    written: Arc<Written>,
}

impl Tail for MemoryTail {
    fn state(&self) -> TailState {
        *self.written.state.borrow()
    }

    fn changed(&self, seen: TailState) -> BoxFuture<'_, TailState> {
        let mut state = self.written.state.subscribe();
        Box::pin(async move {
            // The sender lives as long as this tail, so waiting in vain means that the state is final.
            *state.wait_for(|state| *state != seen).await.expect("the tail holds the sender")
        })
    }

    fn read(&self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        let readable = self.state().readable();
        assert!(
            range.start < range.end && range.end <= readable,
            "the range {range:?} must not be empty and lie within the {readable} readable bytes"
        );
        ready(Ok(Bytes::copy_from_slice(&self.written.bytes()[range.start as usize..range.end as usize])))
    }
}
