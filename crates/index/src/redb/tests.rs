use std::fs::{self, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use headwater_model::Error;
use headwater_model::ObjectKey;
use headwater_model::bucket::Generation;
use headwater_model::clock::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::rows::GoneRow;
use crate::{Expect, after_prefix};

fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn open(directory: &TempDir) -> RedbIndex {
    RedbIndex::open(&directory.path().join("index")).expect("an index")
}

fn apply(index: &RedbIndex, keys: &[&[u8]], sequence: u64) {
    index.apply(keys.iter().map(|key| (*key, Some(b"v".as_slice()))), sequence).expect("applied");
}

fn gone(number: u64) -> (Vec<u8>, Bytes) {
    let key = ObjectKey::parse(&format!("key {number:05}")).expect("a valid key");
    (GoneRow::key(Generation(1), &key), GoneRow { sequence: number, deleted: Timestamp(0) }.encode())
}

fn fill(index: &RedbIndex, rows: u64) {
    let rows: Vec<_> = (0..rows).map(gone).collect();
    index.apply(rows.iter().map(|(key, value)| (key.as_slice(), Some(&value[..]))), 7).expect("applied");
}

#[test]
fn applied_rows_and_their_sequence_survive_reopening() {
    let directory = directory();
    let index = open(&directory);
    assert_eq!(index.applied_sequence().expect("a sequence"), 0);
    apply(&index, &[b"oa", b"ob", b"oc"], 3);
    index.apply([(b"ob".as_slice(), None), (b"oc".as_slice(), Some(b"w".as_slice()))], 4).expect("applied");
    drop(index);

    let index = open(&directory);
    assert_eq!(index.applied_sequence().expect("a sequence"), 4);
    assert_eq!(index.get(b"oa").expect("a read").as_deref(), Some(b"v".as_slice()));
    assert_eq!(index.get(b"ob").expect("a read"), None);
    assert_eq!(index.get(b"oc").expect("a read").as_deref(), Some(b"w".as_slice()));
    assert_eq!(index.row_count().expect("a count"), 3, "two rows and the sequence");
    assert!(index.file_bytes().expect("a size") > 0);
}

#[test]
fn a_sequence_never_goes_back() {
    let directory = directory();
    let index = open(&directory);
    apply(&index, &[b"oa"], 9);
    let error = index.apply([(b"ob".as_slice(), Some(b"v".as_slice()))], 8).expect_err("an older sequence");
    assert!(matches!(error, Error::Internal { .. }), "{error}");
    assert_eq!(index.get(b"ob").expect("a read"), None, "nothing of the refused batch is there");
    apply(&index, &[b"oc"], 9);
}

#[test]
fn a_snapshot_shows_one_moment_and_seeks_over_prefixes() {
    let directory = directory();
    let index = open(&directory);
    apply(&index, &[b"oa/1", b"oa/2", b"ob"], 1);
    let snapshot = index.snapshot().expect("a snapshot");
    apply(&index, &[b"oa/3", b"o0"], 2);

    let first = snapshot.first_at_or_after(b"o").expect("a read").expect("a row");
    assert_eq!(first.key, b"oa/1");
    let seek = after_prefix(b"oa/").expect("not the last prefix");
    assert_eq!(snapshot.first_at_or_after(&seek).expect("a read").expect("a row").key, b"ob");
    assert_eq!(snapshot.first_at_or_after(b"oc").expect("a read"), None);

    let objects = KeyRange::prefix(b"o");
    let keys: Vec<Vec<u8>> = snapshot.rows(&objects).expect("rows").map(|row| row.expect("a row").key).collect();
    assert_eq!(keys, [b"oa/1".to_vec(), b"oa/2".to_vec(), b"ob".to_vec()]);
    let mut visited = 0;
    snapshot
        .for_each(&objects, |_, _| {
            visited += 1;
            if visited == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .expect("a walk");
    assert_eq!(visited, 2);
    assert_eq!(index.scan(&objects, 10).expect("a scan").len(), 5);
    assert_eq!(index.scan(&objects, 0).expect("a scan"), []);
}

#[tokio::test]
async fn commits_of_one_group_see_each_other() {
    let directory = directory();
    let index = open(&directory);
    let commit = |value: &'static [u8]| Commit {
        expect: vec![Expect::Absent(b"oa".to_vec())],
        put: vec![Row { key: b"oa".to_vec(), value: Bytes::from_static(value) }],
        delete: Vec::new(),
    };
    let outcomes = futures_join(index.commit(commit(b"1")), index.commit(commit(b"2"))).await;
    let committed =
        [&outcomes.0, &outcomes.1].iter().filter(|outcome| matches!(outcome, Ok(Outcome::Committed))).count();
    assert_eq!(committed, 1, "{outcomes:?}");
}

async fn futures_join<T>(a: impl Future<Output = T>, b: impl Future<Output = T>) -> (T, T) {
    tokio::join!(a, b)
}

#[test]
fn a_second_opening_is_refused_by_name() {
    let directory = directory();
    let _index = open(&directory);
    let error = RedbIndex::open(&directory.path().join("index")).err().expect("the file is open");
    let Error::Internal { source, .. } = error else { panic!("{error}") };
    assert!(source.to_string().contains("open in another process"), "{source}");
}

#[test]
fn files_that_are_no_index_are_damaged_by_name() {
    let directory = directory();
    let path = directory.path().join("index");
    for length in [1, 1000, 100_000] {
        fs::write(&path, vec![b'x'; length]).expect("a file");
        for error in [RedbIndex::open(&path).err(), check(&path).err()] {
            let error = error.expect("not an index");
            let named = matches!(&error, Error::Damaged { detail } if detail.contains("index file"));
            assert!(named, "{length} bytes: {error:?}");
        }
    }
    assert!(matches!(check(&directory.path().join("none")), Err(Error::Damaged { .. })));
}

#[test]
fn damage_anywhere_is_found_and_never_panics() {
    let directory = directory();
    let path = directory.path().join("index");
    let index = RedbIndex::open(&path).expect("an index");
    fill(&index, 4_000);
    drop(index);
    assert!(check(&path).expect("a report").is_sound());
    let sound = fs::read(&path).expect("the file");

    let mut found = 0;
    for offset in (0..sound.len()).step_by(sound.len() / 24) {
        fs::write(&path, &sound).expect("restored");
        let mut file = OpenOptions::new().write(true).open(&path).expect("the file");
        file.seek(SeekFrom::Start(offset as u64)).expect("a position");
        file.write_all(&[0xA5; 64]).expect("damage");
        drop(file);
        found += usize::from(!check(&path).is_ok_and(|report| report.is_sound()));
    }
    assert!(found > 0, "most of the file is rows");
    fs::write(&path, &sound[..sound.len() / 2]).expect("cut short");
    assert!(check(&path).is_err());
}

#[test]
fn check_counts_rows_that_cannot_be_read() {
    let directory = directory();
    let index = open(&directory);
    fill(&index, 3);
    apply(&index, &[b"o", b"zz"], 8);
    drop(index);
    let report = check(&directory.path().join("index")).expect("a report");
    assert_eq!((report.rows, report.unreadable_rows, report.repaired), (6, 2, false));
    assert_eq!(report.findings, ["row with key o is not a valid key", "row with key zz is not a valid key"]);
    assert!(!report.is_sound());
}

#[test]
fn a_dump_is_loaded_as_it_was_and_damage_is_noticed() {
    let directory = directory();
    let index = open(&directory);
    fill(&index, 12_345);
    let mut dump = Vec::new();
    let summary = index.dump(&mut dump).expect("a dump");
    assert_eq!((summary.rows, summary.bytes), (12_346, dump.len() as u64));

    let copy = directory.path().join("copy");
    assert_eq!(load(&copy, &mut dump.as_slice()).expect("loaded"), summary);
    let copied = RedbIndex::open(&copy).expect("an index");
    let all = KeyRange::all();
    assert_eq!(copied.scan(&all, usize::MAX).expect("rows"), index.scan(&all, usize::MAX).expect("rows"));
    assert!(matches!(load(&copy, &mut dump.as_slice()), Err(Error::Internal { .. })), "nothing is overwritten");

    for (name, damage) in [("cut", dump[..dump.len() - 1].to_vec()), ("start", b"HWINDEX9".to_vec())] {
        let result = load(&directory.path().join(name), &mut damage.as_slice());
        assert!(matches!(result, Err(Error::Damaged { .. })), "{name}: {result:?}");
    }
    let mut flipped = dump.clone();
    let last_value_byte = dump.len() - 21;
    flipped[last_value_byte] ^= 1;
    let result = load(&directory.path().join("flipped"), &mut flipped.as_slice());
    assert!(matches!(result, Err(Error::Damaged { .. })), "{result:?}");
}

/// A disk whose syncs fail on request.
#[derive(Debug)]
struct FailingDisk {
    disk: redb::backends::InMemoryBackend,
    fails: Arc<AtomicBool>,
}

impl redb::StorageBackend for FailingDisk {
    fn len(&self) -> io::Result<u64> {
        self.disk.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.disk.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        if self.fails.load(Ordering::Relaxed) { Err(io::ErrorKind::StorageFull.into()) } else { self.disk.sync_data() }
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.disk.write(offset, data)
    }
}

#[tokio::test]
async fn after_a_failed_commit_every_later_one_is_refused() {
    let fails = Arc::new(AtomicBool::new(false));
    let disk = FailingDisk { disk: redb::backends::InMemoryBackend::new(), fails: Arc::clone(&fails) };
    let database = redb::Database::builder().create_with_backend(disk).expect("a database");
    let file = Arc::new(IndexFile::with_database(database, Path::new("none")).expect("an index"));
    let committer = Committer::start(Arc::clone(&file)).expect("a committer");
    let index = RedbIndex { file, committer };
    apply(&index, &[b"oa"], 1);

    fails.store(true, Ordering::Relaxed);
    let put = vec![Row { key: b"ob".to_vec(), value: Bytes::new() }];
    let commit = Commit { put, ..Commit::default() };
    let outcome = Index::commit(&index, commit.clone()).await;
    assert!(matches!(outcome, Err(Error::StorageFull)), "{outcome:?}");
    fails.store(false, Ordering::Relaxed);
    assert!(matches!(Index::commit(&index, commit).await, Err(Error::Internal { .. })));
    assert!(matches!(index.apply([], 2), Err(Error::Internal { .. })));
}
