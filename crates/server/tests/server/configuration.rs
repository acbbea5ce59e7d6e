//! What a bucket's owner configured, as the answers to others show it.

use bytes::Bytes;
use headwater_model::access::Context;
use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_model::list::ListQuery;
use headwater_model::op::{Caller, ListObjects, Op};
use headwater_model::reply::Reply;
use headwater_model::{BucketName, ObjectKey};
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::Full;

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

#[tokio::test]
async fn pages_that_are_not_allowed_get_no_objects() {
    const LIST: &str = "<RefererConfiguration><AllowEmptyReferer>false</AllowEmptyReferer><RefererList>\
        <Referer>http://good.test</Referer></RefererList></RefererConfiguration>";
    let running = start(None).await;
    open_bucket(&running).await;
    ask(&running, Dialect::Oss, Method::PUT, "/bkt/k", "x").await;
    ask(&running, Dialect::Oss, Method::PUT, "/bkt?referer", LIST).await;
    let from = |method: Method, referer: Option<&'static str>| {
        let mut request: Request<Full<Bytes>> = request(method, "/bkt/k", "");
        if let Some(referer) = referer {
            request.headers_mut().insert(header::REFERER, HeaderValue::from_static(referer));
        }
        request
    };
    assert_eq!(running.send(from(Method::GET, Some("http://good.test/page"))).await.0.status, 200);
    for referer in [None, Some("http://good.test.evil.test/"), Some("http://other.test/")] {
        let (parts, body) = running.send(from(Method::GET, referer)).await;
        assert_eq!(parts.status, 403);
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains("<Code>AccessDenied</Code><Message>You are denied by bucket referer policy.</Message>"));
        let header_signed = signed(from(Method::GET, referer), Dialect::Oss, (Some("bkt"), Some("k")));
        assert_eq!(running.send(header_signed).await.0.status, 200, "who signs in a header needs no page");
    }
    assert_eq!(running.send(request(Method::GET, "/bkt", "")).await.0.status, 200, "listings are not protected");
    ask(&running, Dialect::Oss, Method::DELETE, "/bkt?referer", "").await;
    assert_eq!(running.send(from(Method::GET, None)).await.0.status, 200);
}

#[tokio::test]
async fn requests_are_written_down_in_another_bucket() {
    const TO_LOGS: &str = "<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket>\
        <TargetPrefix>p/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>";
    const FIELDS: &str = "<UserDefinedLogFieldsConfiguration><ParamSet><parameter>x-own</parameter></ParamSet>\
        </UserDefinedLogFieldsConfiguration>";
    let running = start(None).await;
    open_bucket(&running).await;
    let refused = signed(request(Method::PUT, "/bkt?logging", TO_LOGS), Dialect::Oss, (Some("bkt"), None));
    let (parts, body) = running.send(refused).await;
    assert_eq!(parts.status, 400);
    assert!(String::from_utf8(body.to_vec()).unwrap().contains("InvalidTargetBucketForLogging"));
    ask(&running, Dialect::Oss, Method::PUT, "/logs", "").await;
    ask(&running, Dialect::Oss, Method::PUT, "/bkt?logging", TO_LOGS).await;
    ask(&running, Dialect::Oss, Method::PUT, "/bkt?userDefinedLogFieldsConfig", FIELDS).await;
    ask(&running, Dialect::Oss, Method::PUT, "/bkt/k", "hello").await;
    let mut missing = request(Method::GET, "/bkt/missing?x-own=7", "");
    missing.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static("agent \"one\""));
    assert_eq!(running.send(missing).await.0.status, 404);
    // A bucket without logging leaves no line.
    ask(&running, Dialect::Oss, Method::GET, "/logs", "").await;
    let engine = running.engine.clone();
    let (server, _directory) = running.stop();
    server.await.unwrap();

    let principal = engine.accounts().find("root", None, Timestamp(0)).unwrap().unwrap().principal;
    let caller = Caller { principal, dialect: Dialect::Oss, context: Context::internal(Timestamp(0)) };
    let bucket = BucketName::parse("logs").unwrap();
    let query = ListQuery { prefix: "p/bkt".into(), delimiter: "".into(), after: "".into(), limit: 100 };
    let list = Op::ListObjects(ListObjects { bucket: bucket.clone(), query, visit: None });
    let Reply::Objects { page, .. } = engine.perform(&caller, list, Body::Empty).await.unwrap() else { panic!() };
    let mut text = String::new();
    for object in page.objects {
        text += &read(&engine, &caller, bucket.clone(), object.key).await;
    }
    let lines: Vec<&str> = text.lines().collect();
    let found = |part: &str| *lines.iter().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {text}"));
    assert!(found("\"PutObject\"").contains("\"PUT /bkt/k HTTP/1.1\" 200 0 "));
    let missing = found("/bkt/missing");
    assert!(missing.contains("404 ") && missing.contains("\"NoSuchKey\"") && missing.contains("\"agent 'one'\""));
    // {"headers":{},"params":{"x-own":"7"}}
    assert!(missing.ends_with("\"eyJoZWFkZXJzIjp7fSwicGFyYW1zIjp7Ingtb3duIjoiNyJ9fQ==\""), "{missing}");
    assert!(lines.iter().all(|line| line.contains("\"bkt\"")), "{text}");
}

async fn read(engine: &headwater_engine::Engine, caller: &Caller<'_>, bucket: BucketName, key: ObjectKey) -> String {
    let get = headwater_model::op::Visit::default().of(bucket, key);
    let Reply::Object(object) = engine.perform(caller, Op::GetObject(Box::new(get)), Body::Empty).await.unwrap() else {
        panic!()
    };
    let bytes = match object.body {
        Body::Full(bytes) => bytes.to_vec(),
        Body::Empty => Vec::new(),
        Body::Stream(mut stream) => {
            let mut bytes = Vec::new();
            while let Some(chunk) = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                bytes.extend_from_slice(&chunk.unwrap());
            }
            bytes
        }
    };
    String::from_utf8(bytes).unwrap()
}
