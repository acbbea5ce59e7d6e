//! Row O12 and the pool: which connections serve again.

use std::sync::atomic::Ordering;
use std::time::Duration;

use headwater_egress::PoolLimits;
use headwater_model::origin::OriginError;
use headwater_testkit::origin::{Cut, Gate, Reply, ScriptedOrigin, Step};

use crate::rig::{Options, Rig, failure};

#[tokio::test]
async fn requests_one_after_the_other_share_a_connection() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    origin.on("/length", Reply::pattern(1, 100_000));
    origin.on("/chunked", Reply::pattern(1, 100_000).chunked(9_999));
    origin.on("/empty", Reply::ok(""));
    for _ in 0..5 {
        for target in ["/length", "/chunked", "/empty", "/missing"] {
            rig.read(&origin.url(target)).await.unwrap();
        }
    }
    assert_eq!(origin.connections(), 1);
    let counters = rig.client.counters();
    assert_eq!(counters.requests.load(Ordering::Relaxed), 20);
    assert_eq!(counters.connections_opened.load(Ordering::Relaxed), 1);
    assert_eq!(counters.connections_reused.load(Ordering::Relaxed), 19);
    assert!(counters.bytes_received.load(Ordering::Relaxed) > 1_000_000);
}

#[tokio::test]
async fn requests_at_the_same_time_have_connections_of_their_own() {
    let (origin, rig, gate) = (ScriptedOrigin::start().await, Rig::new(), Gate::closed());
    origin.on("/", Reply::ok("here").hold_head(&gate));
    for _round in 0..2 {
        let url = origin.url("/");
        let all = futures_util::future::join_all((0..8).map(|_| rig.read(&url)));
        let release = async {
            gate.wait_for_arrivals(8).await;
            gate.open();
        };
        let (bodies, ()) = tokio::join!(all, release);
        assert!(bodies.into_iter().all(|body| body.unwrap() == b"here"));
    }
    assert_eq!(origin.connections(), 8);
}

#[tokio::test]
async fn o12_a_connection_closed_as_it_is_reused_costs_one_free_try() {
    for cut in [Cut::Fin, Cut::Rst] {
        let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
        let dying = Reply::script(vec![Step::End(cut)]);
        origin.on_each("/", vec![Reply::ok("first"), dying, Reply::ok("second")]);
        assert_eq!(rig.read(&origin.url("/")).await.unwrap(), b"first");
        assert_eq!(rig.read(&origin.url("/")).await.unwrap(), b"second", "{cut:?}");
        assert_eq!((origin.connections(), origin.count("/")), (2, 3));
        assert_eq!(rig.client.counters().stale_retries.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test]
async fn o12_the_free_try_is_one() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    origin.on_each("/", vec![Reply::ok("first"), Reply::script(vec![Step::End(Cut::Fin)])]);
    rig.read(&origin.url("/")).await.unwrap();
    assert!(matches!(failure(rig.get(&origin.url("/")).await), OriginError::Connect(_)));
    assert_eq!(origin.count("/"), 3);
}

#[tokio::test]
async fn o12_an_answer_that_had_begun_is_not_asked_for_again() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    let begun = Reply::script(vec![Step::Send("HTTP/1.1 2".into()), Step::End(Cut::Fin)]);
    origin.on_each("/", vec![Reply::ok("first"), begun]);
    rig.read(&origin.url("/")).await.unwrap();
    assert!(matches!(failure(rig.get(&origin.url("/")).await), OriginError::Connect(_)));
    assert_eq!(origin.count("/"), 2);
}

#[tokio::test]
async fn a_connection_closed_while_idle_is_not_used() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    let gate = Gate::closed();
    let steps = |body: &str| Step::Send(format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{body}").into());
    origin.on("/", Reply::script(vec![steps("a"), Step::Wait(gate.clone()), Step::End(Cut::Fin)]));
    rig.read(&origin.url("/")).await.unwrap();
    gate.open();
    origin.wait_for_open_connections(0).await;
    rig.read(&origin.url("/")).await.unwrap();
    assert_eq!((origin.connections(), origin.count("/")), (2, 2));
}

#[tokio::test]
async fn announced_closes_and_close_framing_end_the_connection() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    origin.on("/close", Reply::ok("x").close());
    origin.on("/until", Reply::ok("x").until_close());
    for target in ["/close", "/until", "/close"] {
        assert_eq!(rig.read(&origin.url(target)).await.unwrap(), b"x");
    }
    assert_eq!(origin.connections(), 3);
}

#[tokio::test]
async fn unwanted_bodies_keep_their_connection_if_they_are_here_already() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    origin.on("/error", Reply::status(500));
    for _ in 0..3 {
        drop(rig.get(&origin.url("/error")).await.unwrap());
    }
    assert_eq!(origin.connections(), 1);
    origin.on("/large", Reply::pattern(1, 100 << 20));
    drop(rig.get(&origin.url("/large")).await.unwrap());
    origin.wait_for_open_connections(0).await;
}

#[tokio::test]
async fn old_idle_connections_are_not_used() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    origin.on("/", Reply::ok("x"));
    rig.read(&origin.url("/")).await.unwrap();
    rig.clock.advance(Duration::from_secs(44));
    rig.read(&origin.url("/")).await.unwrap();
    assert_eq!(origin.connections(), 1);
    rig.clock.advance(Duration::from_secs(45));
    rig.read(&origin.url("/")).await.unwrap();
    assert_eq!(origin.connections(), 2);
}

#[tokio::test]
async fn idle_connections_have_limits() {
    let pool = PoolLimits { max_idle_per_host: 2, max_idle_total: 3, max_open: 100 };
    let rig = Rig::with(Options { pool, ..Options::default() });
    let origins = [ScriptedOrigin::start().await, ScriptedOrigin::start().await];
    for (origin, kept) in origins.iter().zip([2, 2]) {
        let gate = Gate::closed();
        origin.on("/", Reply::ok("x").hold_head(&gate));
        let url = origin.url("/");
        let all = futures_util::future::join_all((0..4).map(|_| rig.read(&url)));
        let release = async {
            gate.wait_for_arrivals(4).await;
            gate.open();
        };
        tokio::join!(all, release);
        origin.wait_for_open_connections(kept).await;
        rig.clock.advance(Duration::from_secs(1));
    }
    // Three in all: the second origin's second one took the place of the first origin's oldest.
    origins[0].wait_for_open_connections(1).await;
}

#[tokio::test]
async fn open_connections_have_a_limit_and_idle_ones_give_way() {
    let pool = PoolLimits { max_open: 1, ..PoolLimits::default() };
    let rig = Rig::with(Options { pool, ..Options::default() });
    let (first, second) = (ScriptedOrigin::start().await, ScriptedOrigin::start().await);
    let gate = Gate::closed();
    first.on("/", Reply::ok("x"));
    second.on("/", Reply::ok("abc").hold_body_at(1, &gate));
    rig.read(&first.url("/")).await.unwrap();
    let response = rig.get(&second.url("/")).await.unwrap();
    first.wait_for_open_connections(0).await;
    assert!(matches!(failure(rig.get(&first.url("/")).await), OriginError::Busy { .. }));
    gate.open();
    assert_eq!(crate::rig::read(response).await.unwrap(), b"abc");
    rig.read(&first.url("/")).await.unwrap();
}
