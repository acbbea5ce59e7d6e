//! Tags, parts and attributes of objects.

use headwater_model::Error;
use headwater_model::digest::{Checksum, ChecksumAlgorithm, ChecksumType};
use headwater_model::multipart::PartInfo;
use headwater_model::object::{Composition, ObjectPart, Tags};
use headwater_model::op::{CreateMultipartUpload, PartRange, UploadPartCopy};
use headwater_model::reply::ObjectReply;

use super::*;

fn tagging(pairs: &[(&str, &str)]) -> String {
    let tag = |(key, value): &(&str, &str)| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>");
    format!("<Tagging><TagSet>{}</TagSet></Tagging>", pairs.iter().map(tag).collect::<String>())
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

#[test]
fn tags_keep_the_vendors_limits() {
    let of_object = |host, body: &str| match read(host, "PUT /bkt/k?tagging", &[], body)? {
        Op::PutObjectTagging(_, tags) => Ok(tags),
        other => panic!("{other:?}"),
    };
    let of_bucket = |host, body: &str| match read(host, "PUT /bkt?tagging", &[], body)? {
        Op::PutBucketTagging(_, tags) => Ok(tags),
        other => panic!("{other:?}"),
    };
    let many = |count: usize| {
        let names: Vec<String> = (0..count).map(|number| number.to_string()).collect();
        tagging(&names.iter().map(|name| (&**name, "v")).collect::<Vec<_>>())
    };
    let (long_key, long_value) = ("k".repeat(129), "v".repeat(257));
    for host in BOTH {
        let pairs = [("a b", "+-=._:/"), ("键", "")];
        assert_eq!(of_object(host, &tagging(&pairs)).unwrap(), tags(&pairs));
        assert_eq!(of_object(host, &tagging(&[])).unwrap(), Tags::new());
        assert_eq!(of_object(host, &many(10)).unwrap().len(), 10);
        let wrong = [
            many(11),
            tagging(&[(&long_key, "")]),
            tagging(&[("k", &long_value)]),
            tagging(&[("k%", "")]),
            tagging(&[("", "")]),
            tagging(&[("k", "1"), ("k", "2")]),
        ];
        for body in wrong {
            assert!(matches!(of_object(host, &body), Err(Error::InvalidTag { .. })), "{body:.60}");
        }
        for body in ["", "<Tagging/>", "<Other/>", "<Tagging><TagSet><Tag/></TagSet></Tagging>"] {
            assert!(matches!(of_object(host, body), Err(Error::MalformedXml { .. })), "{body}");
        }
    }
    assert!(of_bucket(OSS, &tagging(&[("%@abc", "++123%")])).is_ok(), "tags of OSS's buckets are any text");
    assert!(matches!(of_bucket(OSS, &many(21)), Err(Error::InvalidTag { .. })));
    assert!(of_bucket(S3, &many(50)).is_ok());
    assert!(matches!(of_bucket(S3, &many(51)), Err(Error::InvalidTag { .. })));
    let named = |host| match read(host, "DELETE /bkt?tagging=a,b", &[], "").unwrap() {
        Op::DeleteBucketTagging(_, keys) => keys.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!((named(OSS), named(S3)), (2, 0));
}

#[test]
fn tags_are_shown_in_order_of_their_keys_on_s3() {
    let shown = |host| xml(host, "GET /bkt/k?tagging", Reply::Tags(tags(&[("foo", "bar"), ("bar", "")])));
    assert!(shown(OSS).contains(&tagging(&[("foo", "bar"), ("bar", "")])[9..]));
    assert!(shown(S3).contains(&tagging(&[("bar", ""), ("foo", "bar")])[9..]));
}

#[test]
fn a_header_gives_tags_to_what_is_written() {
    for (host, name) in [(OSS, "x-oss-tagging"), (S3, "x-amz-tagging")] {
        let header = [(name, "a+b=1%2F&b&&c="), ("content-length", "0")];
        let expected = tags(&[("a b", "1/"), ("b", ""), ("c", "")]);
        match read(host, "PUT /bkt/k", &header, "").unwrap() {
            Op::PutObject(put) => assert_eq!(put.tags, expected),
            other => panic!("{other:?}"),
        }
        match read(host, "POST /bkt/k?uploads", &header, "").unwrap() {
            Op::CreateMultipartUpload(create) => assert_eq!(create.tags, expected),
            other => panic!("{other:?}"),
        }
        let wrong = read(host, "PUT /bkt/k", &[(name, "a=%ff"), ("content-length", "0")], "");
        assert!(matches!(wrong, Err(Error::InvalidArgument { .. })));
        let wrong = read(host, "PUT /bkt/k", &[(name, "a=1&a=2"), ("content-length", "0")], "");
        assert!(matches!(wrong, Err(Error::InvalidTag { .. })));
    }
}

#[test]
fn only_oss_has_sequential_uploads() {
    for (host, target, expected) in [
        (OSS, "POST /bkt/k?uploads", false),
        (OSS, "POST /bkt/k?uploads&sequential", true),
        (OSS, "POST /bkt/k?sequential=1&uploads=1", true),
        (S3, "POST /bkt/k?uploads&sequential", false),
    ] {
        match read(host, target, &[], "").unwrap() {
            Op::CreateMultipartUpload(create) => assert_eq!(create.sequential, expected, "{host} {target}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn uploads_name_an_algorithm_and_a_type_that_go_together() {
    let create = |headers: &[(&str, &str)]| match read(S3, "POST /bkt/k?uploads", headers, "")? {
        Op::CreateMultipartUpload(create) => Ok::<CreateMultipartUpload, Error>(*create),
        other => panic!("{other:?}"),
    };
    let (algorithm, kind) = ("x-amz-checksum-algorithm", "x-amz-checksum-type");
    for (name, said, expected) in [
        ("CRC32", None, ChecksumType::Composite),
        ("CRC32", Some("FULL_OBJECT"), ChecksumType::FullObject),
        ("CRC32C", Some("composite"), ChecksumType::Composite),
        ("CRC64NVME", None, ChecksumType::FullObject),
        ("SHA256", Some("COMPOSITE"), ChecksumType::Composite),
    ] {
        let mut headers = vec![(algorithm, name)];
        headers.extend(said.map(|said| (kind, said)));
        assert_eq!(create(&headers).unwrap().checksum.unwrap().1, expected, "{name} {said:?}");
    }
    for headers in [
        &[(algorithm, "SHA1"), (kind, "FULL_OBJECT")][..],
        &[(algorithm, "CRC64NVME"), (kind, "COMPOSITE")],
        &[(algorithm, "CRC32"), (kind, "BOTH")],
        &[(kind, "COMPOSITE")],
    ] {
        assert!(matches!(create(headers), Err(Error::InvalidRequest { .. })), "{headers:?}");
    }
}

#[test]
fn parts_are_copied_from_ranges() {
    let copy = |host, headers: &[(&str, &str)]| match read(host, "PUT /bkt/k?partNumber=2&uploadId=U", headers, "")? {
        Op::UploadPartCopy(copy) => Ok::<UploadPartCopy, Error>(*copy),
        other => panic!("{other:?}"),
    };
    for (host, vendor) in [(OSS, "oss"), (S3, "amz")] {
        let (source, range) = (format!("x-{vendor}-copy-source"), format!("x-{vendor}-copy-source-range"));
        let of = |value| copy(host, &[(&source, "/src/a%20b"), (&range, value)]);
        let whole = copy(host, &[(&source, "/src/a%20b")]).unwrap();
        assert_eq!((whole.number, whole.source_key.as_str(), whole.range), (2, "a b", None));
        assert_eq!(of("bytes=3-9").unwrap().range, Some(PartRange { first: 3, last: Some(9) }));
        for bad in ["", "0-2", "500-600", "bytes=0", "bytes=-100", "bytes=2-1", "bytes=a-b", "bytes=0-2,3-5", "bytes=-"]
        {
            assert!(matches!(of(bad), Err(Error::InvalidArgument { .. })), "{bad}");
        }
        match of("bytes=102400-") {
            Ok(open) => assert_eq!((host, open.range), (OSS, Some(PartRange { first: 102_400, last: None }))),
            Err(error) => assert!(host == S3 && matches!(error, Error::InvalidArgument { .. }), "{error}"),
        }
    }
    let part = PartInfo { number: 2, size_bytes: 11, etag: meta().etag, last_modified: AT, crc64: 7, checksum: None };
    let parts = parts(OSS, "PUT /bkt/k?partNumber=2&uploadId=U", &[("x-oss-copy-source", "/src/k")]);
    let context = ResponseContext { request_id: "R", elapsed: Duration::ZERO, secure: false };
    let response = encode(&routed(&parts), &parts, Reply::PartCopied(part), &context);
    let Body::Full(bytes) = response.into_body() else { panic!("no document") };
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(text.contains("<CopyPartResult><LastModified>2023-12-16T16:20:57.000Z</LastModified>"), "{text}");
}

fn of_parts() -> ObjectMeta {
    let checksum = |value| Checksum { algorithm: ChecksumAlgorithm::Crc32, value: vec![0, 0, 0, value] };
    let part = |number, value| ObjectPart { number, size_bytes: 5, checksum: Some(checksum(value)) };
    let composition = Composition {
        checksum_type: ChecksumType::Composite,
        parts: Some([part(1, 1), part(3, 3)].into()),
        link: None,
        encryption: None,
    };
    let mut meta = ObjectMeta { checksum: Some(checksum(9)), kind: ObjectKind::Multipart, composition, ..meta() };
    meta.headers.storage_class = Some("STANDARD_IA".into());
    meta.headers.website_redirect = Some("/there".into());
    meta
}

#[test]
fn a_part_tells_how_many_there_are_and_its_own_checksum() {
    let mut reply = ObjectReply::hit(Arc::new(of_parts()), Body::Empty);
    reply.part = reply.meta.composition.parts.as_ref().map(|parts| parts[1].clone());
    reply.range = Some(5..10);
    let asked = [("x-amz-checksum-mode", "ENABLED")];
    let response = answer_with(S3, "HEAD /bkt/k?partNumber=3", &asked, Reply::Object(Box::new(reply)));
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(response.status(), 206);
    assert_eq!(header("x-amz-mp-parts-count").as_deref(), Some("2"));
    assert_eq!(header("x-amz-checksum-crc32").as_deref(), Some("AAAAAw=="));
    assert_eq!(header("x-amz-checksum-type").as_deref(), Some("COMPOSITE"));
    assert_eq!(header("x-amz-storage-class").as_deref(), Some("STANDARD_IA"));
    assert_eq!(header("x-amz-website-redirect-location").as_deref(), Some("/there"));
    let whole = Reply::Object(Box::new(ObjectReply::hit(Arc::new(of_parts()), Body::Empty)));
    let whole = answer_with(S3, "HEAD /bkt/k", &asked, whole);
    assert_eq!(whole.headers()["x-amz-checksum-crc32"], "AAAACQ==-2");
    let plain = Reply::Object(Box::new(ObjectReply::hit(Arc::new(meta()), Body::Empty)));
    assert!(answer(S3, "HEAD /bkt/k", plain).headers().get("x-amz-storage-class").is_none());
    let oss = Reply::Object(Box::new(ObjectReply::hit(Arc::new(of_parts()), Body::Empty)));
    assert_eq!(answer(OSS, "HEAD /bkt/k", oss).headers()["x-oss-storage-class"], "IA");
    let both = read(S3, "GET /bkt/k?partNumber=1", &[("range", "bytes=0-1")], "");
    assert!(matches!(both, Err(Error::InvalidRequest { .. })));
}

#[test]
fn attributes_are_those_asked_for() {
    let line = "GET /bkt/k?attributes";
    let ask = |headers: &[(&str, &str)]| {
        let response = answer_with(S3, line, headers, Reply::ObjectMeta(Arc::new(of_parts())));
        let Body::Full(bytes) = response.into_body() else { panic!("no document") };
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let (_, document) = text.split_once("2006-03-01/\">").unwrap();
        document.strip_suffix("</GetObjectAttributesResponse>").unwrap().to_owned()
    };
    let names = "x-amz-object-attributes";
    assert_eq!(
        ask(&[(names, "ObjectSize, StorageClass")]),
        "<StorageClass>STANDARD_IA</StorageClass><ObjectSize>11</ObjectSize>"
    );
    assert_eq!(ask(&[(names, "ETag")]), "<ETag>5eb63bbbe01eeed093cb22bb8f5acdc3</ETag>");
    assert_eq!(
        ask(&[(names, "Checksum")]),
        "<Checksum><ChecksumCRC32>AAAACQ==-2</ChecksumCRC32><ChecksumType>COMPOSITE</ChecksumType></Checksum>"
    );
    assert_eq!(
        ask(&[(names, "ObjectParts"), ("x-amz-max-parts", "1")]),
        joined(
            "<ObjectParts><PartsCount>2</PartsCount><PartNumberMarker>0</PartNumberMarker>
             <NextPartNumberMarker>1</NextPartNumberMarker><MaxParts>1</MaxParts><IsTruncated>true</IsTruncated>
             <Part><ChecksumCRC32>AAAAAQ==</ChecksumCRC32><PartNumber>1</PartNumber><Size>5</Size></Part></ObjectParts>"
        )
    );
    let rest = ask(&[(names, "ObjectParts"), ("x-amz-part-number-marker", "1")]);
    assert!(rest.contains("<IsTruncated>false</IsTruncated>") && rest.contains("<PartNumber>3</PartNumber>"), "{rest}");
    assert!(matches!(read(S3, line, &[], ""), Err(Error::InvalidRequest { .. })));
    assert!(matches!(read(S3, line, &[(names, "Colour")], ""), Err(Error::InvalidArgument { .. })));
    let wrong = read(S3, line, &[(names, "ETag"), ("x-amz-max-parts", "x")], "");
    assert!(matches!(wrong, Err(Error::InvalidArgument { .. })));
}
