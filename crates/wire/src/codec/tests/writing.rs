//! Requests that write.

use headwater_model::Error;
use headwater_model::acl::{CannedAcl, WantedAcl};
use headwater_model::digest::{Checksum, ChecksumAlgorithm};
use headwater_model::op::{CopyObject, CreateBucket, PutObject, WriteCondition};
use headwater_model::precondition::{ObjectCondition, Preconditions, TagCondition};

use super::*;

const MD5_OF_EMPTY: &str = "1B2M2Y8AsgTpgAmY7PhCfg==";

fn try_put(host: &str, query: &str, headers: &[(&str, &str)]) -> Result<PutObject> {
    let mut all = vec![("content-length", "11")];
    all.extend(headers);
    match read(host, &format!("PUT /bkt/k{query}"), &all, "")? {
        Op::PutObject(put) => Ok(*put),
        other => panic!("{other:?}"),
    }
}

fn put(host: &str, query: &str, headers: &[(&str, &str)]) -> PutObject {
    try_put(host, query, headers).unwrap()
}

#[test]
fn content_headers_and_user_metadata() {
    for (host, meta) in [(OSS, "x-oss-meta-"), (S3, "x-amz-meta-")] {
        let (a, b) = (format!("{meta}b"), format!("{meta}a"));
        let put = put(
            host,
            "",
            &[
                ("content-type", "text/plain"),
                ("content-encoding", "aws-chunked,gzip"),
                ("cache-control", "no-cache"),
                ("access-control-allow-origin", "*"),
                (&a, "1"),
                (&b, "键"),
                (&a, "2"),
                ("x-other-meta-a", "no"),
            ],
        );
        assert_eq!(put.content_length, Some(11));
        assert_eq!(put.headers.content.content_type.as_deref(), Some("text/plain"));
        assert_eq!(put.headers.content.content_encoding.as_deref(), Some("gzip"));
        assert_eq!(put.headers.content.cache_control.as_deref(), Some("no-cache"));
        assert_eq!(put.headers.content.access_control_allow_origin, None, "only an origin's");
        assert_eq!(put.headers.user, [("b".into(), "1,2".into()), ("a".into(), "键".into())]);
    }
}

#[test]
fn user_metadata_is_bounded() {
    for (host, name, limit) in [(OSS, "x-oss-meta-a", 8 << 10), (S3, "x-amz-meta-a", 2 << 10)] {
        assert!(try_put(host, "", &[(name, &"v".repeat(limit - 1))]).is_ok());
        let refused = try_put(host, "", &[(name, &"v".repeat(limit))]);
        assert!(matches!(refused, Err(Error::MetadataTooLarge { limit_bytes, .. }) if limit_bytes == limit));
    }
    let refused = try_put(OSS, "", &[("content-disposition", &"v".repeat((8 << 10) + 1))]);
    assert!(matches!(refused, Err(Error::MetadataTooLarge { .. })));
}

#[test]
fn presigned_parameters_are_metadata() {
    let signed = "?X-Amz-Signature=1&x-amz-meta-a=b%20c&X-Amz-Meta-D=e";
    let meta = put(S3, signed, &[("x-amz-meta-a", "b c")]).headers.user;
    assert_eq!(meta, [("a".into(), "b c".into()), ("d".into(), "e".into())]);
    let refused = try_put(S3, signed, &[("x-amz-meta-a", "other")]);
    assert!(matches!(refused, Err(Error::InvalidArgument { name, .. }) if &*name == "x-amz-meta-a"));
    assert!(put(S3, "?x-amz-meta-a=b", &[]).headers.user.is_empty(), "not presigned");
    let v1 = "?OSSAccessKeyId=a&Expires=1&Signature=b&x-oss-meta-a=1&x-oss-forbid-overwrite=true";
    let put = put(OSS, v1, &[]);
    assert_eq!(put.headers.user, [("a".into(), "1".into())]);
    assert_eq!(put.condition, WriteCondition::ForbidOverwrite);
}

#[test]
fn lengths_frame_the_body() {
    let length = |headers: &[(&str, &str)]| match read(S3, "PUT /bkt/k", headers, "") {
        Ok(Op::PutObject(put)) => Ok(put.content_length),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error),
    };
    assert!(matches!(length(&[]), Err(Error::MissingContentLength)));
    assert_eq!(length(&[("transfer-encoding", "chunked")]).unwrap(), None);
    let chunked = ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
    assert!(matches!(length(&[chunked, ("content-length", "90")]), Err(Error::MissingContentLength)));
    let decoded = ("x-amz-decoded-content-length", "11");
    assert_eq!(length(&[chunked, decoded, ("content-length", "90")]).unwrap(), Some(11));
    assert!(matches!(length(&[("content-length", "5368709121")]), Err(Error::EntityTooLarge { .. })));
    assert!(matches!(length(&[("content-length", "-1")]), Err(Error::InvalidArgument { .. })));
}

#[test]
fn digests_are_parsed_or_refused() {
    let digests =
        put(OSS, "", &[("content-md5", MD5_OF_EMPTY), ("x-oss-hash-crc64ecma", "18446744073709551615")]).digests;
    assert_eq!(digests.md5.unwrap()[..2], [0xd4, 0x1d]);
    assert_eq!(digests.crc64, Some(u64::MAX));
    for bad in ["", "YWJj", "not base64", "1B2M2Y8AsgTpgAmY7PhCfg"] {
        let refused = try_put(S3, "", &[("content-md5", bad)]);
        assert!(matches!(refused, Err(Error::InvalidDigest { .. })), "{bad:?}");
    }
    assert!(matches!(try_put(OSS, "", &[("x-oss-hash-crc64ecma", "x")]), Err(Error::InvalidDigest { .. })));
}

#[test]
fn additional_checksums_agree_on_one_algorithm() {
    let crc32 = ("x-amz-checksum-crc32", "DUoRhQ==");
    let digests = put(S3, "", &[crc32, ("x-amz-sdk-checksum-algorithm", "CRC32")]).digests;
    let value = vec![0x0d, 0x4a, 0x11, 0x85];
    assert_eq!(digests.checksum, Some(Checksum { algorithm: ChecksumAlgorithm::Crc32, value }));
    assert_eq!(digests.algorithm, None);
    let trailer = put(S3, "", &[("x-amz-trailer", "x-amz-checksum-crc64nvme")]).digests;
    let crc64 = Some(ChecksumAlgorithm::Crc64Nvme);
    assert_eq!((trailer.algorithm, trailer.trailer), (crc64, crc64));
    // Whoever signs a URL for somebody else cannot know the value.
    let left_to_us = put(S3, "?X-Amz-Signature=1&x-amz-sdk-checksum-algorithm=sha256", &[]).digests;
    assert_eq!(left_to_us.algorithm, Some(ChecksumAlgorithm::Sha256));
    for refused in [
        &[crc32, ("x-amz-checksum-sha1", "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")][..],
        &[crc32, ("x-amz-sdk-checksum-algorithm", "SHA1")],
        &[crc32, ("x-amz-trailer", "x-amz-checksum-crc32")],
        &[("x-amz-checksum-crc32", "AAAA")],
        &[("x-amz-trailer", "x-amz-meta-a")],
        &[("x-amz-sdk-checksum-algorithm", "md4")],
        &[("x-amz-sdk-checksum-algorithm", "CRC32")],
        &[("x-amz-checksum-xxhash64", "DUoRhQ==")],
        &[crc32, ("x-amz-checksum-xxhash64", "DUoRhQ==")],
    ] {
        assert!(matches!(try_put(S3, "", refused), Err(Error::InvalidRequest { .. })), "{refused:?}");
    }
    // These are no checksums.
    for other in ["x-amz-checksum-type", "x-amz-checksum-mode", "x-amz-checksum-algorithm"] {
        assert!(try_put(S3, "", &[crc32, (other, "")]).is_ok(), "{other}");
    }
}

#[test]
fn conditions_of_writes_are_honoured_or_refused() {
    let condition = |host, headers: &[(&str, &str)]| try_put(host, "", headers).map(|put| put.condition);
    for host in BOTH {
        assert_eq!(condition(host, &[]).unwrap(), WriteCondition::Any);
        let meets = |condition| WriteCondition::Meets(Box::new(condition));
        for value in ["*", "\"*\"", "\"ABC\"", "a, \"b\""] {
            let tags = Some(TagCondition::parse(value.trim_matches('"')));
            let expected = ObjectCondition { if_none_match: tags.clone(), ..ObjectCondition::default() };
            assert_eq!(condition(host, &[("if-none-match", value)]).unwrap(), meets(expected), "{value}");
            let expected = ObjectCondition { if_match: tags, ..ObjectCondition::default() };
            assert_eq!(condition(host, &[("if-match", value)]).unwrap(), meets(expected), "{value}");
        }
        assert!(matches!(condition(host, &[("if-match", "")]), Err(Error::InvalidArgument { .. })));
        assert!(matches!(condition(host, &[("if-modified-since", "x")]), Err(Error::NotImplemented { .. })));
        let delete = |headers: &[(&str, &str)]| match read(host, "DELETE /bkt/k", headers, "") {
            Ok(Op::DeleteObject(delete)) => delete.condition,
            other => panic!("{other:?}"),
        };
        assert_eq!(delete(&[]), None);
        assert!(delete(&[("if-match", "*")]).unwrap().if_match.is_some());
        let refused = read(host, "DELETE /bkt/k", &[("if-none-match", "*")], "");
        assert!(matches!(refused, Err(Error::NotImplemented { .. })));
    }
    let forbid = ("x-oss-forbid-overwrite", "true");
    assert_eq!(condition(OSS, &[forbid]).unwrap(), WriteCondition::ForbidOverwrite);
    assert_eq!(condition(OSS, &[("x-oss-forbid-overwrite", "false")]).unwrap(), WriteCondition::Any);
    assert!(matches!(condition(OSS, &[("x-oss-forbid-overwrite", "1")]), Err(Error::InvalidArgument { .. })));
    assert!(matches!(condition(OSS, &[forbid, ("if-match", "a")]), Err(Error::InvalidRequest { .. })));
    let as_s3 = ("authorization", "AWS4-HMAC-SHA256 Credential=a");
    assert_eq!(condition(S3, &[as_s3, forbid]).unwrap(), WriteCondition::Any, "no word of S3");
}

#[test]
fn every_write_that_makes_an_object_takes_its_list() {
    let list =
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>";
    for host in BOTH {
        let (name, copy) = if host == OSS {
            ("x-oss-object-acl", ("x-oss-copy-source", "/src/b"))
        } else {
            ("x-amz-acl", ("x-amz-copy-source", "/src/b"))
        };
        for (line, copied, body) in [
            ("POST /bkt/k?uploads", false, ""),
            ("POST /bkt/k?uploadId=U", false, list),
            ("PUT /bkt/k", false, ""),
            ("PUT /bkt/k", true, ""),
        ] {
            let with = |value| {
                let headers = [("content-length", "0"), (name, value), copy];
                let acl = match read(host, line, &headers[..if copied { 3 } else { 2 }], body)? {
                    Op::CreateMultipartUpload(op) => op.acl,
                    Op::CompleteMultipartUpload(op) => op.acl,
                    Op::PutObject(op) => op.acl,
                    Op::CopyObject(op) => op.acl,
                    other => panic!("{other:?}"),
                };
                Ok(acl)
            };
            assert_eq!(with("public-read").unwrap(), Some(WantedAcl::Canned(CannedAcl::PublicRead)), "{line}");
            assert!(matches!(with("bogus"), Err(Error::InvalidArgument { .. })), "{line}");
            assert_eq!(with("default").is_ok(), host == OSS, "{line}");
            assert_eq!(with("authenticated-read").is_ok(), host == S3, "{line}");
        }
    }
}

#[test]
fn storage_classes_are_accepted_if_they_exist() {
    assert!(try_put(S3, "", &[("x-amz-storage-class", "STANDARD_IA")]).is_ok());
    assert!(try_put(OSS, "", &[("x-oss-storage-class", "Archive")]).is_ok());
    assert!(matches!(try_put(S3, "", &[("x-amz-storage-class", "GOLD")]), Err(Error::InvalidArgument { .. })));
}

fn try_copy(host: &str, headers: &[(&str, &str)]) -> Result<CopyObject> {
    match read(host, "PUT /bkt/k", headers, "")? {
        Op::CopyObject(copy) => Ok(*copy),
        other => panic!("{other:?}"),
    }
}

#[test]
fn copy_sources_are_decoded_once() {
    for (source, bucket, key) in [
        ("/src/a%2Fb%20c+d", "src", "a/b c+d"),
        ("src/%252F", "src", "%2F"),
        ("%2Fsrc%2Fk%3FversionId=1", "src", "k?versionId=1"),
        ("/src//k?versionId=null", "src", "/k"),
    ] {
        let copy = try_copy(OSS, &[("x-oss-copy-source", source)]).unwrap();
        assert_eq!((copy.source_bucket.as_str(), copy.source_key.as_str()), (bucket, key), "{source}");
        assert!(copy.headers.is_none());
    }
    for bad in ["", "/", "src", "src/", "src/%ff", "src/%"] {
        let refused = try_copy(S3, &[("x-amz-copy-source", bad)]);
        assert!(matches!(refused, Err(Error::InvalidArgument { .. })), "{bad:?}: {refused:?}");
    }
}

#[test]
fn copies_keep_or_replace_metadata() {
    let source = ("x-amz-copy-source", "src/k");
    let replaced =
        [source, ("x-amz-metadata-directive", "REPLACE"), ("content-type", "text/css"), ("x-amz-meta-a", "1")];
    let copy = try_copy(S3, &replaced).unwrap();
    let headers = copy.headers.unwrap();
    assert_eq!(headers.content.content_type.as_deref(), Some("text/css"));
    assert_eq!(headers.user, [("a".into(), "1".into())]);
    let condition = [source, ("x-amz-copy-source-if-none-match", "*"), ("x-amz-checksum-algorithm", "CRC32")];
    let copy = try_copy(S3, &condition).unwrap();
    assert!(copy.source_conditions.if_none_match.is_some() && copy.source_conditions.if_match.is_none());
    assert_eq!(copy.algorithm, Some(ChecksumAlgorithm::Crc32));
    assert_eq!(copy.tags, None, "the source's");
    let tagging = [source, ("x-amz-tagging-directive", "REPLACE"), ("x-amz-tagging", "a=1&b")];
    assert_eq!(try_copy(S3, &tagging).unwrap().tags, Some(vec![("a".into(), "1".into()), ("b".into(), "".into())]));
    let placed = [source, ("x-amz-storage-class", "GLACIER"), ("x-amz-website-redirect-location", "/there")];
    let placed = try_copy(S3, &placed).unwrap();
    assert_eq!(
        (placed.storage_class.as_deref(), placed.website_redirect.as_deref()),
        (Some("GLACIER"), Some("/there"))
    );
    let nowhere = try_copy(S3, &[source, ("x-amz-website-redirect-location", "there")]);
    assert!(matches!(nowhere, Err(Error::InvalidArgument { .. })));
    let ranged = try_copy(S3, &[source, ("x-amz-copy-source-range", "bytes=0-1")]);
    assert!(matches!(ranged, Err(Error::NotImplemented { .. })));
    let bogus = try_copy(S3, &[source, ("x-amz-metadata-directive", "MERGE")]);
    assert!(matches!(bogus, Err(Error::InvalidArgument { .. })));
    let itself = ("x-amz-copy-source", "bkt/k");
    assert!(matches!(try_copy(S3, &[itself]), Err(Error::InvalidRequest { .. })));
    assert!(try_copy(S3, &[itself, ("x-amz-metadata-directive", "REPLACE")]).is_ok());
    assert!(try_copy(S3, &[itself, ("x-amz-storage-class", "GLACIER")]).is_ok());
    assert!(try_copy(OSS, &[("x-oss-copy-source", "/bkt/k")]).is_ok(), "OSS allows it");
}

#[test]
fn plain_conditions_of_a_copy_are_no_condition_on_oss() {
    const DATE: &str = "Sat, 16 Dec 2023 16:20:57 GMT";
    for plain in [("if-match", "x"), ("if-none-match", "x"), ("if-modified-since", DATE), ("if-unmodified-since", DATE)]
    {
        let own = format!("x-oss-copy-source-{}", plain.0);
        let copy = try_copy(OSS, &[("x-oss-copy-source", "/src/k"), (&own, plain.1), plain]).unwrap();
        assert_eq!(copy.condition, WriteCondition::Any, "{plain:?}");
        assert_ne!(copy.source_conditions, Preconditions::default(), "{plain:?}");
        let forbidden = [("x-oss-copy-source", "/src/k"), ("x-oss-forbid-overwrite", "true"), plain];
        assert_eq!(try_copy(OSS, &forbidden).unwrap().condition, WriteCondition::ForbidOverwrite);
    }
    let dated = try_copy(S3, &[("x-amz-copy-source", "src/k"), ("if-modified-since", DATE)]);
    assert!(matches!(dated, Err(Error::NotImplemented { .. })), "{dated:?}");
}

fn create(host: &str, headers: &[(&str, &str)], body: &str) -> Result<CreateBucket> {
    match read(host, "PUT /bkt", headers, body)? {
        Op::CreateBucket(create) => Ok(create),
        other => panic!("{other:?}"),
    }
}

#[test]
fn buckets_are_created_as_their_document_says() {
    let plain = create(OSS, &[("x-oss-acl", "public-read")], "").unwrap();
    assert_eq!(
        (plain.acl, plain.location, plain.storage_class),
        (Some(WantedAcl::Canned(CannedAcl::PublicRead)), None, None)
    );
    let oss = "<CreateBucketConfiguration><LocationConstraint>oss-cn-hangzhou</LocationConstraint>\
               <StorageClass>IA</StorageClass></CreateBucketConfiguration>";
    let oss = create(OSS, &[], oss).unwrap();
    assert_eq!((oss.location.as_deref(), oss.storage_class.as_deref()), (Some("cn-hangzhou"), Some("IA")));
    let s3 = "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
              <LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    assert_eq!(
        create(S3, &[("x-amz-bucket-object-lock-enabled", "false")], s3).unwrap().location.as_deref(),
        Some("eu-west-1")
    );
    let locks = |value| create(S3, &[("x-amz-bucket-object-lock-enabled", value)], "").unwrap().object_lock.is_some();
    assert!(locks("true") && !locks("false"));
    assert!(matches!(create(S3, &[("x-amz-acl", "bogus")], ""), Err(Error::InvalidArgument { .. })));
    assert!(matches!(create(OSS, &[("x-oss-acl", "bogus")], ""), Err(Error::InvalidArgument { .. })));
    assert!(matches!(create(S3, &[], "<Other/>"), Err(Error::MalformedXml { .. })));
    let tags = "<CreateBucketConfiguration><Tags/></CreateBucketConfiguration>";
    assert!(matches!(create(S3, &[], tags), Err(Error::NotImplemented { .. })));
    let path = "<CreateBucketConfiguration><LocationConstraint>a/b</LocationConstraint></CreateBucketConfiguration>";
    assert!(matches!(create(S3, &[], path), Err(Error::InvalidArgument { .. })));
}

#[test]
fn bodies_must_have_the_digest_announced() {
    let website = "<WebsiteConfiguration><IndexDocument><Suffix>i.html</Suffix></IndexDocument></WebsiteConfiguration>";
    assert!(matches!(read(OSS, "PUT /bkt?website", &[], website), Ok(Op::PutBucketWebsite(..))));
    let wrong = read(OSS, "PUT /bkt?website", &[("content-md5", MD5_OF_EMPTY)], website);
    assert!(matches!(wrong, Err(Error::BadDigest { .. })));
    let chunked =
        read(S3, "PUT /bkt?website", &[("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")], website);
    assert!(matches!(chunked, Err(Error::InvalidRequest { .. })));
    let wrong = read(S3, "PUT /bkt?website", &[("x-amz-checksum-crc32", "AAAAAA==")], website);
    assert!(matches!(wrong, Err(Error::BadDigest { header, .. }) if &*header == "x-amz-checksum-crc32"));
}
