use headwater_model::clock::Timestamp;
use headwater_testkit::ManualClock;

use super::*;

const HERE: &str = "192.0.2.1";
const SECOND: Duration = Duration::from_secs(1);

fn throttle() -> (ManualClock, Throttle) {
    // Far from the start of the clock, as after a long run.
    let clock = ManualClock::new(Timestamp(0), 1);
    clock.advance(Duration::from_hours(1));
    (clock.clone(), Throttle::new(Arc::new(clock)))
}

fn fail(throttle: &Throttle, from: &str, id: &str) -> Attempt {
    throttle.attempt(from.parse().unwrap(), id, || false)
}

#[test]
fn five_failures_are_free_and_each_further_one_doubles_the_wait() {
    let (clock, throttle) = throttle();
    for _ in 0..5 {
        assert_eq!(fail(&throttle, HERE, "root"), Attempt::Wrong);
    }
    for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
        let wait = Duration::from_secs(seconds);
        assert_eq!(fail(&throttle, HERE, "root"), Attempt::TooSoon(wait));
        clock.advance(wait.saturating_sub(SECOND / 2));
        let unlooked = throttle.attempt(HERE.parse().unwrap(), "root", || panic!("it is too soon to look"));
        assert_eq!(unlooked, Attempt::TooSoon(SECOND / 2), "and coming too soon makes it no longer");
        clock.advance(SECOND / 2);
        assert_eq!(fail(&throttle, HERE, "root"), Attempt::Wrong);
    }
}

#[test]
fn whatever_key_is_tried_the_address_counts_and_no_other_address_waits() {
    let (clock, throttle) = throttle();
    for id in ["a", "b", "c", "d", "e"] {
        assert_eq!(fail(&throttle, HERE, id), Attempt::Wrong);
    }
    assert_eq!(fail(&throttle, HERE, "root"), Attempt::TooSoon(SECOND));
    for _ in 0..20 {
        clock.advance(MAX_WAIT);
        fail(&throttle, HERE, "root");
    }
    assert_eq!(throttle.attempt("192.0.2.2".parse().unwrap(), "root", || true), Attempt::Right);
    // Hosts of one IPv6 network are one, and an IPv4 address in IPv6's form is itself.
    for host in 0..5 {
        assert_eq!(fail(&throttle, &format!("2001:db8::{host}"), "x"), Attempt::Wrong);
    }
    assert_eq!(fail(&throttle, "2001:db8::ffff", "x"), Attempt::TooSoon(SECOND));
    assert_eq!(fail(&throttle, "2001:db8:0:1::1", "y"), Attempt::Wrong);
    assert!(matches!(fail(&throttle, "::ffff:192.0.2.1", "y"), Attempt::TooSoon(_)));
}

#[test]
fn a_key_under_attack_leaves_each_address_one_failure_and_who_has_none_is_looked_at() {
    let (_, throttle) = throttle();
    for host in 1..=5 {
        assert_eq!(fail(&throttle, &format!("198.51.100.{host}"), "root"), Attempt::Wrong);
    }
    assert_eq!(fail(&throttle, HERE, "root"), Attempt::Wrong);
    assert_eq!(fail(&throttle, HERE, "root"), Attempt::TooSoon(SECOND));
    assert_eq!(fail(&throttle, HERE, "another"), Attempt::Wrong, "of another key five are free");
    assert_eq!(throttle.attempt("203.0.113.1".parse().unwrap(), "root", || true), Attempt::Right);
}

#[test]
fn success_and_time_forget() {
    let (clock, throttle) = throttle();
    for _ in 0..4 {
        fail(&throttle, HERE, "root");
    }
    assert_eq!(throttle.attempt(HERE.parse().unwrap(), "root", || true), Attempt::Right);
    for _ in 0..5 {
        assert_eq!(fail(&throttle, HERE, "root"), Attempt::Wrong);
    }
    assert_eq!(fail(&throttle, HERE, "root"), Attempt::TooSoon(SECOND));
    clock.advance(MEMORY);
    for _ in 0..5 {
        assert_eq!(fail(&throttle, HERE, "root"), Attempt::Wrong);
    }
}

#[test]
fn memory_is_bounded_and_the_quietest_is_forgotten() {
    let (clock, throttle) = throttle();
    for number in 0..u32::try_from(MAX_REMEMBERED).unwrap() + 10 {
        clock.advance(Duration::from_millis(1));
        let address = std::net::Ipv4Addr::from_bits(number);
        throttle.attempt(address.into(), &format!("key {number}"), || false);
    }
    let failures = throttle.failures.lock().unwrap();
    assert_eq!((failures.addresses.0.len(), failures.keys.0.len()), (MAX_REMEMBERED, MAX_REMEMBERED));
    let known = |number| failures.addresses.0.contains_key(&std::net::Ipv4Addr::from_bits(number).into());
    assert!(!known(9) && known(10));
}
