//! curl, for what everybody tries first.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::harness::{Headwater, Setup, command, find, run};

/// Status, header lines, and body of `curl ARGUMENTS`.
fn curl(arguments: &[&str]) -> (u16, Vec<String>, String) {
    let output = run(command(find("curl", "curl")).args(["-sS", "-i"]).args(arguments));
    let (head, body) = output.split_once("\r\n\r\n").expect("an answer has a head");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    (status.expect("a status line"), lines.map(ToOwned::to_owned).collect(), body.to_owned())
}

fn header<'a>(headers: &'a [String], name: &str) -> Option<&'a str> {
    let named = headers.iter().filter_map(|line| line.split_once(": "));
    named.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// A server whose public bucket `pub` has `k` with the body `0123456789`.
async fn public() -> Headwater {
    let server = Setup::new().flag("--domain", "store.test").start();
    server.client().put("/pub/", "").header("x-oss-acl", "public-read").send().await.expect(200);
    server.client().put("/pub/k", "0123456789").header("content-type", "text/x").send().await.expect(200);
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_reads_anonymously() {
    let server = public().await;
    let url = format!("{}/pub/k", server.endpoint());
    let (status, headers, body) = curl(&[&url]);
    assert_eq!((status, body.as_str()), (200, "0123456789"));
    for (name, value) in [
        ("content-length", "10"),
        ("content-type", "text/x"),
        ("accept-ranges", "bytes"),
        ("x-oss-object-type", "Normal"),
        // MD5 of the body in both spellings.
        ("etag", "\"781E5E245D69B566979B86E28D23F2C7\""),
        ("content-md5", "eB5eJF1ptWaXm4bijSPyxw=="),
    ] {
        assert_eq!(header(&headers, name), Some(value), "{name} in {headers:?}");
    }
    assert_eq!(header(&headers, "x-oss-request-id").map(str::len), Some(24), "{headers:?}");

    let modified = header(&headers, "last-modified").expect("a date").to_owned();
    let etag = "\"781E5E245D69B566979B86E28D23F2C7\"";
    assert_eq!(curl(&["-r", "2-4", &url]).2, "234");
    assert_eq!(curl(&["-r", "-3", &url]).2, "789");
    let (status, headers, body) = curl(&["-r", "2-4", "-H", &format!("If-Range: {etag}"), &url]);
    assert_eq!((status, body.as_str(), header(&headers, "content-range")), (206, "234", Some("bytes 2-4/10")));
    assert_eq!(curl(&["-H", &format!("If-None-Match: {etag}"), &url]).0, 304);
    assert_eq!(curl(&["-H", &format!("If-Modified-Since: {modified}"), &url]).0, 304);
    assert_eq!(curl(&["-H", "If-Match: \"other\"", &url]).0, 412);
    assert_eq!(curl(&["-H", "If-Unmodified-Since: Wed, 21 Oct 2015 07:28:00 GMT", &url]).0, 412);
    assert_eq!(curl(&["-X", "PUT", "-d", "x", &url]).0, 403);
    assert_eq!(curl(&["-X", "DELETE", &url]).0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_sees_the_error_of_a_head_in_a_header() {
    let server = public().await;
    let (status, headers, body) = curl(&["-I", &format!("{}/pub/missing", server.endpoint())]);
    assert_eq!((status, body.as_str()), (404, ""));
    let encoded = header(&headers, "x-oss-err").expect("the header is there");
    let xml = BASE64.decode(encoded.trim()).expect("base64");
    let xml = String::from_utf8(xml).expect("text");
    assert!(xml.contains("<Code>NoSuchKey</Code>") && xml.contains("<Key>missing</Key>"), "{xml}");
    assert_eq!(header(&headers, "x-oss-ec"), Some("0026-00000001"));
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_addresses_buckets_by_host_name() {
    let server = public().await;
    let port = server.address().port();
    let resolve = format!("pub.store.test:{port}:127.0.0.1");
    let (status, _, body) = curl(&["--resolve", &resolve, &format!("http://pub.store.test:{port}/k")]);
    assert_eq!((status, body.as_str()), (200, "0123456789"));
    let (status, _, body) = curl(&["--resolve", &resolve, &format!("http://pub.store.test:{port}/pub/k")]);
    assert!(status == 404 && body.contains("<Code>NoSuchKey</Code>"), "{status} {body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_signs_the_s3_way() {
    let server = public().await;
    let user = format!("{}:{}", server.key().id, server.key().secret);
    // curl 7 does not add the header by itself.
    let content = "x-amz-content-sha256: UNSIGNED-PAYLOAD";
    let signed = ["-H", content, "--aws-sigv4", "aws:amz:cn-hangzhou:s3", "-u", user.as_str()];
    let url = format!("{}/pub/curl", server.endpoint());
    let put: Vec<&str> = [&signed[..], &["-X", "PUT", "--data-binary", "by curl", &url]].concat();
    let (status, _, body) = curl(&put);
    assert_eq!(status, 200, "{body}");
    assert_eq!(curl(&[&signed[..], &[&url]].concat()).2, "by curl");
    assert_eq!(curl(&[&signed[..], &["-X", "DELETE", &url]].concat()).0, 204);
    let (status, headers, body) = curl(&[&signed[..], &[&url]].concat());
    assert!(status == 404 && body.contains("<Code>NoSuchKey</Code>"), "{status} {body}");
    assert!(header(&headers, "x-amz-request-id").is_some(), "{headers:?}");
}
