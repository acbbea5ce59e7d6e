//! What goes out.

use std::time::Duration;

use headwater_model::origin::{Framing, Origin, OriginMethod, OriginRequest};
use headwater_testkit::origin::{Reply, ScriptedOrigin};
use http::HeaderMap;
use http::header::{ACCEPT, HOST, USER_AGENT};

use crate::rig::{Rig, request};

#[tokio::test]
async fn targets_go_out_byte_for_byte() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    for target in
        ["/", "//", "/a%2Fb//c/../d.", "/a%2fb?x=%20&&y=/", "/%E4%BD%A0", "/a?", "/.", "/a+b~c'(d)*!;e=f,g@h:i"]
    {
        origin.on(target, Reply::ok("here"));
        assert_eq!(rig.read(&origin.url(target)).await.unwrap(), b"here", "{target}");
        assert_eq!(origin.requests().last().unwrap().target, target);
    }
}

#[tokio::test]
async fn only_the_given_fields_and_host_go_out() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    origin.on("/k", Reply::ok("here"));
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, "agent/1".parse().unwrap());
    headers.append(ACCEPT, "a/b".parse().unwrap());
    headers.append(ACCEPT, "c/d".parse().unwrap());
    rig.client.fetch(OriginRequest { headers, ..request(&origin.url("/k")) }).await.unwrap();
    let mut sent = origin.requests()[0].headers.clone();
    sent.sort();
    let host = origin.address().to_string();
    let expected = [("accept", "a/b"), ("accept", "c/d"), ("host", &host), ("user-agent", "agent/1")];
    assert_eq!(sent, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn a_given_host_replaces_ours() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    let headers = HeaderMap::from_iter([(HOST, "other.example".parse().unwrap())]);
    rig.client.fetch(OriginRequest { headers, ..request(&origin.url("/k")) }).await.unwrap();
    assert_eq!(origin.requests()[0].header("host"), Some("other.example"));
}

#[tokio::test]
async fn head_has_no_body_and_keeps_its_length() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    origin.on("/k", Reply::pattern(1, 1_000_000).header("etag", "\"e\""));
    origin.on("/chunked", Reply::ok("abc").chunked(2));
    let head = |target: &str| OriginRequest { method: OriginMethod::Head, ..request(&origin.url(target)) };
    let response = rig.client.fetch(head("/k")).await.unwrap();
    assert_eq!((response.status, response.framing), (200, Framing::Length(1_000_000)));
    assert_eq!(response.headers["etag"], "\"e\"");
    assert_eq!(crate::rig::read(response).await.unwrap(), b"");
    assert_eq!(rig.client.fetch(head("/chunked")).await.unwrap().framing, Framing::Delimited);
    assert_eq!(origin.requests()[0].method, "HEAD");
    assert_eq!(origin.connections(), 1);
}

#[tokio::test]
async fn other_statuses_are_handed_back() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    for status in [203, 206, 304, 400, 403, 404, 410, 416, 429, 500, 503, 599] {
        origin.on("/k", Reply::status(status).header("retry-after", "3"));
        let response = rig.get(&origin.url("/k")).await.unwrap();
        assert_eq!(response.status, status);
        assert_eq!(response.headers["retry-after"], "3");
        rig.clock.advance(Duration::from_secs(3));
    }
}
