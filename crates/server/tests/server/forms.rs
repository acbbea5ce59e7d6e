//! Forms over real sockets, signed with HMAC-SHA1 as both vendors did before V4.

use std::fmt::Write as _;

use crate::support::{Running, open_bucket, request, signed, start};
use bytes::Bytes;
use headwater_model::bucket::Dialect;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::Full;

/// `{"expiration":"2999-12-31T23:59:59.000Z","conditions":[{"bucket":"bkt"},["starts-with","$key",""]]}`
const POLICY: &str = "eyJleHBpcmF0aW9uIjoiMjk5OS0xMi0zMVQyMzo1OTo1OS4wMDBaIiwiY29uZGl0aW9ucyI6W3siYnVja2V0IjoiYmt0In0sWyJzdGFydHMtd2l0aCIsIiRrZXkiLCIiXV19";
/// Of that, with the secret of root; computed with Python's hmac.
const SIGNATURE: &str = "TyykubnPW9ODslHmYG7/9nUELI0=";

/// The form with a policy that allows a key in the bucket `bkt` and nothing else, and with these fields besides.
fn post(fields: &[(&str, &str)]) -> Request<Full<Bytes>> {
    let mut body = String::new();
    for (name, value) in [("key", "k"), ("policy", POLICY), ("signature", SIGNATURE)].iter().chain(fields) {
        write!(body, "--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").unwrap();
    }
    body += "--b\r\nContent-Disposition: form-data; name=\"file\"\r\nContent-Type: text/html\r\n\r\nhello\r\n--b--\r\n";
    let (mut parts, _) = request(Method::POST, "/bkt/", "").into_parts();
    let kind = HeaderValue::from_static("multipart/form-data; boundary=b");
    parts.headers.insert(header::CONTENT_TYPE, kind);
    Request::from_parts(parts, Full::new(body.into()))
}

async fn make_bucket(running: &Running, dialect: Dialect) {
    if dialect == Dialect::Oss {
        return open_bucket(running).await;
    }
    let create = signed(request(Method::PUT, "/bkt/", ""), dialect, (Some("bkt"), None));
    assert_eq!(running.send(create).await.0.status, StatusCode::OK);
}

#[tokio::test]
async fn what_a_policy_of_s3_does_not_name_is_not_stored() {
    let (aws, oss) = (("AWSAccessKeyId", "root"), ("OSSAccessKeyId", "root"));
    for made_with in [Dialect::Oss, Dialect::S3] {
        let running = start(None).await;
        make_bucket(&running, made_with).await;
        for id in [aws, oss] {
            let (parts, body) = running.send(post(&[id])).await;
            assert_eq!(parts.status, StatusCode::NO_CONTENT, "{id:?} {body:?}");
            let is_oss = id == oss && made_with == Dialect::Oss;
            let (parts, body) = running.send(post(&[id, ("Content-Type", "text/html")])).await;
            let expected = if is_oss { StatusCode::NO_CONTENT } else { StatusCode::FORBIDDEN };
            assert_eq!(parts.status, expected, "{id:?} {made_with:?} {body:?}");
            let (parts, body) = running.send(post(&[id, ("x-oss-meta-a", "1")])).await;
            let expected = if is_oss { StatusCode::NO_CONTENT } else { StatusCode::BAD_REQUEST };
            assert_eq!(parts.status, expected, "{id:?} {made_with:?} {body:?}");
        }
    }
}

#[tokio::test]
async fn the_end_of_what_a_form_stores_is_told() {
    const RULES: &str = "<LifecycleConfiguration><Rule><ID>r</ID><Prefix></Prefix><Status>Enabled</Status>\
        <Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>";
    for (made_with, id, name) in [
        (Dialect::Oss, ("OSSAccessKeyId", "root"), "x-oss-expiration"),
        (Dialect::S3, ("AWSAccessKeyId", "root"), "x-amz-expiration"),
    ] {
        let running = start(None).await;
        make_bucket(&running, made_with).await;
        assert!(!running.send(post(&[id])).await.0.headers.contains_key(name));
        let rules = signed(request(Method::PUT, "/bkt?lifecycle", RULES), made_with, (Some("bkt"), None));
        assert_eq!(running.send(rules).await.0.status, StatusCode::OK);
        let (parts, body) = running.send(post(&[id])).await;
        assert_eq!(parts.status, StatusCode::NO_CONTENT, "{body:?}");
        assert!(parts.headers[name].to_str().unwrap().ends_with("rule-id=\"r\""), "{:?}", parts.headers);
    }
}

#[tokio::test]
async fn a_form_may_ask_for_encryption() {
    let running = start(None).await;
    make_bucket(&running, Dialect::Oss).await;
    let (id, name) = (("OSSAccessKeyId", "root"), "x-oss-server-side-encryption");
    let (parts, body) = running.send(post(&[id, (name, "AES256")])).await;
    assert_eq!(
        (parts.status, &parts.headers[name]),
        (StatusCode::NO_CONTENT, &HeaderValue::from_static("AES256")),
        "{body:?}"
    );
    let get = || signed(request(Method::GET, "/bkt/k", ""), Dialect::Oss, (Some("bkt"), Some("k")));
    let (parts, body) = running.send(get()).await;
    assert_eq!((&*body, &parts.headers[name]), (&b"hello"[..], &HeaderValue::from_static("AES256")));
    let (parts, body) = running.send(post(&[id, (name, "ROT13")])).await;
    assert_eq!(parts.status, StatusCode::BAD_REQUEST, "{body:?}");
    assert!(String::from_utf8_lossy(&body).contains("<Code>InvalidEncryptionAlgorithmError<"), "{body:?}");
    assert_eq!(&*running.send(get()).await.1, b"hello", "nothing was stored");
}
