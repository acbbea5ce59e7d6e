//! The published vectors of the OSS schemes, each from the whole request.

use std::time::Duration;

use headwater_model::limits::MAX_PRESIGN_SECONDS;

use super::*;

const D: &str = "Wed, 28 Dec 2022 10:27:41 GMT";
const D_BASIC: &str = "20221228T102741Z";

#[test]
fn v1_header_of_the_manual() {
    let headers = [
        ("content-md5", "ODBGOERFMDMzQTczRUY3NUE3NzA5QzdFNUYzMDQxNEM="),
        ("content-type", "text/html"),
        ("date", "Thu, 17 Nov 2005 18:49:58 GMT"),
        ("x-oss-magic", "abracadabra"),
        ("x-oss-meta-author", "foo@bar.com"),
        ("authorization", "OSS 44CF9590006BF252F707:26NBxoKdsyly4EDv6inkoDft/yA="),
    ];
    let parts = request("PUT", "/nelson", &headers);
    let secret = "OtxrzxIsfpFjA7SwPzILwy8Bw21TLhquhboDYROV";
    let verified = check(&parts, secret, at("20051117T184958Z"), target("oss-example", "nelson")).unwrap();
    assert_eq!((verified.scheme, verified.access_key_id.as_str()), (Scheme::OssV1Header, "44CF9590006BF252F707"));
    let with =
        |name| check(&with_header(&parts, name), secret, at("20051117T184958Z"), target("oss-example", "nelson"));
    for name in ["content-md5", "content-type", "date", "x-oss-magic", "x-oss-absent"] {
        assert!(with(name).is_err(), "{name} is not covered");
    }
    assert!(with("range").is_ok());
}

#[test]
fn v1_header_with_oss_date() {
    let put = [
        ("content-md5", "eB5eJF1ptWaXm4bijSPyxw=="),
        ("content-type", "text/html"),
        // Not in the order of their names.
        ("x-oss-meta-magic", "abracadabra"),
        ("x-oss-meta-author", "alice"),
        ("x-oss-date", D),
    ];
    let get = [("x-oss-date", D)];
    for (method, uri, headers, key, signature) in [
        ("PUT", "/nelson", put.as_slice(), "nelson", "kSHKmLxlyEAKtZPkJhG9bZb5k7M="),
        ("GET", "/?resourceGroup&max-keys=5&acl", get.as_slice(), "", "x3E5TgOvl/i7PN618s5mEvpJDYk="),
    ] {
        let mut parts = request(method, uri, headers);
        // A Date beside x-oss-date is not the signed one, however far off.
        parts.headers.insert("date", "Thu, 01 Jan 1970 00:00:00 GMT".parse().unwrap());
        parts.headers.insert("authorization", format!("OSS ak:{signature}").parse().unwrap());
        let verified = check(&parts, "sk", at(D_BASIC), target("examplebucket", key)).unwrap();
        assert!(verified.covers_query("acl") && !verified.covers_query("max-keys"));
        let dated = with_header(&parts, "date");
        assert!(check(&dated, "sk", at(D_BASIC), target("examplebucket", key)).is_ok(), "x-oss-date stands in for it");

        let keys = SigningKeys::new();
        let target = target("examplebucket", key);
        sign_oss_v1_headers(&mut parts, &Signing { target, ..signing(Dialect::Oss, at(D_BASIC), &keys) }).unwrap();
        assert_eq!(parts.headers["authorization"], format!("OSS ak:{signature}"));
    }
}

#[test]
fn v1_url() {
    for (uri, key, expires, signature, token) in [
        ("/key?versionId=versionId", "key", 1_699_807_420, "dcLTea+Yh9ApirQ8o8dOPqtvJXQ=", None),
        ("/key%2B123?versionId=versionId", "key+123", 1_699_808_204, "jzKYRrM5y6Br0dRFPaTGOsbrDhY=", Some("token")),
    ] {
        let expires_at = Timestamp::from_seconds(expires);
        let target = target("bucket", key);
        let keys = SigningKeys::new();
        let mut parts = request("GET", uri, &[]);
        let signing = Signing { session_token: token, target, ..signing(Dialect::Oss, expires_at, &keys) };
        presign_oss_v1(&mut parts, expires_at, &signing).unwrap();
        let escaped = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        assert!(parts.uri.query().unwrap().ends_with(&format!("Expires={expires}&Signature={escaped}")));

        let verified = check(&parts, "sk", expires_at, target).unwrap();
        assert_eq!((verified.scheme, verified.session_token.as_deref()), (Scheme::OssV1Query, token));
        assert!(verified.covers_query("versionId") && verified.covers_query("Expires"));
        let late = check(&parts, "sk", Timestamp::from_seconds(expires + 1), target);
        assert!(matches!(late, Err(SignError::Expired { .. })));

        // Unescaped base64: its `+` arrives as a space.
        let sloppy = parts.uri.to_string().replace(&escaped, signature);
        check(&request("GET", &sloppy, &[]), "sk", expires_at, target).unwrap();
    }
}

const KEY: &str = "1234+-/123/1.txt";
/// As a client may send it: unsorted, one escape in lower case, an empty value with its `=`.
const URI: &str = "/1234%2B-/123/1.txt?%7cparam1=value4&param2=&%2Bparam1=value3&%2Bparam2&param1=value1&%7Cparam2";

#[test]
fn v4_header() {
    for (time, additional, lenient, signature) in [
        ("20231216T162057Z", "", false, "e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe"),
        ("20231216T172512Z", "abc;zabc", false, "4a4183c187c07c8947db7620deb0a6b38d9fbdd34187b6dbaccb316fa251212f"),
        (
            "20231216T172512Z",
            "zabc;content-type;absent;abc;x-oss-date",
            true,
            "4a4183c187c07c8947db7620deb0a6b38d9fbdd34187b6dbaccb316fa251212f",
        ),
    ] {
        let headers = [
            ("content-type", "text/plain"),
            ("x-oss-head1", "value"),
            ("x-oss-content-sha256", "UNSIGNED-PAYLOAD"),
            ("x-oss-date", time),
            ("abc", "value"),
            ("zabc", "value"),
        ];
        let mut parts = request("PUT", URI, &headers);
        let credential = "Credential=ak/20231216/cn-hangzhou/oss/aliyun_v4_request";
        let authorization = match (lenient, additional) {
            (true, names) => {
                format!("OSS4-HMAC-SHA256  {credential}, Signature={signature}, AdditionalHeaders={names}")
            }
            (false, "") => format!("OSS4-HMAC-SHA256 {credential},Signature={signature}"),
            (false, names) => format!("OSS4-HMAC-SHA256 {credential},AdditionalHeaders={names},Signature={signature}"),
        };
        parts.headers.insert("authorization", authorization.parse().unwrap());
        let verified = check(&parts, "sk", at(time), target("bucket", KEY)).unwrap();
        assert_eq!((verified.scheme, verified.access_key_id.as_str()), (Scheme::OssV4Header, "ak"));
        assert!(verified.covers_query("param1"));
        let with = |name| check(&with_header(&parts, name), "sk", at(time), target("bucket", KEY)).is_ok();
        assert!(!with("content-md5"));
        assert_eq!(with("abc"), additional.is_empty());

        if !lenient {
            let keys = SigningKeys::new();
            let names: Vec<&str> = additional.split(';').collect();
            let base = signing(Dialect::Oss, at(time), &keys);
            let signing = Signing { target: target("bucket", KEY), additional_headers: &names, ..base };
            sign_v4_headers(&mut parts, ContentSha256::Unsigned, &signing).unwrap();
            assert_eq!(parts.headers["authorization"], authorization);
        }
    }
}

#[test]
fn v4_canonical_request_is_the_published_one() {
    let headers = [
        ("content-type", "text/plain"),
        ("x-oss-head1", "value"),
        ("x-oss-content-sha256", "UNSIGNED-PAYLOAD"),
        ("x-oss-date", "20231216T162057Z"),
        ("authorization", "OSS4-HMAC-SHA256 Credential=ak/20231216/cn-hangzhou/oss/aliyun_v4_request,Signature=wrong"),
    ];
    let refused = check(&request("PUT", URI, &headers), "sk", at("20231216T162057Z"), target("bucket", KEY));
    assert_eq!(
        mismatch(refused).canonical_request.unwrap(),
        "PUT\n/bucket/1234%2B-/123/1.txt\n\
         %2Bparam1=value3&%2Bparam2&%7Cparam1=value4&%7Cparam2&param1=value1&param2\n\
         content-type:text/plain\nx-oss-content-sha256:UNSIGNED-PAYLOAD\nx-oss-date:20231216T162057Z\n\
         x-oss-head1:value\n\n\nUNSIGNED-PAYLOAD"
    );
}

#[test]
fn v4_url() {
    let headers = [("content-type", "application/octet-stream"), ("x-oss-head1", "value")];
    let now = at("20231217T025437Z");
    let keys = SigningKeys::new();
    let mut parts = request("PUT", URI, &headers);
    parts.headers.insert("host", "bucket.oss-cn-hangzhou.aliyuncs.com".parse().unwrap());
    let signing = Signing { target: target("bucket", KEY), ..signing(Dialect::Oss, now, &keys) };
    presign_v4(&mut parts, Duration::from_secs(599), &signing).unwrap();
    assert!(
        parts
            .uri
            .query()
            .unwrap()
            .ends_with("&x-oss-signature=a39966c61718be0d5b14e668088b3fa07601033f6518ac7b523100014269c0fe")
    );
    let verified = check(&parts, "sk", now, signing.target).unwrap();
    assert_eq!(verified.scheme, Scheme::OssV4Query);

    let too_long = presign_v4(&mut parts, Duration::from_secs(MAX_PRESIGN_SECONDS + 1), &signing);
    assert!(matches!(too_long, Err(SignError::Malformed { field: "x-oss-expires", .. })));
}
