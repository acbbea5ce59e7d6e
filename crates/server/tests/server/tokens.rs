//! Bearer tokens over the wire: where they count, what is told of those that do not, and what is written down.

use http::{HeaderValue, Method, Request, header, response};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::admin_client::{Signed, ask, exchange, head};
use crate::support::{Running, open_bucket, start};

const MIGRATION: &str = "/api/v1/buckets/bkt/migration";

async fn issue(running: &Running, body: Value) -> (String, String) {
    let (status, issued) = ask(running, Method::POST, "/api/v1/tokens", &body.to_string()).await;
    assert_eq!(status, 201, "{issued}");
    let text = |name: &str| issued[name].as_str().unwrap().to_owned();
    (text("token_id"), text("token"))
}

async fn bear(running: &Running, method: Method, path: &str, body: &str, token: &str) -> (response::Parts, Value) {
    let mut parts = head(method, path, body, Signed::NotAtAll);
    parts.headers.insert(header::AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}")).unwrap());
    exchange(running, parts, body).await
}

#[tokio::test]
async fn a_token_reads_and_changes_as_its_key_and_its_changes_name_it() {
    let running = start(None).await;
    open_bucket(&running).await;
    let (id, token) = issue(&running, json!({"access_key_id": "root", "note": "ci", "duration_seconds": 60})).await;
    for value in [1, 2] {
        let patch = json!({ "negative_ttl_ms": value }).to_string();
        let (parts, answer) = bear(&running, Method::PATCH, MIGRATION, &patch, &token).await;
        assert_eq!((parts.status.as_u16(), &answer["negative_ttl_ms"]), (200, &json!(value)), "{answer}");
    }
    let (_, list) = ask(&running, Method::GET, "/api/v1/tokens?access_key_id=root", "").await;
    let row = &list["tokens"][0];
    assert_eq!((&row["token_id"], &row["note"], &row["access_key_id"]), (&json!(id), &json!("ci"), &json!("root")));
    assert_eq!(row["expires_ms"].as_i64().unwrap() - row["created_ms"].as_i64().unwrap(), 60_000);
    assert!(!list.to_string().contains(&token));
    assert_eq!(ask(&running, Method::GET, "/api/v1/tokens?access_key_id=nobody", "").await.1["tokens"], json!([]));

    let another = json!({"access_key_id": "root"}).to_string();
    let (parts, answer) = bear(&running, Method::POST, "/api/v1/tokens", &another, &token).await;
    assert_eq!((parts.status.as_u16(), &answer["error"]["code"]), (403, &json!("access_denied")), "{answer}");
    let (parts, _) = bear(&running, Method::DELETE, &format!("/api/v1/tokens/{id}"), "", &token).await;
    assert_eq!(parts.status, 200, "a token may end itself");
    let (status, answer) = ask(&running, Method::DELETE, &format!("/api/v1/tokens/{id}"), "").await;
    assert_eq!((status, &answer["error"]["field"]), (404, &json!("token_id")), "{answer}");

    let (_, audit) = ask(&running, Method::GET, "/api/v1/audit", "").await;
    // The first is of the bucket that every test has.
    let lines = audit["entries"].as_array().unwrap().iter().skip(1);
    let told: Vec<_> = lines.map(|line| [&line["action"], &line["token"]]).collect();
    let (by_key, by_token) = (Value::Null, json!(id));
    assert_eq!(told[0], [&json!("create_access_token"), &by_key], "{audit}");
    assert_eq!((told[1][1], told[2][1]), (&by_token, &by_token), "{audit}");
    assert_eq!(told[3], [&json!("revoke_access_token"), &by_token], "{audit}");
    assert_eq!((told.len(), audit.to_string().contains(&token)), (4, false), "{audit}");
}

#[tokio::test]
async fn what_a_token_lends_ends_with_it_and_what_it_makes_stays() {
    let running = start(None).await;
    open_bucket(&running).await;
    let ending = json!({"access_key_id": "root", "duration_seconds": 2000});
    let (id, ending) = issue(&running, ending).await;
    let (_, lasting) = issue(&running, json!({"access_key_id": "root"})).await;
    let role = |seconds: Value| json!({"access_key_id": "root", "duration_seconds": seconds}).to_string();
    let link = |seconds: Value| json!({"key": "k", "endpoint": "http://h:1", "expires_s": seconds}).to_string();
    let (sts, presign) = ("/api/v1/sts/assume-role", "/api/v1/buckets/bkt/presign");
    // Without a number it is an hour.
    for (path, body, field) in [
        (sts, role(Value::Null), "duration_seconds"),
        (sts, role(2001.into()), "duration_seconds"),
        (presign, link(Value::Null), "expires_s"),
        (presign, link(2001.into()), "expires_s"),
    ] {
        let (parts, answer) = bear(&running, Method::POST, path, &body, &ending).await;
        assert_eq!((parts.status.as_u16(), &answer["error"]["field"]), (400, &json!(field)), "{body} {answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains("ask for less, or sign the request with the key pair"), "{message}");
        assert_eq!(bear(&running, Method::POST, path, &body, &lasting).await.0.status, 200, "{body}");
        assert_eq!(ask(&running, Method::POST, path, &body).await.0, 200, "{body}");
    }
    for (path, body) in [(sts, role(900.into())), (presign, link(900.into()))] {
        assert_eq!(bear(&running, Method::POST, path, &body, &ending).await.0.status, 200, "{body}");
    }

    let key = json!({"access_key_id": "AKEY"}).to_string();
    assert_eq!(bear(&running, Method::POST, "/api/v1/keys", &key, &ending).await.0.status, 201);
    let (_, audit) = ask(&running, Method::GET, "/api/v1/audit?limit=1", "").await;
    let line = &audit["entries"][0];
    assert_eq!((&line["action"], &line["token"]), (&json!("create_access_key"), &json!(id)), "{audit}");
    assert_eq!(ask(&running, Method::DELETE, &format!("/api/v1/tokens/{id}"), "").await.0, 200);
    assert_eq!(ask(&running, Method::GET, "/api/v1/keys/AKEY", "").await.0, 200, "it is listed, and ends by itself");
}

#[tokio::test]
async fn what_is_no_token_any_more_is_refused_with_a_challenge() {
    let running = start(None).await;
    let key = json!({"access_key_id": "AKEY", "secret": "secret-of-the-key"}).to_string();
    assert_eq!(ask(&running, Method::POST, "/api/v1/keys", &key).await.0, 201);
    let (_, of_key) = issue(&running, json!({"access_key_id": "AKEY"})).await;
    let (id, of_root) = issue(&running, json!({"access_key_id": "root"})).await;
    let read = async |token: &str| {
        let (parts, answer) = bear(&running, Method::GET, "/api/v1/buckets", "", token).await;
        let challenge = parts.headers.get(header::WWW_AUTHENTICATE).map(|value| value.to_str().unwrap().to_owned());
        (parts.status.as_u16(), challenge.unwrap_or_default(), answer["error"]["message"].to_string())
    };
    let (status, challenge, message) = read(&of_key).await;
    assert_eq!((status, &*challenge), (403, ""), "{message}");
    assert!(message.contains("for the root key"), "{message}");
    assert_eq!(ask(&running, Method::PATCH, "/api/v1/keys/AKEY", r#"{"enabled":false}"#).await.0, 200);
    assert_eq!(read(&of_root).await.0, 200);
    assert_eq!(ask(&running, Method::DELETE, &format!("/api/v1/tokens/{id}"), "").await.0, 200);
    for (token, told) in [
        (&*of_key, "the access key of the token is disabled"),
        (&of_root, "the token is unknown or was revoked"),
        ("hwt1.AAAAAAAAAAAAAAAA.wrong", "the token is unknown or was revoked"),
        ("", "the token is unknown or was revoked"),
    ] {
        let (status, challenge, message) = read(token).await;
        assert_eq!((status, &*message), (401, &*format!("{told:?}")));
        let wanted = format!("Bearer realm=\"headwater\", error=\"invalid_token\", error_description=\"{told}\"");
        assert!(challenge.ends_with(&wanted), "{challenge}");
    }
    let unsigned = head(Method::GET, "/api/v1/buckets", "", Signed::NotAtAll);
    let (parts, _) = exchange(&running, unsigned, "").await;
    assert_eq!(parts.status, 401);
    assert_eq!(parts.headers[header::WWW_AUTHENTICATE], "AWS4-HMAC-SHA256, Bearer realm=\"headwater\"");
}

#[tokio::test]
async fn tokens_count_in_one_header_of_the_admin_listener_alone() {
    let running = start(None).await;
    open_bucket(&running).await;
    let (_, token) = issue(&running, json!({"access_key_id": "root"})).await;
    let bearer = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
    let on_data = Request::get("/bkt/key").header(header::HOST, "localhost").header(header::AUTHORIZATION, &bearer);
    let (parts, body) = running.send(on_data.body(Full::default()).unwrap()).await;
    assert_eq!(parts.status, 400);
    assert!(!String::from_utf8_lossy(&body).contains(&token));
    // Beside a signature, in a query and over another scheme it says nothing.
    let mut twice = head(Method::GET, "/api/v1/buckets", "", Signed::Rightly);
    twice.headers.append(header::AUTHORIZATION, bearer);
    assert_eq!(exchange(&running, twice, "").await.0.status, 401);
    let in_query = head(Method::GET, &format!("/api/v1/buckets?access_token={token}"), "", Signed::NotAtAll);
    assert_eq!(exchange(&running, in_query, "").await.0.status, 401);
    let mut basic = head(Method::GET, "/api/v1/buckets", "", Signed::NotAtAll);
    basic.headers.insert(header::AUTHORIZATION, HeaderValue::try_from(format!("Basic {token}")).unwrap());
    assert_eq!(exchange(&running, basic, "").await.0.status, 401);
}
