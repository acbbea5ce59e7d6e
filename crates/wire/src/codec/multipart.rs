//! CreateMultipartUpload, and what all operations on uploads share.

use headwater_model::Result;
use headwater_model::body::Body;
use headwater_model::digest::ChecksumAlgorithm;
use headwater_model::multipart::UploadId;
use headwater_model::object::ObjectKind;
use headwater_model::op::{CreateMultipartUpload, Op, UploadRef};
use http::{HeaderName, HeaderValue, Response};

use super::page::Names;
use super::{Answer, Request, acl, checksum, condition, content, not_implemented, page, put};
use crate::response::open_root;

const CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("x-amz-checksum-algorithm");
const CHECKSUM_TYPE: HeaderName = HeaderName::from_static("x-amz-checksum-type");

pub(super) fn decode_create(request: &Request<'_>) -> Result<Op> {
    page::check_encoding(request)?;
    put::check_storage_class(request)?;
    let algorithm = if request.is_oss() { None } else { checksum_of_object(request)? };
    Ok(Op::CreateMultipartUpload(Box::new(CreateMultipartUpload {
        bucket: request.bucket(),
        key: request.key(),
        headers: content::decode(request)?,
        acl: acl::of_object(request)?,
        algorithm,
        condition: condition::decode_write(request)?,
    })))
}

/// The algorithm announced. Each has the type that S3 gives it by default; the other type is refused.
fn checksum_of_object(request: &Request<'_>) -> Result<Option<ChecksumAlgorithm>> {
    let named = request.fields.get(CHECKSUM_ALGORITHM.as_str())?;
    let algorithm = named.map(checksum::parse_algorithm).transpose()?;
    let kind = request.fields.get(CHECKSUM_TYPE.as_str())?;
    match (kind, algorithm) {
        (None, algorithm) => Ok(algorithm),
        (Some(kind), Some(algorithm)) if kind == checksum::type_of(ObjectKind::Multipart, algorithm) => {
            Ok(Some(algorithm))
        }
        (Some(kind), _) => Err(not_implemented(&format!("{CHECKSUM_TYPE}: {kind}"))),
    }
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
        let kind = checksum::type_of(ObjectKind::Multipart, algorithm);
        headers.insert(CHECKSUM_TYPE, HeaderValue::from_static(kind));
    }
    response
}
