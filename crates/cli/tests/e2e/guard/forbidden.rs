//! The corpus of forbidden URLs in each place where a URL can stand: nothing of it is ever connected to.

use std::sync::{Arc, Mutex};

use headwater_testkit::network::{Answer as Names, isolated};

use super::corpus::{self, Entry, Fate};
use super::world::{ORIGIN_PORT, PUBLIC, World, moved, ok, response, xml};
use crate::harness::{Answer, Setup};

/// Fewest URLs that the corpus must have (threat model, S4).
const FLOOR: usize = 400;
const FORBIDDEN: &str = "0041-00000108";

/// The corpus in a world that has its names.
fn corpus_in(world: &World) -> Vec<Entry> {
    for (name, address) in corpus::names() {
        world.names.set(&name, Names::addresses(&[&address]));
    }
    world.names.set("public.example", Names::addresses(&[PUBLIC]));
    let entries = corpus::urls();
    assert!(entries.len() >= FLOOR, "{} urls", entries.len());
    entries
}

/// Whether a rule with this URL was saved, which its spelling decides.
fn saved(entry: &Entry, answer: Answer) -> bool {
    match entry.fate {
        Fate::Illegal => {
            answer.expect_error(400, "InvalidArgument");
            false
        }
        Fate::Forbidden => {
            assert_eq!(answer.status.as_u16(), 200, "{}: {}", entry.url, answer.text());
            true
        }
    }
}

/// The base of an origin at the public address.
fn primary() -> String {
    format!("http://{PUBLIC}:{ORIGIN_PORT}/")
}

#[test]
fn s4_forbidden_urls_as_mirror_url_are_never_fetched() {
    isolated(async {
        let world = World::guarded().await;
        let entries = corpus_in(&world);
        for (number, entry) in entries.iter().enumerate() {
            if saved(entry, world.put_rule(&entry.url, "").await) {
                let answer = world.get(&format!("key-{number}")).await.expect_error(424, "MirrorFailed");
                assert_eq!(answer.element("EC").as_deref(), Some(FORBIDDEN), "{}: {}", entry.url, answer.text());
            }
        }
        assert_eq!(world.visited(), Vec::<std::net::IpAddr>::new());
        println!("s4 mirror url: {} urls refused, 0 connections", entries.len());
    });
}

#[test]
fn s4_forbidden_urls_as_further_origins_are_never_fetched() {
    isolated(async {
        // The first origin fails in the way that leads to the next one.
        let failing = |_, method: &str, _: &str| response("503 Service Unavailable", "", method, "");
        let world = World::new(Setup::new().guarded(), failing).await;
        let entries = corpus_in(&world);
        for (number, entry) in entries.iter().enumerate() {
            let url = xml(&entry.url);
            let alternate = format!(
                "<MirrorMultiAlternates><MirrorMultiAlternate><MirrorMultiAlternateNumber>1</MirrorMultiAlternateNumber>\
                 <MirrorMultiAlternateURL>{url}</MirrorMultiAlternateURL></MirrorMultiAlternate></MirrorMultiAlternates>"
            );
            let slave = format!("<MirrorURLSlave>{url}</MirrorURLSlave>");
            for (place, fields) in [("slave", slave), ("alternate", alternate)] {
                let fields = format!("<MirrorSwitchAllErrors>true</MirrorSwitchAllErrors>{fields}");
                if saved(entry, world.put_rule(&primary(), &fields).await) {
                    let answer = world.get(&format!("{place}-{number}")).await;
                    assert!([424, 503].contains(&answer.status.as_u16()), "{}: {}", entry.url, answer.text());
                }
            }
        }
        world.expect_visits_within(&[PUBLIC]).await;
        println!("s4 further origins: 2 x {} urls refused, 0 connections", entries.len());
    });
}

#[test]
fn s4_forbidden_urls_as_probe_are_never_asked() {
    isolated(async {
        let world = World::guarded().await;
        let entries = corpus_in(&world);
        for (number, entry) in entries.iter().enumerate() {
            let fields = format!(
                "<MirrorURLSlave>{}</MirrorURLSlave><MirrorURLProbe>{}</MirrorURLProbe>",
                primary(),
                xml(&entry.url)
            );
            let answer = world.put_rule(&primary(), &fields).await;
            // A probe may have a query, so this one is an address of the public host.
            if entry.url.contains("public.example?@") {
                answer.expect(200);
            } else if !saved(entry, answer) {
                continue;
            }
            // Whatever the probe's refusal means for the choice of origin, the object may come from the public one.
            let answer = world.get(&format!("key-{number}")).await;
            assert!([200, 424, 503].contains(&answer.status.as_u16()), "{}: {}", entry.url, answer.text());
        }
        world.expect_visits_within(&[PUBLIC]).await;
        println!("s4 probe: {} urls refused, 0 connections", entries.len());
    });
}

#[test]
fn s4_forbidden_urls_as_redirect_target_are_never_followed() {
    isolated(async {
        let location = Arc::new(Mutex::new(String::new()));
        let told = Arc::clone(&location);
        let redirecting = move |_, method: &str, target: &str| {
            if target.starts_with("/from-") { moved(&told.lock().expect("no panic")) } else { ok(method, "reached") }
        };
        let world = World::new(Setup::new().guarded(), redirecting).await;
        let entries = corpus_in(&world);
        world.put_rule(&primary(), "").await.expect(200);
        let mut followed = 0;
        for (number, entry) in entries.iter().enumerate() {
            // Line breaks would end the field; what is left is an address, or nothing.
            entry.url.replace(['\r', '\n'], "").clone_into(&mut location.lock().expect("no panic"));
            let answer = world.get(&format!("from-{number}")).await;
            if answer.status.as_u16() == 200 {
                // A fragment or a query of the public host, not userinfo before a forbidden one.
                let of_public = entry.url.contains("public.example#") || entry.url.contains("public.example?");
                assert!(of_public, "{}: {}", entry.url, answer.text());
                followed += 1;
            } else {
                let answer = answer.expect_error(424, "MirrorFailed");
                if entry.fate == Fate::Forbidden {
                    assert_eq!(answer.element("EC").as_deref(), Some(FORBIDDEN), "{}: {}", entry.url, answer.text());
                }
            }
        }
        world.expect_visits_within(&[PUBLIC]).await;
        println!("s4 redirect: {} urls, {followed} of them led to the public host, 0 connections", entries.len());
    });
}
