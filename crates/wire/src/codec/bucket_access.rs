//! The policy of a bucket, its public access block, and who owns its objects.

use headwater_model::body::Body;
use headwater_model::bucket::{ObjectOwnership, PublicAccessBlock};
use headwater_model::op::Op;
use headwater_model::policy::Policy;
use headwater_model::{Error, Result};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};

use super::{Answer, Request};
use crate::response::open_root;
use crate::xml::parse;
use crate::xml::read::malformed;

const OWNERSHIPS: [(ObjectOwnership, &str); 3] = [
    (ObjectOwnership::ObjectWriter, "ObjectWriter"),
    (ObjectOwnership::BucketOwnerPreferred, "BucketOwnerPreferred"),
    (ObjectOwnership::BucketOwnerEnforced, "BucketOwnerEnforced"),
];

pub(super) fn decode_policy(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    let text = std::str::from_utf8(body)
        .map_err(|_| Error::MalformedPolicy { message: "Policies must be valid JSON in UTF-8".into() })?;
    Ok(Op::PutBucketPolicy(request.bucket(), text.into()))
}

/// The text as it was put.
pub(super) fn encode_policy(answer: &Answer<'_>, policy: &Policy) -> Response<Body> {
    let mut response = answer.start(StatusCode::OK);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let text = bytes::Bytes::copy_from_slice(policy.text().as_bytes());
    response.headers_mut().insert(http::header::CONTENT_LENGTH, text.len().into());
    *response.body_mut() = Body::Full(text);
    response
}

pub(super) fn encode_status(answer: &Answer<'_>, public: bool) -> Response<Body> {
    let mut xml = open_root(answer.vocab, "PolicyStatus");
    xml.element("IsPublic", public);
    xml.close();
    answer.xml(xml)
}

pub(super) fn block(request: &Request<'_>, body: &[u8]) -> Result<PublicAccessBlock> {
    let document = parse(body)?;
    let configuration = document.root("PublicAccessBlockConfiguration")?.as_container()?;
    let flag = |name| configuration.boolean(name);
    if request.is_oss() {
        return match flag("BlockPublicAccess")? {
            Some(true) => Ok(PublicAccessBlock::ALL),
            Some(false) => Ok(PublicAccessBlock { configured: true, ..PublicAccessBlock::default() }),
            None => Err(malformed("PublicAccessBlockConfiguration lacks BlockPublicAccess")),
        };
    }
    Ok(PublicAccessBlock {
        configured: true,
        block_public_acls: flag("BlockPublicAcls")?.unwrap_or(false),
        ignore_public_acls: flag("IgnorePublicAcls")?.unwrap_or(false),
        block_public_policy: flag("BlockPublicPolicy")?.unwrap_or(false),
        restrict_public_buckets: flag("RestrictPublicBuckets")?.unwrap_or(false),
    })
}

/// OSS's one switch is on if all four of S3's are.
pub(super) fn encode_block(answer: &Answer<'_>, block: PublicAccessBlock) -> Response<Body> {
    let mut xml = open_root(answer.vocab, "PublicAccessBlockConfiguration");
    if answer.is_oss() {
        xml.element("BlockPublicAccess", block == PublicAccessBlock::ALL);
    } else {
        xml.element("BlockPublicAcls", block.block_public_acls);
        xml.element("IgnorePublicAcls", block.ignore_public_acls);
        xml.element("BlockPublicPolicy", block.block_public_policy);
        xml.element("RestrictPublicBuckets", block.restrict_public_buckets);
    }
    xml.close();
    answer.xml(xml)
}

pub(super) fn decode_ownership(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    let document = parse(body)?;
    let controls = document.root("OwnershipControls")?.as_container()?;
    let mut rules = controls.children("Rule");
    let (Some(rule), None) = (rules.next(), rules.next()) else {
        return Err(malformed("OwnershipControls has one Rule"));
    };
    let text = rule.as_container()?.required_text("ObjectOwnership")?.trim();
    let ownership = ownership(text).ok_or_else(|| malformed(format!("{text:?} is no ObjectOwnership")))?;
    Ok(Op::PutOwnershipControls(request.bucket(), ownership))
}

pub(super) fn encode_ownership(answer: &Answer<'_>, ownership: ObjectOwnership) -> Response<Body> {
    let name = OWNERSHIPS.iter().find(|(known, _)| *known == ownership).map(|(_, name)| *name);
    let mut xml = open_root(answer.vocab, "OwnershipControls");
    xml.open("Rule");
    xml.element("ObjectOwnership", name.unwrap_or("ObjectWriter"));
    xml.close();
    xml.close();
    answer.xml(xml)
}

/// `x-amz-object-ownership` of CreateBucket.
pub(super) fn of_new_bucket(request: &Request<'_>) -> Result<Option<ObjectOwnership>> {
    const HEADER: &str = "x-amz-object-ownership";
    let value = if request.is_oss() { None } else { request.fields.get(HEADER)? };
    let Some(value) = value else { return Ok(None) };
    let message = "Give ObjectWriter, BucketOwnerPreferred or BucketOwnerEnforced.";
    ownership(value).map(Some).ok_or_else(|| Error::invalid_argument(HEADER, value, message))
}

fn ownership(text: &str) -> Option<ObjectOwnership> {
    OWNERSHIPS.iter().find(|(_, name)| *name == text).map(|(ownership, _)| *ownership)
}
