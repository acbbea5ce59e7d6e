use headwater_model::clock::Timestamp;
use headwater_model::error::{MirrorFailure, MirrorFailureKind, SignatureMismatch, VersionError};
use headwater_model::version::VersionId;

use super::*;
use crate::xml::parse;

fn mirror(kind: MirrorFailureKind, retry_after: Option<Duration>) -> Error {
    Error::MirrorFailed(Box::new(MirrorFailure {
        kind,
        message: "Mirroring failed, please check your mirror configuration.".into(),
        retry_after,
        reason: "connect_refused",
        origin_status: Some(503),
    }))
}

fn mismatch(string_to_sign: String) -> Error {
    Error::SignatureMismatch(Box::new(SignatureMismatch {
        access_key_id: "AK".into(),
        provided: "sig".into(),
        string_to_sign: string_to_sign.into(),
        canonical_request: Some("GET\n/".into()),
    }))
}

fn deleted() -> VersionError {
    VersionError::Deleted { key: "k".into(), marker: "M1".into() }
}

fn marker() -> VersionError {
    VersionError::IsMarker { version: "M1".into(), last_modified: Timestamp(0) }
}

/// Code and status.
type Words = (&'static str, u16);

/// Every variant once, with the words of S3, then of OSS.
fn table() -> Vec<(Error, Words, Words)> {
    let bucket = || "bkt".into();
    let key = || "k".into();
    let second = Duration::from_millis(1500);
    vec![
        (Error::NoSuchBucketPolicy { bucket: bucket() }, ("NoSuchBucketPolicy", 404), ("NoSuchBucketPolicy", 404)),
        (
            Error::NoSuchPublicAccessBlock { bucket: bucket() },
            ("NoSuchPublicAccessBlockConfiguration", 404),
            ("NoSuchPublicAccessBlockConfiguration", 404),
        ),
        (
            Error::NoSuchOwnershipControls { bucket: bucket() },
            ("OwnershipControlsNotFoundError", 404),
            ("OwnershipControlsNotFoundError", 404),
        ),
        (
            Error::AclsDisabled { bucket: bucket() },
            ("AccessControlListNotSupported", 400),
            ("AccessControlListNotSupported", 400),
        ),
        (
            Error::AclForbidsOwnership { bucket: bucket() },
            ("InvalidBucketAclWithObjectOwnership", 400),
            ("InvalidBucketAclWithObjectOwnership", 400),
        ),
        (
            Error::UnresolvableEmail { email: "a@b".into() },
            ("UnresolvableGrantByEmailAddress", 400),
            ("UnresolvableGrantByEmailAddress", 400),
        ),
        (Error::BucketAlreadyExists { bucket: bucket() }, ("BucketAlreadyExists", 409), ("BucketAlreadyExists", 409)),
        (Error::MalformedPolicy { message: "Effect".into() }, ("MalformedPolicy", 400), ("InvalidPolicyDocument", 400)),
        (Error::InvalidToken, ("InvalidToken", 400), ("InvalidSecurityToken", 403)),
        (Error::ExpiredToken, ("ExpiredToken", 400), ("SecurityTokenExpired", 403)),
        (Error::InvalidBucketName { name: bucket() }, ("InvalidBucketName", 400), ("InvalidBucketName", 400)),
        (Error::InvalidObjectName { key: key() }, ("InvalidURI", 400), ("InvalidObjectName", 400)),
        (
            Error::KeyTooLong { size_bytes: 2000, limit_bytes: 1024 },
            ("KeyTooLongError", 400),
            ("InvalidObjectName", 400),
        ),
        (Error::NoSuchBucket { bucket: bucket() }, ("NoSuchBucket", 404), ("NoSuchBucket", 404)),
        (Error::NoSuchKey { key: key(), origin_status: None }, ("NoSuchKey", 404), ("NoSuchKey", 404)),
        (Error::NoSuchVersion { key: key(), version: VersionId::Null }, ("NoSuchVersion", 404), ("NoSuchVersion", 404)),
        (Error::ObjectLocked { key: key(), version: VersionId::Null }, ("AccessDenied", 403), ("FileImmutable", 409)),
        (deleted().into(), ("NoSuchKey", 404), ("NoSuchKey", 404)),
        (marker().into(), ("MethodNotAllowed", 405), ("MethodNotAllowed", 405)),
        (
            VersionError::InvalidBucketState { message: "m".into() }.into(),
            ("InvalidBucketState", 409),
            ("InvalidBucketState", 409),
        ),
        (
            VersionError::NoLockConfiguration { bucket: bucket() }.into(),
            ("ObjectLockConfigurationNotFoundError", 404),
            ("NoSuchObjectWormConfiguration", 404),
        ),
        (
            VersionError::NoLock { key: key() }.into(),
            ("NoSuchObjectLockConfiguration", 404),
            ("NoSuchObjectWormConfiguration", 404),
        ),
        (
            VersionError::InvalidRetentionPeriod { message: "m".into() }.into(),
            ("InvalidRetentionPeriod", 400),
            ("InvalidRetentionPeriod", 400),
        ),
        (
            VersionError::NoWorm { bucket: bucket() }.into(),
            ("NoSuchWORMConfiguration", 404),
            ("NoSuchWORMConfiguration", 404),
        ),
        (
            VersionError::WormLocked { bucket: bucket() }.into(),
            ("WORMConfigurationLocked", 403),
            ("WORMConfigurationLocked", 403),
        ),
        (
            VersionError::InvalidWorm { message: "m".into() }.into(),
            ("InvalidWORMConfiguration", 400),
            ("InvalidWORMConfiguration", 400),
        ),
        (Error::NoSuchUpload { upload_id: "U".into() }, ("NoSuchUpload", 404), ("NoSuchUpload", 404)),
        (Error::AppendPosition { next: 3 }, ("PositionNotEqualToLength", 409), ("PositionNotEqualToLength", 409)),
        (Error::NotAppendable { key: key() }, ("ObjectNotAppendable", 409), ("ObjectNotAppendable", 409)),
        (Error::NotSymlink { key: key() }, ("NotSymlink", 400), ("NotSymlink", 400)),
        (
            Error::SymlinkTarget { target: key(), is_link: false },
            ("SymlinkTargetNotExist", 404),
            ("SymlinkTargetNotExist", 404),
        ),
        (Error::SymlinkTarget { target: key(), is_link: true }, ("InvalidTargetType", 400), ("InvalidTargetType", 400)),
        (
            Error::NoSuchLogFields { bucket: bucket() },
            ("NoSuchUserDefinedLogFieldsConfig", 404),
            ("NoSuchUserDefinedLogFieldsConfig", 404),
        ),
        (
            Error::InvalidLogTarget { target: bucket() },
            ("InvalidTargetBucketForLogging", 400),
            ("InvalidTargetBucketForLogging", 400),
        ),
        (Error::DeniedByReferer, ("AccessDenied", 403), ("AccessDenied", 403)),
        (Error::NoSuchLifecycle { bucket: bucket() }, ("NoSuchLifecycleConfiguration", 404), ("NoSuchLifecycle", 404)),
        (
            Error::NoSuchEncryption { bucket: bucket() },
            ("ServerSideEncryptionConfigurationNotFoundError", 404),
            ("NoSuchServerSideEncryptionRule", 404),
        ),
        (
            Error::InvalidEncryptionAlgorithm { algorithm: "AES192".into() },
            ("InvalidEncryptionAlgorithmError", 400),
            ("InvalidEncryptionAlgorithmError", 400),
        ),
        (Error::NoSuchCors { bucket: bucket() }, ("NoSuchCORSConfiguration", 404), ("NoSuchCORSConfiguration", 404)),
        (Error::CorsForbidden { enabled: false }, ("AccessForbidden", 403), ("AccessForbidden", 403)),
        (Error::CorsForbidden { enabled: true }, ("AccessForbidden", 403), ("AccessForbidden", 403)),
        (Error::NoSuchTagSet { bucket: bucket() }, ("NoSuchTagSet", 404), ("NoSuchTagSet", 404)),
        (Error::MalformedForm { message: "m".into() }, ("MalformedPOSTRequest", 400), ("MalformedPOSTRequest", 400)),
        (Error::InvalidPolicy { message: "m".into() }, ("InvalidPolicyDocument", 400), ("InvalidPolicyDocument", 400)),
        (Error::PolicyViolated { message: "m".into() }, ("AccessDenied", 403), ("AccessDenied", 403)),
        (Error::InvalidTag { message: "m".into() }, ("InvalidTag", 400), ("InvalidTag", 400)),
        (
            Error::NoSuchWebsite { bucket: bucket() },
            ("NoSuchWebsiteConfiguration", 404),
            ("NoSuchWebsiteConfiguration", 404),
        ),
        (
            Error::BucketAlreadyOwnedByYou { bucket: bucket() },
            ("BucketAlreadyOwnedByYou", 409),
            ("BucketAlreadyExists", 409),
        ),
        (Error::BucketNotEmpty { bucket: bucket() }, ("BucketNotEmpty", 409), ("BucketNotEmpty", 409)),
        (Error::TooManyTombstones { bucket: "b".into(), limit: 1 }, ("InvalidRequest", 400), ("InvalidRequest", 400)),
        (Error::TooManyBuckets { limit: 1 }, ("TooManyBuckets", 400), ("TooManyBuckets", 400)),
        (Error::AccessDenied { reason: "secret reason" }, ("AccessDenied", 403), ("AccessDenied", 403)),
        (
            Error::InvalidAccessKeyId { access_key_id: "AK".into() },
            ("InvalidAccessKeyId", 403),
            ("InvalidAccessKeyId", 403),
        ),
        (mismatch("GET\n".into()), ("SignatureDoesNotMatch", 403), ("SignatureDoesNotMatch", 403)),
        (
            Error::RequestTimeTooSkewed { request_time: Timestamp(0), server_time: Timestamp(1) },
            ("RequestTimeTooSkewed", 403),
            ("RequestTimeTooSkewed", 403),
        ),
        (
            Error::RequestExpired { expires: Timestamp(0), server_time: Timestamp(1) },
            ("AccessDenied", 403),
            ("AccessDenied", 403),
        ),
        (Error::invalid_argument("a", "v", "m"), ("InvalidArgument", 400), ("InvalidArgument", 400)),
        (Error::InvalidRequest { message: "m".into() }, ("InvalidRequest", 400), ("InvalidRequest", 400)),
        (Error::MalformedXml { message: "m".into() }, ("MalformedXML", 400), ("MalformedXML", 400)),
        (
            Error::InvalidDigest { header: "Content-MD5".into(), value: "v".into() },
            ("InvalidDigest", 400),
            ("InvalidDigest", 400),
        ),
        (
            Error::BadDigest { header: "Content-MD5".into(), announced: "a".into(), computed: "b".into() },
            ("BadDigest", 400),
            ("InvalidDigest", 400),
        ),
        (Error::IncompleteBody, ("IncompleteBody", 400), ("IncompleteBody", 400)),
        (Error::MissingContentLength, ("MissingContentLength", 411), ("MissingContentLength", 411)),
        (Error::EntityTooLarge { size_bytes: 2, limit_bytes: 1 }, ("EntityTooLarge", 400), ("EntityTooLarge", 400)),
        (
            Error::EntityTooSmall { part_number: 1, size_bytes: 1, limit_bytes: 2 },
            ("EntityTooSmall", 400),
            ("EntityTooSmall", 400),
        ),
        (
            Error::MetadataTooLarge { size_bytes: 2, limit_bytes: 1 },
            ("MetadataTooLarge", 400),
            ("InvalidArgument", 400),
        ),
        (Error::InvalidPart { part_number: 1, upload_id: "U".into() }, ("InvalidPart", 400), ("InvalidPart", 400)),
        (Error::InvalidPartOrder, ("InvalidPartOrder", 400), ("InvalidPartOrder", 400)),
        (Error::NotArchived { key: key() }, ("InvalidObjectState", 403), ("OperationNotSupported", 400)),
        (Error::PartNotSequential { part_number: 3 }, ("PartNotSequential", 400), ("PartNotSequential", 400)),
        (Error::PartAlreadyExists { part_number: 1 }, ("PartAlreadyExist", 409), ("PartAlreadyExist", 409)),
        (Error::InvalidRange { range: "bytes=9-".into(), size_bytes: 5 }, ("InvalidRange", 416), ("InvalidRange", 416)),
        (Error::PreconditionFailed { condition: "If-Match" }, ("PreconditionFailed", 412), ("PreconditionFailed", 412)),
        (Error::RulesChanged { expected: 1, current: 2 }, ("PreconditionFailed", 412), ("PreconditionFailed", 412)),
        (Error::ObjectExists { key: key() }, ("PreconditionFailed", 412), ("FileAlreadyExists", 409)),
        (
            Error::MethodNotAllowed { method: "PATCH".into(), resource: "OBJECT" },
            ("MethodNotAllowed", 405),
            ("MethodNotAllowed", 405),
        ),
        (Error::NotModified, ("NotModified", 304), ("NotModified", 304)),
        (Error::NotImplemented { what: "tagging".into() }, ("NotImplemented", 501), ("NotImplemented", 400)),
        (mirror(MirrorFailureKind::Answer, None), ("MirrorFailed", 424), ("MirrorFailed", 424)),
        (mirror(MirrorFailureKind::Unreachable, Some(second)), ("ServiceUnavailable", 503), ("MirrorFailed", 424)),
        (Error::SlowDown { limit: "fills", retry_after: second }, ("SlowDown", 503), ("SlowDown", 503)),
        (Error::StorageFull, ("InsufficientStorage", 507), ("InsufficientStorage", 507)),
        (Error::Damaged { detail: "secret path".into() }, ("InternalError", 500), ("InternalError", 500)),
        (Error::ClientGone, ("RequestTimeout", 400), ("RequestTimeout", 400)),
        (Error::internal("secret context", "secret cause"), ("InternalError", 500), ("InternalError", 500)),
    ]
}

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
