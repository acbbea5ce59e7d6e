//! Property: change any one byte of what is signed, and the request is refused.

use std::time::Duration;

use http::{HeaderValue, Method};
use proptest::prelude::*;

use super::*;

const NOW: &str = "20240101T001500Z";
const BUCKET: &str = "bucket";

/// A request under test and the key it addresses; the key changes with the path, as routing would have it.
#[derive(Clone, Debug)]
struct Subject {
    parts: Parts,
    key: String,
}

impl Subject {
    fn is_accepted(&self) -> bool {
        // A mutant may stop claiming an identity: then it is anonymous, which is a refusal of what it claimed before.
        let Ok(Some(credentials)) = detect(&self.parts) else { return false };
        let keys = SigningKeys::new();
        let target = target(BUCKET, &self.key);
        let context = VerifyContext { now: at(NOW), target, strict_region: None, keys: &keys };
        let verified = verify(&self.parts, &credentials, "sk", &context);
        verified.is_ok_and(|verified| verified.access_key_id == "ak")
    }
}

fn subject(scheme: Scheme, key: &str) -> Subject {
    let keys = SigningKeys::new();
    let uri = format!("http://host/{BUCKET}/{key}?versionId=abc&uploadId=xyz");
    let dialect = if scheme.is_oss() { Dialect::Oss } else { Dialect::S3 };
    let meta = if scheme.is_oss() { "x-oss-meta-a" } else { "x-amz-meta-a" };
    let headers = [("content-type", "text/plain"), ("content-md5", "eB5eJF1ptWaXm4bijSPyxw=="), (meta, "value")];
    let mut parts = request("PUT", &uri, &headers);
    let signing = Signing { target: target(BUCKET, key), ..signing(dialect, at(NOW), &keys) };
    match scheme {
        Scheme::OssV1Header => sign_oss_v1_headers(&mut parts, &signing),
        Scheme::OssV1Query => presign_oss_v1(&mut parts, at(NOW), &signing),
        Scheme::OssV4Header | Scheme::SigV4Header => sign_v4_headers(&mut parts, ContentSha256::Unsigned, &signing),
        Scheme::OssV4Query | Scheme::SigV4Query => presign_v4(&mut parts, Duration::from_mins(1), &signing),
        Scheme::OssV2Header | Scheme::OssV2Query | Scheme::SigV2Header | Scheme::SigV2Query => {
            v2::sign(&mut parts, scheme, target(BUCKET, key));
            Ok(())
        }
    }
    .unwrap();
    // As received: the path alone, the host in its header.
    parts.uri = parts.uri.path_and_query().unwrap().as_str().parse().unwrap();
    Subject { parts, key: key.into() }
}

/// The text with the byte at `position` replaced by one that means something else: hex digits and letters count
/// without their case, because signatures are compared as bytes.
fn replace_byte(text: &str, position: usize, replacement: u8) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let index = position % bytes.len();
    if bytes[index].eq_ignore_ascii_case(&replacement) {
        return None;
    }
    bytes[index] = replacement;
    String::from_utf8(bytes).ok()
}

fn mutate_path(subject: &mut Subject, position: usize, replacement: u8) -> Option<()> {
    subject.key = replace_byte(&subject.key, position, replacement)?;
    let query = subject.parts.uri.query()?;
    subject.parts.uri = format!("/{BUCKET}/{}?{query}", subject.key).parse().ok()?;
    Some(())
}

fn mutate_query(subject: &mut Subject, position: usize, replacement: u8) -> Option<()> {
    let query = replace_byte(subject.parts.uri.query()?, position, replacement)?;
    subject.parts.uri = format!("/{BUCKET}/{}?{query}", subject.key).parse().ok()?;
    Some(())
}

fn mutate_header(subject: &mut Subject, header: usize, position: usize, replacement: u8) -> Option<()> {
    let names: Vec<_> = subject.parts.headers.keys().cloned().collect();
    let name = &names[header % names.len()];
    let text = subject.parts.headers[name].to_str().unwrap();
    let changed = replace_byte(text, position, replacement)?;
    subject.parts.headers.insert(name, HeaderValue::from_str(&changed).ok()?);
    Some(())
}

fn schemes() -> impl Strategy<Value = Scheme> {
    prop_oneof![
        Just(Scheme::OssV1Header),
        Just(Scheme::OssV1Query),
        Just(Scheme::OssV2Header),
        Just(Scheme::OssV2Query),
        Just(Scheme::SigV2Header),
        Just(Scheme::SigV2Query),
        Just(Scheme::OssV4Header),
        Just(Scheme::OssV4Query),
        Just(Scheme::SigV4Header),
        Just(Scheme::SigV4Query),
    ]
}

/// The query as the signature sees it: a space in a V1 `Signature` stands for the `+` that forms make of it.
fn with_plus(subject: &Subject) -> String {
    subject.parts.uri.query().unwrap_or_default().replace("%20", "%2B")
}

/// 2,000 in everyday runs, else what `PROPTEST_CASES` says: releases are held to 100,000.
#[expect(clippy::disallowed_methods, reason = "a knob of this test alone")]
fn mutations() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(2000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(mutations()))]

    #[test]
    fn one_byte_changed_is_refused(
        scheme in schemes(),
        key in "[a-z0-9/._~-]{1,20}",
        place in 0..5_usize,
        header in 0..16_usize,
        position in any::<usize>(),
        replacement in prop::sample::select(b"abcxyz0129-_.~".to_vec()),
    ) {
        let original = subject(scheme, &key);
        prop_assert!(original.is_accepted());
        let mut mutant = original.clone();
        let changed = match place {
            0 => {
                mutant.parts.method = Method::DELETE;
                Some(())
            }
            1 => mutate_path(&mut mutant, position, replacement),
            2 => mutate_query(&mut mutant, position, replacement),
            _ => mutate_header(&mut mutant, header, position, replacement),
        };
        prop_assume!(changed.is_some() && is_signed(scheme, &original, &mutant));
        prop_assume!(with_plus(&original) != with_plus(&mutant) || place != 2);
        prop_assert!(!mutant.is_accepted(), "{:?}", mutant.parts);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever is sent where a claim is read, the answer is a value, and never a success.
    #[test]
    fn hostile_claims_are_refused_without_panic(
        scheme in prop::sample::select(vec!["OSS ", "OSS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 ", "OSS2 ", ""]),
        rest in "([A-Za-z]{0,10}[=,;:/ ]){0,12}[ -~]{0,40}",
        query in "([A-Za-z-]{0,8}(=|&|%[0-9A-F]{0,2}|X-Amz-Signature=|x-oss-credential=|Signature=)){0,12}",
        date in "([0-9TZ]{0,16}|[ -~]{0,30})",
    ) {
        let uri = format!("/{BUCKET}/key?{query}");
        for headers in [&[("authorization", format!("{scheme}{rest}")), ("x-amz-date", date.clone())][..], &[]] {
            let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let parts = request("GET", &uri, &headers);
            if let Ok(Some(credentials)) = detect(&parts) {
                let keys = SigningKeys::new();
                let target = target(BUCKET, "key");
                let context = VerifyContext { now: at(NOW), target, strict_region: None, keys: &keys };
                prop_assert!(verify(&parts, &credentials, "sk", &context).is_err());
            }
        }
    }
}

/// Leaves out the mutants that a scheme by its design does not see.
fn is_signed(scheme: Scheme, original: &Subject, mutant: &Subject) -> bool {
    let (before, after) = (&original.parts, &mutant.parts);
    // OSS V4 signs the bucket instead of the host; OSS V1 neither host nor (presigned) anything like it.
    let host_changed = before.headers.get("host") != after.headers.get("host");
    !(scheme.is_oss() && host_changed)
}
