//! The store in memory, with faults that a test chooses in its writers.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use headwater_model::account::Account;
use headwater_model::bucket::{Bucket, PublicAccessBlock};
use headwater_model::clock::Timestamp;
use headwater_model::digest::Digests;
use headwater_model::list::{ListPage, ListQuery};
use headwater_model::multipart::{CompletedPart, PartInfo, PartPage, UploadId, UploadInfo, UploadPage};
use headwater_model::object::SharedMeta;
use headwater_model::origin::OriginId;
use headwater_model::precondition::ObjectCondition;
use headwater_model::settings::{OriginSettings, OriginUsage};
use headwater_model::token::AccessToken;
use headwater_model::version::{DeleteMarker, VersionId, VersionMarker, VersionPage, VersionQuery};
use headwater_model::{BoxFuture, Error, ObjectKey, Result};
use headwater_store::{
    Afterwards, Ahead, BucketRef, Deleted, Expectation, FillToken, JudgedAmendment, NewObject, NewPart, NewUpload,
    NoncurrentPage, ObjectWriter, RemovedVersion, Store, StoreStats, StoredObject, StoredVersion, Tail, TailState,
    Tombstone, VersionRemoval, WriteIntent,
};
use headwater_testkit::MemoryStore;
use tokio::sync::watch;

/// What goes wrong.
#[derive(Clone, Default)]
pub(super) struct Faults {
    /// No write can begin.
    pub(super) no_space_at_all: bool,
    /// The write that would go beyond this many bytes fails.
    pub(super) space_bytes: Option<u64>,
    /// How many bytes the writer takes before followers can read them.
    pub(super) lag_bytes: u64,
    /// Commits wait until this is true.
    pub(super) may_commit: Option<watch::Receiver<bool>>,
    /// The end of the body fails.
    pub(super) finish_fails: bool,
}

pub(super) struct FaultyStore {
    pub(super) inner: MemoryStore,
    faults: Mutex<Faults>,
}

impl FaultyStore {
    pub(super) fn new(inner: MemoryStore, faults: Faults) -> Self {
        Self { inner, faults: Mutex::new(faults) }
    }

    pub(super) fn heal(&self) {
        *self.faults.lock().unwrap() = Faults::default();
    }
}

struct FaultyWriter {
    /// `None` once it failed.
    inner: Option<Box<dyn ObjectWriter>>,
    tail: Option<Arc<LaggingTail>>,
    faults: Faults,
    written: u64,
}

impl ObjectWriter for FaultyWriter {
    fn write(&mut self, chunk: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.written += chunk.len() as u64;
            if self.faults.space_bytes.is_some_and(|space| self.written > space) {
                self.inner = None;
                return Err(Error::StorageFull);
            }
            self.inner.as_mut().expect("no write after a failure").write(chunk).await
        })
    }

    fn tail(&self) -> Arc<dyn Tail> {
        Arc::clone(self.tail.as_ref().expect("begun to be followed")) as _
    }

    fn ahead(&self) -> Option<Arc<dyn Ahead>> {
        self.inner.as_ref().and_then(|inner| inner.ahead())
    }

    fn absorb(&mut self, length: u64) -> BoxFuture<'_, Result<()>> {
        self.written += length;
        self.inner.as_mut().expect("no write after a failure").absorb(length)
    }

    fn finish(&mut self) -> BoxFuture<'_, Result<Digests>> {
        Box::pin(async move {
            if self.faults.finish_fails {
                self.inner = None;
                return Err(Error::internal("finish", "the test wants it"));
            }
            self.inner.as_mut().expect("no finish after a failure").finish().await
        })
    }

    fn seal(self: Box<Self>, object: NewObject, expect: Expectation) -> BoxFuture<'static, Result<SharedMeta>> {
        Box::pin(async move {
            if let Some(mut may_commit) = self.faults.may_commit.clone() {
                let _ = may_commit.wait_for(|may| *may).await;
            }
            self.inner.expect("no seal after a failure").seal(object, expect).await
        })
    }

    fn seal_append(self: Box<Self>, _: NewObject, _: Expectation) -> BoxFuture<'static, Result<SharedMeta>> {
        unreachable!("fills append nothing")
    }

    fn seal_part(self: Box<Self>, _: NewPart) -> BoxFuture<'static, Result<PartInfo>> {
        unreachable!("fills write no parts")
    }
}

/// Shows bytes only once `lag_bytes` more have been written, or at the end.
struct LaggingTail {
    inner: Arc<dyn Tail>,
    lag_bytes: u64,
}

impl LaggingTail {
    fn lag(&self, state: TailState) -> TailState {
        match state {
            TailState::Growing(bytes) => TailState::Growing(bytes.saturating_sub(self.lag_bytes)),
            TailState::Finished(bytes) => TailState::Finished(bytes),
            TailState::Broken(bytes) => TailState::Broken(bytes.saturating_sub(self.lag_bytes)),
        }
    }
}

impl Tail for LaggingTail {
    fn state(&self) -> TailState {
        self.lag(self.inner.state())
    }

    fn changed(&self, seen: TailState) -> BoxFuture<'_, TailState> {
        Box::pin(async move {
            let mut state = self.inner.state();
            while self.lag(state) == seen {
                state = self.inner.changed(state).await;
            }
            self.lag(state)
        })
    }

    fn read(&self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        assert!(range.end <= self.state().readable(), "only what is shown may be read");
        self.inner.read(range)
    }
}

impl Store for FaultyStore {
    fn begin(&self, intent: WriteIntent) -> BoxFuture<'_, Result<Box<dyn ObjectWriter>>> {
        Box::pin(async move {
            let faults = self.faults.lock().unwrap().clone();
            if faults.no_space_at_all {
                return Err(Error::StorageFull);
            }
            let followed = intent.followed;
            let inner = self.inner.begin(intent).await?;
            let tail = followed.then(|| Arc::new(LaggingTail { inner: inner.tail(), lag_bytes: faults.lag_bytes }));
            Ok(Box::new(FaultyWriter { inner: Some(inner), tail, faults, written: 0 }) as Box<dyn ObjectWriter>)
        })
    }

    fn resident(&self, bucket: &BucketRef, key: &ObjectKey) -> Option<StoredObject> {
        self.inner.resident(bucket, key)
    }

    fn open<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<Option<StoredObject>>> {
        self.inner.open(bucket, key)
    }

    fn begin_fill<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        rule_version: u64,
    ) -> BoxFuture<'a, Result<Option<FillToken>>> {
        self.inner.begin_fill(bucket, key, rule_version)
    }

    fn delete<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        afterwards: Afterwards,
    ) -> BoxFuture<'a, Result<Deleted>> {
        self.inner.delete(bucket, key, afterwards)
    }

    fn delete_if<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        afterwards: Afterwards,
        condition: &'a ObjectCondition,
    ) -> BoxFuture<'a, Result<Deleted>> {
        self.inner.delete_if(bucket, key, afterwards, condition)
    }

    fn amend<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        amendment: JudgedAmendment,
    ) -> BoxFuture<'a, Result<SharedMeta>> {
        self.inner.amend(bucket, key, amendment)
    }

    fn open_version<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        version: VersionId,
    ) -> BoxFuture<'a, Result<Option<StoredVersion>>> {
        self.inner.open_version(bucket, key, version)
    }

    fn marker<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<Option<DeleteMarker>>> {
        self.inner.marker(bucket, key)
    }

    fn delete_version<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        removal: VersionRemoval,
    ) -> BoxFuture<'a, Result<Option<RemovedVersion>>> {
        self.inner.delete_version(bucket, key, removal)
    }

    fn amend_version<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        version: VersionId,
        amendment: JudgedAmendment,
    ) -> BoxFuture<'a, Result<SharedMeta>> {
        self.inner.amend_version(bucket, key, version, amendment)
    }

    fn list_versions<'a>(
        &'a self,
        bucket: &'a BucketRef,
        query: &'a VersionQuery,
    ) -> BoxFuture<'a, Result<VersionPage>> {
        self.inner.list_versions(bucket, query)
    }

    fn list_noncurrent<'a>(
        &'a self,
        bucket: &'a BucketRef,
        after: &'a VersionMarker,
        limit: usize,
    ) -> BoxFuture<'a, Result<NoncurrentPage>> {
        self.inner.list_noncurrent(bucket, after, limit)
    }

    fn gone<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<Option<Timestamp>>> {
        self.inner.gone(bucket, key)
    }

    fn list_gone<'a>(
        &'a self,
        bucket: &'a BucketRef,
        prefix: &'a str,
        after: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Tombstone>>> {
        self.inner.list_gone(bucket, prefix, after, limit)
    }

    fn lift_gone<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<bool>> {
        self.inner.lift_gone(bucket, key)
    }

    fn copy(
        &self,
        _: StoredObject,
        _: BucketRef,
        _: ObjectKey,
        _: NewObject,
        _: Expectation,
    ) -> BoxFuture<'_, Result<SharedMeta>> {
        unreachable!("fills copy nothing")
    }

    fn list<'a>(&'a self, bucket: &'a BucketRef, query: &'a ListQuery) -> BoxFuture<'a, Result<ListPage>> {
        self.inner.list(bucket, query)
    }

    fn create_upload<'a>(
        &'a self,
        _: &'a BucketRef,
        _: &'a ObjectKey,
        _: NewUpload,
    ) -> BoxFuture<'a, Result<UploadId>> {
        unreachable!("fills upload nothing")
    }

    fn upload<'a>(
        &'a self,
        _: &'a BucketRef,
        _: &'a ObjectKey,
        _: UploadId,
    ) -> BoxFuture<'a, Result<Option<(UploadInfo, NewUpload)>>> {
        unreachable!("fills upload nothing")
    }

    fn parts<'a>(&'a self, _: &'a BucketRef, _: UploadId, _: u16, _: usize) -> BoxFuture<'a, Result<PartPage>> {
        unreachable!("fills upload nothing")
    }

    fn uploads<'a>(
        &'a self,
        _: &'a BucketRef,
        _: &'a ListQuery,
        _: Option<UploadId>,
    ) -> BoxFuture<'a, Result<UploadPage>> {
        unreachable!("fills upload nothing")
    }

    fn complete_upload<'a>(
        &'a self,
        _: &'a BucketRef,
        _: &'a ObjectKey,
        _: UploadId,
        _: &'a [CompletedPart],
        _: NewObject,
        _: Expectation,
    ) -> BoxFuture<'a, Result<SharedMeta>> {
        unreachable!("fills upload nothing")
    }

    fn abort_upload<'a>(&'a self, _: &'a BucketRef, _: &'a ObjectKey, _: UploadId) -> BoxFuture<'a, Result<()>> {
        unreachable!("fills upload nothing")
    }

    fn buckets(&self) -> BoxFuture<'_, Result<Vec<Bucket>>> {
        self.inner.buckets()
    }

    fn create_bucket(&self, bucket: Bucket) -> BoxFuture<'_, Result<Bucket>> {
        self.inner.create_bucket(bucket)
    }

    fn update_bucket(&self, bucket: Bucket) -> BoxFuture<'_, Result<()>> {
        self.inner.update_bucket(bucket)
    }

    fn delete_bucket<'a>(&'a self, bucket: &'a BucketRef) -> BoxFuture<'a, Result<()>> {
        self.inner.delete_bucket(bucket)
    }

    fn accounts(&self) -> BoxFuture<'_, Result<Vec<Account>>> {
        self.inner.accounts()
    }

    fn put_account(&self, account: Account) -> BoxFuture<'_, Result<()>> {
        self.inner.put_account(account)
    }

    fn delete_account<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool>> {
        self.inner.delete_account(id)
    }

    fn access_tokens(&self) -> BoxFuture<'_, Result<Vec<AccessToken>>> {
        self.inner.access_tokens()
    }

    fn put_access_token(&self, token: AccessToken) -> BoxFuture<'_, Result<()>> {
        self.inner.put_access_token(token)
    }

    fn delete_access_token<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool>> {
        self.inner.delete_access_token(id)
    }

    fn public_access(&self) -> BoxFuture<'_, Result<PublicAccessBlock>> {
        self.inner.public_access()
    }

    fn put_public_access(&self, block: PublicAccessBlock) -> BoxFuture<'_, Result<()>> {
        self.inner.put_public_access(block)
    }

    fn origins(&self) -> BoxFuture<'_, Result<Vec<(OriginId, OriginSettings)>>> {
        self.inner.origins()
    }

    fn put_origin<'a>(&'a self, origin: &'a OriginId, settings: OriginSettings) -> BoxFuture<'a, Result<()>> {
        self.inner.put_origin(origin, settings)
    }

    fn delete_origin<'a>(&'a self, origin: &'a OriginId) -> BoxFuture<'a, Result<bool>> {
        self.inner.delete_origin(origin)
    }

    fn origin_usage(&self) -> BoxFuture<'_, Result<Vec<(OriginId, OriginUsage)>>> {
        self.inner.origin_usage()
    }

    fn put_origin_usage(&self, usage: Vec<(OriginId, OriginUsage)>) -> BoxFuture<'_, Result<()>> {
        self.inner.put_origin_usage(usage)
    }

    fn stats(&self) -> StoreStats {
        self.inner.stats()
    }

    fn close(&self, limit: Duration) -> BoxFuture<'_, Result<()>> {
        self.inner.close(limit)
    }
}
