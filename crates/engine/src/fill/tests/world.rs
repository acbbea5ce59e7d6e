//! One bucket with one mirror rule, its fills, and the helpers to ask and to look.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use headwater_egress::{LoopMarker, Origins, OwnListeners};
use headwater_model::acl::CannedAcl;
use headwater_model::body::Body;
use headwater_model::bucket::{Bucket, Dialect, Generation};
use headwater_model::clock::Timestamp;
use headwater_model::error::MirrorFailure;
use headwater_model::object::{ContentHeaders, ObjectHeaders, ObjectKind, Provenance};
use headwater_model::op::{GetObject, MissContext};
use headwater_model::precondition::Preconditions;
use headwater_model::range::ByteRange;
use headwater_model::reply::{ObjectReply, RelayedReply, Reply};
use headwater_model::rule::{Mirror, RoutingRule};
use headwater_model::settings::MigrationSettings;
use headwater_model::website::Website;
use headwater_model::{BucketName, Error, ObjectKey};
use headwater_store::{Afterwards, BucketRef, DataKey, Expectation, NewObject, Store, StoredObject, WriteIntent};
use headwater_testkit::{ManualClock, MemoryStore};
use headwater_wire::Addressing;
use tokio::sync::watch;

use super::faulty_store::{Faults, FaultyStore};
use super::origin::FakeOrigin;
use crate::fill::{FillLimits, FillObserver, FillOutcome, Fills, FillsConfig, LocalNames, MissMethod, MissOutcome};
use crate::seal::{MASTER_KEY_BYTES, Seal};

/// Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110's examples.
pub(super) const NOW: Timestamp = Timestamp(784_111_777_000);

pub(super) struct World {
    pub(super) clock: ManualClock,
    pub(super) store: Arc<FaultyStore>,
    pub(super) origin: Arc<FakeOrigin>,
    pub(super) origins: Arc<Origins>,
    pub(super) seal: Arc<Seal>,
    pub(super) seen: Arc<Seen>,
    pub(super) fills: Arc<Fills>,
    pub(super) bucket: Arc<Bucket>,
    pub(super) rule: RoutingRule,
}

impl World {
    /// A catch-all rule to `http://origin.example/`.
    pub(super) async fn new() -> Self {
        Self::with(|_| {}, Faults::default(), FillLimits::default()).await
    }

    pub(super) async fn with_rule(change: impl FnOnce(&mut Mirror)) -> Self {
        Self::with(change, Faults::default(), FillLimits::default()).await
    }

    /// With these migration settings.
    pub(super) async fn migrating(settings: MigrationSettings) -> Self {
        Self::made(|_| {}, settings, Faults::default(), FillLimits::default()).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut Mirror), faults: Faults, limits: FillLimits) -> Self {
        Self::made(change, settings(), faults, limits).await
    }

    pub(super) async fn made(
        change: impl FnOnce(&mut Mirror),
        migration: MigrationSettings,
        faults: Faults,
        limits: FillLimits,
    ) -> Self {
        let mut rule = RoutingRule::mirror_all(1, "http://origin.example/");
        change(&mut rule.redirect.as_mut().unwrap().mirror);
        let clock = ManualClock::new(NOW, 1);
        let store = Arc::new(FaultyStore::new(MemoryStore::new(Arc::new(clock.clone())), faults));
        let website = Website { rules: vec![rule.clone()], ..Website::default() };
        let bucket = Bucket { migration, website: Some(Arc::new(website)), ..bucket() };
        let bucket = Arc::new(store.create_bucket(bucket).await.unwrap());
        let origins = Origins::new(Arc::new(clock.clone()));
        let (origin, seen) = (Arc::new(FakeOrigin::new()), Arc::new(Seen::default()));
        let seal = Arc::new(Seal::new(&[1; MASTER_KEY_BYTES], Arc::new(clock.clone())));
        let fills = Fills::new(FillsConfig {
            seal: Arc::clone(&seal),
            store: Arc::clone(&store) as _,
            origin: Arc::clone(&origin) as _,
            origins: Arc::clone(&origins),
            clock: Arc::new(clock.clone()),
            observer: Arc::clone(&seen) as _,
            marker: LoopMarker::new("here"),
            local: LocalNames::new(addressing(), OwnListeners::new()),
            limits,
        });
        Self { clock, store, origin, origins, seal, seen, fills: Arc::new(fills), bucket, rule }
    }

    pub(super) async fn ask(&self, get: &GetObject) -> Result<MissOutcome, Error> {
        self.fills.miss(&self.bucket, &self.rule, get, MissMethod::Get).await
    }

    /// Asks for `k` and expects the object.
    pub(super) async fn get(&self) -> ObjectReply {
        object(self.ask(&get()).await)
    }

    /// Asks for `k` and expects a mirror failure.
    pub(super) async fn failure(&self) -> MirrorFailure {
        mirror_failure(self.ask(&get()).await.unwrap_err())
    }

    pub(super) fn reference(&self) -> BucketRef {
        BucketRef::from(&*self.bucket)
    }

    /// The stored object `k`.
    pub(super) async fn stored(&self) -> Option<StoredObject> {
        self.store.open(&self.reference(), &key()).await.unwrap()
    }

    /// The stored bytes of `k`.
    pub(super) async fn stored_bytes(&self) -> Option<Vec<u8>> {
        let object = self.stored().await?;
        match object.meta.size_bytes {
            0 => Some(Vec::new()),
            size_bytes => Some(read(object.content.read(0..size_bytes)).await.unwrap()),
        }
    }

    /// A client deletes `k`.
    pub(super) async fn delete(&self) {
        self.store.inner.delete(&self.reference(), &key(), Afterwards::Refetchable).await.unwrap();
    }

    /// A client stores `k`.
    pub(super) async fn put(&self, body: &'static str) {
        self.put_into(self.reference(), key(), Bytes::from_static(body.as_bytes()), |_| {}).await;
    }

    /// A client stores an object, of which `change` may change what clients choose.
    pub(super) async fn put_into(
        &self,
        bucket: BucketRef,
        key: ObjectKey,
        body: Bytes,
        change: impl FnOnce(&mut NewObject),
    ) {
        self.put_encrypted_into((bucket, key), body, None, change).await;
    }

    /// As [`Self::put_into`], its body encrypted.
    pub(super) async fn put_encrypted_into(
        &self,
        (bucket, key): (BucketRef, ObjectKey),
        body: Bytes,
        data_key: Option<DataKey>,
        change: impl FnOnce(&mut NewObject),
    ) {
        let intent = WriteIntent {
            bucket,
            key,
            content_length: None,
            max_bytes: u64::MAX,
            checksum: None,
            followed: false,
            data_key,
        };
        let mut writer = self.store.inner.begin(intent).await.unwrap();
        if !body.is_empty() {
            writer.write(body).await.unwrap();
        }
        let digests = writer.finish().await.unwrap();
        let mut object = NewObject {
            etag: headwater_model::digest::ETag::of_md5(digests.md5),
            last_modified: NOW,
            kind: ObjectKind::Normal,
            provenance: Provenance::Written,
            headers: ObjectHeaders::default(),
            checksum: None,
            tags: Vec::new(),
            composition: headwater_model::object::Composition::default(),
        };
        change(&mut object);
        writer.seal(object, Expectation::Any).await.unwrap();
    }
}

/// A bucket without rules.
pub(crate) fn bucket() -> Bucket {
    Bucket {
        name: BucketName::parse("bucket").unwrap(),
        generation: Generation(0),
        created: NOW,
        acl: CannedAcl::PublicRead.into(),
        access: headwater_model::bucket::BucketAccess::default(),
        dialect: Dialect::Oss,
        location: "here".into(),
        storage_class: "Standard".into(),
        rule_version: 1,
        migration: settings(),
        website: None,
        configuration: headwater_model::bucket::BucketConfiguration::default(),
    }
}

/// Buckets are reached as `BUCKET.here`.
fn addressing() -> Addressing {
    Addressing {
        domains: vec!["here".into()],
        website_domains: Vec::new(),
        default_dialect: Dialect::Oss,
        region: "here".into(),
    }
}

/// The defaults, but no absence is believed: tests ask time and again.
pub(super) fn settings() -> MigrationSettings {
    MigrationSettings { negative_ttl_ms: 0, ..MigrationSettings::default() }
}

pub(super) fn key() -> ObjectKey {
    ObjectKey::parse("k").unwrap()
}

/// A plain GET of `k`.
pub(crate) fn get() -> GetObject {
    GetObject {
        bucket: BucketName::parse("bucket").unwrap(),
        key: key(),
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

/// A GET of a range of `k`.
pub(super) fn get_range(header: &str) -> GetObject {
    GetObject { range: Some((ByteRange::parse(header).unwrap(), header.into())), ..get() }
}

/// A GET of `k` with one header field of the client.
pub(super) fn get_with(name: &'static str, value: &str) -> GetObject {
    let mut get = get();
    get.miss.headers.insert(name, value.parse().unwrap());
    get
}

pub(super) fn object(outcome: Result<MissOutcome, Error>) -> ObjectReply {
    match outcome.unwrap() {
        MissOutcome::Reply(reply) => match *reply {
            Reply::Object(object) => *object,
            other => panic!("not an object: {other:?}"),
        },
        other => panic!("not a reply: {other:?}"),
    }
}

pub(super) fn relayed(outcome: Result<MissOutcome, Error>) -> RelayedReply {
    match outcome.unwrap() {
        MissOutcome::Reply(reply) => match *reply {
            Reply::Relayed(relayed) => *relayed,
            other => panic!("not relayed: {other:?}"),
        },
        other => panic!("not a reply: {other:?}"),
    }
}

pub(super) fn mirror_failure(error: Error) -> MirrorFailure {
    match error {
        Error::MirrorFailed(failure) => *failure,
        other => panic!("not a mirror failure: {other:?}"),
    }
}

/// The next piece of a body.
pub(super) async fn next(body: &mut Body) -> Option<Result<Bytes, Error>> {
    match body {
        Body::Empty => None,
        Body::Full(_) => match std::mem::replace(body, Body::Empty) {
            Body::Full(bytes) => Some(Ok(bytes)),
            _ => None,
        },
        Body::Stream(stream) => poll_fn(|cx| stream.as_mut().poll_next(cx)).await,
    }
}

/// All of a body.
pub(super) async fn read(mut body: Body) -> Result<Vec<u8>, Error> {
    let mut all = Vec::new();
    while let Some(chunk) = next(&mut body).await {
        all.extend_from_slice(&chunk?);
    }
    Ok(all)
}

/// What arrives of a body that breaks, and why it does.
pub(super) async fn read_broken(mut body: Body) -> (Vec<u8>, MirrorFailure) {
    let mut all = Vec::new();
    loop {
        match next(&mut body).await.expect("the body must not end cleanly") {
            Ok(chunk) => all.extend_from_slice(&chunk),
            Err(error) => return (all, mirror_failure(error)),
        }
    }
}

/// At least `size_bytes` of a body that goes on.
pub(super) async fn read_some(body: &mut Body, size_bytes: usize) -> Vec<u8> {
    let mut some = Vec::new();
    while some.len() < size_bytes {
        some.extend_from_slice(&next(body).await.expect("more must come").unwrap());
    }
    some
}

/// `size_bytes` bytes, none like its neighbours.
pub(super) fn pattern(size_bytes: usize) -> Bytes {
    (0..size_bytes).map(|i| (i * 31 + i / 251) as u8).collect()
}

/// Counts what the fills tell.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) outcomes: watch::Sender<Vec<FillOutcome>>,
    pub(super) joined: watch::Sender<usize>,
    pub(super) bytes: watch::Sender<u64>,
    pub(super) rescued: watch::Sender<usize>,
}

impl Seen {
    /// Outcomes, once there are `count`.
    pub(super) async fn outcomes(&self, count: usize) -> Vec<FillOutcome> {
        self.outcomes.subscribe().wait_for(|outcomes| outcomes.len() >= count).await.unwrap().clone()
    }

    /// Resolves when `count` requests have joined.
    pub(super) async fn joined(&self, count: usize) {
        self.joined.subscribe().wait_for(|joined| *joined >= count).await.unwrap();
    }

    /// Resolves when `size_bytes` have come from origins.
    pub(super) async fn received(&self, size_bytes: u64) {
        self.bytes.subscribe().wait_for(|bytes| *bytes >= size_bytes).await.unwrap();
    }
}

impl FillObserver for Seen {
    fn ended(&self, outcome: FillOutcome, _: Duration) {
        self.outcomes.send_modify(|outcomes| outcomes.push(outcome));
    }

    fn origin_bytes(&self, size_bytes: u64) {
        self.bytes.send_modify(|bytes| *bytes += size_bytes);
    }

    fn rescued(&self) {
        self.rescued.send_modify(|rescued| *rescued += 1);
    }

    fn joined(&self) {
        self.joined.send_modify(|joined| *joined += 1);
    }
}
