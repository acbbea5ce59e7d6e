//! What a tenant learns from a failure about the network behind the server: that the origin cannot be had, no more.

use headwater_testkit::network::isolated;
use headwater_testkit::origin::{Cut, Gate, Reply, ScriptedOrigin, Step, TestAuthority, Validity};

use super::world::{DIALECTS, World, ok, speak};
use crate::harness::{Answer, Client, Setup};
use crate::mirroring::path;

/// What may differ between two answers to the same request: the number and the time of the request, and, as the
/// decisions have it for transient failures only, when to try again.
const VARYING: [&str; 4] = ["x-oss-request-id", "x-oss-server-time", "date", "retry-after"];

/// An answer without what may vary, the key of the request included.
fn plain(answer: &Answer, key: &str) -> (u16, Vec<(String, String)>, String) {
    let mut fields: Vec<_> = answer.headers.iter().filter(|(name, _)| !VARYING.contains(&name.as_str())).collect();
    fields.sort_by_key(|(name, _)| name.as_str());
    let fields = fields.into_iter().map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
    let id = answer.element("RequestId").expect("errors name their request");
    (answer.status.as_u16(), fields, answer.text().replace(&id, "ID").replace(key, "KEY"))
}

/// Holds an answer to naming no cause.
fn expect_no_cause(answer: &Answer, cause: &str) {
    assert_eq!(answer.element("Reason"), None, "{cause}: {}", answer.text());
    assert_eq!(answer.element("OriginStatus"), None, "{cause}: {}", answer.text());
    for (name, value) in &answer.headers {
        let name = name.as_str();
        assert!(!name.contains("mirror-error") && !name.contains("reason"), "{cause}: {name}: {value:?}");
    }
    for word in ["timed", "refused", "reset", "tls", "certificate", "dns", "10.0.0.1", "127.0.0.1:"] {
        let host = answer.element("HostId").unwrap_or_default();
        let text = answer.text().replace(&host, "").to_lowercase();
        assert!(!text.contains(word), "{cause}: {word}: {text}");
    }
}

/// Origins that cannot be had, by cause. They live in the one network that is open.
async fn unreachable() -> Vec<(&'static str, String, Option<ScriptedOrigin>)> {
    let refused = ScriptedOrigin::start().await.url("/");
    let (reset, silent) = (ScriptedOrigin::start().await, ScriptedOrigin::start().await);
    let stranger = TestAuthority::new("stranger").issue(&["127.0.0.1"], Validity::Current);
    let untrusted = ScriptedOrigin::start_tls(&stranger).await;
    for number in 0..5 {
        reset.on(&format!("/key-{number}"), Reply::script(vec![Step::End(Cut::Rst)]));
        silent.on(&format!("/key-{number}"), Reply::ok("late").hold_head(&Gate::closed()));
    }
    let (reset_url, silent_url, untrusted_url) = (reset.url("/"), silent.url("/"), untrusted.url("/"));
    vec![
        ("refused", refused, None),
        ("reset", reset_url, Some(reset)),
        ("silent", silent_url, Some(silent)),
        ("untrusted", untrusted_url, Some(untrusted)),
        ("unknown", "http://no-such-name.example/".to_owned(), None),
    ]
}

async fn get(client: &Client, key: &str) -> Answer {
    client.get(&path(key)).send().await
}

#[test]
fn t2_causes_cannot_be_told_apart_by_who_does_not_own_the_bucket() {
    isolated(async {
        let setup = Setup::new();
        let world = World::new(setup, |_, method, _| ok(method, "reached")).await;
        let mut seen = Vec::new();
        for (number, (cause, url, origin)) in unreachable().await.into_iter().enumerate() {
            world.put_rule(&url, "").await.expect(200);
            let key = format!("key-{number}");
            let answer = get(&world.server.anonymous(), &key).await.expect_error(424, "MirrorFailed");
            assert_eq!(answer.element("EC").as_deref(), Some("0041-00000104"), "{cause}");
            expect_no_cause(&answer, cause);
            seen.push((cause, plain(&answer, &key)));
            drop(origin);
        }
        let (_, first) = seen[0].clone();
        for (cause, answer) in seen {
            assert_eq!(answer, first, "{cause} differs from refused");
        }
        assert!(world.visited().is_empty());
    });
}

#[test]
fn t2_a_blocked_address_has_its_own_code_and_says_nothing_about_what_is_there() {
    isolated(async {
        let world = World::guarded().await;
        let mut seen = Vec::new();
        // Ports where something listens and where nothing does; addresses of every kind.
        let places =
            ["10.0.0.1:80", "10.0.0.1:81", "127.0.0.1:80", "127.0.0.1:81", "169.254.169.254", "[fd00::1]:8080"];
        for (number, place) in places.iter().enumerate() {
            world.put_rule(&format!("http://{place}/"), "").await.expect(200);
            let key = format!("key-{number}");
            let answer = get(&world.server.anonymous(), &key).await.expect_error(424, "MirrorFailed");
            assert_eq!(answer.element("EC").as_deref(), Some("0041-00000108"), "{place}");
            expect_no_cause(&answer, place);
            assert_eq!(answer.header("retry-after"), None, "{place}");
            seen.push(plain(&answer, &key));
        }
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
        assert!(world.visited().is_empty());
    });
}

#[test]
fn d24_the_owner_reads_the_reason() {
    isolated(async {
        let world = World::new(Setup::new(), |_, method, _| ok(method, "reached")).await;
        let reasons = [("refused", "connect"), ("unknown", "dns_not_found"), ("untrusted", "tls")];
        let origins = unreachable().await;
        for (cause, reason) in reasons {
            let (_, url, _) = origins.iter().find(|(name, ..)| *name == cause).expect("it is in the list");
            world.put_rule(url, "").await.expect(200);
            for dialect in DIALECTS {
                let path = path(&format!("{cause}-owner-{dialect:?}"));
                let answer = speak(dialect, world.server.client().get(&path)).await;
                assert_eq!(answer.element("Reason").as_deref(), Some(reason), "{cause}: {}", answer.text());
            }
        }
    });
}
