//! CreateMultipartUpload, and what all operations on uploads share.

use headwater_model::body::Body;
use headwater_model::digest::{ChecksumAlgorithm, ChecksumType};
use headwater_model::multipart::UploadId;
use headwater_model::op::{CreateMultipartUpload, Op, UploadRef};
use headwater_model::{Error, Result};
use http::{HeaderName, HeaderValue, Response};

use super::page::Names;
use super::{Answer, Request, acl, checksum, condition, content, encryption, page, tagging};
use crate::response::open_root;

const CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("x-amz-checksum-algorithm");
const CHECKSUM_TYPE: HeaderName = HeaderName::from_static("x-amz-checksum-type");

pub(super) fn decode_create(request: &Request<'_>) -> Result<Op> {
    page::check_encoding(request)?;
    let checksum = if request.is_oss() { None } else { checksum_of_object(request)? };
    Ok(Op::CreateMultipartUpload(Box::new(CreateMultipartUpload {
        bucket: request.bucket(),
        key: request.key(),
        headers: content::decode(request)?,
        tags: tagging::of_header(request)?,
        acl: acl::of_object(request)?,
        checksum,
        condition: condition::decode_write(request)?,
        encryption: encryption::of_write(request)?,
        sequential: request.is_oss() && request.query("sequential").is_some(),
    })))
}

/// The algorithm announced, and of what the object's checksum will be one: S3 makes a checksum of all bytes from those of
/// the parts for CRCs alone, and of CRC-64/NVME no other.
fn checksum_of_object(request: &Request<'_>) -> Result<Option<(ChecksumAlgorithm, ChecksumType)>> {
    let named = request.fields.get(CHECKSUM_ALGORITHM.as_str())?;
    let algorithm = named.map(checksum::parse_algorithm).transpose()?;
    let kind = checksum::type_header(request.fields)?;
    let refused = |message: String| Err(Error::InvalidRequest { message: message.into() });
    let Some(algorithm) = algorithm else {
        return match kind {
            None => Ok(None),
            Some(_) => refused(format!("{CHECKSUM_TYPE} header can only be used with {CHECKSUM_ALGORITHM}.")),
        };
    };
    let kind = kind.unwrap_or_else(|| ChecksumType::default_of(algorithm));
    let possible = match algorithm {
        ChecksumAlgorithm::Crc64Nvme => kind == ChecksumType::FullObject,
        ChecksumAlgorithm::Sha1 | ChecksumAlgorithm::Sha256 => kind == ChecksumType::Composite,
        ChecksumAlgorithm::Crc32 | ChecksumAlgorithm::Crc32c => true,
    };
    if !possible {
        let (kind, algorithm) = (kind.name(), algorithm.name().to_ascii_lowercase());
        return refused(format!("The {kind} checksum type cannot be used with the {algorithm} checksum algorithm."));
    }
    Ok(Some((algorithm, kind)))
}

/// The upload that the query names.
pub(super) fn upload_ref(request: &Request<'_>) -> UploadRef {
    UploadRef {
        bucket: request.bucket(),
        key: request.key(),
        upload_id: request.query("uploadId").unwrap_or_default().into(),
    }
}

pub(super) fn encode_created(answer: &Answer<'_>, id: UploadId) -> Response<Body> {
    let names = Names::of(answer);
    let mut xml = open_root(answer.vocab, "InitiateMultipartUploadResult");
    xml.optional("EncodingType", names.encoding());
    xml.element("Bucket", answer.bucket());
    xml.element("Key", names.print(answer.key()));
    xml.element("UploadId", id);
    xml.close();
    let mut response = answer.xml(xml);
    let announced = answer.field(CHECKSUM_ALGORITHM.as_str()).filter(|_| !answer.is_oss());
    if let Some(algorithm) = announced.and_then(|name| checksum::parse_algorithm(name).ok()) {
        let headers = response.headers_mut();
        headers.insert(CHECKSUM_ALGORITHM, HeaderValue::from_static(algorithm.name()));
        let named = answer.field(CHECKSUM_TYPE.as_str()).filter(|kind| kind.eq_ignore_ascii_case("FULL_OBJECT"));
        let kind = named.map_or_else(|| ChecksumType::default_of(algorithm), |_| ChecksumType::FullObject);
        headers.insert(CHECKSUM_TYPE, HeaderValue::from_static(kind.name()));
    }
    response
}
