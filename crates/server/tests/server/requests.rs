//! Requests over real sockets: both dialects, refusals, the admin plane, access lines and drain.

use crate::support::{collect, open_bucket, request, signed, start};
use bytes::Bytes;
use headwater_model::bucket::Dialect;
use http::{HeaderValue, Method, StatusCode, header};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test]
async fn one_object_through_both_dialects() {
    let running = start(None).await;
    open_bucket(&running).await;
    let put = signed(request(Method::PUT, "/bkt/k", "hello"), Dialect::S3, (Some("bkt"), Some("k")));
    let (parts, _) = running.send(put).await;
    assert_eq!(parts.status, 200);
    assert_eq!(parts.headers["etag"], "\"5d41402abc4b2a76b9719d911017c592\"");
    assert!(parts.headers.contains_key("x-amz-request-id"));
    let get = signed(request(Method::GET, "/bkt/k", ""), Dialect::Oss, (Some("bkt"), Some("k")));
    let (parts, body) = running.send(get).await;
    assert_eq!(body, "hello");
    assert_eq!(parts.headers["etag"], "\"5D41402ABC4B2A76B9719D911017C592\"");
    assert_eq!(parts.headers["x-oss-request-id"].len(), 24);
}

#[tokio::test]
async fn virtual_hosted_and_path_style_name_the_same_bucket() {
    let running = start(None).await;
    open_bucket(&running).await;
    running.send(request(Method::PUT, "/bkt/dir/k", "hello")).await;
    let mut get = request(Method::GET, "/dir/k", "");
    get.headers_mut().insert(header::HOST, HeaderValue::from_static("bkt.s3.test:9000"));
    assert_eq!(running.send(get).await.1, "hello");
}

/// An anonymous upload to `/bkt/k` with these headers.
fn upload(body: &'static str, headers: &[(&'static str, &'static str)]) -> http::Request<http_body_util::Full<Bytes>> {
    let mut put = request(Method::PUT, "/bkt/k", body);
    for (name, value) in headers {
        put.headers_mut().insert(*name, HeaderValue::from_static(value));
    }
    put
}

#[tokio::test]
async fn an_anonymous_chunked_upload_is_decoded_and_its_trailer_checked() {
    const CODED: &str = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";
    let running = start(None).await;
    open_bucket(&running).await;
    let chunked = [
        ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        ("x-amz-decoded-content-length", "5"),
        ("content-encoding", "aws-chunked"),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
    ];
    let (parts, body) = running.send(upload(CODED, &chunked)).await;
    assert_eq!(parts.status, 200, "{body:?}");
    let (parts, body) = running.send(request(Method::GET, "/bkt/k", "")).await;
    assert_eq!((&*body, parts.headers.get(header::CONTENT_ENCODING)), (&b"hello"[..], None));
    let (parts, body) = running.send(upload(CODED, &chunked[..3])).await;
    assert_eq!(parts.status, 400, "the trailer is not announced");
    assert!(String::from_utf8_lossy(&body).contains("x-amz-checksum-crc32"), "{body:?}");
}

#[tokio::test]
async fn what_an_anonymous_upload_says_about_its_body_is_checked() {
    const DIGEST: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    const SIGNED_CHUNKS: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    let running = start(None).await;
    open_bucket(&running).await;
    for (header, value, body, status) in [
        ("x-amz-content-sha256", DIGEST, "hello", 200),
        ("x-oss-content-sha256", DIGEST, "hello", 200),
        ("x-amz-content-sha256", "UNSIGNED-PAYLOAD", "hello", 200),
        ("x-amz-content-sha256", DIGEST, "hallo", 400),
        ("x-oss-content-sha256", DIGEST, "hallo", 400),
        ("x-amz-content-sha256", SIGNED_CHUNKS, "hello", 403),
        ("x-oss-content-sha256", SIGNED_CHUNKS, "hello", 400),
        ("x-amz-content-sha256", "anything", "hello", 400),
        ("content-encoding", "gzip, aws-chunked", "hello", 400),
    ] {
        let (parts, answer) = running.send(upload(body, &[(header, value)])).await;
        assert_eq!(parts.status, status, "{header}: {value}: {answer:?}");
    }
}

#[tokio::test]
async fn the_root_of_a_website_domain_is_its_home_page() {
    const SITE: &str =
        "<WebsiteConfiguration><IndexDocument><Suffix>i.html</Suffix></IndexDocument></WebsiteConfiguration>";
    let running = start(None).await;
    open_bucket(&running).await;
    let visit = |method| {
        let mut visit = request(method, "/", "");
        visit.headers_mut().insert(header::HOST, HeaderValue::from_static("bkt.web.test"));
        running.send(visit)
    };
    let (parts, body) = visit(Method::GET).await;
    assert_eq!(parts.status, 404);
    assert!(String::from_utf8_lossy(&body).contains("NoSuchWebsiteConfiguration"), "{body:?}");
    running.send(request(Method::PUT, "/bkt/i.html", "welcome")).await;
    let put = signed(request(Method::PUT, "/bkt/?website", SITE), Dialect::Oss, (Some("bkt"), None));
    assert_eq!(running.send(put).await.0.status, 200);
    assert_eq!(visit(Method::GET).await.1, "welcome");
    let (parts, body) = visit(Method::HEAD).await;
    assert_eq!(
        (parts.status, &parts.headers["content-length"], body.len()),
        (StatusCode::OK, &"7".parse().unwrap(), 0)
    );
}

#[tokio::test]
async fn a_refused_request_never_has_its_body_read() {
    let running = start(None).await;
    let mut stream = TcpStream::connect(running.addresses.data).await.unwrap();
    // The body is announced and never sent: an answer can only come if nobody waits for it.
    let head = "PUT /nobucket/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "no 100, no wait: {answer}");
    assert!(answer.contains("NoSuchBucket"), "{answer}");
}

#[tokio::test]
async fn a_wrong_signature_tells_what_was_signed() {
    let running = start(None).await;
    open_bucket(&running).await;
    let mut get = signed(request(Method::GET, "/bkt/k", ""), Dialect::S3, (Some("bkt"), Some("k")));
    *get.uri_mut() = "/bkt/other".parse().unwrap();
    let (parts, body) = running.send(get).await;
    assert_eq!(parts.status, StatusCode::FORBIDDEN);
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(body.contains("<Code>SignatureDoesNotMatch</Code>") && body.contains("/bkt/other"), "{body}");
    assert!(!body.contains("secret-of-root"));
}

#[tokio::test]
async fn the_admin_plane_tells_health_and_counts() {
    let running = start(None).await;
    open_bucket(&running).await;
    running.send(request(Method::GET, "/bkt/none", "")).await;
    let ask = async |path: &str| {
        let mut stream = TcpStream::connect(running.addresses.admin).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    assert!(ask("/-/healthz").await.starts_with("HTTP/1.1 200"));
    assert!(ask("/-/readyz").await.starts_with("HTTP/1.1 200"));
    let metrics = ask("/-/metrics").await;
    let row = "headwater_requests_total{operation=\"GetObject\",dialect=\"oss\",status=\"4xx\"} 1";
    assert!(metrics.contains(row), "{metrics}");
    assert!(ask("/-/none").await.starts_with("HTTP/1.1 404"));
    let elsewhere = ask("/bkt/none").await;
    assert!(
        elsewhere.starts_with("HTTP/1.1 303") && elsewhere.contains("/log-on"),
        "objects are not on the admin plane"
    );
}

#[tokio::test]
async fn the_data_plane_has_no_admin_paths() {
    let running = start(None).await;
    let (parts, _) = running.send(request(Method::GET, "/-/metrics", "")).await;
    assert_eq!(parts.status, StatusCode::BAD_REQUEST, "it is an invalid bucket name there");
}

#[tokio::test]
async fn every_request_leaves_one_access_line() {
    let running = start(None).await;
    open_bucket(&running).await;
    running.send(request(Method::PUT, "/bkt/k%22", "hello")).await;
    running.send(request(Method::GET, "/bkt/k%22", "")).await;
    let path = running.access_log.clone();
    let (server, _directory) = running.stop();
    server.await.unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        lines.iter().map(|line| line["op"].as_str().unwrap()).collect::<Vec<_>>(),
        ["CreateBucket", "PutObject", "GetObject"]
    );
    assert_eq!(lines[0]["access_key_id"], "root");
    assert_eq!((&lines[1]["key"], &lines[1]["bytes_received"]), (&"k\"".into(), &5.into()));
    assert_eq!((&lines[2]["served"], &lines[2]["bytes_sent"]), (&"hit".into(), &5.into()));
    assert!(!text.contains("secret-of-root"));
}

#[tokio::test]
async fn draining_finishes_what_runs_and_takes_nothing_new() {
    let running = start(None).await;
    open_bucket(&running).await;
    let address = running.addresses.data;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "PUT /bkt/k HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server says 100 to nobody who did not ask, so an answer to a second request shows that the first is running.
    let idle = running.connect().await;
    let (server, _directory) = running.stop();
    // The idle connection is closed by the drain, which shows that it has begun.
    let mut idle = idle;
    while idle.ready().await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.write_all(b"hello").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{:?}", String::from_utf8_lossy(&answer));
    server.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let running = start(None).await;
    open_bucket(&running).await;
    let mut sender = running.connect().await;
    for round in 0..50 {
        sender.ready().await.unwrap();
        let request = request(Method::PUT, &format!("/bkt/{round}"), "x");
        let (parts, _): (_, Bytes) = collect(sender.send_request(request).await.unwrap()).await;
        assert_eq!(parts.status, 200);
    }
}

#[tokio::test]
async fn who_is_refused_before_the_body_was_read_still_gets_the_answer() {
    let running = start(None).await;
    open_bucket(&running).await;
    // More than the sockets hold, so that most of it is sent when the server has answered long since.
    let length = 6 << 20;
    let mut socket = TcpStream::connect(running.addresses.data).await.unwrap();
    let head = format!("PUT /bkt/k?acl HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&vec![b'x'; length]).await.expect("what is sent is taken");
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.expect("the connection ends in good order");
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 4") && answer.contains("</Error>"), "{answer}");
}

#[tokio::test]
async fn who_announces_a_body_that_nobody_wants_is_told_that_the_connection_ends() {
    let running = start(None).await;
    open_bucket(&running).await;
    running.send(request(Method::PUT, "/bkt/k", "hello")).await;
    let mut socket = TcpStream::connect(running.addresses.data).await.unwrap();
    // Never sent, as by clients that sign the length of another request.
    socket.write_all(b"GET /bkt/k HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("the connection ends in good order");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn an_unknown_key_learns_on_oss_that_there_is_no_bucket() {
    let running = start(None).await;
    open_bucket(&running).await;
    for (dialect, method, path, bucket, code) in [
        (Dialect::Oss, Method::GET, "/nobucket/?location", "nobucket", "NoSuchBucket"),
        (Dialect::Oss, Method::GET, "/bkt/?location", "bkt", "InvalidAccessKeyId"),
        (Dialect::Oss, Method::PUT, "/nobucket/", "nobucket", "InvalidAccessKeyId"),
        (Dialect::S3, Method::GET, "/nobucket/?location", "nobucket", "InvalidAccessKeyId"),
    ] {
        let mut asked = signed(request(method.clone(), path, ""), dialect, (Some(bucket), None));
        let text = asked.headers()["authorization"].to_str().unwrap().replace("Credential=root/", "Credential=nobody/");
        asked.headers_mut().insert("authorization", text.parse().unwrap());
        let (_, body) = running.send(asked).await;
        let body = String::from_utf8_lossy(&body).into_owned();
        assert!(body.contains(&format!("<Code>{code}</Code>")), "{method} {path}: {body}");
    }
}

#[tokio::test]
async fn buckets_must_belong_to_whom_the_request_says() {
    let running = start(None).await;
    open_bucket(&running).await;
    running.send(request(Method::PUT, "/bkt/k", "body")).await;
    let ask = async |method: Method, path: &str, headers: &[(&'static str, &'static str)]| {
        let mut asked = request(method, path, "");
        for (name, value) in headers {
            asked.headers_mut().insert(*name, HeaderValue::from_static(value));
        }
        running.send(signed(asked, Dialect::S3, (Some("bkt"), None))).await.0.status.as_u16()
    };
    let (target, source) = ("x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner");
    let copied = ("x-amz-copy-source", "bkt/k");
    for (owner, status) in [("root", 200), ("somebody", 403)] {
        assert_eq!(ask(Method::HEAD, "/bkt", &[(target, owner)]).await, status);
        assert_eq!(ask(Method::GET, "/bkt/k", &[(target, owner)]).await, status);
        assert_eq!(ask(Method::PUT, "/bkt/c", &[(target, owner), copied]).await, status);
        assert_eq!(ask(Method::PUT, "/bkt/c", &[(source, owner), copied]).await, status);
    }
    assert_eq!(ask(Method::HEAD, "/nobucket", &[(target, "somebody")]).await, 404);
}
