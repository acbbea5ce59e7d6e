//! Digests that clients announce, digests that answers tell.
//!
//! Guarantees: a digest that cannot be one is refused before the body is read; of several statements about S3's
//! additional checksum, all must agree on one algorithm.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use headwater_model::digest::{Checksum, ChecksumAlgorithm, ChecksumType, TrailingChecksum};
use headwater_model::multipart::PartInfo;
use headwater_model::object::ObjectMeta;
use headwater_model::op::AnnouncedDigests;
use headwater_model::{Error, Result};
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::Digest as _;

use super::{Request, put};
use crate::fields::{Fields, first};
use crate::operation::Operation;
use crate::xml::read::malformed;
use crate::xml::{Element, XmlWriter};

/// CRC-64/XZ of the whole object, in decimal.
pub(super) const CRC64: HeaderName = HeaderName::from_static("x-oss-hash-crc64ecma");
const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");
const CHECKSUM_TYPE: HeaderName = HeaderName::from_static("x-amz-checksum-type");

/// Reads every digest header.
///
/// # Errors
/// [`Error::InvalidDigest`] and [`Error::InvalidRequest`] for values that cannot be digests.
pub(super) fn announced(fields: Fields<'_>) -> Result<AnnouncedDigests> {
    let md5 = md5_header(fields)?;
    let crc64 = match fields.get(CRC64.as_str())? {
        None => None,
        Some(value) => Some(value.parse().map_err(|_| invalid_digest(CRC64.as_str(), value))?),
    };
    let checksum = checksum_header(fields)?;
    let trailer = trailer(fields)?;
    let algorithm = checksum_algorithm(fields, trailer, checksum.as_ref())?;
    Ok(AnnouncedDigests { md5, checksum, algorithm, trailer, trailing: TrailingChecksum::default(), crc64 })
}

fn md5_header(fields: Fields<'_>) -> Result<Option<[u8; 16]>> {
    let Some(value) = fields.get(CONTENT_MD5.as_str())? else { return Ok(None) };
    base64_of(value).ok_or_else(|| invalid_digest("Content-MD5", value)).map(Some)
}

fn base64_of<const N: usize>(value: &str) -> Option<[u8; N]> {
    BASE64.decode(value).ok()?.try_into().ok()
}

fn invalid_digest(header: &str, value: &str) -> Error {
    Error::InvalidDigest { header: header.into(), value: value.into() }
}

fn invalid(message: String) -> Error {
    Error::InvalidRequest { message: message.into() }
}

const SEVERAL: &str = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";

/// The one `x-amz-checksum-ALGORITHM` header.
pub(super) fn checksum_header(fields: Fields<'_>) -> Result<Option<Checksum>> {
    one_header(fields, |text| text)
}

/// The one header of a checksum, whose value is what `value_of` makes of its text.
///
/// # Errors
/// [`Error::InvalidRequest`] for what cannot be one, and for a second one.
fn one_header(fields: Fields<'_>, value_of: impl Fn(&str) -> &str) -> Result<Option<Checksum>> {
    let mut sent = None;
    for algorithm in ChecksumAlgorithm::ALL {
        let Some(text) = fields.get(header_name(algorithm).as_str())? else { continue };
        if sent.replace((algorithm, text)).is_some() {
            return Err(invalid(SEVERAL.into()));
        }
    }
    if fields.headers.keys().any(|name| is_foreign_checksum(name.as_str())) {
        return Err(invalid("The algorithm type you specified in x-amz-checksum- header is invalid.".into()));
    }
    let Some((algorithm, text)) = sent else { return Ok(None) };
    let value = BASE64.decode(value_of(text)).ok().filter(|value| value.len() == algorithm.size_bytes());
    let name = header_name(algorithm);
    let value = value.ok_or_else(|| invalid(format!("Value for {name} header is invalid.")))?;
    Ok(Some(Checksum { algorithm, value }))
}

/// Whether a header states a checksum in an algorithm that is not known here. Its value could not be checked, which the
/// client must learn.
fn is_foreign_checksum(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("x-amz-checksum-") else { return false };
    !matches!(rest, "algorithm" | "mode" | "type")
        && !ChecksumAlgorithm::ALL.iter().any(|algorithm| header_name(*algorithm).as_str() == name)
}

/// The algorithm whose value is to come in a trailer.
fn trailer(fields: Fields<'_>) -> Result<Option<ChecksumAlgorithm>> {
    let Some(value) = fields.get("x-amz-trailer")? else { return Ok(None) };
    let name = value.trim_end_matches(',');
    let known = |name: &str| {
        let mut all = ChecksumAlgorithm::ALL.into_iter();
        all.find(|algorithm| header_name(*algorithm).as_str().eq_ignore_ascii_case(name.trim()))
    };
    if name.contains(',') && name.split(',').all(|name| known(name).is_some()) {
        return Err(invalid(SEVERAL.into()));
    }
    let unsupported = || invalid("The value specified in the x-amz-trailer header is not supported".into());
    known(name).ok_or_else(unsupported).map(Some)
}

/// The algorithm whose value comes in a trailer, or which a presigned URL leaves to us; `None` if the value is here.
///
/// # Errors
/// [`Error::InvalidRequest`] for a header that names an algorithm whose value comes in no other ("there must be a
/// corresponding x-amz-checksum-algorithm or x-amz-trailer header", PutObject of S3).
fn checksum_algorithm(
    fields: Fields<'_>,
    trailer: Option<ChecksumAlgorithm>,
    checksum: Option<&Checksum>,
) -> Result<Option<ChecksumAlgorithm>> {
    const NAMED: &str = "x-amz-sdk-checksum-algorithm";
    if trailer.is_some() && checksum.is_some() {
        return Err(invalid(SEVERAL.into()));
    }
    let named = fields.get(NAMED)?.map(parse_algorithm).transpose()?;
    let stated = trailer.or(checksum.map(|checksum| checksum.algorithm));
    match (named, stated) {
        (Some(named), Some(stated)) if named != stated => Err(invalid(format!("Value for {NAMED} header is invalid."))),
        (Some(_), None) if first(fields.headers, NAMED).is_some() => Err(invalid(format!(
            "{NAMED} specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found."
        ))),
        _ => Ok(if checksum.is_some() { None } else { trailer.or(named) }),
    }
}

/// An algorithm by its name in any letter case.
pub(super) fn parse_algorithm(name: &str) -> Result<ChecksumAlgorithm> {
    let found = ChecksumAlgorithm::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let known = ChecksumAlgorithm::ALL.map(ChecksumAlgorithm::name).join(", ");
        invalid(format!(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [{known}]"
        ))
    })
}

/// Checks an XML body against the digests in its headers. `x-*-content-sha256` is part of the signature and is checked
/// with it.
///
/// # Errors
/// [`Error::BadDigest`], or the errors of [`announced`]. [`Error::InvalidRequest`] for a body in chunks with signatures
/// or a trailer of their own: those are for objects and parts (S3), and an unsigned trailer proves nothing about XML.
pub(super) fn check_xml(request: &Request<'_>, body: &[u8]) -> Result<()> {
    if put::is_aws_chunked(&request.parts.headers) {
        return Err(invalid("An aws-chunked body is for PutObject and UploadPart only.".into()));
    }
    // The checksum in the headers of a completion is of the object to be.
    let of_object = request.routed.operation == Operation::CompleteMultipartUpload && !request.is_oss();
    let announced = if of_object {
        AnnouncedDigests { md5: md5_header(request.fields)?, ..AnnouncedDigests::default() }
    } else {
        announced(request.fields)?
    };
    let encode = |bytes: &[u8]| BASE64.encode(bytes);
    let differ = |header: &str, announced: String, computed: String| {
        Err(Error::BadDigest { header: header.into(), announced: announced.into(), computed: computed.into() })
    };
    if let Some(md5) = announced.md5 {
        let computed = fast_md5::digest(body);
        if md5 != computed {
            return differ("Content-MD5", encode(&md5), encode(&computed));
        }
    }
    if let Some(checksum) = announced.checksum {
        let computed = compute(checksum.algorithm, body);
        if checksum.value != computed {
            return differ(header_name(checksum.algorithm).as_str(), encode(&checksum.value), encode(&computed));
        }
    }
    Ok(())
}

fn compute(algorithm: ChecksumAlgorithm, body: &[u8]) -> Vec<u8> {
    use crc_fast::CrcAlgorithm::{Crc32Iscsi, Crc32IsoHdlc, Crc64Nvme};
    let crc = |kind| crc_fast::checksum(kind, body).to_be_bytes();
    match algorithm {
        ChecksumAlgorithm::Crc32 => crc(Crc32IsoHdlc)[4..].to_vec(),
        ChecksumAlgorithm::Crc32c => crc(Crc32Iscsi)[4..].to_vec(),
        ChecksumAlgorithm::Crc64Nvme => crc(Crc64Nvme).to_vec(),
        ChecksumAlgorithm::Sha1 => sha1::Sha1::digest(body).to_vec(),
        ChecksumAlgorithm::Sha256 => sha2::Sha256::digest(body).to_vec(),
    }
}

/// `x-amz-checksum-*`.
pub(super) fn header_name(algorithm: ChecksumAlgorithm) -> HeaderName {
    HeaderName::from_static(match algorithm {
        ChecksumAlgorithm::Crc32 => "x-amz-checksum-crc32",
        ChecksumAlgorithm::Crc32c => "x-amz-checksum-crc32c",
        ChecksumAlgorithm::Crc64Nvme => "x-amz-checksum-crc64nvme",
        ChecksumAlgorithm::Sha1 => "x-amz-checksum-sha1",
        ChecksumAlgorithm::Sha256 => "x-amz-checksum-sha256",
    })
}

/// The element of S3's XML: `ChecksumCRC32` and so on.
pub(super) fn element_name(algorithm: ChecksumAlgorithm) -> &'static str {
    match algorithm {
        ChecksumAlgorithm::Crc32 => "ChecksumCRC32",
        ChecksumAlgorithm::Crc32c => "ChecksumCRC32C",
        ChecksumAlgorithm::Crc64Nvme => "ChecksumCRC64NVME",
        ChecksumAlgorithm::Sha1 => "ChecksumSHA1",
        ChecksumAlgorithm::Sha256 => "ChecksumSHA256",
    }
}

/// How a checksum is printed.
pub(super) fn text(checksum: &Checksum) -> String {
    BASE64.encode(&checksum.value)
}

/// Adds the additional checksum of an object, with its type.
pub(super) fn put(headers: &mut HeaderMap, meta: &ObjectMeta) {
    if let Some(checksum) = &meta.checksum {
        let value = HeaderValue::try_from(text_of_object(meta, checksum)).expect("base64 is visible ascii");
        headers.insert(header_name(checksum.algorithm), value);
        put_type(headers, meta.composition.checksum_type);
    }
}

/// Adds of what a checksum is one.
pub(super) fn put_type(headers: &mut HeaderMap, kind: ChecksumType) {
    headers.insert(CHECKSUM_TYPE, HeaderValue::from_static(kind.name()));
}

/// Adds the additional checksum of a part.
pub(super) fn put_value(headers: &mut HeaderMap, checksum: &Checksum) {
    let value = HeaderValue::try_from(text(checksum)).expect("base64 is visible ascii");
    headers.insert(header_name(checksum.algorithm), value);
}

/// An object's checksum as S3 shows it: one of parts' checksums tells their number.
pub(super) fn text_of_object(meta: &ObjectMeta, checksum: &Checksum) -> String {
    let parts = meta.composition.parts.as_ref().map_or(0, |parts| parts.len());
    match meta.composition.checksum_type {
        ChecksumType::FullObject => text(checksum),
        ChecksumType::Composite => format!("{}-{parts}", text(checksum)),
    }
}

/// Adds an object's checksum to a document.
pub(super) fn write(xml: &mut XmlWriter, meta: &ObjectMeta) {
    if let Some(checksum) = &meta.checksum {
        xml.element(element_name(checksum.algorithm), text_of_object(meta, checksum));
        xml.element("ChecksumType", meta.composition.checksum_type.name());
    }
}

/// The checksum that an element of S3's XML gives to a part.
///
/// # Errors
/// [`Error::MalformedXml`] for what cannot be one.
pub(super) fn of_element(element: Element<'_>) -> Result<Option<Checksum>> {
    let mut found = None;
    for algorithm in ChecksumAlgorithm::ALL {
        let name = element_name(algorithm);
        let Some(text) = element.text(name)? else { continue };
        let value = BASE64.decode(text.trim()).ok().filter(|value| value.len() == algorithm.size_bytes());
        let value = value.ok_or_else(|| malformed(format!("{name} is not a checksum")))?;
        found = Some(Checksum { algorithm, value });
    }
    Ok(found)
}

/// The one checksum that the headers give to an object that was written in parts; the number of parts behind it may be
/// left out.
///
/// # Errors
/// [`Error::InvalidRequest`] for what cannot be one, and for a second one.
pub(super) fn of_parts_header(fields: Fields<'_>) -> Result<Option<Checksum>> {
    one_header(fields, |text| text.rsplit_once('-').map_or(text, |(value, _)| value))
}

/// `x-amz-checksum-type`.
///
/// # Errors
/// [`Error::InvalidRequest`] for an unknown type.
pub(super) fn type_header(fields: Fields<'_>) -> Result<Option<ChecksumType>> {
    let Some(text) = fields.get(CHECKSUM_TYPE.as_str())? else { return Ok(None) };
    let all = [ChecksumType::FullObject, ChecksumType::Composite];
    let found = all.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(text));
    found.ok_or_else(|| invalid("Value for x-amz-checksum-type header is invalid.".into())).map(Some)
}

/// Adds `Content-MD5` of a part, whose tag is its MD5.
pub(super) fn put_part_md5(headers: &mut HeaderMap, part: &PartInfo) {
    let md5 = hex::decode(part.etag.as_str()).ok().map(|md5| HeaderValue::try_from(BASE64.encode(md5)));
    if let Some(Ok(value)) = md5 {
        headers.insert(CONTENT_MD5, value);
    }
}

/// Adds `Content-MD5`, which OSS tells for objects written in one piece.
pub(super) fn put_md5(headers: &mut HeaderMap, meta: &ObjectMeta) {
    if let Some(md5) = meta.md5 {
        let value = HeaderValue::try_from(BASE64.encode(md5)).expect("base64 is visible ascii");
        headers.insert(CONTENT_MD5, value);
    }
}
