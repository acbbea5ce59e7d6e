//! Lifecycle rules over the memory store, with a clock that the test moves.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use headwater_engine::LifecycleConfig;
use headwater_model::Error;
use headwater_model::acl::CannedAcl;
use headwater_model::bucket::{Bucket, BucketAccess, BucketConfiguration, Dialect, Generation};
use headwater_model::clock::{Clock, Timestamp};
use headwater_model::lifecycle::{
    DayLength, Due, Expiration, FilterTerms, LifecycleConfiguration, LifecycleFilter, LifecycleRule,
    NoncurrentExpiration,
};
use headwater_model::list::ListQuery;
use headwater_model::object::ObjectHeaders;
use headwater_model::op::{CreateBucket, CreateMultipartUpload, ListMultipartUploads, ListObjects, Op, WriteCondition};
use headwater_model::reply::Reply;
use headwater_model::settings::{GoneMode, MigrationSettings};
use headwater_model::version::{VersionMarker, VersionQuery, Versioning};
use headwater_store::{BucketRef, Store as _};
use headwater_testkit::{ManualClock, MemoryStore};

use crate::support::{BUCKET, Bench, bucket, delete, get, key, put};

/// A day of the tests.
const DAY: Duration = Duration::from_secs(10);

struct Stage {
    bench: Bench,
    store: Arc<MemoryStore>,
    clock: ManualClock,
    config: LifecycleConfig,
}

impl Stage {
    /// An empty bucket; walks remember their place in this directory.
    async fn new(directory: Option<&Path>) -> Self {
        let clock = ManualClock::new(Timestamp::from_seconds(1_700_000_000), 7);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let store = Arc::new(MemoryStore::new(shared.clone()));
        let bench = Bench::over(store.clone(), &shared, 1).await.unwrap();
        let create = CreateBucket {
            bucket: bucket(BUCKET),
            acl: None,
            ownership: None,
            location: None,
            storage_class: None,
            object_lock: None,
        };
        bench.ask(Op::CreateBucket(create)).await.unwrap();
        let progress = directory.map(|directory| directory.join("place"));
        Self { bench, store, clock, config: LifecycleConfig { day: DayLength::of_seconds(10), progress } }
    }

    async fn rules(&self, rules: Vec<LifecycleRule>) {
        let rules = Box::new(LifecycleConfiguration { rules, minimum_by_class: false });
        self.bench.ask(Op::PutBucketLifecycle(bucket(BUCKET), rules)).await.unwrap();
    }

    async fn put(&self, keys: &[&str]) {
        for key in keys {
            self.bench.put(key, b"body").await.unwrap();
        }
    }

    async fn walk(&self) {
        self.bench.engine.walk_lifecycles(&self.config).await;
    }

    async fn keys(&self) -> Vec<String> {
        let list = ListObjects { bucket: bucket(BUCKET), query: all(), visit: None };
        let Reply::Objects { page, .. } = self.bench.ask(Op::ListObjects(list)).await.unwrap() else { panic!() };
        page.objects.iter().map(|object| object.key.as_str().to_owned()).collect()
    }
}

fn all() -> ListQuery {
    ListQuery { prefix: "".into(), delimiter: "".into(), after: "".into(), limit: 1000 }
}

fn rule(prefix: &str, due: Due) -> LifecycleRule {
    LifecycleRule {
        id: prefix.into(),
        enabled: true,
        prefix: Some(prefix.into()),
        expiration: Some(Expiration { due: Some(due), lone_delete_marker: None }),
        ..LifecycleRule::default()
    }
}

#[tokio::test]
async fn what_is_due_ends_and_nothing_else() {
    let stage = Stage::new(None).await;
    let mut off = rule("", Due::Days(1));
    off.enabled = false;
    stage.rules(vec![off, rule("one/", Due::Days(1)), rule("five/", Due::Days(5))]).await;
    stage.put(&["five/a", "keep", "one/a", "one/b"]).await;
    stage.clock.advance(DAY.checked_sub(Duration::from_millis(1)).unwrap());
    stage.walk().await;
    assert_eq!(stage.keys().await.len(), 4, "nothing is due before its day is over");
    stage.put(&["one/b"]).await;
    stage.clock.advance(Duration::from_millis(1));
    stage.walk().await;
    assert_eq!(stage.keys().await, ["five/a", "keep", "one/b"], "what was written again begins anew");
    stage.clock.advance(DAY * 4);
    stage.walk().await;
    assert_eq!(stage.keys().await, ["keep"]);
    let counters = stage.bench.engine.lifecycle_counters();
    assert_eq!((counters.objects(), counters.walks(), counters.failures()), (3, 3, 0));
}

#[tokio::test]
async fn dates_tags_and_sizes_decide() {
    let stage = Stage::new(None).await;
    let filter = |terms| LifecycleFilter { own: terms, ..LifecycleFilter::default() };
    let tagged = FilterTerms { tags: vec![("k".into(), "v".into())], ..FilterTerms::default() };
    let large = FilterTerms { larger_than_bytes: Some(4), ..FilterTerms::default() };
    stage
        .rules(vec![
            LifecycleRule { filter: Some(filter(tagged)), ..rule("t/", Due::Days(1)) },
            LifecycleRule { filter: Some(filter(large)), ..rule("s/", Due::Days(1)) },
            rule("past/", Due::Date(Timestamp::from_seconds(1_400_000_000))),
            rule("old/", Due::CreatedBefore(Timestamp::from_seconds(1_400_000_000))),
        ])
        .await;
    stage.put(&["old/a", "past/a", "s/four", "t/without"]).await;
    let mut with = put("t/with");
    with.tags = vec![("k".into(), "v".into())];
    let engine = &stage.bench.engine;
    let body = || headwater_model::body::Body::Full(bytes::Bytes::from_static(b"12345"));
    engine.perform(&stage.bench.root, Op::PutObject(Box::new(with)), body()).await.unwrap();
    engine.perform(&stage.bench.root, Op::PutObject(Box::new(put("s/five"))), body()).await.unwrap();
    stage.clock.advance(DAY);
    stage.walk().await;
    assert_eq!(stage.keys().await, ["old/a", "s/four", "t/without"]);
}

#[tokio::test]
async fn the_end_of_an_object_is_no_deletion_to_remember() {
    let stage = Stage::new(None).await;
    let settings = MigrationSettings { deletes: GoneMode::Keep, ..MigrationSettings::default() };
    let engine = &stage.bench.engine;
    engine.change_migration_settings(&bucket(BUCKET), |_| Ok(settings)).await.unwrap();
    stage.rules(vec![rule("", Due::Days(1))]).await;
    stage.put(&["a"]).await;
    stage.clock.advance(DAY);
    stage.walk().await;
    let gone = stage.bench.get(&stage.bench.root, get("a")).await;
    assert!(matches!(gone, Err(Error::NoSuchKey { .. })));
    let tombstones = engine.tombstones(&bucket(BUCKET), "", "", 10).await.unwrap();
    assert!(tombstones.is_empty(), "a mirror rule may fetch it again");
}

#[tokio::test]
async fn uploads_end_that_nobody_completes() {
    let stage = Stage::new(None).await;
    let abort = LifecycleRule { abort_uploads: Some(Due::Days(2)), expiration: None, ..rule("u/", Due::Days(1)) };
    stage.rules(vec![abort]).await;
    for name in ["u/old", "v/old"] {
        let create = CreateMultipartUpload {
            bucket: bucket(BUCKET),
            key: key(name),
            headers: ObjectHeaders::default(),
            tags: Vec::new(),
            acl: None,
            checksum: None,
            condition: WriteCondition::Any,
            encryption: headwater_model::encryption::WriteEncryption::default(),
            sequential: false,
        };
        stage.bench.ask(Op::CreateMultipartUpload(Box::new(create))).await.unwrap();
    }
    let open = async || {
        let (prefix, delimiter, after_key) = ("".into(), "".into(), "".into());
        let list = ListMultipartUploads {
            bucket: bucket(BUCKET),
            prefix,
            delimiter,
            after_key,
            after_upload: None,
            limit: 1000,
        };
        let Reply::Uploads { page, .. } = stage.bench.ask(Op::ListMultipartUploads(list)).await.unwrap() else {
            panic!()
        };
        page.uploads.iter().map(|upload| upload.key.as_str().to_owned()).collect::<Vec<_>>()
    };
    stage.clock.advance(DAY);
    stage.walk().await;
    assert_eq!(open().await, ["u/old", "v/old"]);
    stage.clock.advance(DAY);
    stage.walk().await;
    assert_eq!(open().await, ["v/old"]);
    assert_eq!(stage.bench.engine.lifecycle_counters().uploads(), 1);
}

#[tokio::test]
async fn a_walk_goes_on_where_it_was_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let stage = Stage::new(Some(directory.path())).await;
    stage.rules(vec![rule("", Due::Days(1))]).await;
    for number in 0..1100 {
        stage.bench.put(&format!("k{number:04}"), b"").await.unwrap();
    }
    stage.clock.advance(DAY);
    let place = stage.config.progress.clone().unwrap();
    let first_page = async {
        while !place.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = first_page => {}
        () = stage.walk() => panic!("a walk of two pages ends after the first"),
    }
    assert_eq!(stage.keys().await.len(), 100, "the first page is done");
    // Due, but before the place of the walk.
    stage.put(&["a"]).await;
    stage.clock.advance(DAY);
    stage.walk().await;
    assert_eq!(stage.keys().await, ["a"]);
    assert!(!place.exists(), "the walk has ended");
    stage.walk().await;
    assert!(stage.keys().await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_is_passed_over_and_counted() {
    let stage = Stage::new(None).await;
    stage.rules(vec![rule("", Due::Days(1))]).await;
    stage.put(&["a", "b", "c", "d"]).await;
    stage.store.damage(key("b"));
    stage.store.damage(key("d"));
    stage.clock.advance(DAY);
    stage.walk().await;
    let counters = stage.bench.engine.lifecycle_counters();
    assert_eq!((counters.objects(), counters.failures()), (2, 2));
    let list = ListObjects { bucket: bucket(BUCKET), query: all(), visit: None };
    let listed = stage.bench.ask(Op::ListObjects(list)).await;
    assert!(matches!(listed, Err(Error::Damaged { .. })), "a client is not told a page that lacks keys");
}

#[tokio::test]
async fn walks_begin_at_even_distances() {
    let stage = Stage::new(None).await;
    stage.rules(vec![rule("", Due::Days(1))]).await;
    stage.put(&["a"]).await;
    let walks = async {
        // A day has 24 walks, the first of them at once.
        for _ in 0..24 {
            stage.clock.sleepers(1).await;
            assert_eq!(stage.keys().await.len(), 1);
            stage.clock.advance(DAY / 24);
        }
        stage.clock.sleepers(1).await;
        stage.clock.advance(DAY / 24);
        stage.clock.sleepers(1).await;
    };
    tokio::select! {
        () = walks => {}
        () = stage.bench.engine.keep_lifecycles(&stage.config) => panic!("it never ends"),
    }
    assert!(stage.keys().await.is_empty());
    assert_eq!(stage.bench.engine.lifecycle_counters().walks(), 26);
}

/// A bucket with versions; the store beside the stage, to look into.
async fn versioned() -> (Stage, Arc<MemoryStore>, BucketRef) {
    let clock = ManualClock::new(Timestamp::from_seconds(1_700_000_000), 7);
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let store = Arc::new(MemoryStore::new(shared.clone()));
    let configuration = BucketConfiguration { versioning: Versioning::Enabled, ..BucketConfiguration::default() };
    let made = Bucket {
        name: bucket(BUCKET),
        generation: Generation(0),
        created: clock.now(),
        acl: CannedAcl::Private.into(),
        access: BucketAccess::default(),
        dialect: Dialect::S3,
        location: "r".into(),
        storage_class: "Standard".into(),
        rule_version: 0,
        migration: MigrationSettings::default(),
        website: None,
        configuration,
    };
    let reference = BucketRef::from(&store.create_bucket(made).await.unwrap());
    let bench = Bench::over(store.clone(), &shared, 1).await.unwrap();
    let config = LifecycleConfig { day: DayLength::of_seconds(10), progress: None };
    (Stage { bench, store: store.clone(), clock, config }, store, reference)
}

/// How many versions and delete markers each key has.
async fn count(store: &MemoryStore, reference: &BucketRef) -> Vec<(String, usize, usize)> {
    let query = VersionQuery { prefix: "".into(), delimiter: "".into(), after: VersionMarker::default(), limit: 1000 };
    let mut counts: Vec<(String, usize, usize)> = Vec::new();
    for version in store.list_versions(reference, &query).await.unwrap().versions {
        if counts.last().is_none_or(|(key, ..)| *key != version.key.as_str()) {
            counts.push((version.key.as_str().to_owned(), 0, 0));
        }
        let (_, objects, markers) = counts.last_mut().unwrap();
        *if version.object.is_some() { objects } else { markers } += 1;
    }
    counts
}

fn noncurrent(days: u32, kept_versions: Option<u32>) -> LifecycleRule {
    let noncurrent_expiration = Some(NoncurrentExpiration { days, kept_versions });
    LifecycleRule { noncurrent_expiration, expiration: None, ..rule("", Due::Days(1)) }
}

#[tokio::test]
async fn versions_end_that_are_not_current() {
    let (stage, store, reference) = versioned().await;
    stage.rules(vec![noncurrent(1, Some(2))]).await;
    for _ in 0..5 {
        stage.put(&["a"]).await;
    }
    stage.put(&["b"]).await;
    stage.clock.advance(DAY);
    stage.walk().await;
    assert_eq!(count(&store, &reference).await, [("a".to_owned(), 3, 0), ("b".to_owned(), 1, 0)]);
    stage.rules(vec![noncurrent(2, None)]).await;
    stage.walk().await;
    assert_eq!(count(&store, &reference).await[0].1, 3, "another place was taken only a day ago");
    stage.clock.advance(DAY);
    stage.walk().await;
    assert_eq!(count(&store, &reference).await, [("a".to_owned(), 1, 0), ("b".to_owned(), 1, 0)]);
    assert_eq!(stage.bench.engine.lifecycle_counters().versions(), 4);
}

#[tokio::test]
async fn an_object_with_versions_ends_in_a_delete_marker_and_that_ends_alone() {
    let (stage, store, reference) = versioned().await;
    let lone = Expiration { due: None, lone_delete_marker: Some(true) };
    let lone = LifecycleRule { expiration: Some(lone), prefix: Some("lone/".into()), ..noncurrent(1, None) };
    stage.rules(vec![rule("days/", Due::Days(3)), lone]).await;
    stage.put(&["days/a", "lone/a"]).await;
    stage.bench.ask(delete(bucket(BUCKET), key("lone/a"))).await.unwrap();
    stage.walk().await;
    assert_eq!(count(&store, &reference).await, [("days/a".to_owned(), 1, 0), ("lone/a".to_owned(), 1, 1)]);
    stage.clock.advance(DAY);
    stage.walk().await;
    stage.walk().await;
    assert_eq!(count(&store, &reference).await, [("days/a".to_owned(), 1, 0)], "first its version, then the marker");
    stage.clock.advance(DAY * 2);
    stage.walk().await;
    assert_eq!(count(&store, &reference).await, [("days/a".to_owned(), 1, 1)], "the object is a version now");
    stage.clock.advance(DAY * 9);
    stage.walk().await;
    assert_eq!(count(&store, &reference).await, [("days/a".to_owned(), 1, 1)], "no rule ends versions of this key");
}
