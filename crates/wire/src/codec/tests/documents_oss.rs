//! The documents of OSS, whole.

use headwater_model::Error;
use headwater_model::acl::CannedAcl;
use headwater_model::multipart::{PartInfo, PartPage, UploadId, UploadInfo, UploadPage};

use super::*;

#[test]
fn list_buckets() {
    let reply =
        |next: Option<&str>| Reply::Buckets { owner: owner(), buckets: vec![bucket()], next: next.map(Into::into) };
    assert_eq!(
        xml("oss.test:9000", "GET /", reply(None)),
        joined(
            "<ListAllMyBucketsResult>
             <Owner><ID>1234</ID><DisplayName>ann</DisplayName></Owner>
             <Buckets><Bucket><CreationDate>2023-12-16T16:20:57.000Z</CreationDate>
             <ExtranetEndpoint>http://oss.test:9000</ExtranetEndpoint><IntranetEndpoint>http://oss.test:9000</IntranetEndpoint>
             <Location>oss-cn-hangzhou</Location><Name>bkt</Name><Region>cn-hangzhou</Region>
             <StorageClass>Standard</StorageClass></Bucket></Buckets>
             </ListAllMyBucketsResult>"
        )
    );
    let page = xml(OSS, "GET /?prefix=b&max-keys=1", reply(Some("bkt")));
    assert!(page.starts_with(
        "<ListAllMyBucketsResult><Prefix>b</Prefix><Marker></Marker><MaxKeys>1</MaxKeys><IsTruncated>true</IsTruncated>\
         <NextMarker>bkt</NextMarker><Owner>"
    ));
}

#[test]
fn bucket_info_location_and_acl() {
    let reply = || Reply::Bucket { owner: owner(), bucket: bucket() };
    assert_eq!(
        xml(OSS, "GET /bkt?bucketInfo", reply()),
        joined(
            "<BucketInfo><Bucket><AccessMonitor>Disabled</AccessMonitor>
             <BlockPublicAccess>false</BlockPublicAccess><Comment></Comment>
             <CreationDate>2023-12-16T16:20:57.000Z</CreationDate>
             <CrossRegionReplication>Disabled</CrossRegionReplication><DataRedundancyType>LRS</DataRedundancyType>
             <ExtranetEndpoint>oss.test</ExtranetEndpoint><IntranetEndpoint>oss.test</IntranetEndpoint>
             <Location>oss-cn-hangzhou</Location><Name>bkt</Name><StorageClass>Standard</StorageClass>
             <TransferAcceleration>Disabled</TransferAcceleration>
             <Owner><ID>1234</ID><DisplayName>ann</DisplayName></Owner>
             <AccessControlList><Grant>public-read</Grant></AccessControlList>
             <ServerSideEncryptionRule><SSEAlgorithm>None</SSEAlgorithm></ServerSideEncryptionRule>
             <BucketPolicy><LogBucket></LogBucket><LogPrefix></LogPrefix></BucketPolicy></Bucket></BucketInfo>"
        )
    );
    let listed = answer(OSS, "PUT /bkt?acl", Reply::Done);
    assert_eq!((listed.status().as_u16(), listed.headers()["location"].as_bytes()), (200, &b"/bkt"[..]));
    assert_eq!(xml(OSS, "GET /bkt?location", reply()), "<LocationConstraint>oss-cn-hangzhou</LocationConstraint>");
    assert_eq!(
        xml(
            OSS,
            "GET /bkt?acl",
            Reply::Acl { owner: owner(), grants: Vec::new(), canned: Some(CannedAcl::PublicRead) }
        ),
        joined(
            "<AccessControlPolicy><Owner><ID>1234</ID><DisplayName>ann</DisplayName></Owner>
             <AccessControlList><Grant>public-read</Grant></AccessControlList></AccessControlPolicy>"
        )
    );
    let created = answer(OSS, "PUT /bkt", reply());
    assert_eq!(created.headers()["location"], "/bkt");
    assert_eq!(answer(OSS, "HEAD /bkt", reply()).status(), 200);
}

#[test]
fn copies_and_deletes() {
    assert_eq!(
        xml(OSS, "PUT /bkt/k?x-oss-signature=1&x-oss-copy-source=a/b", Reply::Copied(Arc::new(meta()))),
        "<CopyObjectResult><LastModified>2023-12-16T16:20:57.000Z</LastModified>\
         <ETag>&quot;5EB63BBBE01EEED093CB22BB8F5ACDC3&quot;</ETag></CopyObjectResult>"
    );
    let failed = Error::Internal { context: "delete", source: "disk".into() };
    let deleted = vec![deleted("a b", None, Ok(None)), deleted("c", None, Err(failed))];
    assert_eq!(
        xml(OSS, "POST /bkt?delete&encoding-type=url", Reply::Deleted(deleted)),
        joined(
            "<DeleteResult><EncodingType>url</EncodingType><Deleted><Key>a%20b</Key></Deleted>
             <Error><Key>c</Key><Code>InternalError</Code>
             <Message>The server encountered an internal error. Please try again.</Message></Error></DeleteResult>"
        )
    );
}

#[test]
fn multipart_uploads() {
    let id = UploadId([0xab; 16]);
    let id_text = "AB".repeat(16);
    assert_eq!(
        xml(OSS, "POST /bkt/a%20b?uploads&encoding-type=url", Reply::UploadCreated(id)),
        format!(
            "<InitiateMultipartUploadResult><EncodingType>url</EncodingType><Bucket>bkt</Bucket><Key>a%20b</Key>\
             <UploadId>{id_text}</UploadId></InitiateMultipartUploadResult>"
        )
    );
    let part = PartInfo { number: 2, size_bytes: 11, etag: meta().etag, last_modified: AT, crc64: 7, checksum: None };
    let stored = answer(OSS, "PUT /bkt/k?partNumber=2&uploadId=U", Reply::PartStored(part.clone()));
    assert_eq!(stored.headers()["etag"], "\"5EB63BBBE01EEED093CB22BB8F5ACDC3\"");
    assert_eq!(stored.headers()["x-oss-hash-crc64ecma"], "7");
    assert_eq!(stored.headers()["content-md5"], "XrY7u+Ae7tCTyyK7j1rNww==");
    let page = PartPage { parts: vec![part], next: Some(2) };
    let encryption = |name: &str, value: &str| (format!("client-side-encryption-{name}").into(), value.into());
    let user = vec![encryption("part-size", "11"), encryption("key", "a+b"), ("other".into(), "x".into())];
    let parts = Reply::Parts { owner: owner(), checksum: None, user, page };
    assert_eq!(
        xml(OSS, "GET /bkt/k?uploadId=U&max-parts=1&part-number-marker=1", parts),
        joined(
            "<ListPartsResult><Bucket>bkt</Bucket><Key>k</Key><UploadId>U</UploadId>
             <StorageClass>Standard</StorageClass><PartNumberMarker>1</PartNumberMarker>
             <NextPartNumberMarker>2</NextPartNumberMarker><MaxParts>1</MaxParts><IsTruncated>true</IsTruncated>
             <ClientEncryptionKey>a+b</ClientEncryptionKey><ClientEncryptionPartSize>11</ClientEncryptionPartSize>
             <Part><PartNumber>2</PartNumber><LastModified>2023-12-16T16:20:57.000Z</LastModified>
             <ETag>&quot;5EB63BBBE01EEED093CB22BB8F5ACDC3&quot;</ETag><Size>11</Size>
             <HashCrc64ecma>7</HashCrc64ecma></Part></ListPartsResult>"
        )
    );
    let uploads = UploadPage {
        uploads: vec![UploadInfo {
            key: key("k"),
            id,
            initiated: AT,
            checksum_algorithm: None,
            checksum_type: headwater_model::digest::ChecksumType::FullObject,
            owner: None,
        }],
        common_prefixes: vec!["p/".into()],
        next: Some(("p/".into(), UploadId([0; 16]))),
    };
    assert_eq!(
        xml(OSS, "GET /bkt?uploads&delimiter=/", Reply::Uploads { owner: owner(), page: uploads.clone() }),
        joined(&format!(
            "<ListMultipartUploadsResult><Bucket>bkt</Bucket><KeyMarker></KeyMarker><UploadIdMarker></UploadIdMarker>
             <NextKeyMarker>p/</NextKeyMarker><NextUploadIdMarker></NextUploadIdMarker><Delimiter>/</Delimiter>
             <Prefix></Prefix><MaxUploads>1000</MaxUploads><IsTruncated>true</IsTruncated>
             <Upload><Key>k</Key><UploadId>{id_text}</UploadId><StorageClass>Standard</StorageClass>
             <Initiated>2023-12-16T16:20:57.000Z</Initiated></Upload>
             <CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes></ListMultipartUploadsResult>"
        ))
    );
    let last = UploadPage { next: None, common_prefixes: Vec::new(), ..uploads };
    let document = xml(OSS, "GET /bkt?uploads", Reply::Uploads { owner: owner(), page: last });
    let told = format!("<NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>{id_text}</NextUploadIdMarker>");
    assert!(document.contains(&told) && document.contains("<IsTruncated>false</IsTruncated>"), "{document}");
    let completed = answer(OSS, "POST /bkt/k?uploadId=U", Reply::Completed(Arc::new(meta())));
    assert_eq!(completed.headers()["x-oss-hash-crc64ecma"], "5981764153023615706");
    assert_eq!(completed.headers()["content-md5"], "XrY7u+Ae7tCTyyK7j1rNww==", "as of parts that came in order");
    let unordered =
        answer(OSS, "POST /bkt/k?uploadId=U", Reply::Completed(Arc::new(ObjectMeta { md5: None, ..meta() })));
    assert!(!unordered.headers().contains_key("content-md5"));
    assert_eq!(
        xml("oss.test:9000", "POST /bkt/a%20b?uploadId=U", Reply::Completed(Arc::new(meta()))),
        joined(
            "<CompleteMultipartUploadResult><Location>http://oss.test:9000/bkt/a%20b</Location><Bucket>bkt</Bucket>
             <Key>a b</Key><ETag>&quot;5EB63BBBE01EEED093CB22BB8F5ACDC3&quot;</ETag></CompleteMultipartUploadResult>"
        )
    );
}
