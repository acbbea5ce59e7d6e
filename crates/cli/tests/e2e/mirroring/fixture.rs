//! One origin, one server, and a bucket between them.

use headwater_testkit::origin::ScriptedOrigin;

use crate::harness::{Answer, Headwater, Setup, encode, eventually};

/// The bucket of every fixture.
pub(crate) const BUCKET: &str = "example";

/// A scripted origin and a server with the public bucket [`BUCKET`].
pub(crate) struct Fixture {
    pub(crate) origin: ScriptedOrigin,
    pub(crate) server: Headwater,
}

impl Fixture {
    /// A catch-all mirror rule, put through the API, with these further elements in its `Redirect`.
    pub(crate) async fn with(fields: &str) -> Self {
        let fixture = Self::without_rules().await;
        let rule = mirror_rule(1, "", &fixture.origin.url("/"), fields);
        fixture.put_rules(&rule).await.expect(200);
        fixture
    }

    /// A bucket whose rules the test puts itself.
    pub(crate) async fn without_rules() -> Self {
        Self::on(Setup::new()).await
    }

    /// The same on a server set up otherwise.
    pub(crate) async fn on(setup: Setup) -> Self {
        let fixture = Self { origin: ScriptedOrigin::start().await, server: setup.start() };
        make_bucket(&fixture.server, "public-read").await;
        fixture
    }

    /// Puts a website document with these rules.
    pub(crate) async fn put_rules(&self, rules: &str) -> Answer {
        put_rules(&self.server, rules).await
    }

    /// GET without a signature.
    pub(crate) async fn get(&self, key: &str) -> Answer {
        self.server.anonymous().get(&path(key)).send().await
    }

    /// Whether the bucket has the object; asking never mirrors.
    pub(crate) async fn is_stored(&self, key: &str) -> bool {
        let answer = self.server.client().head(&format!("{}?objectMeta", path(key))).send().await;
        match answer.status.as_u16() {
            200 => true,
            404 => false,
            status => panic!("objectMeta answers {status}: {}", answer.text()),
        }
    }

    /// Waits for the commit, which follows the answer.
    pub(crate) async fn wait_until_stored(&self, key: &str) {
        eventually("the object is stored", || self.is_stored(key)).await;
    }

    /// Waits until no fill runs: what was not stored by now never will be.
    pub(crate) async fn wait_for_fills(&self) {
        let admin = self.server.admin();
        eventually("no fill runs", || async {
            let metrics = admin.get("/-/metrics").send().await.expect(200).text();
            metrics.lines().any(|line| line == "headwater_fills_running 0")
        })
        .await;
    }

    /// Holds the fixture to an object that was not stored and never will be.
    #[track_caller]
    pub(crate) fn expect_not_stored(&self, key: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            self.wait_for_fills().await;
            assert!(!self.is_stored(key).await, "{key} is stored ({caller})");
        }
    }
}

/// Makes [`BUCKET`] with an ACL.
pub(crate) async fn make_bucket(server: &Headwater, acl: &str) {
    server.client().put(&format!("/{BUCKET}/"), "").header("x-oss-acl", acl).send().await.expect(200);
}

/// Puts a website document with these rules on [`BUCKET`].
pub(crate) async fn put_rules(server: &Headwater, rules: &str) -> Answer {
    let document = format!("<WebsiteConfiguration><RoutingRules>{rules}</RoutingRules></WebsiteConfiguration>");
    server.client().put(&format!("/{BUCKET}/?website"), document).header("content-type", "application/xml").send().await
}

/// The path of a key of [`BUCKET`].
pub(crate) fn path(key: &str) -> String {
    format!("/{BUCKET}/{}", encode(key))
}

/// A rule of type Mirror; `conditions` and `fields` are further elements.
pub(crate) fn mirror_rule(number: u32, conditions: &str, url: &str, fields: &str) -> String {
    format!(
        "<RoutingRule><RuleNumber>{number}</RuleNumber>\
         <Condition>{conditions}<HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition>\
         <Redirect><RedirectType>Mirror</RedirectType><MirrorURL>{url}</MirrorURL>{fields}</Redirect></RoutingRule>"
    )
}
