//! Requests that are refused, with the vendor's exact words, in both dialects; and that nothing happens by them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest as _, Md5};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Call, ClientKey, Headwater, Setup};

/// A server with the private bucket `bkt` that has `k`.
async fn server() -> Headwater {
    let server = Setup::new().start();
    server.client().put("/bkt/", "").send().await.expect(200);
    server.client().put("/bkt/k", "0123456789").send().await.expect(200);
    server
}

/// Holds a call to its error in the OSS dialect and in that of S3.
async fn expect<'a>(oss: (u16, &str), s3: (u16, &str), call: impl Fn() -> Call<'a>) {
    let answer = call().send().await.expect_error(oss.0, oss.1);
    let id = answer.header("x-oss-request-id").expect("OSS answers carry a request id").to_owned();
    assert_eq!(answer.element("RequestId"), Some(id));
    assert!(answer.element("HostId").is_some(), "{}", answer.text());
    let answer = call().s3().send().await.expect_error(s3.0, s3.1);
    assert!(answer.header("x-amz-request-id").is_some(), "{:?}", answer.headers);
}

async fn expect_both<'a>(status: u16, code: &str, call: impl Fn() -> Call<'a>) {
    expect((status, code), (status, code), call).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist() {
    let server = server().await;
    let client = server.client();
    expect_both(404, "NoSuchKey", || client.get("/bkt/missing")).await;
    expect_both(404, "NoSuchBucket", || client.get("/no-such-bucket/k")).await;
    expect_both(404, "NoSuchBucket", || client.put("/no-such-bucket/k", "x")).await;
    expect_both(404, "NoSuchBucket", || client.delete("/no-such-bucket/")).await;
    expect_both(409, "BucketNotEmpty", || client.delete("/bkt/")).await;
    expect_both(404, "NoSuchUpload", || client.put("/bkt/k?partNumber=1&uploadId=0123456789ABCDEF", "x")).await;
    expect((400, "InvalidBucketName"), (400, "InvalidBucketName"), || client.put("/Not_A_Bucket/", "")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_known() {
    let server = server().await;
    let right = server.client();
    let unknown = right.with_key(ClientKey { id: "NOSUCHKEY", secret: server.key().secret });
    let wrong = right.with_key(ClientKey { id: server.key().id, secret: "not-the-secret-of-this-key" });
    for target in ["/bkt/k", "/bkt/missing", "/no-such-bucket/k"] {
        // OSS looks for the bucket before the key, and its SDKs rest on that.
        let is_there = target.starts_with("/bkt/");
        let of_oss = if is_there { (403, "InvalidAccessKeyId") } else { (404, "NoSuchBucket") };
        expect(of_oss, (403, "InvalidAccessKeyId"), || unknown.get(target)).await;
        expect_both(403, "SignatureDoesNotMatch", || wrong.get(target)).await;
        expect_both(403, "RequestTimeTooSkewed", || right.get(target).clock_ahead(-16 * 60)).await;
        expect_both(403, "RequestTimeTooSkewed", || right.get(target).clock_ahead(16 * 60)).await;
        let lifetime = Duration::from_mins(1);
        expect_both(403, "AccessDenied", || right.get(target).clock_ahead(-120).presigned(lifetime)).await;
        expect_both(403, "SignatureDoesNotMatch", || wrong.get(target).presigned(lifetime)).await;
    }
    for client in [&unknown, &wrong] {
        let answer = client.get("/bkt/k").oss_v1().send().await.expect(403);
        assert!(
            ["InvalidAccessKeyId", "SignatureDoesNotMatch"].contains(&answer.element("Code").as_deref().unwrap_or(""))
        );
    }
    let skewed = right.get("/bkt/k").oss_v1().clock_ahead(-16 * 60).send().await;
    skewed.expect_error(403, "RequestTimeTooSkewed");
    right.get("/bkt/k").clock_ahead(14 * 60).send().await.expect(200);
    let anonymous = server.anonymous();
    for target in ["/bkt/k", "/bkt/missing"] {
        anonymous.get(target).send().await.expect_error(403, "AccessDenied");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_were_damaged_on_their_way() {
    let server = server().await;
    let client = server.client();
    let other = BASE64.encode(Md5::digest("another body"));
    expect((400, "InvalidDigest"), (400, "BadDigest"), || client.put("/bkt/new", "body").header("content-md5", &other))
        .await;
    expect_both(400, "InvalidDigest", || client.put("/bkt/new", "body").header("content-md5", "none")).await;
    client.get("/bkt/new").send().await.expect_error(404, "NoSuchKey");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_end_too_early() {
    let server = server().await;
    server.client().put("/open/", "").header("x-oss-acl", "public-read-write").send().await.expect(200);
    let mut stream = TcpStream::connect(server.address()).await.expect("the server accepts");
    let head = format!("PUT /open/new HTTP/1.1\r\nhost: {}\r\ncontent-length: 1000\r\n\r\nbody", server.address());
    stream.write_all(head.as_bytes()).await.expect("the server reads");
    stream.shutdown().await.expect("the connection is open");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the server ends the connection");
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
    server.anonymous().get("/open/new").send().await.expect(404);
    server.client().get("/open/new").send().await.expect_error(404, "NoSuchKey");
    server.client().put("/open/new", "whole").send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_that_must_not_replace() {
    let server = server().await;
    let client = server.client();
    let oss = client.put("/bkt/k", "new").header("x-oss-forbid-overwrite", "true");
    oss.send().await.expect_error(409, "FileAlreadyExists");
    let s3 = client.put("/bkt/k", "new").header("if-none-match", "*").s3();
    s3.send().await.expect_error(412, "PreconditionFailed");
    client.get("/bkt/k").send().await.expect(200).expect_body(b"0123456789");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_too_long() {
    let server = server().await;
    let client = server.client();
    let target = |bytes: usize| format!("/bkt/{}", "k".repeat(bytes));
    client.put(&target(1023), "x").send().await.expect(200);
    client.put(&target(1024), "x").send().await.expect_error(400, "InvalidObjectName");
    client.put(&target(1024), "x").s3().send().await.expect(200);
    client.put(&target(1025), "x").s3().send().await.expect_error(400, "KeyTooLongError");
    let answer = client.get("/bkt/k").header("x-long", &"v".repeat(100_000)).send().await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_are_no_xml() {
    let server = server().await;
    let client = server.client();
    let deep = format!("{}x{}", "<Delete>".repeat(40), "</Delete>".repeat(40));
    let huge = format!("<Delete><Object><Key>{}</Key></Object></Delete>", "k".repeat(1 << 20));
    let entities = "<!DOCTYPE d [<!ENTITY e \"k\">]><Delete><Object><Key>&e;</Key></Object></Delete>";
    let documents = [
        ("cut", "<Delete><Object><Key>k</Key></Object>"),
        ("another root", "<Other><Object><Key>k</Key></Object></Other>"),
        ("empty", ""),
        ("no text", "\u{0}\u{1}"),
        ("too deep", &deep),
        ("too large", &huge),
        ("with a DTD", entities),
    ];
    for (what, document) in documents {
        println!("{what}");
        let digest = BASE64.encode(Md5::digest(document));
        expect_both(400, "MalformedXML", || {
            client.post("/bkt/?delete", document.to_owned()).header("content-md5", &digest)
        })
        .await;
        expect_both(400, "MalformedXML", || client.put("/bkt/?website", document.to_owned())).await;
    }
    client.get("/bkt/k").send().await.expect(200).expect_body(b"0123456789");
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_that_are_not_offered() {
    let server = server().await;
    let client = server.client();
    for target in ["/bkt/?replication", "/bkt/?inventory"] {
        let answer = client.get(target).send().await;
        assert!(!answer.status.is_success(), "{target}: {}", answer.text());
        assert_eq!(answer.element("Code").as_deref(), Some("NotImplemented"), "{target}");
        let answer = client.put(target, "<X/>").s3().send().await.expect_error(501, "NotImplemented");
        assert!(answer.element("Message").is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_outside_the_object() {
    let server = server().await;
    let client = server.client();
    let outside = || client.get("/bkt/k").header("range", "bytes=10-20");
    outside().send().await.expect(200).expect_body(b"0123456789");
    expect_both(416, "InvalidRange", || outside().header("x-oss-range-behavior", "standard")).await;
    outside().s3().send().await.expect_error(416, "InvalidRange");
}
