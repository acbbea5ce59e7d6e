//! The console on the admin listener: who gets in, which forms count, what pages say.

use bytes::Bytes;
use http::{Method, Request, header, response};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::support::{Running, collect, start};

const PAIR: &str = "access_key_id=root&secret=secret-of-root&next=%2Fbuckets%3Fsearch%3Dx";

pub(crate) async fn send(
    running: &Running,
    method: Method,
    path: &str,
    form: &str,
    more: &[(&str, &str)],
) -> (response::Parts, String) {
    let stream = TcpStream::connect(running.addresses.admin).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "console.example:9001");
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    let body = Full::new(Bytes::copy_from_slice(form.as_bytes()));
    let (parts, body) = collect(sender.send_request(request.body(body).unwrap()).await.unwrap()).await;
    (parts, String::from_utf8(body.to_vec()).unwrap())
}

pub(crate) fn location(parts: &response::Parts) -> &str {
    parts.headers[header::LOCATION].to_str().unwrap()
}

/// Cookie and token of a new session.
pub(crate) async fn log_on(running: &Running) -> (String, String) {
    let (parts, _) = send(running, Method::POST, "/log-on", PAIR, &[]).await;
    let cookie = parts.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let (_, page) = send(running, Method::GET, "/create-bucket", "", &[("cookie", &cookie)]).await;
    let token = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    (cookie, token)
}

#[tokio::test]
async fn only_the_root_key_gets_in_and_then_to_the_page_that_was_asked_for() {
    let running = start(None).await;
    let (asked, _) = send(&running, Method::GET, "/buckets?search=x", "", &[]).await;
    assert_eq!((asked.status.as_u16(), location(&asked)), (303, "/log-on?next=%2Fbuckets%3Fsearch%3Dx"));
    let wrong = send(&running, Method::POST, "/log-on", "access_key_id=root&secret=wrong", &[]).await;
    let unknown = send(&running, Method::POST, "/log-on", "access_key_id=nobody&secret=", &[]).await;
    for (parts, page) in [wrong, unknown] {
        assert_eq!(parts.status, 403);
        assert!(parts.headers.get(header::SET_COOKIE).is_none());
        assert!(page.contains("not a pair that may enter"));
    }
    let (entered, _) = send(&running, Method::POST, "/log-on", PAIR, &[]).await;
    assert_eq!((entered.status.as_u16(), location(&entered)), (303, "/buckets?search=x"));
    let cookie = entered.headers[header::SET_COOKIE].to_str().unwrap();
    for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Strict", "; Max-Age=43200"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
}

#[tokio::test]
async fn a_form_counts_with_the_token_of_its_session_and_from_this_origin_only() {
    let running = start(None).await;
    let (cookie, token) = log_on(&running).await;
    let form = format!("name=photos&csrf={token}");
    for (form, header) in [
        ("name=photos", ("accept", "*/*")),
        ("name=photos&csrf=", ("accept", "*/*")),
        (&*form, ("origin", "https://evil.example")),
        (&*form, ("origin", "null")),
        (&*form, ("sec-fetch-site", "cross-site")),
        (&*form, ("sec-fetch-site", "same-site")),
    ] {
        let (parts, _) = send(&running, Method::POST, "/create-bucket", form, &[("cookie", &cookie), header]).await;
        assert_eq!(parts.status, 403, "{form} {header:?}");
    }
    assert!(running.engine.bucket("photos").is_none());
    let own = [("cookie", &*cookie), ("origin", "http://console.example:9001"), ("sec-fetch-site", "same-origin")];
    let (parts, _) = send(&running, Method::POST, "/create-bucket", &form, &own).await;
    assert_eq!((parts.status.as_u16(), location(&parts)), (303, "/buckets/photos"));
    assert!(running.engine.bucket("photos").is_some());
}

#[tokio::test]
async fn what_is_typed_is_kept_escaped_and_a_bucket_goes_only_by_its_name() {
    let running = start(None).await;
    let (cookie, token) = log_on(&running).await;
    let post = async |path: &str, form: &str| {
        send(&running, Method::POST, path, &format!("{form}&csrf={token}"), &[("cookie", &cookie)]).await
    };
    let (parts, page) = post("/create-bucket", "name=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E").await;
    assert_eq!(parts.status, 422);
    assert!(!page.contains("<script") && page.contains("script"), "{page}");
    assert_eq!(post("/create-bucket", "name=photos").await.0.status, 303);
    assert_eq!(post("/create-bucket", "name=photos").await.0.status, 422, "there is one already");
    assert_eq!(post("/buckets/photos/delete", "confirmation=photo").await.0.status, 422);
    assert!(running.engine.bucket("photos").is_some());
    assert_eq!(post("/buckets/photos/delete", "confirmation=photos").await.0.status, 303);
    assert!(running.engine.bucket("photos").is_none());
    let audit = std::fs::read_to_string(running.access_log.with_file_name("audit.log")).unwrap();
    assert!(audit.contains("create_bucket") && audit.contains("delete_bucket"), "{audit}");
}

#[tokio::test]
async fn logging_out_ends_all_sessions_of_the_key() {
    let running = start(None).await;
    let (cookie, token) = log_on(&running).await;
    let (other, _) = log_on(&running).await;
    let form = format!("csrf={token}");
    assert_eq!(send(&running, Method::POST, "/log-out", &form, &[("cookie", &cookie)]).await.0.status, 303);
    for cookie in [cookie, other] {
        let (parts, _) = send(&running, Method::GET, "/buckets", "", &[("cookie", &cookie)]).await;
        assert_eq!(parts.status, 303, "to the log-on page");
    }
}

#[tokio::test]
async fn pages_are_never_kept_and_assets_always() {
    let running = start(None).await;
    let (parts, page) = send(&running, Method::GET, "/log-on", "", &[]).await;
    assert_eq!(parts.headers[header::CACHE_CONTROL], "no-store");
    let policy = parts.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(parts.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(parts.headers[header::REFERRER_POLICY], "same-origin");
    let sheet = page.split("stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let (parts, _) = send(&running, Method::GET, sheet, "", &[]).await;
    assert_eq!(
        (parts.status.as_u16(), parts.headers[header::CONTENT_TYPE].as_bytes()),
        (200, &b"text/css; charset=utf-8"[..])
    );
    assert!(parts.headers[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
}

#[tokio::test]
async fn the_overview_is_whole_at_once_and_followed_until_the_session_ends() {
    let running = start(None).await;
    let (cookie, token) = log_on(&running).await;
    let (parts, _) = send(&running, Method::GET, "/", "", &[("cookie", &cookie)]).await;
    assert_eq!(location(&parts), "/overview");
    let (_, page) = send(&running, Method::GET, "/overview?window=day", "", &[("cookie", &cookie)]).await;
    for word in ["Reads served from here", "no reads", "Reads a second", "<svg", "No fetch failed", "Last day"] {
        assert!(page.contains(word), "{word}: {page}");
    }
    assert!(!page.contains(" style="), "the policy allows none");

    let stream = TcpStream::connect(running.addresses.admin).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::builder().uri("/overview/events").header(header::HOST, "console.example:9001");
    let request = request.header(header::COOKIE, &cookie).body(Full::new(Bytes::new())).unwrap();
    let (parts, mut events) = sender.send_request(request).await.unwrap().into_parts();
    assert_eq!(parts.headers[header::CONTENT_TYPE], "text/event-stream");
    let mut first = Vec::new();
    while !first.ends_with(b"\n\n") {
        first.extend_from_slice(&events.frame().await.unwrap().unwrap().into_data().unwrap());
    }
    let text = String::from_utf8(first).unwrap();
    assert!(text.trim_end().lines().all(|line| line.starts_with("data: ")), "{text}");
    send(&running, Method::POST, "/log-out", &format!("csrf={token}"), &[("cookie", &cookie)]).await;
    assert!(events.frame().await.is_none(), "nothing is told to who is logged out");
}

#[tokio::test]
async fn a_form_that_is_too_large_is_refused_by_a_page() {
    let running = start(None).await;
    let (cookie, token) = log_on(&running).await;
    for (path, bytes, limit) in [("/log-on", 16 << 10, "16384"), ("/create-bucket", 1 << 20, "1048576")] {
        let form = format!("csrf={token}&name={}", "x".repeat(bytes));
        let (parts, page) = send(&running, Method::POST, path, &form, &[("cookie", &cookie)]).await;
        assert_eq!(parts.status, 413);
        assert_eq!(parts.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert!(parts.headers.contains_key(header::CONTENT_SECURITY_POLICY));
        assert!(page.contains(&format!("larger than {limit} bytes. Nothing was changed.")), "{page}");
    }
}
