//! What a bucket's owner configured, as the answers to others show it.

use headwater_model::bucket::Dialect;
use http::{Method, StatusCode};

use crate::support::{Running, open_bucket, request, signed, start};

async fn ask(
    running: &Running,
    dialect: Dialect,
    method: Method,
    path: &str,
    body: &'static str,
) -> http::response::Parts {
    let place = path.split('?').next().unwrap().trim_start_matches('/');
    let (bucket, key) = match place.split_once('/') {
        Some((bucket, key)) => (bucket, Some(key)),
        None => (place, None),
    };
    let (parts, body) = running.send(signed(request(method, path, body), dialect, (Some(bucket), key))).await;
    assert!(parts.status.is_success(), "{path}: {} {body:?}", parts.status);
    parts
}

#[tokio::test]
async fn the_end_of_an_object_is_told_with_it() {
    const RULES: &str = "<LifecycleConfiguration><Rule><ID>one day</ID><Filter><Prefix>d/</Prefix></Filter>\
        <Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>";
    let running = start(None).await;
    open_bucket(&running).await;
    let put = ask(&running, Dialect::S3, Method::PUT, "/bkt?lifecycle", RULES).await;
    assert_eq!(put.headers["x-amz-transition-default-minimum-object-size"], "all_storage_classes_128K");
    for (dialect, name) in [(Dialect::S3, "x-amz-expiration"), (Dialect::Oss, "x-oss-expiration")] {
        for (method, body) in [(Method::PUT, "x"), (Method::HEAD, ""), (Method::GET, "")] {
            let told = ask(&running, dialect, method.clone(), "/bkt/d/k", body).await;
            let value = told.headers[name].to_str().unwrap();
            assert!(value.starts_with("expiry-date=\"") && value.contains(" 00:00:00 GMT\""), "{method}: {value}");
            assert!(value.ends_with("rule-id=\"one%20day\""), "{method}: {value}");
            let other = ask(&running, dialect, Method::PUT, "/bkt/e", "x").await;
            assert!(!other.headers.contains_key(name));
        }
    }
    assert_eq!(ask(&running, Dialect::S3, Method::DELETE, "/bkt?lifecycle", "").await.status, StatusCode::NO_CONTENT);
    let told = ask(&running, Dialect::S3, Method::HEAD, "/bkt/d/k", "").await;
    assert!(!told.headers.contains_key("x-amz-expiration"));
}
