//! Every way to be refused, by the variant that the caller answers with.

use std::time::Duration;

use http::HeaderValue;

use super::*;

const NOW: &str = "20240101T001500Z";

fn detected(uri: &str, headers: &[(&str, &str)]) -> Result<Option<Credentials>, SignError> {
    detect(&request("GET", uri, headers))
}

fn signed(dialect: Dialect, time: &str, change: impl FnOnce(&mut Parts)) -> Parts {
    let keys = SigningKeys::new();
    let mut parts = request("GET", "http://host/bucket/key", &[]);
    change(&mut parts);
    sign_v4_headers(&mut parts, ContentSha256::Unsigned, &signing(dialect, at(time), &keys)).unwrap();
    parts
}

fn presigned(dialect: Dialect, time: &str, lifetime_s: u64) -> Parts {
    let keys = SigningKeys::new();
    let mut parts = request("GET", "http://host/bucket/key", &[]);
    presign_v4(&mut parts, Duration::from_secs(lifetime_s), &signing(dialect, at(time), &keys)).unwrap();
    parts
}

fn verdict(parts: &Parts) -> Result<Verified, SignError> {
    check(parts, "sk", at(NOW), target("bucket", "key"))
}

fn replace_uri(parts: &mut Parts, from: &str, to: &str) {
    let text = parts.uri.to_string();
    assert!(text.contains(from), "{text} lacks {from}");
    parts.uri = text.replace(from, to).parse().unwrap();
}

/// Values are signed decoded and unescaped: without this, `a=1&versionId=V` and `a=1%26versionId=V` have one signature.
#[test]
fn a_signed_parameter_cannot_be_hidden_in_another() {
    let keys = SigningKeys::new();
    let uri = "http://host/bucket/key?response-cache-control=no-cache&versionId=V";
    let mut parts = request("GET", uri, &[]);
    presign_oss_v1(&mut parts, at(NOW), &signing(Dialect::Oss, at(NOW), &keys)).unwrap();
    verdict(&parts).unwrap();
    replace_uri(&mut parts, "no-cache&versionId=V", "no-cache%26versionId%3DV");
    assert!(matches!(verdict(&parts), Err(SignError::Malformed { .. })));
    let uri = "http://host/bucket/key?response-content-disposition=attachment%3Bfilename%3D%22a%26b%22";
    let mut parts = request("GET", uri, &[]);
    presign_oss_v1(&mut parts, at(NOW), &signing(Dialect::Oss, at(NOW), &keys)).unwrap();
    verdict(&parts).unwrap();
}

#[test]
fn anonymous_carries_nothing() {
    for uri in ["/b/k", "/b/k?acl", "/b/k?Expires=5", "/b/k?X-Amz-Date=20240101T000000Z&x-oss-date=1", "/b/k?%zz=1"] {
        assert!(detected(uri, &[]).unwrap().is_none(), "{uri}");
    }
}

#[test]
fn foreign_schemes_are_named() {
    for (value, scheme) in [
        ("AWS4-ECDSA-P256-SHA256 Credential=ak", "AWS4-ECDSA-P256-SHA256"),
        ("Bearer token", "Bearer"),
        ("Basic", "Basic"),
        ("", ""),
    ] {
        let refused = detected("/b/k", &[("authorization", value)]).unwrap_err();
        assert_eq!(refused, SignError::UnsupportedScheme { scheme: scheme.into() });
    }
    for (uri, scheme) in [
        ("/b/k?x-oss-signature-version=OSS3&x-oss-expires=1&x-oss-access-key-id=ak&x-oss-signature=s", "OSS3"),
        ("/b/k?x-oss-signature-version=OSS2", "OSS2"),
        ("/b/k?X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256", "AWS4-ECDSA-P256-SHA256"),
    ] {
        let refused = detected(uri, &[]).unwrap_err();
        assert_eq!(refused, SignError::UnsupportedScheme { scheme: scheme.into() });
    }
}

#[test]
fn two_signatures_are_refused() {
    let header = [("authorization", "OSS ak:sig=")];
    for uri in ["/b/k?Signature=s", "/b/k?X-Amz-Signature=s", "/b/k?x-oss-credential=c", "/b/k?OSSAccessKeyId=a"] {
        assert_eq!(detected(uri, &header).unwrap_err(), SignError::DuplicateAuth, "{uri}");
    }
    assert_eq!(detected("/b/k", &[header[0], header[0]]).unwrap_err(), SignError::DuplicateAuth);
    let two = detected("/b/k?X-Amz-Credential=c&OSSAccessKeyId=a", &[]);
    assert_eq!(two.unwrap_err(), SignError::DuplicateAuth);
}

#[test]
fn incomplete_urls_name_what_is_missing() {
    for (uri, missing) in [
        ("/b/k?OSSAccessKeyId=a&Signature=s", "Expires"),
        ("/b/k?OSSAccessKeyId=a&Expires=1", "Signature"),
        ("/b/k?Signature=s&Expires=1", "OSSAccessKeyId"),
        ("/b/k?OSSAccessKeyId=&Signature=s&Expires=1", "OSSAccessKeyId"),
    ] {
        assert_eq!(detected(uri, &[]).unwrap_err(), SignError::IncompleteQueryAuth { missing });
    }
    for dialect in [Dialect::S3, Dialect::Oss] {
        let whole = presigned(dialect, NOW, 60);
        let query = whole.uri.query().unwrap();
        for left_out in query.split('&') {
            let name = left_out.split_once('=').unwrap().0;
            let rest: Vec<&str> = query.split('&').filter(|pair| *pair != left_out).collect();
            let refused = detected(&format!("/bucket/key?{}", rest.join("&")), &[]).unwrap_err();
            assert!(matches!(refused, SignError::IncompleteQueryAuth { missing } if missing == name), "{refused:?}");
            let refused = detected(&format!("/bucket/key?{query}&{left_out}"), &[]).unwrap_err();
            assert!(matches!(refused, SignError::Malformed { field, .. } if field == name), "{refused:?}");
        }
    }
}

#[test]
fn malformed_claims() {
    for value in [
        "OSS ak",
        "OSS :sig",
        "OSS ak:",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=ak/20240101/r/s3/aws4_request,Signature=s",
        "AWS4-HMAC-SHA256 Credential=ak/20240101/r/s3/aws4_request,SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=ak/20240101/r/s3/aws4_request,SignedHeaders=host,Signature=s,Signature=s",
        "AWS4-HMAC-SHA256 Credential=ak/20240101/r/s3/aws4_request,SignedHeaders=host,Signature=s,Extra=1",
        "AWS4-HMAC-SHA256 Credential=ak/20240101/r/ec2/aws4_request,SignedHeaders=host,Signature=s",
        "AWS4-HMAC-SHA256 Credential=ak/20240101/r/s3/aws5_request,SignedHeaders=host,Signature=s",
        "AWS4-HMAC-SHA256 Credential=ak/2024011/r/s3/aws4_request,SignedHeaders=host,Signature=s",
        "AWS4-HMAC-SHA256 Credential=/20240101/r/s3/aws4_request,SignedHeaders=host,Signature=s",
        "AWS4-HMAC-SHA256 Credential=20240101/r/s3/aws4_request,SignedHeaders=host,Signature=s",
        "OSS4-HMAC-SHA256 Credential=ak/20240101/r/s3/aliyun_v4_request,Signature=s",
        "OSS4-HMAC-SHA256 Credential=ak/20240101/r/oss/aws4_request,Signature=s",
    ] {
        let refused = detected("/b/k", &[("authorization", value)]);
        assert!(matches!(refused, Err(SignError::Malformed { .. })), "{value}: {refused:?}");
    }
    let no_region = "Credential=ak/20240101//oss/aliyun_v4_request,Signature=s";
    let of_oss = detected("/b/k", &[("authorization", &format!("OSS4-HMAC-SHA256 {no_region}"))]);
    assert!(matches!(of_oss, Err(SignError::WrongRegion { .. })), "OSS names the region: {of_oss:?}");
    let of_s3 = no_region.replace("oss/aliyun_v4", "s3/aws4").replace("Sig", "SignedHeaders=host,Sig");
    let of_s3 = detected("/b/k", &[("authorization", &format!("AWS4-HMAC-SHA256 {of_s3}"))]);
    assert!(matches!(of_s3, Err(SignError::Malformed { field: "Credential", .. })), "{of_s3:?}");
    let slashes = [("authorization", "OSS4-HMAC-SHA256 Credential=a/b/c/20240101/r/oss/aliyun_v4_request,Signature=s")];
    assert_eq!(detected("/b/k", &slashes).unwrap().unwrap().access_key_id, "a/b/c");
}

#[test]
fn the_skew_window_is_fifteen_minutes_either_way() {
    for (time, allowed) in [
        ("20240101T000000Z", true),
        ("20231231T235959Z", false),
        ("20240101T003000Z", true),
        ("20240101T003001Z", false),
    ] {
        for dialect in [Dialect::S3, Dialect::Oss] {
            let result = verdict(&signed(dialect, time, |_| {}));
            check_skewed(result, time, allowed);
        }
        let keys = SigningKeys::new();
        let mut v1 = request("GET", "/bucket/key", &[]);
        sign_oss_v1_headers(&mut v1, &signing(Dialect::Oss, at(time), &keys)).unwrap();
        check_skewed(verdict(&v1), time, allowed);
    }
}

fn check_skewed(result: Result<Verified, SignError>, time: &str, allowed: bool) {
    let expected = SignError::TimeTooSkewed { request_time: at(time), server_time: at(NOW), max_ms: 900_000 };
    match result {
        Ok(_) => assert!(allowed, "{time}"),
        Err(error) => assert_eq!((allowed, error), (false, expected)),
    }
}

#[test]
fn dates_missing_unreadable_or_at_odds() {
    for (name, dialect) in [("x-amz-date", Dialect::S3), ("x-oss-date", Dialect::Oss)] {
        let whole = signed(dialect, NOW, |_| {});
        let with_date = |value: Option<&str>| {
            let mut parts = request("GET", "http://host/bucket/key", &[]);
            parts.headers = whole.headers.clone();
            parts.headers.remove(name);
            value.map(|value| parts.headers.insert(name, value.parse().unwrap()));
            parts
        };
        assert_eq!(verdict(&with_date(None)).unwrap_err(), SignError::MissingDate);
        for unreadable in ["", "yesterday", "20241301T000000Z", "2024-01-01T00:15:00Z"] {
            assert_eq!(verdict(&with_date(Some(unreadable))).unwrap_err(), SignError::MissingDate, "{unreadable}");
        }
        let yesterday = check(&with_date(Some("20231231T235959Z")), "sk", at("20240101T000000Z"), Target::default());
        assert!(matches!(yesterday, Err(SignError::Malformed { field: "Credential", .. })), "{yesterday:?}");
    }
    let v1 = request("GET", "/", &[("authorization", "OSS ak:sig=")]);
    assert_eq!(verdict(&v1).unwrap_err(), SignError::MissingDate);
}

#[test]
fn the_date_header_stands_in_for_the_vendors() {
    // SigV4 without x-amz-date: the string to sign has the Date header's time in the basic form.
    let mut parts = signed(Dialect::S3, NOW, |_| {});
    parts.headers.remove("x-amz-date");
    parts.headers.insert("date", "Mon, 01 Jan 2024 00:15:00 GMT".parse().unwrap());
    let text = parts.headers["authorization"].to_str().unwrap().replace(";x-amz-date", "");
    parts.headers.insert("authorization", text.parse().unwrap());
    assert!(mismatch(verdict(&parts)).string_to_sign.starts_with("AWS4-HMAC-SHA256\n20240101T001500Z\n"));
}

#[test]
fn presigned_windows() {
    for dialect in [Dialect::S3, Dialect::Oss] {
        assert!(verdict(&presigned(dialect, "20240101T003000Z", 1)).is_ok());
        let early = verdict(&presigned(dialect, "20240101T003001Z", 1));
        assert!(matches!(early, Err(SignError::NotYetValid { .. })), "{early:?}");
        assert!(verdict(&presigned(dialect, "20240101T001400Z", 60)).is_ok());
        let late = verdict(&presigned(dialect, "20240101T001400Z", 59));
        assert!(matches!(late, Err(SignError::Expired { .. })), "{late:?}");
        for bad in ["0", "604801", "-1", "+60", "6e2", "99999999999999999999999"] {
            let mut parts = presigned(dialect, NOW, 604_800);
            assert!(verdict(&parts).is_ok());
            replace_uri(&mut parts, "xpires=604800", &format!("xpires={}", bad.replace('+', "%2B")));
            let refused = verdict(&parts);
            let out_of_range = dialect == Dialect::S3 && !["+60", "6e2"].contains(&bad);
            match refused {
                Err(SignError::LifetimeOutOfRange) => assert!(out_of_range, "{bad}"),
                Err(SignError::Malformed { .. }) => assert!(!out_of_range, "{bad}"),
                other => panic!("{bad}: {other:?}"),
            }
        }
        let mut parts = presigned(dialect, NOW, 60);
        replace_uri(&mut parts, "ate=20240101T001500Z", "ate=today");
        assert!(matches!(verdict(&parts), Err(SignError::Malformed { .. })));
    }
    let v1 = request("GET", "/?OSSAccessKeyId=ak&Expires=soon&Signature=s", &[]);
    assert!(matches!(verdict(&v1), Err(SignError::Malformed { field: "Expires", .. })));
}

#[test]
fn vendor_headers_never_travel_unsigned() {
    let cases = [
        ("x-amz-tagging", Dialect::S3),
        ("x-amz-copy-source", Dialect::S3),
        ("x-amz-decoded-content-length", Dialect::S3),
        ("x-amz-content-sha256", Dialect::S3),
        ("x-oss-tagging", Dialect::S3),
        ("x-amz-tagging", Dialect::Oss),
    ];
    for (name, dialect) in cases {
        let mut parts = presigned(dialect, NOW, 60);
        parts.headers.insert(name, HeaderValue::from_static(""));
        assert_eq!(verdict(&parts).unwrap_err(), SignError::HeaderNotSigned { name: name.into() });
    }
    // OSS signs its own prefix whether listed or not: adding one breaks the signature.
    let mut parts = presigned(Dialect::Oss, NOW, 60);
    parts.headers.insert("x-oss-tagging", HeaderValue::from_static("a=b"));
    mismatch(verdict(&parts));
    let keys = SigningKeys::new();
    let mut v1 = request("GET", "/bucket/key", &[("x-amz-tagging", "a")]);
    sign_oss_v1_headers(&mut v1, &signing(Dialect::Oss, at(NOW), &keys)).unwrap();
    assert!(matches!(verdict(&v1), Err(SignError::HeaderNotSigned { .. })));
}

#[test]
fn host_and_listed_headers() {
    let rewrite = |from: &str, to: &str| {
        let mut parts = signed(Dialect::S3, NOW, |_| {});
        let text = parts.headers["authorization"].to_str().unwrap().replace(from, to);
        parts.headers.insert("authorization", text.parse().unwrap());
        verdict(&parts).unwrap_err()
    };
    assert_eq!(rewrite("=host;", "="), SignError::HeaderNotSigned { name: "host".into() });
    assert_eq!(rewrite("=host;", "=host;range;"), SignError::HeaderNotSigned { name: "range".into() });
    assert!(matches!(rewrite("=host;", "=host;host;"), SignError::Malformed { field: "SignedHeaders", .. }));
    assert!(matches!(rewrite("=host;", "=Range;host;"), SignError::Malformed { field: "SignedHeaders", .. }));
}

#[test]
fn payload_modes() {
    for value in ["", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "unsigned-payload", "abcd", "STREAMING"] {
        let mut parts = signed(Dialect::S3, NOW, |_| {});
        parts.headers.insert("x-amz-content-sha256", value.parse().unwrap());
        assert_eq!(verdict(&parts).unwrap_err(), SignError::UnknownPayloadMode { value: value.into() });
    }
    // Signed by `curl --aws-sigv4`, which does not name the digest of an empty body.
    let silent = |name: &'static str, value: &'static str| {
        let mut parts = request("DELETE", "/bucket/key", &[("host", "h"), ("x-amz-date", NOW), (name, value)]);
        let digest = if name == "unsaid" { "UNSIGNED-PAYLOAD" } else { EMPTY_DIGEST };
        let canonical = format!("DELETE\n/bucket/key\n\nhost:h\nx-amz-date:{NOW}\n\nhost;x-amz-date\n{digest}");
        let text = super::round_trip::authorization(NOW, "host;x-amz-date", &canonical);
        parts.headers.insert("authorization", text.parse().unwrap());
        verdict(&parts)
    };
    let payload = silent("content-length", "0").unwrap().payload;
    assert!(matches!(payload, PayloadMode::Sha256(digest) if hex::encode(digest) == EMPTY_DIGEST), "{payload:?}");
    mismatch(silent("unsaid", "1"));
    for (name, value) in [("content-length", "1"), ("transfer-encoding", "chunked")] {
        let refused = silent(name, value).unwrap_err();
        assert_eq!(refused, SignError::MissingHeader { name: "x-amz-content-sha256" });
    }

    let mut parts = presigned(Dialect::S3, NOW, 60);
    replace_uri(&mut parts, "?", "?X-Amz-Content-Sha256=STREAMING&");
    assert!(matches!(verdict(&parts), Err(SignError::UnknownPayloadMode { .. })));
    replace_uri(&mut parts, "?", "?X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&");
    assert!(matches!(verdict(&parts), Err(SignError::Malformed { .. })));
}

#[test]
fn decoded_length_is_a_plain_number() {
    let length = |value: &str| decoded_content_length(&request("PUT", "/", &[("x-amz-decoded-content-length", value)]));
    assert_eq!(length("66560").unwrap(), 66_560);
    for bad in ["", "-1", "+1", "1.5", "0x10", "99999999999999999999999"] {
        assert!(matches!(length(bad), Err(SignError::Malformed { .. })), "{bad}");
    }
    let missing = decoded_content_length(&request("PUT", "/", &[]));
    assert_eq!(missing.unwrap_err(), SignError::MissingHeader { name: "x-amz-decoded-content-length" });
}

#[test]
fn claims_do_not_show_signature_or_token_in_logs() {
    let keys = SigningKeys::new();
    for dialect in [Dialect::S3, Dialect::Oss] {
        let mut parts = request("GET", "http://host/bucket/key", &[]);
        let signing = Signing { session_token: Some("private-token"), ..signing(dialect, at(NOW), &keys) };
        sign_v4_headers(&mut parts, ContentSha256::ChunkedUnsignedTrailer, &signing).unwrap();
        let signature = parts.headers["authorization"].to_str().unwrap().rsplit_once('=').unwrap().1.to_owned();
        let credentials = detect(&parts).unwrap().unwrap();
        let shown = format!("{credentials:?} {:?} {signing:?}", verdict(&parts));
        assert!(!shown.contains("private-token") && !shown.contains(&signature) && !shown.contains("sk"), "{shown}");
    }
}

#[test]
fn a_strict_region_is_insisted_on() {
    let keys = SigningKeys::new();
    for dialect in [Dialect::S3, Dialect::Oss] {
        let parts = signed(dialect, NOW, |_| {});
        let credentials = detect(&parts).unwrap().unwrap();
        let verdict = |strict_region| {
            let target = target("bucket", "key");
            verify(&parts, &credentials, "sk", &VerifyContext { now: at(NOW), target, strict_region, keys: &keys })
        };
        assert!(verdict(None).is_ok() && verdict(Some("cn-hangzhou")).is_ok());
        let expected = SignError::WrongRegion { signed: "cn-hangzhou".into(), expected: "us-east-1".into() };
        assert_eq!(verdict(Some("us-east-1")).unwrap_err(), expected);
    }
}

#[test]
fn broken_escapes_in_the_query_are_malformed() {
    for uri in ["/bucket/key?a=%zz", "/bucket/key?%4=1", "/bucket/key?a=%"] {
        let mut parts = signed(Dialect::S3, NOW, |_| {});
        parts.uri = uri.parse().unwrap();
        assert!(matches!(verdict(&parts), Err(SignError::Malformed { field: "query", .. })), "{uri}");
    }
}

#[test]
fn an_error_document_gets_what_it_needs_and_logs_do_not() {
    let mut parts = signed(Dialect::S3, NOW, |_| {});
    parts.headers.insert("x-amz-date", "20240101T001501Z".parse().unwrap());
    let error = verdict(&parts).unwrap_err();
    assert!(!format!("{error:?} {error}").contains("20240101T001501Z"));
    let SignError::Mismatch(mismatch) = error else { panic!("{error:?}") };
    assert!(mismatch.string_to_sign.contains("\n20240101T001501Z\n20240101/cn-hangzhou/s3/aws4_request\n"));
    assert!(mismatch.canonical_request.unwrap().starts_with("GET\n/bucket/key\n\nhost:host\n"));
    assert_eq!(mismatch.provided.len(), 64);
}
