//! Websites of S3: rules before and after the look-up, pages, and the redirects of objects.

use bytes::Bytes;

use crate::support::{BUCKET, Bench, bucket, caller, get, object, put};
use headwater_model::Error;
use headwater_model::access::Principal;
use headwater_model::acl::{CannedAcl, WantedAcl};
use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use headwater_model::op::{Caller, MissContext, Op, Visit};
use headwater_model::reply::Reply;
use headwater_model::rule::{Condition, Redirect, RedirectType, RoutingRule};
use headwater_model::website::{ErrorDocument, IndexDocument, Website};

fn visitor() -> Caller<'static> {
    caller(Principal::Anonymous, Dialect::S3)
}

fn site() -> MissContext {
    MissContext { site: true, host: "h".into(), ..MissContext::default() }
}

fn visit(path: &str) -> Op {
    if path.is_empty() {
        return Op::GetHomePage(bucket(BUCKET), Box::new(Visit { miss: site(), ..Visit::default() }));
    }
    let mut asked = get(path);
    asked.miss = site();
    Op::GetObject(Box::new(asked))
}

fn rule(number: u32, prefix: &str, error_code: Option<u16>, redirect: Redirect) -> RoutingRule {
    let condition = Condition {
        key_prefix: Some(prefix).filter(|prefix| !prefix.is_empty()).map(Into::into),
        error_code,
        ..Condition::default()
    };
    let kind = if redirect.kind == RedirectType::External { RedirectType::Site } else { redirect.kind };
    RoutingRule { number, condition, redirect: Some(Redirect { kind, ..redirect }), lua: None }
}

fn to(key: &str, code: Option<u16>) -> Redirect {
    Redirect { replace_key_with: Some(key.into()), http_redirect_code: code, ..Redirect::default() }
}

async fn put_as(bench: &Bench, key: &str, acl: CannedAcl, body: &'static [u8]) {
    let mut page = put(key);
    page.acl = Some(WantedAcl::Canned(acl));
    let body = Body::Full(Bytes::from_static(body));
    bench.engine.perform(&bench.root, Op::PutObject(Box::new(page)), body).await.unwrap();
}

/// A bucket with index and error page and these rules; the pages may be read by everybody, whatever the bucket's list.
async fn with_site(acl: CannedAcl, rules: Vec<RoutingRule>) -> Bench {
    let bench = Bench::new(acl).await;
    for (key, body) in [("index.html", b"root" as &'static [u8]), ("dir/index.html", b"dir"), ("error.html", b"sorry")]
    {
        put_as(&bench, key, CannedAcl::PublicRead, body).await;
    }
    let website = Website {
        index: Some(IndexDocument { suffix: "index.html".into(), support_sub_dir: None, kind: None }),
        error: Some(ErrorDocument { key: "error.html".into(), http_status: None }),
        rules,
    };
    bench.ask(Op::PutBucketWebsite(bucket(BUCKET), Box::new(website))).await.unwrap();
    bench
}

async fn go(bench: &Bench, path: &str) -> Result<Reply, Error> {
    bench.engine.perform(&visitor(), visit(path), Body::Empty).await
}

/// Status and page, or status and target.
async fn told(bench: &Bench, path: &str) -> (u16, String) {
    match go(bench, path).await.unwrap() {
        Reply::Relayed(redirect) => (redirect.status, redirect.location.unwrap().into()),
        reply => {
            let (status, _, body) = object(reply).await;
            (status.unwrap_or(200), String::from_utf8(body).unwrap())
        }
    }
}

fn expected(status: u16, text: &str) -> (u16, String) {
    (status, text.to_owned())
}

#[tokio::test]
async fn directories_have_index_pages_and_errors_their_page_with_their_status() {
    for (acl, missing) in [(CannedAcl::PublicRead, 404), (CannedAcl::Private, 403)] {
        let bench = with_site(acl, Vec::new()).await;
        assert_eq!(told(&bench, "").await, expected(200, "root"));
        assert_eq!(told(&bench, "dir/").await, expected(200, "dir"));
        assert_eq!(told(&bench, "dir").await, expected(302, "/dir/"));
        assert_eq!(told(&bench, "nope").await, expected(missing, "sorry"));
        assert_eq!(told(&bench, "nope/").await, expected(missing, "sorry"));
        put_as(&bench, "hidden", CannedAcl::Private, b"x").await;
        assert_eq!(told(&bench, "hidden").await, expected(403, "sorry"));
    }
}

#[tokio::test]
async fn an_error_page_that_nobody_may_read_gives_way_to_the_error() {
    let bench = with_site(CannedAcl::PublicRead, Vec::new()).await;
    put_as(&bench, "error.html", CannedAcl::Private, b"sorry").await;
    assert!(matches!(go(&bench, "nope").await, Err(Error::NoSuchKey { .. })));
}

#[tokio::test]
async fn a_status_that_the_document_names_is_for_what_is_missing() {
    let bench = with_site(CannedAcl::PublicRead, Vec::new()).await;
    let mut website = Website::clone(bench.engine.bucket(BUCKET).unwrap().website.as_ref().unwrap());
    website.error.as_mut().unwrap().http_status = Some(200);
    bench.ask(Op::PutBucketWebsite(bucket(BUCKET), Box::new(website))).await.unwrap();
    put_as(&bench, "hidden", CannedAcl::Private, b"x").await;
    assert_eq!(told(&bench, "nope").await, expected(200, "sorry"));
    assert_eq!(told(&bench, "hidden").await, expected(403, "sorry"));
}

#[tokio::test]
async fn rules_come_before_what_is_stored_and_after_what_failed() {
    let host = Redirect { host_name: Some("elsewhere".into()), protocol: Some("https".into()), ..Redirect::default() };
    let rules = vec![
        rule(1, "dir/", None, to("moved.html", Some(307))),
        rule(2, "gone/", Some(404), to("gone.html", None)),
        rule(3, "", Some(403), host),
    ];
    let bench = with_site(CannedAcl::PublicRead, rules.clone()).await;
    assert_eq!(told(&bench, "dir/index.html").await, expected(307, "http://h/moved.html"));
    assert_eq!(told(&bench, "gone/k").await, expected(301, "http://h/gone.html"));
    assert_eq!(told(&bench, "nope").await, expected(404, "sorry"));
    // The API's host names know nothing of it.
    let mut plain = get("dir/index.html");
    plain.miss.host = "h".into();
    let reply = bench.engine.perform(&visitor(), Op::GetObject(Box::new(plain)), Body::Empty).await.unwrap();
    assert_eq!(object(reply).await.2, b"dir");
    let bench = with_site(CannedAcl::Private, rules).await;
    assert_eq!(told(&bench, "dir/index.html").await, expected(307, "http://h/moved.html"));
    assert_eq!(told(&bench, "gone/k").await, expected(301, "https://elsewhere/gone/k"));
}

#[tokio::test]
async fn everything_is_redirected_without_a_right() {
    let bench = Bench::new(CannedAcl::Private).await;
    let everything =
        Redirect { kind: RedirectType::AllRequests, host_name: Some("h.example".into()), ..Redirect::default() };
    let website = Website { rules: vec![rule(1, "", None, everything)], ..Website::default() };
    bench.ask(Op::PutBucketWebsite(bucket(BUCKET), Box::new(website))).await.unwrap();
    assert_eq!(told(&bench, "").await, expected(301, "http://h.example/"));
    assert_eq!(told(&bench, "a/b c").await, expected(301, "http://h.example/a/b%20c"));
}

#[tokio::test]
async fn an_object_redirects_those_who_may_read_it() {
    let bench = with_site(CannedAcl::PublicRead, Vec::new()).await;
    for (key, acl) in [("open", CannedAcl::PublicRead), ("hidden", CannedAcl::Private)] {
        let mut page = put(key);
        page.acl = Some(WantedAcl::Canned(acl));
        page.headers.website_redirect = Some("/elsewhere".into());
        bench
            .engine
            .perform(&bench.root, Op::PutObject(Box::new(page)), Body::Full(Bytes::from_static(b"x")))
            .await
            .unwrap();
    }
    assert_eq!(told(&bench, "open").await, expected(301, "/elsewhere"));
    assert_eq!(told(&bench, "hidden").await, expected(403, "sorry"));
}

#[tokio::test]
async fn a_bucket_without_a_document_is_no_website() {
    let bench = Bench::new(CannedAcl::PublicRead).await;
    bench.put("k", b"x").await.unwrap();
    for path in ["", "k"] {
        assert!(matches!(go(&bench, path).await, Err(Error::NoSuchWebsite { .. })), "{path:?}");
    }
}
