//! A local store in a directory of its own, and small steps on it.
#![allow(dead_code, reason = "each test binary uses some of it")]
#![allow(unused_imports, reason = "as above")]
#![allow(unused_macros, reason = "as above")]

pub(crate) mod crash;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use headwater_model::acl::CannedAcl;
use headwater_model::body::Body;
use headwater_model::bucket::{Bucket, Dialect, Generation};
use headwater_model::clock::{Clock, Timestamp};
use headwater_model::digest::ETag;
use headwater_model::list::ListQuery;
use headwater_model::multipart::{CompletedPart, UploadId};
use headwater_model::object::{ObjectHeaders, ObjectKind, Provenance};
use headwater_model::{BoxFuture, BucketName, Error, ObjectKey, Result};
use headwater_store::{
    Afterwards, BucketRef, Expectation, LocalConfig, LocalStore, NewObject, NewPart, ObjectWriter, Point, Probe, Store,
    StoredObject, Treatment, WriteIntent, examine,
};
use headwater_testkit::store_suite::{Factory, Fixture};
use tempfile::TempDir;

/// Longest close of a test's store: far more than it needs.
pub(crate) const CLOSE_LIMIT: Duration = Duration::from_mins(1);

/// A probe that tells each time the store comes to `point`, up to 1000 times more than the test waits for.
pub(crate) fn announcing(point: Point) -> (Probe, mpsc::Receiver<()>) {
    let (reaching, reached) = mpsc::sync_channel(1000);
    let probe = Probe::new(move |at| {
        if at == point {
            reaching.send(()).expect("the test keeps its end while the store works");
        }
        Ok(())
    });
    (probe, reached)
}

/// Makes local stores, each in a fresh directory.
#[derive(Clone, Debug)]
pub(crate) struct LocalFactory {
    /// Size at which segments are rolled: small ones exercise rolling and compaction.
    pub(crate) segment_bytes: u64,
    /// Memory of rows that forces a checkpoint.
    pub(crate) overlay_bytes: usize,
    /// Whether reopening closes the store first or drops it, as a killed process would.
    pub(crate) ending: Ending,
}

/// How a store ends before it is opened again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Closed,
    Dropped,
}

impl Default for LocalFactory {
    fn default() -> Self {
        Self { segment_bytes: 64 << 20, overlay_bytes: 16 << 20, ending: Ending::Closed }
    }
}

struct LocalFixture {
    // Goes before its directory: a store at work whose directory is removed aborts the process, as it should.
    store: Option<Arc<LocalStore>>,
    dir: TempDir,
    config: LocalConfig,
    ending: Ending,
}

impl Factory for LocalFactory {
    fn make(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, Box<dyn Fixture>> {
        Box::pin(async move {
            let dir = tempfile::tempdir().expect("a directory");
            let mut config = config(dir.path(), clock);
            config.segment_bytes = self.segment_bytes;
            config.overlay_bytes = self.overlay_bytes;
            let store = Some(LocalStore::open(config.clone()).expect("a fresh store opens"));
            Box::new(LocalFixture { dir, config, ending: self.ending, store }) as Box<dyn Fixture>
        })
    }
}

impl Fixture for LocalFixture {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(self.store.as_ref().expect("open between tests' steps")) as Arc<dyn Store>
    }

    fn reopen(&mut self) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            let store = self.store.take().expect("open between tests' steps");
            if self.ending == Ending::Closed {
                store.close(CLOSE_LIMIT).await?;
            }
            drop(store);
            let opened = LocalStore::open(self.config.clone());
            self.store = Some(opened.map_err(|error| Error::internal("reopen", error))?);
            Ok(self.dir.path().is_dir())
        })
    }

    fn threshold_bytes(&self) -> usize {
        64 << 10
    }
}

/// The configuration of a store that is never refused for want of space, whatever the machine has left.
pub(crate) fn config(dir: &Path, clock: Arc<dyn Clock>) -> LocalConfig {
    let mut config = LocalConfig::new(data_dir(dir), clock);
    config.reserve_bytes = Some(0);
    config
}

/// The data directory within a test's directory.
pub(crate) fn data_dir(dir: &Path) -> PathBuf {
    dir.join("data")
}

/// A bucket that does not exist yet.
pub(crate) fn unborn_bucket(name: &str) -> Bucket {
    Bucket {
        name: BucketName::parse(name).expect("a valid name"),
        generation: Generation(0),
        created: Timestamp(0),
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

/// A store with one bucket, and steps on it that must succeed.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) store: Arc<LocalStore>,
    pub(crate) bucket: BucketRef,
}

impl Opened {
    /// Opens the store and finds or makes its bucket `photos`.
    pub(crate) async fn open(config: LocalConfig) -> Self {
        let store = LocalStore::open(config).expect("the store opens");
        let found = store.buckets().await.expect("buckets").first().map(BucketRef::from);
        let bucket = match found {
            Some(bucket) => bucket,
            None => BucketRef::from(&store.create_bucket(unborn_bucket("photos")).await.expect("a bucket")),
        };
        Self { store, bucket }
    }

    /// Enables or suspends versions in the bucket.
    pub(crate) async fn set_versioning(&self, versioning: headwater_model::version::Versioning) {
        let buckets = self.store.buckets().await.expect("buckets");
        let found = buckets.into_iter().find(|bucket| bucket.generation == self.bucket.generation);
        let mut bucket = found.expect("the bucket");
        bucket.configuration.versioning = versioning;
        self.store.update_bucket(bucket).await.expect("updated");
    }

    pub(crate) fn intent(&self, key: &str) -> WriteIntent {
        WriteIntent {
            bucket: self.bucket.clone(),
            key: object_key(key),
            content_length: None,
            max_bytes: 1 << 30,
            checksum: None,
            followed: false,
            data_key: None,
        }
    }

    /// A finished write.
    pub(crate) async fn finished(&self, key: &str, body: &[u8]) -> Result<(Box<dyn ObjectWriter>, NewObject)> {
        let mut writer = self.store.begin(self.intent(key)).await?;
        writer.write(Bytes::copy_from_slice(body)).await?;
        let digests = writer.finish().await?;
        Ok((writer, new_object(ETag::of_md5(digests.md5), ObjectKind::Normal)))
    }

    pub(crate) async fn try_put(&self, key: &str, body: &[u8], expect: Expectation) -> Result<()> {
        let (writer, object) = self.finished(key, body).await?;
        writer.seal(object, expect).await.map(drop)
    }

    pub(crate) async fn put(&self, key: &str, body: &[u8]) {
        self.try_put(key, body, Expectation::Any).await.expect("sealed");
    }

    pub(crate) async fn delete(&self, key: &str) -> bool {
        self.delete_and(key, Afterwards::Refetchable).await
    }

    pub(crate) async fn delete_and(&self, key: &str, afterwards: Afterwards) -> bool {
        self.store.delete(&self.bucket, &object_key(key), afterwards).await.expect("deleted").found
    }

    pub(crate) async fn is_gone(&self, key: &str) -> bool {
        self.store.gone(&self.bucket, &object_key(key)).await.expect("an answer").is_some()
    }

    pub(crate) async fn try_get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let Some(object) = self.store.open(&self.bucket, &object_key(key)).await? else { return Ok(None) };
        read_all(&object).await.map(Some)
    }

    pub(crate) async fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.try_get(key).await.expect("readable")
    }

    pub(crate) async fn keys(&self) -> Vec<String> {
        let query = ListQuery { prefix: "".into(), delimiter: "".into(), after: "".into(), limit: 1000 };
        let page = self.store.list(&self.bucket, &query).await.expect("a page");
        page.objects.into_iter().map(|object| object.key.as_str().to_owned()).collect()
    }

    pub(crate) async fn upload(&self, key: &str) -> UploadId {
        let new = headwater_store::NewUpload::default();
        self.store.create_upload(&self.bucket, &object_key(key), new).await.expect("an upload")
    }

    pub(crate) async fn put_part(&self, key: &str, upload: UploadId, number: u16, body: &[u8]) -> CompletedPart {
        let (writer, _) = self.finished(key, body).await.expect("finished");
        let part = NewPart { upload, number, last_modified: Timestamp(0), checksum: None, order: None };
        let info = writer.seal_part(part).await.expect("a part");
        CompletedPart { number, etag: info.etag, checksum: None }
    }

    pub(crate) async fn complete(&self, key: &str, upload: UploadId, parts: &[CompletedPart]) {
        let object = new_object(ETag::from_text("00-2"), ObjectKind::Multipart);
        let store = &self.store;
        let completed =
            store.complete_upload(&self.bucket, &object_key(key), upload, parts, object, Expectation::Any).await;
        completed.expect("completed");
    }

    pub(crate) async fn close(self) {
        self.store.close(CLOSE_LIMIT).await.expect("closed");
    }
}

pub(crate) fn new_object(etag: ETag, kind: ObjectKind) -> NewObject {
    NewObject {
        etag,
        last_modified: Timestamp(0),
        kind,
        provenance: Provenance::Written,
        headers: ObjectHeaders::default(),
        checksum: None,
        tags: Vec::new(),
        composition: headwater_model::object::Composition::default(),
    }
}

pub(crate) fn object_key(text: &str) -> ObjectKey {
    ObjectKey::parse(text).expect("a valid key")
}

pub(crate) async fn read_all(object: &StoredObject) -> Result<Vec<u8>> {
    if object.meta.size_bytes == 0 {
        return Ok(Vec::new());
    }
    match object.content.read(0..object.meta.size_bytes) {
        Body::Empty => Ok(Vec::new()),
        Body::Full(bytes) => Ok(bytes.to_vec()),
        Body::Stream(mut pieces) => {
            let mut body = Vec::new();
            while let Some(piece) = pieces.next().await {
                body.extend_from_slice(&piece?);
            }
            Ok(body)
        }
    }
}

/// A body too large for the log, different for each `seed`.
pub(crate) fn large(seed: u8) -> Vec<u8> {
    (0..200_000_u32).map(|at| (at >> 3) as u8 ^ seed).collect()
}

/// Copies a directory as it is: what a process that is killed now leaves.
pub(crate) fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("listed") {
        let entry = entry.expect("listed");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy_dir(&entry.path(), &target);
        } else if let Err(error) = fs::copy(entry.path(), &target) {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{}", target.display());
        }
    }
}

/// The newest log segment of a data directory.
pub(crate) fn newest_segment(dir: &Path) -> PathBuf {
    let segments = fs::read_dir(dir.join("log")).expect("listed").map(|entry| entry.expect("listed").path());
    segments.filter(|path| path.extension().is_some_and(|end| end == "seg")).max().expect("a segment")
}

/// Cuts bytes off the end of a file.
pub(crate) fn cut_off(path: &Path, bytes: u64) {
    let file = fs::OpenOptions::new().write(true).open(path).expect("opened");
    let length = file.metadata().expect("metadata").len();
    file.set_len(length - bytes).expect("cut off");
}

/// Everything in a data directory is in order and needed, and the accounting agrees with the rows.
pub(crate) fn assert_sound(dir: &Path, clock: &Arc<dyn Clock>) {
    let report = examine(dir, clock, Treatment::CheckBodies).expect("examined");
    assert_eq!(report.findings, []);
    assert_eq!(report.orphan_blobs, 0, "orphans: {report:?}");
}
