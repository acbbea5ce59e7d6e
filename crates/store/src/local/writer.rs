//! Writing a body: in memory while it is small, in a blob file when it is not.
//!
//! ```text
//!                      announced > INLINE_BYTES
//!  begin ──┬──────────────────────────────────────────────► File
//!          └► Memory ── more than INLINE_BYTES came ──────────┘
//!               └── finish ─► seal: body in the log entry     └── finish ─► seal: blob durable, then the log entry
//! ```
//! A small body is digested in place: 64 KiB of MD5 take 0.1 ms, a hop to another thread about as much.

use std::sync::Arc;

use bytes::Bytes;
use headwater_model::digest::Digests;
use headwater_model::multipart::PartInfo;
use headwater_model::object::SharedMeta;
use headwater_model::{BoxFuture, Error, Result};

use super::blob::{BlobWriter, FooterDraft, WriteOptions};
use super::config::INLINE_BYTES;
use super::core::Core;
use super::digest::BodyDigest;
use super::followed::FollowedBody;
use super::running::{RunningWrite, hour_of};
use super::seal::Sealing;
use crate::{Ahead, Expectation, NewObject, NewPart, ObjectWriter, Tail, WriteIntent};

/// A write in progress.
pub(super) struct LocalWriter {
    core: Arc<Core>,
    intent: WriteIntent,
    body: Body,
    accepted: u64,
    digests: Option<Digests>,
    /// What followers hold. Made for every body in memory: it is the buffer.
    followed: Option<Arc<FollowedBody>>,
}

/// Where the bytes go.
enum Body {
    Memory {
        buffer: Arc<FollowedBody>,
        digest: Box<BodyDigest>,
    },
    File(Box<FileBody>),
    /// A step failed or the body was taken.
    Broken,
}

/// A body in a blob file.
pub(super) struct FileBody {
    /// Writes it.
    pub(super) writer: BlobWriter,
    /// Keeps the sweep horizon at its hour.
    pub(super) running: RunningWrite,
}

impl Core {
    /// Begins a write.
    pub(super) async fn begin(self: &Arc<Self>, intent: WriteIntent) -> Result<Box<dyn ObjectWriter>> {
        let limit_bytes = intent.max_bytes;
        if let Some(size_bytes) = intent.content_length.filter(|announced| *announced > limit_bytes) {
            return Err(Error::EntityTooLarge { size_bytes, limit_bytes });
        }
        self.space.admit(intent.content_length.unwrap_or(0))?;
        let mut writer = LocalWriter {
            core: Arc::clone(self),
            body: Body::Broken,
            accepted: 0,
            digests: None,
            followed: None,
            intent,
        };
        if writer.intent.content_length.is_some_and(|announced| announced > INLINE_BYTES as u64) {
            writer.body = Body::File(Box::new(self.begin_file(&writer.intent).await?));
        } else {
            let announced = writer.intent.content_length.and_then(|announced| usize::try_from(announced).ok());
            let buffer = FollowedBody::new(announced.unwrap_or(0));
            writer.followed = Some(Arc::clone(&buffer));
            writer.body = Body::Memory { buffer, digest: Box::new(BodyDigest::new(writer.intent.checksum)) };
        }
        Ok(Box::new(writer))
    }

    /// Begins a blob file for a body.
    pub(super) async fn begin_file(&self, intent: &WriteIntent) -> Result<FileBody> {
        // Before the file exists, so that no checkpoint can put the horizon behind it.
        let running = self.running.begin(hour_of(self.clock.now()));
        let draft = FooterDraft { bucket: intent.bucket.clone(), key: intent.key.clone() };
        let options = WriteOptions {
            content_length: intent.content_length,
            max_bytes: intent.max_bytes,
            checksum: intent.checksum,
            data_key: intent.data_key.clone(),
        };
        let writer = self.blobs.create(draft, options).await.map_err(|error| self.heed(error))?;
        Ok(FileBody { writer, running })
    }
}

impl LocalWriter {
    async fn append(&mut self, chunk: Bytes) -> Result<()> {
        let size_bytes = self.admit(chunk.len() as u64)?;
        if let Body::Memory { buffer, digest } = &mut self.body {
            if size_bytes <= INLINE_BYTES as u64 {
                digest.update(&chunk);
                buffer.push(&chunk);
                return Ok(());
            }
            self.spill().await?;
        }
        match &mut self.body {
            Body::File(file) => file.writer.write(chunk).await.map_err(|error| self.core.heed(error)),
            Body::Memory { .. } | Body::Broken => Err(broken()),
        }
    }

    /// Counts bytes that come next, if they may; returns the length of the body with them.
    fn admit(&mut self, length: u64) -> Result<u64> {
        let limit_bytes = self.intent.content_length.unwrap_or(u64::MAX).min(self.intent.max_bytes);
        let size_bytes = self.accepted.saturating_add(length);
        if size_bytes > limit_bytes {
            return Err(Error::EntityTooLarge { size_bytes, limit_bytes });
        }
        self.accepted = size_bytes;
        Ok(size_bytes)
    }

    async fn take_up(&mut self, length: u64) -> Result<()> {
        self.admit(length)?;
        match &mut self.body {
            Body::File(file) => file.writer.absorb(length).await.map_err(|error| self.core.heed(error)),
            Body::Memory { .. } => Err(Error::internal("write a body", "nothing was written ahead of a small body")),
            Body::Broken => Err(broken()),
        }
    }

    /// Moves the body from memory into a file.
    async fn spill(&mut self) -> Result<()> {
        let Body::Memory { buffer, .. } = std::mem::replace(&mut self.body, Body::Broken) else {
            return Err(broken());
        };
        let first = buffer.freeze();
        let mut file = self.core.begin_file(&self.intent).await?;
        if !first.is_empty() {
            file.writer.write(first).await.map_err(|error| self.core.heed(error))?;
        }
        buffer.go_on_in(file.writer.tail());
        self.body = Body::File(Box::new(file));
        Ok(())
    }

    async fn end(&mut self) -> Result<Digests> {
        if let Some(digests) = &self.digests {
            return Ok(digests.clone());
        }
        if self.intent.content_length.is_some_and(|announced| self.accepted < announced) {
            return Err(Error::IncompleteBody);
        }
        let digests = match &mut self.body {
            Body::Memory { buffer, digest } => {
                let digests = std::mem::replace(&mut **digest, BodyDigest::new(None)).finish();
                buffer.finish();
                digests
            }
            Body::File(file) => file.writer.finish().await.map_err(|error| self.core.heed(error))?,
            Body::Broken => return Err(broken()),
        };
        self.digests = Some(digests.clone());
        Ok(digests)
    }

    /// Whatever failed, the writer is of no further use, and followers learn of it.
    fn break_off(&mut self) {
        self.body = Body::Broken;
        if let Some(followed) = &self.followed {
            followed.break_off();
        }
    }

    fn into_sealing(mut self) -> Result<(Arc<Core>, Sealing, WriteIntent)> {
        let Some(digests) = self.digests.take() else {
            return Err(Error::internal("seal a write", "the body was not finished"));
        };
        let sealing = match std::mem::replace(&mut self.body, Body::Broken) {
            Body::Memory { buffer, .. } => Sealing::Memory { body: buffer.freeze(), digests },
            Body::File(file) => Sealing::File { file, digests },
            Body::Broken => return Err(broken()),
        };
        Ok((Arc::clone(&self.core), sealing, self.intent.clone()))
    }
}

impl ObjectWriter for LocalWriter {
    fn write(&mut self, chunk: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let result = self.append(chunk).await;
            if result.is_err() {
                self.break_off();
            }
            result
        })
    }

    fn tail(&self) -> Arc<dyn Tail> {
        match (&self.followed, &self.body) {
            (Some(followed), _) => Arc::clone(followed) as Arc<dyn Tail>,
            (None, Body::File(file)) => file.writer.tail(),
            (None, _) => {
                // A file that failed: what followers would see of it.
                let broken = FollowedBody::new(0);
                broken.break_off();
                broken
            }
        }
    }

    fn ahead(&self) -> Option<Arc<dyn Ahead>> {
        match &self.body {
            Body::File(file) if self.intent.followed => file.writer.ahead(),
            Body::File(_) | Body::Memory { .. } | Body::Broken => None,
        }
    }

    fn absorb(&mut self, length: u64) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let result = self.take_up(length).await;
            if result.is_err() {
                self.break_off();
            }
            result
        })
    }

    fn finish(&mut self) -> BoxFuture<'_, Result<Digests>> {
        Box::pin(async move {
            let result = self.end().await;
            if result.is_err() {
                self.break_off();
            }
            result
        })
    }

    fn seal(self: Box<Self>, object: NewObject, expect: Expectation) -> BoxFuture<'static, Result<SharedMeta>> {
        Box::pin(async move {
            let (core, sealing, intent) = self.into_sealing()?;
            core.seal_object(sealing, &intent, object, expect).await
        })
    }

    fn seal_append(self: Box<Self>, object: NewObject, expect: Expectation) -> BoxFuture<'static, Result<SharedMeta>> {
        Box::pin(async move {
            let (core, sealing, intent) = self.into_sealing()?;
            core.seal_append(sealing, intent, object, expect).await
        })
    }

    fn seal_part(self: Box<Self>, part: NewPart) -> BoxFuture<'static, Result<PartInfo>> {
        Box::pin(async move {
            let (core, sealing, intent) = self.into_sealing()?;
            core.seal_part(sealing, intent, part).await
        })
    }
}

impl Drop for LocalWriter {
    fn drop(&mut self) {
        if let Some(followed) = &self.followed {
            followed.break_off();
        }
    }
}

fn broken() -> Error {
    Error::internal("write a body", "an earlier step of this write failed")
}
