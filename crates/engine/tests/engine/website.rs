//! The website document: pages, redirects, and what `--mirror` makes (oss-mirroring 10, 11).

use crate::support::{BUCKET, Bench, bucket, get, object};
use headwater_engine::MirrorBucket;
use headwater_model::Error;
use headwater_model::acl::{CannedAcl, WantedAcl};
use headwater_model::list::ListQuery;
use headwater_model::op::{ListObjects, MissContext, Op, Visit};
use headwater_model::reply::Reply;
use headwater_model::rule::{Condition, Redirect, RedirectType, RoutingRule};
use headwater_model::website::{ErrorDocument, IndexDocument, Website};

async fn with_pages(kind: u8, error_status: u16) -> Bench {
    let bench = Bench::new(CannedAcl::PublicRead).await;
    for (key, body) in [("index.html", b"root" as &'static [u8]), ("dir/index.html", b"dir"), ("error.html", b"sorry")]
    {
        bench.put(key, body).await.unwrap();
    }
    let website = Website {
        index: Some(IndexDocument { suffix: "index.html".into(), support_sub_dir: Some(true), kind: Some(kind) }),
        error: Some(ErrorDocument { key: "error.html".into(), http_status: Some(error_status) }),
        rules: Vec::new(),
    };
    bench.ask(Op::PutBucketWebsite(bucket(BUCKET), Box::new(website))).await.unwrap();
    bench
}

/// A GET of the bucket's root.
fn root(visit: Option<Visit>) -> Op {
    let query = ListQuery { prefix: "".into(), delimiter: "".into(), after: "".into(), limit: 10 };
    Op::ListObjects(ListObjects { bucket: bucket(BUCKET), query, visit: visit.map(Box::new) })
}

#[tokio::test]
async fn a_website_domain_has_a_home_page_or_nothing() {
    let bench = with_pages(0, 404).await;
    for caller in [&bench.anonymous, &bench.root] {
        let visit = async |op| bench.engine.perform(caller, op, headwater_model::body::Body::Empty).await;
        let page = visit(Op::GetHomePage(bucket(BUCKET), Box::default())).await.unwrap();
        assert_eq!(object(page).await.2, b"root");
        let head = visit(Op::HeadHomePage(bucket(BUCKET), Box::default())).await.unwrap();
        assert_eq!(object(head).await.2, b"");
    }
    bench.ask(Op::DeleteBucketWebsite(bucket(BUCKET))).await.unwrap();
    let refused = bench.ask(Op::GetHomePage(bucket(BUCKET), Box::default())).await;
    assert!(matches!(refused, Err(Error::NoSuchWebsite { .. })));
}

#[tokio::test]
async fn a_missing_home_page_asks_the_rules_with_the_visitors_request() {
    let bench = Bench::new(CannedAcl::PublicRead).await;
    let redirect = Redirect { kind: RedirectType::External, pass_query_string: Some(true), ..Redirect::default() };
    let rule = RoutingRule { number: 1, condition: Condition::default(), redirect: Some(redirect), lua: None };
    let index = Some(IndexDocument { suffix: "index.html".into(), support_sub_dir: None, kind: None });
    let website = Website { index, rules: vec![rule], ..Website::default() };
    bench.ask(Op::PutBucketWebsite(bucket(BUCKET), Box::new(website))).await.unwrap();
    let miss =
        MissContext { query: Some("a=b".into()), host: "h".into(), base_path: "/bkt".into(), ..MissContext::default() };
    let op = root(Some(Visit { miss, ..Visit::default() }));
    let reply = bench.engine.perform(&bench.anonymous, op, headwater_model::body::Body::Empty).await.unwrap();
    let Reply::Relayed(redirect) = reply else { panic!("no redirect") };
    assert_eq!(redirect.location.as_deref(), Some("http://h/bkt/index.html?a=b"));
}

#[tokio::test]
async fn anonymous_visitors_get_pages_and_signed_clients_get_the_api() {
    let bench = with_pages(2, 404).await;
    let visit =
        async |op| bench.engine.perform(&bench.anonymous, op, headwater_model::body::Body::Empty).await.unwrap();
    assert_eq!(object(visit(root(Some(Visit::default()))).await).await.2, b"root");
    assert!(matches!(bench.ask(root(None)).await, Ok(Reply::Objects { .. })));
    assert_eq!(object(visit(Op::GetObject(Box::new(get("dir/")))).await).await.2, b"dir");
    assert_eq!(object(visit(Op::GetObject(Box::new(get("dir")))).await).await, (None, None, b"dir".to_vec()));
    assert_eq!(object(visit(Op::GetObject(Box::new(get("nope")))).await).await, (Some(404), None, b"sorry".to_vec()));
    assert!(matches!(bench.get(&bench.root, get("nope")).await, Err(Error::NoSuchKey { .. })));
}

#[tokio::test]
async fn a_home_page_comes_before_an_object_of_the_directorys_name() {
    let bench = with_pages(2, 404).await;
    bench.put("dir/", b"marker").await.unwrap();
    assert_eq!(object(bench.get(&bench.anonymous, get("dir/")).await.unwrap()).await.2, b"dir");
    assert_eq!(object(bench.get(&bench.root, get("dir/")).await.unwrap()).await.2, b"marker");
}

#[tokio::test]
async fn a_directory_without_slash_redirects_or_not_by_type() {
    let bench = with_pages(0, 200).await;
    let Reply::Relayed(redirect) = bench.get(&bench.anonymous, get("dir")).await.unwrap() else {
        panic!("no redirect")
    };
    assert_eq!((redirect.status, redirect.location.as_deref()), (302, Some("/dir/")));
    let mut path_style = get("dir");
    path_style.miss.base_path = "/bkt".into();
    let reply = bench.get(&bench.anonymous, path_style).await.unwrap();
    assert!(matches!(reply, Reply::Relayed(redirect) if redirect.location.as_deref() == Some("/bkt/dir/")));
    let bench = with_pages(1, 200).await;
    assert_eq!(object(bench.get(&bench.anonymous, get("dir")).await.unwrap()).await.0, Some(200), "the error page");
}

#[tokio::test]
async fn a_missing_error_page_is_the_plain_error() {
    let bench = Bench::new(CannedAcl::PublicRead).await;
    let error = Some(ErrorDocument { key: "error.html".into(), http_status: None });
    let website = Website { error, ..Website::default() };
    bench.ask(Op::PutBucketWebsite(bucket(BUCKET), Box::new(website))).await.unwrap();
    assert!(matches!(bench.get(&bench.anonymous, get("k")).await, Err(Error::NoSuchKey { .. })));
}

#[tokio::test]
async fn an_external_rule_redirects_what_is_missing() {
    let bench = Bench::new(CannedAcl::PublicRead).await;
    bench.put("examplefolder/here.txt", b"here").await.unwrap();
    let rule = RoutingRule {
        number: 1,
        condition: Condition {
            key_prefix: Some("examplefolder/".into()),
            error_code: Some(404),
            ..Condition::default()
        },
        redirect: Some(Redirect {
            kind: RedirectType::External,
            protocol: Some("https".into()),
            host_name: Some("www.example.com".into()),
            ..Redirect::default()
        }),
        lua: None,
    };
    let website = Website { rules: vec![rule], ..Website::default() };
    bench.ask(Op::PutBucketWebsite(bucket(BUCKET), Box::new(website))).await.unwrap();
    let missing = bench.get(&bench.anonymous, get("examplefolder/example.txt")).await.unwrap();
    let Reply::Relayed(redirect) = missing else { panic!("no redirect") };
    assert_eq!(redirect.status, 301);
    assert_eq!(redirect.location.as_deref(), Some("https://www.example.com/examplefolder/example.txt"));
    assert_eq!(object(bench.get(&bench.anonymous, get("examplefolder/here.txt")).await.unwrap()).await.2, b"here");
}

#[tokio::test]
async fn a_mirror_is_made_once_and_a_different_one_names_both_origins() {
    let bench = Bench::new(CannedAcl::Private).await;
    let mirror = |url| MirrorBucket { bucket: bucket("site"), rule: RoutingRule::mirror_all(1, url) };
    assert!(bench.engine.ensure_mirror(mirror("http://a.example/")).await.unwrap());
    assert!(!bench.engine.ensure_mirror(mirror("http://a.example/")).await.unwrap());
    let message = bench.engine.ensure_mirror(mirror("http://b.example/")).await.unwrap_err().to_string();
    assert!(message.contains("http://a.example/") && message.contains("http://b.example/"), "{message}");
    assert_eq!(bench.engine.bucket("site").unwrap().acl, CannedAcl::PublicRead.into());
}

#[tokio::test]
async fn each_change_of_the_document_is_a_new_version_of_the_rules() {
    let bench = Bench::new(CannedAcl::Private).await;
    let version = || bench.engine.bucket(BUCKET).unwrap().rule_version;
    let website = || Website { rules: vec![RoutingRule::mirror_all(1, "http://a.example/")], ..Website::default() };
    let before = version();
    bench.ask(Op::PutBucketWebsite(bucket(BUCKET), Box::new(website()))).await.unwrap();
    let put = version();
    bench.ask(Op::PutBucketAcl(bucket(BUCKET), WantedAcl::Canned(CannedAcl::PublicRead))).await.unwrap();
    assert_eq!(version(), put, "an access list is no rule");
    bench.ask(Op::DeleteBucketWebsite(bucket(BUCKET))).await.unwrap();
    assert!(before < put && put < version());
    assert!(matches!(bench.ask(Op::GetBucketWebsite(bucket(BUCKET))).await, Err(Error::NoSuchWebsite { .. })));
}

#[tokio::test]
async fn a_document_changes_only_while_its_version_is_the_expected_one() {
    let bench = Bench::new(CannedAcl::Private).await;
    let version = || bench.engine.bucket(BUCKET).unwrap().rule_version;
    let website = |url| Website { rules: vec![RoutingRule::mirror_all(1, url)], ..Website::default() };
    let read = version();
    let change = async |url, expected| bench.engine.change_website(&bucket(BUCKET), Some(website(url)), expected).await;
    change("https://first.example/", Some(read)).await.unwrap();
    let refused = change("https://second.example/", Some(read)).await;
    assert!(
        matches!(refused, Err(Error::RulesChanged { expected, current }) if expected == read && current == version())
    );
    assert_eq!(bench.engine.bucket(BUCKET).unwrap().website.as_deref(), Some(&website("https://first.example/")));
    change("https://second.example/", None).await.unwrap();
}
