//! GetObjectAttributes (S3).

use headwater_model::body::Body;
use headwater_model::limits::MAX_LIST_KEYS;
use headwater_model::object::{ObjectMeta, ObjectPart};
use headwater_model::op::Op;
use headwater_model::{Error, Result};
use http::Response;
use http::header::LAST_MODIFIED;

use super::{Answer, Request, checksum, encryption, storage_class, version};
use crate::date::http_date;
use crate::response::open_root;
use crate::xml::XmlWriter;
use crate::xml::read::decimal;

const ATTRIBUTES: &str = "x-amz-object-attributes";
const MAX_PARTS: &str = "x-amz-max-parts";
const MARKER: &str = "x-amz-part-number-marker";

/// What can be asked for.
const KNOWN: [&str; 5] = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];

pub(super) fn decode(request: &Request<'_>) -> Result<Op> {
    let asked = request.fields.get(ATTRIBUTES)?.unwrap_or_default();
    let mut names = asked.split(',').map(str::trim).filter(|name| !name.is_empty()).peekable();
    if names.peek().is_none() {
        let message =
            "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty";
        return Err(Error::InvalidRequest { message: message.into() });
    }
    if names.any(|name| !KNOWN.contains(&name)) {
        return Err(Error::invalid_argument(ATTRIBUTES, asked, "Invalid attribute name specified."));
    }
    for name in [MAX_PARTS, MARKER] {
        if let Some(text) = request.fields.get(name)?
            && decimal::<u32>(text).is_none_or(|number| i32::try_from(number).is_err())
        {
            return Err(Error::invalid_argument(
                name,
                text,
                format!("Provided {name} not an integer or within integer range"),
            ));
        }
    }
    Ok(Op::GetObjectAttributes(version::target(request)?, encryption::customer_key(request)?))
}

pub(super) fn encode(answer: &Answer<'_>, meta: &ObjectMeta) -> Response<Body> {
    let asked = answer.field(ATTRIBUTES).unwrap_or_default();
    let asks = |name: &str| asked.split(',').any(|found| found.trim() == name);
    let mut xml = open_root(answer.vocab, "GetObjectAttributesResponse");
    if asks("ETag") {
        xml.element("ETag", meta.etag.as_str());
    }
    if asks("Checksum") && meta.checksum.is_some() {
        xml.open("Checksum");
        checksum::write(&mut xml, meta);
        xml.close();
    }
    if asks("ObjectParts")
        && let Some(parts) = &meta.composition.parts
    {
        write_parts(&mut xml, answer, parts);
    }
    if asks("StorageClass") {
        xml.element("StorageClass", storage_class::shown(meta.headers.storage_class.as_deref(), answer.vocab));
    }
    if asks("ObjectSize") {
        xml.element("ObjectSize", meta.size_bytes);
    }
    xml.close();
    let mut response = answer.xml(xml);
    response.headers_mut().insert(LAST_MODIFIED, http_date(meta.last_modified));
    response
}

fn write_parts(xml: &mut XmlWriter, answer: &Answer<'_>, parts: &[ObjectPart]) {
    let number = |name: &str| answer.field(name).and_then(decimal::<usize>);
    let (limit, marker) = (number(MAX_PARTS).unwrap_or(MAX_LIST_KEYS).min(MAX_LIST_KEYS), number(MARKER).unwrap_or(0));
    let rest: Vec<&ObjectPart> = parts.iter().filter(|part| usize::from(part.number) > marker).collect();
    let page = &rest[..rest.len().min(limit)];
    xml.open("ObjectParts");
    xml.element("PartsCount", parts.len());
    xml.element("PartNumberMarker", marker);
    xml.element("NextPartNumberMarker", page.last().map_or(0, |part| part.number));
    xml.element("MaxParts", limit);
    xml.element("IsTruncated", page.len() < rest.len());
    for part in page {
        xml.open("Part");
        if let Some(checksum) = &part.checksum {
            xml.element(checksum::element_name(checksum.algorithm), checksum::text(checksum));
        }
        xml.element("PartNumber", part.number);
        xml.element("Size", part.size_bytes);
        xml.close();
    }
    xml.close();
}
