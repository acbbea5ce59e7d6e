//! Names that change their minds: between requests, between the hops of a redirect, and between address families.

use headwater_testkit::SeededRandom;
use headwater_testkit::network::{Answer as Names, isolated};

use super::world::{ORIGIN_PORT, PUBLIC, PUBLIC_2, PUBLIC_6, World, moved, ok, response};
use crate::harness::Setup;

/// Schedules of this tier; the longer ones take the same seeds further.
const SCHEDULES: u64 = 100;
/// Misses in each schedule: enough to see every answer of the longest one.
const REQUESTS: usize = 4;

const PERMITTED: [&str; 3] = [PUBLIC, PUBLIC_2, PUBLIC_6];
const FORBIDDEN: [&str; 12] = [
    "127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "100.100.100.200",
    "192.168.1.1",
    "172.16.0.1",
    "0.0.0.0",
    "::1",
    "fd00:ec2::254",
    "fe80::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
];

/// One answer of a schedule: permitted and forbidden addresses in some mixture, or a name that does not answer.
fn step(random: &mut SeededRandom) -> Names {
    let mut addresses = Vec::new();
    let (permitted, forbidden) = random.pick(&[(1, 0), (0, 1), (1, 1), (2, 2), (1, 3), (0, 2), (0, 0)]);
    addresses.extend((0..permitted).map(|_| random.pick(&PERMITTED)));
    addresses.extend((0..forbidden).map(|_| random.pick(&FORBIDDEN)));
    if random.below(2) == 0 {
        addresses.reverse();
    }
    match (addresses.is_empty(), random.below(4)) {
        (true, 0) => Names::Failure,
        (true, _) => Names::NoSuchName,
        // A resolver that trusts lifetimes would keep what is about to change.
        (false, 0) => Names::Lasting(addresses.iter().map(|text| text.parse().expect("an address")).collect(), 300),
        (false, _) => Names::addresses(&addresses),
    }
}

/// Gives a name a schedule of its own, perhaps behind aliases that change as well.
fn schedule(world: &World, name: &str, seed: u64) {
    let mut random = SeededRandom::new(seed);
    let mut steps = vec![Names::addresses(&[random.pick(&PERMITTED)])];
    steps.extend((0..=random.below(5)).map(|_| step(&mut random)));
    match random.below(3) {
        0 => {
            world.names.set_each(&format!("end.{name}"), steps);
            world.names.set(&format!("middle.{name}"), Names::Alias(format!("end.{name}")));
            world.names.set(name, Names::Alias(format!("middle.{name}")));
        }
        1 => {
            // First an address of its own, then the alias.
            world.names.set(&format!("end.{name}"), Names::addresses(&[random.pick(&FORBIDDEN)]));
            steps.insert(1 + random.below(steps.len()), Names::Alias(format!("end.{name}")));
            world.names.set_each(name, steps);
        }
        _ => world.names.set_each(name, steps),
    }
}

#[test]
fn s5_a_name_that_changes_never_leads_to_a_forbidden_address() {
    isolated(async {
        // Every connection is closed, so that each request, try and hop resolves anew.
        let origin = |_, method: &str, target: &str| match target {
            "/hop-1" => moved("/hop-2"),
            "/retry-2" => response("503 Service Unavailable", "", method, ""),
            _ if target.ends_with("-1") => moved(&target.replace("-1", "-0")),
            _ => ok(method, "reached"),
        };
        let world = World::new(Setup::new().guarded(), origin).await;
        let mut answered = [0, 0];
        for seed in 0..SCHEDULES {
            let name = format!("s{seed}.rebinding.example");
            schedule(&world, &name, seed);
            world.put_rule(&format!("http://{name}:{ORIGIN_PORT}/"), "").await.expect(200);
            for request in 0..REQUESTS {
                let key = ["plain", "hop-1", "retry-2", "s-1"][request];
                let answer = world.get(&format!("{key}{}", if request == 1 || request == 2 { "" } else { "-1" })).await;
                match answer.status.as_u16() {
                    200 => answered[0] += 1,
                    404 | 424 | 503 => answered[1] += 1,
                    other => panic!("seed {seed}: {other}: {}", answer.text()),
                }
            }
        }
        world.expect_visits_within(&PERMITTED).await;
        assert!(answered.iter().all(|count| *count > 20), "schedules must reach both ends: {answered:?}");
    });
}

#[test]
fn s5_the_address_that_was_judged_is_the_one_that_is_connected_to() {
    isolated(async {
        let world = World::guarded().await;
        // A guard that resolves a second time to connect would get the second answer.
        for (number, address) in FORBIDDEN.iter().enumerate() {
            let name = format!("twice-{number}.example");
            world.names.set_each(&name, vec![Names::addresses(&[PUBLIC]), Names::addresses(&[address])]);
            world.put_rule(&format!("http://{name}/"), "").await.expect(200);
            world.get(&format!("key-{number}")).await.expect(200).expect_body(b"reached");
            assert_eq!(world.names.questions(&name), 1, "{name} is resolved once");
        }
        world.expect_visits_within(&[PUBLIC]).await;
    });
}
