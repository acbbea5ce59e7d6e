//! Access keys and the public access block by the console: what they mean on the data plane, and in the audit log.

use headwater_model::bucket::Dialect;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::admin_client::ask;
use crate::console::{log_on, send};
use crate::support::{Running, request, signed_by, start};

/// Sends a form of the session that has this cookie and token.
async fn post(
    running: &Running,
    (cookie, token): &(String, String),
    path: &str,
    fields: &[(&str, &str)],
) -> (StatusCode, String) {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("csrf", token).extend_pairs(fields);
    let (parts, page) = send(running, Method::POST, path, &form.finish(), &[("cookie", cookie)]).await;
    (parts.status, page)
}

async fn last_line(running: &Running) -> Value {
    let (_, audit) = ask(running, Method::GET, "/api/v1/audit?limit=1", "").await;
    audit["entries"][0].clone()
}

#[tokio::test]
async fn a_key_of_the_console_signs_until_it_is_disabled() {
    let running = start(None).await;
    let session = log_on(&running).await;
    let pair = [("access_key_id", "AKEY"), ("secret", "of-alice-herself"), ("canonical_id", "alice")];
    assert_eq!(post(&running, &session, "/create-access-key", &pair).await.0, 201);
    let list = async || {
        let request = request(Method::GET, "/", "");
        let signed = signed_by(("AKEY", "of-alice-herself"), request, Dialect::Oss, (None, None));
        running.send(signed).await.0.status.as_u16()
    };
    assert_eq!(list().await, 200);
    assert_eq!(post(&running, &session, "/access-keys/AKEY", &[("do", "disable")]).await.0, 303);
    assert_eq!(list().await, 403);
    assert_eq!(post(&running, &session, "/access-keys/AKEY", &[("do", "enable")]).await.0, 303);
    assert_eq!(list().await, 200);
    assert_eq!(post(&running, &session, "/access-keys/AKEY/delete", &[("confirmation", "AKEY")]).await.0, 303);
    assert_eq!(list().await, 403);
}

#[tokio::test]
async fn both_doors_write_the_same_down() {
    /// What no two changes share.
    const DIFFERENT: [&str; 3] = ["created_ms", "expires_ms", "token_id"];
    let running = start(None).await;
    let session = log_on(&running).await;
    let mut lines = Vec::new();
    for by_console in [true, false] {
        let mut changes = Vec::new();
        let mut change = async |(path, fields): (&str, &[(&str, &str)]), (method, url, body): (Method, &str, Value)| {
            let status = if by_console {
                post(&running, &session, path, fields).await.0.as_u16()
            } else {
                let body = if body.is_null() { String::new() } else { body.to_string() };
                ask(&running, method, url, &body).await.0
            };
            assert!(matches!(status, 200 | 201 | 303), "{path} {status}");
            let mut line = last_line(&running).await;
            for differs in ["time", "request_id", "previous"] {
                line[differs] = Value::Null;
            }
            for (document, differs) in
                ["before", "after"].into_iter().flat_map(|document| DIFFERENT.map(|differs| (document, differs)))
            {
                if !line[document][differs].is_null() {
                    line[document][differs] = 0.into();
                }
            }
            changes.push(line);
        };
        let key = json!({"access_key_id": "AKEY", "canonical_id": "alice", "display_name": "Alice"});
        let fields = [("access_key_id", "AKEY"), ("canonical_id", "alice"), ("display_name", "Alice")];
        change(("/create-access-key", &fields), (Method::POST, "/api/v1/keys", key)).await;
        let off = json!({"enabled": false});
        change(("/access-keys/AKEY", &[("do", "disable")]), (Method::PATCH, "/api/v1/keys/AKEY", off)).await;
        let gone = ("/access-keys/AKEY/delete", &[("confirmation", "AKEY")][..]);
        change(gone, (Method::DELETE, "/api/v1/keys/AKEY", Value::Null)).await;
        let token = json!({"access_key_id": "root", "note": "ci", "duration_seconds": 43_200});
        let fields = [("note", "ci"), ("expires", "12h")];
        change(("/access-keys/root/tokens/create", &fields), (Method::POST, "/api/v1/tokens", token)).await;
        let origin = "/api/v1/origins/https/a.example:443";
        let settings = json!({"user_agent": "one"});
        let print_of = async |path: &str| {
            let (_, page) = send(&running, Method::GET, path, "", &[("cookie", &session.0)]).await;
            page.split("name=\"print\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
        };
        if by_console {
            let print = print_of("/origins/https/a.example:443").await;
            let fields = [
                ("print", &*print),
                ("kind", "http"),
                ("user_agent", "one"),
                ("limits.max_concurrent", "512"),
                ("limits.min_bytes_per_s", "1024"),
                ("timeouts.connect_ms", "3000"),
                ("timeouts.tls_ms", "5000"),
                ("timeouts.first_byte_ms", "10000"),
                ("timeouts.idle_ms", "15000"),
            ];
            change(("/origins/https/a.example:443", &fields), (Method::PUT, origin, settings)).await;
        } else {
            change(("", &[]), (Method::PUT, origin, settings)).await;
        }
        let gone = "/origins/https/a.example:443/delete";
        let print = print_of(gone).await;
        change((gone, &[("print", &print)]), (Method::DELETE, origin, Value::Null)).await;
        lines.push(changes);
    }
    assert_eq!(lines[0], lines[1]);
    assert_eq!(
        lines[0].iter().map(|line| line["action"].as_str().unwrap()).collect::<Vec<_>>(),
        [
            "create_access_key",
            "change_access_key",
            "delete_access_key",
            "create_access_token",
            "put_origin_settings",
            "delete_origin_settings"
        ]
    );
}

#[tokio::test]
async fn the_block_of_the_console_closes_what_is_open() {
    let running = start(None).await;
    crate::support::open_bucket(&running).await;
    let session = log_on(&running).await;
    let list = async || running.send(request(Method::GET, "/bkt", "")).await.0.status.as_u16();
    let before = list().await;
    assert_eq!(before, 200, "the bucket is open to everybody");
    assert_eq!(post(&running, &session, "/settings", &[("block_public_access", "on")]).await.0, 303);
    assert_eq!(list().await, 403);
    assert_eq!(last_line(&running).await["action"], "put_account_public_access_block");
    assert_eq!(post(&running, &session, "/settings", &[("block_public_access", "off")]).await.0, 303);
    assert_eq!(list().await, 200);
}
