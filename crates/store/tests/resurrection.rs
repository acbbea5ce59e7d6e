//! However deletes, writes, fills, lifted tombstones and restarts follow upon each other, in 10^5 interleavings: no fill
//! brings a key back that was deleted on purpose, none commits after a delete or write that came since its grant, and no
//! local write is replaced by a fill.
//!
//! Lanes are buckets of one store, each with one to three keys and a seeded sequence of steps, so that many lanes share
//! each sync. The steps of a group are judged one after the other before the first of them is durable: they meet each
//! other's pending rows. After each group every key is compared with a model; a restart ends the tokens of all lanes.

mod support;

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::future::join_all;
use headwater_model::object::Provenance;
use headwater_model::{BoxFuture, Error, Result};
use headwater_store::{Afterwards, BucketRef, Expectation, FillToken, LocalStore, Store as _};
use headwater_testkit::{ManualClock, SeededRandom};
use support::{Opened, config, object_key, unborn_bucket};

/// Buckets that work at the same time.
const LANES: u64 = 64;
/// Lives of the store.
const LIVES: usize = 20;
/// Groups of steps of a lane in one life.
const GROUPS: usize = 32;
/// Most steps in a group.
const GROUP_STEPS: usize = 4;
/// Tokens of former grants that a lane still tries to commit with.
const MAX_TOKENS: usize = 6;
/// Steps that a failure tells.
const TOLD_STEPS: usize = 40;

const KEYS: [&str; 3] = ["a", "b", "c"];

/// What a key should be, and what has happened to it.
#[derive(Clone, Debug, Default)]
struct Key {
    body: Option<Vec<u8>>,
    is_gone: bool,
    /// The grant that stands, by number.
    grant: Option<u64>,
    /// Local writes and deletes so far.
    changes: u64,
}

/// A token and what was known when it was granted.
#[derive(Clone, Debug)]
struct Held {
    key: usize,
    token: FillToken,
    number: u64,
    changes: u64,
    /// A token of a former life is never revoked, nobody knows it any more; and it is worth nothing.
    is_of_this_life: bool,
}

/// What came of a step, or what should.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    Existed(bool),
    Granted,
    Obsolete,
    Superseded,
    Failed(String),
}

/// A step that is prepared: performing it is one commit.
struct Step {
    what: String,
    expected: Outcome,
    /// If it is a grant: its key, number and changes so far.
    grant: Option<(usize, u64, u64)>,
    /// If it is the commit of a fill: whether nothing that must stop it has happened since its grant.
    may_commit: Option<bool>,
    perform: BoxFuture<'static, (Outcome, Option<FillToken>)>,
}

struct Lane {
    bucket: BucketRef,
    random: SeededRandom,
    keys: Vec<Key>,
    tokens: VecDeque<Held>,
    /// Numbers grants and bodies.
    next: u64,
    told: VecDeque<String>,
}

fn outcome<T>(result: Result<T>, of: impl FnOnce(T) -> Outcome) -> Outcome {
    match result {
        Ok(value) => of(value),
        Err(Error::ObjectExists { .. }) => Outcome::Superseded,
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

impl Lane {
    async fn new(store: &Arc<LocalStore>, number: u64) -> Self {
        let bucket = store.create_bucket(unborn_bucket(&format!("lane-{number}"))).await.expect("a bucket");
        let mut random = SeededRandom::new(number);
        let keys = vec![Key::default(); 1 + random.below(KEYS.len())];
        let bucket = BucketRef::from(&bucket);
        Self { bucket, random, keys, tokens: VecDeque::new(), next: 0, told: VecDeque::new() }
    }

    /// A life of the store, from one restart to the next.
    async fn live(mut self, store: Arc<LocalStore>) -> Self {
        let opened = Opened { store, bucket: self.bucket.clone() };
        for key in &mut self.keys {
            key.grant = None;
        }
        for held in &mut self.tokens {
            held.is_of_this_life = false;
        }
        self.compare(&opened).await;
        for _ in 0..GROUPS {
            let mut group = Vec::new();
            for _ in 0..=self.random.below(GROUP_STEPS) {
                group.push(self.step(&opened).await);
            }
            self.perform(group).await;
            self.compare(&opened).await;
        }
        self
    }

    async fn perform(&mut self, group: Vec<Step>) {
        let mut performing = Vec::new();
        let mut expectations = Vec::new();
        for step in group {
            self.told.push_back(step.what);
            performing.push(step.perform);
            expectations.push((step.expected, step.grant, step.may_commit));
        }
        self.told.drain(..self.told.len().saturating_sub(TOLD_STEPS));
        let found = join_all(performing).await;
        for ((found, token), (expected, grant, may_commit)) in found.into_iter().zip(expectations) {
            // What this test is about, without the model.
            let committed = may_commit.is_some() && found == Outcome::Done;
            assert!(!committed || may_commit == Some(true), "a fill came after a change: {:#?}", self.told);
            assert_eq!(found, expected, "{} after {:#?}", self.bucket.name.as_str(), self.told);
            if let (Some((key, number, changes)), Some(token)) = (grant, token) {
                self.tokens.push_back(Held { key, token, number, changes, is_of_this_life: true });
            }
        }
        self.tokens.drain(..self.tokens.len().saturating_sub(MAX_TOKENS));
    }

    /// The next step, and what the model says will come of it.
    async fn step(&mut self, opened: &Opened) -> Step {
        self.next += 1;
        let at = self.random.below(self.keys.len());
        match self.random.below(16) {
            0..3 => self.put(opened, at).await,
            3..6 => self.delete(opened, at, Afterwards::Gone),
            6..8 => self.delete(opened, at, Afterwards::Refetchable),
            8..10 => self.lift(opened, at),
            10..13 => self.begin_fill(opened, at),
            _ => match self.random.below(MAX_TOKENS) {
                chosen if chosen < self.tokens.len() => self.fill(opened, self.tokens[chosen].clone()).await,
                _ => self.begin_fill(opened, at),
            },
        }
    }

    async fn put(&mut self, opened: &Opened, at: usize) -> Step {
        let body = format!("local {}", self.next).into_bytes();
        let (writer, object) = opened.finished(KEYS[at], &body).await.expect("finished");
        let key = &mut self.keys[at];
        *key = Key { body: Some(body), is_gone: false, grant: None, changes: key.changes + 1 };
        let sealed = writer.seal(object, Expectation::Any);
        Step {
            what: format!("put {}", KEYS[at]),
            expected: Outcome::Done,
            grant: None,
            may_commit: None,
            perform: Box::pin(async move { (outcome(sealed.await, |_| Outcome::Done), None) }),
        }
    }

    fn delete(&mut self, opened: &Opened, at: usize, afterwards: Afterwards) -> Step {
        let key = &mut self.keys[at];
        let existed = key.body.take().is_some();
        key.grant = None;
        key.changes += 1;
        key.is_gone |= afterwards == Afterwards::Gone;
        let opened = opened.clone();
        Step {
            what: format!("delete {}, {afterwards:?}", KEYS[at]),
            expected: Outcome::Existed(existed),
            grant: None,
            may_commit: None,
            perform: Box::pin(async move {
                let deleted = opened.store.delete(&opened.bucket, &object_key(KEYS[at]), afterwards).await;
                (outcome(deleted, |deleted| Outcome::Existed(deleted.found)), None)
            }),
        }
    }

    fn lift(&mut self, opened: &Opened, at: usize) -> Step {
        let stood = std::mem::take(&mut self.keys[at].is_gone);
        let opened = opened.clone();
        Step {
            what: format!("lift {}", KEYS[at]),
            expected: Outcome::Existed(stood),
            grant: None,
            may_commit: None,
            perform: Box::pin(async move {
                let lifted = opened.store.lift_gone(&opened.bucket, &object_key(KEYS[at])).await;
                (outcome(lifted, Outcome::Existed), None)
            }),
        }
    }

    fn begin_fill(&mut self, opened: &Opened, at: usize) -> Step {
        let key = &mut self.keys[at];
        let expected = match key {
            Key { body: Some(_), .. } | Key { is_gone: true, .. } => Outcome::Obsolete,
            _ => Outcome::Granted,
        };
        if expected == Outcome::Granted {
            key.grant = Some(self.next);
        }
        let (opened, changes) = (opened.clone(), key.changes);
        Step {
            what: format!("grant {} of {}", self.next, KEYS[at]),
            expected,
            grant: Some((at, self.next, changes)),
            may_commit: None,
            perform: Box::pin(async move {
                match opened.store.begin_fill(&opened.bucket, &object_key(KEYS[at]), 0).await {
                    Ok(Some(token)) => (Outcome::Granted, Some(token)),
                    Ok(None) => (Outcome::Obsolete, None),
                    Err(error) => (Outcome::Failed(error.to_string()), None),
                }
            }),
        }
    }

    async fn fill(&mut self, opened: &Opened, held: Held) -> Step {
        let body = format!("filled {}", self.next).into_bytes();
        let (writer, mut object) = opened.finished(KEYS[held.key], &body).await.expect("finished");
        object.provenance = Provenance::Mirrored;
        let key = &mut self.keys[held.key];
        let may_commit = !key.is_gone && key.changes == held.changes && key.body.is_none();
        let commits = may_commit && key.grant == Some(held.number);
        if commits {
            key.body = Some(body);
        }
        let sealed = writer.seal(object, Expectation::Fill(held.token));
        Step {
            what: format!("fill {} by grant {}", KEYS[held.key], held.number),
            expected: if commits { Outcome::Done } else { Outcome::Superseded },
            grant: None,
            may_commit: Some(may_commit),
            perform: Box::pin(async move { (outcome(sealed.await, |_| Outcome::Done), None) }),
        }
    }

    /// Every key is what the model says.
    async fn compare(&self, opened: &Opened) {
        for (name, key) in KEYS.into_iter().zip(&self.keys) {
            let told = || format!("{name} of {} after {:#?}", self.bucket.name.as_str(), self.told);
            assert_eq!(opened.get(name).await, key.body, "{}", told());
            assert_eq!(opened.is_gone(name).await, key.is_gone, "{}", told());
        }
        for held in self.tokens.iter().filter(|held| held.is_of_this_life) {
            let stands = self.keys[held.key].grant == Some(held.number);
            assert_eq!(held.token.is_revoked(), !stands, "grant {} after {:#?}", held.number, self.told);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m4_nothing_deleted_on_purpose_comes_back_and_no_local_write_is_overwritten() {
    let base = tempfile::tempdir().expect("a directory");
    let mut config = config(base.path(), Arc::new(ManualClock::default()));
    config.segment_bytes = 1 << 20;
    let mut store = LocalStore::open(config.clone()).expect("opens");
    let mut lanes = Vec::new();
    for number in 0..LANES {
        lanes.push(Lane::new(&store, number).await);
    }
    for life in 0..LIVES {
        let living = lanes.into_iter().map(|lane| tokio::spawn(lane.live(Arc::clone(&store))));
        lanes = join_all(living).await.into_iter().map(|lane| lane.expect("as the model says")).collect();
        if life % 2 == 0 {
            store.close(support::CLOSE_LIMIT).await.expect("closed");
        }
        drop(store);
        store = LocalStore::open(config.clone()).expect("opens again");
    }
    let steps: u64 = lanes.iter().map(|lane| lane.next).sum();
    assert!(steps >= 100_000, "{steps} steps");
    for lane in &mut lanes {
        lane.tokens.clear();
        lane.compare(&Opened { store: Arc::clone(&store), bucket: lane.bucket.clone() }).await;
    }
}
