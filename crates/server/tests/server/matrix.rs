//! Every route, asked by everybody: a matrix made from the table of routes.
//!
//! Each row of the table is asked on each of its faces by seven principals; its answer must be a refusal for exactly
//! those who have no right to it. Denials come before anything else that could be wrong with the request.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use headwater_engine::{Engine, KeyChange, NewKey};
use headwater_model::access::Context;
use headwater_model::body::Body;
use headwater_model::bucket::Dialect;
use headwater_model::clock::Timestamp;
use headwater_model::digest::TrailingChecksum;
use headwater_model::op::{AnnouncedDigests, Caller, CreateBucket, Op, PutObject, WriteCondition};
use headwater_model::rule::Secret;
use headwater_model::{BucketName, ObjectKey};
use hmac::{KeyInit as _, Mac as _};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request};
use http_body_util::Full;

use crate::support::{Running, request, signed_by, start};

const SECRET: &str = "one-secret-for-all";

/// Who asks, and whether the permission of the row is theirs.
const PRINCIPALS: [(&str, bool); 7] = [
    ("root", true),
    ("owner", true),
    ("stranger", false),
    ("named", true),   // the bucket's policy allows this account the row's permission
    ("allowed", true), // its own policy allows the row's permission and nothing else
    ("denied", false), // its own policy allows everything but the row's permission
    ("anonymous", false),
];

/// A route.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    permission: &'static str,
    pub(crate) faces: &'static str,
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    copies: bool,
}

/// The table of routes.
pub(crate) fn rows() -> Vec<Row> {
    let table = include_str!("../../../wire/src/route/table.txt");
    let rows = table.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [name, permission, faces, method, target] = fields[..] else { panic!("{line}") };
        let (path, copies) = target.split_once('#').map_or((target, false), |(path, _)| (path, true));
        Row { name, permission, faces, method: method.parse().unwrap(), path, copies }
    });
    rows.collect()
}

fn caller(engine: &Engine, id: &str) -> Caller<'static> {
    let principal = engine.accounts().find(id, None, Timestamp(0)).unwrap().unwrap().principal;
    Caller { principal, dialect: Dialect::S3, context: Context::internal(Timestamp(0)) }
}

/// One bucket of the owner with one object.
async fn prepare(engine: &Arc<Engine>) {
    for (name, _) in PRINCIPALS.iter().filter(|(name, _)| !["root", "anonymous"].contains(name)) {
        let new =
            NewKey { access_key_id: Some((*name).into()), secret: Some(Secret::new(SECRET)), ..NewKey::default() };
        engine.create_access_key(new).await.unwrap();
    }
    let bucket = BucketName::parse("bkt").unwrap();
    let create =
        CreateBucket { bucket, acl: None, ownership: None, location: None, storage_class: None, object_lock: None };
    engine.perform(&caller(engine, "owner"), Op::CreateBucket(create), Body::Empty).await.unwrap();
}

/// Policies for one row; the object is there again.
async fn reset(engine: &Arc<Engine>, row: &Row) {
    let (bucket, key) = (BucketName::parse("bkt").unwrap(), ObjectKey::parse("key").unwrap());
    let owner = caller(engine, "owner");
    // A copy reads its source too, and attributes are read with the object.
    let actions = if row.copies || row.name == "GetObjectAttributes" {
        format!(r#"["{}", "s3:GetObject", "s3:GetObjectVersion"]"#, row.permission)
    } else {
        format!("{:?}", row.permission)
    };
    let policy = format!(
        r#"{{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": "named"}}, "Action": {actions},
            "Resource": ["arn:aws:s3:::bkt", "arn:aws:s3:::bkt/*"]}}}}"#
    );
    engine.perform(&owner, Op::PutBucketPolicy(bucket.clone(), policy.into()), Body::Empty).await.unwrap();
    let put = PutObject {
        bucket,
        key,
        headers: headwater_model::object::ObjectHeaders::default(),
        tags: Vec::new(),
        acl: None,
        content_length: Some(0),
        digests: AnnouncedDigests { trailing: TrailingChecksum::default(), ..AnnouncedDigests::default() },
        condition: WriteCondition::Any,
        encryption: headwater_model::encryption::WriteEncryption::default(),
    };
    engine.perform(&owner, Op::PutObject(Box::new(put)), Body::Empty).await.unwrap();
    let allow = format!(r#"{{"Effect": "Allow", "Action": {actions}, "Resource": "*"}}"#);
    let deny = format!(
        r#"{{"Effect": "Allow", "Action": "*", "Resource": "*"}}, {{"Effect": "Deny", "Action": "{}", "Resource": "*"}}"#,
        row.permission
    );
    for (id, statements) in [("allowed", allow), ("denied", deny)] {
        let policy = Some(Some(format!(r#"{{"Statement": [{statements}]}}"#).into()));
        engine.change_access_key(id, KeyChange { policy, ..KeyChange::default() }).await.unwrap();
    }
}

/// A form that uploads `key` into `bkt`, in the old form of either vendor.
fn form(signer: Option<(&str, &str)>, dialect: Dialect) -> Request<Full<Bytes>> {
    const POLICY: &str =
        r#"{"expiration": "2099-01-01T00:00:00.000Z", "conditions": [{"bucket": "bkt"}, {"key": "key"}]}"#;
    let mut fields = vec![("key", "key".to_owned())];
    if let Some((id, secret)) = signer {
        let policy = BASE64.encode(POLICY);
        let mut mac = hmac::Hmac::<sha1::Sha1>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(policy.as_bytes());
        let id_field = if dialect == Dialect::Oss { "OSSAccessKeyId" } else { "AWSAccessKeyId" };
        let signature = BASE64.encode(mac.finalize().into_bytes());
        fields.extend([(id_field, id.to_owned()), ("policy", policy), ("signature", signature)]);
    }
    let part = |(name, value): &(&str, String)| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let mut body: String = fields.iter().map(part).collect();
    body.push_str("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nx\r\n--b--\r\n");
    let mut request = request(Method::POST, "/bkt", "").map(|_| Full::new(Bytes::from(body)));
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=b"));
    request
}

async fn is_refused(running: &Running, row: &Row, dialect: Dialect, who: &str) -> bool {
    const DELETE: &str = "<Delete><Object><Key>key</Key></Object></Delete>";
    const DELETE_MD5: &str = "VUxjCEXWiErKatrg6+J0xA==";
    let body = if row.name == "DeleteObjects" { DELETE } else { "" };
    let signer = match who {
        "anonymous" => None,
        "root" => Some(("root", "secret-of-root")),
        who => Some((who, SECRET)),
    };
    let is_form = row.name == "PostObject";
    let mut request = if is_form { form(signer, dialect) } else { request(row.method.clone(), row.path, body) };
    let headers = request.headers_mut();
    let (marker, source) = match dialect {
        Dialect::Oss => ("x-oss-marker", "x-oss-copy-source"),
        Dialect::S3 => ("x-amz-marker", "x-amz-copy-source"),
    };
    headers.insert(marker, HeaderValue::from_static("1"));
    if row.copies {
        headers.insert(source, HeaderValue::from_static("/bkt/key"));
    }
    if row.name == "DeleteObjects" {
        headers.insert("content-md5", HeaderValue::from_static(DELETE_MD5));
    }
    let path = row.path.split('?').next().unwrap().trim_start_matches('/');
    let (bucket, key) = match path.split_once('/') {
        Some((bucket, key)) => (Some(bucket), Some(key)),
        None => (Some(path).filter(|path| !path.is_empty()), None),
    };
    let request = match signer {
        Some(signer) if !is_form => signed_by(signer, request, dialect, (bucket, key)),
        _ => request,
    };
    let (parts, body) = running.send(request).await;
    let text = String::from_utf8_lossy(&body);
    assert!(parts.status != 403 || text.is_empty() || text.contains("<Code>AccessDenied</Code>"), "{text}");
    assert!(parts.status.as_u16() < 500, "{} by {who}: {text}", row.name);
    // A deletion of many fails key by key.
    parts.status == 403 || (row.name == "DeleteObjects" && text.contains("AccessDenied"))
}

#[tokio::test]
async fn exactly_those_with_the_right_are_let_in() {
    let running = start(None).await;
    prepare(&running.engine).await;
    let rows = rows();
    assert!(rows.len() > 30, "the table is read");
    let mut wrong = Vec::new();
    for row in &rows {
        for (face, dialect) in [("oss", Dialect::Oss), ("s3", Dialect::S3)] {
            if row.faces != "both" && row.faces != face {
                continue;
            }
            for (who, has_right) in PRINCIPALS {
                reset(&running.engine, row).await;
                // Whoever has an account without a policy may have buckets of its own.
                // Nobody may ask S3 for its buckets, and has none.
                let nobodys = row.name == "ListBuckets" && who == "anonymous" && dialect == Dialect::S3;
                let own = nobodys || (["ListBuckets", "CreateBucket"].contains(&row.name) && who == "stranger");
                // What concerns every bucket is root's, and whose policy allows it: an account alone is no right to it.
                let on_server = row.permission.contains("AccountPublicAccessBlock");
                let has_right = has_right && !(on_server && ["owner", "named"].contains(&who));
                let refused = is_refused(&running, row, dialect, who).await;
                if refused == (has_right || own) {
                    wrong.push(format!("{} on {face} by {who}: refused={refused}", row.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
