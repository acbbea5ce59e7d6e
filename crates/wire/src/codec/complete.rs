//! CompleteMultipartUpload.

use headwater_model::body::Body;
use headwater_model::digest::ETag;
use headwater_model::limits::{MAX_COMPLETION_BYTES, MAX_PART_NUMBER};
use headwater_model::multipart::CompletedPart;
use headwater_model::object::ObjectMeta;
use headwater_model::op::{CompleteMultipartUpload, Op};
use headwater_model::{Error, Result};
use http::Response;
use http::header::ETAG;

use super::page::Names;
use super::{Answer, Request, acl, checksum, condition, encryption, endpoint, multipart, page};
use crate::etag;
use crate::response::open_root;
use crate::xml::{Element, read};

/// OSS: take every part there is.
const COMPLETE_ALL: &str = "x-oss-complete-all";

pub(super) fn decode(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    page::check_encoding(request)?;
    let all_parts = completes_all(request)?;
    let parts = if all_parts && body.trim_ascii().is_empty() { Vec::new() } else { read_parts(request, body)? };
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
        checksum: if request.is_oss() { None } else { checksum::of_parts_header(request.fields)? },
        checksum_type: if request.is_oss() { None } else { checksum::type_header(request.fields)? },
        size_bytes: object_size(request)?,
        min_part_bytes: request.vocab.min_part_bytes,
        customer_key: encryption::customer_key(request)?,
    })))
}

/// S3 `x-amz-mp-object-size`: the length that the parts must come to.
fn object_size(request: &Request<'_>) -> Result<Option<u64>> {
    const NAME: &str = "x-amz-mp-object-size";
    if request.is_oss() {
        return Ok(None);
    }
    let Some(text) = request.fields.get(NAME)? else { return Ok(None) };
    let size_bytes = read::decimal(text);
    let message = "The value must be a whole number of bytes.";
    size_bytes.ok_or_else(|| Error::invalid_argument(NAME, text, message)).map(Some)
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
fn read_parts(request: &Request<'_>, body: &[u8]) -> Result<Vec<CompletedPart>> {
    let document = read::parse_within(body, MAX_COMPLETION_BYTES)?;
    let complete = document.root("CompleteMultipartUpload")?.as_container()?;
    complete.children("Part").map(|part| read_part(request, part)).collect()
}

fn read_part(request: &Request<'_>, part: Element<'_>) -> Result<CompletedPart> {
    let number = part.required_number::<u16>("PartNumber")?;
    if !(1..=MAX_PART_NUMBER).contains(&number) {
        let message = format!("PartNumber must be an integer between 1 and {MAX_PART_NUMBER}, inclusive");
        return Err(Error::invalid_argument("PartNumber", &number.to_string(), message));
    }
    let etag = ETag::from_text(part.required_text("ETag")?);
    Ok(CompletedPart { number, etag, checksum: if request.is_oss() { None } else { checksum::of_element(part)? } })
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
    if !answer.is_oss() {
        checksum::write(&mut xml, meta);
    }
    xml.close();
    let mut response = answer.xml(xml);
    encryption::put(response.headers_mut(), answer.vocab.dialect, meta);
    if answer.is_oss() {
        let headers = response.headers_mut();
        headers.insert(ETAG, etag::header(&meta.etag, answer.vocab.dialect));
        headers.insert(checksum::CRC64, meta.crc64.into());
        checksum::put_md5(headers, meta);
    }
    response
}
