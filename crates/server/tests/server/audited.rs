//! Every change of settings by clients leaves its line in the audit log: the operations come from the table of routes, so
//! one that is new is asked for here until its line is shown too.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use headwater_model::bucket::Dialect;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::Full;
use md5::Digest as _;
use serde_json::Value;

use crate::matrix::{Row, rows};
use crate::support::{Running, request, signed, start};

/// Whether a row of the table is to change settings of a bucket or of the server.
fn changes_settings(row: &Row) -> bool {
    let reads = [Method::GET, Method::HEAD].contains(&row.method);
    !reads && !row.path.contains("/key") && !["DeleteObjects", "PostObject"].contains(&row.name)
}

/// A request with which an operation changes something: its document or its header.
fn document(name: &str, dialect: Dialect) -> &'static str {
    match (name, dialect) {
        ("CreateBucket" | "DeleteBucket" | "PutBucketAcl" | "CompleteBucketWorm", _) => "",
        ("PutBucketWebsite", _) => {
            "<WebsiteConfiguration><IndexDocument><Suffix>i.html</Suffix></IndexDocument></WebsiteConfiguration>"
        }
        ("PutBucketPolicy", _) => {
            r#"{"Version": "1", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
                "Resource": "arn:aws:s3:::BUCKET/*"}]}"#
        }
        ("PutPublicAccessBlock" | "PutAccountPublicAccessBlock", _) => {
            "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>\
             <BlockPublicAccess>true</BlockPublicAccess></PublicAccessBlockConfiguration>"
        }
        ("PutBucketOwnershipControls", _) => {
            "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>"
        }
        ("PutBucketTagging", _) => "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>",
        ("PutBucketCors", _) => {
            "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>\
             </CORSRule></CORSConfiguration>"
        }
        ("PutBucketEncryption", Dialect::Oss) => {
            "<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>\
             </ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>"
        }
        ("PutBucketEncryption", Dialect::S3) => {
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
             <SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>\
             </ServerSideEncryptionConfiguration>"
        }
        ("PutBucketLifecycle", _) => {
            "<LifecycleConfiguration><Rule><ID>a</ID><Prefix>p/</Prefix><Status>Enabled</Status>\
             <Expiration><Days>5</Days></Expiration></Rule></LifecycleConfiguration>"
        }
        ("PutBucketRequestPayment", _) => {
            "<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>"
        }
        ("PutBucketReferer", _) => {
            "<RefererConfiguration><AllowEmptyReferer>false</AllowEmptyReferer><RefererList>\
             <Referer>http://a.example</Referer></RefererList></RefererConfiguration>"
        }
        ("PutBucketLogging", _) => {
            "<BucketLoggingStatus><LoggingEnabled><TargetBucket>BUCKET</TargetBucket><TargetPrefix>p</TargetPrefix>\
             </LoggingEnabled></BucketLoggingStatus>"
        }
        ("PutUserDefinedLogFieldsConfig", _) => {
            "<UserDefinedLogFieldsConfiguration><HeaderSet><header>x</header></HeaderSet><ParamSet>\
             <parameter>p</parameter></ParamSet></UserDefinedLogFieldsConfiguration>"
        }
        ("PutBucketVersioning", _) => "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
        ("PutObjectLockConfiguration", Dialect::S3) => {
            "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>"
        }
        ("PutObjectLockConfiguration", Dialect::Oss) => {
            "<ObjectWormConfiguration><ObjectWormEnabled>Enabled</ObjectWormEnabled></ObjectWormConfiguration>"
        }
        ("InitiateBucketWorm", _) => {
            "<InitiateWormConfiguration><RetentionPeriodInDays>1</RetentionPeriodInDays></InitiateWormConfiguration>"
        }
        ("ExtendBucketWorm", _) => {
            "<ExtendWormConfiguration><RetentionPeriodInDays>2</RetentionPeriodInDays></ExtendWormConfiguration>"
        }
        (name, _) if name.starts_with("Delete") || name.starts_with("Abort") => "",
        (name, _) => panic!("say with which document {name} changes something"),
    }
}

/// What must be there before the operation can change it.
fn prepares(name: &str) -> Vec<&str> {
    match name {
        "CreateBucket" => Vec::new(),
        "PutObjectLockConfiguration" => vec!["CreateBucket", "PutBucketVersioning"],
        "AbortBucketWorm" | "CompleteBucketWorm" => vec!["CreateBucket", "InitiateBucketWorm"],
        "ExtendBucketWorm" => vec!["CreateBucket", "InitiateBucketWorm", "CompleteBucketWorm"],
        name if name.starts_with("Delete") && name != "DeleteBucket" => vec!["CreateBucket"],
        _ => vec!["CreateBucket"],
    }
}

async fn ask(running: &Running, row: &Row, dialect: Dialect, bucket: &str) -> (StatusCode, String) {
    let mut path = row.path.replace("fresh", bucket).replace("bkt", bucket);
    if path.contains("wormId") {
        let worm = running.engine.bucket(bucket).unwrap().configuration.worm.unwrap();
        path = path.replace("wormId=A", &format!("wormId={}", worm.id));
    }
    let body = document(row.name, dialect).replace("BUCKET", bucket);
    let mut sent = request(row.method.clone(), &path, "").map(|_| Full::new(Bytes::from(body.clone())));
    let digest = BASE64.encode(md5::Md5::digest(body.as_bytes()));
    sent.headers_mut().insert("content-md5", digest.parse().unwrap());
    let vendor = if dialect == Dialect::Oss { "oss" } else { "amz" };
    let acl = HeaderName::try_from(format!("x-{vendor}-acl")).unwrap();
    if row.name == "PutBucketAcl" {
        sent.headers_mut().insert(acl, HeaderValue::from_static("public-read"));
    }
    let on_bucket = (!path.starts_with("/?")).then_some(bucket);
    let (parts, body) = running.send(signed(sent, dialect, (on_bucket, None))).await;
    (parts.status, String::from_utf8_lossy(&body).into_owned())
}

fn snake_case(name: &str) -> String {
    let words = name.replace(char::is_uppercase, "_?");
    let mut letters = name.chars().filter(char::is_ascii_uppercase).map(|letter| letter.to_ascii_lowercase());
    let words: String = words.chars().map(|c| if c == '?' { letters.next().unwrap() } else { c }).collect();
    words.trim_start_matches('_').to_owned()
}

#[tokio::test]
async fn every_change_of_settings_by_a_client_is_in_the_audit_log() {
    let running = start(None).await;
    let rows = rows();
    let find = |name: &str, face: &str| {
        let mut found = rows.iter().filter(|row| row.name == name && ["both", face].contains(&row.faces));
        found.next().unwrap_or_else(|| panic!("{name} on {face}"))
    };
    let changing: Vec<&Row> = rows.iter().filter(|row| changes_settings(row)).collect();
    assert!(changing.len() > 30, "the table is read");
    let mut number = 0;
    for row in changing {
        for (face, dialect) in [("oss", Dialect::Oss), ("s3", Dialect::S3)] {
            if !["both", face].contains(&row.faces) {
                continue;
            }
            number += 1;
            let bucket = format!("bucket-{number}");
            let mut before = prepares(row.name);
            let put = row.name.replacen("Delete", "Put", 1);
            if row.name.starts_with("Delete") && row.name != "DeleteBucket" {
                before.push(&put);
            }
            for name in before {
                let (status, body) = ask(&running, find(name, face), dialect, &bucket).await;
                assert!(status.is_success(), "{name} before {} on {face}: {status} {body}", row.name);
            }
            let lines = running.audit().len();
            let (status, body) = ask(&running, row, dialect, &bucket).await;
            assert!(status.is_success(), "{} on {face}: {status} {body}", row.name);
            let all = running.audit();
            assert_eq!(all.len(), lines + 1, "{} on {face} has one line", row.name);
            is_right(all.last().unwrap(), row.name, &bucket);
        }
    }
}

fn is_right(line: &Value, name: &str, bucket: &str) {
    let action = match name {
        "PutBucketWebsite" => "put_website".to_owned(),
        "DeleteBucketWebsite" => "delete_website".to_owned(),
        name => snake_case(name),
    };
    let target = if name.contains("Account") { "server".to_owned() } else { format!("bucket {bucket}") };
    assert_eq!((line["action"].as_str(), line["target"].as_str()), (Some(&*action), Some(&*target)));
    assert_eq!(line["who"], "root");
    assert!(line["remote"].as_str().unwrap().parse::<IpAddr>().unwrap().is_loopback());
    assert_ne!(line["before"], line["after"], "{line}");
}

#[tokio::test]
async fn a_refused_change_and_one_that_changes_nothing_leave_no_line() {
    let running = start(None).await;
    let rows = rows();
    let find = |name: &str| rows.iter().find(|row| row.name == name).unwrap();
    for name in ["CreateBucket", "PutBucketTagging", "PutAccountPublicAccessBlock"] {
        assert!(ask(&running, find(name), Dialect::Oss, "bucket").await.0.is_success());
    }
    let lines = running.audit().len();
    assert_eq!(lines, 3);
    for name in ["CreateBucket", "PutBucketTagging", "PutAccountPublicAccessBlock"] {
        assert!(ask(&running, find(name), Dialect::Oss, "bucket").await.0.is_success(), "{name} again");
    }
    assert_eq!(ask(&running, find("PutBucketTagging"), Dialect::Oss, "none").await.0, 404);
    assert_eq!(running.audit().len(), lines);
    let last = running.audit().pop().unwrap();
    assert_eq!(last["after"]["block_public_acls"], true, "{last}");
}
