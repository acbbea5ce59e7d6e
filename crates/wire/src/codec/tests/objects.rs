//! Answers with objects.

use bytes::Bytes;
use headwater_model::digest::{Checksum, ChecksumAlgorithm};
use headwater_model::object::ContentHeaders;
use headwater_model::reply::{KnownFacts, ObjectReply, RelayedReply, Served};

use super::*;

fn hit(meta: ObjectMeta) -> ObjectReply {
    ObjectReply::hit(Arc::new(meta), Body::Full(Bytes::from_static(b"hello world")))
}

fn headers(response: &Response<Body>) -> Vec<(String, String)> {
    let mut all: Vec<_> = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    all.sort();
    all
}

fn as_pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_hit_in_both_dialects() {
    let mut meta = meta();
    meta.headers.content.content_type = Some("text/plain".into());
    meta.headers.content.cache_control = Some("no-cache".into());
    meta.headers.user = vec![("author".into(), "键".into())];
    let response = answer(OSS, "GET /bkt/k", Reply::Object(Box::new(hit(meta.clone()))));
    assert_eq!(response.status(), 200);
    assert_eq!(
        headers(&response),
        as_pairs(&[
            ("accept-ranges", "bytes"),
            ("cache-control", "no-cache"),
            ("content-length", "11"),
            ("content-md5", "XrY7u+Ae7tCTyyK7j1rNww=="),
            ("content-type", "text/plain"),
            ("etag", "\"5EB63BBBE01EEED093CB22BB8F5ACDC3\""),
            ("last-modified", "Sat, 16 Dec 2023 16:20:57 GMT"),
            ("server", "AliyunOSS"),
            ("x-oss-hash-crc64ecma", "5981764153023615706"),
            ("x-oss-meta-author", "键"),
            ("x-oss-object-type", "Normal"),
            ("x-oss-request-id", "5C3D9175B6FC201293AD0001"),
            ("x-oss-server-time", "7"),
            ("x-oss-storage-class", "Standard"),
        ])
    );
    let response = answer(S3, "GET /bkt/k", Reply::Object(Box::new(hit(meta))));
    assert_eq!(
        headers(&response),
        as_pairs(&[
            ("accept-ranges", "bytes"),
            ("cache-control", "no-cache"),
            ("content-length", "11"),
            ("content-type", "text/plain"),
            ("etag", "\"5eb63bbbe01eeed093cb22bb8f5acdc3\""),
            ("last-modified", "Sat, 16 Dec 2023 16:20:57 GMT"),
            ("server", "Headwater"),
            ("x-amz-id-2", "5C3D9175B6FC201293AD0001"),
            ("x-amz-meta-author", "键"),
            ("x-amz-request-id", "5C3D9175B6FC201293AD0001"),
        ])
    );
}

#[test]
fn a_range_of_a_hit() {
    for host in BOTH {
        let mut reply = hit(meta());
        reply.range = Some(6..11);
        let response = answer(host, "GET /bkt/k", Reply::Object(Box::new(reply)));
        assert_eq!(response.status(), 206);
        assert_eq!(response.headers()["content-range"], "bytes 6-10/11");
        assert_eq!(response.headers()["content-length"], "5");
        assert_eq!(response.headers()["content-type"], "application/octet-stream");
        assert!(!response.headers().contains_key("content-md5"), "it would be taken for that of the range");
    }
}

#[test]
fn a_miss_tells_only_what_is_final() {
    let miss = |facts| {
        let mut meta = meta();
        meta.provenance = Provenance::Mirrored;
        meta.checksum = Some(Checksum { algorithm: ChecksumAlgorithm::Crc32, value: vec![0; 4] });
        Reply::Object(Box::new(ObjectReply { served: Served::Miss, facts, ..hit(meta) }))
    };
    let nothing = KnownFacts { size: false, etag: false, digests: false };
    let response = answer(OSS, "GET /bkt/k", miss(nothing));
    for absent in ["content-length", "etag", "content-md5", "x-oss-hash-crc64ecma"] {
        assert!(!response.headers().contains_key(absent), "{absent}");
    }
    assert_eq!(response.headers()["x-oss-tag"], "MIRROR");
    assert_eq!(response.headers()["last-modified"], "Sat, 16 Dec 2023 16:20:57 GMT");

    let response = answer(OSS, "GET /bkt/k", miss(KnownFacts { size: true, etag: true, digests: false }));
    assert_eq!(response.headers()["content-length"], "11");
    assert!(response.headers().contains_key("etag") && response.headers().contains_key("content-md5"));

    let asked = [("x-amz-checksum-mode", "ENABLED")];
    let response = answer_with(S3, "GET /bkt/k", &asked, miss(nothing));
    assert!(!response.headers().contains_key("x-amz-checksum-crc32"));
    assert!(!response.headers().contains_key("x-oss-tag"));

    let Reply::Object(mut ranged) = miss(nothing) else { unreachable!() };
    ranged.range = Some(0..5);
    let response = answer(OSS, "GET /bkt/k", Reply::Object(ranged));
    assert_eq!(response.headers()["content-range"], "bytes 0-4/*");
}

#[test]
fn checksums_are_told_to_those_who_ask() {
    let mut meta = meta();
    meta.checksum = Some(Checksum { algorithm: ChecksumAlgorithm::Crc32, value: vec![0x0d, 0x4a, 0x11, 0x85] });
    let reply = || Reply::Object(Box::new(hit(meta.clone())));
    let response = answer_with(S3, "GET /bkt/k", &[("x-amz-checksum-mode", "enabled")], reply());
    assert_eq!(response.headers()["x-amz-checksum-crc32"], "DUoRhQ==");
    assert_eq!(response.headers()["x-amz-checksum-type"], "FULL_OBJECT");
    assert!(!answer(S3, "GET /bkt/k", reply()).headers().contains_key("x-amz-checksum-crc32"));
    let Reply::Object(mut ranged) = reply() else { unreachable!() };
    ranged.range = Some(0..5);
    let response = answer_with(S3, "GET /bkt/k", &[("x-amz-checksum-mode", "enabled")], Reply::Object(ranged));
    assert!(!response.headers().contains_key("x-amz-checksum-crc32"), "clients would compare it with the range");
}

#[test]
fn overrides_and_status_replace_what_is_stored() {
    let mut reply = hit(meta());
    reply.overrides = ContentHeaders { content_type: Some("text/css".into()), ..ContentHeaders::default() };
    reply.status = Some(404);
    let response = answer(OSS, "GET /bkt/k", Reply::Object(Box::new(reply)));
    assert_eq!((response.status().as_u16(), &response.headers()["content-type"]), (404, &"text/css".parse().unwrap()));
}

#[test]
fn not_modified_keeps_the_validators() {
    for host in BOTH {
        let response = answer(host, "GET /bkt/k", Reply::NotModified(Arc::new(meta())));
        assert_eq!(response.status(), 304);
        assert!(response.headers().contains_key("etag") && response.headers().contains_key("last-modified"));
        assert!(!response.headers().contains_key("content-length"));
        assert!(!response.headers().contains_key("content-type"));
        assert!(matches!(response.body(), Body::Empty));
    }
}

#[test]
fn object_meta_is_three_facts() {
    let response = answer(OSS, "HEAD /bkt/k?objectMeta", Reply::ObjectMeta(Arc::new(meta())));
    assert_eq!(response.headers()["content-length"], "11");
    assert_eq!(response.headers()["etag"], "\"5EB63BBBE01EEED093CB22BB8F5ACDC3\"");
    assert!(response.headers().contains_key("last-modified"));
    assert!(!response.headers().contains_key("content-type"));
    let response = answer(OSS, "GET /bkt/k?objectMeta", Reply::ObjectMeta(Arc::new(meta())));
    assert_eq!(response.headers()["content-length"], "0", "it frames the body, and there is none");
}

#[test]
fn relayed_answers_keep_status_and_location() {
    let relayed = |status, body, content_length| {
        Reply::Relayed(Box::new(RelayedReply {
            status,
            location: Some("http://example.org/%E9%94%AE".into()),
            content_type: None,
            body,
            content_length,
            origin_status: Some(status),
        }))
    };
    for host in BOTH {
        let response = answer(host, "GET /bkt/k", relayed(302, Body::Empty, None));
        assert_eq!(response.status(), 302);
        assert_eq!(response.headers()["location"], "http://example.org/%E9%94%AE");
        assert_eq!(response.headers()["content-length"], "0");
    }
    let response = answer(OSS, "GET /bkt/k", relayed(400, Body::Full(Bytes::from_static(b"no")), None));
    assert_eq!(response.headers()["content-length"], "2");
    let response = answer(OSS, "HEAD /bkt/k", relayed(404, Body::Empty, Some(9)));
    assert_eq!(response.headers()["content-length"], "9");
}

#[test]
fn stored_objects_and_parts() {
    let response = answer(OSS, "PUT /bkt/k", Reply::Stored(Arc::new(meta())));
    assert_eq!(response.headers()["etag"], "\"5EB63BBBE01EEED093CB22BB8F5ACDC3\"");
    assert_eq!(response.headers()["content-md5"], "XrY7u+Ae7tCTyyK7j1rNww==");
    assert_eq!(response.headers()["x-oss-hash-crc64ecma"], "5981764153023615706");
    assert_eq!(response.headers()["content-length"], "0");
    let response = answer(S3, "PUT /bkt/k", Reply::Stored(Arc::new(meta())));
    assert_eq!(response.headers()["etag"], "\"5eb63bbbe01eeed093cb22bb8f5acdc3\"");
    assert!(!response.headers().contains_key("content-md5"));
}

#[test]
fn what_removes_answers_204() {
    for host in BOTH {
        for (line, status) in [
            ("DELETE /bkt/k", 204),
            ("DELETE /bkt", 204),
            ("DELETE /bkt?website", 204),
            ("DELETE /bkt/k?uploadId=1", 204),
            ("PUT /bkt?acl", 200),
            ("PUT /bkt?website", 200),
        ] {
            let response = answer(host, line, Reply::Done);
            assert_eq!(response.status(), status, "{line}");
            assert_eq!(response.headers().contains_key("content-length"), status == 200, "{line}");
        }
    }
}
