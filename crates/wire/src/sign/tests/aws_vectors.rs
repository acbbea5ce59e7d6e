//! The examples of AWS's "Authenticating Requests (AWS Signature Version 4)" for S3, each from the whole request.

use std::time::Duration;

use super::*;

const TIME: &str = "20130524T000000Z";
const HOST: (&str, &str) = ("host", "examplebucket.s3.amazonaws.com");
const DATE: (&str, &str) = ("x-amz-date", TIME);
const EMPTY: (&str, &str) = ("x-amz-content-sha256", EMPTY_DIGEST);

struct Example {
    method: &'static str,
    uri: &'static str,
    headers: &'static [(&'static str, &'static str)],
    signed: &'static str,
    signature: &'static str,
}

const EXAMPLES: [Example; 6] = [
    Example {
        method: "GET",
        uri: "/test.txt",
        headers: &[HOST, DATE, EMPTY, ("range", "bytes=0-9")],
        signed: "host;range;x-amz-content-sha256;x-amz-date",
        signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    },
    Example {
        method: "PUT",
        uri: "/test$file.text",
        headers: &[
            HOST,
            DATE,
            ("date", "Fri, 24 May 2013 00:00:00 GMT"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
        ],
        signed: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    },
    Example {
        method: "GET",
        uri: "/?lifecycle",
        headers: &[HOST, DATE, EMPTY],
        signed: "host;x-amz-content-sha256;x-amz-date",
        signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    },
    Example {
        method: "GET",
        uri: "/?max-keys=2&prefix=J",
        headers: &[HOST, DATE, EMPTY],
        signed: "host;x-amz-content-sha256;x-amz-date",
        signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    },
    Example {
        method: "PUT",
        uri: "/examplebucket/chunkObject.txt",
        headers: &[
            ("host", "s3.amazonaws.com"),
            DATE,
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
            ("content-encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "66560"),
            ("content-length", "66824"),
        ],
        signed: "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;\
                 x-amz-storage-class",
        signature: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    },
    Example {
        method: "PUT",
        uri: "/examplebucket/chunkObject.txt",
        headers: &[
            ("host", "s3.amazonaws.com"),
            DATE,
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"),
            ("content-encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "66560"),
            ("x-amz-trailer", "x-amz-checksum-crc32c"),
        ],
        signed: "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;\
                 x-amz-storage-class;x-amz-trailer",
        signature: "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    },
];

fn authorization(example: &Example) -> String {
    let Example { signed, signature, .. } = example;
    format!(
        "AWS4-HMAC-SHA256 Credential={AWS_ID}/20130524/us-east-1/s3/aws4_request,SignedHeaders={signed},\
         Signature={signature}"
    )
}

/// The payload mode of the chunked example: without trailer the fifth, with trailer the sixth.
pub(in crate::sign) fn aws_example_seed(with_trailer: bool) -> PayloadMode {
    let example = &EXAMPLES[if with_trailer { 5 } else { 4 }];
    let mut parts = request(example.method, example.uri, example.headers);
    parts.headers.insert("authorization", authorization(example).parse().unwrap());
    check(&parts, AWS_SECRET, at(TIME), Target::default()).unwrap().payload
}

#[test]
fn header_examples_verify() {
    for example in &EXAMPLES {
        let mut parts = request(example.method, example.uri, example.headers);
        parts.headers.insert("authorization", authorization(example).parse().unwrap());
        let verified = check(&parts, AWS_SECRET, at(TIME), Target::default()).unwrap();
        assert_eq!((verified.scheme, verified.access_key_id.as_str()), (Scheme::SigV4Header, AWS_ID));
        assert!(verified.covers_query("anything"));
        let with = |name: &str| check(&with_header(&parts, name), AWS_SECRET, at(TIME), Target::default());
        for name in example.signed.split(';') {
            assert!(with(name).is_err(), "{name} is not covered");
        }
        assert!(with("if-match").is_ok());
        mismatch(check(&parts, "another secret", at(TIME), Target::default()));
    }
}

#[test]
fn header_examples_are_produced() {
    let keys = SigningKeys::new();
    // The fifth signs content-length, which we leave to the transport.
    for example in EXAMPLES.iter().filter(|example| !example.signed.contains("content-length;host")) {
        let mut parts = request(example.method, example.uri, example.headers);
        let content = ContentSha256::parse(parts.headers["x-amz-content-sha256"].to_str().unwrap()).unwrap();
        sign_v4_headers(&mut parts, content, &aws_signing(&keys)).unwrap();
        assert_eq!(parts.headers["authorization"], authorization(example));
    }
}

fn aws_signing(keys: &SigningKeys) -> Signing<'_> {
    Signing { access_key_id: AWS_ID, secret: AWS_SECRET, region: "us-east-1", ..signing(Dialect::S3, at(TIME), keys) }
}

#[test]
fn presigned_example_verifies_and_is_produced() {
    let expected = "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&\
                    X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&\
                    X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&\
                    X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    let keys = SigningKeys::new();
    let mut produced = request("GET", "https://examplebucket.s3.amazonaws.com/test.txt", &[]);
    presign_v4(&mut produced, Duration::from_hours(24), &aws_signing(&keys)).unwrap();
    assert_eq!(produced.uri.to_string(), expected);

    let as_received = expected.strip_prefix("https://examplebucket.s3.amazonaws.com").unwrap();
    let parts = request("GET", as_received, &[HOST]);
    let verified = check(&parts, AWS_SECRET, at("20130525T000000Z"), Target::default()).unwrap();
    assert_eq!(verified.scheme, Scheme::SigV4Query);
    assert!(matches!(verified.payload, PayloadMode::Unsigned));
    let late = check(&parts, AWS_SECRET, at("20130525T000001Z"), Target::default());
    assert!(matches!(late, Err(SignError::Expired { expired_at, .. }) if expired_at == at("20130525T000000Z")));
}
