//! Random runs find a store that errs, and report it with its seed and a list that was shrunk to what matters.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
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
use headwater_model::{BoxFuture, ObjectKey, Result};
use headwater_store::{
    Afterwards, BucketRef, Deleted, Expectation, FillToken, JudgedAmendment, NewObject, NewUpload, NoncurrentPage,
    ObjectWriter, RemovedVersion, Store, StoreStats, StoredObject, StoredVersion, Tombstone, VersionRemoval,
    WriteIntent,
};
use headwater_testkit::MemoryStore;
use headwater_testkit::store_suite::{Factory, Fixture, random};

/// A store that forgets one thing: a delete of a key that is not there does not revoke the key's token.
struct Forgetful(MemoryStore);

impl Store for Forgetful {
    fn delete<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        afterwards: Afterwards,
    ) -> BoxFuture<'a, Result<Deleted>> {
        Box::pin(async move {
            if afterwards == Afterwards::Refetchable && self.0.open(bucket, key).await?.is_none() {
                return Ok(Deleted::default());
            }
            self.0.delete(bucket, key, afterwards).await
        })
    }

    fn delete_if<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        afterwards: Afterwards,
        condition: &'a ObjectCondition,
    ) -> BoxFuture<'a, Result<Deleted>> {
        self.0.delete_if(bucket, key, afterwards, condition)
    }

    fn amend<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        amendment: JudgedAmendment,
    ) -> BoxFuture<'a, Result<SharedMeta>> {
        self.0.amend(bucket, key, amendment)
    }

    fn open_version<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        version: VersionId,
    ) -> BoxFuture<'a, Result<Option<StoredVersion>>> {
        self.0.open_version(bucket, key, version)
    }

    fn marker<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<Option<DeleteMarker>>> {
        self.0.marker(bucket, key)
    }

    fn delete_version<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        removal: VersionRemoval,
    ) -> BoxFuture<'a, Result<Option<RemovedVersion>>> {
        self.0.delete_version(bucket, key, removal)
    }

    fn amend_version<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        version: VersionId,
        amendment: JudgedAmendment,
    ) -> BoxFuture<'a, Result<SharedMeta>> {
        self.0.amend_version(bucket, key, version, amendment)
    }

    fn list_versions<'a>(
        &'a self,
        bucket: &'a BucketRef,
        query: &'a VersionQuery,
    ) -> BoxFuture<'a, Result<VersionPage>> {
        self.0.list_versions(bucket, query)
    }

    fn list_noncurrent<'a>(
        &'a self,
        bucket: &'a BucketRef,
        after: &'a VersionMarker,
        limit: usize,
    ) -> BoxFuture<'a, Result<NoncurrentPage>> {
        self.0.list_noncurrent(bucket, after, limit)
    }

    fn gone<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<Option<Timestamp>>> {
        self.0.gone(bucket, key)
    }

    fn list_gone<'a>(
        &'a self,
        bucket: &'a BucketRef,
        prefix: &'a str,
        after: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Tombstone>>> {
        self.0.list_gone(bucket, prefix, after, limit)
    }

    fn lift_gone<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<bool>> {
        self.0.lift_gone(bucket, key)
    }

    fn resident(&self, bucket: &BucketRef, key: &ObjectKey) -> Option<StoredObject> {
        self.0.resident(bucket, key)
    }
    fn open<'a>(&'a self, bucket: &'a BucketRef, key: &'a ObjectKey) -> BoxFuture<'a, Result<Option<StoredObject>>> {
        self.0.open(bucket, key)
    }
    fn begin(&self, intent: WriteIntent) -> BoxFuture<'_, Result<Box<dyn ObjectWriter>>> {
        self.0.begin(intent)
    }
    fn begin_fill<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        rule_version: u64,
    ) -> BoxFuture<'a, Result<Option<FillToken>>> {
        self.0.begin_fill(bucket, key, rule_version)
    }
    fn copy(
        &self,
        source: StoredObject,
        bucket: BucketRef,
        key: ObjectKey,
        object: NewObject,
        expect: Expectation,
    ) -> BoxFuture<'_, Result<SharedMeta>> {
        self.0.copy(source, bucket, key, object, expect)
    }
    fn list<'a>(&'a self, bucket: &'a BucketRef, query: &'a ListQuery) -> BoxFuture<'a, Result<ListPage>> {
        self.0.list(bucket, query)
    }
    fn create_upload<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        upload: NewUpload,
    ) -> BoxFuture<'a, Result<UploadId>> {
        self.0.create_upload(bucket, key, upload)
    }
    fn upload<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        id: UploadId,
    ) -> BoxFuture<'a, Result<Option<(UploadInfo, NewUpload)>>> {
        self.0.upload(bucket, key, id)
    }
    fn parts<'a>(
        &'a self,
        bucket: &'a BucketRef,
        id: UploadId,
        after: u16,
        limit: usize,
    ) -> BoxFuture<'a, Result<PartPage>> {
        self.0.parts(bucket, id, after, limit)
    }
    fn uploads<'a>(
        &'a self,
        bucket: &'a BucketRef,
        query: &'a ListQuery,
        after_upload: Option<UploadId>,
    ) -> BoxFuture<'a, Result<UploadPage>> {
        self.0.uploads(bucket, query, after_upload)
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
        self.0.complete_upload(bucket, key, id, parts, object, expect)
    }
    fn abort_upload<'a>(
        &'a self,
        bucket: &'a BucketRef,
        key: &'a ObjectKey,
        id: UploadId,
    ) -> BoxFuture<'a, Result<()>> {
        self.0.abort_upload(bucket, key, id)
    }
    fn buckets(&self) -> BoxFuture<'_, Result<Vec<Bucket>>> {
        self.0.buckets()
    }
    fn create_bucket(&self, bucket: Bucket) -> BoxFuture<'_, Result<Bucket>> {
        self.0.create_bucket(bucket)
    }
    fn update_bucket(&self, bucket: Bucket) -> BoxFuture<'_, Result<()>> {
        self.0.update_bucket(bucket)
    }
    fn delete_bucket<'a>(&'a self, bucket: &'a BucketRef) -> BoxFuture<'a, Result<()>> {
        self.0.delete_bucket(bucket)
    }
    fn accounts(&self) -> BoxFuture<'_, Result<Vec<Account>>> {
        self.0.accounts()
    }

    fn put_account(&self, account: Account) -> BoxFuture<'_, Result<()>> {
        self.0.put_account(account)
    }

    fn delete_account<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool>> {
        self.0.delete_account(id)
    }

    fn access_tokens(&self) -> BoxFuture<'_, Result<Vec<AccessToken>>> {
        self.0.access_tokens()
    }

    fn put_access_token(&self, token: AccessToken) -> BoxFuture<'_, Result<()>> {
        self.0.put_access_token(token)
    }

    fn delete_access_token<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool>> {
        self.0.delete_access_token(id)
    }

    fn public_access(&self) -> BoxFuture<'_, Result<PublicAccessBlock>> {
        self.0.public_access()
    }

    fn put_public_access(&self, block: PublicAccessBlock) -> BoxFuture<'_, Result<()>> {
        self.0.put_public_access(block)
    }

    fn origins(&self) -> BoxFuture<'_, Result<Vec<(OriginId, OriginSettings)>>> {
        self.0.origins()
    }
    fn put_origin<'a>(&'a self, origin: &'a OriginId, settings: OriginSettings) -> BoxFuture<'a, Result<()>> {
        self.0.put_origin(origin, settings)
    }
    fn delete_origin<'a>(&'a self, origin: &'a OriginId) -> BoxFuture<'a, Result<bool>> {
        self.0.delete_origin(origin)
    }
    fn origin_usage(&self) -> BoxFuture<'_, Result<Vec<(OriginId, OriginUsage)>>> {
        self.0.origin_usage()
    }
    fn put_origin_usage(&self, usage: Vec<(OriginId, OriginUsage)>) -> BoxFuture<'_, Result<()>> {
        self.0.put_origin_usage(usage)
    }
    fn stats(&self) -> StoreStats {
        self.0.stats()
    }
    fn close(&self, limit: Duration) -> BoxFuture<'_, Result<()>> {
        self.0.close(limit)
    }
}

struct ForgetfulFixture(Arc<Forgetful>);

impl Fixture for ForgetfulFixture {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.0) as Arc<dyn Store>
    }
    fn reopen(&mut self) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async { Ok(false) })
    }
    fn threshold_bytes(&self) -> usize {
        1000
    }
}

struct ForgetfulFactory;

impl Factory for ForgetfulFactory {
    fn make(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, Box<dyn Fixture>> {
        let store = Arc::new(Forgetful(MemoryStore::new(clock)));
        Box::pin(async move { Box::new(ForgetfulFixture(store)) as Box<dyn Fixture> })
    }
}

#[tokio::test]
async fn a_difference_is_reported_with_its_seed_and_what_matters() {
    let run = random::random_operations(&ForgetfulFactory, 42, 400);
    let panic = AssertUnwindSafe(run).catch_unwind().await.expect_err("the store errs");
    let report = panic.downcast_ref::<String>().expect("a formatted report");
    assert!(report.starts_with("seed 42: "), "{report}");
    assert_eq!(report.matches("BeginFill").count(), 1, "{report}");
    assert_eq!(report.split_once("after these operations").expect("the list").1.matches("Delete").count(), 1);
    assert!(!report.contains("Put"), "nothing else is needed:\n{report}");
}
