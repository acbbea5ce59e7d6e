//! A store with one bucket and the steps that tests are made of.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use headwater_model::acl::CannedAcl;
use headwater_model::body::Body;
use headwater_model::bucket::{Bucket, Dialect, Generation};
use headwater_model::clock::{Clock as _, Timestamp};
use headwater_model::digest::{Digests, ETag};
use headwater_model::list::{ListPage, ListQuery};
use headwater_model::multipart::{CompletedPart, PartInfo, UploadId};
use headwater_model::object::{ObjectHeaders, ObjectKind, Provenance, SharedMeta};
use headwater_model::version::{VersionId, VersionMarker, VersionPage, VersionQuery, Versioning};
use headwater_model::{BucketName, ObjectKey, Result};
use headwater_store::{
    Afterwards, BucketRef, Expectation, JudgedAmendment, NewObject, NewPart, NewUpload, ObjectWriter, RemovedVersion,
    Store, StoredObject, StoredVersion, Tombstone, VersionRemoval, WriteIntent,
};

use super::{Factory, Fixture};
use crate::{ManualClock, SeededRandom};

/// Bytes that a test's writes are cut into: no power of two, so that pieces and blocks never coincide.
const CHUNK_BYTES: usize = 50_001;

/// A store under test, its clock, and a bucket called `photos` in it.
pub struct Subject {
    pub(super) fixture: Box<dyn Fixture>,
    pub(super) clock: ManualClock,
    pub(super) bucket: Bucket,
}

impl Subject {
    /// A fresh store with its bucket.
    pub async fn new(factory: &dyn Factory) -> Self {
        let clock = ManualClock::default();
        let fixture = factory.make(Arc::new(clock.clone())).await;
        let bucket = fixture.store().create_bucket(bucket_named("photos", &clock)).await.expect("a bucket");
        Self { fixture, clock, bucket }
    }

    /// Closes and opens the store; whether it keeps anything.
    pub(super) async fn reopen(&mut self) -> bool {
        self.fixture.reopen().await.expect("opened again")
    }

    /// The store, which must not be kept: whoever holds it would hold its directory while it is opened again.
    pub(super) fn store(&self) -> Arc<dyn Store> {
        self.fixture.store()
    }

    pub(super) fn bucket(&self) -> BucketRef {
        BucketRef::from(&self.bucket)
    }

    /// A bucket that is not created yet.
    pub(super) fn unborn_bucket(&self, name: &str) -> Bucket {
        bucket_named(name, &self.clock)
    }

    /// A write of no announced length.
    pub(super) fn intent(&self, key: &str) -> WriteIntent {
        WriteIntent {
            bucket: self.bucket(),
            key: object_key(key),
            content_length: None,
            max_bytes: 1 << 30,
            checksum: None,
            followed: false,
            data_key: None,
        }
    }

    /// A normal object of these bytes.
    pub(super) fn object(&self, digests: &Digests) -> NewObject {
        NewObject {
            etag: ETag::of_md5(digests.md5),
            last_modified: self.clock.now(),
            kind: ObjectKind::Normal,
            provenance: Provenance::Written,
            headers: ObjectHeaders::default(),
            checksum: digests.checksum.clone(),
            tags: Vec::new(),
            composition: headwater_model::object::Composition::default(),
        }
    }

    /// An object made of parts. Only its tag is this test's to choose.
    pub(super) fn multipart_object(&self, tag: &str) -> NewObject {
        NewObject {
            etag: ETag::from_text(tag),
            last_modified: self.clock.now(),
            kind: ObjectKind::Multipart,
            provenance: Provenance::Written,
            headers: ObjectHeaders::default(),
            checksum: None,
            tags: Vec::new(),
            composition: headwater_model::object::Composition::default(),
        }
    }

    /// A write of `body` that is finished and not sealed.
    pub(super) async fn finished(&self, intent: WriteIntent, body: &[u8]) -> (Box<dyn ObjectWriter>, Digests) {
        let mut writer = self.store().begin(intent).await.expect("a writer");
        for chunk in body.chunks(CHUNK_BYTES) {
            writer.write(Bytes::copy_from_slice(chunk)).await.expect("written");
        }
        let digests = writer.finish().await.expect("finished");
        (writer, digests)
    }

    pub(super) async fn try_put(&self, key: &str, body: &[u8], expect: Expectation) -> Result<SharedMeta> {
        let (writer, digests) = self.finished(self.intent(key), body).await;
        writer.seal(self.object(&digests), expect).await
    }

    pub(super) async fn put(&self, key: &str, body: &[u8]) -> SharedMeta {
        self.try_put(key, body, Expectation::Any).await.expect("sealed")
    }

    pub(super) async fn put_all(&self, keys: &[&str]) {
        for key in keys {
            self.put(key, key.as_bytes()).await;
        }
    }

    /// Deletes on purpose: a tombstone stays.
    pub(super) async fn remove(&self, key: &str) -> bool {
        self.delete_and(key, Afterwards::Gone).await
    }

    /// Whether a tombstone stands.
    pub(super) async fn is_gone(&self, key: &str) -> bool {
        self.gone(key).await.is_some()
    }

    /// When a key was deleted on purpose, if it was.
    pub(super) async fn gone(&self, key: &str) -> Option<Timestamp> {
        self.store().gone(&self.bucket(), &object_key(key)).await.expect("an answer")
    }

    /// A page of tombstones.
    pub(super) async fn tombstones(&self, prefix: &str, after: &str, limit: usize) -> Vec<Tombstone> {
        self.store().list_gone(&self.bucket(), prefix, after, limit).await.expect("a page")
    }

    pub(super) async fn lift(&self, key: &str) -> bool {
        self.store().lift_gone(&self.bucket(), &object_key(key)).await.expect("an answer")
    }

    pub(super) async fn delete(&self, key: &str) -> bool {
        self.delete_and(key, Afterwards::Refetchable).await
    }

    pub(super) async fn delete_and(&self, key: &str, afterwards: Afterwards) -> bool {
        self.store().delete(&self.bucket(), &object_key(key), afterwards).await.expect("deleted").found
    }

    /// Opens an object. What is in memory, if anything, must be the same.
    pub(super) async fn open(&self, key: &str) -> Option<StoredObject> {
        let key = object_key(key);
        let opened = self.store().open(&self.bucket(), &key).await.expect("opened");
        if let Some(resident) = self.store().resident(&self.bucket(), &key) {
            let opened = opened.as_ref().expect("an object in memory can be opened");
            assert_eq!(resident.meta, opened.meta, "{key}");
            // What is encrypted is in memory as it is stored.
            if opened.meta.composition.encryption.is_none() {
                assert_eq!(read_all(&resident).await, read_all(opened).await, "{key}");
            }
        }
        opened
    }

    /// An object's bytes, `None` if there is no object.
    pub(super) async fn body(&self, key: &str) -> Option<Bytes> {
        match self.open(key).await {
            Some(object) => Some(read_all(&object).await),
            None => None,
        }
    }

    pub(super) async fn amend(&self, key: &str, amendment: impl Into<JudgedAmendment>) -> Result<SharedMeta> {
        self.store().amend(&self.bucket(), &object_key(key), amendment.into()).await
    }

    /// Enables or suspends versions in the bucket.
    pub(super) async fn set_versioning(&mut self, versioning: Versioning) {
        self.bucket.configuration.versioning = versioning;
        self.store().update_bucket(self.bucket.clone()).await.expect("updated");
    }

    pub(super) async fn versions(&self, query: &VersionQuery) -> VersionPage {
        self.store().list_versions(&self.bucket(), query).await.expect("a page")
    }

    pub(super) async fn open_version(&self, key: &str, version: VersionId) -> Option<StoredVersion> {
        self.store().open_version(&self.bucket(), &object_key(key), version).await.expect("opened")
    }

    pub(super) async fn remove_version(&self, key: &str, removal: VersionRemoval) -> Result<Option<RemovedVersion>> {
        self.store().delete_version(&self.bucket(), &object_key(key), removal).await
    }

    pub(super) async fn amend_version(
        &self,
        key: &str,
        version: VersionId,
        amendment: impl Into<JudgedAmendment>,
    ) -> Result<SharedMeta> {
        self.store().amend_version(&self.bucket(), &object_key(key), version, amendment.into()).await
    }

    pub(super) async fn list(&self, query: &ListQuery) -> ListPage {
        self.store().list(&self.bucket(), query).await.expect("a page")
    }

    /// Every key.
    pub(super) async fn keys(&self) -> Vec<String> {
        let page = self.list(&query("", "", "", 1000)).await;
        page.objects.into_iter().map(|object| object.key.as_str().to_owned()).collect()
    }

    pub(super) async fn create_upload(&self, key: &str) -> UploadId {
        // Ids ascend with time: of two uploads of one moment either may come first.
        self.clock.advance(std::time::Duration::from_millis(1));
        let new = NewUpload::default();
        self.store().create_upload(&self.bucket(), &object_key(key), new).await.expect("an upload")
    }

    pub(super) async fn try_put_part(&self, key: &str, upload: UploadId, number: u16, body: &[u8]) -> Result<PartInfo> {
        let (writer, digests) = self.finished(self.intent(key), body).await;
        let checksum = digests.checksum;
        writer.seal_part(NewPart { upload, number, last_modified: self.clock.now(), checksum, order: None }).await
    }

    pub(super) async fn put_part(&self, key: &str, upload: UploadId, number: u16, body: &[u8]) -> CompletedPart {
        let info = self.try_put_part(key, upload, number, body).await.expect("a part");
        CompletedPart { number: info.number, etag: info.etag, checksum: None }
    }

    pub(super) async fn complete(
        &self,
        key: &str,
        upload: UploadId,
        parts: &[CompletedPart],
        expect: Expectation,
    ) -> Result<SharedMeta> {
        let object = self.multipart_object("00-1");
        self.store().complete_upload(&self.bucket(), &object_key(key), upload, parts, object, expect).await
    }
}

pub(super) fn bucket_named(name: &str, clock: &ManualClock) -> Bucket {
    Bucket {
        name: BucketName::parse(name).expect("a valid name"),
        generation: Generation(0),
        created: clock.now(),
        acl: CannedAcl::Private.into(),
        access: headwater_model::bucket::BucketAccess::default(),
        dialect: Dialect::Oss,
        location: "cn-hangzhou".into(),
        storage_class: "Standard".into(),
        rule_version: 0,
        migration: headwater_model::settings::MigrationSettings::default(),
        website: None,
        configuration: headwater_model::bucket::BucketConfiguration::default(),
    }
}

pub(super) fn object_key(text: &str) -> ObjectKey {
    ObjectKey::parse(text).expect("a valid key")
}

pub(super) fn query(prefix: &str, delimiter: &str, after: &str, limit: usize) -> ListQuery {
    ListQuery { prefix: prefix.into(), delimiter: delimiter.into(), after: after.into(), limit }
}

pub(super) fn version_query(prefix: &str, delimiter: &str, after: VersionMarker, limit: usize) -> VersionQuery {
    VersionQuery { prefix: prefix.into(), delimiter: delimiter.into(), after, limit }
}

/// `length` bytes that follow from `seed`.
pub(super) fn pattern(length: usize, seed: u64) -> Vec<u8> {
    SeededRandom::new(seed).bytes(length)
}

/// Everything that a body yields.
pub(super) async fn collect(body: Body) -> Result<Bytes> {
    match body {
        Body::Empty => Ok(Bytes::new()),
        Body::Full(bytes) => Ok(bytes),
        Body::Stream(mut pieces) => {
            let mut bytes = BytesMut::new();
            while let Some(piece) = pieces.next().await {
                bytes.extend_from_slice(&piece?);
            }
            Ok(bytes.freeze())
        }
    }
}

pub(super) async fn read(object: &StoredObject, range: Range<u64>) -> Bytes {
    collect(object.content.read(range)).await.expect("readable")
}

/// The whole body. What is in memory, if anything, must be the same.
pub(super) async fn read_all(object: &StoredObject) -> Bytes {
    let size_bytes = object.meta.size_bytes;
    let bytes = if size_bytes == 0 { Bytes::new() } else { read(object, 0..size_bytes).await };
    assert_eq!(bytes.len() as u64, size_bytes);
    if let Some(resident) = object.content.resident() {
        assert!(resident == bytes, "the bytes in memory are others than those read");
    }
    bytes
}
