//! Misses over real sockets: engine, fill, egress and an origin that misbehaves on request.
//!
//! What a fill decides is tested beside it; here is what only the whole chain shows: that the faults of real
//! connections arrive as the failures they are, and that what is served is what was sent.

#![expect(clippy::unwrap_used, reason = "the lint's exception for tests does not reach what the tests share")]

use std::sync::Arc;

use headwater_egress::{OriginClient, OriginClientConfig, Origins, OwnListeners, PoolLimits, SystemResolver};
use headwater_engine::{Engine, EngineConfig, FillLimits, FillObserver, FillOutcome, Fills, FillsConfig};
use headwater_engine::{LocalNames, MirrorBucket, RootKey, Seal};
use headwater_model::access::{Context, Principal};
use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use headwater_model::clock::{Clock, Timestamp};
use headwater_model::error::{MirrorFailure, MirrorFailureKind};
use headwater_model::object::ContentHeaders;
use headwater_model::op::{Caller, GetObject, MissContext, Op};
use headwater_model::precondition::{Preconditions, RangeCondition};
use headwater_model::range::ByteRange;
use headwater_model::reply::{ObjectReply, Owner, Reply, Served};
use headwater_model::rule::{Mirror, RoutingRule};
use headwater_model::{BucketName, Error, ObjectKey};
use headwater_store::{LocalConfig, LocalStore, Store};
use headwater_testkit::origin::{Cut, Gate, Reply as Answer, ScriptedOrigin, pattern};
use headwater_testkit::{ManualClock, MemoryStore};
use tokio::sync::watch;

const SIZE: usize = 1 << 20;

struct Chain {
    origin: ScriptedOrigin,
    engine: Arc<Engine>,
    outcomes: watch::Sender<Vec<FillOutcome>>,
}

/// Collects the outcomes of fills that asked their origin.
struct Outcomes(watch::Sender<Vec<FillOutcome>>);

impl FillObserver for Outcomes {
    fn ended(&self, outcome: FillOutcome, _: std::time::Duration) {
        if outcome != FillOutcome::Obsolete {
            self.0.send_modify(|outcomes| outcomes.push(outcome));
        }
    }
}

impl Chain {
    async fn new() -> Self {
        Self::with(&["127.0.0.0/8"], |_| {}).await
    }

    async fn with(allowed: &[&str], change: impl FnOnce(&mut Mirror)) -> Self {
        let clock = clock();
        Self::over(Arc::new(MemoryStore::new(Arc::clone(&clock))), clock, allowed, change).await
    }

    async fn over(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        allowed: &[&str],
        change: impl FnOnce(&mut Mirror),
    ) -> Self {
        let origin = ScriptedOrigin::start().await;
        let origins = Origins::new(Arc::clone(&clock));
        let client = OriginClient::new(OriginClientConfig {
            allow_networks: allowed.iter().map(|network| network.parse().unwrap()).collect(),
            own_listeners: OwnListeners::new(),
            ca_files: Vec::new(),
            instance: "test".into(),
            pool: PoolLimits::default(),
            resolver: Arc::new(SystemResolver),
            origins: Arc::clone(&origins),
            clock: Arc::clone(&clock),
        })
        .unwrap();
        let outcomes = watch::Sender::new(Vec::new());
        let seal = Arc::new(Seal::new(&[1; 32], Arc::clone(&clock)));
        let fills = Fills::new(FillsConfig {
            seal: Arc::clone(&seal),
            origins: Arc::clone(&origins),
            store: store.clone(),
            marker: client.loop_marker().clone(),
            local: LocalNames::default(),
            origin: Arc::new(client),
            clock: Arc::clone(&clock),
            observer: Arc::new(Outcomes(outcomes.clone())),
            limits: FillLimits::default(),
        });
        let owner = Owner { id: "owner".into(), display_name: "root".into() };
        let root = RootKey { id: "root".into(), secret: "secret".into(), owner };
        let config = EngineConfig { store, fills, root, clock, region: "cn-hangzhou".into(), seal, origins };
        let engine = Arc::new(Engine::open(config).await.unwrap());
        let mut rule = RoutingRule::mirror_all(1, &origin.url("/"));
        change(&mut rule.redirect.as_mut().unwrap().mirror);
        engine.ensure_mirror(MirrorBucket { bucket: BucketName::parse("bkt").unwrap(), rule }).await.unwrap();
        Self { origin, engine, outcomes }
    }

    async fn perform(&self, op: Op) -> Result<ObjectReply, Error> {
        let caller =
            Caller { principal: Principal::Anonymous, dialect: Dialect::Oss, context: Context::internal(Timestamp(0)) };
        match self.engine.perform(&caller, op, Body::Empty).await? {
            Reply::Object(object) => Ok(*object),
            other => panic!("not an object: {other:?}"),
        }
    }

    async fn get(&self, key: &str) -> Result<ObjectReply, Error> {
        self.perform(Op::GetObject(Box::new(get(key)))).await
    }

    async fn failure(&self, key: &str) -> MirrorFailure {
        mirror_failure(self.get(key).await.unwrap_err())
    }

    async fn outcomes(&self, count: usize) -> Vec<FillOutcome> {
        self.outcomes.subscribe().wait_for(|outcomes| outcomes.len() >= count).await.unwrap().clone()
    }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::new(Timestamp::from_seconds(784_111_777), 1))
}

fn get(key: &str) -> GetObject {
    GetObject {
        bucket: BucketName::parse("bkt").unwrap(),
        key: ObjectKey::parse(key).unwrap(),
        version: None,
        range: None,
        strict_range: false,
        part: None,
        conditions: Preconditions::default(),
        overrides: ContentHeaders::default(),
        miss: MissContext::default(),
        customer_key: None,
    }
}

fn mirror_failure(error: Error) -> MirrorFailure {
    match error {
        Error::MirrorFailed(failure) => *failure,
        other => panic!("not a mirror failure: {other:?}"),
    }
}

async fn read(body: Body) -> Result<Vec<u8>, Error> {
    match body {
        Body::Empty => Ok(Vec::new()),
        Body::Full(bytes) => Ok(bytes.to_vec()),
        Body::Stream(mut stream) => {
            let mut all = Vec::new();
            while let Some(chunk) = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                all.extend_from_slice(&chunk?);
            }
            Ok(all)
        }
    }
}

#[tokio::test]
async fn row_2_the_second_request_needs_no_origin() {
    let chain = Chain::new().await;
    for (key, size_bytes) in [("small", 1000), ("long", SIZE)] {
        let answer = Answer::pattern(7, size_bytes as u64).header("content-type", "text/plain");
        chain.origin.on(&format!("/{key}"), answer);
        let miss = chain.get(key).await.unwrap();
        assert_eq!(miss.served, Served::Miss);
        assert!(read(miss.body).await.unwrap() == pattern(7, 0, size_bytes));
    }
    chain.outcomes(2).await;
    for (key, size_bytes) in [("small", 1000), ("long", SIZE)] {
        let hit = chain.get(key).await.unwrap();
        assert_eq!((hit.served, hit.meta.headers.content.content_type.as_deref()), (Served::Hit, Some("text/plain")));
        assert!(read(hit.body).await.unwrap() == pattern(7, 0, size_bytes));
        assert_eq!(chain.origin.count(&format!("/{key}")), 1);
    }
}

#[tokio::test]
async fn a_miss_under_if_range_is_the_whole_object() {
    let chain = Chain::new().await;
    chain.origin.on("/k", Answer::pattern(7, SIZE as u64));
    let range = ByteRange::parse("bytes=10-19").map(|range| (range, "bytes=10-19".into()));
    let if_range = Some(RangeCondition::Date(Timestamp::from_seconds(1)));
    let conditions = Preconditions { if_range, ..Preconditions::default() };
    let miss = chain.perform(Op::GetObject(Box::new(GetObject { range, conditions, ..get("k") }))).await.unwrap();
    assert_eq!((miss.served, miss.range), (Served::Miss, None), "an object that nobody knows yet matches nothing");
    assert!(read(miss.body).await.unwrap() == pattern(7, 0, SIZE));
}

#[tokio::test]
async fn a_miss_has_one_part() {
    let chain = Chain::new().await;
    chain.origin.on("/k", Answer::pattern(7, 1000));
    let part = |number| GetObject { part: Some(number), ..get("k") };
    let refused = chain.perform(Op::GetObject(Box::new(part(2)))).await;
    assert!(matches!(refused, Err(Error::InvalidPart { part_number: 2, .. })), "{refused:?}");
    assert_eq!(chain.origin.count("/k"), 0);
    let miss = chain.perform(Op::GetObject(Box::new(part(1)))).await.unwrap();
    assert_eq!(miss.served, Served::Miss);
    assert!(read(miss.body).await.unwrap() == pattern(7, 0, 1000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_36_a_hundred_clients_one_origin_request() {
    let chain = Arc::new(Chain::new().await);
    let gate = Gate::closed();
    chain.origin.on("/k", Answer::pattern(7, SIZE as u64).hold_body_at(500_000, &gate));
    let clients: Vec<_> = (0..100)
        .map(|_| {
            let chain = Arc::clone(&chain);
            tokio::spawn(async move { read(chain.get("k").await.unwrap().body).await.unwrap() })
        })
        .collect();
    gate.wait_for_arrivals(1).await;
    gate.open();
    for client in clients {
        assert!(client.await.unwrap() == pattern(7, 0, SIZE));
    }
    assert_eq!(chain.origin.count("/k"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_36_readers_follow_the_file_of_the_local_store() {
    let dir = tempfile::tempdir().unwrap();
    let clock = clock();
    let store: Arc<dyn Store> = LocalStore::open(LocalConfig::new(dir.path(), Arc::clone(&clock))).unwrap();
    let chain = Arc::new(Chain::over(store, clock, &["127.0.0.0/8"], |_| {}).await);
    for size_bytes in [0, 1000, 100_000, 5 * SIZE] {
        let key = format!("k{size_bytes}");
        let gate = Gate::closed();
        let answer = Answer::pattern(7, size_bytes as u64).hold_body_at(size_bytes as u64 / 2, &gate);
        chain.origin.on(&format!("/{key}"), answer);
        let readers: Vec<_> = (0..30)
            .map(|_| {
                let (chain, key) = (Arc::clone(&chain), key.clone());
                tokio::spawn(async move { read(chain.get(&key).await.unwrap().body).await.unwrap() })
            })
            .collect();
        gate.wait_for_arrivals(1).await;
        gate.open();
        for reader in readers {
            assert!(reader.await.unwrap() == pattern(7, 0, size_bytes), "{size_bytes}");
        }
        assert_eq!(chain.origin.count(&format!("/{key}")), 1);
    }
    assert_eq!(chain.outcomes(4).await, [FillOutcome::Committed; 4]);
    for size_bytes in [0, 1000, 100_000, 5 * SIZE] {
        let hit = chain.get(&format!("k{size_bytes}")).await.unwrap();
        assert_eq!(hit.served, Served::Hit);
        assert!(read(hit.body).await.unwrap() == pattern(7, 0, size_bytes));
    }
}

#[tokio::test]
async fn row_8_every_way_to_lose_a_body_cuts_the_client_and_stores_nothing() {
    let chain = Chain::new().await;
    let long = || Answer::pattern(7, SIZE as u64);
    let answers = [
        ("closed", long().cut_body_at(700_000, Cut::Fin)),
        ("reset", long().cut_body_at(700_000, Cut::Rst)),
        ("chunks", long().chunked(10_000).cut_body_at(700_000, Cut::Fin)),
    ];
    for (key, answer) in answers {
        let gate = Gate::closed();
        chain.origin.on(&format!("/{key}"), answer.hold_body_at(600_000, &gate));
        let reply = chain.get(key).await.unwrap();
        gate.open();
        assert_eq!(mirror_failure(read(reply.body).await.unwrap_err()).reason, "body_broken", "{key}");
        chain.origin.on(&format!("/{key}"), Answer::ok("again"));
        assert_eq!(read(chain.get(key).await.unwrap().body).await.unwrap(), b"again", "{key} is fetched again");
    }
}

#[tokio::test]
async fn row_8_a_small_body_that_is_lost_is_an_error() {
    let chain = Chain::new().await;
    chain.origin.on("/short", Answer::ok("12345").claim_length(10).close());
    let failure = chain.failure("short").await;
    assert_eq!((failure.kind, failure.reason), (MirrorFailureKind::Unreachable, "body_broken"));
    assert!(failure.retry_after.is_some());
}

#[tokio::test]
async fn row_6_an_origin_at_an_address_that_is_not_allowed() {
    let chain = Chain::with(&[], |_| {}).await;
    let failure = chain.failure("k").await;
    assert_eq!((failure.kind, failure.reason), (MirrorFailureKind::ForbiddenAddress, "forbidden_address"));
    assert_eq!(chain.origin.connections(), 0);
}

#[tokio::test]
async fn row_9_ten_redirects_are_followed_and_eleven_are_not() {
    let chain = Chain::new().await;
    for hop in 0..11 {
        chain.origin.on(&format!("/r{hop}"), Answer::redirect(302, &format!("/r{}", hop + 1)));
    }
    chain.origin.on("/r11", Answer::ok("arrived"));
    assert_eq!(read(chain.get("r1").await.unwrap().body).await.unwrap(), b"arrived");
    assert_eq!(chain.failure("r0").await.reason, "too_many_redirects");
}

#[tokio::test]
async fn row_12_chunked_bodies_long_and_small() {
    let chain = Chain::new().await;
    for size_bytes in [0, 1000, SIZE] {
        let key = format!("c{size_bytes}");
        chain.origin.on(&format!("/{key}"), Answer::pattern(7, size_bytes as u64).chunked(9999));
        let reply = chain.get(&key).await.unwrap();
        assert!(read(reply.body).await.unwrap() == pattern(7, 0, size_bytes));
    }
    assert_eq!(chain.outcomes(3).await, [FillOutcome::Committed; 3]);
    assert_eq!(chain.get("c1048576").await.unwrap().meta.size_bytes, SIZE as u64);
}

#[tokio::test]
async fn decision_12_a_body_until_close_is_served_and_not_stored() {
    let chain = Chain::new().await;
    chain.origin.on("/k", Answer::pattern(7, SIZE as u64).until_close());
    for _ in 0..2 {
        let reply = chain.get("k").await.unwrap();
        assert_eq!(reply.served, Served::PassThrough);
        assert!(read(reply.body).await.unwrap() == pattern(7, 0, SIZE));
    }
    assert_eq!(chain.outcomes(2).await, [FillOutcome::PassedThrough("close_delimited"); 2]);
}

#[tokio::test]
async fn o35_surplus_behind_the_body_is_never_stored() {
    let chain = Chain::new().await;
    chain.origin.on("/k", Answer::ok("12345").surplus("6"));
    let failure = chain.failure("k").await;
    assert_eq!((failure.reason, &*failure.message), ("body_surplus", "Bytes read is not equal to expected."));
}

#[tokio::test]
async fn row_24_head_of_a_missing_object() {
    let chain = Chain::with(&["127.0.0.0/8"], |mirror| mirror.allow_head_object = Some(true)).await;
    chain.origin.on("/k", Answer::pattern(7, SIZE as u64).header("content-type", "text/css"));
    let body = bytes::Bytes::from(pattern(7, 0, 5000));
    chain.origin.on_fn("/no-head", move |request| match request.method.as_str() {
        "HEAD" => Answer::status(405),
        _ => Answer::ranged(request, &body),
    });
    for (key, size_bytes) in [("k", SIZE as u64), ("no-head", 5000)] {
        let reply = chain.perform(Op::HeadObject(Box::new(get(key)))).await.unwrap();
        assert_eq!((reply.facts.size, reply.meta.size_bytes), (true, size_bytes), "{key}");
        assert!(matches!(reply.body, Body::Empty));
    }
    let refused = Chain::new().await;
    refused.origin.on("/k", Answer::ok("x"));
    let error = refused.perform(Op::HeadObject(Box::new(get("k")))).await.unwrap_err();
    assert!(matches!(error, Error::NoSuchKey { .. }));
    assert!(refused.origin.requests().is_empty(), "by default HEAD never asks the origin");
}

#[tokio::test]
async fn row_39_a_range_comes_while_the_rest_is_still_on_its_way() {
    let chain = Chain::new().await;
    let gate = Gate::closed();
    chain.origin.on("/k", Answer::pattern(7, SIZE as u64).hold_body_at(200_000, &gate));
    let mut ranged = get("k");
    ranged.range = Some((ByteRange::FromTo(100_000, 149_999), "bytes=100000-149999".into()));
    let reply = chain.perform(Op::GetObject(Box::new(ranged))).await.unwrap();
    assert_eq!(reply.range, Some(100_000..150_000));
    assert!(read(reply.body).await.unwrap() == pattern(7, 100_000, 50_000));
    gate.open();
    assert_eq!(chain.outcomes(1).await, [FillOutcome::Committed]);
    assert_eq!(chain.origin.requests().len(), 1);
}

#[tokio::test]
async fn row_43_a_rule_that_points_back_here_ends_at_the_second_pass() {
    let chain = Arc::new(Chain::new().await);
    let again = Arc::clone(&chain);
    // Two requests: a 500 is worth a second try.
    let (seen, asked) = std::sync::mpsc::sync_channel(2);
    // An origin that is this very bucket: it hands on the marker as any HTTP server in front of the engine does.
    chain.origin.on_fn("/k", move |request| {
        let marker = request.header("cdn-loop").unwrap_or_default().to_owned();
        seen.send(marker).unwrap();
        Answer::status(500)
    });
    assert_eq!(chain.failure("k").await.origin_status, Some(500));
    let mut second = get("k");
    second.miss.headers.insert("cdn-loop", asked.recv().unwrap().parse().unwrap());
    let failure = mirror_failure(again.perform(Op::GetObject(Box::new(second))).await.unwrap_err());
    assert_eq!((failure.kind, failure.reason), (MirrorFailureKind::Refused, "loop"));
    assert_eq!(chain.origin.count("/k"), 2);
}
