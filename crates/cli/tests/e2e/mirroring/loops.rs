//! Origins that are this server again.

use super::fixture::{BUCKET, make_bucket, mirror_rule, path, put_rules};
use crate::harness::{Headwater, Setup};

/// Requests for objects that a stopped server has answered.
fn object_reads(server: &mut Headwater) -> usize {
    server.stop();
    server.access_lines().iter().filter(|line| line.contains("\"GetObject\"")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn row_43_a_rule_to_the_own_bucket_fails_at_once() {
    let mut server = Setup::new().start();
    make_bucket(&server, "public-read").await;
    let url = format!("{}/{BUCKET}/", server.endpoint());
    put_rules(&server, &mirror_rule(1, "", &url, "")).await.expect(200);
    let answer = server.anonymous().get(&path("k")).send().await.expect_error(424, "MirrorFailed");
    assert_eq!(answer.element("EC").as_deref(), Some("0041-00000108"), "{}", answer.text());
    assert_eq!(object_reads(&mut server), 1, "the server did not ask itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_43_servers_that_mirror_each_other_fail_without_a_storm() {
    let mut servers = [Setup::new().start(), Setup::new().start()];
    for (at, from) in [(0, 1), (1, 0)] {
        make_bucket(&servers[at], "public-read").await;
        let url = format!("{}/{BUCKET}/", servers[from].endpoint());
        put_rules(&servers[at], &mirror_rule(1, "", &url, "")).await.expect(200);
    }
    servers[0].anonymous().get(&path("k")).send().await.expect_error(424, "MirrorFailed");
    let reads = servers.each_mut().map(object_reads);
    // The second visit carries the first server's own marker.
    assert!(reads[0] <= 2 && reads[1] == 1, "{reads:?}");
}
