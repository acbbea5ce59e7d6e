//! UploadPart, UploadPartCopy and ListParts.

use headwater_model::body::Body;
use headwater_model::digest::{ChecksumAlgorithm, ChecksumType};
use headwater_model::limits::{MAX_LIST_KEYS, MAX_PART_NUMBER};
use headwater_model::multipart::{PartInfo, PartPage};
use headwater_model::object::UserMeta;
use headwater_model::op::{ListParts, Op, PartRange, UploadPart, UploadPartCopy};
use headwater_model::reply::Owner;
use headwater_model::{Error, Result};
use http::header::ETAG;
use http::{Response, StatusCode};

use super::page::Names;
use super::{Answer, Request, acl, checksum, condition, copy, encryption, multipart, page, put};
use crate::date::iso_8601;
use crate::etag;
use crate::response::open_root;
use crate::xml::read::decimal;

/// The number of the part that the query names.
pub(super) fn number(request: &Request<'_>) -> Result<u16> {
    let text = request.query("partNumber").unwrap_or_default();
    let number = decimal::<u16>(text).filter(|number| (1..=MAX_PART_NUMBER).contains(number));
    let message = format!("Part number must be an integer between 1 and {MAX_PART_NUMBER}, inclusive");
    number.ok_or_else(|| Error::invalid_argument("partNumber", text, message))
}

pub(super) fn decode(request: &Request<'_>) -> Result<Op> {
    Ok(Op::UploadPart(Box::new(UploadPart {
        upload: multipart::upload_ref(request),
        number: number(request)?,
        content_length: put::body_length(request)?,
        digests: checksum::announced(request.fields)?,
        customer_key: encryption::customer_key(request)?,
    })))
}

pub(super) fn decode_copy(request: &Request<'_>) -> Result<Op> {
    let source = copy::source(request)?;
    Ok(Op::UploadPartCopy(Box::new(UploadPartCopy {
        upload: multipart::upload_ref(request),
        number: number(request)?,
        source_bucket: source.bucket,
        source_key: source.key,
        source_version: source.version,
        source_conditions: condition::decode_copy_source(request)?,
        range: source_range(request)?,
        customer_key: encryption::customer_key(request)?,
        source_customer_key: encryption::source_customer_key(request)?,
    })))
}

/// `bytes=FIRST-LAST`, on OSS also `bytes=FIRST-`. Any other form is refused: OSS documents that it copies the whole
/// source then, which is a part that its client did not ask for.
fn source_range(request: &Request<'_>) -> Result<Option<PartRange>> {
    let name = request.vocab.headers.copy_source_range;
    let Some(sent) = request.fields.get(name)? else { return Ok(None) };
    let invalid = || {
        let form = if request.is_oss() { "bytes=first-last or bytes=first-" } else { "bytes=first-last" };
        let message = format!(
            "The {name} value must be of the form {form} where first and last are the zero-based offsets of the first \
             and last bytes to copy"
        );
        Error::invalid_argument(name, sent, message)
    };
    let (first, last) = sent.strip_prefix("bytes=").and_then(|ends| ends.split_once('-')).ok_or_else(invalid)?;
    let first = decimal(first).ok_or_else(invalid)?;
    let last = match last {
        "" if request.is_oss() => None,
        last => Some(decimal(last).filter(|last| first <= *last).ok_or_else(invalid)?),
    };
    Ok(Some(PartRange { first, last }))
}

pub(super) fn encode_copy(answer: &Answer<'_>, part: &PartInfo) -> Response<Body> {
    let mut xml = open_root(answer.vocab, "CopyPartResult");
    xml.element("LastModified", iso_8601(part.last_modified));
    etag::write(&mut xml, &part.etag, answer.vocab.dialect);
    if let Some(checksum) = part.checksum.as_ref().filter(|_| !answer.is_oss()) {
        xml.element(checksum::element_name(checksum.algorithm), checksum::text(checksum));
    }
    xml.close();
    let mut response = answer.xml(xml);
    if answer.is_oss() {
        let headers = response.headers_mut();
        headers.insert(ETAG, etag::header(&part.etag, answer.vocab.dialect));
        headers.insert(checksum::CRC64, part.crc64.into());
    }
    response
}

pub(super) fn decode_list(request: &Request<'_>) -> Result<Op> {
    page::check_encoding(request)?;
    let marker = request.query("part-number-marker").filter(|text| !text.is_empty());
    let after = match marker {
        None => 0,
        // Beyond the highest part there is none: an empty page.
        Some(text) => decimal::<u32>(text)
            .map(|number| u16::try_from(number).unwrap_or(u16::MAX))
            .ok_or_else(|| Error::invalid_argument("part-number-marker", text, "The marker must be a number."))?,
    };
    let limit = page::limit(request, "max-parts", MAX_LIST_KEYS)?.max(1);
    Ok(Op::ListParts(ListParts { upload: multipart::upload_ref(request), after, limit }))
}

pub(super) fn encode(answer: &Answer<'_>, part: &PartInfo) -> Response<Body> {
    let mut response = answer.empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(ETAG, etag::header(&part.etag, answer.vocab.dialect));
    if answer.is_oss() {
        checksum::put_part_md5(headers, part);
        headers.insert(checksum::CRC64, part.crc64.into());
    } else if let Some(checksum) = &part.checksum {
        checksum::put_value(headers, checksum);
    }
    response
}

/// What a listing of parts tells about their upload.
pub(super) struct OfUpload {
    /// Who will own the object.
    pub(super) owner: Owner,
    /// Checksum algorithm announced on creation, and of what the object's checksum will be one.
    pub(super) checksum: Option<(ChecksumAlgorithm, ChecksumType)>,
    /// User metadata of the object to be.
    pub(super) user: UserMeta,
}

/// OSS's elements for what clients that encrypt write into an upload's user metadata, by its names there: they resume
/// uploads with it.
const CLIENT_ENCRYPTION: [(&str, &str); 6] = [
    ("client-side-encryption-key", "ClientEncryptionKey"),
    ("client-side-encryption-start", "ClientEncryptionStart"),
    ("client-side-encryption-cek-alg", "ClientEncryptionCekAlg"),
    ("client-side-encryption-wrap-alg", "ClientEncryptionWrapAlg"),
    ("client-side-encryption-data-size", "ClientEncryptionDataSize"),
    ("client-side-encryption-part-size", "ClientEncryptionPartSize"),
];

pub(super) fn encode_list(answer: &Answer<'_>, upload: &OfUpload, listed: &PartPage) -> Response<Body> {
    let OfUpload { owner, checksum, user } = upload;
    let query = |name: &str| answer.routed.queries.get(name).filter(|text| !text.is_empty());
    let names = Names::of(answer);
    let mut xml = open_root(answer.vocab, "ListPartsResult");
    xml.optional("EncodingType", names.encoding());
    xml.element("Bucket", answer.bucket());
    xml.element("Key", names.print(answer.key()));
    xml.element("UploadId", query("uploadId").unwrap_or_default());
    if !answer.is_oss() {
        xml.open("Initiator");
        xml.element("ID", &owner.id);
        xml.element("DisplayName", &owner.display_name);
        xml.close();
        acl::write_owner(&mut xml, owner);
        if let Some((algorithm, kind)) = *checksum {
            xml.element("ChecksumAlgorithm", algorithm.name());
            xml.element("ChecksumType", kind.name());
        }
    }
    xml.element("StorageClass", answer.vocab.default_storage_class);
    xml.element("PartNumberMarker", query("part-number-marker").unwrap_or("0"));
    // Where the next page begins; on the last page, where this one ends.
    let last = listed.next.or_else(|| listed.parts.last().map(|part| part.number));
    xml.element("NextPartNumberMarker", last.unwrap_or(0));
    let limit = query("max-parts").and_then(decimal::<usize>).unwrap_or(MAX_LIST_KEYS);
    xml.element("MaxParts", limit.min(MAX_LIST_KEYS));
    xml.element("IsTruncated", listed.next.is_some());
    for (name, element) in CLIENT_ENCRYPTION.into_iter().filter(|_| answer.is_oss()) {
        xml.optional(element, user.iter().find(|(known, _)| **known == *name).map(|(_, value)| &**value));
    }
    for part in &listed.parts {
        xml.open("Part");
        xml.element("PartNumber", part.number);
        xml.element("LastModified", iso_8601(part.last_modified));
        etag::write(&mut xml, &part.etag, answer.vocab.dialect);
        xml.element("Size", part.size_bytes);
        if answer.is_oss() {
            xml.element("HashCrc64ecma", part.crc64);
        } else if let Some(checksum) = &part.checksum {
            xml.element(checksum::element_name(checksum.algorithm), checksum::text(checksum));
        }
        xml.close();
    }
    xml.close();
    answer.xml(xml)
}
