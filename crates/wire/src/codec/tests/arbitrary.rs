//! Requests that nobody would send.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::vocab::Vocab;

/// Header names that some decoder reads.
const NAMES: [&str; 20] = [
    "authorization",
    "content-encoding",
    "content-length",
    "content-md5",
    "content-type",
    "if-match",
    "if-modified-since",
    "range",
    "x-amz-acl",
    "x-amz-checksum-crc32",
    "x-amz-content-sha256",
    "x-amz-copy-source",
    "x-amz-meta-a",
    "x-amz-metadata-directive",
    "x-amz-trailer",
    "x-oss-acl",
    "x-oss-copy-source",
    "x-oss-forbid-overwrite",
    "x-oss-hash-crc64ecma",
    "x-oss-meta-a",
];

/// Values near those that decoders accept.
const VALUES: [&str; 14] = [
    "",
    "*",
    "0",
    "18446744073709551616",
    "private",
    "REPLACE",
    "/bkt/k%2F",
    "bkt",
    "%",
    "bytes=5-",
    "AAAAAA==",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x-amz-checksum-crc32",
    "true",
];

fn queries() -> impl Strategy<Value = String> {
    let mut names: Vec<&str> = [Dialect::Oss, Dialect::S3]
        .into_iter()
        .flat_map(|dialect| {
            let vocab = Vocab::of(dialect);
            [vocab.unoffered_service, vocab.unoffered_bucket, vocab.unoffered_object].concat()
        })
        .collect();
    let offered =
        ["acl", "delete", "uploads", "uploadId", "partNumber", "list-type", "max-keys", "website", "objectMeta"];
    names.extend(offered.iter().cycle().take(200));
    names.extend(["X-Amz-Signature", "x-oss-signature", "OSSAccessKeyId", "continuation-token", "encoding-type"]);
    let pair = (select(names), select(&["", "=", "=1", "=2", "=%ff", "=url", "=a%20b"][..]));
    proptest::collection::vec(pair.prop_map(|(name, value)| format!("{name}{value}")), 0..4)
        .prop_map(|all| all.join("&"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// Whatever a request says, it becomes an operation or an error that both dialects can tell.
    #[test]
    fn no_request_is_too_strange(
        method in select(&["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "X"][..]),
        path in select(&["/", "/bkt", "/bkt/", "/bkt//", "/bkt/k", "/bkt/%2F%00", "/bkt/%ff", "//", "/B"][..]),
        query in queries(),
        headers in proptest::collection::vec((select(&NAMES[..]), select(&VALUES[..])), 0..4),
        host in select(&["oss.test", "s3.test", "bkt.example.org", ""][..]),
        body in select(&["", "<Delete/>", "<CompleteMultipartUpload><Part/></CompleteMultipartUpload>", "<"][..]),
    ) {
        let parts = parts(host, &format!("{method} {path}?{query}"), &headers);
        let Some((status, error)) = fault(host, &parts, body) else { return Ok(()) };
        prop_assert!(status.is_client_error() || status == 501, "{}: {:?}", status, error);
    }
}
