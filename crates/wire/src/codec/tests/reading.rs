//! Requests that read: GetObject and its conditions, and what every request may not ask for.

use headwater_model::Error;
use headwater_model::op::GetObject;
use headwater_model::precondition::{RangeCondition, TagCondition};
use headwater_model::range::ByteRange;

use super::*;

fn get(host: &str, line: &str, headers: &[(&str, &str)]) -> GetObject {
    match read(host, line, headers, "").unwrap() {
        Op::GetObject(get) | Op::HeadObject(get) => *get,
        other => panic!("{other:?}"),
    }
}

#[test]
fn ranges_are_strict_on_s3_and_where_oss_is_asked_to() {
    let range = [("range", "bytes=5-9")];
    let oss = get(OSS, "GET /bkt/k", &range);
    assert_eq!(oss.range, Some((ByteRange::FromTo(5, 9), "bytes=5-9".into())));
    assert!(!oss.strict_range);
    assert!(get(OSS, "GET /bkt/k", &[("x-oss-range-behavior", "standard")]).strict_range);
    assert!(get(S3, "HEAD /bkt/k", &range).strict_range);
    assert_eq!(get(S3, "GET /bkt/k", &[("range", "bytes=0-1,4-5")]).range, None);
}

#[test]
fn conditions_come_from_the_four_headers() {
    let conditions = get(
        S3,
        "GET /bkt/k",
        &[
            ("if-match", "\"a\", b"),
            ("if-none-match", "*"),
            ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("if-unmodified-since", "no date"),
        ],
    )
    .conditions;
    assert_eq!(conditions.if_match, Some(TagCondition::parse("a,b")));
    assert_eq!(conditions.if_none_match, Some(TagCondition::Any));
    assert_eq!(conditions.if_modified_since, Some(Timestamp::from_seconds(784_111_777)));
    assert_eq!(conditions.if_unmodified_since, None, "an invalid date is ignored");
}

#[test]
fn if_range_is_a_strong_tag_or_a_date() {
    for (sent, read) in [
        ("\"ABC\"", RangeCondition::Tag(ETag::from_text("abc"))),
        ("abc", RangeCondition::Tag(ETag::from_text("abc"))),
        ("W/\"abc\"", RangeCondition::Never),
        ("Sun, 06 Nov 1994 08:49:37 GMT", RangeCondition::Date(Timestamp::from_seconds(784_111_777))),
    ] {
        let conditions = get(S3, "GET /bkt/k", &[("range", "bytes=1-"), ("if-range", sent)]).conditions;
        assert_eq!(conditions.if_range, Some(read), "{sent}");
    }
}

#[test]
fn overrides_need_a_signature() {
    let line = "GET /bkt/k?response-content-type=text%2Fcss&response-expires=0&response-cache-control=";
    let overrides = get(OSS, line, &[]).overrides;
    assert_eq!(overrides.content_type.as_deref(), Some("text/css"));
    assert_eq!(overrides.expires.as_deref(), Some("0"));
    let anonymous = RequestFacts { signed: false, ..FACTS };
    for host in BOTH {
        let refused = read_as(anonymous, host, line, &[], "");
        assert!(matches!(refused, Err(Error::InvalidRequest { .. })));
    }
    let split = read(S3, "GET /bkt/k?response-content-type=a%0D%0Ax", &[], "");
    assert!(matches!(split, Err(Error::InvalidArgument { name, .. }) if &*name == "response-content-type"));
}

#[test]
fn a_miss_sees_the_request_but_not_its_authentication() {
    let line = "GET /bkt//dir/k?OSSAccessKeyId=a&Expires=1&Signature=b&x=%2F&response-expires=0";
    let get = get("oss.test:9000", line, &[("x-custom", "1")]);
    assert_eq!((get.key.as_str(), get.miss.extra_slashes), ("dir/k", 1));
    assert_eq!(get.miss.query.as_deref(), Some("x=%2F"));
    let unsigned = self::get("oss.test", "GET /bkt/k?Expires=1&y=2", &[]).miss.query;
    assert_eq!(unsigned.as_deref(), Some("Expires=1&y=2"), "it is no parameter of ours without a signature");
    assert_eq!((&*get.miss.host, &*get.miss.base_path), ("oss.test:9000", "/bkt"));
    assert_eq!(get.miss.headers["x-custom"], "1");
    assert!(!get.miss.never && !get.miss.secure);
}

#[test]
fn only_an_unsigned_listing_may_be_a_visit() {
    let headers = [("range", "bytes=5-9"), ("x-custom", "1")];
    let list = |facts| match read_as(facts, OSS, "GET /bkt/?a=b", &headers, "").unwrap() {
        Op::ListObjects(list) => list.visit,
        other => panic!("{other:?}"),
    };
    assert!(list(FACTS).is_none());
    let visit = list(RequestFacts { signed: false, ..FACTS }).unwrap();
    assert_eq!(visit.range.map(|(range, _)| range), Some(ByteRange::FromTo(5, 9)));
    assert_eq!((visit.miss.query.as_deref(), &*visit.miss.base_path), (Some("a=b"), "/bkt"));
    assert_eq!(visit.miss.headers["x-custom"], "1");
}

#[test]
fn a_named_version_never_mirrors() {
    for host in BOTH {
        assert!(get(host, "GET /bkt/k?versionId=null", &[]).miss.never);
    }
}

#[test]
fn headers_of_features_that_are_not_offered_are_refused_by_name() {
    for (host, name) in [
        (S3, "x-amz-server-side-encryption-context"),
        (S3, "x-amz-mfa"),
        (OSS, "x-oss-server-side-encryption-key-id"),
        (OSS, "x-oss-server-side-data-encryption"),
        (OSS, "x-oss-callback"),
        (OSS, "x-oss-write-get-object-response"),
    ] {
        let body = [(name, "v"), ("content-length", "0")];
        for line in ["PUT /bkt/k", "POST /bkt/k?uploads", "GET /bkt/k", "PUT /bkt"] {
            match read(host, line, &body, "") {
                Err(Error::NotImplemented { what }) => assert_eq!(&*what, name),
                other => panic!("{line} {name}: {other:?}"),
            }
        }
    }
    // Another vendor's header, and an ordinary one of the vendor, say nothing.
    assert!(read(S3, "GET /bkt/k", &[("x-oss-tagging", "v"), ("x-amz-request-payer", "requester")], "").is_ok());
}

#[test]
fn presigned_parameters_are_refused_like_headers() {
    let presigned = "PUT /bkt/k?X-Amz-Signature=1&X-Amz-Mfa=a";
    let refused = read(S3, presigned, &[("content-length", "0")], "");
    assert!(matches!(refused, Err(Error::NotImplemented { what }) if &*what == "X-Amz-Mfa"));
    assert!(read(S3, "PUT /bkt/k?X-Amz-Mfa=a", &[("content-length", "0")], "").is_ok(), "not presigned: no header");
}

#[test]
fn operations_that_are_not_offered_say_so() {
    for line in ["GET /bkt?inventory", "GET /bkt?replication"] {
        for host in BOTH {
            assert!(matches!(read(host, line, &[], ""), Err(Error::NotImplemented { .. })), "{line}");
        }
    }
}

#[test]
fn operations_without_arguments() {
    assert!(matches!(read(OSS, "HEAD /bkt", &[], ""), Ok(Op::HeadBucket(_))));
    assert!(matches!(read(OSS, "GET /bkt?bucketInfo", &[], ""), Ok(Op::GetBucketInfo(_))));
    assert!(matches!(read(S3, "GET /bkt?location", &[], ""), Ok(Op::GetBucketLocation(_))));
    assert!(matches!(read(S3, "GET /bkt?acl", &[], ""), Ok(Op::GetBucketAcl(_))));
    assert!(matches!(read(S3, "DELETE /bkt?website", &[], ""), Ok(Op::DeleteBucketWebsite(_))));
    assert!(
        matches!(read(OSS, "GET /bkt//k?objectMeta", &[], ""), Ok(Op::GetObjectMeta(of)) if of.key.as_str() == "/k")
    );
    let abort = read(OSS, "DELETE /bkt/k?uploadId=u", &[], "");
    assert!(matches!(abort, Ok(Op::AbortMultipartUpload(u)) if &*u.upload_id == "u"));
}
