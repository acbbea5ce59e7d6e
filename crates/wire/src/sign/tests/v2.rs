//! The two schemes called V2: AWS's own examples, and requests signed the way the vendors' SDKs do it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use http::HeaderValue;

use super::super::keys::{hmac_sha1, hmac_sha256};
use super::super::{oss_v2, sigv2};
use super::*;

fn on(bucket: &'static str, key: &'static str) -> Target<'static> {
    target(bucket, key)
}

const DATE: &str = "Thu, 10 Jan 2008 00:00:00 GMT";
/// In 2038.
const EXPIRES: &str = "2147483647";

/// Signs as `ak` with `sk`, as clients do: a header signature at the request's date, or now in 2024 without one; of what
/// else was sent, `range` is signed by OSS V2.
pub(super) fn sign(parts: &mut Parts, scheme: Scheme, target: Target<'_>) {
    let is_query = scheme.is_presigned();
    if !is_query && !parts.headers.contains_key("date") {
        parts.headers.insert("date", HeaderValue::from_static("Mon, 01 Jan 2024 00:15:00 GMT"));
    }
    let date = parts.headers.get("date").map_or(EXPIRES, |date| date.to_str().unwrap()).to_owned();
    let additional: &[&str] = if parts.headers.contains_key("range") { &["range"] } else { &[] };
    let add = |parts: &mut Parts, text: &str| {
        let separator = if parts.uri.query().is_some() { '&' } else { '?' };
        parts.uri = format!("{}{separator}{text}", parts.uri).parse().unwrap();
    };
    let escaped = |signature: String| signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    match scheme {
        Scheme::SigV2Header | Scheme::SigV2Query => {
            let line = if is_query { EXPIRES } else { date.as_str() };
            if is_query {
                add(parts, &format!("AWSAccessKeyId=ak&Expires={EXPIRES}"));
            }
            let message = sigv2::string_to_sign(parts, line, &target, is_query).unwrap();
            let signature = BASE64.encode(hmac_sha1("sk", &message));
            if is_query {
                add(parts, &format!("Signature={}", escaped(signature)));
            } else {
                authorise(parts, &format!("AWS ak:{signature}"));
            }
        }
        _ => {
            let line = if is_query { EXPIRES } else { date.as_str() };
            if is_query {
                let own = format!("x-oss-signature-version=OSS2&x-oss-expires={EXPIRES}&x-oss-access-key-id=ak");
                add(parts, &own);
            }
            let message = oss_v2::string_to_sign(parts, line, &target, additional).unwrap();
            let signature = BASE64.encode(hmac_sha256("sk", &message));
            let list = additional.first().map_or_else(String::new, |name| format!("AdditionalHeaders:{name},"));
            if is_query {
                add(parts, &format!("x-oss-signature={}", escaped(signature)));
            } else {
                authorise(parts, &format!("OSS2 AccessKeyId:ak,{list}Signature:{signature}"));
            }
        }
    }
}

fn authorise(parts: &mut Parts, text: &str) {
    parts.headers.insert("authorization", HeaderValue::from_str(text).unwrap());
}

/// "Signing and authenticating REST requests", Amazon S3 User Guide.
#[test]
fn examples_of_aws() {
    let now = at("20070327T194000Z");
    let bucket = "awsexamplebucket1";
    for (method, uri, headers, key, signature) in [
        (
            "GET",
            "/photos/puppy.jpg",
            &[("date", "Tue, 27 Mar 2007 19:36:42 +0000")][..],
            "photos/puppy.jpg",
            "qgk2+6Sv9/oM7G3qLEjTH1a1l1g=",
        ),
        (
            "PUT",
            "/photos/puppy.jpg",
            &[("date", "Tue, 27 Mar 2007 21:15:45 +0000"), ("content-type", "image/jpeg")],
            "photos/puppy.jpg",
            "iqRzw+ileNPu1fhspnRs8nOjjIA=",
        ),
        (
            "GET",
            "/?prefix=photos&max-keys=50&marker=puppy",
            &[("date", "Tue, 27 Mar 2007 19:42:41 +0000")],
            "",
            "m0WP8eCtspQl5Ahe6L1SozdX9YA=",
        ),
        ("GET", "/?acl", &[("date", "Tue, 27 Mar 2007 19:44:46 +0000")], "", "82ZHiFIjc+WbcwFKGUVEQspPn+0="),
        (
            "DELETE",
            "/awsexamplebucket1/photos/puppy.jpg",
            &[("date", "Tue, 27 Mar 2007 21:20:26 +0000")],
            "photos/puppy.jpg",
            "XbyTlbQdu9Xw5o8P4iMwPktxQd8=",
        ),
    ] {
        let authorization = format!("AWS {AWS_ID}:{signature}");
        let headers = [headers, &[("authorization", authorization.as_str())]].concat();
        let parts = request(method, uri, &headers);
        let now = if headers[0].1.contains(" 21:") { at("20070327T212000Z") } else { now };
        let verified = check(&parts, AWS_SECRET, now, on(bucket, key)).unwrap();
        assert_eq!(
            (verified.scheme, verified.covers_query("acl"), verified.covers_query("prefix")),
            (Scheme::SigV2Header, true, false)
        );
        mismatch(check(&parts, "another", now, on(bucket, key)));
        assert!(matches!(
            check(&parts, AWS_SECRET, at("20070328T000000Z"), on(bucket, key)),
            Err(SignError::TimeTooSkewed { .. })
        ));
    }
}

/// What boto3 1.44.5 sends to make a bucket in path style: the slash behind the name is signed and not sent.
#[test]
fn a_bucket_by_itself_may_be_signed_with_a_slash() {
    let now = at("20261128T145310Z");
    let secret = "secret-of-the-root-key-0123456789";
    let headers = [
        ("date", "Sat, 28 Nov 2026 14:53:10 GMT"),
        ("x-amz-acl", "public-read"),
        ("authorization", "AWS ROOTKEY:qVgszwOngj91eXT4QigjGIlIv2c="),
    ];
    let verified = |path: &str, target| check(&request("PUT", path, &headers), secret, now, target);
    verified("/b-s3-none", on("b-s3-none", "")).unwrap();
    mismatch(verified("/b-s3-nona", on("b-s3-nona", "")));
    // With a key the slash belongs to the key.
    mismatch(verified("/b-s3-none", on("another", "b-s3-none")));
    // As documented, too.
    let mut parts = request("PUT", "/bkt", &[]);
    sign(&mut parts, Scheme::SigV2Header, on("bkt", ""));
    check(&parts, "sk", at("20240101T001500Z"), on("bkt", "")).unwrap();
}

fn sigv2_url(path: &str, query: &str, target: Target<'_>) -> Parts {
    let mut parts = request("GET", &format!("{path}?{query}"), &[]);
    sign(&mut parts, Scheme::SigV2Query, target);
    parts
}

#[test]
fn a_url_of_aws_v2_covers_what_selects_and_the_vendors_fields() {
    let now = at("20080110T000000Z");
    let target = on("bkt", "a key");
    let path = "/bkt/a%20key";
    let parts = sigv2_url(path, "response-content-type=text%2Fplain&x-amz-security-token=t", target);
    let credentials = detect(&parts).unwrap().unwrap();
    assert_eq!((credentials.access_key_id.as_str(), credentials.session_token.as_deref()), ("ak", Some("t")));
    let verified = check(&parts, "sk", now, target).unwrap();
    for (name, covered) in [
        ("response-content-type", true),
        ("x-amz-security-token", true),
        ("X-Amz-Acl", true),
        ("Expires", true),
        ("x-oss-process", false),
        ("publicAccessBlock", false),
    ] {
        assert_eq!(verified.covers_query(name), covered, "{name}");
    }
    let text = parts.uri.to_string();
    for (from, to) in
        [("text", "html"), ("token=t", "token=u"), ("2147483647", "2147483646"), ("Signature=", "Signature=A")]
    {
        mismatch(check(&request("GET", &text.replace(from, to), &[]), "sk", now, target));
    }
    for added in ["&uploads", "&x-amz-acl=private"] {
        mismatch(check(&request("GET", &format!("{text}{added}"), &[]), "sk", now, target));
    }
    mismatch(check(&request("HEAD", &text, &[]), "sk", now, target));
    mismatch(check(&request("GET", &text, &[("x-amz-meta-a", "1")]), "sk", now, target));
    assert!(matches!(
        check(&request("GET", &text, &[("x-oss-meta-a", "1")]), "sk", now, target),
        Err(SignError::HeaderNotSigned { .. })
    ));
    assert!(matches!(check(&parts, "sk", at("20390111T000000Z"), target), Err(SignError::Expired { .. })));
    // The same URL without the bucket in its path is another one's: the host names the bucket there.
    let hosted = sigv2_url("/a%20key", "uploads", target);
    check(&hosted, "sk", now, target).unwrap();
    mismatch(check(&hosted, "sk", now, on("other", "a key")));
}

/// What Alibaba's SDK for Python (oss2 2.19.1, `AuthV2`) signs.
#[test]
fn the_message_of_oss_v2() {
    let headers = [("date", DATE), ("x-oss-meta-b", "2"), ("range", "bytes=1-2"), ("content-type", "a/b")];
    let parts = request("PUT", "/bkt/a%20key/x?uploads&prefix=a/b&x-oss-signature=s", &headers);
    let message = oss_v2::string_to_sign(&parts, headers[0].1, &on("bkt", "a key/x"), &["range"]).unwrap();
    assert_eq!(
        String::from_utf8(message).unwrap(),
        "PUT\n\na/b\nThu, 10 Jan 2008 00:00:00 GMT\nrange:bytes=1-2\nx-oss-meta-b:2\nrange\n%2Fbkt%2Fa%20key%2Fx?prefix=a%2Fb&uploads"
    );
}

#[test]
fn oss_v2_covers_the_whole_query_and_the_headers_it_names() {
    let (now, target) = (at("20080110T000000Z"), on("bkt", "k"));
    let mut parts = request("GET", "/bkt/k?prefix=a", &[("date", DATE), ("range", "bytes=1-2")]);
    sign(&mut parts, Scheme::OssV2Header, target);
    let verified = check(&parts, "sk", now, target).unwrap();
    assert_eq!(verified.scheme, Scheme::OssV2Header);
    assert!(verified.covers_query("prefix"));
    let changed = |name: &'static str, value: &'static str| {
        let mut parts = parts.clone();
        parts.headers.insert(name, HeaderValue::from_static(value));
        check(&parts, "sk", now, target)
    };
    mismatch(changed("range", "bytes=1-3"));
    assert!(changed("accept", "*/*").is_ok());
    mismatch(changed("x-oss-meta-a", "1"));
    assert!(matches!(changed("x-amz-acl", "private"), Err(SignError::HeaderNotSigned { .. })));
    mismatch(check(&parts, "other", now, target));
    mismatch(check(&parts, "sk", now, on("bkt", "l")));
    assert!(matches!(check(&parts, "sk", at("20080110T001501Z"), target), Err(SignError::TimeTooSkewed { .. })));
    let mut bare = request("GET", "/", &[("date", DATE)]);
    sign(&mut bare, Scheme::OssV2Header, Target::default());
    check(&bare, "sk", now, Target::default()).unwrap();
}

#[test]
fn a_url_of_oss_v2_ends() {
    let target = on("bkt", "k");
    let mut parts = request("GET", "/bkt/k", &[]);
    sign(&mut parts, Scheme::OssV2Query, target);
    assert_eq!(check(&parts, "sk", at("20080110T000000Z"), target).unwrap().scheme, Scheme::OssV2Query);
    assert!(matches!(check(&parts, "sk", at("20400110T000000Z"), target), Err(SignError::Expired { .. })));
}
