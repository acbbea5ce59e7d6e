//! Rows O01 to O08: names, addresses, connections.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use headwater_egress::{Resolve, ResolveError};
use headwater_model::BoxFuture;
use headwater_model::origin::{Origin, OriginError, OriginRequest, OriginTimeouts};
use headwater_testkit::origin::{Cut, Gate, NameFault, Reply, ScriptedOrigin, Step};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::rig::{AMPLE, Options, Rig, SHORT, failure, read, request};

struct SilentResolver;

impl Resolve for SilentResolver {
    fn resolve<'a>(&'a self, _host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        Box::pin(std::future::pending())
    }
}

fn connect_within(url: &str, connect: std::time::Duration) -> OriginRequest {
    let request = request(url);
    OriginRequest { timeouts: OriginTimeouts { connect, ..request.timeouts }, ..request }
}

#[tokio::test]
async fn o01_a_name_that_does_not_exist() {
    let rig = Rig::new();
    let error = failure(rig.get("http://nowhere.example/").await);
    assert_eq!(error, OriginError::NameNotFound("nowhere.example".into()));
    rig.names.set("empty.example", &[]);
    assert!(matches!(failure(rig.get("http://empty.example/").await), OriginError::NameNotFound(_)));
}

#[tokio::test]
async fn o02_a_name_service_that_fails_or_is_silent() {
    let rig = Rig::new();
    rig.names.set_fault("sick.example", NameFault::ServerFailure);
    assert!(matches!(failure(rig.get("http://sick.example/").await), OriginError::NameResolution(_)));

    let rig = Rig::with(Options { resolver: Some(Arc::new(SilentResolver)), ..Options::default() });
    let error = failure(rig.client.fetch(connect_within("http://slow.example/", SHORT)).await);
    assert!(matches!(error, OriginError::NameResolution(_)));
}

#[tokio::test]
async fn o03_forbidden_addresses_get_no_packet() {
    let origin = ScriptedOrigin::start().await;
    let port = origin.address().port();
    let rig = Rig::with(Options { allow: Some(vec!["10.0.0.0/8", "0.0.0.0/0", "::/0"]), ..Options::default() });
    rig.names.set("inside.example", &["127.0.0.1", "::1", "169.254.169.254", "::ffff:127.0.0.1"]);
    for url in [
        origin.url("/"),
        origin.url_at("inside.example", "/"),
        origin.url_at("[::ffff:127.0.0.1]", "/"),
        origin.url_at("[::7f00:1]", "/"),
        origin.url_at("0.0.0.0", "/"),
        format!("http://[::1]:{port}/"),
    ] {
        assert!(matches!(failure(rig.get(&url).await), OriginError::ForbiddenAddress(_)), "{url}");
    }
    assert_eq!(origin.connections(), 0);
}

#[tokio::test]
async fn o03_addresses_in_disguise_get_no_packet() {
    let origin = ScriptedOrigin::start().await;
    let rig = Rig::with(Options { allow: Some(Vec::new()), ..Options::default() });
    // What a resolver makes of names that escape the parser is judged like any other address.
    rig.names.set("localhost", &["127.0.0.1"]);
    rig.names.set("127.0.0.1.nip.example", &["127.0.0.1"]);
    for host in ["127.1", "0x7f.1", "2130706433", "0177.0.0.1", "localhost", "LOCALHOST.", "127.0.0.1.nip.example"] {
        let error = failure(rig.get(&origin.url_at(host, "/")).await);
        assert!(matches!(error, OriginError::BadUrl(_) | OriginError::ForbiddenAddress(_)), "{host}: {error}");
    }
    assert_eq!(origin.connections(), 0);
}

#[tokio::test]
async fn o03_a_name_that_rebinds_is_judged_at_each_connection() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    origin.on("/", Reply::ok("here").close());
    let answers = ["127.0.0.1", "10.0.0.1"].map(|ip| Ok(vec![ip.parse().unwrap()]));
    rig.names.set_sequence("rebind.example", answers.to_vec());
    let url = origin.url_at("rebind.example", "/");
    assert_eq!(rig.read(&url).await.unwrap(), b"here");
    assert!(matches!(failure(rig.get(&url).await), OriginError::ForbiddenAddress(_)));
    assert_eq!(rig.names.asked(), ["rebind.example", "rebind.example"]);
}

#[tokio::test]
async fn o04_of_mixed_addresses_only_permitted_ones_are_tried() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    origin.on("/", Reply::ok("here"));
    rig.names.set("mixed.example", &["10.0.0.1", "169.254.169.254", "127.0.0.1", "::1"]);
    assert_eq!(rig.read(&origin.url_at("mixed.example", "/")).await.unwrap(), b"here");
}

#[tokio::test]
async fn o05_a_refused_connection_leads_to_the_next_address() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    origin.on("/", Reply::ok("here"));
    // The origin listens on 127.0.0.1 only.
    rig.names.set("two.example", &["127.0.0.2", "127.0.0.1"]);
    assert_eq!(rig.read(&origin.url_at("two.example", "/")).await.unwrap(), b"here");
    rig.names.set("one.example", &["127.0.0.2"]);
    assert!(matches!(failure(rig.get(&origin.url_at("one.example", "/")).await), OriginError::Connect(_)));
}

/// A listener whose queue is full and never emptied: what comes is dropped. It stays so while the value lives.
struct Blackhole {
    address: SocketAddr,
    _listener: TcpListener,
    _queued: [TcpStream; 2],
    _waiting: JoinSet<std::io::Result<TcpStream>>,
}

impl Blackhole {
    async fn at(address: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(address.parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = JoinSet::new();
        for _ in 0..8 {
            waiting.spawn(TcpStream::connect(address));
        }
        // A backlog of 1 holds two connections on Linux.
        let first = waiting.join_next().await.unwrap().unwrap().unwrap();
        let second = waiting.join_next().await.unwrap().unwrap().unwrap();
        Self { address, _listener: listener, _queued: [first, second], _waiting: waiting }
    }
}

#[tokio::test]
async fn o06_dropped_syns_end_within_one_limit_for_all_addresses() {
    let first = Blackhole::at("127.0.0.2:0").await;
    let _second = Blackhole::at(&format!("127.0.0.3:{}", first.address.port())).await;
    let rig = Rig::new();
    rig.names.set("dropped.example", &["127.0.0.2", "127.0.0.3"]);
    let url = format!("http://dropped.example:{}/", first.address.port());
    tokio::time::pause();
    let (limit, before) = (OriginTimeouts::default().connect, Instant::now());
    assert_eq!(failure(rig.client.fetch(connect_within(&url, limit)).await), OriginError::ConnectTimeout);
    let waited = before.elapsed();
    assert!(waited >= limit && waited < limit + SHORT, "{waited:?}");
}

#[tokio::test]
async fn o06_an_address_that_drops_leaves_time_for_the_next() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    let _first = Blackhole::at(&format!("127.0.0.2:{}", origin.address().port())).await;
    origin.on("/", Reply::ok("here"));
    rig.names.set("half.example", &["127.0.0.2", "127.0.0.1"]);
    let request = connect_within(&origin.url_at("half.example", "/"), SHORT * 20);
    assert_eq!(read(rig.client.fetch(request).await.unwrap()).await.unwrap(), b"here");
}

#[tokio::test]
async fn o07_accept_then_close_or_reset() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    for cut in [Cut::Fin, Cut::Rst] {
        origin.on("/", Reply::script(vec![Step::End(cut)]));
        let before = origin.count("/");
        assert!(matches!(failure(rig.get(&origin.url("/")).await), OriginError::Connect(_)), "{cut:?}");
        assert_eq!(origin.count("/"), before + 1, "a fresh connection gets no second try");
    }
}

#[tokio::test]
async fn o08_accept_and_never_answer() {
    let (origin, rig, gate) = (ScriptedOrigin::start().await, Rig::new(), Gate::closed());
    origin.on("/", Reply::ok("late").hold_head(&gate));
    let request = request(&origin.url("/"));
    let limit = OriginTimeouts::default().first_byte;
    let timeouts = OriginTimeouts { first_byte: limit, ..request.timeouts };
    let stop_the_clock = async {
        gate.wait_for_arrivals(1).await;
        tokio::time::pause();
        Instant::now()
    };
    let (result, before) = tokio::join!(rig.client.fetch(OriginRequest { timeouts, ..request }), stop_the_clock);
    assert_eq!(failure(result), OriginError::FirstByteTimeout);
    assert!(before.elapsed() <= limit + SHORT);
    gate.open();
    origin.wait_for_open_connections(0).await;
}

#[tokio::test]
async fn own_listeners_are_refused_even_where_loopback_is_open() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    rig.own_listeners.set([origin.address()]);
    assert!(matches!(failure(rig.get(&origin.url("/")).await), OriginError::ForbiddenAddress(_)));
    assert_eq!(origin.connections(), 0);
}

#[tokio::test]
async fn failures_are_counted_by_kind() {
    let rig = Rig::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    failure(rig.client.fetch(connect_within(&url, AMPLE)).await);
    failure(rig.get("http://10.0.0.1/").await);
    failure(rig.get("http://nowhere.example/").await);
    let counted: Vec<_> = rig.client.counters().errors().filter(|(_, count)| *count > 0).collect();
    assert_eq!(counted, [("name_not_found", 1), ("forbidden_address", 1), ("connect", 1)]);
    assert_eq!(rig.client.counters().connections_opened.load(Ordering::Relaxed), 0);
}
