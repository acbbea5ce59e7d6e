//! Every operation, with random arguments, on an engine over the local store and on one over the memory store: every reply
//! and every error must be the same, and so must all that can be read afterwards.
//!
//! Operations follow from a seed. Ids are each engine's own; [`Names`] says which of them stand for each other. Both
//! engines are opened again now and then, over what their stores hold. `ENGINE_OPERATIONS=10000` makes more runs.
//! Not here: origins, whose answers take a time of their own (see the tests of fills).

mod objects;
mod settings;
mod told;
mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use headwater_engine::NewKey;
use headwater_model::access::Principal;
use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use headwater_model::clock::{Clock, Timestamp};
use headwater_model::digest::ETag;
use headwater_model::op::{Caller, CreateBucket, ListObjectVersions, Op, UploadRef};
use headwater_model::reply::Reply;
use headwater_model::rule::Secret;
use headwater_model::version::{ObjectLockConfiguration, VersionId, VersionMarker};
use headwater_model::{BucketName, ObjectKey};
use headwater_store::{LocalConfig, LocalStore, Store};
use headwater_testkit::{ManualClock, MemoryStore, SeededRandom};
use tempfile::TempDir;

use self::told::{Names, told};
use crate::support::{Bench, caller};

/// Operations of everyday, of all runs together: some seconds.
const OPERATIONS: usize = 4_800;
/// Operations that begin with empty stores.
const OPERATIONS_OF_A_RUN: usize = 800;
/// Runs at a time.
const AT_A_TIME: usize = 4;
/// Operations between two openings.
const OPERATIONS_OF_AN_OPENING: usize = 250;
/// Pages that are read behind the first of a listing of versions.
const PAGES: usize = 5;
/// Longest close of a store: far more than it needs.
const CLOSE_LIMIT: Duration = Duration::from_mins(1);

/// The names of all operations, and a match that does not compile when there are others.
macro_rules! operations {
    ($($name:ident)*) => {
        const OPERATION_NAMES: &[&str] = &[$(stringify!($name)),*];

        fn name(op: &Op) -> &'static str {
            match op {
                $(Op::$name { .. } => stringify!($name),)*
            }
        }
    };
}

operations! {
    ListBuckets CreateBucket HeadBucket GetBucketInfo GetBucketLocation GetBucketAcl PutBucketAcl GetBucketPolicy
    PutBucketPolicy DeleteBucketPolicy GetBucketPolicyStatus GetPublicAccessBlock PutPublicAccessBlock
    DeletePublicAccessBlock GetAccountPublicAccessBlock PutAccountPublicAccessBlock DeleteAccountPublicAccessBlock
    GetOwnershipControls PutOwnershipControls DeleteOwnershipControls GetBucketWebsite
    PutBucketWebsite DeleteBucketWebsite DeleteBucket ListObjects ListObjectVersions GetBucketVersioning
    PutBucketVersioning GetObjectLockConfiguration PutObjectLockConfiguration GetObjectRetention PutObjectRetention
    GetObjectLegalHold PutObjectLegalHold GetHomePage HeadHomePage GetObject HeadObject GetObjectAttributes
    GetObjectMeta GetObjectTagging PutObjectTagging DeleteObjectTagging GetBucketStat GetBucketRequestPayment
    PutBucketRequestPayment GetUnset GetBucketCors PutBucketCors DeleteBucketCors GetBucketLifecycle
    PutBucketLifecycle DeleteBucketLifecycle GetBucketReferer PutBucketReferer GetBucketLogging PutBucketLogging
    DeleteBucketLogging GetLogFields PutLogFields DeleteLogFields GetBucketTagging PutBucketTagging
    DeleteBucketTagging GetObjectAcl PutObjectAcl PutObject AppendObject PutSymlink GetSymlink CopyObject DeleteObject
    DeleteObjects CreateMultipartUpload UploadPart UploadPartCopy CompleteMultipartUpload AbortMultipartUpload ListParts
    ListMultipartUploads GetBucketWorm InitiateBucketWorm AbortBucketWorm CompleteBucketWorm ExtendBucketWorm
    RestoreObject GetBucketEncryption PutBucketEncryption DeleteBucketEncryption
}

/// Operations on objects, which are more than the others: those meet more of them so.
const FREQUENT: [&str; 20] = [
    "PutObject",
    "PutObject",
    "GetObject",
    "CopyObject",
    "DeleteObject",
    "DeleteObjects",
    "AppendObject",
    "ListObjects",
    "ListObjectVersions",
    "CreateMultipartUpload",
    "UploadPart",
    "UploadPart",
    "CompleteMultipartUpload",
    "UploadPartCopy",
    "PutObjectTagging",
    "PutObjectRetention",
    "GetObjectRetention",
    "PutObjectAcl",
    "PutSymlink",
    "RestoreObject",
];

/// An upload as its client knows it.
#[derive(Clone)]
struct Upload {
    bucket: BucketName,
    key: ObjectKey,
    id: String,
    parts: BTreeMap<u16, ETag>,
}

/// What arguments are made of: the same numbers for both engines, and what each told so far.
struct Maker<'s> {
    random: SeededRandom,
    side: &'s Side,
}

/// One engine.
struct Side {
    bench: Bench,
    clock: ManualClock,
    names: Names,
    uploads: Vec<Upload>,
    open: Opening,
}

/// How an engine's store is opened.
enum Opening {
    Memory(Arc<MemoryStore>),
    Local(Arc<LocalStore>, LocalConfig, TempDir),
}

impl Side {
    async fn memory() -> Self {
        let clock = ManualClock::default();
        let store = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
        Self::new(clock, store.clone(), Opening::Memory(store)).await
    }

    async fn local() -> Self {
        let clock = ManualClock::default();
        let dir = tempfile::tempdir().unwrap();
        let mut config = LocalConfig::new(dir.path().join("data"), Arc::new(clock.clone()));
        // Small, so that segments are rolled and rows are checkpointed within a run.
        (config.segment_bytes, config.overlay_bytes) = (1 << 20, 64 << 10);
        config.reserve_bytes = Some(0);
        let store = LocalStore::open(config.clone()).unwrap();
        Self::new(clock, store.clone(), Opening::Local(store, config, dir)).await
    }

    async fn new(clock: ManualClock, store: Arc<dyn Store>, open: Opening) -> Self {
        let bench = open_bench(&clock, store).await;
        let id = || Some("user".into());
        let secret = Some(Secret::new("secret-of-the-user"));
        let user = NewKey { canonical_id: id(), access_key_id: id(), secret, ..NewKey::default() };
        bench.engine.create_access_key(user).await.unwrap();
        let lock = || Some(ObjectLockConfiguration::default());
        for (name, dialect, object_lock) in
            [("one", Dialect::Oss, None), ("two", Dialect::S3, lock()), ("four", Dialect::Oss, None)]
        {
            let bucket = BucketName::parse(name).unwrap();
            let (location, storage_class) = (None, None);
            let create = CreateBucket { bucket, acl: None, ownership: None, location, storage_class, object_lock };
            let root = Caller { dialect, ..bench.root.clone() };
            bench.engine.perform(&root, Op::CreateBucket(create), Body::Empty).await.unwrap();
        }
        Self { bench, clock, names: Names::default(), uploads: Vec::new(), open }
    }

    /// Ends engine and store, and opens them over what is stored.
    async fn reopen(self) -> Self {
        let Self { bench, clock, names, uploads, open } = self;
        drop(bench);
        let (store, open): (Arc<dyn Store>, _) = match open {
            Opening::Memory(store) => (store.clone(), Opening::Memory(store)),
            Opening::Local(store, config, dir) => {
                store.close(CLOSE_LIMIT).await.unwrap();
                drop(store);
                let store = LocalStore::open(config.clone()).unwrap();
                (store.clone(), Opening::Local(store, config, dir))
            }
        };
        Self { bench: open_bench(&clock, store).await, clock, names, uploads, open }
    }

    /// One operation with arguments that follow from the seed.
    async fn perform(&mut self, seed: u64) -> (String, &'static str, bool) {
        self.clock.advance(Duration::from_millis(7));
        let mut maker = Maker { random: SeededRandom::new(seed), side: self };
        let asking = maker.caller();
        let (op, body) = maker.op();
        let (asked, name) = (format!("{op:?} {body:?} by {:?}", asking.principal.owner()), name(&op));
        let about = About::of(&op, &self.uploads);
        let listing = if let Op::ListObjectVersions(list) = &op { Some(list.clone()) } else { None };
        let mut reply = self.bench.engine.perform(&asking, op, body).await;
        let mut told = told(&mut reply, &mut self.names).await;
        if let (Some(list), Ok(reply)) = (listing, &reply) {
            told += &self.pages_behind(&asking, list, reply).await;
        }
        let is_ok = reply.is_ok();
        if let Ok(reply) = reply {
            self.learn(about, &reply);
        }
        (format!("{}\n  {told}", shared(&asked, &self.names)), name, is_ok)
    }

    /// Some pages of versions behind this one: of all markers, those that a page names have a meaning.
    async fn pages_behind(&mut self, asking: &Caller<'_>, mut list: ListObjectVersions, reply: &Reply) -> String {
        let (mut all, mut next) = (String::new(), next_of(reply));
        for _ in 0..PAGES {
            let Some(after) = next.take() else { break };
            list.query.after = after;
            let mut reply = self.bench.engine.perform(asking, Op::ListObjectVersions(list.clone()), Body::Empty).await;
            next = reply.as_ref().ok().and_then(next_of);
            all = all + "\n" + &told(&mut reply, &mut self.names).await;
        }
        all
    }

    /// Remembers what a client must know to go on.
    fn learn(&mut self, about: About, reply: &Reply) {
        match (reply, about) {
            (Reply::UploadCreated(id), About::New(bucket, key)) => {
                self.uploads.push(Upload { bucket, key, id: id.to_string(), parts: BTreeMap::new() });
            }
            (Reply::PartStored(part) | Reply::PartCopied(part), About::Part(at)) => {
                self.uploads[at].parts.insert(part.number, part.etag.clone());
            }
            (_, About::End(at)) => {
                self.uploads.remove(at);
            }
            _ => {}
        }
    }

    fn versions(&self) -> Vec<VersionId> {
        self.names.versions.iter().map(|id| VersionId::parse(id).unwrap()).collect()
    }
}

async fn open_bench(clock: &ManualClock, store: Arc<dyn Store>) -> Bench {
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    Bench::over(store, &clock, 1).await.unwrap()
}

fn next_of(reply: &Reply) -> Option<VersionMarker> {
    match reply {
        Reply::Versions { page, .. } => page.next.clone(),
        Reply::Versioned(reply, _) => next_of(reply),
        _ => None,
    }
}

/// What an operation does with an upload, of which the engine knows the number.
enum About {
    Nothing,
    New(BucketName, ObjectKey),
    Part(usize),
    End(usize),
}

impl About {
    fn of(op: &Op, uploads: &[Upload]) -> Self {
        let find = |named: &UploadRef| uploads.iter().position(|known| *known.id == *named.upload_id);
        let about = match op {
            Op::CreateMultipartUpload(op) => Some(Self::New(op.bucket.clone(), op.key.clone())),
            Op::UploadPart(op) => find(&op.upload).map(Self::Part),
            Op::UploadPartCopy(op) => find(&op.upload).map(Self::Part),
            Op::AbortMultipartUpload(upload) => find(upload).map(Self::End),
            _ => None,
        };
        about.unwrap_or(Self::Nothing)
    }
}

/// What was asked, in names that both engines share.
fn shared(text: &str, names: &Names) -> String {
    let ids = names.versions.iter().chain(&names.uploads).enumerate();
    let text = ids.fold(text.to_owned(), |text, (number, id)| text.replace(id.as_str(), &format!("id {number}")));
    names.without_worms(text)
}

impl Maker<'_> {
    fn caller(&mut self) -> Caller<'static> {
        let dialect = self.random.pick(&[Dialect::Oss, Dialect::S3]);
        let principal = match self.random.pick(&["root", "root", "root", "root", "root", "root", "user", ""]) {
            "" => Principal::Anonymous,
            id => self.side.bench.engine.accounts().find(id, None, Timestamp(0)).unwrap().unwrap().principal,
        };
        caller(principal, dialect)
    }

    fn op(&mut self) -> (Op, Body) {
        let name =
            if self.random.below(2) == 0 { self.random.pick(&FREQUENT) } else { self.random.pick(OPERATION_NAMES) };
        if let Some(op) = self.write(name) {
            return op;
        }
        let op = self.of_objects(name).or_else(|| self.of_settings(name));
        (op.unwrap_or_else(|| panic!("nothing makes {name}")), Body::Empty)
    }
}

/// Performs a run on both; the names of the operations that succeeded.
async fn run(seed: u64) -> BTreeSet<&'static str> {
    let (mut local, mut memory) = (Side::local().await, Side::memory().await);
    let mut random = SeededRandom::new(seed);
    let mut succeeded = BTreeSet::new();
    for number in 1..=OPERATIONS_OF_A_RUN {
        let arguments = random.next_u64();
        let (stored, name, is_ok) = local.perform(arguments).await;
        let (expected, ..) = memory.perform(arguments).await;
        assert!(stored == expected, "run {seed}, operation {number}, {name}:\nlocal:  {stored}\nmemory: {expected}");
        assert!(!expected.contains("\n  Internal"), "{expected}");
        succeeded.extend(is_ok.then_some(name));
        if number % OPERATIONS_OF_AN_OPENING == 0 {
            (local, memory) = (local.reopen().await, memory.reopen().await);
        }
    }
    succeeded
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::disallowed_methods)] // how long a run is, is its caller's to say
async fn every_operation_agrees_over_the_local_and_the_memory_store() {
    let wished = std::env::var("ENGINE_OPERATIONS").ok().map(|text| text.parse().expect("a number of operations"));
    let runs = wished.unwrap_or(OPERATIONS).div_ceil(OPERATIONS_OF_A_RUN) as u64;
    // Most of a run's time is spent waiting for syncs.
    let succeeded: Vec<_> = stream::iter(0..runs).map(run).buffer_unordered(AT_A_TIME).collect().await;
    let succeeded: BTreeSet<_> = succeeded.into_iter().flatten().collect();
    let missed: Vec<_> = OPERATION_NAMES.iter().filter(|name| !succeeded.contains(*name)).collect();
    assert!(missed.is_empty(), "these never succeeded: {missed:?}");
}
