//! Listings: pages asked for and pages answered, lists of keys to delete and of parts to complete.

use headwater_model::Error;
use headwater_model::digest::{Checksum, ChecksumAlgorithm, ChecksumType};
use headwater_model::list::{ListPage, ListQuery, ListedObject};
use headwater_model::op::{CompleteMultipartUpload, DeleteObjects, Doomed};
use headwater_model::precondition::{ObjectCondition, TagCondition};
use proptest::prelude::*;

use super::*;
use crate::escape::{Plus, decode as unescape};
use crate::xml::parse;

fn query(host: &str, query: &str) -> Result<ListQuery> {
    match read(host, &format!("GET /bkt?{query}"), &[], "")? {
        Op::ListObjects(list) => Ok(list.query),
        other => panic!("{other:?}"),
    }
}

fn page(keys: &[&str], prefixes: &[&str], next: Option<&str>) -> Reply {
    let objects = keys.iter().map(|name| ListedObject {
        key: key(name),
        size_bytes: 11,
        etag: meta().etag,
        last_modified: AT,
        kind: ObjectKind::Normal,
        checksum_algorithm: None,
        checksum_type: headwater_model::digest::ChecksumType::FullObject,
        storage_class: None,
        owner: None,
    });
    let common_prefixes = prefixes.iter().map(|prefix| (*prefix).into()).collect();
    let page =
        ListPage { objects: objects.collect(), common_prefixes, next: next.map(Into::into), ..ListPage::default() };
    Reply::Objects { owner: owner(), page }
}

#[test]
fn both_versions_ask_for_the_same_page() {
    for host in BOTH {
        let first = query(host, "prefix=a+b&delimiter=%2F&marker=m&max-keys=7&encoding-type=url").unwrap();
        let expected = ListQuery { prefix: "a b".into(), delimiter: "/".into(), after: "m".into(), limit: 7 };
        assert_eq!(first, expected);
        let second = query(host, "list-type=2&prefix=a+b&delimiter=%2F&start-after=m&max-keys=7").unwrap();
        assert_eq!(second, expected);
        // The token goes on; where the first page began is then moot.
        let token = crate::codec::token::encode("n");
        let next = query(host, &format!("list-type=2&start-after=m&continuation-token={token}")).unwrap();
        assert_eq!(&*next.after, "n");
        assert_eq!(&*query(host, "list-type=2&start-after=m&continuation-token=").unwrap().after, "m");
        let wrong = query(host, "list-type=2&continuation-token=made-up");
        assert!(matches!(wrong, Err(Error::InvalidArgument { name, .. }) if &*name == "continuation-token"));
        assert!(matches!(query(host, "encoding-type=base64"), Err(Error::InvalidArgument { .. })));
    }
}

#[test]
fn limits_are_the_vendors() {
    let limit = |host, text: &str| query(host, &format!("max-keys={text}")).map(|query| query.limit).ok();
    for (text, oss, s3) in [
        ("", Some(100), Some(1000)),
        ("1", Some(1), Some(1)),
        ("1000", Some(1000), Some(1000)),
        ("1001", None, Some(1000)),
        ("0", None, Some(0)),
        ("-1", None, None),
        ("blah", None, None),
        ("2147483648", None, None),
        ("99999999999999999999", None, None),
    ] {
        assert_eq!(limit(OSS, text), oss, "OSS {text:?}");
        assert_eq!(limit(S3, text), s3, "S3 {text:?}");
    }
}

#[test]
fn version_1_of_oss() {
    assert_eq!(
        xml(OSS, "GET /bkt?prefix=f&delimiter=/&max-keys=2", page(&["f&a"], &["fun/"], Some("fun/"))),
        joined(
            "<ListBucketResult><Name>bkt</Name><Prefix>f</Prefix><Marker></Marker><NextMarker>fun/</NextMarker>
             <MaxKeys>2</MaxKeys><Delimiter>/</Delimiter><IsTruncated>true</IsTruncated>
             <Contents><Key>f&amp;a</Key><LastModified>2023-12-16T16:20:57.000Z</LastModified>
             <ETag>&quot;5EB63BBBE01EEED093CB22BB8F5ACDC3&quot;</ETag><Type>Normal</Type><Size>11</Size>
             <StorageClass>Standard</StorageClass><Owner><ID>1234</ID><DisplayName>ann</DisplayName></Owner></Contents>
             <CommonPrefixes><Prefix>fun/</Prefix></CommonPrefixes></ListBucketResult>"
        )
    );
}

#[test]
fn version_2_of_both() {
    let line = "GET /bkt?list-type=2&start-after=a&encoding-type=url&delimiter=+";
    let token = crate::codec::token::encode("k +");
    let contents = |etag: &str, kind: &str, class: &str| {
        format!(
            "<Contents><Key>k%20%2B</Key><LastModified>2023-12-16T16:20:57.000Z</LastModified>
             <ETag>&quot;{etag}&quot;</ETag>{kind}<Size>11</Size><StorageClass>{class}</StorageClass></Contents>"
        )
    };
    let document = |root: &str, contents: String, limit: usize| {
        joined(&format!(
            "<ListBucketResult{root}><Name>bkt</Name><Prefix></Prefix><StartAfter>a</StartAfter>
             <NextContinuationToken>{token}</NextContinuationToken><KeyCount>1</KeyCount><MaxKeys>{limit}</MaxKeys>
             <Delimiter>%20</Delimiter><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
             {contents}</ListBucketResult>"
        ))
    };
    let oss = contents("5EB63BBBE01EEED093CB22BB8F5ACDC3", "<Type>Normal</Type>", "Standard");
    assert_eq!(xml(OSS, line, page(&["k +"], &[], Some("k +"))), document("", oss, 100));
    let s3 = contents("5eb63bbbe01eeed093cb22bb8f5acdc3", "", "STANDARD");
    let root = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
    assert_eq!(xml(S3, line, page(&["k +"], &[], Some("k +"))), document(root, s3, 1000));
    let with_owner = xml(S3, "GET /bkt?list-type=2&fetch-owner=true", page(&["k"], &[], None));
    assert!(with_owner.contains("<Owner><ID>1234</ID>") && with_owner.contains("<IsTruncated>false</IsTruncated>"));
}

#[test]
fn version_1_of_s3_tells_the_marker_only_with_a_delimiter() {
    let plain = xml(S3, "GET /bkt?max-keys=1", page(&["a"], &[], Some("a")));
    assert!(plain.contains("<IsTruncated>true</IsTruncated>") && !plain.contains("NextMarker"));
    let collapsed = xml(S3, "GET /bkt?max-keys=1&delimiter=/", page(&[], &["a/"], Some("a/")));
    assert!(collapsed.contains("<NextMarker>a/</NextMarker>"));
    assert!(plain.contains("<Owner>"));
}

fn delete(host: &str, headers: &[(&str, &str)], body: &str) -> Result<DeleteObjects> {
    match read(host, "POST /bkt?delete", headers, body)? {
        Op::DeleteObjects(delete) => Ok(delete),
        other => panic!("{other:?}"),
    }
}

fn content_md5(body: &str) -> String {
    use base64::Engine as _;
    use md5::Digest as _;
    base64::engine::general_purpose::STANDARD.encode(md5::Md5::digest(body))
}

#[test]
fn lists_of_keys_to_delete() {
    let with_digest = |host, body: &str| delete(host, &[("content-md5", &content_md5(body))], body);
    for host in BOTH {
        let body = "<Delete><Quiet>true</Quiet><Object><Key> a&amp;b </Key></Object>\
                    <Object><Key>c</Key><VersionId>null</VersionId></Object></Delete>";
        let read = with_digest(host, body).unwrap();
        assert!(read.quiet);
        let named = Doomed { version: Some("null".into()), ..key("c").into() };
        assert_eq!(read.keys, [key(" a&b ").into(), named]);
        assert!(matches!(delete(host, &[], body), Err(Error::InvalidRequest { .. })), "a digest is needed");
        let wrong = delete(host, &[("content-md5", &content_md5("other"))], body);
        assert!(matches!(wrong, Err(Error::BadDigest { .. })));
        let many = |count| format!("<Delete>{}</Delete>", "<Object><Key>k</Key></Object>".repeat(count));
        assert_eq!(with_digest(host, &many(1000)).unwrap().keys.len(), 1000);
        for body in [&many(0), &many(1001), "<Delete><Object/></Delete>", "<Delete>", ""] {
            assert!(matches!(with_digest(host, body), Err(Error::MalformedXml { .. })), "{body:.40}");
        }
        let odd = "<Delete><Object><Key>a\u{1}&#x7;\u{c}</Key></Object></Delete>";
        assert_eq!(
            with_digest(host, odd).unwrap().keys,
            [Doomed::from(key("a\u{1}\u{7}\u{c}"))],
            "keys that XML cannot carry"
        );
        let conditional = "<Delete><Object><Key>k</Key><ETag>\"AB\"</ETag><Size>3</Size>\
                           <LastModifiedTime>Sun, 06 Nov 1994 08:49:37 GMT</LastModifiedTime></Object></Delete>";
        let expected = ObjectCondition {
            if_match: Some(TagCondition::parse("ab")),
            if_none_match: None,
            last_modified: Some(Timestamp::from_seconds(784_111_777)),
            size_bytes: Some(3),
        };
        assert_eq!(
            with_digest(host, conditional).unwrap().keys,
            [Doomed { condition: Some(Box::new(expected)), ..key("k").into() }]
        );
        let wrong = conditional.replace(">3<", ">x<");
        assert!(matches!(with_digest(host, &wrong), Err(Error::InvalidArgument { name, .. }) if &*name == "Size"));
        let version = "<Delete><Object><Key>k</Key><VersionId>v</VersionId></Object></Delete>";
        match (host, with_digest(host, version)) {
            (OSS, read) => assert!(matches!(read, Err(Error::InvalidArgument { name, .. }) if &*name == "VersionId")),
            // S3 fails this one alone, when it is its turn.
            (_, read) => assert_eq!(read.unwrap().keys[0].version.as_deref(), Some("v")),
        }
    }
    let body = "<Delete><Object><Key>hello</Key></Object></Delete>";
    assert!(matches!(delete(S3, &[("x-amz-checksum-crc32", "AAAAAA==")], body), Err(Error::BadDigest { .. })));
}

fn complete(host: &str, headers: &[(&str, &str)], body: &str) -> Result<CompleteMultipartUpload> {
    match read(host, "POST /bkt/k?uploadId=U", headers, body)? {
        Op::CompleteMultipartUpload(complete) => Ok(*complete),
        other => panic!("{other:?}"),
    }
}

#[test]
fn lists_of_parts_to_complete() {
    let body = "<CompleteMultipartUpload><Part><PartNumber>2</PartNumber><ETag>\"AB\"</ETag></Part>\
                <Part><ETag>cd</ETag><PartNumber>1</PartNumber><ChecksumCRC32>AAAAAQ==</ChecksumCRC32></Part>\
                </CompleteMultipartUpload>";
    for (host, min_part_bytes) in [(OSS, 100 << 10), (S3, 5 << 20)] {
        let read = complete(host, &[], body).unwrap();
        let parts: Vec<_> = read.parts.iter().map(|part| (part.number, part.etag.as_str())).collect();
        assert_eq!(parts, [(2, "ab"), (1, "cd")], "in the order given");
        assert_eq!((read.min_part_bytes, read.all_parts), (min_part_bytes, false));
        for bad in ["", "<CompleteMultipartUpload/>", "<Other/>"] {
            assert!(matches!(complete(host, &[], bad), Err(Error::MalformedXml { .. })), "{bad}");
        }
        let zero = body.replace(">1<", ">0<");
        assert!(matches!(complete(host, &[], &zero), Err(Error::InvalidArgument { .. })));
    }
    let all = complete(OSS, &[("x-oss-complete-all", "yes")], "").unwrap();
    assert!(all.all_parts && all.parts.is_empty());
    let empty_list = complete(OSS, &[("x-oss-complete-all", "yes")], "<CompleteMultipartUpload/>").unwrap();
    assert!(empty_list.all_parts && empty_list.parts.is_empty(), "some clients send an empty list");
    assert!(matches!(complete(OSS, &[("x-oss-complete-all", "yes")], body), Err(Error::InvalidRequest { .. })));
    let headers =
        [("x-amz-checksum-crc32", "AAAAAA==-2"), ("x-amz-checksum-type", "COMPOSITE"), ("x-amz-mp-object-size", "7")];
    let of_object = complete(S3, &headers, body).unwrap();
    let crc32 = |value| Checksum { algorithm: ChecksumAlgorithm::Crc32, value: vec![0, 0, 0, value] };
    assert_eq!((of_object.checksum, of_object.size_bytes), (Some(crc32(0)), Some(7)));
    assert_eq!(of_object.checksum_type, Some(ChecksumType::Composite));
    assert_eq!(of_object.parts[1].checksum, Some(crc32(1)));
    let malformed = body.replace("AAAAAQ==", "x");
    assert!(matches!(complete(S3, &[], &malformed), Err(Error::MalformedXml { .. })));
    assert!(complete(OSS, &[], &malformed).is_ok(), "no word of OSS");
    for bad in [("x-amz-checksum-crc32", "AAAA"), ("x-amz-checksum-type", "WHOLE")] {
        assert!(matches!(complete(S3, &[bad], body), Err(Error::InvalidRequest { .. })), "{bad:?}");
    }
    assert!(matches!(complete(S3, &[("x-amz-mp-object-size", "-1")], body), Err(Error::InvalidArgument { .. })));
}

#[test]
fn a_list_of_parts_is_held_to_its_md5() {
    let body =
        "<CompleteMultipartUpload><Part><PartNumber>2</PartNumber><ETag>ab</ETag></Part></CompleteMultipartUpload>";
    for host in BOTH {
        assert!(complete(host, &[("content-md5", &content_md5(body))], body).is_ok());
        let of_object = [("content-md5", &*content_md5("other")), ("x-amz-checksum-crc32", "AAAAAA==")];
        assert!(matches!(complete(host, &of_object, body), Err(Error::BadDigest { .. })));
        assert!(matches!(complete(host, &[("content-md5", "x")], body), Err(Error::InvalidDigest { .. })));
    }
}

/// As long as clients write them: on lines of their own, with quotes around tags and the longest checksum.
#[test]
fn every_part_with_its_checksum_can_be_named() {
    let tag = "&quot;5d41402abc4b2a76b9719d911017c592&quot;";
    let sha256 = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
    let part = |number: u32| {
        format!(
            "    <Part>\n        <PartNumber>{number}</PartNumber>\n        <ETag>{tag}</ETag>\n        \
             <ChecksumSHA256>{sha256}</ChecksumSHA256>\n    </Part>\n"
        )
    };
    let parts_named = (1..=10_000).map(part).collect::<Vec<_>>().concat();
    let namespace = "http://s3.amazonaws.com/doc/2006-03-01/";
    let body = format!("<CompleteMultipartUpload xmlns=\"{namespace}\">\n{parts_named}</CompleteMultipartUpload>");
    assert!(body.len() > 2 << 20, "{}", body.len());
    let line = parts(S3, "POST /bkt/k?uploadId=U", &[]);
    assert!(body.len() <= routed(&line).xml_limit_bytes());
    let parts = complete(S3, &[], &body).unwrap().parts;
    assert!(parts.len() == 10_000 && parts.iter().all(|part| part.checksum.is_some()));
    let padded = format!("{body}{}", " ".repeat(3 << 20));
    assert!(matches!(complete(S3, &[], &padded), Err(Error::MalformedXml { .. })));
}

#[test]
fn parts_and_uploads_are_asked_for_in_pages() {
    for host in BOTH {
        let parts = |query: &str| match read(host, &format!("GET /bkt/k?uploadId=U&{query}"), &[], "") {
            Ok(Op::ListParts(list)) => Ok((list.after, list.limit)),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error),
        };
        assert_eq!(parts("").unwrap(), (0, 1000));
        assert_eq!(parts("part-number-marker=3&max-parts=2").unwrap(), (3, 2));
        assert_eq!(parts("part-number-marker=99999999").unwrap(), (u16::MAX, 1000));
        assert!(matches!(parts("part-number-marker=x"), Err(Error::InvalidArgument { .. })));
        for number in ["0", "10001", "", "-1", "x"] {
            let line = format!("PUT /bkt/k?uploadId=U&partNumber={number}");
            let refused = read(host, &line, &[("content-length", "0")], "");
            assert!(matches!(refused, Err(Error::InvalidArgument { .. })), "{number:?}");
        }
        let id = "AB".repeat(16);
        let line = format!("GET /bkt?uploads&key-marker=k&upload-id-marker={id}&prefix=p&delimiter=d&max-uploads=9");
        let Ok(Op::ListMultipartUploads(list)) = read(host, &line, &[], "") else { panic!("a page of uploads") };
        assert_eq!((&*list.after_key, &*list.prefix, &*list.delimiter, list.limit), ("k", "p", "d", 9));
        assert_eq!(list.after_upload.map(|id| id.0), Some([0xab; 16]));
        let bad = read(host, "GET /bkt?uploads&key-marker=k&upload-id-marker=x", &[], "");
        assert!(matches!(bad, Err(Error::InvalidArgument { .. })));
        let nil = format!("GET /bkt?uploads&key-marker=p/&upload-id-marker={}", "0".repeat(32));
        assert!(matches!(read(host, &nil, &[], ""), Ok(Op::ListMultipartUploads(list)) if list.after_upload.is_none()));
    }
}

proptest! {
    /// Any key comes through a listing with `encoding-type=url`, even those that XML cannot hold.
    #[test]
    fn encoded_listings_carry_any_key(name in "(?s).{1,64}") {
        for host in BOTH {
            let document = xml(host, "GET /bkt?encoding-type=url", page(&[&name], &[], None));
            let document = parse(document.as_bytes()).unwrap();
            let contents = document.root("ListBucketResult").unwrap().required("Contents").unwrap();
            let shown = contents.required_text("Key").unwrap();
            prop_assert!(shown.is_ascii());
            let decoded = unescape(shown, Plus::Literal);
            prop_assert_eq!(decoded.as_deref(), Some(name.as_str()));
        }
    }
}

#[test]
fn buckets_are_asked_for_by_region_on_s3() {
    let location = |host, line| match read(host, line, &[], "").unwrap() {
        Op::ListBuckets(list) => list.location,
        other => panic!("{other:?}"),
    };
    assert_eq!(location(S3, "GET /?bucket-region=eu-west-1").as_deref(), Some("eu-west-1"));
    assert_eq!(location(S3, "GET /?bucket-region="), None);
    assert_eq!(location(OSS, "GET /?bucket-region=eu-west-1"), None);
}
