//! Fixtures: requests as clients send them, answers as clients see them.

mod arbitrary;
mod composition;
mod cors;
mod documents_oss;
mod documents_s3;
mod encryption;
mod lifecycle;
mod lifecycle_rules;
mod listing;
mod locks;
mod logging;
mod objects;
mod oss_objects;
mod reading;
mod restore;
mod settings;
mod sweep;
mod versions;
mod worm;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use headwater_model::acl::CannedAcl;
use headwater_model::body::Body;
use headwater_model::bucket::{Bucket, Dialect, Generation};
use headwater_model::clock::Timestamp;
use headwater_model::digest::ETag;
use headwater_model::object::{ObjectHeaders, ObjectKind, ObjectMeta, Provenance};
use headwater_model::op::Op;
use headwater_model::reply::{DeletedObject, Owner, Reply};
use headwater_model::version::VersionId;
use headwater_model::{BucketName, Error, ObjectKey, Result};
use http::request::Parts;
use http::{Response, StatusCode};

use super::{RequestFacts, decode, encode};
use crate::address::Addressing;
use crate::errors::{ErrorContext, encode_error};
use crate::operation::BodyNeed;
use crate::response::ResponseContext;
use crate::route::{Routed, route};

/// Hosts whose name shows the dialect.
const OSS: &str = "oss.test";
const S3: &str = "s3.test";
const BOTH: [&str; 2] = [OSS, S3];

/// A request line as in a log: method, path and query.
fn parts(host: &str, line: &str, headers: &[(&str, &str)]) -> Parts {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = http::Request::builder().method(method).uri(path).header("host", host);
    for (name, value) in headers {
        request = request.header(*name, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    request.body(()).unwrap().into_parts().0
}

fn routed(parts: &Parts) -> Routed {
    let addressing = Addressing {
        domains: Vec::new(),
        website_domains: Vec::new(),
        default_dialect: Dialect::Oss,
        region: "cn-hangzhou".into(),
    };
    route(parts, &addressing, &|_| None).unwrap()
}

/// What a request is refused with, as its client sees and as the server knows it; `None` if it is an operation.
fn fault(host: &str, parts: &Parts, body: &str) -> Option<(StatusCode, Error)> {
    let addressing = Addressing {
        domains: vec!["example.org".into()],
        website_domains: Vec::new(),
        default_dialect: Dialect::S3,
        region: "r".into(),
    };
    let (dialect, error) = match route(parts, &addressing, &|_| None) {
        Err(refusal) => (refusal.dialect, refusal.error),
        Ok(routed) => {
            let body = (routed.body_need() == BodyNeed::Xml).then_some(body.as_bytes());
            (routed.dialect, decode(&routed, parts, body, &FACTS).err()?)
        }
    };
    let context = ErrorContext {
        request_id: "5C3D9175B6FC201293AD0001",
        elapsed: Duration::ZERO,
        host,
        method: &parts.method,
        path: parts.uri.path(),
        bucket: None,
        key: None,
        owner: false,
        site: true,
    };
    Some((encode_error(dialect, &error, &context).status(), error))
}

const FACTS: RequestFacts = RequestFacts { signed: true, secure: false, has_website: true };

fn read_as(facts: RequestFacts, host: &str, line: &str, headers: &[(&str, &str)], body: &str) -> Result<Op> {
    let parts = parts(host, line, headers);
    decode(&routed(&parts), &parts, Some(body.as_bytes()), &facts)
}

fn read(host: &str, line: &str, headers: &[(&str, &str)], body: &str) -> Result<Op> {
    read_as(FACTS, host, line, headers, body)
}

fn answer_with(host: &str, line: &str, headers: &[(&str, &str)], reply: Reply) -> Response<Body> {
    let parts = parts(host, line, headers);
    let context =
        ResponseContext { request_id: "5C3D9175B6FC201293AD0001", elapsed: Duration::from_millis(7), secure: false };
    encode(&routed(&parts), &parts, reply, &context)
}

fn answer(host: &str, line: &str, reply: Reply) -> Response<Body> {
    answer_with(host, line, &[], reply)
}

/// The XML of an answer without its declaration.
fn xml(host: &str, line: &str, reply: Reply) -> String {
    let response = answer(host, line, reply);
    assert_eq!(response.headers()["content-type"], "application/xml");
    let length = response.headers()["content-length"].clone();
    let Body::Full(bytes) = response.into_body() else { panic!("an answer in xml is whole") };
    assert_eq!(length, bytes.len().to_string());
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap().to_owned()
}

/// Joins lines of an expected document, so that it can be read.
fn joined(document: &str) -> String {
    document.lines().map(str::trim).collect()
}

/// 2023-12-16T16:20:57.042Z.
const AT: Timestamp = Timestamp(1_702_743_657_042);

fn key(text: &str) -> ObjectKey {
    ObjectKey::parse(text).unwrap()
}

fn deleted(name: &str, version: Option<&str>, outcome: Result<Option<VersionId>>) -> DeletedObject {
    DeletedObject { key: key(name), version: version.map(Into::into), outcome }
}

fn owner() -> Owner {
    Owner { id: "1234".into(), display_name: "ann".into() }
}

fn bucket() -> Arc<Bucket> {
    Arc::new(Bucket {
        name: BucketName::parse("bkt").unwrap(),
        generation: Generation(1),
        created: AT,
        acl: CannedAcl::PublicRead.into(),
        access: headwater_model::bucket::BucketAccess::default(),
        dialect: Dialect::Oss,
        location: "cn-hangzhou".into(),
        storage_class: "Standard".into(),
        rule_version: 0,
        migration: headwater_model::settings::MigrationSettings::default(),
        website: None,
        configuration: headwater_model::bucket::BucketConfiguration::default(),
    })
}

/// `hello world`, written in one piece.
fn meta() -> ObjectMeta {
    let md5 = *b"\x5e\xb6\x3b\xbb\xe0\x1e\xee\xd0\x93\xcb\x22\xbb\x8f\x5a\xcd\xc3";
    ObjectMeta {
        size_bytes: 11,
        etag: ETag::of_md5(md5),
        last_modified: AT,
        crc64: 5_981_764_153_023_615_706,
        md5: Some(md5),
        checksum: None,
        kind: ObjectKind::Normal,
        provenance: Provenance::Written,
        headers: ObjectHeaders::default(),
        tags: Vec::new(),
        composition: headwater_model::object::Composition::default(),
        version: VersionId::Null,
    }
}
