//! Tests of the signature schemes, by what they prove.

mod aws_vectors;
mod mutation;
mod oss_vectors;
mod refusal;
mod round_trip;
mod v2;

use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use http::request::Parts;
use http::{HeaderValue, Request};

pub(in crate::sign) use aws_vectors::aws_example_seed;

use super::time::parse_basic;
use super::*;

/// The access key of AWS's documentation.
pub(in crate::sign) const AWS_ID: &str = "AKIAIOSFODNN7EXAMPLE";
/// Its secret.
pub(in crate::sign) const AWS_SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// `hex(sha256(""))`.
pub(in crate::sign) const EMPTY_DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

pub(in crate::sign) fn request(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut builder = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(()).unwrap().into_parts().0
}

pub(in crate::sign) fn at(basic: &str) -> Timestamp {
    parse_basic(basic).unwrap()
}

pub(in crate::sign) fn target<'a>(bucket: &'a str, key: &'a str) -> Target<'a> {
    Target { bucket: Some(bucket), key: Some(key).filter(|key| !key.is_empty()) }
}

/// The request with a header that its signer did not send, or not so.
pub(in crate::sign) fn with_header(parts: &Parts, name: &str) -> Parts {
    let mut parts = parts.clone();
    parts.headers.insert(name.parse::<http::HeaderName>().unwrap(), HeaderValue::from_static("another"));
    parts
}

/// Detects and verifies with a fresh memory of keys.
pub(in crate::sign) fn check(
    parts: &Parts,
    secret: &str,
    now: Timestamp,
    target: Target<'_>,
) -> Result<Verified, SignError> {
    let credentials = detect(parts)?.expect("the request carries credentials");
    let keys = SigningKeys::new();
    verify(parts, &credentials, secret, &VerifyContext { now, target, strict_region: None, keys: &keys })
}

/// `ak`/`sk` in `cn-hangzhou`.
pub(in crate::sign) fn signing(dialect: Dialect, now: Timestamp, keys: &SigningKeys) -> Signing<'_> {
    Signing {
        dialect,
        access_key_id: "ak",
        secret: "sk",
        session_token: None,
        region: "cn-hangzhou",
        target: target("bucket", "key"),
        additional_headers: &[],
        now,
        keys,
    }
}

pub(in crate::sign) fn mismatch(result: Result<Verified, SignError>) -> Mismatch {
    match result {
        Err(SignError::Mismatch(mismatch)) => *mismatch,
        other => panic!("expected a mismatch, got {other:?}"),
    }
}
