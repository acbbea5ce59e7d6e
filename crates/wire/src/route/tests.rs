use headwater_model::access::{Context, ObjectState, Principal, Question};
use headwater_model::clock::Timestamp;
use headwater_model::policy::{Attached, Effect, Policy};
use http::header::HOST;

use super::select::{OSS_TOLD, S3_TOLD};
use super::*;

fn addressing() -> Addressing {
    Addressing {
        domains: vec!["example.org".into()],
        website_domains: vec!["web.example.org".into()],
        default_dialect: Dialect::Oss,
        region: "cn-hangzhou".into(),
    }
}

fn parts(method: &str, host: &str, path: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = http::Request::builder().method(method).uri(path).header(HOST, host);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn routed_on(host: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> Result<Routed, Box<Refusal>> {
    route(&parts(method, host, path, headers), &addressing(), &|_| None)
}

fn operation(host: &str, method: &str, path: &str) -> Operation {
    routed_on(host, method, path, &[]).unwrap_or_else(|refusal| panic!("{method} {path}: {refusal:?}")).operation
}

/// A request line of both vendors in path style, with its operation.
const OFFERED: [(&str, &str, Operation); 48] = [
    ("GET", "/", Operation::ListBuckets),
    ("PUT", "/bkt/", Operation::CreateBucket),
    ("PUT", "/bkt", Operation::CreateBucket),
    ("HEAD", "/bkt", Operation::HeadBucket),
    ("GET", "/bkt?location", Operation::GetBucketLocation),
    ("GET", "/bkt?acl=", Operation::GetBucketAcl),
    ("PUT", "/bkt/?acl", Operation::PutBucketAcl),
    ("GET", "/bkt?website", Operation::GetBucketWebsite),
    ("PUT", "/bkt?website", Operation::PutBucketWebsite),
    ("DELETE", "/bkt?website", Operation::DeleteBucketWebsite),
    ("DELETE", "/bkt", Operation::DeleteBucket),
    ("GET", "/bkt?prefix=acl", Operation::ListObjects),
    ("GET", "/bkt?list-type=2&unheard-of=1", Operation::ListObjectsV2),
    ("GET", "/bkt?versions&prefix=a", Operation::ListObjectVersions),
    ("POST", "/bkt?delete", Operation::DeleteObjects),
    ("GET", "/bkt/?uploads&max-uploads=1", Operation::ListMultipartUploads),
    ("GET", "/bkt/k?unheard-of&versionId=null", Operation::GetObject),
    ("HEAD", "/bkt/k", Operation::HeadObject),
    ("PUT", "/bkt/k?x-id=PutObject", Operation::PutObject),
    ("DELETE", "/bkt/k", Operation::DeleteObject),
    ("POST", "/bkt/k?uploads", Operation::CreateMultipartUpload),
    ("POST", "/bkt/k?uploads&sequential", Operation::CreateMultipartUpload),
    ("POST", "/bkt/k?restore", Operation::RestoreObject),
    ("PUT", "/bkt/k?partNumber=1&uploadId=A", Operation::UploadPart),
    ("POST", "/bkt/k?uploadId=A", Operation::CompleteMultipartUpload),
    ("DELETE", "/bkt/k?uploadId=A", Operation::AbortMultipartUpload),
    ("GET", "/bkt/k?uploadId=A", Operation::ListParts),
    ("GET", "/bkt?requestPayment", Operation::GetBucketRequestPayment),
    ("PUT", "/bkt?requestPayment", Operation::PutBucketRequestPayment),
    ("GET", "/bkt?logging", Operation::GetBucketLogging),
    ("GET", "/bkt?versioning", Operation::GetBucketVersioning),
    ("PUT", "/bkt?versioning", Operation::PutBucketVersioning),
    ("GET", "/bkt/k?retention", Operation::GetObjectRetention),
    ("PUT", "/bkt/k?retention", Operation::PutObjectRetention),
    ("GET", "/bkt?encryption", Operation::GetBucketEncryption),
    ("PUT", "/bkt?encryption", Operation::PutBucketEncryption),
    ("DELETE", "/bkt?encryption", Operation::DeleteBucketEncryption),
    ("GET", "/bkt?cors", Operation::GetBucketCors),
    ("PUT", "/bkt?cors", Operation::PutBucketCors),
    ("DELETE", "/bkt?cors", Operation::DeleteBucketCors),
    ("OPTIONS", "/bkt/k?acl", Operation::Preflight),
    ("GET", "/bkt?tagging", Operation::GetBucketTagging),
    ("PUT", "/bkt?tagging", Operation::PutBucketTagging),
    ("DELETE", "/bkt?tagging", Operation::DeleteBucketTagging),
    ("PUT", "/bkt/k?tagging", Operation::PutObjectTagging),
    ("DELETE", "/bkt/k?tagging", Operation::DeleteObjectTagging),
    ("GET", "/bkt/k?partNumber=1", Operation::GetObject),
    ("GET", "/bkt/k/", Operation::GetObject),
];

#[test]
fn both_vendors_both_styles() {
    for (method, path, expected) in OFFERED {
        for host in ["oss.test", "s3.test"] {
            assert_eq!(operation(host, method, path), expected, "{host} {method} {path}");
        }
        if let Some(rest) = path.strip_prefix("/bkt") {
            let path = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
            let routed = routed_on("bkt.example.org", method, &path, &[]).unwrap();
            assert_eq!((routed.operation, routed.style), (expected, Style::VirtualHosted), "{method} {path}");
            assert_eq!(routed.bucket.unwrap().as_str(), "bkt");
        }
    }
}

#[test]
fn oss_alone() {
    for (method, path, expected) in [
        ("GET", "/bkt?bucketInfo", Operation::GetBucketInfo),
        ("GET", "/bkt?stat", Operation::GetBucketStat),
        ("GET", "/bkt?live", Operation::ListLiveChannels),
        ("GET", "/bkt/k?objectMeta", Operation::GetObjectMeta),
        ("HEAD", "/bkt/k?objectMeta", Operation::GetObjectMeta),
        ("POST", "/bkt/k?append&position=0", Operation::AppendObject),
        ("PUT", "/bkt/k?symlink", Operation::PutSymlink),
        ("GET", "/bkt/k?symlink", Operation::GetSymlink),
        ("DELETE", "/bkt/k?symlink", Operation::DeleteObject),
        ("GET", "/bkt?objectWorm", Operation::GetObjectLockConfiguration),
        ("GET", "/bkt?worm", Operation::GetBucketWorm),
        ("POST", "/bkt?worm", Operation::InitiateBucketWorm),
        ("DELETE", "/bkt?worm", Operation::AbortBucketWorm),
        ("POST", "/bkt?wormId=A", Operation::CompleteBucketWorm),
        ("POST", "/bkt?wormId=A&wormExtend", Operation::ExtendBucketWorm),
        ("GET", "/bkt/k?legalHold", Operation::GetObjectLegalHold),
        ("PUT", "/bkt/k?legalHold", Operation::PutObjectLegalHold),
    ] {
        assert_eq!(operation("oss.test", method, path), expected);
        // To S3 these parameters say nothing, which is no reason to change something.
        match routed_on("s3.test", method, path, &[]) {
            // A form says itself what it is for.
            Ok(routed) => {
                let harmless = matches!(method, "GET" | "HEAD") || routed.operation == Operation::PostObject;
                assert!(routed.operation != expected && harmless, "{method} {path}");
            }
            Err(refusal) => assert!(matches!(refusal.error, Error::NotImplemented { .. }), "{method} {path}"),
        }
    }
}

#[test]
fn copying_is_told_by_a_header() {
    for (host, header) in [("s3.test", "x-amz-copy-source"), ("oss.test", "x-oss-copy-source")] {
        let headers = [(header, "/bkt/source")];
        let copy = routed_on(host, "PUT", "/bkt/k", &headers).unwrap();
        assert_eq!(copy.operation, Operation::CopyObject);
        let part = routed_on(host, "PUT", "/bkt/k?partNumber=1&uploadId=A", &headers).unwrap();
        assert_eq!(part.operation, Operation::UploadPartCopy);
        let presigned = format!("/bkt/k?{header}=bkt/source&x-oss-signature=1");
        let copy = routed_on("oss.test", "PUT", &presigned, &[]).unwrap();
        assert_eq!(copy.operation == Operation::CopyObject, host == "oss.test");
    }
}

#[test]
fn what_is_not_offered_is_never_another_operation() {
    for vocab in [Vocab::of(Dialect::Oss), Vocab::of(Dialect::S3)] {
        let host = if vocab.dialect == Dialect::Oss { "oss.test" } else { "s3.test" };
        let tables =
            [("/", vocab.unoffered_service), ("/bkt", vocab.unoffered_bucket), ("/bkt/k", vocab.unoffered_object)];
        for (path, names) in tables {
            assert!(names.is_sorted(), "{path}: a sorted table shows what is missing");
            for name in names {
                for method in ["GET", "HEAD", "PUT", "POST", "DELETE"] {
                    for query in [(*name).to_owned(), format!("prefix=a&{name}=1&acl&uploads")] {
                        let found = operation(host, method, &format!("{path}?{query}"));
                        let told = path == "/bkt"
                            && method == "GET"
                            && (OSS_TOLD.iter().chain(&S3_TOLD)).any(|(_, told)| *told == found);
                        if told {
                            continue; // as of a bucket for which nobody made it
                        }
                        assert!(
                            matches!(found, Operation::NotImplemented { .. }),
                            "{method} {path}?{query}: {found:?}"
                        );
                    }
                }
            }
        }
        assert!(matches!(operation(host, "PUT", "/bkt/k?partNumber=1"), Operation::NotImplemented { .. }));
    }
}

#[test]
fn what_nobody_knows_changes_nothing() {
    for host in ["oss.test", "s3.test"] {
        for path in ["/bkt", "/bkt/k"] {
            for method in ["PUT", "POST", "DELETE"] {
                for query in ["invented", "invented=", "comp=add&invented", "versionId=1&website2"] {
                    let refusal = routed_on(host, method, &format!("{path}?{query}"), &[]).unwrap_err();
                    let Error::NotImplemented { what } = refusal.error else { panic!("{method} {path}?{query}") };
                    assert!(query.contains(&*what), "{method} {path}?{query}: {what}");
                }
            }
            assert!(routed_on(host, "GET", &format!("{path}?invented"), &[]).is_ok());
        }
        assert_eq!(operation(host, "PUT", "/bkt/k?x-id=PutObject&cache=1"), Operation::PutObject);
        assert_eq!(operation(host, "DELETE", "/bkt/k?versionId="), Operation::DeleteObject);
    }
}

#[test]
fn other_methods_are_not_allowed() {
    for (method, path, expected) in [
        ("PUT", "/", "SERVICE"),
        ("DELETE", "/", "SERVICE"),
        ("PATCH", "/bkt", "BUCKET"),
        ("POST", "/bkt?acl", "BUCKET"),
        ("PUT", "/bkt?uploads", "BUCKET"),
        ("POST", "/bkt/k", "OBJECT"),
        ("FROB", "/bkt/k", "OBJECT"),
        ("PUT", "/bkt/k?uploads", "OBJECT"),
    ] {
        let refusal = routed_on("s3.test", method, path, &[]).unwrap_err();
        assert_eq!(refusal.dialect, Dialect::S3);
        match refusal.error {
            Error::MethodNotAllowed { resource, .. } => assert_eq!(resource, expected, "{method} {path}"),
            other => panic!("{method} {path}: {other:?}"),
        }
    }
}

#[test]
fn websites_serve_objects_only() {
    let on = |method, path| routed_on("bkt.web.example.org", method, path, &[]).map(|routed| routed.operation);
    assert_eq!(on("GET", "/k?acl&uploads").unwrap(), Operation::GetObject);
    assert_eq!(on("HEAD", "/k").unwrap(), Operation::HeadObject);
    assert_eq!(on("GET", "/?list-type=2").unwrap(), Operation::GetHomePage);
    assert_eq!(on("HEAD", "/").unwrap(), Operation::HeadHomePage);
    assert!(matches!(on("DELETE", "/").unwrap_err().error, Error::MethodNotAllowed { .. }));
    assert!(matches!(on("PUT", "/k").unwrap_err().error, Error::MethodNotAllowed { .. }));
}

#[test]
fn keys_are_decoded_once_and_never_normalised() {
    for (path, key) in [
        ("/bkt/a%2Fb", "a/b"),
        ("/bkt/%252F", "%2F"),
        ("/bkt/a//b/../c/.", "a//b/../c/."),
        ("/bkt/dir%20one/%E9%94%AE%20+&=%25%23%3F.txt", "dir one/键 +&=%#?.txt"),
        ("/bkt//k", "/k"),
    ] {
        let routed = routed_on("s3.test", "GET", path, &[]).unwrap();
        assert_eq!(routed.key.unwrap().as_str(), key);
        assert_eq!(routed.folded, None, "folding is the OSS face's");
    }
    for (host, path) in [("oss.test", "/bkt/%FF"), ("s3.test", "/bkt/%zz")] {
        let refusal = routed_on(host, "GET", path, &[]).unwrap_err();
        assert!(matches!(refusal.error, Error::InvalidObjectName { .. }), "{path}");
        assert_eq!(refusal.bucket.as_deref(), Some("bkt"));
    }
}

#[test]
fn keys_have_the_length_and_beginning_that_the_dialect_allows() {
    let key = |bytes: usize| format!("/bkt/{}", "k".repeat(bytes));
    let length = |host, bytes| routed_on(host, "PUT", &key(bytes), &[]).map(|_| ()).map_err(|refusal| refusal.error);
    assert!(length("s3.test", 1024).is_ok());
    assert!(matches!(length("s3.test", 1025), Err(Error::KeyTooLong { limit_bytes: 1024, .. })));
    assert!(length("oss.test", 1023).is_ok());
    assert!(matches!(length("oss.test", 1024), Err(Error::KeyTooLong { limit_bytes: 1023, .. })));
    for path in ["/bkt//k", "/bkt/%5Ck", "/bkt/%2Fk"] {
        let refusal = routed_on("oss.test", "PUT", path, &[]).unwrap_err();
        assert!(matches!(refusal.error, Error::InvalidObjectName { .. }), "{path}");
        assert!(routed_on("s3.test", "PUT", path, &[]).is_ok(), "{path}");
        assert!(routed_on("oss.test", "DELETE", path, &[]).is_ok(), "{path}: the S3 face may have made it");
    }
}

#[test]
fn leading_slashes_fold_on_the_oss_face() {
    let folded = |method, path| {
        let routed = routed_on("oss.test", method, path, &[]).unwrap();
        (
            routed.key.unwrap().as_str().to_owned(),
            routed.folded.map(|(key, slashes)| (key.as_str().to_owned(), slashes)),
        )
    };
    assert_eq!(folded("GET", "/bkt//object.txt"), ("/object.txt".into(), Some(("object.txt".into(), 1))));
    assert_eq!(folded("HEAD", "/bkt///a//b"), ("//a//b".into(), Some(("a//b".into(), 2))));
    assert_eq!(folded("GET", "/bkt//"), ("/".into(), None));
    assert_eq!(folded("GET", "/bkt/a"), ("a".into(), None));
    assert_eq!(folded("DELETE", "/bkt//a"), ("/a".into(), None));
}

#[test]
fn the_dialect_falls_back_to_host_bucket_and_default() {
    let dialect = |host: &str, of_bucket: Option<Dialect>| {
        route(&parts("GET", host, "/bkt/k", &[]), &addressing(), &|name| of_bucket.filter(|_| name == "bkt"))
            .unwrap()
            .dialect
    };
    assert_eq!(dialect("s3.test", Some(Dialect::Oss)), Dialect::S3);
    assert_eq!(dialect("127.0.0.1:9000", Some(Dialect::S3)), Dialect::S3);
    assert_eq!(dialect("127.0.0.1:9000", None), Dialect::Oss);
    let refusal = route(&parts("GET", "h", "/Bad_Name/k", &[]), &addressing(), &|_| None).unwrap_err();
    assert!(matches!(refusal.error, Error::InvalidBucketName { .. }));
    assert_eq!((refusal.dialect, refusal.bucket.as_deref(), &*refusal.raw_key), (Dialect::Oss, Some("Bad_Name"), "k"));
}

#[test]
fn decisive_parameters_are_those_that_change_what_happens() {
    let names = |path: &str| {
        let routed = routed_on("h", "GET", path, &[]).unwrap();
        routed.decisive_queries().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names("/bkt?prefix=a&max-keys=1&list-type=2&encoding-type=url"), Vec::<String>::new());
    assert_eq!(names("/bkt/k?response-expires=0&a=1&versionId=null"), ["response-expires", "versionId"]);
    assert_eq!(names("/bkt/k?uploadId=1&x-oss-meta-a=1"), ["uploadId"]);
    assert_eq!(names("/bkt/k?x-oss-signature=1&x-oss-meta-a=1&q"), ["x-oss-signature", "x-oss-meta-a"]);
}

/// The table of routes, from which the matrix of rights is made, tells the truth and leaves nothing out.
#[test]
fn the_table_of_routes_is_complete() {
    let mut listed = std::collections::BTreeSet::new();
    for line in include_str!("table.txt").lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [name, permission, faces, method, target] = fields[..] else { panic!("{line}") };
        let (path, copies) = target.split_once('#').map_or((target, false), |(path, _)| (path, true));
        for (face, host, copy) in
            [("oss", "oss.test", ("x-oss-copy-source", "/a/b")), ("s3", "s3.test", ("x-amz-copy-source", "/a/b"))]
        {
            if faces == "both" || faces == face {
                let headers = if copies { vec![copy] } else { Vec::new() };
                let routed = routed_on(host, method, path, &headers).unwrap();
                assert_eq!(routed.operation.name(), name, "{face}: {line}");
                assert!(permits(permission, routed.action()), "{line}: the permission is another");
                let named = routed.queries.iter().map(|(name, _)| name).filter(|name| !matches!(*name, "list-type"));
                let decisive: Vec<&str> = routed.decisive_queries().collect();
                for name in named {
                    assert!(decisive.contains(&name), "{line}: {name} need not be signed");
                }
            }
        }
        listed.insert(name);
    }
    // The roots of website domains have no name at the vendors, a preflight needs no right, and what is not offered has
    // no row.
    let names = include_str!("../operation.rs").split("=> \"").skip(1).filter_map(|rest| rest.split('"').next());
    let unlisted = ["GetHomePage", "HeadHomePage", "OptionObject", "NotImplemented"];
    let missing: Vec<&str> = names.filter(|name| !listed.contains(name) && !unlisted.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?} have no row in table.txt");
}

fn permits(permission: &str, action: Action) -> bool {
    let text = format!(r#"{{"Statement": {{"Effect": "Allow", "Action": "{permission}", "Resource": "*"}}}}"#);
    let policy = Policy::parse(&text, Attached::Key).unwrap();
    let (principal, context) = (Principal::Anonymous, Context::internal(Timestamp(0)));
    let (object, account_block) = (ObjectState::Absent, headwater_model::bucket::PublicAccessBlock::default());
    let question =
        Question { principal: &principal, action, bucket: "bkt", key: None, object, context: &context, account_block };
    policy.evaluate(&question) == Effect::Allow
}
