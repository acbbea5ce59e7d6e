//! Torn tails are cut off, damage is found: every byte of the last entries, every kind of flipped bit.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use headwater_index::KeyRange;
use headwater_index::redb::RedbIndex;
use headwater_index::rows::{ObjectRow, VersionRow};
use headwater_model::clock::Clock;
use headwater_model::list::ListQuery;
use headwater_model::version::{VersionMarker, Versioning};
use headwater_model::{Error, ObjectKey};
use headwater_store::{Finding, LocalStore, OpenError, Store as _, Treatment, examine};
use headwater_testkit::ManualClock;
use support::{Opened, assert_sound, config, copy_dir, data_dir, large, newest_segment};
use tempfile::TempDir;

/// Objects of the log that is damaged.
const OBJECTS: usize = 6;

fn body(at: usize) -> Vec<u8> {
    vec![b'a' + at as u8; 20 + at]
}

/// A store that was killed with some objects in its log and none in its index, and where each of its entries ends.
async fn killed() -> (TempDir, Arc<dyn Clock>, Vec<u64>) {
    let base = tempfile::tempdir().expect("a directory");
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    let opened = Opened::open(config(base.path(), Arc::clone(&clock))).await;
    let log = newest_segment(&data_dir(base.path()));
    let mut ends = vec![fs::metadata(&log).expect("metadata").len()];
    for at in 0..OBJECTS {
        opened.put(&format!("k{at}"), &body(at)).await;
        ends.push(fs::metadata(&log).expect("metadata").len());
    }
    drop(opened);
    (base, clock, ends)
}

/// Opens a copy whose newest segment was changed.
async fn with_log(base: &Path, clock: &Arc<dyn Clock>, change: impl FnOnce(&mut Vec<u8>)) -> Result<Opened, OpenError> {
    let copy = base.join("copy");
    let _ = fs::remove_dir_all(&copy);
    copy_dir(&data_dir(base), &copy);
    let log = newest_segment(&copy);
    let mut bytes = fs::read(&log).expect("read");
    change(&mut bytes);
    fs::write(&log, bytes).expect("written");
    let mut config = config(base, Arc::clone(clock));
    config.dir = copy;
    LocalStore::open(config.clone()).map(drop)?;
    Ok(Opened::open(config).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_cut_at_any_byte_keeps_every_entry_before_the_cut() {
    let (base, clock, ends) = killed().await;
    for cut in ends[OBJECTS - 2]..ends[OBJECTS] {
        let opened =
            with_log(base.path(), &clock, |log| log.truncate(cut as usize)).await.expect("a torn tail is no damage");
        let whole = ends.iter().skip(1).filter(|end| **end <= cut).count();
        let expected: Vec<String> = (0..whole).map(|at| format!("k{at}")).collect();
        assert_eq!(opened.keys().await, expected, "cut at {cut}");
        // The log goes on where it was cut, and what comes then is kept.
        opened.put("next", b"next").await;
        drop(opened);
        let mut config = config(base.path(), Arc::clone(&clock));
        config.dir = base.path().join("copy");
        let opened = Opened::open(config).await;
        assert_eq!(opened.get("next").await.as_deref(), Some(b"next".as_slice()), "cut at {cut}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tail_of_zeros_is_torn() {
    let (base, clock, ends) = killed().await;
    for zeros in [1, 31, 32, 5000] {
        let opened = with_log(base.path(), &clock, |log| log.resize(log.len() + zeros, 0)).await.expect("a torn tail");
        assert_eq!(opened.keys().await.len(), OBJECTS);
    }
    // Pages of an unsynced batch reach the disk in any order: here the last entry's beginning did not.
    let torn = |log: &mut Vec<u8>| log[ends[OBJECTS - 1] as usize..][..40].fill(0);
    assert_eq!(with_log(base.path(), &clock, torn).await.expect("a torn tail").keys().await.len(), OBJECTS - 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_before_the_last_batch_stops_the_start() {
    let (base, clock, ends) = killed().await;
    let (from, to) = (ends[1] as usize, ends[2] as usize);
    for byte in from..to {
        let flip = |log: &mut Vec<u8>| log[byte] ^= 1 << (byte % 8);
        match with_log(base.path(), &clock, flip).await {
            Err(OpenError::Damaged { detail, .. }) => assert!(detail.contains("offset"), "{detail}"),
            other => panic!("byte {byte}: {:?}", other.map(|_| "opened")),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_segment_header_stops_the_start_and_names_the_doctor() {
    let (base, clock, _) = killed().await;
    let error = with_log(base.path(), &clock, |log| log[20] ^= 1).await.map(drop).expect_err("damaged");
    assert!(error.to_string().contains("headwater doctor"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_index_is_rebuilt_by_the_doctor() {
    let (base, clock, _) = killed().await;
    let dir = data_dir(base.path());
    let opened = Opened::open(config(base.path(), Arc::clone(&clock))).await;
    opened.put("large", &large(1)).await;
    opened.delete("k0").await;
    opened.clone().close().await;
    drop(opened);
    fs::remove_file(dir.join("index.redb")).expect("removed");
    let error = LocalStore::open(config(base.path(), Arc::clone(&clock))).expect_err("no index");
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    let report = examine(&dir, &clock, Treatment::Check).expect("examined");
    assert!(matches!(&*report.findings, [Finding::Index { .. }]) && report.is_cured_by_rebuild(), "{report:?}");
    assert!(examine(&dir, &clock, Treatment::Rebuild).expect("rebuilt").rebuilt);
    assert_sound(&dir, &clock);
    let opened = Opened::open(config(base.path(), Arc::clone(&clock))).await;
    assert_eq!(opened.keys().await, ["k1", "k2", "k3", "k4", "k5", "large"]);
    assert_eq!(opened.get("large").await, Some(large(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_from_a_damaged_log_keeps_what_is_whole_and_starts() {
    let (base, clock, ends) = killed().await;
    let dir = data_dir(base.path());
    let log = newest_segment(&dir);
    let mut bytes = fs::read(&log).expect("read");
    bytes[ends[2] as usize + 40] ^= 1;
    fs::write(&log, bytes).expect("written");
    let report = examine(&dir, &clock, Treatment::Rebuild).expect("examined");
    assert!(report.rebuilt && !report.is_cured_by_rebuild(), "{report:?}");
    assert!(report.findings.iter().any(|finding| matches!(finding, Finding::Log { .. })), "{report:?}");
    let opened = Opened::open(config(base.path(), Arc::clone(&clock))).await;
    assert_eq!(opened.keys().await, ["k0", "k1", "k3", "k4", "k5"]);
    opened.put("next", b"next").await;
    drop(opened);
    let opened = Opened::open(config(base.path(), Arc::clone(&clock))).await;
    assert_eq!(opened.get("next").await.as_deref(), Some(b"next".as_slice()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_body_fails_alone_and_the_doctor_finds_it() {
    let base = tempfile::tempdir().expect("a directory");
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    let opened = Opened::open(config(base.path(), Arc::clone(&clock))).await;
    let log = newest_segment(&data_dir(base.path()));
    opened.put("small", &[7; 1000]).await;
    let small_end = fs::metadata(&log).expect("metadata").len();
    opened.put("whole", b"whole").await;
    let mut bytes = fs::read(&log).expect("read");
    bytes[small_end as usize - 700] ^= 1;
    fs::write(&log, bytes).expect("written");
    assert!(matches!(opened.try_get("small").await, Err(Error::Damaged { .. })));
    assert_eq!(opened.get("whole").await.as_deref(), Some(b"whole".as_slice()));
    opened.clone().close().await;
    drop(opened);
    let report = examine(&data_dir(base.path()), &clock, Treatment::CheckBodies).expect("examined");
    assert!(report.findings.iter().any(|finding| matches!(finding, Finding::Body { .. })), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_the_log_does_not_know_is_found() {
    let (base, clock, _) = killed().await;
    let dir = data_dir(base.path());
    let former = base.path().join("former");
    copy_dir(&dir, &former);
    let opened = Opened::open(config(base.path(), Arc::clone(&clock))).await;
    opened.put("late", b"late").await;
    opened.clone().close().await;
    drop(opened);
    // An index that is ahead of its log, as after restoring half a backup.
    fs::copy(newest_segment(&former), newest_segment(&dir)).expect("copied");
    let error = LocalStore::open(config(base.path(), Arc::clone(&clock))).expect_err("the log is too short");
    assert!(error.to_string().contains("the log ends at entry"), "{error}");
    let report = examine(&dir, &clock, Treatment::Check).expect("examined");
    assert!(report.findings.iter().any(|finding| matches!(finding, Finding::Row { .. })), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_in_use_or_of_another_format_is_refused() {
    let (base, clock, _) = killed().await;
    let config = config(base.path(), Arc::clone(&clock));
    let opened = Opened::open(config.clone()).await;
    assert!(matches!(LocalStore::open(config.clone()), Err(OpenError::Locked { .. })));
    assert!(matches!(examine(&config.dir, &clock, Treatment::Check), Err(OpenError::Locked { .. })));
    drop(opened);
    fs::write(config.dir.join("FORMAT"), "headwater data format 99\n").expect("written");
    assert!(matches!(LocalStore::open(config.clone()), Err(OpenError::Format { .. })));
    assert!(matches!(examine(base.path(), &clock, Treatment::Check), Err(OpenError::NoStore { .. })));
    let shared = base.path().join("shared");
    fs::create_dir(&shared).expect("made");
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o1777)).expect("shared");
    let mut config = config.clone();
    config.dir.clone_from(&shared);
    assert!(matches!(LocalStore::open(config.clone()), Err(OpenError::Shared { .. })));
    assert_eq!(fs::read_dir(&shared).expect("listed").count(), 0, "nothing is made in it");
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o755)).expect("readable");
    drop(LocalStore::open(config).expect("made private"));
    assert_eq!(fs::metadata(&shared).expect("metadata").permissions().mode() & 0o777, 0o700);
}

/// Cuts the values of rows of a closed store short.
fn damage_rows(dir: &Path, ranges: &[KeyRange]) {
    let index = RedbIndex::open(&dir.join("index.redb")).expect("an index");
    let sequence = index.applied_sequence().expect("a sequence");
    for range in ranges {
        let row = index.scan(range, 1).expect("a scan").remove(0);
        let beginning = &row.value[..row.value.len() / 4];
        index.apply([(row.key.as_slice(), Some(beginning))], sequence).expect("applied");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listing_tells_which_rows_cannot_be_read_and_goes_on() {
    let base = tempfile::tempdir().expect("a directory");
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    let config = config(base.path(), clock);
    let opened = Opened::open(config.clone()).await;
    opened.set_versioning(Versioning::Enabled).await;
    for key in ["a", "b", "c", "d"] {
        opened.put(key, b"former").await;
        opened.put(key, b"current").await;
    }
    let generation = opened.bucket.generation;
    opened.close().await;
    let key = |text: &str| ObjectKey::parse(text).expect("a valid key");
    damage_rows(
        &data_dir(base.path()),
        &[ObjectRow::range(generation, "b"), VersionRow::range_of_key(generation, &key("c"))],
    );
    let opened = Opened::open(config).await;
    let list = async |after: &str, limit| {
        let query = ListQuery { prefix: "".into(), delimiter: "".into(), after: after.into(), limit };
        let page = opened.store.list(&opened.bucket, &query).await.expect("a page");
        let names: Vec<String> = page.objects.iter().map(|object| object.key.as_str().to_owned()).collect();
        (names.concat(), page.damaged, page.next)
    };
    assert_eq!(list("", 1000).await, ("acd".into(), vec![key("b")], None));
    assert_eq!(list("", 2).await, ("a".into(), vec![key("b")], Some("b".into())), "it counts as an entry");
    assert_eq!(list("b", 2).await, ("cd".into(), vec![], None));
    let former = opened.store.list_noncurrent(&opened.bucket, &VersionMarker::default(), 1000).await.expect("a page");
    let versions: Vec<&str> = former.versions.iter().map(|version| version.key.as_str()).collect();
    assert_eq!((versions.concat(), former.damaged), ("abd".into(), vec![key("c")]));
}
