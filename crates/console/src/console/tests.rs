use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use headwater_engine::NewKey;
use headwater_model::rule::Secret;

use super::*;
use crate::browser::{Browser, HOME, cookie, encoded, shown};
use crate::world::fields;

fn request(method: Method, path: &str, headers: &[(&str, &str)]) -> http::Request<Bytes> {
    let request = http::Request::builder().method(method).uri(path).header(header::HOST, "console.example:9001");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(Bytes::new()).unwrap()
}

#[tokio::test]
async fn who_guesses_is_told_how_long_to_wait_and_nobody_else_waits() {
    let browser = Browser::new().await;
    let thief = "192.0.2.66".parse().unwrap();
    for _ in 0..5 {
        assert_eq!(browser.log_on(thief, "root", "guess").await.status(), StatusCode::FORBIDDEN);
    }
    browser.clock.advance(Duration::from_millis(300));
    let early = browser.log_on(thief, "root", "secret").await;
    assert_eq!(early.status(), StatusCode::TOO_MANY_REQUESTS, "the right pair, too soon");
    assert_eq!((&early.headers()[header::RETRY_AFTER], cookie(&early)), (&HeaderValue::from_static("1"), None));
    let (_, page) = shown(&early);
    assert!(page.contains("Try again in 1 second.") && page.contains("value=\"root\""), "{page}");
    assert!(page.contains("role=\"alert\"") && !page.contains("guess"), "{page}");
    assert_eq!(browser.log_on(HOME, "root", "secret").await.status(), StatusCode::SEE_OTHER);

    browser.clock.advance(Duration::from_millis(700));
    assert_eq!(browser.log_on(thief, "root", "guess").await.status(), StatusCode::FORBIDDEN);
    let (_, page) = shown(&browser.log_on(thief, "root", "guess").await);
    assert!(page.contains("Try again in 2 seconds."), "{page}");
    browser.clock.advance(Duration::from_secs(2));
    assert!(cookie(&browser.log_on(thief, "root", "secret").await).is_some(), "the wait is no lock");
}

#[tokio::test]
async fn a_session_ends_with_the_right_of_its_key() {
    let browser = Browser::new().await;
    let new = NewKey { access_key_id: Some("AKEY".into()), secret: Some(Secret::new("of-a-key")), ..NewKey::default() };
    browser.world.administration.engine().create_access_key(new).await.unwrap();
    assert_eq!(browser.log_on(HOME, "AKEY", "of-a-key").await.status(), StatusCode::FORBIDDEN, "root's alone");
    // As if it had been root's when it logged on.
    for who in ["AKEY", "gone"] {
        let token = browser.console.sessions.begin(who, HOME);
        let cookie = format!("{COOKIE}={token}");
        let page = browser.answer(request(Method::GET, "/buckets", &[("cookie", &cookie)]), HOME).await;
        assert_eq!(shown(&page), (StatusCode::SEE_OTHER, "/log-on?next=%2Fbuckets".to_owned()), "{who}");
        assert!(browser.console.sessions.find(&token).is_none(), "{who}");
    }
    assert_eq!(browser.get("/buckets").await.0, StatusCode::OK, "no other session ends");
}

#[tokio::test]
async fn a_session_that_ended_leads_back_to_its_page() {
    let browser = Browser::new().await;
    browser.clock.advance(Duration::from_hours(12));
    let (status, target) = browser.get("/origins?search=a%26b").await;
    assert_eq!((status, &*target), (StatusCode::SEE_OTHER, "/log-on?next=%2Forigins%3Fsearch%3Da%2526b"));
    let own = "http://console.example:9001/access-keys/AKEY?a=b";
    for (referer, next) in [
        (own, "%2Faccess-keys%2FAKEY%3Fa%3Db"),
        ("http://evil.example/access-keys", "%2Fbuckets"),
        ("http://console.example:9001//evil.example", "%2Fbuckets"),
        ("http://console.example:9001/log-on?next=x", "%2Fbuckets"),
        ("http://console.example:9001", "%2Fbuckets"),
        ("nonsense", "%2Fbuckets"),
        ("", "%2Fbuckets"),
    ] {
        let sent = request(Method::POST, "/create-access-key", &[("referer", referer)]);
        let (status, target) = shown(&browser.answer(sent, HOME).await);
        assert_eq!((status, target), (StatusCode::SEE_OTHER, format!("/log-on?unsent=1&next={next}")), "{referer}");
    }
    let (_, page) = browser.get("/log-on?unsent=1&next=%2Forigins").await;
    assert!(page.contains("nothing was changed") && page.contains("value=\"/origins\""), "{page}");
    assert!(!browser.get("/log-on").await.1.contains("nothing was changed"));
}

#[tokio::test]
async fn who_has_no_session_sends_little() {
    let browser = Browser::new().await;
    let form = |bytes: usize| Bytes::from(encoded(&fields(&[("secret", &"x".repeat(bytes))])));
    for (path, bytes, status) in [
        ("/log-on", 16 << 10, StatusCode::PAYLOAD_TOO_LARGE),
        ("/log-on", 15 << 10, StatusCode::FORBIDDEN),
        // Not read at all.
        ("/create-access-key", 2 << 20, StatusCode::SEE_OTHER),
    ] {
        let request = http::Request::post(path).body(form(bytes)).unwrap();
        assert_eq!(browser.answer(request, HOME).await.status(), status, "{path}");
    }
}

#[tokio::test]
async fn of_two_who_create_one_bucket_at_a_time_one_is_told_so() {
    let browser = Browser::new().await;
    let (_, page) = browser.get("/create-bucket").await;
    let create = async || browser.submit(&page, "/create-bucket", &[("name", "photos")]).await;
    let (one, other) = tokio::join!(create(), create());
    let mut both = [one, other];
    both.sort_by_key(|(status, _)| *status);
    assert_eq!(both[0], (StatusCode::SEE_OTHER, "/buckets/photos".to_owned()));
    assert_eq!(both[1].0, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(both[1].1.contains("There is a bucket photos already"), "{}", both[1].1);
}

#[tokio::test]
async fn every_page_marks_where_one_is() {
    let browser = Browser::new().await;
    for (path, name) in [
        ("/overview", "Overview"),
        ("/buckets", "Buckets"),
        ("/buckets/bkt", "Buckets"),
        ("/buckets/bkt/back-to-origin", "Buckets"),
        ("/create-bucket", "Buckets"),
        ("/access-keys", "Access Keys"),
        ("/access-keys/root", "Access Keys"),
        ("/create-access-key", "Access Keys"),
        ("/origins", "Origins"),
        ("/origins/http/a", "Origins"),
        ("/audit-log", "Audit Log"),
        ("/settings", "Settings"),
    ] {
        let (status, page) = browser.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        let (_, navigation) = page.split_once("<nav aria-label=\"Main\">").unwrap();
        let (navigation, _) = navigation.split_once("</nav>").unwrap();
        let marked: Vec<_> = navigation.split("<a ").filter(|link| link.contains("aria-current")).collect();
        assert!(marked.len() == 1 && marked[0].contains(&format!(">{name}</a>")), "{path}: {navigation}");
        assert_eq!(page.matches("<h1").count(), 1, "{path}");
    }
}

#[tokio::test]
async fn the_overview_is_followed_as_long_as_its_session_lasts() {
    let browser = Browser::new().await;
    let mut events = browser.follow("/overview/events").await;
    assert!(events.next().await.unwrap().unwrap().starts_with(b"data: "), "at once");
    for _ in 0..2 {
        assert!(events.next().now_or_never().is_none(), "the next in its time");
        browser.clock.advance(Duration::from_secs(5));
        assert!(events.next().now_or_never().unwrap().is_some());
    }
    assert!(events.next().now_or_never().is_none());
    browser.clock.advance(Duration::from_hours(12));
    assert!(events.next().now_or_never().unwrap().is_none(), "its time is over");
}

#[tokio::test]
async fn who_logs_out_follows_the_overview_no_longer() {
    let browser = Browser::new().await;
    let mut events = browser.follow("/overview/events").await;
    assert!(events.next().await.is_some());
    assert!(events.next().now_or_never().is_none());
    let (_, page) = browser.get("/overview").await;
    assert_eq!(browser.submit(&page, "/log-out", &[]).await.0, StatusCode::SEE_OTHER);
    assert!(events.next().now_or_never().unwrap().is_none(), "no time has passed");
}
