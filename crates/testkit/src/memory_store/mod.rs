//! The reference model of a store: sorted maps under one mutex, obviously correct rather than fast.
//!
//! It keeps every promise of [`headwater_store::Store`] except durability: what it holds ends with it. Property tests
//! compare other stores with it, and the engine is tested on it.
//!
//! Where the contract leaves a choice, it does this: reads of a bucket's life that ended find nothing; changes give
//! `NoSuchBucket`, `begin` included. It never runs out of space, and is damaged only where a test says so.

mod content;
pub(crate) mod digests;
mod fixture;
mod listing;
mod origins;
mod state;
mod uploads;
mod versions;
mod writer;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use headwater_model::account::Account;
use headwater_model::bucket::{Bucket, PublicAccessBlock};
use headwater_model::clock::{Clock, Timestamp};
use headwater_model::list::{ListPage, ListQuery};
use headwater_model::multipart::{CompletedPart, PartPage, UploadId, UploadInfo, UploadPage};
use headwater_model::object::SharedMeta;
use headwater_model::origin::OriginId;
use headwater_model::precondition::ObjectCondition;
use headwater_model::settings::{OriginSettings, OriginUsage};
use headwater_model::token::AccessToken;
use headwater_model::version::{DeleteMarker, VersionId, VersionMarker, VersionPage, VersionQuery};
use headwater_model::{BoxFuture, Error, ObjectKey, Result};
use headwater_store::{
    Afterwards, BucketRef, Deleted, Expectation, FillToken, JudgedAmendment, NewObject, NewUpload, NoncurrentPage,
    ObjectWriter, RemovedVersion, Store, StoreStats, StoredObject, StoredVersion, Tombstone, VersionRemoval,
    WriteIntent,
};

use self::content::RESIDENT_BYTES;
pub use self::fixture::MemoryFactory;
use self::state::{State, Stored};
use self::writer::MemoryWriter;

/// A store in memory. Clones are the same store.
#[derive(Clone)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
    intruder: Arc<Mutex<Option<Intruder>>>,
}

/// What happens between a look and what follows from it.
type Intruder = Box<dyn FnMut(&MemoryStore) + Send>;

impl MemoryStore {
    /// An empty store; `clock` gives upload ids and the times of uploads.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { state: Arc::default(), clock, intruder: Arc::default() }
    }

    /// From now on, whoever opened an object or a version finds that `intruder` came before whatever he does next. What
    /// the intruder opens itself calls nobody.
    pub fn intrude(&self, intruder: impl FnMut(&Self) + Send + 'static) {
        *self.intruder.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(intruder));
    }

    /// From now on, the row of this key cannot be read by listings.
    pub fn damage(&self, key: ObjectKey) {
        self.state().damaged.insert(key);
    }

    /// What was opened, after the intruder's visit.
    fn opened<'a, T: Send + 'a>(&self, opened: T) -> BoxFuture<'a, Result<T>> {
        let intruder = || self.intruder.lock().unwrap_or_else(PoisonError::into_inner);
        let present = intruder().take();
        if let Some(mut present) = present {
            present(self);
            intruder().get_or_insert(present);
        }
        ready(Ok(opened))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is judged before it begins: a panic leaves no half of one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A finished answer as a future: nothing here waits.
fn ready<'a, T: Send + 'a>(answer: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(answer))
}

impl Store for MemoryStore {
    fn resident(&self, bucket: &BucketRef, key: &ObjectKey) -> Option<StoredObject> {
        let state = self.state();
        let stored = state.life(bucket).ok()?.current(key)?;
        (stored.bytes.len() <= RESIDENT_BYTES).then(|| stored.open())
    }

    fn open<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<Option<StoredObject>>> {
        let opened = self.state().life(bucket).ok().and_then(|life| life.current(key)).map(Stored::open);
        self.opened(opened)
    }

    fn begin(&self, intent: WriteIntent) -> BoxFuture<'_, Result<Box<dyn ObjectWriter>>> {
        let begun = self.state().writable(&intent.bucket).map(drop);
        ready(begun.map(|()| Box::new(MemoryWriter::new(self.clone(), intent)) as Box<dyn ObjectWriter>))
    }

    fn begin_fill<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        rule_version: u64,
    ) -> BoxFuture<'a, Result<Option<FillToken>>> {
        ready(self.state().begin_fill(bucket, key, rule_version))
    }

    fn delete<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        afterwards: Afterwards,
    ) -> BoxFuture<'a, Result<Deleted>> {
        let now = self.clock.now();
        ready(self.state().delete(bucket, key, afterwards, now))
    }

    fn delete_if<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        afterwards: Afterwards,
        condition: &'a ObjectCondition,
    ) -> BoxFuture<'a, Result<Deleted>> {
        let now = self.clock.now();
        ready(self.state().delete_if(bucket, key, (afterwards, now), condition))
    }

    fn open_version<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        version: VersionId,
    ) -> BoxFuture<'a, Result<Option<StoredVersion>>> {
        let opened = self.state().open_version(bucket, key, version);
        self.opened(opened)
    }

    fn marker<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<Option<DeleteMarker>>> {
        ready(Ok(self.state().marker(bucket, key)))
    }

    fn delete_version<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        removal: VersionRemoval,
    ) -> BoxFuture<'a, Result<Option<RemovedVersion>>> {
        let now = self.clock.now();
        ready(self.state().delete_version(bucket, key, &removal, now))
    }

    fn amend<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        amendment: JudgedAmendment,
    ) -> BoxFuture<'a, Result<SharedMeta>> {
        let now = self.clock.now();
        ready(self.state().amend(bucket, key, None, amendment, now))
    }

    fn amend_version<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        version: VersionId,
        amendment: JudgedAmendment,
    ) -> BoxFuture<'a, Result<SharedMeta>> {
        let now = self.clock.now();
        ready(self.state().amend(bucket, key, Some(version), amendment, now))
    }

    fn gone<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<Option<Timestamp>>> {
        let state = self.state();
        ready(Ok(state.life(bucket).ok().and_then(|life| life.gone.get(key).copied())))
    }

    fn list_gone<'a>(
        &'a self,
        bucket: &'a BucketRef,
        prefix: &'a str,
        after: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Tombstone>>> {
        let state = self.state();
        let page = state.life(bucket).map(|life| {
            let wanted = |key: &ObjectKey| key.as_str().starts_with(prefix) && key.as_str() > after;
            let all = life.gone.iter().filter(|(key, _)| wanted(key));
            all.take(limit).map(|(key, deleted)| (key.clone(), *deleted)).collect()
        });
        ready(Ok(page.unwrap_or_default()))
    }

    fn lift_gone<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<bool>> {
        let lifted = self.state().writable(bucket).map(|life| life.gone.remove(key).is_some());
        ready(lifted)
    }

    fn copy(
        &self,
        source: StoredObject,
        bucket: BucketRef,
        key: ObjectKey,
        object: NewObject,
        expect: Expectation,
    ) -> BoxFuture<'_, Result<SharedMeta>> {
        Box::pin(async move {
            let bytes = content::read_all(&source).await?;
            let stored = (Stored::new(object, bytes, None), self.clock.now());
            self.state().commit(&bucket, &key, &expect, stored)
        })
    }

    fn list<'a>(&'a self, bucket: &'a BucketRef, query: &'a ListQuery) -> BoxFuture<'a, Result<ListPage>> {
        let state = self.state();
        ready(Ok(state.life(bucket).map(|life| listing::objects(life, &state.damaged, query)).unwrap_or_default()))
    }

    fn list_versions<'a>(
        &'a self,
        bucket: &'a BucketRef,
        query: &'a VersionQuery,
    ) -> BoxFuture<'a, Result<VersionPage>> {
        let state = self.state();
        ready(Ok(state.life(bucket).map(|life| listing::versions(life, query)).unwrap_or_default()))
    }

    fn list_noncurrent<'a>(
        &'a self,
        bucket: &'a BucketRef,
        after: &'a VersionMarker,
        limit: usize,
    ) -> BoxFuture<'a, Result<NoncurrentPage>> {
        let state = self.state();
        ready(Ok(state.life(bucket).map(|life| listing::noncurrent(life, after, limit)).unwrap_or_default()))
    }

    fn create_upload<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        upload: NewUpload,
    ) -> BoxFuture<'a, Result<UploadId>> {
        let info = UploadInfo {
            key: key.clone(),
            id: UploadId(self.clock.id()),
            initiated: self.clock.now(),
            checksum_algorithm: upload.checksum_algorithm,
            checksum_type: upload.checksum_type,
            owner: upload.headers.access.as_ref().and_then(|access| access.owner.clone()),
        };
        ready(self.state().create_upload(bucket, info, upload))
    }

    fn upload<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        id: UploadId,
    ) -> BoxFuture<'a, Result<Option<(UploadInfo, NewUpload)>>> {
        let state = self.state();
        let upload = state.life(bucket).ok().and_then(|life| life.uploads.get(&(key.clone(), id)));
        ready(Ok(upload.map(|upload| (upload.info.clone(), upload.new.clone()))))
    }

    fn parts<'a>(
        &'a self,
        bucket: &'a BucketRef,
        id: UploadId,
        after: u16,
        limit: usize,
    ) -> BoxFuture<'a, Result<PartPage>> {
        let state = self.state();
        let no_such_upload = || Error::NoSuchUpload { upload_id: id.to_string().into() };
        let upload = state.life(bucket).ok().and_then(|life| life.upload(id)).ok_or_else(no_such_upload);
        ready(upload.map(|upload| listing::parts(upload, after, limit)))
    }

    fn uploads<'a>(
        &'a self,
        bucket: &'a BucketRef,
        query: &'a ListQuery,
        after_upload: Option<UploadId>,
    ) -> BoxFuture<'a, Result<UploadPage>> {
        let state = self.state();
        ready(Ok(state.life(bucket).map(|life| listing::uploads(life, query, after_upload)).unwrap_or_default()))
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
        let now = self.clock.now();
        ready(self.state().complete_upload(bucket, &(key.clone(), id), parts, object, (&expect, now)))
    }

    fn abort_upload<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        id: UploadId,
    ) -> BoxFuture<'a, Result<()>> {
        ready(self.state().abort_upload(bucket, &(key.clone(), id)))
    }

    fn buckets(&self) -> BoxFuture<'_, Result<Vec<Bucket>>> {
        ready(Ok(self.state().buckets()))
    }

    fn create_bucket(&self, bucket: Bucket) -> BoxFuture<'_, Result<Bucket>> {
        ready(self.state().create_bucket(bucket))
    }

    fn update_bucket(&self, bucket: Bucket) -> BoxFuture<'_, Result<()>> {
        ready(self.state().update_bucket(bucket))
    }

    fn delete_bucket<'a>(&'a self, bucket: &'a BucketRef) -> BoxFuture<'a, Result<()>> {
        ready(self.state().delete_bucket(bucket))
    }

    fn accounts(&self) -> BoxFuture<'_, Result<Vec<Account>>> {
        ready(Ok(self.state().accounts.values().cloned().collect()))
    }

    fn put_account(&self, account: Account) -> BoxFuture<'_, Result<()>> {
        ready(self.state().put_account(account))
    }

    fn delete_account<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool>> {
        ready(self.state().delete_account(id))
    }

    fn access_tokens(&self) -> BoxFuture<'_, Result<Vec<AccessToken>>> {
        ready(Ok(self.state().access_tokens.values().cloned().collect()))
    }

    fn put_access_token(&self, token: AccessToken) -> BoxFuture<'_, Result<()>> {
        ready(self.state().put_access_token(token))
    }

    fn delete_access_token<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool>> {
        ready(self.state().delete_access_token(id))
    }

    fn public_access(&self) -> BoxFuture<'_, Result<PublicAccessBlock>> {
        ready(Ok(self.state().public_access))
    }

    fn put_public_access(&self, block: PublicAccessBlock) -> BoxFuture<'_, Result<()>> {
        ready(self.state().put_public_access(block))
    }

    fn origins(&self) -> BoxFuture<'_, Result<Vec<(OriginId, OriginSettings)>>> {
        ready(Ok(self.state().origins.settings.clone().into_iter().collect()))
    }

    fn put_origin<'a>(&'a self, origin: &'a OriginId, settings: OriginSettings) -> BoxFuture<'a, Result<()>> {
        ready(self.state().origins_to_change().and_then(|origins| origins.put(origin, settings)))
    }

    fn delete_origin<'a>(&'a self, origin: &'a OriginId) -> BoxFuture<'a, Result<bool>> {
        ready(self.state().origins_to_change().map(|origins| origins.settings.remove(origin).is_some()))
    }

    fn origin_usage(&self) -> BoxFuture<'_, Result<Vec<(OriginId, OriginUsage)>>> {
        ready(Ok(self.state().origins.usage.clone().into_iter().collect()))
    }

    fn put_origin_usage(&self, usage: Vec<(OriginId, OriginUsage)>) -> BoxFuture<'_, Result<()>> {
        ready(self.state().origins_to_change().and_then(|origins| origins.put_usage(usage)))
    }

    fn stats(&self) -> StoreStats {
        self.state().stats()
    }

    fn close(&self, _limit: Duration) -> BoxFuture<'_, Result<()>> {
        self.state().close();
        ready(Ok(()))
    }
}
