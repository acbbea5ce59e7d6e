//! Buckets: creation, existence, information, location.

use headwater_model::body::Body;
use headwater_model::bucket::{Bucket, PublicAccessBlock};
use headwater_model::encryption::AES256;
use headwater_model::op::{CreateBucket, Op};
use headwater_model::reply::Owner;
use headwater_model::version::ObjectLockConfiguration;
use headwater_model::{Error, Result};
use http::header::LOCATION;
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::{Answer, Request, acl, bucket_access, endpoint, not_implemented, versioning};
use crate::date::iso_8601;
use crate::operation::Operation;
use crate::response::{self, open_root};
use crate::xml::{XmlWriter, parse};

const BUCKET_REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");
/// S3's oldest region, which its documents write as nothing.
const US_EAST_1: &str = "us-east-1";
/// Elements of CreateBucketConfiguration that demand what is not offered.
const UNOFFERED: [&str; 3] = ["Location", "Bucket", "Tags"];

pub(super) fn decode_create(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    const OBJECT_LOCK: &str = "x-amz-bucket-object-lock-enabled";
    request.bucket().check_new()?;
    let wants_lock = request.fields.get(OBJECT_LOCK)?.is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let mut create = CreateBucket {
        bucket: request.bucket(),
        acl: acl::of_bucket(request)?,
        ownership: bucket_access::of_new_bucket(request)?,
        location: None,
        storage_class: None,
        object_lock: wants_lock.then(ObjectLockConfiguration::default),
    };
    if !body.trim_ascii().is_empty() {
        read_configuration(&mut create, body)?;
    }
    Ok(Op::CreateBucket(create))
}

fn read_configuration(create: &mut CreateBucket, body: &[u8]) -> Result<()> {
    let document = parse(body)?;
    let configuration = document.root("CreateBucketConfiguration")?.as_container()?;
    if let Some(element) = configuration.elements().find(|element| UNOFFERED.contains(&element.name())) {
        return Err(not_implemented(&format!("CreateBucketConfiguration/{}", element.name())));
    }
    if let Some(redundancy) = configuration.text("DataRedundancyType")?
        && !matches!(redundancy.trim(), "LRS" | "")
    {
        return Err(not_implemented("DataRedundancyType"));
    }
    let text = |name: &str| -> Result<Option<Box<str>>> {
        Ok(configuration.text(name)?.map(str::trim).filter(|text| !text.is_empty()).map(Into::into))
    };
    create.location = text("LocationConstraint")?.map(|location| endpoint::bare_region(&location).into());
    create.storage_class = text("StorageClass")?;
    match create.location.as_deref() {
        Some(location) if !is_region(location) => Err(Error::invalid_argument(
            "LocationConstraint",
            location,
            "The specified location-constraint is not valid.",
        )),
        _ => Ok(()),
    }
}

/// A region is a word, never markup or a path: it is echoed in headers and host names.
fn is_region(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// The answer of the operations whose reply is a bucket.
pub(super) fn encode(answer: &Answer<'_>, owner: &Owner, bucket: &Bucket) -> Response<Body> {
    match answer.routed.operation {
        Operation::GetBucketInfo => answer.xml(info(answer, owner, bucket)),
        Operation::GetBucketLocation => {
            let mut response = answer.start(StatusCode::OK);
            response::set_xml(&mut response, location(answer, bucket));
            response
        }
        // A list that was put has made it.
        Operation::CreateBucket | Operation::PutBucketAcl => located(answer),
        _ => head(answer, bucket),
    }
}

/// Success, and where the bucket is. OSS's SDK for Node.js reads the bucket's name there after PutBucketAcl as well.
pub(super) fn located(answer: &Answer<'_>) -> Response<Body> {
    let mut response = answer.empty(StatusCode::OK);
    let path = HeaderValue::try_from(format!("/{}", answer.bucket()));
    response.headers_mut().insert(LOCATION, path.expect("a bucket's name is visible ascii"));
    response
}

fn head(answer: &Answer<'_>, bucket: &Bucket) -> Response<Body> {
    let mut response = answer.empty(StatusCode::OK);
    if !answer.is_oss()
        && let Ok(region) = HeaderValue::from_str(&bucket.location)
    {
        response.headers_mut().insert(BUCKET_REGION, region);
    }
    response
}

fn location(answer: &Answer<'_>, bucket: &Bucket) -> String {
    let location = if answer.is_oss() {
        endpoint::oss_location(&bucket.location)
    } else if &*bucket.location == US_EAST_1 {
        "".into()
    } else {
        (&*bucket.location).into()
    };
    response::text_document(answer.vocab, "LocationConstraint", &location)
}

/// OSS GetBucketInfo. What is never configured here is told as OSS tells it of a bucket without it.
fn info(answer: &Answer<'_>, owner: &Owner, bucket: &Bucket) -> XmlWriter {
    let mut xml = open_root(answer.vocab, "BucketInfo");
    xml.open("Bucket");
    xml.element("AccessMonitor", "Disabled");
    xml.element("BlockPublicAccess", bucket.access.public_access == PublicAccessBlock::ALL);
    xml.element("Comment", "");
    xml.element("CreationDate", iso_8601(bucket.created));
    xml.element("CrossRegionReplication", "Disabled");
    xml.element("DataRedundancyType", "LRS");
    xml.element("ExtranetEndpoint", answer.endpoint());
    xml.element("IntranetEndpoint", endpoint::intranet(answer.endpoint()));
    xml.element("Location", endpoint::oss_location(&bucket.location));
    xml.element("Name", &bucket.name);
    xml.element("StorageClass", &bucket.storage_class);
    xml.element("TransferAcceleration", "Disabled");
    xml.optional("Versioning", versioning::status(bucket.configuration.versioning));
    acl::write_owner(&mut xml, owner);
    xml.open("AccessControlList");
    xml.element("Grant", bucket.acl.nearest().as_str());
    xml.close();
    xml.open("ServerSideEncryptionRule");
    let is_encrypted = bucket.configuration.encryption.is_some();
    xml.element("SSEAlgorithm", if is_encrypted { AES256 } else { "None" });
    xml.close();
    xml.open("BucketPolicy");
    xml.element("LogBucket", "");
    xml.element("LogPrefix", "");
    xml.close();
    xml.close();
    xml.close();
    xml
}
