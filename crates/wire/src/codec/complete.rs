//! CompleteMultipartUpload.

use headwater_model::body::Body;
use headwater_model::digest::{ChecksumAlgorithm, ETag};
use headwater_model::limits::MAX_PART_NUMBER;
use headwater_model::multipart::CompletedPart;
use headwater_model::object::ObjectMeta;
use headwater_model::op::{CompleteMultipartUpload, Op};
use headwater_model::{Error, Result};
use http::Response;
use http::header::ETAG;

use super::page::Names;
use super::{Answer, Request, acl, checksum, condition, endpoint, multipart, not_implemented, page};
use crate::etag;
use crate::response::open_root;
use crate::xml::{Element, parse, read};

/// OSS: take every part there is.
const COMPLETE_ALL: &str = "x-oss-complete-all";

pub(super) fn decode(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    page::check_encoding(request)?;
    let all_parts = completes_all(request)?;
    let parts = if all_parts && body.trim_ascii().is_empty() { Vec::new() } else { read_parts(body)? };
    if all_parts && !parts.is_empty() {
        let message = format!("A list of parts cannot be sent together with {COMPLETE_ALL}.");
        return Err(Error::InvalidRequest { message: message.into() });
    }
    if !all_parts && !(1..=usize::from(MAX_PART_NUMBER)).contains(&parts.len()) {
        return Err(read::malformed(format!("{} parts instead of 1 to {MAX_PART_NUMBER}", parts.len())));
    }
    Ok(Op::CompleteMultipartUpload(Box::new(CompleteMultipartUpload {
        upload: multipart::upload_ref(request),
        parts,
        all_parts,
        acl: acl::of_object(request)?,
        condition: condition::decode_write(request)?,
        min_part_bytes: request.vocab.min_part_bytes,
    })))
}

/// A checksum in the headers is not of this body but of the object to be, which is not computed over parts: accepting
/// it would promise a check that does not happen.
pub(super) fn refuse_object_checksum(request: &Request<'_>) -> Result<()> {
    let named = ChecksumAlgorithm::ALL.map(checksum::header_name);
    match named.iter().find(|name| !request.is_oss() && request.fields.has(name.as_str())) {
        Some(name) => Err(not_implemented(name.as_str())),
        None => Ok(()),
    }
}

fn completes_all(request: &Request<'_>) -> Result<bool> {
    if !request.is_oss() {
        return Ok(false);
    }
    match request.fields.get(COMPLETE_ALL)? {
        None => Ok(false),
        Some(value) if value.eq_ignore_ascii_case("yes") => Ok(true),
        Some(value) => Err(Error::invalid_argument(COMPLETE_ALL, value, "The value must be yes.")),
    }
}

/// The parts in the order given; whether that order is right is the upload's to judge.
fn read_parts(body: &[u8]) -> Result<Vec<CompletedPart>> {
    let document = parse(body)?;
    let complete = document.root("CompleteMultipartUpload")?.as_container()?;
    complete.children("Part").map(read_part).collect()
}

/// A part's own checksums are not read again: they were checked when it was uploaded, and its ETag names those bytes.
fn read_part(part: Element<'_>) -> Result<CompletedPart> {
    let number = part.required_number::<u16>("PartNumber")?;
    if !(1..=MAX_PART_NUMBER).contains(&number) {
        let message = format!("PartNumber must be an integer between 1 and {MAX_PART_NUMBER}, inclusive");
        return Err(Error::invalid_argument("PartNumber", &number.to_string(), message));
    }
    Ok(CompletedPart { number, etag: ETag::from_text(part.required_text("ETag")?) })
}

pub(super) fn encode(answer: &Answer<'_>, meta: &ObjectMeta) -> Response<Body> {
    let names = Names::of(answer);
    let tag = etag::quoted(&meta.etag, answer.vocab.dialect);
    let mut xml = open_root(answer.vocab, "CompleteMultipartUploadResult");
    xml.optional("EncodingType", names.encoding());
    xml.element("Location", endpoint::object_url(answer));
    xml.element("Bucket", answer.bucket());
    xml.element("Key", names.print(answer.key()));
    xml.element("ETag", tag);
    if let Some(checksum) = meta.checksum.as_ref().filter(|_| !answer.is_oss()) {
        xml.element(checksum::element_name(checksum.algorithm), checksum::text(checksum));
        xml.element("ChecksumType", checksum::type_of(meta.kind, checksum.algorithm));
    }
    xml.close();
    let mut response = answer.xml(xml);
    if answer.is_oss() {
        let headers = response.headers_mut();
        headers.insert(ETAG, etag::header(&meta.etag, answer.vocab.dialect));
        headers.insert(checksum::CRC64, meta.crc64.into());
    }
    response
}
