//! One case in one mode on one dialect: a bucket with an origin of its own.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;
use headwater_model::bucket::Dialect;
use headwater_simulator::matrix::{Case, Mode};
use headwater_simulator::{Authorities, Connections, Pace, Scenario, ScriptedOrigin};

use crate::harness::{Answer, Call, Client, Headwater, encode};

/// Clients of a herd.
const HERD: usize = 20;
/// Bytes at the end of an object that a ranged GET asks for.
const TAIL_BYTES: usize = 100;

/// See the module.
pub(crate) struct Cell {
    pub(crate) row: String,
    pub(crate) case: Case,
    pub(crate) dialect: Dialect,
    pub(crate) mode: Mode,
    /// The object, if the origin gives one.
    pub(crate) body: Bytes,
    bucket: String,
    key: String,
    origin: ScriptedOrigin,
    peer: ScriptedOrigin,
    /// Requests that set the scene.
    warmed: usize,
}

/// The answers of a cell; whoever asked without a key comes last.
pub(crate) struct Answers {
    pub(crate) owners: Vec<Result<Answer, String>>,
    pub(crate) anonymous: Option<Result<Answer, String>>,
}

/// A dialect in names and messages.
pub(super) fn face_name(dialect: Dialect) -> &'static str {
    if dialect == Dialect::Oss { "oss" } else { "s3" }
}

impl Cell {
    /// Origin, bucket and rule.
    pub(crate) async fn prepare(
        server: &Headwater,
        authorities: &Authorities,
        row: &str,
        case: &Case,
        (dialect, mode, pace): (Dialect, Mode, Pace),
    ) -> Self {
        let scenario = Scenario::find(row, case.scenario()).expect("the matrix names scenarios that exist");
        let origin = ScriptedOrigin::start_as(&scenario.connections(authorities)).await;
        let peer = ScriptedOrigin::start_as(&Connections::Plain).await;
        let good = scenario.body();
        peer.otherwise(move |request| {
            headwater_simulator::Resource::new(good.clone()).etag("\"peer\"").answer(request)
        });
        scenario.install(&origin, "", &peer.url(""), pace);
        let bucket =
            format!("{row}-{}-{}-{}", case.name, face_name(dialect), mode.name()).to_lowercase().replace('_', "-");
        let key = case.key.clone().unwrap_or_else(|| "k".to_owned());
        let body = scenario.body();
        let mut cell =
            Self { row: row.to_owned(), case: case.clone(), dialect, mode, body, bucket, key, origin, peer, warmed: 0 };
        cell.make_bucket(server).await;
        if case.warm {
            let warm = server.client().get(&format!("/{}/warm", cell.bucket)).send().await.expect(200);
            assert!(warm.complete, "{} is not warmed up", cell.name());
            cell.warmed = cell.origin.requests().len();
        }
        cell
    }

    async fn make_bucket(&self, server: &Headwater) {
        let (client, bucket) = (server.client(), &self.bucket);
        client.put(&format!("/{bucket}/"), "").header("x-oss-acl", "public-read").send().await.expect(200);
        let url = match self.case.name.as_str() {
            "own" => format!("{}/{bucket}/", server.endpoint()),
            _ => self.origin.url("/"),
        };
        let document = format!(
            "<WebsiteConfiguration><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber>\
             <Condition><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition>\
             <Redirect><RedirectType>Mirror</RedirectType><MirrorURL>{url}</MirrorURL>\
             <MirrorAllowHeadObject>true</MirrorAllowHeadObject>{}</Redirect>\
             </RoutingRule></RoutingRules></WebsiteConfiguration>",
            self.case.rule
        );
        let put = client.put(&format!("/{bucket}/?website"), document).header("content-type", "application/xml");
        put.send().await.expect(200);
        if !self.case.settings.is_empty() {
            let words = ["settings", "set", bucket].into_iter().chain(self.case.settings.iter().map(String::as_str));
            let set = server.client_command(&words.collect::<Vec<_>>()).output().expect("the program runs");
            assert!(set.status.success(), "{}: {}", self.name(), String::from_utf8_lossy(&set.stderr));
        }
    }

    /// For messages and the list of pending cases.
    pub(crate) fn name(&self) -> String {
        format!("{}/{} {} {}", self.row, self.case.name, face_name(self.dialect), self.mode.name())
    }

    /// Bucket of this cell alone.
    pub(crate) fn bucket(&self) -> &str {
        &self.bucket
    }

    /// First byte that a ranged GET asks for.
    pub(crate) fn tail_from(&self) -> usize {
        self.body.len().saturating_sub(TAIL_BYTES)
    }

    /// Asks as the mode says.
    pub(crate) async fn ask(&self, server: &Arc<Headwater>) -> Answers {
        let owner = server.client();
        match self.mode {
            Mode::Get => Answers { owners: vec![self.call(owner.get(&self.path())).await], anonymous: None },
            Mode::Head => Answers { owners: vec![self.call(owner.head(&self.path())).await], anonymous: None },
            Mode::Range => {
                let range = format!("bytes={}-{}", self.tail_from(), self.body.len().max(1) - 1);
                Answers {
                    owners: vec![self.call(owner.get(&self.path()).header("range", &range)).await],
                    anonymous: None,
                }
            }
            Mode::Herd => {
                let strangers = usize::from(self.dialect == Dialect::Oss);
                let path = self.path();
                let owners = join_all((strangers..HERD).map(|_| self.call(owner.get(&path))));
                if strangers == 0 {
                    return Answers { owners: owners.await, anonymous: None };
                }
                let anonymous: Client = server.anonymous();
                let stranger = anonymous.get(&path).try_send();
                let (owners, stranger) = tokio::join!(owners, stranger);
                Answers { owners, anonymous: Some(stranger) }
            }
        }
    }

    async fn call(&self, call: Call<'_>) -> Result<Answer, String> {
        if self.dialect == Dialect::S3 { call.s3().try_send().await } else { call.try_send().await }
    }

    fn path(&self) -> String {
        format!("/{}/{}", self.bucket, encode(&self.key))
    }

    /// Requests that the origin got because of this cell.
    pub(crate) fn origin_requests(&self) -> usize {
        self.origin.requests().len() - self.warmed
    }

    /// What must never be: another target than the key's, secrets at another origin.
    pub(crate) fn origin_faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if let Some(target) = &self.case.target
            && self.origin.count(target) == 0
        {
            let seen: Vec<String> = self.origin.requests().into_iter().map(|request| request.target).collect();
            faults.push(format!("the origin was to be asked for {target}, and was for {seen:?}"));
        }
        for request in self.peer.requests() {
            for secret in ["authorization", "x-amz-security-token", "cookie"] {
                if request.header(secret).is_some() {
                    faults.push(format!("{secret} followed to another origin"));
                }
            }
        }
        faults
    }

    /// Whether the bucket has the object; asking never mirrors.
    pub(crate) async fn is_stored(&self, server: &Headwater) -> bool {
        server.client().head(&format!("{}?objectMeta", self.path())).send().await.status == 200
    }

    /// GET of what is stored.
    pub(crate) async fn get_again(&self, server: &Headwater) -> Result<Answer, String> {
        server.client().get(&self.path()).try_send().await
    }
}
