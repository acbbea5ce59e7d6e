//! What the guard must not refuse, so that the refusals of the other files mean something.

use std::net::IpAddr;

use headwater_testkit::network::{Answer as Names, isolated};

use super::world::{PUBLIC, PUBLIC_2, PUBLIC_6, World, ok};
use crate::harness::Setup;

/// Networks that the operator opens.
const OPENED: [&str; 5] = ["10.0.0.0/8", "100.64.0.0/10", "192.168.7.0/24", "fd12:3456::/32", "127.0.0.2/32"];

/// Names and their addresses.
const NAMES: [(&str, &[&str]); 14] = [
    ("public.example", &[PUBLIC]),
    ("deep.er.and.deep.er.public.example", &[PUBLIC_2]),
    ("two.example", &[PUBLIC, PUBLIC]),
    ("six.example", &[PUBLIC_6]),
    ("xn--bcher-kva.example", &[PUBLIC]),
    ("xn--fsqu00a.xn--0zwm56d", &[PUBLIC_2]),
    ("under_score.example", &[PUBLIC]),
    ("private.example", &["10.1.2.3"]),
    ("cgnat.example", &["100.64.3.4"]),
    ("rack.example", &["192.168.7.9"]),
    ("ula.example", &["fd12:3456::9"]),
    ("lo2.example", &["127.0.0.2"]),
    ("10.in-name.example", &[PUBLIC]),
    ("localhost.example", &[PUBLIC]),
];

/// A URL, and the address that is to be asked for it.
const URLS: [(&str, &str); 40] = [
    ("http://93.184.216.34/", PUBLIC),
    ("http://93.184.216.34:80/", PUBLIC),
    ("http://93.184.216.34:8080/", PUBLIC),
    ("http://93.184.216.34/base/", PUBLIC),
    ("http://93.184.216.34/a//b/%2F/", PUBLIC),
    ("http://1.1.1.1/", "1.1.1.1"),
    ("http://9.255.255.255/", "9.255.255.255"),
    ("http://11.0.0.1/", "11.0.0.1"),
    ("http://100.63.255.255/", "100.63.255.255"),
    ("http://100.128.0.1/", "100.128.0.1"),
    ("http://126.255.255.255/", "126.255.255.255"),
    ("http://128.0.0.1/", "128.0.0.1"),
    ("http://169.253.255.255/", "169.253.255.255"),
    ("http://172.15.255.255/", "172.15.255.255"),
    ("http://172.32.0.1/", "172.32.0.1"),
    ("http://192.167.255.255/", "192.167.255.255"),
    ("http://198.17.255.255/", "198.17.255.255"),
    ("http://223.255.255.254/", "223.255.255.254"),
    ("http://[2606:2800:220:1:248:1893:25c8:1946]/", PUBLIC_6),
    ("http://[2606:2800:220:1:248:1893:25C8:1946]:8080/", PUBLIC_6),
    ("http://[2a00:1450:4001::200e]/", "2a00:1450:4001::200e"),
    ("http://public.example/", PUBLIC),
    ("http://PUBLIC.example:8080/", PUBLIC),
    ("http://public.example./", PUBLIC),
    ("http://deep.er.and.deep.er.public.example/", PUBLIC_2),
    ("http://alias.example/", PUBLIC),
    ("http://alias-of-alias.example/", PUBLIC),
    ("http://two.example/", PUBLIC),
    ("http://six.example/", PUBLIC_6),
    ("http://bücher.example/", PUBLIC),
    ("http://例子.测试/", PUBLIC_2),
    ("http://under_score.example/", PUBLIC),
    ("http://10.in-name.example/", PUBLIC),
    ("http://localhost.example/", PUBLIC),
    ("http://10.9.8.7/", "10.9.8.7"),
    ("http://private.example/", "10.1.2.3"),
    ("http://cgnat.example/", "100.64.3.4"),
    ("http://rack.example/", "192.168.7.9"),
    ("http://ula.example:8080/", "fd12:3456::9"),
    ("http://lo2.example/", "127.0.0.2"),
];

#[test]
fn s4_legitimate_urls_are_fetched_from_where_they_lead() {
    isolated(async {
        let setup = OPENED.iter().fold(Setup::new().guarded(), |setup, net| setup.flag("--allow-origin-net", net));
        let world = World::new(setup, |_, method, _| ok(method, "reached")).await;
        for (name, addresses) in NAMES {
            world.names.set(name, Names::addresses(addresses));
        }
        world.names.set("alias.example", Names::Alias("public.example".to_owned()));
        world.names.set("alias-of-alias.example", Names::Alias("alias.example".to_owned()));
        for (number, (url, address)) in URLS.iter().enumerate() {
            world.put_rule(url, "").await.expect(200);
            let before = count(&world, address);
            let answer = world.get(&format!("key-{number}")).await;
            assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "reached"), "{url}: {answer:?}");
            assert_eq!(count(&world, address), before + 1, "{url} is to be asked at {address}");
        }
        assert_eq!(world.visited().len(), URLS.len());
    });
}

/// Connections to one address.
fn count(world: &World, address: &str) -> usize {
    let address: IpAddr = address.parse().expect("an address");
    world.visited().into_iter().filter(|visited| *visited == address).count()
}

#[test]
fn s4_what_lies_beside_an_opened_network_stays_closed() {
    isolated(async {
        let setup = OPENED.iter().fold(Setup::new().guarded(), |setup, net| setup.flag("--allow-origin-net", net));
        let world = World::new(setup, |_, method, _| ok(method, "reached")).await;
        for (number, host) in
            ["127.0.0.1", "127.0.0.3", "192.168.8.1", "100.100.100.200", "[fd13::1]"].iter().enumerate()
        {
            world.put_rule(&format!("http://{host}/"), "").await.expect(200);
            world.get(&format!("key-{number}")).await.expect_error(424, "MirrorFailed");
        }
        assert!(world.visited().is_empty());
    });
}
