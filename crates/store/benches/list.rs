//! A page of a listing, of ever more keys: what it costs must not grow with them.
//!
//! `HEADWATER_LIST_KEYS=10000,1000000,10000000` names the numbers of keys; ten million take some 3 GiB of disk in
//! `TMPDIR`. Their rows are written into the index of a closed store, which takes a minute where writing the objects would
//! take ten.

use std::path::Path;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use headwater_index::redb::{RedbIndex, spread};
use headwater_index::rows::{BlobRef, Extent, ObjectRow, RowValue as _};
use headwater_model::acl::CannedAcl;
use headwater_model::bucket::{Bucket, Dialect, Generation};
use headwater_model::clock::Timestamp;
use headwater_model::digest::ETag;
use headwater_model::list::ListQuery;
use headwater_model::object::{ObjectHeaders, ObjectKind, ObjectMeta, Provenance};
use headwater_model::version::VersionId;
use headwater_model::{BucketName, ObjectKey};
use headwater_store::{BucketRef, LocalConfig, LocalStore, Store as _};
use headwater_testkit::ManualClock;
use tokio::runtime::Runtime;

const PAGE: usize = 1000;
/// Rows written by one commit.
const ROWS_AT_A_TIME: u64 = 100_000;
/// Longest wait for the last checkpoint.
const CLOSE_LIMIT: std::time::Duration = std::time::Duration::from_mins(1);

fn name(number: u64) -> String {
    format!("photos/2024/{number:08}.jpg")
}

fn row(number: u64) -> bytes::Bytes {
    let mut md5 = [0; 16];
    md5[..8].copy_from_slice(&number.to_be_bytes());
    let meta = ObjectMeta {
        size_bytes: 4096,
        etag: ETag::of_md5(md5),
        last_modified: Timestamp(1_704_067_200_000),
        crc64: number,
        md5: Some(md5),
        checksum: None,
        kind: ObjectKind::Normal,
        provenance: Provenance::Written,
        headers: ObjectHeaders::default(),
        tags: Vec::new(),
        composition: headwater_model::object::Composition::default(),
        version: VersionId::Null,
    };
    let blob = BlobRef::Log { segment: 1 };
    let extent = Extent { blob, offset_bytes: number * 4200, length_bytes: 4096, crc64: number, salt: None };
    ObjectRow { sequence: 1, meta: Arc::new(meta), extents: vec![extent] }.encode()
}

/// Adds the rows of keys to the index of a closed store.
fn fill(dir: &Path, generation: Generation, numbers: std::ops::Range<u64>) {
    let index = RedbIndex::open(&dir.join("index.redb")).expect("an index");
    let sequence = index.applied_sequence().expect("a sequence");
    let mut first = numbers.start;
    while first < numbers.end {
        let last = numbers.end.min(first + ROWS_AT_A_TIME);
        let key = |number| ObjectRow::key(generation, &ObjectKey::parse(&name(number)).expect("a valid key"));
        let rows: Vec<_> = (first..last).map(|number| (key(number), row(number))).collect();
        index.apply(spread(rows.iter().map(|(key, row)| (key.as_slice(), Some(&row[..])))), sequence).expect("applied");
        first = last;
    }
}

fn bucket() -> Bucket {
    Bucket {
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
    }
}

#[allow(clippy::disallowed_methods)] // how many keys is for who runs the bench to say
fn counts() -> String {
    std::env::var("HEADWATER_LIST_KEYS").unwrap_or_else(|_| "10000,100000".into())
}

fn pages(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let dir = tempfile::tempdir().expect("a directory");
    let open = || LocalStore::open(LocalConfig::new(dir.path(), Arc::new(ManualClock::default()))).expect("it opens");
    let mut store = open();
    let made = runtime.block_on(store.create_bucket(bucket())).expect("created");
    let bucket = BucketRef::from(&made);
    let mut group = criterion.benchmark_group("page of a listing");
    group.throughput(Throughput::Elements(PAGE as u64));
    let mut had = 0;
    for keys in counts().split(',').map(|text| text.parse::<u64>().expect("a number of keys")) {
        runtime.block_on(store.close(CLOSE_LIMIT)).expect("closed");
        drop(store);
        fill(dir.path(), bucket.generation, had..keys);
        (had, store) = (keys, open());
        let mut numbers = (1_u64..).map(|step| step.wrapping_mul(0x9E37_79B9_7F4A_7C15) % (keys - PAGE as u64));
        group.bench_function(format!("{keys} keys"), |bencher| {
            bencher.iter_batched(
                || ListQuery {
                    prefix: "".into(),
                    delimiter: "".into(),
                    after: name(numbers.next().expect("endless")).into(),
                    limit: PAGE,
                },
                |query| {
                    let page = runtime.block_on(store.list(&bucket, &query)).expect("a page");
                    assert_eq!(page.objects.len(), PAGE);
                    page
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, pages);
criterion_main!(benches);
