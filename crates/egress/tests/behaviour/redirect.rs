//! Rows O49 to O57: redirects.

use headwater_model::origin::{Origin, OriginError, OriginId, OriginMethod, OriginRequest};
use headwater_model::settings::OriginSettings;
use headwater_testkit::origin::{Reply, ScriptedOrigin, TestAuthority, Validity};
use http::header::{ACCEPT, AUTHORIZATION, COOKIE, HOST};
use http::{HeaderMap, HeaderName};

use crate::rig::{Options, Rig, failure, following, read};

#[tokio::test]
async fn o49_to_another_path_on_the_same_connection() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    origin.on("/b/there?x=%2F", Reply::ok("here"));
    for status in [301, 302, 303, 307, 308] {
        origin.on("/a/k", Reply::redirect(status, "../b/there?x=%2F"));
        let response = rig.client.fetch(following(&origin.url("/a/k"))).await.unwrap();
        assert_eq!(&*response.final_url, origin.url("/b/there?x=%2F"), "{status}");
        assert_eq!(read(response).await.unwrap(), b"here", "{status}");
    }
    assert_eq!(origin.connections(), 1);
}

#[tokio::test]
async fn o49_head_stays_head() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    origin.on("/a", Reply::redirect(303, "/b"));
    let response = rig.client.fetch(OriginRequest { method: OriginMethod::Head, ..following(&origin.url("/a")) }).await;
    assert_eq!(response.unwrap().status, 404);
    assert!(origin.requests().iter().all(|request| request.method == "HEAD"));
}

#[tokio::test]
async fn o49_small_bodies_of_redirects_cost_no_connection_and_large_ones_no_time() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    origin.on("/there", Reply::ok("here"));
    origin.on("/small", Reply::status(404));
    let page = "<a href=/there>moved</a>".repeat(40);
    let redirect = format!("HTTP/1.1 302 Found\r\nlocation: /there\r\ncontent-length: {}\r\n\r\n{page}", page.len());
    origin.on("/small", Reply::raw(redirect));
    read(rig.client.fetch(following(&origin.url("/small"))).await.unwrap()).await.unwrap();
    assert_eq!(origin.connections(), 1);
    // Never sent, so nothing may wait for it.
    origin.on("/large", Reply::raw("HTTP/1.1 302 Found\r\nlocation: /there\r\ncontent-length: 9999999\r\n\r\n"));
    read(rig.client.fetch(following(&origin.url("/large"))).await.unwrap()).await.unwrap();
    assert_eq!(origin.connections(), 2);
}

#[tokio::test]
async fn o50_o55_what_belongs_to_one_origin_stays_there() {
    let (first, second, rig) = (ScriptedOrigin::start().await, ScriptedOrigin::start().await, Rig::new());
    let secret = HeaderName::from_static("x-secret");
    first.on("/same", Reply::redirect(302, "/away"));
    first.on("/away", Reply::redirect(302, &second.url("/back")));
    second.on("/back", Reply::redirect(302, &first.url("/end")));
    first.on("/end", Reply::ok("here"));
    let headers = HeaderMap::from_iter([
        (secret.clone(), "s".parse().unwrap()),
        (AUTHORIZATION, "Basic x".parse().unwrap()),
        (COOKIE, "c=1".parse().unwrap()),
        (HOST, "set.example".parse().unwrap()),
        (ACCEPT, "a/b".parse().unwrap()),
    ]);
    let request = OriginRequest { headers, confidential: vec![secret], ..following(&first.url("/same")) };
    assert_eq!(read(rig.client.fetch(request).await.unwrap()).await.unwrap(), b"here");

    let seen: Vec<_> = first.requests();
    for request in &seen[..2] {
        assert_eq!(request.header("x-secret"), Some("s"), "{}", request.target);
        assert_eq!(request.header("authorization"), Some("Basic x"), "{}", request.target);
        assert_eq!(request.header("host"), Some("set.example"), "{}", request.target);
    }
    for (request, host) in [(&second.requests()[0], second.address()), (&seen[2], first.address())] {
        assert_eq!(request.header("x-secret"), None, "{}", request.target);
        assert_eq!(request.header("authorization"), None, "{}", request.target);
        assert_eq!(request.header("cookie"), None, "{}", request.target);
        assert_eq!(request.header("host"), Some(host.to_string().as_str()), "{}", request.target);
        assert_eq!(request.header("accept"), Some("a/b"), "{}", request.target);
    }
}

#[tokio::test]
async fn o50_o54_another_scheme_of_the_same_host_is_another_origin() {
    let authority = TestAuthority::new("ours");
    let directory = tempfile::tempdir().unwrap();
    let secure = ScriptedOrigin::start_tls(&authority.issue(&["127.0.0.1"], Validity::Current)).await;
    let plain = ScriptedOrigin::start().await;
    let rig = Rig::with(Options { ca_files: vec![authority.write_pem(directory.path())], ..Options::default() });
    plain.on("/", Reply::redirect(301, &secure.url("/s")));
    secure.on("/s", Reply::ok("here"));
    let headers = HeaderMap::from_iter([(AUTHORIZATION, "Basic x".parse().unwrap())]);
    let response = rig.client.fetch(OriginRequest { headers, ..following(&plain.url("/")) }).await.unwrap();
    assert_eq!(read(response).await.unwrap(), b"here");
    assert_eq!(secure.requests()[0].header("authorization"), None);

    // O54: and back only if the settings of the one that says so allow it; then without what is confidential.
    plain.on("/p", Reply::ok("plain"));
    secure.on("/down", Reply::redirect(301, &plain.url("/p")));
    let down = || {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, "Basic x".parse().unwrap())]);
        rig.client.fetch(OriginRequest { headers, ..following(&secure.url("/down")) })
    };
    let allow = |url: &str, allow_downgrade| {
        let settings = OriginSettings { allow_downgrade, ..OriginSettings::default() };
        rig.origins.set(&OriginId::parse(url).unwrap(), Some(settings));
    };
    allow(&plain.url("/"), true);
    let error = failure(down().await);
    assert!(matches!(error, OriginError::BadRedirect(_)), "{error}");
    allow(&secure.url("/"), true);
    assert_eq!(read(down().await.unwrap()).await.unwrap(), b"plain");
    assert_eq!(plain.requests().last().unwrap().header("authorization"), None);
}

#[tokio::test]
async fn o51_to_a_forbidden_address() {
    let (origin, target) = (ScriptedOrigin::start().await, ScriptedOrigin::start().await);
    let rig = Rig::with(Options { allow: Some(vec!["127.0.0.1/32"]), ..Options::default() });
    rig.own_listeners.set([target.address()]);
    rig.names.set("inside.example", &["10.0.0.1"]);
    for location in [
        "http://127.0.0.2/",
        "http://169.254.169.254/latest/",
        "http://[::1]/",
        "http://inside.example/",
        "http://[fd00:ec2::254]/",
        "//10.0.0.1/",
        &target.url("/"),
    ] {
        origin.on("/", Reply::redirect(302, location));
        let error = failure(rig.client.fetch(following(&origin.url("/"))).await);
        assert!(matches!(error, OriginError::ForbiddenAddress(_)), "{location}: {error}");
    }
    assert_eq!(target.connections(), 0);
}

#[tokio::test]
async fn o52_ten_hops_and_no_more() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    for hop in 0..11 {
        origin.on(&format!("/{hop}"), Reply::redirect(302, &format!("/{}", hop + 1)));
    }
    origin.on("/11", Reply::ok("here"));
    assert_eq!(read(rig.client.fetch(following(&origin.url("/1"))).await.unwrap()).await.unwrap(), b"here");
    assert_eq!(failure(rig.client.fetch(following(&origin.url("/0"))).await), OriginError::TooManyRedirects);
    origin.on("/self", Reply::redirect(302, "/self"));
    assert_eq!(failure(rig.client.fetch(following(&origin.url("/self"))).await), OriginError::TooManyRedirects);
    assert_eq!(origin.count("/self"), 11);
    assert_eq!(origin.connections(), 1);
}

#[tokio::test]
async fn o53_without_or_with_unusable_location() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    let empty = || Reply::redirect(302, "");
    let two = Reply::redirect(302, "/a").header("location", "/b");
    let none = Reply::raw("HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n");
    let odd = ["ftp://h/", "file:///etc/passwd", "http://u:p@h.example/", "gopher://h/", "http://", "http://127.1/"];
    for reply in [empty(), two, none].into_iter().chain(odd.map(|location| Reply::redirect(302, location))) {
        origin.on("/", reply);
        let error = failure(rig.client.fetch(following(&origin.url("/"))).await);
        assert!(matches!(error, OriginError::BadRedirect(_)), "{error}");
    }
}

#[tokio::test]
async fn o53_other_3xx_are_no_redirects() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    for status in [300, 304, 305, 306, 399] {
        origin.on("/", Reply::redirect(status, "/there"));
        assert_eq!(rig.client.fetch(following(&origin.url("/"))).await.unwrap().status, status);
    }
    assert_eq!(origin.count("/there"), 0);
}

#[tokio::test]
async fn o56_not_followed_when_switched_off() {
    let (origin, rig) = (ScriptedOrigin::start().await, Rig::new());
    origin.on("/", Reply::redirect(302, "http://169.254.169.254/"));
    let response = rig.get(&origin.url("/")).await.unwrap();
    assert_eq!(response.status, 302);
    assert_eq!(response.headers["location"], "http://169.254.169.254/");
    assert_eq!(&*response.final_url, origin.url("/"));
}
