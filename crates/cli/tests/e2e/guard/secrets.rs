//! What was meant for one origin never reaches another: secrets of a rule and of its author, across redirects.

use headwater_testkit::network::{Answer as Names, NameServer, isolated};
use headwater_testkit::origin::{RecordedRequest, Reply, ScriptedOrigin};

use crate::harness::{Headwater, Setup};
use crate::mirroring::{make_bucket, mirror_rule, path, put_rules};

/// Texts that must stay with the first origin.
const SECRETS: [&str; 5] = ["s3cret-bearer", "s3cret-token", "s3cret-key", "CANARYACCESSKEYID", "s3cret-cookie"];

const FIELDS: &str = "<MirrorAllowHeadObject>true</MirrorAllowHeadObject>\
    <MirrorAuth><AuthType>S3V4</AuthType><Region>us-east-1</Region><AccessKeyId>CANARYACCESSKEYID</AccessKeyId>\
    <AccessKeySecret>s3cret-key</AccessKeySecret></MirrorAuth>\
    <MirrorHeaders><PassAll>true</PassAll>\
    <Set><Key>x-token</Key><Value>s3cret-token</Value></Set>\
    <Set><Key>x-api-key</Key><Value>s3cret-bearer</Value></Set></MirrorHeaders>";

/// The names of one machine, a second one behind another port, and a server that mirrors from the first name.
struct Scene {
    server: Headwater,
    origin: ScriptedOrigin,
    elsewhere: ScriptedOrigin,
    _names: NameServer,
}

impl Scene {
    async fn set() -> Self {
        let names = NameServer::start().await;
        for name in ["shop.example", "evil.example", "sub.shop.example", "shop.example.evil.example"] {
            names.set(name, Names::addresses(&["127.0.0.1"]));
        }
        let (origin, elsewhere) = (ScriptedOrigin::start().await, ScriptedOrigin::start().await);
        let server = Setup::new().start();
        make_bucket(&server, "public-read").await;
        let rule = mirror_rule(1, "", &origin.url_at("shop.example", "/"), FIELDS);
        put_rules(&server, &rule).await.expect(200);
        Self { server, origin, elsewhere, _names: names }
    }

    /// GET and HEAD of a key, with a cookie.
    async fn ask(&self, key: &str) {
        for head in [true, false] {
            let client = self.server.anonymous();
            let path = path(key);
            let call = if head { client.head(&path) } else { client.get(&path) };
            call.header("cookie", "session=s3cret-cookie").header("x-plain", "1").send().await.expect(200);
        }
    }
}

/// Requests whose `Host` is another than the first origin's.
fn foreign(requests: Vec<RecordedRequest>, own: &str) -> Vec<RecordedRequest> {
    requests.into_iter().filter(|request| request.header("host") != Some(own)).collect()
}

#[test]
fn o55_secrets_stay_with_the_host_they_were_meant_for() {
    isolated(async {
        let scene = Scene::set().await;
        let own = format!("shop.example:{}", scene.origin.address().port());
        let targets = [
            scene.origin.url_at("evil.example", "/there"),
            scene.origin.url_at("sub.shop.example", "/there"),
            scene.origin.url_at("shop.example.evil.example", "/there"),
            scene.origin.url_at("127.0.0.1", "/there"),
            scene.elsewhere.url_at("shop.example", "/there"),
            scene.elsewhere.url_at("evil.example", "/there"),
            format!("//evil.example:{}/there", scene.origin.address().port()),
        ];
        scene.origin.on("/there", Reply::ok("found"));
        scene.elsewhere.on("/there", Reply::ok("found"));
        for (number, target) in targets.iter().enumerate() {
            let status = [301, 302, 303, 307, 308][number % 5];
            scene.origin.on(&format!("/from-{number}"), Reply::redirect(status, target));
            // Over a page of the first origin, so that a chain is no way around either.
            scene.origin.on(&format!("/over-{number}"), Reply::redirect(302, &format!("/from-{number}")));
            scene.ask(&format!("from-{number}")).await;
            scene.ask(&format!("over-{number}")).await;
        }
        let strangers = foreign(scene.origin.requests(), &own).into_iter().chain(scene.elsewhere.requests());
        let strangers: Vec<_> = strangers.collect();
        assert_eq!(strangers.len(), targets.len() * 4, "every redirect was followed");
        for request in &strangers {
            assert_eq!(request.header("x-plain"), Some("1"), "{request:?}");
            for (name, value) in &request.headers {
                let leaked = SECRETS.iter().find(|secret| value.contains(**secret));
                assert_eq!(leaked, None, "{name} of {request:?}");
                let credential =
                    ["authorization", "cookie", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"];
                assert!(!credential.contains(&name.to_ascii_lowercase().as_str()), "{name} of {request:?}");
            }
        }
        let first = scene.origin.requests();
        let own_requests: Vec<_> = first.iter().filter(|request| request.header("host") == Some(&own)).collect();
        for request in own_requests {
            assert_eq!(request.header("x-token"), Some("s3cret-token"), "{request:?}");
            let signature = request.header("authorization").unwrap_or_default();
            assert!(signature.starts_with("AWS4-HMAC-SHA256 Credential=CANARYACCESSKEYID/"), "{request:?}");
        }
    });
}

#[test]
fn o55_the_same_host_in_another_spelling_is_the_same_host() {
    isolated(async {
        let scene = Scene::set().await;
        scene.origin.on("/here", Reply::ok("found"));
        for (number, host) in ["SHOP.example", "shop.example", "Shop.Example"].iter().enumerate() {
            scene.origin.on(&format!("/from-{number}"), Reply::redirect(302, &scene.origin.url_at(host, "/here")));
            scene.ask(&format!("from-{number}")).await;
        }
        let arrived: Vec<_> = scene.origin.requests().into_iter().filter(|request| request.target == "/here").collect();
        assert_eq!(arrived.len(), 6);
        assert!(arrived.iter().all(|request| request.header("x-token") == Some("s3cret-token")));
    });
}
