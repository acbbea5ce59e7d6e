//! The open store: start, end, and the contract's operations, each in a file of its own.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use headwater_index::redb::RedbIndex;
use headwater_index::rows::{Counter, CounterRow, RowValue};
use headwater_model::account::Account;
use headwater_model::bucket::{Bucket, PublicAccessBlock};
use headwater_model::clock::Timestamp;
use headwater_model::list::{ListPage, ListQuery};
use headwater_model::multipart::{CompletedPart, PartPage, UploadId, UploadInfo, UploadPage};
use headwater_model::object::SharedMeta;
use headwater_model::origin::OriginId;
use headwater_model::precondition::ObjectCondition;
use headwater_model::settings::{OriginSettings, OriginUsage};
use headwater_model::token::AccessToken;
use headwater_model::version::{DeleteMarker, VersionId, VersionMarker, VersionPage, VersionQuery};
use headwater_model::{BoxFuture, Error, ObjectKey, Result};
use tokio::sync::Semaphore;

use super::blob::BlobDir;
use super::commit::{CommitState, QUEUE_BYTES, Stage};
use super::committer::Committer;
use super::config::LocalConfig;
use super::core::Core;
use super::garbage::Garbage;
use super::hot::HotSet;
use super::layout::Layout;
use super::open_error::OpenError;
use super::replay::{Replayed, replay};
use super::running::RunningWrites;
use super::segments::Segments;
use super::signals::{OverlayRoom, Signals};
use super::space::Space;
use super::sweep::Leftovers;
use super::{checkpoint, housekeeping};
use crate::{
    Afterwards, BucketRef, Deleted, Expectation, FillToken, JudgedAmendment, NewObject, NewUpload, NoncurrentPage,
    ObjectWriter, RemovedVersion, Store, StoreStats, StoredObject, StoredVersion, Tombstone, VersionRemoval,
    WriteIntent,
};

/// Objects on this machine's disk. See the module for what it guarantees.
pub struct LocalStore {
    core: Arc<Core>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl LocalStore {
    /// Opens the store in `config.dir`, making it if there is none, and replays what a crash left in the log. Blocks.
    ///
    /// # Errors
    /// [`OpenError`]: in use, of another format, damaged, or refused by the file system.
    pub fn open(config: LocalConfig) -> Result<Arc<Self>, OpenError> {
        let layout = Layout::open(&config.dir, &config.probe)?;
        let (core, committer, leftovers) = Self::start(config, layout)?;
        let threads = vec![
            spawn("log-committer", move || committer.run()),
            spawn("checkpoint", {
                let core = Arc::clone(&core);
                move || checkpoint::run(&core)
            }),
            spawn("housekeeping", {
                let core = Arc::clone(&core);
                move || housekeeping::run(&core, leftovers)
            }),
        ];
        let threads = threads.into_iter().collect::<Result<_, _>>();
        let threads = threads.map_err(|error| OpenError::io("start a thread", &core.layout.root, error))?;
        Ok(Arc::new(Self { core, threads: Mutex::new(threads) }))
    }

    fn start(config: LocalConfig, layout: Layout) -> Result<(Arc<Core>, Committer, Leftovers), OpenError> {
        let store = |error| OpenError::store(&config.dir, error);
        let mut salt = [0; 8];
        config.clock.random(&mut salt);
        let Replayed { view, position, next_sequence, active, garbage } = replay(&layout, u64::from_le_bytes(salt))?;
        let blobs = BlobDir::open(layout.blobs.clone(), Arc::clone(&config.clock)).map_err(store)?;
        let running = Arc::new(RunningWrites::default());
        let horizon = read_horizon(&view).map_err(store)?;
        let leftovers = Leftovers::find(&blobs, &running, horizon).map_err(store)?;
        let space = Space::open(layout.log.clone(), Arc::clone(&config.clock), config.reserve_bytes)
            .map_err(|error| OpenError::io("measure the file system", &layout.log, error))?;
        // Not the salt of a segment, which nobody may know: this one is part of what clients see.
        let mut version_salt = [0; 8];
        config.clock.random(&mut version_salt);
        let mut state = CommitState::new(position, next_sequence, u64::from_le_bytes(version_salt));
        state.load_buckets(&view).map_err(store)?;
        let segments = Segments::new(layout.log.clone());
        if let Some(active) = &active {
            segments.insert(Arc::clone(active));
        }
        let core = Arc::new(Core {
            clock: Arc::clone(&config.clock),
            state: Mutex::new(state),
            batch_ready: std::sync::Condvar::new(),
            queue: Semaphore::new(QUEUE_BYTES),
            view,
            hot: HotSet::new(config.hot_bytes),
            segments,
            blobs,
            garbage: Garbage::default(),
            running,
            space,
            signals: Signals::new(),
            layout,
            config,
        });
        core.garbage.add(garbage);
        let committer = Committer::new(Arc::clone(&core), active);
        Ok((core, committer, leftovers))
    }

    /// Bytes on disk: index, log segments, blob files of visible objects.
    fn disk_bytes(&self) -> u64 {
        let layers = self.core.view.layers();
        let log_bytes: u64 = layers.accounting.segments().map(|segment| segment.size_bytes()).sum();
        log_bytes + layers.accounting.file_bytes + self.core.view.with_index(RedbIndex::file_bytes).unwrap_or(0)
    }
}

/// The hour from which a sweep has to look.
fn read_horizon(view: &super::view::View) -> Result<u64> {
    let key = CounterRow::key(Counter::SweepFromHour);
    Ok(match view.get(&key)? {
        Some(value) => CounterRow::decode(&key, &value)?.value,
        None => 0,
    })
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.into()).spawn(body)
}

impl Drop for LocalStore {
    /// Ends the threads without a checkpoint: what is durable stays so, and the next start replays it.
    fn drop(&mut self) {
        // In this order: the end of the log alone would ask for a last checkpoint.
        self.core.signals.abandon();
        self.core.state().stage = Stage::Stopped;
        self.core.batch_ready.notify_all();
        self.core.signals.overlay.send_replace(OverlayRoom::Open);
        for thread in self.threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }
}

impl fmt::Debug for LocalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalStore").field(&self.core).finish()
    }
}

impl Store for LocalStore {
    fn resident(&self, bucket: &BucketRef, key: &ObjectKey) -> Option<StoredObject> {
        self.core.resident(bucket, key)
    }

    fn open<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<Option<StoredObject>>> {
        Box::pin(self.core.open(bucket, key))
    }

    fn begin(&self, intent: WriteIntent) -> BoxFuture<'_, Result<Box<dyn ObjectWriter>>> {
        Box::pin(self.core.begin(intent))
    }

    fn begin_fill<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        rule_version: u64,
    ) -> BoxFuture<'a, Result<Option<FillToken>>> {
        Box::pin(self.core.begin_fill(bucket, key, rule_version))
    }

    fn delete<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        afterwards: Afterwards,
    ) -> BoxFuture<'a, Result<Deleted>> {
        Box::pin(self.core.delete(bucket, key, afterwards))
    }

    fn delete_if<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        afterwards: Afterwards,
        condition: &'a ObjectCondition,
    ) -> BoxFuture<'a, Result<Deleted>> {
        Box::pin(self.core.delete_if(bucket, key, afterwards, condition))
    }

    fn open_version<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        version: VersionId,
    ) -> BoxFuture<'a, Result<Option<StoredVersion>>> {
        Box::pin(self.core.open_version(bucket, key, version))
    }

    fn marker<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<Option<DeleteMarker>>> {
        Box::pin(async move { self.core.marker(bucket, key) })
    }

    fn delete_version<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        removal: VersionRemoval,
    ) -> BoxFuture<'a, Result<Option<RemovedVersion>>> {
        Box::pin(self.core.delete_version(bucket, key, removal))
    }

    fn amend<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        amendment: JudgedAmendment,
    ) -> BoxFuture<'a, Result<SharedMeta>> {
        Box::pin(async move { self.core.amend(bucket, key, None, &amendment).await })
    }

    fn amend_version<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        version: VersionId,
        amendment: JudgedAmendment,
    ) -> BoxFuture<'a, Result<SharedMeta>> {
        Box::pin(async move { self.core.amend(bucket, key, Some(version), &amendment).await })
    }

    fn gone<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<Option<Timestamp>>> {
        Box::pin(async move { self.core.gone(bucket, key) })
    }

    fn list_gone<'a>(
        &'a self,
        bucket: &'a BucketRef,
        prefix: &'a str,
        after: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Tombstone>>> {
        Box::pin(async move { self.core.list_gone(bucket, prefix, after, limit) })
    }

    fn lift_gone<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.core.lift_gone(bucket, key))
    }

    fn copy(
        &self,
        source: StoredObject,
        bucket: BucketRef,
        key: ObjectKey,
        object: NewObject,
        expect: Expectation,
    ) -> BoxFuture<'_, Result<SharedMeta>> {
        Box::pin(self.core.copy(source, bucket, key, object, expect))
    }

    fn list<'a>(&'a self, bucket: &'a BucketRef, query: &'a ListQuery) -> BoxFuture<'a, Result<ListPage>> {
        Box::pin(async move { self.core.list(bucket, query) })
    }

    fn list_versions<'a>(
        &'a self,
        bucket: &'a BucketRef,
        query: &'a VersionQuery,
    ) -> BoxFuture<'a, Result<VersionPage>> {
        Box::pin(async move { self.core.list_versions(bucket, query) })
    }

    fn list_noncurrent<'a>(
        &'a self,
        bucket: &'a BucketRef,
        after: &'a VersionMarker,
        limit: usize,
    ) -> BoxFuture<'a, Result<NoncurrentPage>> {
        Box::pin(async move { self.core.list_noncurrent(bucket, after, limit) })
    }

    fn create_upload<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        upload: NewUpload,
    ) -> BoxFuture<'a, Result<UploadId>> {
        Box::pin(self.core.create_upload(bucket, key, upload))
    }

    fn upload<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        id: UploadId,
    ) -> BoxFuture<'a, Result<Option<(UploadInfo, NewUpload)>>> {
        Box::pin(async move { self.core.upload(bucket, key, id) })
    }

    fn parts<'a>(
        &'a self,
        bucket: &'a BucketRef,
        id: UploadId,
        after: u16,
        limit: usize,
    ) -> BoxFuture<'a, Result<PartPage>> {
        Box::pin(async move { self.core.parts(bucket, id, after, limit) })
    }

    fn uploads<'a>(
        &'a self,
        bucket: &'a BucketRef,
        query: &'a ListQuery,
        after_upload: Option<UploadId>,
    ) -> BoxFuture<'a, Result<UploadPage>> {
        Box::pin(async move { self.core.uploads(bucket, query, after_upload) })
    }

    fn complete_upload<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        id: UploadId,
        parts: &'a [CompletedPart],
        object: NewObject,
        expect: Expectation,
    ) -> BoxFuture<'a, Result<SharedMeta>> {
        Box::pin(self.core.complete_upload(bucket, key, id, parts, object, expect))
    }

    fn abort_upload<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        id: UploadId,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.core.abort_upload(bucket, key, id))
    }

    fn buckets(&self) -> BoxFuture<'_, Result<Vec<Bucket>>> {
        Box::pin(async move { self.core.buckets() })
    }

    fn create_bucket(&self, bucket: Bucket) -> BoxFuture<'_, Result<Bucket>> {
        Box::pin(self.core.create_bucket(bucket))
    }

    fn update_bucket(&self, bucket: Bucket) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.core.update_bucket(bucket))
    }

    fn delete_bucket<'a>(&'a self, bucket: &'a BucketRef) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.core.delete_bucket(bucket))
    }

    fn accounts(&self) -> BoxFuture<'_, Result<Vec<Account>>> {
        Box::pin(async move { self.core.accounts() })
    }

    fn put_account(&self, account: Account) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.core.put_account(account))
    }

    fn delete_account<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.core.delete_account(id))
    }

    fn access_tokens(&self) -> BoxFuture<'_, Result<Vec<AccessToken>>> {
        Box::pin(async move { self.core.access_tokens() })
    }

    fn put_access_token(&self, token: AccessToken) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.core.put_access_token(token))
    }

    fn delete_access_token<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.core.delete_access_token(id))
    }

    fn public_access(&self) -> BoxFuture<'_, Result<PublicAccessBlock>> {
        Box::pin(async move { self.core.public_access() })
    }

    fn put_public_access(&self, block: PublicAccessBlock) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.core.put_public_access(block))
    }

    fn origins(&self) -> BoxFuture<'_, Result<Vec<(OriginId, OriginSettings)>>> {
        Box::pin(async move { self.core.origins() })
    }

    fn put_origin<'a>(&'a self, origin: &'a OriginId, settings: OriginSettings) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.core.put_origin(origin, settings))
    }

    fn delete_origin<'a>(&'a self, origin: &'a OriginId) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.core.delete_origin(origin))
    }

    fn origin_usage(&self) -> BoxFuture<'_, Result<Vec<(OriginId, OriginUsage)>>> {
        Box::pin(async move { self.core.origin_usage() })
    }

    fn put_origin_usage(&self, usage: Vec<(OriginId, OriginUsage)>) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.core.put_origin_usage(usage))
    }

    fn stats(&self) -> StoreStats {
        let disk_bytes = self.disk_bytes();
        let layers = self.core.view.layers();
        StoreStats {
            objects: layers.accounting.objects,
            object_bytes: layers.accounting.object_bytes,
            versions: layers.accounting.versions,
            version_bytes: layers.accounting.version_bytes,
            tombstones: layers.accounting.all_gone().values().sum(),
            disk_bytes,
            log_tail_bytes: layers.tail_bytes,
            hot_bytes: self.core.hot.size_bytes(),
        }
    }

    fn close(&self, limit: Duration) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            {
                let mut state = self.core.state();
                if state.stage == Stage::Open {
                    state.stage = Stage::Closing;
                }
            }
            self.core.batch_ready.notify_all();
            let mut closed = self.core.signals.closed.subscribe();
            let outcome = tokio::time::timeout(limit, closed.wait_for(Option::is_some)).await;
            match outcome {
                Ok(Ok(settled)) if *settled == Some(true) => Ok(()),
                Ok(_) => Err(Error::internal("close the store", "the last checkpoint could not be made")),
                Err(elapsed) => Err(Error::internal("close the store", elapsed)),
            }
        })
    }
}
