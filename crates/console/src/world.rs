//! The console over a real engine in memory, for tests of pages: what they say, and what is stored.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use headwater_admin::{Administration, Audit, History, Requester, ServerFacts};
use headwater_egress::LoopMarker;
use headwater_engine::{Engine, EngineConfig, FillLimits, Fills, FillsConfig, LocalNames, RootKey, Seal};
use headwater_model::access::Context;
use headwater_model::body::Body;
use headwater_model::bucket::{Bucket, Dialect};
use headwater_model::clock::{Clock, Timestamp};
use headwater_model::op::{Caller, CreateBucket, Op};
use headwater_model::origin::{Origin, OriginError, OriginRequest, OriginResponse};
use headwater_model::reply::{Owner, Reply};
use headwater_model::website::Website;
use headwater_model::{BoxFuture, BucketName};
use headwater_testkit::{ManualClock, MemoryStore};
use http::{HeaderMap, StatusCode};
use tempfile::TempDir;

use crate::browser::facts;
use crate::bucket::BucketVisit;
use crate::page::Outcome;
use crate::session::{Session, Sessions};
use crate::visitor::Visitor;

/// Text that is a script wherever it is not escaped.
pub(crate) const SCRIPT: &str = "\"'><script>x</script>";

/// An origin that is down.
struct Down;

impl Origin for Down {
    fn fetch(&self, _: OriginRequest) -> BoxFuture<'_, Result<OriginResponse, OriginError>> {
        Box::pin(async { Err(OriginError::Connect("refused".into())) })
    }
}

/// A server with the empty bucket `bkt`, and root logged on.
pub(crate) struct World {
    pub(crate) administration: Administration,
    facts: Arc<ServerFacts>,
    session: Arc<Session>,
    _directory: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp::from_seconds(1_700_000_000), 7));
        let store = Arc::new(MemoryStore::new(clock.clone()));
        // Nothing keeps an account from calling itself so.
        let owner = Owner { id: "owner".into(), display_name: "root<b>bold</b>".into() };
        let root = RootKey { id: "root".into(), secret: "secret".into(), owner };
        let origins = headwater_egress::Origins::new(clock.clone());
        let seal = Arc::new(Seal::new(&[1; 32], clock.clone()));
        let fills = Fills::new(FillsConfig {
            seal: seal.clone(),
            store: store.clone(),
            origin: Arc::new(Down),
            clock: clock.clone(),
            observer: Arc::new(()),
            origins: origins.clone(),
            marker: LoopMarker::new("test"),
            local: LocalNames::default(),
            limits: FillLimits::default(),
        });
        let region = "cn-hangzhou".into();
        let config = EngineConfig { store, fills, root, clock: clock.clone(), region, seal, origins };
        let engine = Arc::new(Engine::open(config).await.unwrap());
        let directory = tempfile::tempdir().unwrap();
        let audit = Audit::open(&directory.path().join("audit.log"), clock.clone()).unwrap();
        let history = History::open(&directory.path().join("rule-history"), &[]).unwrap();
        let sessions = Sessions::new(clock);
        let session = sessions.find(&sessions.begin("root", Self::requester().remote)).unwrap();
        let (administration, facts) = (Administration::new(engine, audit, history), Arc::new(facts()));
        let world = Self { administration, facts, session, _directory: directory };
        let create = CreateBucket {
            bucket: name(),
            acl: None,
            ownership: None,
            location: None,
            storage_class: None,
            object_lock: None,
        };
        world.perform(Op::CreateBucket(create)).await;
        world
    }

    /// Performs an operation as another program would, with root's key.
    pub(crate) async fn perform(&self, op: Op) -> Reply {
        let engine = self.administration.engine();
        let principal = engine.accounts().find("root", None, Timestamp(0)).unwrap().unwrap().principal;
        let context = Context::internal(Timestamp::from_seconds(1_700_000_000));
        let root = Caller { principal, dialect: Dialect::Oss, context };
        engine.perform(&root, op, Body::Empty).await.unwrap()
    }

    /// Puts a document that no page made.
    pub(crate) async fn put(&self, website: Website) {
        self.administration.engine().change_website(&name(), Some(website), None).await.unwrap();
    }

    pub(crate) fn bucket(&self) -> Arc<Bucket> {
        self.administration.engine().bucket("bkt").unwrap()
    }

    pub(crate) fn website(&self) -> Option<Website> {
        self.bucket().website.as_deref().cloned()
    }

    pub(crate) fn requester() -> Requester {
        let remote = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Requester { request_id: "request".to_owned(), who: "root".to_owned(), token: None, remote }
    }

    /// A visit that has read the bucket, and has not answered yet.
    pub(crate) fn visit(&self) -> BucketVisit<'_> {
        let visitor = Visitor {
            administration: &self.administration,
            facts: &self.facts,
            requester: Self::requester(),
            session: &self.session,
        };
        BucketVisit { visitor, bucket: self.bucket() }
    }

    /// The page at this path below the bucket's, which there is.
    pub(crate) async fn get(&self, path: &str) -> (StatusCode, String) {
        self.get_with(path, &[]).await
    }

    /// The page at this path with these fields in its query.
    pub(crate) async fn get_with(&self, path: &str, query: &[(&str, &str)]) -> (StatusCode, String) {
        shown(
            self.visit()
                .answer(false, &segments(path), &fields(query), &HeaderMap::new())
                .await
                .expect("there is such a page"),
        )
    }

    /// What comes of a form that is sent there.
    pub(crate) async fn post(&self, path: &str, fields: &[(String, String)]) -> Outcome {
        self.visit().answer(true, &segments(path), fields, &HeaderMap::new()).await.expect("there is such a page")
    }

    /// What the last change left to say.
    pub(crate) fn said(&self) -> Option<String> {
        self.session.said()
    }

    /// The lines of the audit log as text, without what chains them.
    pub(crate) async fn audited(&self) -> Vec<String> {
        let lines = self.administration.audit().last(100).await.unwrap();
        let shown = |line: &_| {
            let line = format!("{line}");
            line.split(",\"previous\"").next().unwrap_or_default().to_owned()
        };
        lines.iter().map(shown).collect()
    }
}

pub(crate) fn name() -> BucketName {
    BucketName::parse("bkt").unwrap()
}

/// Another page of the bucket, after a change.
pub(crate) fn to(path: &str) -> Outcome {
    Outcome::To(format!("/buckets/bkt/{path}"))
}

pub(crate) fn shown(outcome: Outcome) -> (StatusCode, String) {
    match outcome {
        Outcome::Page(status, text) => (status, text),
        other => panic!("no page but {other:?}"),
    }
}

pub(crate) fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| !segment.is_empty()).collect()
}

pub(crate) fn fields(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What a browser sends of the form of a page that goes to `path`: its fields as they stand, then what is typed over them.
pub(crate) fn form_of(page: &str, path: &str, typed: &[(&str, &str)]) -> Vec<(String, String)> {
    let action = format!("method=\"post\" action=\"/buckets/bkt/{path}\"");
    let (_, form) = page.split_once(&action).unwrap_or_else(|| panic!("no form for {path} in {page}"));
    typed_into(form.split_once("</form>").unwrap().0, typed)
}

/// What a browser sends of a page with one form: hidden fields, ticks, choices and text as they stand, then what is typed
/// over them. A field that is typed as `-` is a tick that is taken away.
pub(crate) fn typed_into(page: &str, typed: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut sent = Vec::new();
    for tag in page.split("<input").skip(1).map(|rest| rest.split_once('>').unwrap().0) {
        let Some(name) = attribute(tag, "name") else { continue };
        let is_choice = tag.contains("type=\"checkbox\"") || tag.contains("type=\"radio\"");
        if !is_choice || tag.ends_with(" checked") {
            sent.push((name, attribute(tag, "value").unwrap_or_else(|| "on".to_owned())));
        }
    }
    for select in page.split("<select").skip(1).map(|rest| rest.split_once("</select>").unwrap().0) {
        let options: Vec<_> = select.split("<option").skip(1).collect();
        let chosen = options
            .iter()
            .find(|option| option.split('>').next().unwrap().ends_with(" selected"))
            .unwrap_or(&options[0]);
        let (tag, text) = chosen.split_once('>').unwrap();
        let value = attribute(tag, "value").unwrap_or_else(|| plain(text.split('<').next().unwrap()));
        sent.push((attribute(select, "name").unwrap(), value));
    }
    for area in page.split("<textarea").skip(1).map(|rest| rest.split_once("</textarea>").unwrap().0) {
        let (tag, text) = area.split_once('>').unwrap();
        sent.push((attribute(tag, "name").unwrap(), plain(text.strip_prefix('\n').unwrap_or(text))));
    }
    sent.retain(|(name, _)| typed.iter().all(|(field, _)| field != name));
    sent.extend(fields(typed).into_iter().filter(|(_, value)| value != "-"));
    sent
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(plain(rest.split_once('"')?.0))
}

fn plain(text: &str) -> String {
    let characters = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    characters.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}
