//! Admission, over a clock that the tests move.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use headwater_model::origin::{OriginError, OriginId, RequestCause};
use headwater_model::settings::{OriginLimits, OriginSettings};
use headwater_testkit::ManualClock;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const ORIGIN: &str = "http://a.example/";

struct Rig {
    clock: ManualClock,
    origins: Arc<Origins>,
    origin: Arc<KnownOrigin>,
}

fn rig(limits: OriginLimits) -> Rig {
    let clock = ManualClock::default();
    let origins = Origins::new(Arc::new(clock.clone()));
    origins.set(&id(), Some(OriginSettings { limits, ..OriginSettings::default() }));
    let origin = origins.known(&Target::parse(ORIGIN).unwrap().endpoint).unwrap();
    Rig { clock, origins, origin }
}

fn id() -> OriginId {
    OriginId::parse(ORIGIN).unwrap()
}

impl Rig {
    /// Asks without waiting.
    fn ask(&self, cause: RequestCause) -> Result<Exchange, OriginError> {
        self.origin.admit(Ask::new(cause)).now_or_never().expect("no wait")
    }

    fn miss(&self) -> Result<Exchange, OriginError> {
        self.ask(RequestCause::Miss)
    }

    fn status(&self) -> OriginStatus {
        self.origins.status(&id())
    }

    fn fail(&self, times: usize) {
        for _ in 0..times {
            self.miss().unwrap().failed(&OriginError::ConnectTimeout);
        }
    }
}

/// The limit that refused, and its retry-after in milliseconds.
fn refusal(result: Result<Exchange, OriginError>) -> (&'static str, u128) {
    match result {
        Err(OriginError::Busy { limit, retry_after }) => (limit, retry_after.as_millis()),
        other => panic!("{other:?}"),
    }
}

/// Looks whether something is ready, once.
fn look<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    future.now_or_never()
}

fn ok(exchange: &mut Exchange) {
    exchange.answered(StatusCode::OK, &HeaderMap::new(), false);
}

#[test]
fn settings_come_and_go() {
    let Rig { origins, .. } = rig(OriginLimits::default());
    let made = OriginSettings { treat_403_as_404: true, ..OriginSettings::default() };
    origins.set(&id(), Some(made.clone()));
    assert_eq!(*origins.settings(&id()), made);
    assert_eq!(origins.all().len(), 1);
    origins.set(&id(), None);
    assert_eq!(*origins.settings(&id()), OriginSettings::default());
    assert!(origins.own_settings(&id()).is_none());
    origins.load([(id(), made.clone())]);
    assert_eq!(origins.own_settings(&id()).as_deref(), Some(&made));
}

#[test]
fn o80_permits_are_never_exceeded_and_handed_on() {
    let rig = rig(OriginLimits { max_concurrent: 2, ..OriginLimits::default() });
    let held = [rig.miss().unwrap(), rig.miss().unwrap()];
    let mut job = Box::pin(rig.origin.admit(Ask::new(RequestCause::Job)));
    let mut first = Box::pin(rig.origin.admit(Ask::new(RequestCause::Miss)));
    let mut second = Box::pin(rig.origin.admit(Ask::new(RequestCause::Retry)));
    assert!(look(&mut job).is_none() && look(&mut first).is_none() && look(&mut second).is_none());
    assert_eq!(refusal(rig.miss()), ("origin_permits", 1000), "the queue is full");
    assert_eq!((rig.status().in_flight, rig.status().waiting), (2, 3));
    drop(first);
    let [one, other] = held;
    drop(one);
    assert!(look(&mut job).is_none(), "clients first");
    let Some(Ok(taken)) = look(&mut second) else { panic!("the one that gave up is skipped") };
    drop(other);
    let job = look(&mut job);
    assert!(matches!(job, Some(Ok(_))));
    drop((taken, job));
    assert_eq!((rig.status().in_flight, rig.status().waiting), (0, 0));
}

#[test]
fn o80_a_permit_on_its_way_to_somebody_who_left_is_not_lost() {
    let rig = rig(OriginLimits { max_concurrent: 1, ..OriginLimits::default() });
    let held = rig.miss().unwrap();
    let mut waiter = Box::pin(rig.origin.admit(Ask::new(RequestCause::Miss)));
    assert!(look(&mut waiter).is_none());
    drop(held);
    assert_eq!(rig.status().in_flight, 1);
    drop(waiter);
    assert_eq!(rig.status().in_flight, 0);
    drop(rig.miss().unwrap());
}

#[test]
fn o80_nobody_waits_longer_than_two_seconds() {
    let rig = rig(OriginLimits { max_concurrent: 1, ..OriginLimits::default() });
    let _held = rig.miss().unwrap();
    let mut waiter = Box::pin(rig.origin.admit(Ask::new(RequestCause::Miss)));
    assert!(look(&mut waiter).is_none());
    rig.clock.advance(Duration::from_millis(1999));
    assert!(look(&mut waiter).is_none());
    rig.clock.advance(Duration::from_millis(1));
    let Some(result) = look(&mut waiter) else { panic!("still waiting") };
    assert_eq!(refusal(result), ("origin_permits", 1000));
    assert_eq!(rig.status().totals.refused, 1);
}

#[test]
fn requests_keep_to_their_rate_and_jobs_leave_the_credit_to_clients() {
    let rig = rig(OriginLimits { requests_per_s: Some(10), ..OriginLimits::default() });
    for _ in 0..10 {
        drop(rig.miss().unwrap());
    }
    let mut job = Box::pin(rig.origin.admit(Ask::new(RequestCause::Job)));
    assert!(look(&mut job).is_none());
    let mut misses: VecDeque<_> = (0..20).map(|_| Box::pin(rig.origin.admit(Ask::new(RequestCause::Miss)))).collect();
    assert!(misses.iter_mut().all(|miss| look(miss).is_none()));
    assert_eq!(refusal(rig.miss()), ("origin_rate", 2100));
    rig.clock.advance(SECOND / 10);
    assert_eq!(refusal(look(&mut job).unwrap()), ("origin_rate", 2000));
    while let Some(mut miss) = misses.pop_front() {
        assert!(look(&mut miss).is_some_and(|exchange| exchange.is_ok()));
        assert!(misses.iter_mut().all(|miss| look(miss).is_none()), "one every 100 ms");
        rig.clock.advance(SECOND / 10);
    }
    rig.clock.advance(SECOND / 10);
    let job = rig.origin.admit(Ask::new(RequestCause::Job)).now_or_never().unwrap();
    assert!(job.is_ok());
}

#[test]
fn bytes_are_paced_by_waiting() {
    let rig = rig(OriginLimits { bytes_per_s: Some(1000), ..OriginLimits::default() });
    let mut exchange = rig.miss().unwrap();
    ok(&mut exchange);
    let paced = |exchange: &mut Exchange| std::future::poll_fn(|cx| exchange.poll_paced(cx)).now_or_never().is_some();
    exchange.received(1000);
    assert!(paced(&mut exchange), "the burst of a second");
    exchange.received(500);
    assert!(!paced(&mut exchange));
    rig.clock.advance(Duration::from_millis(499));
    assert!(!paced(&mut exchange));
    rig.clock.advance(Duration::from_millis(1));
    assert!(paced(&mut exchange));
    assert_eq!(rig.status().bytes_today, 1500);
}

#[test]
fn a_used_up_budget_refuses_until_its_window_ends() {
    let rig = rig(OriginLimits { bytes_per_day: Some(1000), ..OriginLimits::default() });
    let mut exchange = rig.miss().unwrap();
    exchange.received(999);
    drop(rig.miss().unwrap());
    exchange.received(1);
    assert_eq!(refusal(rig.miss()), ("origin_budget", 3_600_000));
    rig.clock.advance(Duration::from_mins(24 * 60 - 1));
    assert_eq!(refusal(rig.miss()), ("origin_budget", 60_000));
    rig.clock.advance(Duration::from_mins(1));
    drop(rig.miss().unwrap());
}

#[test]
fn use_survives_a_restart() {
    let before = rig(OriginLimits::default());
    before.miss().unwrap().received(1000);
    let usage = before.origins.usage();
    assert_eq!((usage.len(), usage[0].1.day_bytes, usage[0].1.month_bytes), (1, 1000, 1000));
    let after = rig(OriginLimits { bytes_per_month: Some(1000), ..OriginLimits::default() });
    after.origins.restore(usage);
    assert_eq!(refusal(after.miss()), ("origin_budget", 3_600_000));
}

#[test]
fn retries_are_a_tenth_of_first_tries() {
    let rig = rig(OriginLimits::default());
    let retry = || rig.ask(RequestCause::Retry);
    for _ in 0..10 {
        retry().unwrap();
    }
    assert_eq!(retry().unwrap_err(), OriginError::RetryBudget);
    for cause in [RequestCause::Miss, RequestCause::Job, RequestCause::Resume] {
        (0..3).for_each(|_| drop(rig.ask(cause).unwrap()));
    }
    assert_eq!(retry().unwrap_err(), OriginError::RetryBudget);
    let hop = rig.origin.admit(Ask::new(RequestCause::Miss).hop()).now_or_never().unwrap();
    drop(hop.unwrap());
    assert_eq!(retry().unwrap_err(), OriginError::RetryBudget, "a hop is no try of its own");
    drop(rig.miss().unwrap());
    retry().unwrap();
    let totals = rig.status().totals;
    assert_eq!((totals.requests, totals.retries, totals.refused), (22, 11, 3));
}

#[test]
fn o18_the_breaker_opens_on_failures_that_are_the_origins() {
    let mut fault = [
        OriginError::Connect("x".into()),
        OriginError::ConnectTimeout,
        OriginError::TlsTimeout,
        OriginError::FirstByteTimeout,
        OriginError::NameResolution("x".into()),
        OriginError::BadResponse("x".into()),
    ]
    .into_iter()
    .cycle();
    let rig = rig(OriginLimits::default());
    for _ in 0..6 {
        rig.miss().unwrap().failed(&fault.next().unwrap());
    }
    for own in [
        OriginError::ForbiddenAddress("x".into()),
        OriginError::BadUrl("x".into()),
        OriginError::NameNotFound("x".into()),
        OriginError::Tls("x".into()),
        OriginError::Busy { limit: "open_connections", retry_after: SECOND },
    ] {
        rig.miss().unwrap().failed(&own);
    }
    rig.miss().unwrap().answered(StatusCode::BAD_GATEWAY, &HeaderMap::new(), false);
    assert_eq!(rig.status().breaker, BreakerState::Closed);
    let mut cut = rig.miss().unwrap();
    ok(&mut cut);
    cut.ended(Err(&OriginError::BodyStalled));
    let status = rig.status();
    assert_eq!((status.breaker, status.totals.failures, status.totals.opened), (BreakerState::Open, 8, 1));
    assert_eq!(status.last_answer.unwrap().error, Some("body_stalled"));
    assert_eq!(refusal(rig.miss()), ("breaker_open", 1000));
    assert_eq!(rig.ask(RequestCause::Retry).map(drop), rig.miss().map(drop));
}

#[test]
fn a_good_head_does_not_hide_a_bad_body() {
    let rig = rig(OriginLimits::default());
    let mut long: Vec<_> = (0..20).map(|_| rig.miss().unwrap()).collect();
    long.iter_mut().for_each(ok);
    rig.fail(7);
    drop(long);
    rig.fail(1);
    assert_eq!(rig.status().breaker, BreakerState::Open, "bodies that nobody read to their end say nothing");
}

#[test]
fn refusals_by_the_origin_are_health() {
    let rig = rig(OriginLimits::default());
    for status in [404, 403, 301, 304, 501] {
        rig.fail(7);
        rig.miss().unwrap().answered(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), false);
        rig.clock.advance(SECOND * 20);
    }
    assert_eq!(rig.status().breaker, BreakerState::Closed);
}

#[test]
fn m5_a_dead_origin_gets_a_probe_a_second_and_is_back_within_a_second() {
    let rig = rig(OriginLimits::default());
    let mut sent = 0;
    for _ in 0..60 * 500 {
        if let Ok(mut exchange) = rig.miss() {
            sent += 1;
            exchange.failed(&OriginError::ConnectTimeout);
        }
        rig.clock.advance(Duration::from_millis(2));
    }
    assert_eq!(sent, 8 + 59);
    assert_eq!(rig.status().breaker, BreakerState::Open);
    rig.clock.advance(SECOND);
    let mut probe = rig.miss().unwrap();
    assert_eq!(rig.status().breaker, BreakerState::HalfOpen);
    assert!(rig.miss().is_err());
    ok(&mut probe);
    assert_eq!(rig.status().breaker, BreakerState::HalfOpen, "the head alone proves nothing");
    probe.ended(Ok(()));
    assert_eq!(rig.status().breaker, BreakerState::Closed);
    drop(rig.miss().unwrap());
}

#[test]
fn a_probe_with_a_long_body_closes_while_it_flows() {
    for (bytes, time) in [(64 << 10, Duration::ZERO), (1, SECOND)] {
        let rig = rig(OriginLimits::default());
        rig.fail(8);
        rig.clock.advance(SECOND);
        let mut probe = rig.miss().unwrap();
        ok(&mut probe);
        probe.received(1);
        assert_eq!(rig.status().breaker, BreakerState::HalfOpen);
        rig.clock.advance(time);
        probe.received(bytes);
        assert_eq!(rig.status().breaker, BreakerState::Closed);
    }
}

#[test]
fn o17_an_origin_that_asks_for_it_is_left_alone() {
    let rig = rig(OriginLimits::default());
    let headers = HeaderMap::from_iter([(RETRY_AFTER, "7".parse().unwrap())]);
    for _ in 0..20 {
        rig.miss().unwrap().answered(StatusCode::SERVICE_UNAVAILABLE, &headers, false);
        assert_eq!(refusal(rig.miss()), ("origin_paused", 7000));
        rig.clock.advance(SECOND * 6);
        assert_eq!((refusal(rig.miss()), rig.status().paused_for_ms), (("origin_paused", 1000), 1000));
        rig.clock.advance(SECOND);
    }
    let status = rig.status();
    assert_eq!((status.breaker, status.last_answer.unwrap().status), (BreakerState::Closed, Some(503)));
    rig.miss().unwrap().answered(StatusCode::SERVICE_UNAVAILABLE, &HeaderMap::new(), true);
    assert_eq!(refusal(rig.miss()), ("origin_paused", 1000));
}

#[test]
fn changed_limits_hold_at_once() {
    let rig = rig(OriginLimits { max_concurrent: 1, ..OriginLimits::default() });
    let _held = rig.miss().unwrap();
    let mut waiter = Box::pin(rig.origin.admit(Ask::new(RequestCause::Miss)));
    let mut leaves = Box::pin(rig.origin.admit(Ask::new(RequestCause::Job)));
    assert!(look(&mut waiter).is_none() && look(&mut leaves).is_none());
    rig.origins.set(&id(), None);
    assert_eq!(rig.status().in_flight, 3, "whoever waited is let in");
    drop(leaves);
    assert!(matches!(look(&mut waiter), Some(Ok(_))));
    drop(rig.miss().unwrap());
    assert_eq!(rig.status().in_flight, 1);
}

#[test]
fn origins_of_no_use_are_forgotten_beyond_the_limit() {
    let Rig { clock, origins, origin: _origin } = rig(OriginLimits::default());
    let endpoint = |number: usize| Target::parse(&format!("http://h{number}.example/")).unwrap().endpoint;
    let busy: Vec<_> = (1..3)
        .map(|number| origins.known(&endpoint(number)).unwrap().admit(Ask::new(RequestCause::Miss)).now_or_never())
        .collect();
    for number in 3..MAX_ORIGIN_USAGES + 100 {
        clock.advance(Duration::from_millis(1));
        origins.known(&endpoint(number)).unwrap();
    }
    let names: Vec<_> = origins.usage().into_iter().map(|(id, _)| id.to_string()).collect();
    assert_eq!(names.len(), MAX_ORIGIN_USAGES);
    let known = |name: &str| names.iter().any(|known| known == name);
    assert!(known("http://a.example:80"), "it has settings");
    assert!(known("http://h1.example:80") && known("http://h2.example:80"), "they are in use");
    assert!(!known("http://h3.example:80") && known("http://h4000.example:80"));
    drop(busy);
}
