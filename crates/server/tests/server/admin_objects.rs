//! Buckets and objects over the admin API.

use http::{Method, header};
use serde_json::{Value, json};

use crate::admin_client::{Signed, ask, exchange, head, send};
use crate::support::{Running, request, start};

async fn get(running: &Running, path: &str) -> Value {
    let (status, answer) = ask(running, Method::GET, path, "").await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

async fn code(running: &Running, method: Method, path: &str, body: &str) -> (u16, String) {
    let (status, answer) = ask(running, method, path, body).await;
    (status, answer["error"]["code"].as_str().unwrap_or_default().to_owned())
}

/// Stores an object by a signed URL, as a client that has nothing else.
async fn put(running: &Running, key: &str, text: &'static str) {
    let wanted = json!({"key": key, "method": "PUT", "endpoint": format!("http://{}", running.addresses.data)});
    let (status, answer) = ask(running, Method::POST, "/api/v1/buckets/pics/presign", &wanted.to_string()).await;
    assert_eq!(status, 200, "{answer}");
    let url: http::Uri = answer["url"].as_str().unwrap().parse().unwrap();
    let mut put = request(Method::PUT, url.path_and_query().unwrap().as_str(), text);
    put.headers_mut().insert(header::HOST, url.authority().unwrap().as_str().parse().unwrap());
    let (parts, body) = running.send(put).await;
    assert_eq!(parts.status, 200, "{body:?}");
}

#[tokio::test]
async fn a_bucket_is_made_filled_browsed_emptied_and_deleted() {
    let running = start(None).await;
    let (status, made) = ask(&running, Method::POST, "/api/v1/buckets", r#"{"name":"pics","dialect":"s3"}"#).await;
    assert_eq!(
        (status, &made["name"], &made["dialect"], &made["acl"]),
        (201, &json!("pics"), &json!("s3"), &json!("private"))
    );
    let again = code(&running, Method::POST, "/api/v1/buckets", r#"{"name":"pics"}"#).await;
    assert_eq!(again, (409, "bucket_exists".to_owned()));
    for key in ["a/1", "a/2", "b c/\u{e4}"] {
        put(&running, key, "text").await;
    }
    let page = get(&running, "/api/v1/buckets/pics/objects?delimiter=%2F&limit=1").await;
    assert_eq!((&page["prefixes"], &page["objects"], &page["next"]), (&json!(["a/"]), &json!([]), &json!("a/")));
    let page = get(&running, "/api/v1/buckets/pics/objects?after=a%2F1").await;
    let keys: Vec<_> = page["objects"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!((keys, &page["next"]), (vec!["a/2", "b c/\u{e4}"], &Value::Null));
    let shown = get(&running, "/api/v1/buckets/pics/objects/b%20c%2F%C3%A4").await;
    assert_eq!(
        (&shown["key"], &shown["size_bytes"], &shown["provenance"]),
        (&json!("b c/\u{e4}"), &json!(4), &json!("written"))
    );
    assert_eq!(shown["etag"], "1cb251ec0d568de6a929b520c4aed8d1");
    let count = get(&running, "/api/v1/buckets/pics/stat").await;
    assert_eq!((&count["objects"], &count["size_bytes"]), (&json!(3), &json!(12)));

    assert_eq!(code(&running, Method::DELETE, "/api/v1/buckets/pics", "").await, (409, "bucket_not_empty".to_owned()));
    for key in ["a/1", "a%2F2", "b%20c/%C3%A4"] {
        let (status, _) = ask(&running, Method::DELETE, &format!("/api/v1/buckets/pics/objects/{key}"), "").await;
        assert_eq!(status, 204);
    }
    assert_eq!(
        code(&running, Method::GET, "/api/v1/buckets/pics/objects/a/1", "").await,
        (404, "no_such_key".to_owned())
    );
    assert_eq!(ask(&running, Method::DELETE, "/api/v1/buckets/pics", "").await.0, 204);
    assert_eq!(code(&running, Method::GET, "/api/v1/buckets/pics", "").await, (404, "no_such_bucket".to_owned()));
    let lines = get(&running, "/api/v1/audit").await;
    let actions: Vec<_> =
        lines["entries"].as_array().unwrap().iter().map(|line| line["action"].as_str().unwrap()).collect();
    let expected = [
        "create_bucket",
        "presign_object",
        "presign_object",
        "presign_object",
        "delete_object",
        "delete_object",
        "delete_object",
        "delete_bucket",
    ];
    assert_eq!(actions, expected);
    assert!(!lines.to_string().contains("Signature"), "a signed URL is a credential: {lines}");
}

#[tokio::test]
async fn what_cannot_be_is_named() {
    let running = start(None).await;
    let (status, _) = ask(&running, Method::POST, "/api/v1/buckets", r#"{"name":"pics"}"#).await;
    assert_eq!(status, 201);
    let endpoint = "http://127.0.0.1:9000";
    for (method, path, body, status, field) in [
        (Method::POST, "/api/v1/buckets", json!({"name": "No"}), 400, "bucket"),
        (Method::POST, "/api/v1/buckets", json!({"name": "more", "dialect": "gcs"}), 400, "dialect"),
        (
            Method::POST,
            "/api/v1/buckets/pics/presign",
            json!({"key": "a", "method": "DELETE", "endpoint": endpoint}),
            400,
            "method",
        ),
        (
            Method::POST,
            "/api/v1/buckets/pics/presign",
            json!({"key": "a", "expires_s": 0, "endpoint": endpoint}),
            400,
            "expires_s",
        ),
        (
            Method::POST,
            "/api/v1/buckets/pics/presign",
            json!({"key": "a", "expires_s": 604_801, "endpoint": endpoint}),
            400,
            "expires_s",
        ),
        (Method::POST, "/api/v1/buckets/pics/presign", json!({"key": "", "endpoint": endpoint}), 400, "key"),
        (Method::POST, "/api/v1/buckets/pics/presign", json!({"key": "a", "endpoint": "ftp://a"}), 400, "endpoint"),
        (Method::GET, "/api/v1/buckets/pics/objects/a?version_id=x", json!(null), 400, "version_id"),
    ] {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (got, answer) = ask(&running, method, path, &body).await;
        assert_eq!((got, &answer["error"]["field"]), (status, &json!(field)), "{path} {body}: {answer}");
    }
}

#[tokio::test]
async fn a_signed_url_is_made_once_for_each_request() {
    let running = start(None).await;
    assert_eq!(ask(&running, Method::POST, "/api/v1/buckets", r#"{"name":"pics"}"#).await.0, 201);
    let body = r#"{"key":"a","endpoint":"http://127.0.0.1:9000"}"#;
    let path = "/api/v1/buckets/pics/presign";
    let request = head(Method::POST, path, body, Signed::Rightly);
    let first = exchange(&running, request.clone(), body).await;
    let second = exchange(&running, request, body).await;
    assert_eq!((first.0.status.as_u16(), second.0.status.as_u16()), (200, 403), "who repeats it gets no URL");
    assert_eq!(send(&running, Method::POST, path, body, Signed::NotAtAll).await.0, 401);
}
