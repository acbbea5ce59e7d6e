//! Rows O01 to O04 of the chaos matrix: what a name service can do to a miss.

use std::net::IpAddr;

use headwater_model::bucket::Dialect;
use headwater_testkit::network::{Answer as Names, isolated};

use super::world::{DIALECTS, ORIGIN_PORT, PUBLIC, PUBLIC_2, World, speak};
use crate::harness::{Answer, eventually};
use crate::mirroring::path;

const HEAD_TOO: &str = "<MirrorAllowHeadObject>true</MirrorAllowHeadObject>";
/// Readers of one key at once.
const CROWD: usize = 20;
/// A name is asked for at most twice for a miss that fails (row O01); the system's resolver asks once each time.
const TRIES: usize = 2;

/// How a miss that fails looks.
#[derive(Clone, Copy)]
struct Failing {
    /// The OSS face's EC.
    ec: &'static str,
    /// Whether it may be different soon: the S3 face then says 503, and both say when to come again.
    transient: bool,
}

impl Failing {
    fn check(self, answer: &Answer, dialect: Dialect) {
        let oss = dialect == Dialect::Oss;
        let (status, code) = if self.transient && !oss { (503, "ServiceUnavailable") } else { (424, "MirrorFailed") };
        assert_eq!(answer.status.as_u16(), status, "{answer:?}");
        if !answer.body.is_empty() {
            assert_eq!(answer.element("Code").as_deref(), Some(code), "{}", answer.text());
        }
        if oss {
            assert_eq!(answer.header("x-oss-ec"), Some(self.ec), "{answer:?}");
        }
        assert_eq!(answer.header("retry-after").is_some(), self.transient, "{answer:?}");
    }

    /// The same for one of a crowd: what an origin that fails again and again is spared is our own limit's answer.
    fn check_one_of_many(self, answer: &Answer, dialect: Dialect) {
        if self.transient && answer.element("Code").as_deref() == Some("SlowDown") {
            assert_eq!(answer.status.as_u16(), 503, "{answer:?}");
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
        } else {
            self.check(answer, dialect);
        }
    }
}

/// A mirror of the name, which gets this answer.
async fn mirror_of(world: &World, name: &str, says: Names) {
    world.names.set(name, says);
    world.put_rule(&format!("http://{name}:{ORIGIN_PORT}/"), HEAD_TOO).await.expect(200);
}

/// The four ways of asking, in both dialects, each of a name of its own: an origin that failed is not asked for a while.
async fn expect_failing(world: &World, label: &str, says: &Names, failing: Failing) {
    let client = world.server.client();
    for dialect in DIALECTS {
        for way in ["whole", "ranged", "head", "crowd"] {
            let name = format!("{way}-{dialect:?}.{label}.example").to_lowercase();
            mirror_of(world, &name, says.clone()).await;
            let key = path(&name);
            match way {
                "whole" => failing.check(&speak(dialect, client.get(&key)).await, dialect),
                "ranged" => {
                    failing.check(&speak(dialect, client.get(&key).header("range", "bytes=1-2")).await, dialect);
                }
                "head" => failing.check(&speak(dialect, client.head(&key)).await, dialect),
                _ => {
                    let crowd = (0..CROWD).map(|_| speak(dialect, client.get(&key)));
                    for answer in futures_util::future::join_all(crowd).await {
                        failing.check_one_of_many(&answer, dialect);
                    }
                }
            }
            client.head(&format!("{key}?objectMeta")).send().await.expect(404);
        }
    }
}

#[test]
fn o01_a_name_that_does_not_exist_is_a_lasting_failure() {
    isolated(async {
        let world = World::guarded().await;
        let failing = Failing { ec: "0041-00000104", transient: false };
        for (label, says) in [("absent", Names::NoSuchName), ("empty", Names::Addresses(Vec::new()))] {
            let name = format!("first.{label}.example");
            mirror_of(&world, &name, says.clone()).await;
            world.get(&name).await.expect_error(424, "MirrorFailed");
            assert!((1..=TRIES).contains(&world.names.questions(&name)), "{name}");
            expect_failing(&world, label, &says, failing).await;
        }
        assert!(world.visited().is_empty());
    });
}

#[test]
fn o02_a_name_service_that_fails_is_a_passing_failure() {
    isolated(async {
        let world = World::guarded().await;
        let failing = Failing { ec: "0041-00000104", transient: true };
        expect_failing(&world, "broken", &Names::Failure, failing).await;
        assert!(world.visited().is_empty());
    });
}

#[test]
fn o02_a_name_service_that_says_nothing_is_a_passing_failure() {
    isolated(async {
        let world = World::guarded().await;
        let failing = Failing { ec: "0041-00000104", transient: true };
        expect_failing(&world, "silent", &Names::Silence, failing).await;
        assert!(world.visited().is_empty());
    });
}

#[test]
fn o03_a_name_of_a_forbidden_address_is_refused_and_reported() {
    isolated(async {
        let world = World::guarded().await;
        let says = Names::addresses(&["10.0.0.1", "fd00:ec2::254"]);
        expect_failing(&world, "inside", &says, Failing { ec: "0041-00000108", transient: false }).await;
        assert!(world.visited().is_empty());
        let reported = |line: &String| line.contains("origin address refused") && line.contains("10.0.0.1:7000");
        eventually("the refusal is in the log", || async { world.server.log().iter().any(reported) }).await;
    });
}

#[test]
fn o04_of_a_mixed_name_only_permitted_addresses_are_used() {
    isolated(async {
        let world = World::guarded().await;
        let client = world.server.client();
        let mixtures: [&[&str]; 4] = [
            &["10.0.0.1", PUBLIC],
            &[PUBLIC, "127.0.0.1"],
            &["::1", PUBLIC, "fd00:ec2::254"],
            &["169.254.169.254", PUBLIC_2, "192.168.0.1"],
        ];
        for (number, addresses) in mixtures.iter().enumerate() {
            let name = format!("mixed-{number}.example");
            mirror_of(&world, &name, Names::addresses(addresses)).await;
            for dialect in DIALECTS {
                let key = |way: &str| path(&format!("{number}-{way}-{dialect:?}"));
                let (whole, ranged, head, crowded) = (key("whole"), key("ranged"), key("head"), key("crowd"));
                speak(dialect, client.head(&head)).await.expect(200);
                speak(dialect, client.get(&whole)).await.expect(200).expect_body(b"reached");
                speak(dialect, client.get(&ranged).header("range", "bytes=1-2")).await.expect(206).expect_body(b"ea");
                let crowd = futures_util::future::join_all((0..CROWD).map(|_| speak(dialect, client.get(&crowded))));
                for answer in crowd.await {
                    answer.expect(200).expect_body(b"reached");
                }
                for key in [whole, ranged, crowded] {
                    let stored =
                        || async { client.head(&format!("{key}?objectMeta")).send().await.status.as_u16() == 200 };
                    eventually("the object is stored", stored).await;
                }
            }
        }
        world.expect_visits_within(&[PUBLIC, PUBLIC_2]).await;
        let visited = world.visited();
        for address in [PUBLIC, PUBLIC_2] {
            assert!(visited.contains(&address.parse::<IpAddr>().expect("an address")), "{address}");
        }
    });
}
