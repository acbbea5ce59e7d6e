//! DeleteObject and DeleteObjects.

use headwater_model::body::Body;
use headwater_model::limits::MAX_DELETE_KEYS;
use headwater_model::op::{DeleteObjects, Op};
use headwater_model::precondition::{ObjectCondition, TagCondition};
use headwater_model::{Error, ObjectKey, Result};
use http::Response;

use super::page::Names;
use super::{Answer, Request, checksum, condition, not_implemented, page};
use crate::errors;
use crate::response::open_root;
use crate::xml::stand_in::{self, Written};
use crate::xml::{Element, parse, read};

pub(super) fn decode_one(request: &Request<'_>) -> Result<Op> {
    Ok(Op::DeleteObject(request.bucket(), request.key(), condition::decode_delete(request)?))
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
    Ok(Op::DeleteObjects(DeleteObjects { bucket: request.bucket(), keys, quiet }))
}

/// Both vendors insist on a digest: a damaged list would delete the wrong objects.
fn require_digest(request: &Request<'_>) -> Result<()> {
    let announced = checksum::announced(request.fields)?;
    if announced.md5.is_some() || announced.checksum.is_some() {
        return Ok(());
    }
    let or = if request.is_oss() { "" } else { " OR x-amz-checksum-*" };
    Err(Error::InvalidRequest { message: format!("Missing required header for this request: Content-MD5{or}").into() })
}

type Doomed = (ObjectKey, Option<Box<ObjectCondition>>);

fn read_object(object: Element<'_>, body: &Written<'_>, request: &Request<'_>) -> Result<Doomed> {
    // Objects have no versions here: all of them are the `null` version.
    if object.text("VersionId")?.is_some_and(|version| !matches!(version.trim(), "" | "null")) {
        return Err(not_implemented("VersionId"));
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
    Ok((ObjectKey::parse(&key)?, Some(Box::new(condition)).filter(|condition| !condition.is_empty())))
}

pub(super) fn encode(answer: &Answer<'_>, outcomes: &[(ObjectKey, Option<Error>)]) -> Response<Body> {
    let names = Names::of(answer);
    let mut xml = open_root(answer.vocab, "DeleteResult");
    if answer.is_oss() {
        xml.optional("EncodingType", names.encoding());
    }
    for (key, failure) in outcomes {
        let name = names.print(key.as_str());
        match failure {
            None => {
                xml.open("Deleted");
                xml.element("Key", name);
                xml.close();
            }
            Some(error) => {
                let fault = errors::fault(answer.vocab.dialect, error);
                xml.open("Error");
                xml.element("Key", name);
                xml.element("Code", fault.code);
                xml.element("Message", &fault.message);
                xml.close();
            }
        }
    }
    xml.close();
    answer.xml(xml)
}
