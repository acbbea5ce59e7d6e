//! An engine over the memory store, with an origin that nobody may ask.

use std::sync::Arc;

use bytes::Bytes;
use headwater_egress::LoopMarker;
use headwater_engine::{Engine, EngineConfig, FillLimits, Fills, FillsConfig, LocalNames, RootKey, Seal};
use headwater_model::access::{Context, Principal};
use headwater_model::acl::{CannedAcl, WantedAcl};
use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use headwater_model::clock::{Clock, Timestamp};
use headwater_model::encryption::ServerEncryption;
use headwater_model::object::ContentHeaders;
use headwater_model::op::{
    AnnouncedDigests, Caller, CreateBucket, DeleteObject, GetObject, MissContext, ObjectVersion, Op, PutObject,
    WriteCondition,
};
use headwater_model::origin::{Origin, OriginError, OriginRequest, OriginResponse};
use headwater_model::precondition::Preconditions;
use headwater_model::reply::{Owner, Reply, VersionNote};
use headwater_model::version::Governance;
use headwater_model::{BoxFuture, BucketName, ObjectKey, Result};
use headwater_store::Store;
use headwater_testkit::{ManualClock, MemoryStore};

/// An origin that fails the test if it is asked.
struct Untouched;

impl Origin for Untouched {
    fn fetch(&self, request: OriginRequest) -> BoxFuture<'_, Result<OriginResponse, OriginError>> {
        panic!("the origin was asked for {}", request.url);
    }
}

pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) root: Caller<'static>,
    pub(crate) anonymous: Caller<'static>,
}

pub(crate) const BUCKET: &str = "bkt";

pub(crate) fn bucket(name: &str) -> BucketName {
    BucketName::parse(name).unwrap()
}

pub(crate) fn key(text: &str) -> ObjectKey {
    ObjectKey::parse(text).unwrap()
}

impl Bench {
    /// With one bucket of this access list.
    pub(crate) async fn new(acl: CannedAcl) -> Self {
        Self::encrypting(ServerEncryption::Off, acl).await
    }

    /// The same, on a server that does this with objects of buckets that say nothing about encryption.
    pub(crate) async fn encrypting(default: ServerEncryption, acl: CannedAcl) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp::from_seconds(1_700_000_000), 7));
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let seal = Seal::new(&[1; 32], clock.clone()).with_default(default);
        let bench = Self::sealing(store, &clock, seal).await.unwrap();
        let create = CreateBucket {
            bucket: bucket(BUCKET),
            acl: Some(WantedAcl::Canned(acl)),
            ownership: None,
            location: None,
            storage_class: None,
            object_lock: None,
        };
        bench.ask(Op::CreateBucket(create)).await.unwrap();
        bench
    }

    /// Over this store, with a master key of this byte.
    pub(crate) async fn over(store: Arc<dyn Store>, clock: &Arc<dyn Clock>, master_key: u8) -> Result<Self> {
        Self::sealing(store, clock, Seal::new(&[master_key; 32], clock.clone())).await
    }

    /// Over this store, with this for secrets and objects.
    pub(crate) async fn sealing(store: Arc<dyn Store>, clock: &Arc<dyn Clock>, seal: Seal) -> Result<Self> {
        let owner = Owner { id: "owner".into(), display_name: "root".into() };
        let root = RootKey { id: "root".into(), secret: "secret".into(), owner };
        let origins = headwater_egress::Origins::new(clock.clone());
        let seal = Arc::new(seal);
        let fills = Fills::new(FillsConfig {
            seal: seal.clone(),
            store: store.clone(),
            origin: Arc::new(Untouched),
            clock: clock.clone(),
            observer: Arc::new(()),
            origins: origins.clone(),
            marker: LoopMarker::new("test"),
            local: LocalNames::default(),
            limits: FillLimits::default(),
        });
        let (clock, region) = (clock.clone(), "cn-hangzhou".into());
        let engine = Engine::open(EngineConfig { store, fills, root, clock, region, seal, origins }).await?;
        let root = caller(engine.accounts().find("root", None, Timestamp(0)).unwrap().unwrap().principal, Dialect::Oss);
        let anonymous = caller(Principal::Anonymous, Dialect::Oss);
        Ok(Self { engine, root, anonymous })
    }

    pub(crate) async fn ask(&self, op: Op) -> Result<Reply> {
        self.engine.perform(&self.root, op, Body::Empty).await
    }

    pub(crate) async fn put(&self, text: &str, body: &'static [u8]) -> Result<Reply> {
        self.engine.perform(&self.root, Op::PutObject(Box::new(put(text))), Body::Full(Bytes::from_static(body))).await
    }

    pub(crate) async fn get(&self, caller: &Caller<'_>, get: GetObject) -> Result<Reply> {
        self.engine.perform(caller, Op::GetObject(Box::new(get)), Body::Empty).await
    }
}

pub(crate) fn caller(principal: Principal, dialect: Dialect) -> Caller<'static> {
    Caller { principal, dialect, context: Context::internal(Timestamp::from_seconds(1_700_000_000)) }
}

pub(crate) fn put(text: &str) -> PutObject {
    PutObject {
        bucket: bucket(BUCKET),
        key: key(text),
        headers: headwater_model::object::ObjectHeaders::default(),
        tags: Vec::new(),
        acl: None,
        content_length: None,
        digests: AnnouncedDigests::default(),
        condition: WriteCondition::Any,
        encryption: headwater_model::encryption::WriteEncryption::default(),
    }
}

pub(crate) fn current(bucket: BucketName, key: ObjectKey) -> ObjectVersion {
    ObjectVersion::current(bucket, key)
}

/// A reply with what it tells of versions.
pub(crate) fn told(reply: Reply) -> (Reply, VersionNote) {
    match reply {
        Reply::Versioned(reply, note) => (*reply, note),
        reply => (reply, VersionNote::default()),
    }
}

pub(crate) fn delete(bucket: BucketName, key: ObjectKey) -> Op {
    delete_version(current(bucket, key), Governance::Respected)
}

pub(crate) fn delete_version(target: ObjectVersion, governance: Governance) -> Op {
    Op::DeleteObject(Box::new(DeleteObject { target, condition: None, governance }))
}

pub(crate) fn get(text: &str) -> GetObject {
    GetObject {
        bucket: bucket(BUCKET),
        key: key(text),
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

/// Status (as the reply has it), range and bytes of an object's answer.
pub(crate) async fn object(reply: Reply) -> (Option<u16>, Option<std::ops::Range<u64>>, Vec<u8>) {
    let Reply::Object(object) = reply else { panic!("no object: {reply:?}") };
    let mut bytes = Vec::new();
    match object.body {
        Body::Empty => {}
        Body::Full(body) => bytes.extend_from_slice(&body),
        Body::Stream(mut stream) => {
            while let Some(chunk) = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                bytes.extend_from_slice(&chunk.unwrap());
            }
        }
    }
    (object.status, object.range, bytes)
}
