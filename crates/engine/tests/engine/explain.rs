//! Explanations see a request as the request itself is seen.

use crate::support::{BUCKET, Bench, bucket, caller, get};
use headwater_engine::{ExplainMethod, ExplainQuery, Explanation};
use headwater_model::Error;
use headwater_model::access::Principal;
use headwater_model::acl::CannedAcl;
use headwater_model::bucket::Dialect;
use headwater_model::rule::{Condition, Redirect, RedirectType, RoutingRule};
use headwater_model::website::Website;

fn of(key: &str, rule: RoutingRule) -> ExplainQuery {
    ExplainQuery {
        key: key.into(),
        method: ExplainMethod::Get,
        headers: Vec::new(),
        query: None,
        anonymous: false,
        try_it: false,
        website: Some(Website { rules: vec![rule], ..Website::default() }),
    }
}

async fn explain(bench: &Bench, query: ExplainQuery) -> Explanation {
    bench.engine.explain(&bucket(BUCKET), query).await.unwrap()
}

#[tokio::test]
async fn leading_slashes_are_folded_as_a_get_folds_them() {
    let bench = Bench::new(CannedAcl::Private).await;
    let rule = || RoutingRule::mirror_all(1, "http://origin.example/base/");
    let missing = explain(&bench, of("//dir/k", rule())).await;
    let matched = missing.matched.unwrap();
    assert_eq!(matched.origins[0].url, "http://origin.example/base/dir/k");
    let mut keeping = rule();
    keeping.redirect.as_mut().unwrap().mirror.pass_original_slashes = Some(true);
    let kept = explain(&bench, of("//dir/k", keeping)).await.matched.unwrap();
    assert_eq!(kept.origins[0].url, "http://origin.example/base///dir/k", "as a GET of it would ask");

    bench.put("dir/k", b"here").await.unwrap();
    let stored = explain(&bench, of("//dir/k", rule())).await.stored.unwrap();
    assert_eq!(stored.size_bytes, 4);
}

#[tokio::test]
async fn a_redirect_without_a_host_shows_the_clients_or_the_path_alone() {
    let bench = Bench::new(CannedAcl::Private).await;
    let redirect = Redirect { kind: RedirectType::External, ..Redirect::default() };
    let rule = RoutingRule { number: 1, condition: Condition::default(), redirect: Some(redirect), lua: None };
    let location = |explanation: Explanation| explanation.matched.unwrap().location.unwrap();
    assert_eq!(location(explain(&bench, of("a b", rule.clone())).await), "/a%20b");
    let mut told = of("a b", rule);
    told.headers = vec![("Host".into(), "shop.example:8080".into())];
    assert_eq!(location(explain(&bench, told).await), "http://shop.example:8080/a%20b");
}

/// The origin of this bench panics when it is asked.
#[tokio::test]
async fn a_key_without_a_url_is_not_tried() {
    let bench = Bench::new(CannedAcl::Private).await;
    let mut query = of("dir/../k", RoutingRule::mirror_all(1, "http://origin.example/"));
    query.try_it = true;
    let matched = explain(&bench, query).await.matched.unwrap();
    assert_eq!(matched.unmappable.as_deref(), Some("the key has a dot segment"));
    assert!(matched.tried.is_none() && matched.origins.is_empty());
}

#[tokio::test]
async fn who_does_not_sign_is_told_why_the_request_is_refused() {
    let anonymous =
        |key: &str| ExplainQuery { anonymous: true, ..of(key, RoutingRule::mirror_all(1, "http://origin.example/")) };
    let private = Bench::new(CannedAcl::Private).await;
    let denied = explain(&private, anonymous("k")).await;
    assert!(denied.denied.is_some() && denied.matched.is_some(), "the rest is told all the same: {denied:?}");
    let reader = caller(Principal::Anonymous, Dialect::Oss);
    let error = private.get(&reader, get("k")).await.unwrap_err();
    let Error::AccessDenied { reason } = error else { panic!("{error:?}") };
    assert_eq!(denied.denied, Some(reason), "as a GET is refused");
    let signed = explain(&private, of("k", RoutingRule::mirror_all(1, "http://origin.example/"))).await;
    assert_eq!(signed.denied, None);
    let public = Bench::new(CannedAcl::PublicRead).await;
    assert_eq!(explain(&public, anonymous("k")).await.denied, None);
}
