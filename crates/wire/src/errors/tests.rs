mod table;

use headwater_model::error::MirrorFailureKind;

use super::*;
use crate::xml::parse;
use table::{deleted, marker, mirror, mismatch, table};

fn encoded(dialect: Dialect, error: &Error, method: &Method, owner: bool) -> Response<Body> {
    let context = ErrorContext {
        request_id: "5C3D9175B6FC201293AD0001",
        elapsed: Duration::from_millis(7),
        host: "bkt.example.org",
        method,
        path: "/bkt/k",
        bucket: Some("bkt"),
        key: Some("k"),
        owner,
        site: false,
    };
    encode_error(dialect, error, &context)
}

fn body(response: Response<Body>) -> String {
    match response.into_body() {
        Body::Full(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_website_of_s3_answers_with_a_page() {
    let key = "<k>&";
    let error = Error::NoSuchKey { key: key.into(), origin_status: None };
    let context = ErrorContext {
        request_id: "5C3D9175B6FC201293AD0001",
        elapsed: Duration::from_millis(7),
        host: "bkt.web.example.org",
        method: &Method::GET,
        path: "/k",
        bucket: Some("bkt"),
        key: Some(key),
        owner: false,
        site: true,
    };
    let head = encode_error(Dialect::S3, &error, &ErrorContext { method: &Method::HEAD, ..context });
    let page = encode_error(Dialect::S3, &error, &context);
    assert_eq!(head.headers(), page.headers());
    assert!(matches!(head.body(), Body::Empty));
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers()["x-amz-error-code"], "NoSuchKey");
    assert_eq!(page.headers()["x-amz-error-message"], "The specified key does not exist.");
    assert_eq!(
        body(page),
        "<html>\n<head><title>404 Not Found</title></head>\n<body>\n<h1>404 Not Found</h1>\n<ul><li>Code: NoSuchKey</li>\
         <li>Message: The specified key does not exist.</li><li>Key: &lt;k&gt;&amp;</li>\
         <li>RequestId: 5C3D9175B6FC201293AD0001</li><li>HostId: 5C3D9175B6FC201293AD0001</li></ul>\n<hr/>\n</body>\n\
         </html>\n"
    );
    let oss = encode_error(Dialect::Oss, &error, &context);
    assert_eq!(oss.headers()["content-type"], "application/xml");
}

#[test]
fn every_error_has_its_words_in_both_dialects() {
    for (error, s3, oss) in table() {
        for (dialect, (code, status)) in [(Dialect::S3, s3), (Dialect::Oss, oss)] {
            assert_eq!(error_code(dialect, &error), code, "{error:?}");
            let response = encoded(dialect, &error, &Method::GET, false);
            assert_eq!(response.status(), status, "{error:?}");
            assert_eq!(response.headers()["content-type"], "application/xml");
            let length = response.headers()["content-length"].clone();
            let text = body(response);
            assert_eq!(length, text.len().to_string());
            let document = parse(text.as_bytes()).unwrap();
            let root = document.root("Error").unwrap();
            assert_eq!(root.required_text("Code").unwrap(), code);
            assert!(!root.required_text("Message").unwrap().is_empty(), "{error:?}");
            assert_eq!(root.required_text("RequestId").unwrap(), "5C3D9175B6FC201293AD0001");
            assert!(!text.contains("secret"), "{text}");
        }
    }
}

#[test]
fn head_answers_have_no_body_and_oss_says_why_in_a_header() {
    for (error, (_, s3_status), (code, oss_status)) in table() {
        let response = encoded(Dialect::S3, &error, &Method::HEAD, false);
        assert_eq!(response.status(), s3_status);
        assert!(matches!(response.body(), Body::Empty));
        let response = encoded(Dialect::Oss, &error, &Method::HEAD, false);
        assert_eq!(response.status(), oss_status);
        assert!(matches!(response.body(), Body::Empty));
        let document = BASE64.decode(response.headers()["x-oss-err"].as_bytes()).unwrap();
        assert_eq!(parse(&document).unwrap().root("Error").unwrap().required_text("Code").unwrap(), code);
    }
}

#[test]
fn a_document_too_long_for_a_header_keeps_its_code() {
    let response = encoded(Dialect::Oss, &mismatch("x".repeat(60_000)), &Method::HEAD, false);
    let value = &response.headers()["x-oss-err"];
    assert!(value.len() < 2 * MAX_HEAD_DOCUMENT_BYTES);
    let document = BASE64.decode(value.as_bytes()).unwrap();
    let document = String::from_utf8(document).unwrap();
    assert!(document.contains("<Code>SignatureDoesNotMatch</Code>") && !document.contains("StringToSign"));
}

#[test]
fn the_documents_of_a_missing_key() {
    let error = Error::NoSuchKey { key: "k".into(), origin_status: None };
    let response = encoded(Dialect::Oss, &error, &Method::GET, false);
    for (name, value) in [
        ("server", "AliyunOSS"),
        ("x-oss-request-id", "5C3D9175B6FC201293AD0001"),
        ("x-oss-server-time", "7"),
        ("x-oss-ec", "0026-00000001"),
    ] {
        assert_eq!(response.headers()[name], value);
    }
    assert_eq!(
        body(response),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code>\
         <Message>The specified key does not exist.</Message><RequestId>5C3D9175B6FC201293AD0001</RequestId>\
         <HostId>bkt.example.org</HostId><Key>k</Key><EC>0026-00000001</EC>\
         <RecommendDoc>https://api.aliyun.com/troubleshoot?q=0026-00000001</RecommendDoc></Error>"
    );
    let response = encoded(Dialect::S3, &error, &Method::GET, false);
    assert_eq!(response.headers()["x-amz-request-id"], "5C3D9175B6FC201293AD0001");
    assert_eq!(response.headers()["x-amz-id-2"], "5C3D9175B6FC201293AD0001");
    assert!(!response.headers().contains_key("x-oss-ec"));
    assert_eq!(
        body(response),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code>\
         <Message>The specified key does not exist.</Message><Resource>/bkt/k</Resource>\
         <RequestId>5C3D9175B6FC201293AD0001</RequestId><HostId>5C3D9175B6FC201293AD0001</HostId>\
         <Key>k</Key></Error>"
    );
}

#[test]
fn mirror_failures_have_their_ec_and_tell_owners_the_reason() {
    for (kind, ec) in [
        (MirrorFailureKind::Answer, "0041-00000101"),
        (MirrorFailureKind::Refused, "0041-00000101"),
        (MirrorFailureKind::Unreachable, "0041-00000104"),
        (MirrorFailureKind::ForbiddenAddress, "0041-00000108"),
    ] {
        let response = encoded(Dialect::Oss, &mirror(kind, None), &Method::GET, false);
        assert_eq!(response.headers()["x-oss-ec"], ec);
        assert!(!response.headers().contains_key(RETRY_AFTER));
        assert!(!response.headers().contains_key("x-mirror-error"), "only owners may know");
        assert!(!body(response).contains("connect_refused"), "only owners may know");
    }
    for dialect in [Dialect::Oss, Dialect::S3] {
        let error = mirror(MirrorFailureKind::Unreachable, Some(Duration::from_millis(1500)));
        let response = encoded(dialect, &error, &Method::GET, true);
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        assert_eq!(response.headers()["x-mirror-error"], "connect_refused");
        let text = body(response);
        assert!(text.contains("<Reason>connect_refused</Reason><OriginStatus>503</OriginStatus>"), "{text}");
    }
}

#[test]
fn headers_say_what_http_wants_said() {
    let header = |error: &Error, name: HeaderName| {
        encoded(Dialect::S3, error, &Method::GET, false)
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let range = Error::InvalidRange { range: "bytes=9-".into(), size_bytes: 5 };
    assert_eq!(header(&range, CONTENT_RANGE).as_deref(), Some("bytes */5"));
    let method = Error::MethodNotAllowed { method: "PUT".into(), resource: "SERVICE" };
    assert_eq!(header(&method, ALLOW).as_deref(), Some("GET"));
    let slow = Error::SlowDown { limit: "fills", retry_after: Duration::ZERO };
    assert_eq!(header(&slow, RETRY_AFTER).as_deref(), Some("1"));
}

/// So S3 answers: the digest of an object in hexadecimal, of a document in base64, what was computed always in base64.
#[test]
fn the_expected_digest_of_an_object_is_hexadecimal() {
    let error = Error::BadDigest { header: "Content-MD5".into(), announced: "AP8=".into(), computed: "AQI=".into() };
    let told = |dialect, method| body(encoded(dialect, &error, &method, false));
    let of_object = told(Dialect::S3, Method::PUT);
    assert!(of_object.contains("<ExpectedDigest>00ff</ExpectedDigest><CalculatedDigest>AQI=</CalculatedDigest>"));
    assert!(told(Dialect::S3, Method::POST).contains("<ExpectedDigest>AP8=</ExpectedDigest>"));
    assert!(told(Dialect::Oss, Method::PUT).contains("<ExpectedDigest>AP8=</ExpectedDigest>"));
}

#[test]
fn delete_markers_show_themselves() {
    for (dialect, prefix) in [(Dialect::Oss, "x-oss-"), (Dialect::S3, "x-amz-")] {
        for error in [deleted(), marker()] {
            let response = encoded(dialect, &error.clone().into(), &Method::HEAD, false);
            let headers = response.headers();
            assert_eq!(headers[&format!("{prefix}delete-marker")], "true");
            assert_eq!(headers[&format!("{prefix}version-id")], "M1");
            let by_id = error == marker();
            assert_eq!(headers.get(ALLOW).is_some_and(|methods| methods == "DELETE"), by_id);
            assert_eq!(headers.contains_key(LAST_MODIFIED), by_id);
        }
    }
}

#[test]
fn signed_callers_learn_why_access_was_denied() {
    let error = Error::AccessDenied { reason: "the key may not write here" };
    let told = |owner| body(encoded(Dialect::S3, &error, &Method::GET, owner));
    assert!(told(true).contains("<Message>the key may not write here</Message>"));
    assert!(told(false).contains("<Message>Access Denied</Message>"));
}

#[test]
fn a_wrong_signature_shows_what_was_signed() {
    let text = body(encoded(Dialect::Oss, &mismatch("GET\n<a>".into()), &Method::GET, false));
    assert!(text.contains(
        "<OSSAccessKeyId>AK</OSSAccessKeyId><SignatureProvided>sig</SignatureProvided>\
         <StringToSign>GET\n&lt;a&gt;</StringToSign><StringToSignBytes>47 45 54 0A 3C 61 3E</StringToSignBytes>"
    ));
    let text = body(encoded(Dialect::S3, &mismatch("GET".into()), &Method::GET, false));
    assert!(
        text.contains("<AWSAccessKeyId>AK</AWSAccessKeyId>")
            && text.contains("<CanonicalRequest>GET\n/</CanonicalRequest>")
    );
}

#[test]
fn each_vendor_spells_the_missing_cors_configuration_its_way() {
    let words = [
        (Dialect::Oss, "The CORS Configuration does not exist."),
        (Dialect::S3, "The CORS configuration does not exist."),
    ];
    for (dialect, text) in words {
        let shown = body(encoded(dialect, &Error::NoSuchCors { bucket: "b".into() }, &Method::GET, false));
        assert!(shown.contains(text), "{shown}");
    }
}
