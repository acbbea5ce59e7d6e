//! Durable small objects: one log append and one shared sync each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use headwater_model::acl::CannedAcl;
use headwater_model::bucket::{Bucket, Dialect, Generation};
use headwater_model::clock::Timestamp;
use headwater_model::digest::ETag;
use headwater_model::object::{ObjectHeaders, ObjectKind, Provenance};
use headwater_model::{BucketName, ObjectKey};
use headwater_store::{BucketRef, Expectation, LocalConfig, LocalStore, NewObject, Store as _, WriteIntent};
use headwater_testkit::ManualClock;
use tokio::runtime::Runtime;

/// Body of an object: the size of the durable PUT in `docs/performance.md`.
const BODY_BYTES: usize = 4 << 10;

async fn put(store: &LocalStore, bucket: &BucketRef, number: u64, body: Bytes) {
    let intent = WriteIntent {
        bucket: bucket.clone(),
        key: ObjectKey::parse(&format!("object {number:012}")).expect("a valid key"),
        content_length: Some(body.len() as u64),
        max_bytes: body.len() as u64,
        checksum: None,
        followed: false,
        data_key: None,
    };
    let mut writer = store.begin(intent).await.expect("a writer");
    writer.write(body).await.expect("written");
    let digests = writer.finish().await.expect("finished");
    let object = NewObject {
        etag: ETag::of_md5(digests.md5),
        last_modified: Timestamp(0),
        kind: ObjectKind::Normal,
        provenance: Provenance::Written,
        headers: ObjectHeaders::default(),
        checksum: None,
        tags: Vec::new(),
        composition: headwater_model::object::Composition::default(),
    };
    writer.seal(object, Expectation::Any).await.expect("sealed");
}

async fn opened(dir: &std::path::Path) -> (Arc<LocalStore>, BucketRef) {
    let store = LocalStore::open(LocalConfig::new(dir, Arc::new(ManualClock::default()))).expect("a fresh store opens");
    let bucket = Bucket {
        name: BucketName::parse("photos").expect("a valid name"),
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
    };
    let bucket = BucketRef::from(&store.create_bucket(bucket).await.expect("a bucket"));
    (store, bucket)
}

/// Time of `objects` durable puts by `writers` at a time.
#[allow(clippy::disallowed_methods)] // a bench measures real time
async fn measured(
    store: &Arc<LocalStore>,
    bucket: &BucketRef,
    next: &Arc<AtomicU64>,
    writers: u64,
    objects: u64,
) -> Duration {
    let body = Bytes::from(vec![7; BODY_BYTES]);
    let end = next.load(Ordering::Relaxed) + objects;
    let start = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|_| {
            let (store, bucket, next, body) = (Arc::clone(store), bucket.clone(), Arc::clone(next), body.clone());
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= end {
                        break;
                    }
                    put(&store, &bucket, number, body.clone()).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    start.elapsed()
}

fn append(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let dir = tempfile::tempdir().expect("a directory");
    let (store, bucket) = runtime.block_on(opened(&dir.path().join("data")));
    let next = Arc::new(AtomicU64::new(0));
    let mut group = criterion.benchmark_group("durable put of 4 KiB");
    group.throughput(Throughput::Elements(1));
    for writers in [1, 32] {
        group.bench_function(format!("{writers} writers"), |bencher| {
            bencher.iter_custom(|objects| runtime.block_on(measured(&store, &bucket, &next, writers, objects)));
        });
    }
    group.finish();
}

criterion_group!(benches, append);
criterion_main!(benches);
