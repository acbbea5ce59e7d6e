//! A guarded server in a network of its own, and listeners at every address around it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;

use headwater_model::bucket::Dialect;
use headwater_testkit::network::{EveryAddress, NameServer};

use crate::harness::{Answer, Call, Headwater, Setup, eventually};
use crate::mirroring::{make_bucket, mirror_rule, path, put_rules};

/// A public address: origins of these tests live here if they may live anywhere.
pub(super) const PUBLIC: &str = "93.184.216.34";
/// Another one, and one of IPv6.
pub(super) const PUBLIC_2: &str = "8.8.4.4";
pub(super) const PUBLIC_6: &str = "2606:2800:220:1:248:1893:25c8:1946";
/// Ports that are listened on at all addresses: those that URLs without a port mean, and two more.
const PORTS: [u16; 4] = [80, 443, 8080, ORIGIN_PORT];
/// The port of origins that are named with one.
pub(super) const ORIGIN_PORT: u16 = 7000;

/// Server, names and listeners.
pub(super) struct World {
    pub(super) server: Headwater,
    pub(super) names: NameServer,
    listeners: Vec<EveryAddress>,
}

impl World {
    /// The server's setup must be guarded, or open what the test means to open. `answer` is what any origin answers.
    pub(super) async fn new(
        setup: Setup,
        answer: impl Fn(IpAddr, &str, &str) -> String + Clone + Send + Sync + 'static,
    ) -> Self {
        let names = NameServer::start().await;
        let mut listeners = Vec::new();
        for port in PORTS {
            listeners.push(EveryAddress::listen(port, answer.clone()).await);
        }
        let server = setup.start();
        make_bucket(&server, "public-read").await;
        Self { server, names, listeners }
    }

    /// A guarded server among origins that have everything.
    pub(super) async fn guarded() -> Self {
        Self::new(Setup::new().guarded(), |_, method, _| ok(method, "reached")).await
    }

    /// Puts a catch-all rule; `fields` are further elements of its `Redirect`.
    pub(super) async fn put_rule(&self, url: &str, fields: &str) -> Answer {
        put_rules(&self.server, &mirror_rule(1, "", &xml(url), fields)).await
    }

    /// GET without a signature, in the OSS dialect.
    pub(super) async fn get(&self, key: &str) -> Answer {
        self.server.anonymous().get(&path(key)).send().await
    }

    /// The addresses that were connected to, in order per port.
    pub(super) fn visited(&self) -> Vec<IpAddr> {
        self.listeners.iter().flat_map(EveryAddress::addresses).collect()
    }

    /// Holds the server to having connected to these addresses at most, once all fills have ended.
    ///
    /// # Panics
    /// If it connected elsewhere.
    pub(super) async fn expect_visits_within(&self, permitted: &[&str]) {
        self.wait_for_fills().await;
        let permitted: BTreeSet<IpAddr> = permitted.iter().map(|text| text.parse().expect("an address")).collect();
        let visited: BTreeSet<IpAddr> = self.visited().into_iter().collect();
        let holes: Vec<_> = visited.difference(&permitted).collect();
        assert!(holes.is_empty(), "connections were made to {holes:?}");
    }

    async fn wait_for_fills(&self) {
        let admin = self.server.admin();
        eventually("no fill runs", || async {
            let metrics = admin.get("/-/metrics").send().await.expect(200).text();
            metrics.lines().any(|line| line == "headwater_fills_running 0")
        })
        .await;
    }
}

/// Makes a call in a dialect.
pub(super) async fn speak(dialect: Dialect, call: Call<'_>) -> Answer {
    match dialect {
        Dialect::Oss => call.send().await,
        Dialect::S3 => call.s3().send().await,
    }
}

/// Both dialects.
pub(super) const DIALECTS: [Dialect; 2] = [Dialect::Oss, Dialect::S3];

/// A 200 with this body, for a request of this method.
pub(super) fn ok(method: &str, body: &str) -> String {
    response("200 OK", "", method, body)
}

/// A redirect.
pub(super) fn moved(location: &str) -> String {
    response("302 Found", &format!("location: {location}\r\n"), "GET", "")
}

/// An answer that closes its connection; each of `fields` ends with CRLF.
pub(super) fn response(status: &str, fields: &str, method: &str, body: &str) -> String {
    let length = body.len();
    let body = if method == "HEAD" { "" } else { body };
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{fields}\r\n{body}")
}

/// A text as XML content, control characters as references.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            control if control.is_control() => {
                write!(out, "&#{};", u32::from(control)).expect("memory takes every write");
            }
            other => out.push(other),
        }
    }
    out
}
