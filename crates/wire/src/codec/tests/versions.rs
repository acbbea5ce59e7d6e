//! Versions: ids in requests and answers, whether a bucket keeps them, listings.

use headwater_model::Error;
use headwater_model::list::ListedObject;
use headwater_model::op::ObjectVersion;
use headwater_model::reply::VersionNote;
use headwater_model::version::{
    Governance, ListedVersion, VersionMarker, VersionNumber, VersionPage, VersionQuery, Versioning,
};

use super::*;

const ID: &str = "00000000000000070000000000000abc";

fn id() -> VersionId {
    VersionId::Made(VersionNumber::new(7, 0xabc))
}

fn invalid<T>(read: &Result<T>, argument: &str) -> bool {
    matches!(read, Err(Error::InvalidArgument { name, .. }) if &**name == argument)
}

#[test]
fn a_request_names_a_version() {
    let target = |host, line: &str, headers: &[(&str, &str)]| -> Result<ObjectVersion> {
        Ok(match read(host, line, headers, "")? {
            Op::GetObject(get) | Op::HeadObject(get) => {
                ObjectVersion { bucket: get.bucket, key: get.key, version: get.version }
            }
            Op::DeleteObject(delete) => delete.target,
            Op::GetObjectAcl(target)
            | Op::PutObjectAcl(target, _)
            | Op::GetObjectTagging(target)
            | Op::DeleteObjectTagging(target)
            | Op::GetObjectMeta(target)
            | Op::GetSymlink(target)
            | Op::GetObjectRetention(target)
            | Op::GetObjectLegalHold(target)
            | Op::GetObjectAttributes(target, _) => target,
            other => panic!("{other:?}"),
        })
    };
    let acl = [("x-oss-object-acl", "private"), ("x-amz-acl", "private"), ("x-amz-object-attributes", "ETag")];
    for (host, lines) in [
        (OSS, ["GET /bkt/k?symlink&", "HEAD /bkt/k?objectMeta&", "GET /bkt/k?legalHold&", "PUT /bkt/k?acl&"]),
        (S3, ["GET /bkt/k?attributes&", "GET /bkt/k?retention&", "GET /bkt/k?legal-hold&", "PUT /bkt/k?acl&"]),
        (OSS, ["GET /bkt/k?", "HEAD /bkt/k?", "DELETE /bkt/k?", "GET /bkt/k?acl&"]),
        (S3, ["GET /bkt/k?tagging&", "DELETE /bkt/k?tagging&", "DELETE /bkt/k?", "GET /bkt/k?acl&"]),
    ] {
        for line in lines {
            let named = target(host, &format!("{line}versionId={ID}"), &acl).unwrap();
            assert_eq!((named.version, named.key.as_str()), (Some(id()), "k"), "{line}");
            let null = target(host, &format!("{line}versionId=null"), &acl).unwrap();
            assert_eq!(null.version, Some(VersionId::Null));
            assert_eq!(target(host, line, &acl).unwrap().version, None);
            for wrong in
                ["", "=", "=IllegalVersion", "=CAEQJhiBgIDVmYrr1RYiIGE5ZmUxMjViZDIwYjQwY2I5ODA1YWIxNmIyNDNjYjk4"]
            {
                assert!(
                    invalid(&target(host, &format!("{line}versionId{wrong}"), &acl), "versionId"),
                    "{line} {wrong}"
                );
            }
        }
    }
    let folded = target(OSS, &format!("GET /bkt//k?versionId={ID}"), &[]).unwrap();
    assert_eq!(folded.key.as_str(), "/k", "a version is of the very key");
}

#[test]
fn who_takes_no_version_says_so() {
    let length = [("content-length", "0")];
    for (host, line) in [
        (S3, "PUT /bkt/k?"),
        (S3, "POST /bkt/k?uploads&"),
        (S3, "PUT /bkt/k?partNumber=1&uploadId=x&"),
        (OSS, "POST /bkt/k?append&position=0&"),
        (OSS, "PUT /bkt/k?symlink&"),
    ] {
        assert!(invalid(&read(host, &format!("{line}versionId={ID}"), &length, ""), "versionId"), "{line}");
    }
}

#[test]
fn an_oss_copy_of_a_part_may_repeat_the_version_of_its_source() {
    let copy = |host, version: &str| {
        let name = if host == OSS { "x-oss-copy-source" } else { "x-amz-copy-source" };
        let source = format!("/src/k?versionId={ID}");
        let line = format!("PUT /bkt/k?partNumber=1&uploadId=x&versionId={version}");
        read(host, &line, &[(name, &source), ("content-length", "0")], "")
    };
    let Ok(Op::UploadPartCopy(read)) = copy(OSS, ID) else { panic!("a copy") };
    assert_eq!(read.source_version, Some(id()));
    for (host, version) in [(OSS, "null"), (OSS, "x"), (S3, ID)] {
        assert!(invalid(&copy(host, version), "versionId"), "{version}");
    }
}

#[test]
fn a_source_names_a_version() {
    let source = |host, value: &str| {
        let name = if host == OSS { "x-oss-copy-source" } else { "x-amz-copy-source" };
        match read(host, "PUT /bkt/k", &[(name, value)], "") {
            Ok(Op::CopyObject(copy)) => Ok((copy.source_key, copy.source_version)),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error),
        }
    };
    for host in BOTH {
        assert_eq!(source(host, &format!("/src/a%3Fb?versionId={ID}")).unwrap(), (key("a?b"), Some(id())));
        assert_eq!(source(host, "src/k?versionId=null").unwrap(), (key("k"), Some(VersionId::Null)));
        for wrong in ["src/k?versionId=", "src/k?versionId=abc"] {
            assert!(matches!(source(host, wrong), Err(Error::InvalidArgument { .. })), "{wrong}");
        }
        // An older version onto itself is how it comes back.
        assert!(source(host, &format!("/bkt/k?versionId={ID}")).is_ok());
    }
}

#[test]
fn governance_is_bypassed_on_demand() {
    for (host, name) in [(OSS, "x-oss-bypass-governance-retention"), (S3, "x-amz-bypass-governance-retention")] {
        let governance = |value| match read(host, "DELETE /bkt/k", &[(name, value)], "").unwrap() {
            Op::DeleteObject(delete) => delete.governance,
            other => panic!("{other:?}"),
        };
        assert_eq!(governance("True"), Governance::Bypassed);
        assert_eq!(governance("false"), Governance::Respected);
    }
}

#[test]
fn answers_tell_the_version() {
    let note = VersionNote { version: Some(id()), is_marker: false, source: Some(VersionId::Null) };
    for (host, prefix) in [(OSS, "x-oss-"), (S3, "x-amz-")] {
        let header = |line: &str, reply: Reply, note, name: &str| {
            let response = answer(host, line, Reply::Versioned(Box::new(reply), note));
            response.headers().get(format!("{prefix}{name}")).map(|value| value.to_str().unwrap().to_owned())
        };
        let stored = || Reply::Stored(Arc::new(meta()));
        assert_eq!(header("PUT /bkt/k", stored(), note, "version-id").as_deref(), Some(ID));
        assert_eq!(header("PUT /bkt/k", stored(), note, "copy-source-version-id").as_deref(), Some("null"));
        assert_eq!(header("PUT /bkt/k", stored(), note, "delete-marker"), None);
        let null = VersionNote::of(VersionId::Null);
        let told = header("PUT /bkt/k", stored(), null, "version-id");
        assert_eq!(told.as_deref(), (host == OSS).then_some("null"), "S3 keeps a new null version to itself");
        let meta = Reply::ObjectMeta(Arc::new(meta()));
        assert_eq!(header("HEAD /bkt/k?objectMeta", meta, null, "version-id").as_deref(), Some("null"));
        let removed = VersionNote { is_marker: true, ..VersionNote::of(id()) };
        assert_eq!(header("DELETE /bkt/k", Reply::Done, removed, "delete-marker").as_deref(), Some("true"));
    }
}

#[test]
fn deletions_of_many_tell_versions_and_markers() {
    let outcomes = || {
        let locked = Error::AccessDenied { reason: "locked" };
        Reply::Deleted(vec![
            deleted("made", None, Ok(Some(id()))),
            deleted("version", Some(ID), Ok(None)),
            deleted("marker", Some(ID), Ok(Some(id()))),
            deleted("kept", Some(ID), Err(locked)),
        ])
    };
    for host in BOTH {
        let text = xml(host, "POST /bkt?delete", outcomes());
        for expected in [
            format!(
                "<Deleted><Key>made</Key><DeleteMarker>true</DeleteMarker>\
                 <DeleteMarkerVersionId>{ID}</DeleteMarkerVersionId></Deleted>"
            ),
            format!("<Deleted><Key>version</Key><VersionId>{ID}</VersionId></Deleted>"),
            format!("<Deleted><Key>marker</Key><VersionId>{ID}</VersionId><DeleteMarker>true</DeleteMarker>"),
            format!("<Error><Key>kept</Key><VersionId>{ID}</VersionId><Code>AccessDenied</Code>"),
        ] {
            assert!(text.contains(&expected), "{expected} in {text}");
        }
    }
}

#[test]
fn a_bucket_keeps_versions_or_no_longer() {
    let put = |host, inner: &str| {
        let body = format!("<VersioningConfiguration>{inner}</VersioningConfiguration>");
        match read(host, "PUT /bkt?versioning", &[], &body) {
            Ok(Op::PutBucketVersioning(_, versioning)) => Ok(versioning),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error),
        }
    };
    for host in BOTH {
        assert_eq!(put(host, "<Status>Enabled</Status>").unwrap(), Versioning::Enabled);
        let explicit = "<MfaDelete>Disabled</MfaDelete><Status>Suspended</Status>";
        assert_eq!(put(host, explicit).unwrap(), Versioning::Suspended);
        for wrong in ["", "<Status>Disabled</Status>", "<Status></Status>", "<MfaDelete>x</MfaDelete>"] {
            assert!(matches!(put(host, wrong), Err(Error::MalformedXml { .. })), "{wrong}");
        }
        let mfa = put(host, "<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>");
        assert!(matches!(mfa, Err(Error::NotImplemented { what }) if &*what == "MfaDelete"));
        let shown = |versioning| xml(host, "GET /bkt?versioning", Reply::Versioning(versioning));
        assert!(!shown(Versioning::Unversioned).contains("Status"));
        assert!(shown(Versioning::Enabled).contains("<Status>Enabled</Status>"));
        assert!(shown(Versioning::Suspended).contains("<Status>Suspended</Status>"));
    }
    let mut versioned = Bucket::clone(&bucket());
    versioned.configuration.versioning = Versioning::Enabled;
    let info = |bucket| xml(OSS, "GET /bkt?bucketInfo", Reply::Bucket { owner: owner(), bucket });
    assert!(info(Arc::new(versioned)).contains("<Versioning>Enabled</Versioning>"));
    assert!(!info(bucket()).contains("Versioning"));
}

#[test]
fn versions_are_asked_for_behind_a_version() {
    let versions = |host, query: &str| match read(host, &format!("GET /bkt?versions&{query}"), &[], "")? {
        Op::ListObjectVersions(list) => Ok(list.query),
        other => panic!("{other:?}"),
    };
    for host in BOTH {
        let asked =
            format!("prefix=a+b&delimiter=%2F&key-marker=m&version-id-marker={ID}&max-keys=7&encoding-type=url");
        let expected = VersionQuery {
            prefix: "a b".into(),
            delimiter: "/".into(),
            after: VersionMarker { key: "m".into(), version: Some(id()) },
            limit: 7,
        };
        assert_eq!(versions(host, &asked).unwrap(), expected);
        assert_eq!(versions(host, "key-marker=m").unwrap().after.version, None);
        assert!(invalid(&versions(host, "version-id-marker=null"), "version-id-marker"));
        assert!(invalid(&versions(host, "key-marker=k&version-id-marker=x"), "version-id-marker"));
        assert!(matches!(versions(host, "encoding-type=base64"), Err(Error::InvalidArgument { .. })));
        assert!(matches!(versions(host, "max-keys=x"), Err(Error::InvalidArgument { .. })));
    }
    for name in ["prefix", "key-marker", "version-id-marker", "delimiter"] {
        assert!(invalid(&versions(OSS, &format!("{name}={}", "a".repeat(1025))), name), "{name}");
    }
    assert_eq!(versions(OSS, "").unwrap().limit, 100);
    assert_eq!(versions(S3, "").unwrap().limit, 1000);
}

#[test]
fn versions_and_markers_are_listed() {
    let listed = ListedObject {
        key: key("k "),
        size_bytes: 11,
        etag: meta().etag,
        last_modified: AT,
        kind: ObjectKind::Normal,
        checksum_algorithm: None,
        checksum_type: headwater_model::digest::ChecksumType::default(),
        storage_class: None,
        owner: None,
    };
    let version =
        |version, is_latest, object| ListedVersion { key: key("k "), version, is_latest, last_modified: AT, object };
    let page = |next| {
        let versions = vec![version(id(), true, None), version(VersionId::Null, false, Some(listed.clone()))];
        Reply::Versions { owner: owner(), page: VersionPage { versions, common_prefixes: vec!["b/".into()], next } }
    };
    let line = "GET /bkt?versions&max-keys=3&delimiter=/&key-marker=a%26&version-id-marker=null&encoding-type=url";
    let document = |root: &str, etag: &str, kind: &str, class: &str| {
        let owner = "<Owner><ID>1234</ID><DisplayName>ann</DisplayName></Owner>";
        joined(&format!(
            "<ListVersionsResult{root}><Name>bkt</Name><Prefix></Prefix><KeyMarker>a%26</KeyMarker>
             <VersionIdMarker>null</VersionIdMarker><NextKeyMarker>k%20</NextKeyMarker>
             <NextVersionIdMarker>{ID}</NextVersionIdMarker><MaxKeys>3</MaxKeys><Delimiter>/</Delimiter>
             <EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
             <DeleteMarker><Key>k%20</Key><VersionId>{ID}</VersionId><IsLatest>true</IsLatest>
             <LastModified>2023-12-16T16:20:57.000Z</LastModified>{owner}</DeleteMarker>
             <Version><Key>k%20</Key><VersionId>null</VersionId><IsLatest>false</IsLatest>
             <LastModified>2023-12-16T16:20:57.000Z</LastModified><ETag>&quot;{etag}&quot;</ETag>{kind}
             <Size>11</Size><StorageClass>{class}</StorageClass>{owner}</Version>
             <CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes></ListVersionsResult>"
        ))
    };
    let next = Some(VersionMarker { key: "k ".into(), version: Some(id()) });
    let shown = |host| xml(host, line, page(next.clone())).replace("%2F", "/");
    let oss = document("", "5EB63BBBE01EEED093CB22BB8F5ACDC3", "<Type>Normal</Type>", "Standard");
    assert_eq!(shown(OSS), oss);
    let root = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
    assert_eq!(shown(S3), document(root, "5eb63bbbe01eeed093cb22bb8f5acdc3", "", "STANDARD"));
    let next = Some(VersionMarker { key: "b/".into(), version: None });
    let collapsed = xml(S3, "GET /bkt?versions&delimiter=/", page(next));
    assert!(collapsed.contains("<NextKeyMarker>b/</NextKeyMarker>") && !collapsed.contains("NextVersionIdMarker"));
}
