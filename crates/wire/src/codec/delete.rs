//! DeleteObject and DeleteObjects.

use headwater_model::body::Body;
use headwater_model::limits::MAX_DELETE_KEYS;
use headwater_model::op::{DeleteObject, DeleteObjects, Doomed, Op};
use headwater_model::precondition::{ObjectCondition, TagCondition};
use headwater_model::reply::DeletedObject;
use headwater_model::{Error, ObjectKey, Result};
use http::Response;

use super::page::Names;
use super::{Answer, Request, checksum, condition, page, version};
use crate::errors;
use crate::response::open_root;
use crate::xml::stand_in::{self, Written};
use crate::xml::{Element, parse, read};

pub(super) fn decode_one(request: &Request<'_>) -> Result<Op> {
    let (target, governance) = (version::target(request)?, version::governance(request)?);
    Ok(Op::DeleteObject(Box::new(DeleteObject { target, condition: condition::decode_delete(request)?, governance })))
}

pub(super) fn decode_many(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    page::check_encoding(request)?;
    require_digest(request)?;
    let body = stand_in::written(body)?;
    let document = parse(body.bytes())?;
    let delete = document.root("Delete")?.as_container()?;
    let keys =
        delete.children("Object").map(|object| read_object(object, &body, request)).collect::<Result<Vec<_>>>()?;
    if keys.is_empty() || keys.len() > MAX_DELETE_KEYS {
        return Err(read::malformed(format!("{} objects instead of 1 to {MAX_DELETE_KEYS}", keys.len())));
    }
    let quiet = delete.boolean("Quiet")?.unwrap_or(false);
    let governance = version::governance(request)?;
    Ok(Op::DeleteObjects(DeleteObjects { bucket: request.bucket(), keys, quiet, governance }))
}

/// Both vendors insist on a digest: a damaged list would delete the wrong objects.
fn require_digest(request: &Request<'_>) -> Result<()> {
    let announced = checksum::announced(request.fields)?;
    if announced.md5.is_some() || announced.checksum.is_some() {
        return Ok(());
    }
    Err(Error::InvalidRequest { message: "Missing required header for this request: Content-MD5".into() })
}

fn read_object(object: Element<'_>, body: &Written<'_>, request: &Request<'_>) -> Result<Doomed> {
    let version = object.text("VersionId")?.map(str::trim).filter(|version| !version.is_empty());
    // OSS refuses the whole for an id that cannot be one, S3 fails the one object.
    if let Some(text) = version.filter(|_| request.is_oss()) {
        version::parse("VersionId", text)?;
    }
    let key = body.read(object.required_text("Key")?);
    let limit_bytes = request.vocab.max_key_bytes;
    if key.len() > limit_bytes {
        return Err(Error::KeyTooLong { size_bytes: key.len(), limit_bytes });
    }
    let if_match = object.text("ETag")?.map(TagCondition::parse);
    let last_modified =
        object.text("LastModifiedTime")?.map(|text| condition::time("LastModifiedTime", text)).transpose()?;
    let size_bytes = object.text("Size")?.map(|text| condition::size("Size", text)).transpose()?;
    let condition = ObjectCondition { if_match, if_none_match: None, last_modified, size_bytes };
    let condition = Some(Box::new(condition)).filter(|condition| !condition.is_empty());
    Ok(Doomed { key: ObjectKey::parse(&key)?, version: version.map(Into::into), condition })
}

pub(super) fn encode(answer: &Answer<'_>, outcomes: &[DeletedObject]) -> Response<Body> {
    let names = Names::of(answer);
    let mut xml = open_root(answer.vocab, "DeleteResult");
    if answer.is_oss() {
        xml.optional("EncodingType", names.encoding());
    }
    for DeletedObject { key, version, outcome } in outcomes {
        let name = names.print(key.as_str());
        match outcome {
            Ok(marker) => {
                xml.open("Deleted");
                xml.element("Key", name);
                xml.optional("VersionId", version.as_deref());
                if let Some(marker) = marker {
                    xml.element("DeleteMarker", true);
                    xml.element("DeleteMarkerVersionId", marker);
                }
                xml.close();
            }
            Err(error) => {
                let fault = errors::fault(answer.vocab.dialect, error);
                xml.open("Error");
                xml.element("Key", name);
                xml.optional("VersionId", version.as_deref());
                xml.element("Code", fault.code);
                xml.element("Message", &fault.message);
                xml.close();
            }
        }
    }
    xml.close();
    answer.xml(xml)
}
