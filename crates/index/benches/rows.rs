//! What an index costs at a hundred thousand objects: a look-up, a page of a listing, a checkpoint.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use headwater_index::redb::RedbIndex;
use headwater_index::rows::{BlobRef, Extent, ObjectRow, RowValue};
use headwater_model::ObjectKey;
use headwater_model::bucket::Generation;
use headwater_model::clock::Timestamp;
use headwater_model::digest::ETag;
use headwater_model::object::{ObjectHeaders, ObjectKind, ObjectMeta, Provenance};

const ROWS: u64 = 100_000;
const PAGE: usize = 1000;
const GENERATION: Generation = Generation(1);

fn key(number: u64) -> Vec<u8> {
    let key = ObjectKey::parse(&format!("photos/2024/{number:08}.jpg")).expect("a valid key");
    ObjectRow::key(GENERATION, &key)
}

fn row(sequence: u64) -> Bytes {
    let md5 = [sequence as u8; 16];
    let meta = ObjectMeta {
        size_bytes: 4096,
        etag: ETag::of_md5(md5),
        last_modified: Timestamp(1_704_067_200_000),
        crc64: sequence,
        md5: Some(md5),
        checksum: None,
        kind: ObjectKind::Normal,
        provenance: Provenance::Mirrored,
        headers: ObjectHeaders::default(),
        tags: Vec::new(),
        composition: headwater_model::object::Composition::default(),
        version: headwater_model::version::VersionId::Null,
    };
    let blob = BlobRef::Log { segment: sequence / 10_000 };
    let extent = Extent { blob, offset_bytes: sequence * 4200, length_bytes: 4096, crc64: sequence, salt: None };
    ObjectRow { sequence, meta: Arc::new(meta), extents: vec![extent] }.encode()
}

fn apply(index: &RedbIndex, rows: &[(Vec<u8>, Bytes)], sequence: u64) {
    let changes = rows.iter().map(|(key, value)| (key.as_slice(), Some(&value[..])));
    index.apply(changes, sequence).expect("a checkpoint");
}

fn rows(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory");
    let index = RedbIndex::open(&directory.path().join("index")).expect("an index");
    let all: Vec<_> = (0..ROWS).map(|number| (key(number), row(number))).collect();
    apply(&index, &all, ROWS);

    let mut numbers = (0..).map(|step: u64| step.wrapping_mul(7_919) % ROWS);
    let mut next_key = || key(numbers.next().expect("endless"));
    criterion.bench_function("point read and decode", |bencher| {
        bencher.iter_batched(
            &mut next_key,
            |key| {
                let value = index.get(&key).expect("a read").expect("a row");
                black_box(ObjectRow::decode(&key, &value).expect("a sound row"))
            },
            BatchSize::SmallInput,
        );
    });

    let range = ObjectRow::range(GENERATION, "");
    let mut group = criterion.benchmark_group("page of 1000");
    group.throughput(Throughput::Elements(PAGE as u64));
    group.bench_function("scan", |bencher| {
        bencher.iter_batched(
            &mut next_key,
            |start| black_box(index.scan(&range.clone().starting_at(start), PAGE).expect("a scan")),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("walk and decode", |bencher| {
        bencher.iter_batched(
            &mut next_key,
            |start| {
                let mut left = PAGE;
                let page = range.clone().starting_at(start);
                let snapshot = index.snapshot().expect("a snapshot");
                snapshot.for_each(&page, |key, value| {
                    black_box(ObjectRow::decode(key, value).expect("a sound row"));
                    left -= 1;
                    if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                })
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();

    let mut group = criterion.benchmark_group("checkpoint of 1000 rows");
    group.throughput(Throughput::Elements(PAGE as u64)).sample_size(20);
    group.bench_function("apply", |bencher| bencher.iter(|| apply(&index, &all[..PAGE], ROWS)));
    group.finish();
}

criterion_group!(benches, rows);
criterion_main!(benches);
