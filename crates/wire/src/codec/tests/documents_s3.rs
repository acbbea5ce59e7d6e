//! The documents of S3, whole.

use headwater_model::Error;
use headwater_model::acl::{Acl, CannedAcl, Grant, Grantee, Group, Permission, WantedAcl, WantedGrant, WantedGrantee};
use headwater_model::bucket::{ObjectOwnership, PublicAccessBlock};
use headwater_model::digest::{Checksum, ChecksumAlgorithm};
use headwater_model::multipart::{PartInfo, PartPage, UploadId, UploadInfo, UploadPage};
use headwater_model::policy::{Attached, Policy};
use headwater_model::reply::Owner;

use super::*;

const NS: &str = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

/// An expected document, its root element without the namespace that all have.
fn with_namespace(document: &str) -> String {
    joined(document).replacen('>', &format!(" {NS}>"), 1)
}

#[test]
fn list_buckets() {
    let reply = Reply::Buckets { owner: owner(), buckets: vec![bucket()], next: None };
    assert_eq!(
        xml(S3, "GET /", reply),
        with_namespace(
            "<ListAllMyBucketsResult><Owner><ID>1234</ID><DisplayName>ann</DisplayName></Owner>
             <Buckets><Bucket><CreationDate>2023-12-16T16:20:57.000Z</CreationDate><Name>bkt</Name>
             <BucketRegion>cn-hangzhou</BucketRegion></Bucket></Buckets></ListAllMyBucketsResult>"
        )
    );
}

#[test]
fn bucket_location_and_acl() {
    let reply = |location: &str| {
        let bucket = Arc::new(Bucket { location: location.into(), ..(*bucket()).clone() });
        Reply::Bucket { owner: owner(), bucket }
    };
    assert_eq!(
        xml(S3, "GET /bkt?location", reply("eu-west-1")),
        with_namespace("<LocationConstraint>eu-west-1</LocationConstraint>")
    );
    let oldest = xml(S3, "GET /bkt?location", reply("us-east-1"));
    assert_eq!(oldest, with_namespace("<LocationConstraint></LocationConstraint>"));
    let grantee = "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=";
    let grants = Acl::Canned(CannedAcl::PublicRead).spelled_out(&owner(), &owner());
    assert_eq!(
        xml(S3, "GET /bkt?acl", Reply::Acl { owner: owner(), grants, canned: None }),
        with_namespace(&format!(
            "<AccessControlPolicy><Owner><ID>1234</ID><DisplayName>ann</DisplayName></Owner><AccessControlList>
             <Grant>{grantee}\"Group\"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee>
             <Permission>READ</Permission></Grant>
             <Grant>{grantee}\"CanonicalUser\"><ID>1234</ID><DisplayName>ann</DisplayName></Grantee>
             <Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>"
        ))
    );
    assert_eq!(answer(S3, "HEAD /bkt", reply("eu-west-1")).headers()["x-amz-bucket-region"], "eu-west-1");
}

#[test]
fn an_access_control_list_is_read_as_it_was_written() {
    let alice = Owner { id: "5".into(), display_name: "alice".into() };
    let grants = vec![
        Grant { grantee: Grantee::Account(owner()), permission: Permission::FullControl },
        Grant { grantee: Grantee::Account(alice), permission: Permission::ReadAcp },
        Grant { grantee: Grantee::Group(Group::AuthenticatedUsers), permission: Permission::Read },
    ];
    let document = xml(S3, "GET /bkt?acl", Reply::Acl { owner: owner(), grants, canned: None });
    let wanted = |grantee, permission| WantedGrant { grantee, permission };
    let grants = vec![
        wanted(WantedGrantee::Id("1234".into()), Permission::FullControl),
        wanted(WantedGrantee::Id("5".into()), Permission::ReadAcp),
        wanted(WantedGrantee::Group(Group::AuthenticatedUsers), Permission::Read),
    ];
    let expected = WantedAcl::Grants { owner: Some("1234".into()), grants };
    assert!(matches!(read(S3, "PUT /bkt?acl", &[], &document), Ok(Op::PutBucketAcl(_, read)) if read == expected));
    assert!(matches!(read(S3, "PUT /bkt/k?acl", &[], &document), Ok(Op::PutObjectAcl(_, read)) if read == expected));
    let canned = [("x-amz-acl", "authenticated-read")];
    let read_canned = read(S3, "PUT /bkt/k?acl", &canned, "");
    let expected = WantedAcl::Canned(CannedAcl::AuthenticatedRead);
    assert!(matches!(read_canned, Ok(Op::PutObjectAcl(_, read)) if read == expected));
    assert!(matches!(read(S3, "PUT /bkt?acl", &canned, &document), Err(Error::InvalidRequest { .. })));
    for (from, to) in [
        ("FULL_CONTROL", "EVERYTHING"),
        ("<ID>5</ID>", ""),
        ("<ID>5</ID>", "<ID>5</ID><EmailAddress>a@b</EmailAddress>"),
        ("AccessControlList>", "List>"),
    ] {
        let other = document.replace(from, to);
        assert!(matches!(read(S3, "PUT /bkt?acl", &[], &other), Err(Error::MalformedXml { .. })), "{other}");
    }
    let unknown = document.replace("AuthenticatedUsers", "Friends");
    assert!(matches!(read(S3, "PUT /bkt?acl", &[], &unknown), Err(Error::InvalidArgument { .. })));
    for host in BOTH {
        assert!(matches!(read(host, "PUT /bkt?acl", &[], ""), Err(Error::InvalidRequest { .. })));
    }
    assert!(matches!(read(OSS, "PUT /bkt?acl", &[("x-oss-acl", "default")], ""), Err(Error::InvalidArgument { .. })));
}

#[test]
fn headers_grant_too() {
    let put = |headers: &[(&str, &str)]| match read(S3, "PUT /bkt?acl", headers, "") {
        Ok(Op::PutBucketAcl(_, WantedAcl::Grants { grants, owner: None })) => Ok(grants),
        Err(error) => Err(error),
        other => panic!("{other:?}"),
    };
    let everybody = "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\", id=5 , emailAddress=\"a@b\"";
    let grants = put(&[("x-amz-grant-read", everybody), ("x-amz-grant-write-acp", "id=\"6\"")]).unwrap();
    let found: Vec<_> = grants.into_iter().map(|grant| (grant.grantee, grant.permission)).collect();
    let expected = [
        (WantedGrantee::Group(Group::AllUsers), Permission::Read),
        (WantedGrantee::Id("5".into()), Permission::Read),
        (WantedGrantee::Email("a@b".into()), Permission::Read),
        (WantedGrantee::Id("6".into()), Permission::WriteAcp),
    ];
    assert_eq!(found, expected);
    for wrong in ["", "5", "id=", "id=\"5", "name=5", "uri=\"http://a/\""] {
        assert!(matches!(put(&[("x-amz-grant-read", wrong)]), Err(Error::InvalidArgument { .. })), "{wrong}");
    }
    let both = put(&[("x-amz-grant-read", "id=5"), ("x-amz-acl", "private")]);
    assert!(matches!(both, Err(Error::InvalidRequest { .. })));
}

#[test]
fn policies_blocks_and_ownerships() {
    let text = r#"{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}}"#;
    let policy = Arc::new(Policy::parse(text, Attached::Bucket("bkt")).unwrap());
    for host in BOTH {
        assert!(matches!(read(host, "PUT /bkt?policy", &[], text), Ok(Op::PutBucketPolicy(_, read)) if &*read == text));
        let answer = answer(host, "GET /bkt?policy", Reply::Policy(policy.clone()));
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert!(matches!(answer.into_body(), Body::Full(body) if body == text));
    }
    assert_eq!(answer(S3, "PUT /bkt?policy", Reply::Done).status(), 204);
    assert_eq!(answer(OSS, "PUT /bkt?policy", Reply::Done).status(), 200);
    let block = PublicAccessBlock { configured: true, ignore_public_acls: true, ..PublicAccessBlock::default() };
    for (host, block, on) in
        [(S3, block, false), (S3, PublicAccessBlock::ALL, true), (OSS, PublicAccessBlock::ALL, true)]
    {
        let document = xml(host, "GET /bkt?publicAccessBlock", Reply::PublicAccess(block));
        assert_eq!(document.contains("false"), !on, "{document}");
        let back = read(host, "PUT /bkt?publicAccessBlock", &[], &document);
        assert!(matches!(back, Ok(Op::PutPublicAccessBlock(_, read)) if read == block), "{document}");
    }
    let document = xml(S3, "GET /bkt?ownershipControls", Reply::Ownership(ObjectOwnership::BucketOwnerPreferred));
    let back = read(S3, "PUT /bkt?ownershipControls", &[], &document);
    assert!(matches!(back, Ok(Op::PutOwnershipControls(_, ObjectOwnership::BucketOwnerPreferred))));
    let other = document.replace("BucketOwnerPreferred", "Nobody");
    assert!(matches!(read(S3, "PUT /bkt?ownershipControls", &[], &other), Err(Error::MalformedXml { .. })));
    assert!(xml(S3, "GET /bkt?policyStatus", Reply::PolicyStatus(true)).contains("<IsPublic>true</IsPublic>"));
}

#[test]
fn copies_and_deletes() {
    let mut copied = meta();
    copied.checksum = Some(Checksum { algorithm: ChecksumAlgorithm::Crc32, value: vec![0x0d, 0x4a, 0x11, 0x85] });
    let line = "PUT /bkt/k?X-Amz-Signature=1&x-amz-copy-source=a/b";
    assert_eq!(
        xml(S3, line, Reply::Copied(Arc::new(copied))),
        with_namespace(
            "<CopyObjectResult><LastModified>2023-12-16T16:20:57.000Z</LastModified>
             <ETag>&quot;5eb63bbbe01eeed093cb22bb8f5acdc3&quot;</ETag><ChecksumCRC32>DUoRhQ==</ChecksumCRC32>
             <ChecksumType>FULL_OBJECT</ChecksumType></CopyObjectResult>"
        )
    );
    let failed = Error::NoSuchBucket { bucket: "bkt".into() };
    let deleted = vec![deleted("a<b", None, Ok(None)), deleted("c", None, Err(failed))];
    assert_eq!(
        xml(S3, "POST /bkt?delete", Reply::Deleted(deleted)),
        with_namespace(
            "<DeleteResult><Deleted><Key>a&lt;b</Key></Deleted><Error><Key>c</Key><Code>NoSuchBucket</Code>
             <Message>The specified bucket does not exist</Message></Error></DeleteResult>"
        )
    );
}

#[test]
fn multipart_uploads() {
    let id = UploadId([0xab; 16]);
    let id_text = "AB".repeat(16);
    let algorithm = [("x-amz-checksum-algorithm", "crc32")];
    let created = answer_with(S3, "POST /bkt/k?uploads", &algorithm, Reply::UploadCreated(id));
    assert_eq!(created.headers()["x-amz-checksum-algorithm"], "CRC32");
    assert_eq!(created.headers()["x-amz-checksum-type"], "COMPOSITE");
    let person = "<ID>1234</ID><DisplayName>ann</DisplayName>";
    let checksum = Checksum { algorithm: ChecksumAlgorithm::Crc32, value: vec![0x0d, 0x4a, 0x11, 0x85] };
    let part = PartInfo {
        number: 2,
        size_bytes: 11,
        etag: meta().etag,
        last_modified: AT,
        crc64: 7,
        checksum: Some(checksum),
    };
    let stored = answer(S3, "PUT /bkt/k?partNumber=2&uploadId=U", Reply::PartStored(part.clone()));
    assert_eq!(stored.headers()["x-amz-checksum-crc32"], "DUoRhQ==");
    let page = PartPage { parts: vec![part], next: None };
    let parts = Reply::Parts {
        owner: owner(),
        checksum: Some((ChecksumAlgorithm::Crc32, headwater_model::digest::ChecksumType::Composite)),
        user: vec![("client-side-encryption-key".into(), "k".into())],
        page,
    };
    assert_eq!(
        xml(S3, "GET /bkt/k?uploadId=U", parts),
        with_namespace(&format!(
            "<ListPartsResult><Bucket>bkt</Bucket><Key>k</Key><UploadId>U</UploadId>
             <Initiator>{person}</Initiator><Owner>{person}</Owner>
             <ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumType>COMPOSITE</ChecksumType>
             <StorageClass>STANDARD</StorageClass><PartNumberMarker>0</PartNumberMarker>
             <NextPartNumberMarker>2</NextPartNumberMarker><MaxParts>1000</MaxParts><IsTruncated>false</IsTruncated>
             <Part><PartNumber>2</PartNumber><LastModified>2023-12-16T16:20:57.000Z</LastModified>
             <ETag>&quot;5eb63bbbe01eeed093cb22bb8f5acdc3&quot;</ETag><Size>11</Size>
             <ChecksumCRC32>DUoRhQ==</ChecksumCRC32></Part></ListPartsResult>"
        ))
    );
    let upload = UploadInfo {
        key: key("k"),
        id,
        initiated: AT,
        checksum_algorithm: None,
        checksum_type: headwater_model::digest::ChecksumType::FullObject,
        owner: None,
    };
    let writer = Owner { id: "writer".into(), display_name: "w".into() };
    let written_by = "<ID>writer</ID><DisplayName>w</DisplayName>";
    let page = UploadPage {
        uploads: vec![upload.clone(), UploadInfo { owner: Some(writer), ..upload }],
        common_prefixes: Vec::new(),
        next: Some(("k".into(), id)),
    };
    assert_eq!(
        xml(S3, "GET /bkt?uploads&max-uploads=1&key-marker=a", Reply::Uploads { owner: owner(), page }),
        with_namespace(&format!(
            "<ListMultipartUploadsResult><Bucket>bkt</Bucket><KeyMarker>a</KeyMarker><UploadIdMarker></UploadIdMarker>
             <NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>{id_text}</NextUploadIdMarker><Delimiter></Delimiter>
             <Prefix></Prefix><MaxUploads>1</MaxUploads><IsTruncated>true</IsTruncated>
             <Upload><Key>k</Key><UploadId>{id_text}</UploadId><Initiator>{person}</Initiator><Owner>{person}</Owner>
             <StorageClass>STANDARD</StorageClass><Initiated>2023-12-16T16:20:57.000Z</Initiated></Upload>
             <Upload><Key>k</Key><UploadId>{id_text}</UploadId><Initiator>{written_by}</Initiator>
             <Owner>{written_by}</Owner>
             <StorageClass>STANDARD</StorageClass><Initiated>2023-12-16T16:20:57.000Z</Initiated></Upload>
             </ListMultipartUploadsResult>"
        ))
    );
}
