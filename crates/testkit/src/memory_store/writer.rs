//! A write in progress and those who follow it.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use headwater_model::digest::Digests;
use headwater_model::multipart::PartInfo;
use headwater_model::object::SharedMeta;
use headwater_model::{BoxFuture, Error, Result};
use headwater_store::{Ahead, Expectation, NewObject, NewPart, ObjectWriter, Tail, TailState, WriteIntent};
use tokio::sync::watch;

use super::content::RESIDENT_BYTES;
use super::state::Stored;
use super::{MemoryStore, digests, ready};

/// The bytes written so far, shared by the writer and its followers.
struct Written {
    bytes: Mutex<Vec<u8>>,
    /// What was written ahead, by offset. Taken after `bytes` where both are.
    ahead: Mutex<Vec<Option<u8>>>,
    /// Published after the bytes it speaks of.
    state: watch::Sender<TailState>,
}

impl Written {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ahead(&self) -> MutexGuard<'_, Vec<Option<u8>>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that were written ahead, if all of them were.
    fn written_ahead(&self, range: Range<u64>) -> Option<Vec<u8>> {
        let ahead = self.ahead();
        ahead.get(range.start as usize..range.end as usize)?.iter().copied().collect()
    }
}

pub(super) struct MemoryWriter {
    store: MemoryStore,
    intent: WriteIntent,
    written: Arc<Written>,
}

impl MemoryWriter {
    pub(super) fn new(store: MemoryStore, intent: WriteIntent) -> Self {
        let written = Written {
            bytes: Mutex::default(),
            ahead: Mutex::default(),
            state: watch::Sender::new(TailState::Growing(0)),
        };
        Self { store, intent, written: Arc::new(written) }
    }

    /// Whether `length` bytes may come next; gives the length of the body with them.
    fn admit(&self, length: u64) -> Result<u64> {
        self.growing("write")?;
        let size_bytes = self.written.bytes().len() as u64 + length;
        let limit_bytes =
            self.intent.content_length.map_or(self.intent.max_bytes, |announced| announced.min(self.intent.max_bytes));
        if size_bytes > limit_bytes {
            self.give_up();
            return Err(Error::EntityTooLarge { size_bytes, limit_bytes });
        }
        Ok(size_bytes)
    }

    fn take_up(&self, length: u64) -> Result<()> {
        let end = self.admit(length)?;
        let Some(bytes) = self.written.written_ahead(end - length..end) else {
            self.give_up();
            return Err(Error::internal("absorb", "the bytes were not written ahead"));
        };
        self.append(&bytes)
    }

    fn append(&self, chunk: &[u8]) -> Result<()> {
        let size_bytes = self.admit(chunk.len() as u64)?;
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

    fn ahead(&self) -> Option<Arc<dyn Ahead>> {
        // As if small bodies were not in a file.
        let clear = self.intent.content_length.filter(|_| self.intent.data_key.is_none());
        let length_bytes = clear.filter(|announced| *announced > RESIDENT_BYTES as u64)?;
        let ahead = MemoryAhead { written: Arc::clone(&self.written), length_bytes };
        self.intent.followed.then(|| Arc::new(ahead) as Arc<dyn Ahead>)
    }

    fn absorb(&mut self, length: u64) -> BoxFuture<'_, Result<()>> {
        ready(self.take_up(length))
    }

    fn finish(&mut self) -> BoxFuture<'_, Result<Digests>> {
        ready(self.end())
    }

    fn seal(self: Box<Self>, object: NewObject, expect: Expectation) -> BoxFuture<'static, Result<SharedMeta>> {
        Box::pin(async move {
            let stored = Stored::new(object, self.body()?, self.intent.data_key.clone());
            let stored = (stored, self.store.clock.now());
            self.store.state().commit(&self.intent.bucket, &self.intent.key, &expect, stored)
        })
    }

    fn seal_append(self: Box<Self>, object: NewObject, expect: Expectation) -> BoxFuture<'static, Result<SharedMeta>> {
        Box::pin(async move {
            let (appended, now) = (self.body()?, self.store.clock.now());
            self.store.state().append(&self.intent.bucket, &self.intent.key, &expect, object, &appended, now)
        })
    }

    fn seal_part(self: Box<Self>, part: NewPart) -> BoxFuture<'static, Result<PartInfo>> {
        Box::pin(async move {
            let bytes = self.body()?;
            self.store.state().put_part(&self.intent.bucket, part, (bytes, self.intent.data_key.clone()))
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

struct MemoryAhead {
    written: Arc<Written>,
    length_bytes: u64,
}

impl MemoryAhead {
    fn write(&self, offset: u64, chunk: &[u8]) -> Result<()> {
        let size_bytes = offset.saturating_add(chunk.len() as u64);
        if size_bytes > self.length_bytes {
            return Err(Error::EntityTooLarge { size_bytes, limit_bytes: self.length_bytes });
        }
        if chunk.is_empty() {
            return Ok(());
        }
        let bytes = self.written.bytes();
        let is_growing = matches!(*self.written.state.borrow(), TailState::Growing(_));
        if !is_growing || offset < bytes.len() as u64 {
            return Err(Error::internal("write ahead", "the writer has passed or ended"));
        }
        let mut ahead = self.written.ahead();
        let (start, end) = (offset as usize, size_bytes as usize);
        if ahead.len() < end {
            ahead.resize(end, None);
        }
        for (place, byte) in ahead[start..end].iter_mut().zip(chunk) {
            *place = Some(*byte);
        }
        Ok(())
    }

    fn read_all(&self, range: Range<u64>) -> Result<Bytes> {
        let unwritten = || Error::internal("read ahead", format!("{range:?} was not written"));
        if range.is_empty() {
            return Err(unwritten());
        }
        let bytes = self.written.bytes();
        let middle = range.end.min(bytes.len() as u64).max(range.start);
        let mut found = bytes.get(range.start as usize..middle as usize).unwrap_or_default().to_vec();
        if middle < range.end {
            found.extend(self.written.written_ahead(middle..range.end).ok_or_else(unwritten)?);
        }
        Ok(found.into())
    }
}

impl Ahead for MemoryAhead {
    fn write_at(&self, offset: u64, chunk: Bytes) -> BoxFuture<'_, Result<()>> {
        ready(self.write(offset, &chunk))
    }

    fn read(&self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        ready(self.read_all(range))
    }
}
