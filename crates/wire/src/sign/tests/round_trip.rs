//! What we sign, we verify: every scheme, every payload mode, hostile names.

use std::time::Duration;

use http::HeaderValue;

use super::*;

const NOW: &str = "20240229T235959Z";
const HEADER: (&str, &str) = ("content-language", "  two   blanks ");

/// Keys with every class of character that encoders disagree about.
const KEYS: [(&str, &str); 4] = [
    ("plain.txt", "/bucket/plain.txt"),
    ("a b+c&d=e?f#g%h", "/bucket/a%20b%2Bc%26d%3De%3Ff%23g%25h"),
    ("./../x//y", "/bucket/./../x//y"),
    ("дом/家", "/bucket/%D0%B4%D0%BE%D0%BC/%E5%AE%B6"),
];

#[test]
fn header_signatures_in_every_payload_mode() {
    let keys = SigningKeys::new();
    for dialect in [Dialect::S3, Dialect::Oss] {
        for payload in [
            ContentSha256::Unsigned,
            ContentSha256::Digest([7; 32]),
            ContentSha256::ChunkedSigned,
            ContentSha256::ChunkedSignedTrailer,
            ContentSha256::ChunkedUnsignedTrailer,
        ] {
            let mut parts = request("PUT", "http://host:9000/bucket/key?partNumber=1&uploadId=A%2FB", &[HEADER]);
            let signing = Signing { session_token: Some("token"), ..signing(dialect, at(NOW), &keys) };
            sign_v4_headers(&mut parts, payload, &signing).unwrap();
            let result = check(&parts, "sk", at(NOW), signing.target);
            if dialect == Dialect::Oss && payload.is_chunked() {
                assert!(matches!(result, Err(SignError::UnknownPayloadMode { .. })), "{payload}");
                continue;
            }
            let verified = result.unwrap();
            assert_eq!(verified.session_token.as_deref(), Some("token"));
            match (payload, verified.payload) {
                (ContentSha256::Unsigned, PayloadMode::Unsigned)
                | (ContentSha256::ChunkedSigned, PayloadMode::ChunkedSigned(_))
                | (ContentSha256::ChunkedSignedTrailer, PayloadMode::ChunkedSignedTrailer(_))
                | (ContentSha256::ChunkedUnsignedTrailer, PayloadMode::ChunkedUnsignedTrailer) => {}
                (ContentSha256::Digest(digest), PayloadMode::Sha256(expected)) => assert_eq!(digest, expected),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn every_scheme_with_hostile_keys() {
    let keys = SigningKeys::new();
    for (key, path) in KEYS {
        for dialect in [Dialect::S3, Dialect::Oss] {
            let signing = Signing { target: target("bucket", key), ..signing(dialect, at(NOW), &keys) };
            let check = |parts: &Parts, scheme| {
                let verified = check(parts, "sk", at(NOW), signing.target).unwrap();
                assert_eq!(verified.scheme, scheme, "{key}");
            };
            let uri = format!("https://host:443{path}?versionId=v%201");

            let mut parts = request("GET", &uri, &[HEADER]);
            sign_v4_headers(&mut parts, ContentSha256::Unsigned, &signing).unwrap();
            assert_eq!(parts.headers["host"], "host");
            check(&parts, if dialect == Dialect::S3 { Scheme::SigV4Header } else { Scheme::OssV4Header });

            let mut parts = request("GET", &uri, &[HEADER]);
            presign_v4(&mut parts, Duration::from_mins(1), &signing).unwrap();
            check(&parts, if dialect == Dialect::S3 { Scheme::SigV4Query } else { Scheme::OssV4Query });

            let mut parts = request("GET", &uri, &[]);
            sign_oss_v1_headers(&mut parts, &signing).unwrap();
            check(&parts, Scheme::OssV1Header);

            let mut parts = request("GET", &uri, &[]);
            presign_oss_v1(&mut parts, at(NOW), &signing).unwrap();
            check(&parts, Scheme::OssV1Query);
        }
    }
}

/// What `sk` signs of a canonical request that a client made in its own way.
pub(super) fn authorization(now: &str, signed: &str, canonical: &str) -> String {
    let scope = super::super::scheme::Scope {
        date: now[..8].into(),
        region: "r".into(),
        service: "s3".into(),
        terminator: "aws4_request",
    };
    let key = SigningKey::derive("AWS4", "sk", &scope);
    let signature = super::super::v4::sign(&super::super::v4::AWS, &key, now, &scope, canonical.as_bytes());
    let (scope, signature) = (scope.to_text(), hex::encode(signature));
    format!("AWS4-HMAC-SHA256 Credential=ak/{scope}, SignedHeaders={signed}, Signature={signature}")
}

/// A client that signs its own looser spelling of path, query and blanks, here as sent.
#[test]
fn looser_encodings_verify_as_sent() {
    let uri = "/bucket/it's(1)!*$,;:@&=.txt?prefix=a/b:c&marker=x!";
    let headers = [
        ("host", "h"),
        ("x-amz-date", NOW),
        ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        ("x-amz-meta-a", "two  blanks"),
    ];
    let mut parts = request("GET", uri, &headers);
    let canonical = format!(
        "GET\n/bucket/it's(1)!*$,;:@&=.txt\nmarker=x!&prefix=a/b:c\nhost:h\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n\
         x-amz-date:{NOW}\nx-amz-meta-a:two  blanks\n\nhost;x-amz-content-sha256;x-amz-date;x-amz-meta-a\n\
         UNSIGNED-PAYLOAD"
    );
    let authorization = authorization(NOW, "host;x-amz-content-sha256;x-amz-date;x-amz-meta-a", &canonical);
    parts.headers.insert("authorization", authorization.parse().unwrap());
    check(&parts, "sk", at(NOW), Target::default()).unwrap();
}

#[test]
fn http2_authority_stands_for_host() {
    let keys = SigningKeys::new();
    let mut parts = request("GET", "http://host:9000/bucket/key", &[]);
    sign_v4_headers(&mut parts, ContentSha256::Unsigned, &signing(Dialect::S3, at(NOW), &keys)).unwrap();
    parts.headers.remove("host");
    check(&parts, "sk", at(NOW), Target::default()).unwrap();
    parts.headers.insert("host", HeaderValue::from_static("other:9000"));
    let refused = check(&parts, "sk", at(NOW), Target::default());
    assert!(matches!(refused, Err(SignError::Malformed { field: "host", .. })), "{refused:?}");
}

#[test]
fn metadata_in_utf_8_is_signed_as_bytes() {
    let keys = SigningKeys::new();
    for dialect in [Dialect::S3, Dialect::Oss] {
        let mut parts = request("PUT", "http://host/bucket/key", &[]);
        let name = if dialect == Dialect::S3 { "x-amz-meta-name" } else { "x-oss-meta-name" };
        parts.headers.insert(name, HeaderValue::from_bytes("дом".as_bytes()).unwrap());
        parts.headers.append(name, HeaderValue::from_static("second"));
        sign_v4_headers(&mut parts, ContentSha256::Unsigned, &signing(dialect, at(NOW), &keys)).unwrap();
        check(&parts, "sk", at(NOW), target("bucket", "key")).unwrap();
    }
}

/// SDKs that do not know a parameter beginning with `x-oss-` leave it out of a V1 signature: valid, but not covered.
#[test]
fn v1_second_reading_covers_less() {
    let keys = SigningKeys::new();
    let signing = signing(Dialect::Oss, at(NOW), &keys);
    let mut signed = request("GET", "/bucket/key?acl", &[]);
    sign_oss_v1_headers(&mut signed, &signing).unwrap();
    signed.uri = "/bucket/key?x-oss-new=1&acl".parse().unwrap();
    let verified = check(&signed, "sk", at(NOW), signing.target).unwrap();
    assert!(verified.covers_query("acl") && !verified.covers_query("x-oss-new"));

    let mut signed = request("GET", "/bucket/key?x-oss-new=1&acl", &[]);
    sign_oss_v1_headers(&mut signed, &signing).unwrap();
    assert!(check(&signed, "sk", at(NOW), signing.target).unwrap().covers_query("x-oss-new"));
}

#[test]
fn a_python_client_sends_its_token_without_prefix() {
    let keys = SigningKeys::new();
    let mut parts = request("GET", "/bucket/key", &[("security-token", "token")]);
    sign_oss_v1_headers(&mut parts, &signing(Dialect::Oss, at(NOW), &keys)).unwrap();
    let verified = check(&parts, "sk", at(NOW), target("bucket", "key")).unwrap();
    assert_eq!(verified.session_token.as_deref(), Some("token"));
}

#[test]
fn an_expect_header_consumed_by_a_proxy_still_verifies() {
    let headers = [("host", "h"), ("x-amz-date", NOW), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")];
    let mut parts = request("PUT", "/bucket/key", &headers);
    let names = "expect;host;x-amz-content-sha256;x-amz-date";
    let authorization = |signature: &str| {
        let credential = "Credential=ak/20240229/r/s3/aws4_request";
        format!("AWS4-HMAC-SHA256 {credential},SignedHeaders={names},Signature={signature}").parse().unwrap()
    };
    parts.headers.insert("authorization", authorization("none"));
    let refused = mismatch(check(&parts, "sk", at(NOW), Target::default()));
    assert!(refused.canonical_request.unwrap().contains("\nexpect:100-continue\nhost:h\n"));
}

/// Names of parameters are what they decode to: for us, and for whoever routes the request afterwards.
#[test]
fn an_escaped_parameter_name_is_the_same_parameter() {
    let keys = SigningKeys::new();
    for dialect in [Dialect::S3, Dialect::Oss] {
        let mut parts = request("GET", "http://host/bucket/key?versionId=1", &[]);
        presign_v4(&mut parts, Duration::from_mins(1), &signing(dialect, at(NOW), &keys)).unwrap();
        parts.uri = parts.uri.to_string().replace("ignature=", "ignatur%65=").parse().unwrap();
        check(&parts, "sk", at(NOW), target("bucket", "key")).unwrap();
    }
}

#[test]
fn keys_are_remembered_only_after_success() {
    let keys = SigningKeys::new();
    let signing_keys = SigningKeys::new();
    let mut parts = request("GET", "http://host/bucket/key", &[]);
    sign_v4_headers(&mut parts, ContentSha256::Unsigned, &signing(Dialect::S3, at(NOW), &signing_keys)).unwrap();
    let credentials = detect(&parts).unwrap().unwrap();
    let context = VerifyContext { now: at(NOW), target: Target::default(), strict_region: None, keys: &keys };
    mismatch(verify(&parts, &credentials, "wrong", &context));
    verify_unknown(&parts, &credentials, &context).unwrap();
    assert_eq!(keys.len(), 0);
    for _ in 0..3 {
        verify(&parts, &credentials, "sk", &context).unwrap();
        assert_eq!(keys.len(), 1);
    }
    // The remembered key serves neither another secret nor an unknown id.
    mismatch(verify(&parts, &credentials, "wrong", &context));
    verify_unknown(&parts, &credentials, &context).unwrap();
}
