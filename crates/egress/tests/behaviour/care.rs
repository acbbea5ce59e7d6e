//! Rows O17, O18 and O80: what an origin is spared.

use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use headwater_egress::BreakerState;
use headwater_model::origin::{Origin, OriginError, OriginMethod, OriginRequest, OriginTimeouts, RequestCause};
use headwater_model::settings::OriginLimits;
use headwater_testkit::origin::{Cut, Gate, Reply, ScriptedOrigin, pattern};
use tokio::net::TcpListener;

use crate::rig::{Rig, SHORT, failure, following, read, request};

const SECOND: Duration = Duration::from_secs(1);

fn one_permit() -> OriginLimits {
    OriginLimits { max_concurrent: 1, ..OriginLimits::default() }
}

fn limit_of(error: OriginError) -> &'static str {
    match error {
        OriginError::Busy { limit, .. } => limit,
        other => panic!("not busy: {other}"),
    }
}

fn unavailable(document: &str) -> Reply {
    let length = document.len();
    Reply::raw(format!(
        "HTTP/1.1 503 No\r\ncontent-type: application/xml\r\ncontent-length: {length}\r\n\r\n{document}"
    ))
}

#[tokio::test]
async fn o80_a_permit_is_held_until_the_body_ended_or_was_dropped() {
    let (origin, rig, gate) = (ScriptedOrigin::start().await, Rig::new(), Gate::closed());
    let url = origin.url("/");
    rig.limit(&url, one_permit());
    origin.on("/", Reply::ok("abcdef").hold_body_at(3, &gate));
    let first = rig.get(&url).await.unwrap();
    let mut second = Box::pin(rig.get(&url));
    assert!((&mut second).now_or_never().is_none());
    assert_eq!(limit_of(failure(rig.get(&url).await)), "origin_permits");
    assert_eq!((origin.requests().len(), rig.status(&url).in_flight, rig.status(&url).waiting), (1, 1, 1));
    drop(first);
    let second = second.await.unwrap();
    gate.open();
    assert_eq!(read(second).await.unwrap(), b"abcdef");
    assert_eq!(rig.status(&url).in_flight, 0);
    assert_eq!(rig.read(&url).await.unwrap(), b"abcdef");
    let refused: Vec<_> = rig.client.counters().refused().filter(|(_, count)| *count > 0).collect();
    assert_eq!(refused, [("origin_permits", 1)]);
}

#[tokio::test]
async fn o80_bodies_that_have_no_bytes_hold_no_permit() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    let url = origin.url("/");
    rig.limit(&url, one_permit());
    origin.on("/", Reply::ok(""));
    let _kept = rig.get(&url).await.unwrap();
    let head = OriginRequest { method: OriginMethod::Head, ..request(&url) };
    let _kept = rig.client.fetch(head).await.unwrap();
    assert_eq!(rig.status(&url).in_flight, 0);
}

#[tokio::test]
async fn each_hop_is_under_the_limits_of_its_own_origin() {
    let (origin, other, rig) = (ScriptedOrigin::start().await, ScriptedOrigin::start().await, Rig::new());
    let (url, other_url) = (origin.url("/a"), other.url("/"));
    rig.limit(&url, one_permit());
    origin.on("/a", Reply::redirect(302, "/b"));
    origin.on("/b", Reply::redirect(302, &other_url));
    other.on("/", Reply::ok("here"));
    assert_eq!(read(rig.client.fetch(following(&url)).await.unwrap()).await.unwrap(), b"here");
    assert_eq!((rig.status(&url).totals.requests, rig.status(&other_url).totals.requests), (2, 1));
    other.on("/", Reply::status(429).header("retry-after", "9"));
    rig.client.fetch(following(&url)).await.unwrap();
    assert_eq!(limit_of(failure(rig.client.fetch(following(&url)).await)), "origin_paused");
    assert_eq!(other.requests().len(), 2);
    assert_eq!(rig.status(&url).paused_for_ms, 0);
}

#[tokio::test]
async fn o17_slow_down_pauses_and_its_document_reaches_the_caller() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    let url = origin.url("/");
    let document = "<?xml version=\"1.0\"?>\n<Error><Code>SlowDown</Code></Error>";
    origin.on("/", unavailable(document));
    assert_eq!(rig.read(&url).await.unwrap(), document.as_bytes());
    assert_eq!(limit_of(failure(rig.get(&url).await)), "origin_paused");
    rig.clock.advance(SECOND);
    origin.on("/", unavailable("<Error><Code>InternalError</Code></Error>"));
    for _ in 0..7 {
        rig.read(&url).await.unwrap();
    }
    assert_eq!((origin.requests().len(), rig.status(&url).breaker), (8, BreakerState::Closed));
    rig.read(&url).await.unwrap();
    assert_eq!((origin.requests().len(), rig.status(&url).breaker), (9, BreakerState::Open));
}

#[tokio::test]
async fn o05_o18_a_dead_origin_is_asked_once_a_second() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (rig, url) = (Rig::new(), format!("http://{address}/"));
    let mut tried = 0;
    for _ in 0..5 {
        for _ in 0..100 {
            match failure(rig.get(&url).await) {
                OriginError::Connect(_) => tried += 1,
                other => assert_eq!(limit_of(other), "breaker_open"),
            }
        }
        rig.clock.advance(SECOND);
    }
    assert_eq!(tried, 8 + 4);
    let status = rig.status(&url);
    assert_eq!((status.breaker, status.last_answer.unwrap().error), (BreakerState::Open, Some("connect")));
    let listener = TcpListener::bind(address).await.unwrap();
    let origin = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_buf(&mut Vec::new()).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nback").await.unwrap();
    });
    assert_eq!(rig.read(&url).await.unwrap(), b"back");
    origin.await.unwrap();
    assert_eq!(rig.status(&url).breaker, BreakerState::Closed);
}

#[tokio::test]
async fn bodies_that_break_open_the_breaker_though_their_heads_are_fine() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    let url = origin.url("/");
    origin.on("/", Reply::ok("abcdef").cut_body_at(3, Cut::Fin));
    for _ in 0..8 {
        rig.read(&url).await.unwrap_err();
    }
    assert_eq!(limit_of(failure(rig.get(&url).await)), "breaker_open");
}

#[tokio::test]
async fn bytes_come_at_their_rate_and_our_own_wait_is_no_silence() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    let (url, length) = (origin.url("/"), 1 << 20);
    rig.limit(&url, OriginLimits { bytes_per_s: Some(64 << 10), ..OriginLimits::default() });
    origin.on("/", Reply::pattern(7, length as u64));
    let timeouts = OriginTimeouts { idle: SHORT, ..request(&url).timeouts };
    let mut response = rig.client.fetch(OriginRequest { timeouts, ..request(&url) }).await.unwrap();
    let (mut bytes, mut waited) = (Vec::new(), Duration::ZERO);
    while bytes.len() < length {
        let chunk = tokio::select! {
            biased;
            chunk = response.body.next() => chunk,
            () = rig.clock.sleepers(1) => {
                tokio::time::pause();
                tokio::time::advance(SHORT * 2).await;
                tokio::time::resume();
                rig.clock.advance(SECOND / 10);
                waited += SECOND / 10;
                continue;
            }
        };
        let allowed = (waited + SECOND).as_millis() * (64 << 10) / 1000;
        assert!(bytes.len() as u128 <= allowed, "all but the newest piece within the rate: {} {waited:?}", bytes.len());
        bytes.extend_from_slice(&chunk.unwrap().unwrap());
    }
    assert_eq!(bytes, pattern(7, 0, length));
    assert!(waited > SECOND && waited < SECOND * 16, "{waited:?}");
}

#[tokio::test]
async fn retries_beyond_the_budget_cause_no_traffic() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    let retry = || rig.client.fetch(OriginRequest { cause: RequestCause::Retry, ..request(&origin.url("/")) });
    origin.on("/", Reply::ok(""));
    for _ in 0..10 {
        retry().await.unwrap();
    }
    assert_eq!(failure(retry().await), OriginError::RetryBudget);
    assert_eq!(origin.requests().len(), 10);
    let counted: Vec<_> = rig.client.counters().errors().filter(|(_, count)| *count > 0).collect();
    assert_eq!(counted, [("retry_budget", 1)]);
}
