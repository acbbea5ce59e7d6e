//! What was deleted on purpose does not come back, and a fill never beats a local write: 10^5 interleavings of deletes,
//! writes, misses, commits of fills, lifted tombstones and restarts, against a model of three keys.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use headwater_model::bucket::Bucket;
use headwater_model::clock::Clock;
use headwater_model::digest::ETag;
use headwater_model::object::{ObjectHeaders, ObjectKind, Provenance};
use headwater_store::{Afterwards, BucketRef, Expectation, FillToken, NewObject, Store, WriteIntent};
use headwater_testkit::store_suite::{Factory as _, Fixture};
use headwater_testkit::{ManualClock, SeededRandom};
use support::{Ending, LocalFactory, unborn_bucket};

const STEPS: usize = 100_000;
const RUNS: usize = 20;
/// Runs at a time: most of a run's time is spent waiting for syncs.
const AT_A_TIME: usize = 4;
/// Few, so that everything meets.
const KEYS: [&str; 3] = ["a", "a/b", "c"];
/// Fills that are under way for a key at most.
const MAX_FILLS: usize = 4;

/// What a key is by the model.
#[derive(Default)]
struct Key {
    body: Option<String>,
    gone: bool,
    /// Grants, and whether nothing has touched the key since.
    fills: Vec<(FillToken, bool)>,
}

impl Key {
    fn touch(&mut self) {
        for (_, alive) in &mut self.fills {
            *alive = false;
        }
    }
}

struct Run {
    fixture: Box<dyn Fixture>,
    bucket: Bucket,
    keys: BTreeMap<&'static str, Key>,
    random: SeededRandom,
    written: u64,
}

impl Run {
    fn store(&self) -> Arc<dyn Store> {
        self.fixture.store()
    }

    fn reference(&self) -> BucketRef {
        BucketRef::from(&self.bucket)
    }

    async fn step(&mut self, number: usize) {
        let name = self.random.pick(&KEYS);
        match self.random.below(100) {
            0..15 => self.put(name).await,
            15..35 => self.delete(name).await,
            35..60 => self.begin(name).await,
            60..92 => self.commit(name).await,
            92..99 => self.lift(name).await,
            _ => self.restart().await,
        }
        for name in KEYS {
            self.check(name, number).await;
        }
    }

    async fn write(&mut self, name: &str, provenance: Provenance, expect: Expectation) -> Option<String> {
        self.written += 1;
        let body = format!("{provenance:?} {}", self.written);
        let intent = WriteIntent {
            bucket: self.reference(),
            key: support::object_key(name),
            content_length: None,
            max_bytes: 1 << 20,
            checksum: None,
            followed: false,
        };
        let mut writer = self.store().begin(intent).await.expect("a writer");
        writer.write(Bytes::from(body.clone())).await.expect("written");
        let digests = writer.finish().await.expect("finished");
        let object = NewObject {
            etag: ETag::of_md5(digests.md5),
            last_modified: headwater_model::clock::Timestamp(0),
            kind: ObjectKind::Normal,
            provenance,
            headers: ObjectHeaders::default(),
            checksum: None,
            tags: Vec::new(),
        };
        writer.seal(object, expect).await.is_ok().then_some(body)
    }

    async fn put(&mut self, name: &'static str) {
        let body = self.write(name, Provenance::Written, Expectation::Any).await.expect("a local write succeeds");
        let key = self.keys.entry(name).or_default();
        key.touch();
        (key.body, key.gone) = (Some(body), false);
    }

    async fn delete(&mut self, name: &'static str) {
        let keep = self.random.below(2) == 0;
        let afterwards = if keep { Afterwards::Gone } else { Afterwards::Refetchable };
        let deleted = self.store().delete(&self.reference(), &support::object_key(name), afterwards).await;
        let key = self.keys.entry(name).or_default();
        key.touch();
        assert_eq!(deleted.expect("deleted"), key.body.take().is_some());
        key.gone |= keep;
    }

    async fn begin(&mut self, name: &'static str) {
        let granted = self.store().begin_fill(&self.reference(), &support::object_key(name), 0).await;
        let key = self.keys.entry(name).or_default();
        let may = key.body.is_none() && !key.gone;
        let token = granted.expect("an answer");
        assert_eq!(token.is_some(), may, "a fill is granted where nothing is and nothing is gone");
        if let Some(token) = token {
            key.touch();
            key.fills.push((token, true));
            if key.fills.len() > MAX_FILLS {
                key.fills.remove(0);
            }
        }
    }

    async fn commit(&mut self, name: &'static str) {
        let key = self.keys.entry(name).or_default();
        if key.fills.is_empty() {
            return;
        }
        let index = self.random.below(key.fills.len());
        let (token, alive) = key.fills[index].clone();
        let may = alive && key.body.is_none() && !key.gone;
        let body = self.write(name, Provenance::Mirrored, Expectation::Fill(token)).await;
        assert_eq!(body.is_some(), may, "a fill commits only if nothing has touched its key");
        if body.is_some() {
            self.keys.entry(name).or_default().body = body;
        }
    }

    async fn lift(&mut self, name: &'static str) {
        let lifted = self.store().lift_gone(&self.reference(), &support::object_key(name)).await;
        let key = self.keys.entry(name).or_default();
        assert_eq!(lifted.expect("an answer"), key.gone);
        key.gone = false;
    }

    async fn restart(&mut self) {
        for key in self.keys.values_mut() {
            key.fills.clear();
        }
        assert!(self.fixture.reopen().await.expect("reopened"));
    }

    async fn check(&self, name: &str, step: usize) {
        let model = self.keys.get(name);
        let key = support::object_key(name);
        let opened = self.store().open(&self.reference(), &key).await.expect("opened");
        let body = opened.map(|object| object.content.resident().expect("small bodies are in memory"));
        let expected = model.and_then(|key| key.body.as_ref()).map(|body| Bytes::from(body.clone()));
        assert_eq!(body, expected, "step {step}: {name}");
        let gone = self.store().gone(&self.reference(), &key).await.expect("an answer").is_some();
        assert_eq!(gone, model.is_some_and(|key| key.gone), "step {step}: {name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m4_nothing_deleted_on_purpose_comes_back_and_no_local_write_is_overwritten() {
    let runs = (0..RUNS).map(|seed| async move {
        let ending = if seed % 2 == 0 { Ending::Dropped } else { Ending::Closed };
        let factory = LocalFactory { segment_bytes: 256 << 10, overlay_bytes: 64 << 10, ending };
        let run = async move {
            let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
            let fixture = factory.make(clock).await;
            let bucket = fixture.store().create_bucket(unborn_bucket("bucket")).await.expect("created");
            let random = SeededRandom::new(seed as u64);
            let mut run = Run { fixture, bucket, keys: BTreeMap::new(), random, written: 0 };
            for number in 0..STEPS / RUNS {
                run.step(number).await;
            }
        };
        tokio::spawn(run).await
    });
    let results: Vec<_> = futures_util::stream::iter(runs).buffer_unordered(AT_A_TIME).collect().await;
    for result in results {
        result.expect("no difference");
    }
}
