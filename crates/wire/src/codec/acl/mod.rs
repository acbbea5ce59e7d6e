//! Access control lists: canned names, headers that grant, and the document in which S3 spells grants out.

mod document;
mod grants;

use headwater_model::acl::{CannedAcl, Grant, WantedAcl};
use headwater_model::op::Op;
use headwater_model::reply::Owner;
use headwater_model::{Error, Result};

use super::{Answer, Request, version};
use crate::response::open_root;
use crate::xml::{XmlWriter, tags};

/// PutBucketAcl: the header, or S3's document.
pub(super) fn decode_put_bucket(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    Ok(Op::PutBucketAcl(request.bucket(), put(request, of_bucket(request)?, body)?))
}

/// PutObjectAcl: as PutBucketAcl.
pub(super) fn decode_put_object(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    Ok(Op::PutObjectAcl(version::target(request)?, put(request, of_object(request)?, body)?))
}

fn put(request: &Request<'_>, named: Option<WantedAcl>, body: &[u8]) -> Result<WantedAcl> {
    match named {
        Some(acl) if body.is_empty() || request.is_oss() => Ok(acl),
        Some(_) => {
            let message = "A canned access control list and a document cannot be sent together.";
            Err(Error::InvalidRequest { message: message.into() })
        }
        None if body.is_empty() || request.is_oss() => {
            let message = "An access control list is needed, in a header or as a document.";
            Err(Error::InvalidRequest { message: message.into() })
        }
        None => document::decode(body),
    }
}

/// The list that a request gives to a bucket, in headers.
pub(super) fn of_bucket(request: &Request<'_>) -> Result<Option<WantedAcl>> {
    of_headers(request, request.vocab.headers.bucket_acl)
}

/// The list that a request gives to an object, in headers.
pub(super) fn of_object(request: &Request<'_>) -> Result<Option<WantedAcl>> {
    let name = request.vocab.headers.object_acl;
    if request.is_oss() && request.fields.get(name)? == Some("default") {
        return Ok(Some(WantedAcl::Default));
    }
    of_headers(request, name)
}

fn of_headers(request: &Request<'_>, name: &str) -> Result<Option<WantedAcl>> {
    let granted = if request.is_oss() { Vec::new() } else { grants::of_headers(request)? };
    match request.fields.get(name)? {
        Some(_) if !granted.is_empty() => {
            let message = "Specifying both Canned ACLs and Header Grants is not allowed";
            Err(Error::InvalidRequest { message: message.into() })
        }
        None if granted.is_empty() => Ok(None),
        None => Ok(Some(WantedAcl::Grants { owner: None, grants: granted })),
        Some(value) => {
            let canned = if request.is_oss() { CannedAcl::parse_oss(value) } else { CannedAcl::parse(value) };
            let message = "The access control list is none of the canned ones.";
            canned.map(|acl| Some(WantedAcl::Canned(acl))).ok_or_else(|| Error::invalid_argument(name, value, message))
        }
    }
}

/// GetBucketAcl and GetObjectAcl.
pub(super) fn encode(answer: &Answer<'_>, owner: &Owner, grants: &[Grant], canned: Option<CannedAcl>) -> XmlWriter {
    let mut xml = open_root(answer.vocab, "AccessControlPolicy");
    write_owner(&mut xml, owner);
    xml.open("AccessControlList");
    if answer.is_oss() {
        xml.element("Grant", canned.map_or("default", CannedAcl::as_str));
    } else {
        document::write_grants(&mut xml, grants);
    }
    xml.close();
    xml.close();
    xml
}

/// `Owner`, as in all documents.
pub(super) fn write_owner(xml: &mut XmlWriter, owner: &Owner) {
    xml.open("Owner");
    xml.text(tags!("ID"), &owner.id);
    xml.text(tags!("DisplayName"), &owner.display_name);
    xml.close();
}
