//! Origins that are this server again, at once or over others.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use headwater_model::bucket::Dialect;
use headwater_testkit::origin::Reply;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use super::fixture::{BUCKET, Fixture, make_bucket, mirror_rule, path, put_rules};
use crate::harness::{Answer, Headwater, Setup};

const DIALECTS: [Dialect; 2] = [Dialect::Oss, Dialect::S3];
const HEAD_TOO: &str = "<MirrorAllowHeadObject>true</MirrorAllowHeadObject>";

/// Requests for objects that a stopped server has answered.
fn object_reads(server: &mut Headwater) -> usize {
    server.stop();
    let object_read = |line: &&String| line.contains("\"GetObject\"") || line.contains("\"HeadObject\"");
    server.access_lines().iter().filter(object_read).count()
}

/// GET and HEAD, in both dialects, of a key each. All must end in 424.
async fn ask_in_all_ways(server: &Headwater) -> usize {
    let client = server.client();
    let mut asked = 0;
    for dialect in DIALECTS {
        for call in [client.get(&path(&format!("get-{dialect:?}"))), client.head(&path(&format!("head-{dialect:?}")))] {
            let answer: Answer = if dialect == Dialect::S3 { call.s3().send().await } else { call.send().await };
            let answer = answer.expect(424);
            assert_eq!(answer.header("retry-after"), None, "a loop does not end by itself: {answer:?}");
            if !answer.body.is_empty() {
                assert_eq!(answer.element("Code").as_deref(), Some("MirrorFailed"), "{}", answer.text());
            }
            asked += 1;
        }
    }
    asked
}

/// Servers of which each mirrors the next, and the last the first.
async fn ring(size: usize) -> Vec<Headwater> {
    let servers: Vec<_> = (0..size).map(|_| Setup::new().start()).collect();
    for (at, server) in servers.iter().enumerate() {
        make_bucket(server, "public-read").await;
        let url = format!("{}/{BUCKET}/", servers[(at + 1) % size].endpoint());
        put_rules(server, &mirror_rule(1, "", &url, HEAD_TOO)).await.expect(200);
    }
    servers
}

/// Asks the first server of a ring and holds all to a bounded number of requests: each passes a miss on once, and the
/// first, which recognises its own mark, sees it a second time.
async fn expect_no_storm(mut servers: Vec<Headwater>) {
    let asked = ask_in_all_ways(&servers[0]).await;
    let reads: Vec<_> = servers.iter_mut().map(object_reads).collect();
    assert_eq!(reads[0], 2 * asked, "{reads:?}");
    assert!(reads[1..].iter().all(|reads| *reads == asked), "{reads:?}");
}

/// Forwards connections to a server: what a load balancer or a port mapping does, behind which the server does not
/// know its own address.
struct Forwarder {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    accepting: AbortHandle,
}

impl Forwarder {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free loopback port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let accepting = tokio::spawn(async move {
            while let Ok((mut from, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let mut to = TcpStream::connect(server).await.expect("the server listens");
                    // Either side may end it in any way.
                    let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
                });
            }
        });
        Self { address, connections, accepting: accepting.abort_handle() }
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_43_a_rule_to_the_own_bucket_fails_at_once() {
    let mut server = Setup::new().start();
    make_bucket(&server, "public-read").await;
    let url = format!("{}/{BUCKET}/", server.endpoint());
    put_rules(&server, &mirror_rule(1, "", &url, HEAD_TOO)).await.expect(200);
    let answer = server.anonymous().get(&path("k")).send().await.expect_error(424, "MirrorFailed");
    assert_eq!(answer.element("EC").as_deref(), Some("0041-00000108"), "{}", answer.text());
    let asked = ask_in_all_ways(&server).await;
    assert_eq!(object_reads(&mut server), 1 + asked, "the server did not ask itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn o57_a_server_that_mirrors_itself_by_a_foreign_address_recognises_its_mark() {
    let mut server = Setup::new().start();
    let forwarder = Forwarder::to(server.address()).await;
    make_bucket(&server, "public-read").await;
    let url = format!("http://{}/{BUCKET}/", forwarder.address);
    put_rules(&server, &mirror_rule(1, "", &url, HEAD_TOO)).await.expect(200);
    let asked = ask_in_all_ways(&server).await;
    let connections = forwarder.connections.load(Ordering::SeqCst);
    assert!((1..=asked).contains(&connections), "{connections} connections for {asked} misses");
    assert_eq!(object_reads(&mut server), 2 * asked, "each miss comes round once");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_43_servers_that_mirror_each_other_fail_without_a_storm() {
    expect_no_storm(ring(2).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o57_a_ring_of_three_fails_without_a_storm() {
    expect_no_storm(ring(3).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o57_a_chain_of_too_many_hops_is_a_loop_and_a_shorter_one_is_carried_on() {
    let fixture = Fixture::with(HEAD_TOO).await;
    let client = fixture.server.anonymous();
    for (number, hops) in [6, 7, 50].into_iter().enumerate() {
        let chain = vec!["foreign-cdn"; hops].join(", ");
        let key = path(&format!("long-{number}"));
        client.get(&key).header("cdn-loop", &chain).send().await.expect_error(424, "MirrorFailed");
        client.head(&key).header("cdn-loop", &chain).send().await.expect(424);
    }
    assert_eq!(fixture.origin.connections(), 0);
    fixture.origin.on("/short", Reply::ok("near"));
    client.get(&path("short")).header("cdn-loop", "a, b;v=1, c, d, e").send().await.expect(200).expect_body(b"near");
    let [request] = &fixture.origin.requests()[..] else { panic!("one request") };
    let chain = request.header("cdn-loop").expect("the chain goes on");
    assert!(chain.starts_with("a, b;v=1, c, d, e, headwater-"), "{chain}");
}
