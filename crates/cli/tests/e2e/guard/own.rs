//! The server's own listeners are no origins, whatever the operator opened.

use std::net::IpAddr;

use headwater_testkit::network::{Answer as Names, isolated, own_address};

use super::world::{PUBLIC, PUBLIC_6, World, ok};
use crate::harness::Setup;
use crate::mirroring::BUCKET;

const FORBIDDEN: &str = "0041-00000108";

#[test]
fn o57_own_listeners_are_refused_under_every_name() {
    isolated(async {
        let setup = ["127.0.0.0/8", "::1/128", "10.0.0.0/8", "0.0.0.0/0", "::/0"];
        let setup =
            setup.iter().fold(Setup::new().listen("[::]:0"), |setup, net| setup.flag("--allow-origin-net", net));
        let mut world = World::new(setup, |_, method, _| ok(method, "reached")).await;
        for address in [PUBLIC, PUBLIC_6, "10.0.0.1"] {
            own_address(address.parse().expect("an address"));
        }
        world.names.set("me.example", Names::addresses(&[PUBLIC, PUBLIC_6]));
        world.names.set("me-inside.example", Names::addresses(&["10.0.0.1"]));
        world.names.set("alias.example", Names::Alias("me.example".to_owned()));
        let (data, admin) = (world.server.address().port(), world.server.admin_address().port());
        let everywhere = [
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
            "[::]",
            "localhost",
            PUBLIC,
            "10.0.0.1",
            "[::ffff:10.0.0.1]",
            "me.example",
            "me-inside.example",
            "alias.example",
        ];
        let mut asked = 0;
        let of_admin = ["127.0.0.1", "[::ffff:127.0.0.1]"];
        let hosts = everywhere.map(|host| (host, data)).into_iter().chain(of_admin.map(|host| (host, admin)));
        for (host, port) in hosts {
            world.put_rule(&format!("http://{host}:{port}/{BUCKET}/"), "").await.expect(200);
            let answer = world.get(&format!("key-{asked}")).await.expect_error(424, "MirrorFailed");
            assert_eq!(answer.element("EC").as_deref(), Some(FORBIDDEN), "{host}:{port}: {}", answer.text());
            asked += 1;
        }
        // The same addresses at other ports are open, so it was the listener that was refused.
        world.put_rule("http://127.0.0.1:8080/", "").await.expect(200);
        world.get("elsewhere").await.expect(200).expect_body(b"reached");
        assert_eq!(world.visited(), ["127.0.0.1".parse::<IpAddr>().expect("an address")]);

        world.server.stop();
        let reads = world.server.access_lines().iter().filter(|line| line.contains("\"GetObject\"")).count();
        assert_eq!(reads, asked + 1, "the server did not ask itself");
    });
}
