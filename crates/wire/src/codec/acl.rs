//! Access control lists: the three canned lists of buckets, and the grants in which both vendors spell them out.

use headwater_model::bucket::{Bucket, CannedAcl};
use headwater_model::op::Op;
use headwater_model::reply::Owner;
use headwater_model::{Error, Result};

use super::{Answer, Request, not_implemented};
use crate::response::open_root;
use crate::xml::{Element, XmlWriter, parse};

/// S3's name for everybody.
const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Canned names of the vendors that are not offered.
const UNOFFERED: [&str; 5] =
    ["authenticated-read", "aws-exec-read", "log-delivery-write", "bucket-owner-read", "bucket-owner-full-control"];

/// PutBucketAcl: the header, or S3's document if it says what a canned list says.
pub(super) fn decode_put(request: &Request<'_>, body: &[u8]) -> Result<Op> {
    let acl = match of_bucket(request)? {
        Some(acl) if body.is_empty() || request.is_oss() => acl,
        Some(_) => {
            let message = "A canned access control list and a document cannot be sent together.";
            return Err(Error::InvalidRequest { message: message.into() });
        }
        None if body.is_empty() => {
            let message = "An access control list is needed, in a header or as a document.";
            return Err(Error::InvalidRequest { message: message.into() });
        }
        None => of_document(parse(body)?.root("AccessControlPolicy")?)?,
    };
    Ok(Op::PutBucketAcl(request.bucket(), acl))
}

/// The canned list that a request gives to a bucket.
pub(super) fn of_bucket(request: &Request<'_>) -> Result<Option<CannedAcl>> {
    let name = request.vocab.headers.bucket_acl;
    let Some(value) = request.fields.get(name)? else { return Ok(None) };
    match CannedAcl::parse(value) {
        Some(acl) => Ok(Some(acl)),
        None if !request.is_oss() && UNOFFERED.contains(&value) => Err(not_implemented(&format!("{name}: {value}"))),
        None => Err(Error::invalid_argument(name, value, "The access control list is none of the canned ones.")),
    }
}

/// Objects have no lists of their own: a request may name the list that the object has anyway, and no other.
pub(super) fn check_object(request: &Request<'_>) -> Result<()> {
    let name = request.vocab.headers.object_acl;
    let Some(value) = request.fields.get(name)? else { return Ok(()) };
    let default = if request.is_oss() { value == "default" } else { value == "bucket-owner-full-control" };
    let same = CannedAcl::parse(value).is_some_and(|acl| Some(acl) == request.facts.bucket_acl);
    if default || same {
        return Ok(());
    }
    if CannedAcl::parse(value).is_some() || UNOFFERED.contains(&value) {
        return Err(not_implemented(&format!("{name}: {value}")));
    }
    Err(Error::invalid_argument(name, value, "The access control list is none of the canned ones."))
}

/// The canned list that a document spells out: its owner's full control, and grants to everybody.
fn of_document(policy: Element<'_>) -> Result<CannedAcl> {
    let list = policy.required("AccessControlList")?.as_container()?;
    let owner = policy.container("Owner")?.map(|owner| owner.text("ID")).transpose()?.flatten();
    let (mut reads, mut writes) = (false, false);
    for grant in list.children("Grant") {
        let grantee = grant.required("Grantee")?.as_container()?;
        let permission = grant.required_text("Permission")?.trim();
        let id = grantee.text("ID")?;
        let everybody = grantee.text("URI")?.is_some_and(|uri| uri.trim() == ALL_USERS);
        match permission {
            "READ" if everybody => reads = true,
            "WRITE" if everybody => writes = true,
            "FULL_CONTROL" if id.is_some() && (owner.is_none() || id == owner) => {}
            _ => return Err(not_implemented(&format!("AccessControlPolicy with a grant of {permission}"))),
        }
    }
    match (reads, writes) {
        (false, false) => Ok(CannedAcl::Private),
        (true, false) => Ok(CannedAcl::PublicRead),
        (true, true) => Ok(CannedAcl::PublicReadWrite),
        (false, true) => Err(not_implemented("AccessControlPolicy with a grant of WRITE alone")),
    }
}

/// GetBucketAcl.
pub(super) fn encode_bucket(answer: &Answer<'_>, owner: &Owner, bucket: &Bucket) -> XmlWriter {
    let mut xml = open_root(answer.vocab, "AccessControlPolicy");
    write_owner(&mut xml, owner);
    xml.open("AccessControlList");
    if answer.is_oss() {
        xml.element("Grant", bucket.acl.as_str());
    } else {
        write_grants(&mut xml, owner, bucket.acl);
    }
    xml.close();
    xml.close();
    xml
}

fn write_grants(xml: &mut XmlWriter, owner: &Owner, acl: CannedAcl) {
    let mut grant = |kind: &str, permission: &str| {
        xml.open("Grant");
        xml.open_with_attributes("Grantee", &[("xmlns:xsi", XSI), ("xsi:type", kind)]);
        if kind == "Group" {
            xml.element("URI", ALL_USERS);
        } else {
            xml.element("ID", &owner.id);
            xml.element("DisplayName", &owner.display_name);
        }
        xml.close();
        xml.element("Permission", permission);
        xml.close();
    };
    grant("CanonicalUser", "FULL_CONTROL");
    if acl != CannedAcl::Private {
        grant("Group", "READ");
    }
    if acl == CannedAcl::PublicReadWrite {
        grant("Group", "WRITE");
    }
}

/// `Owner`, as in all documents.
pub(super) fn write_owner(xml: &mut XmlWriter, owner: &Owner) {
    xml.open("Owner");
    xml.element("ID", &owner.id);
    xml.element("DisplayName", &owner.display_name);
    xml.close();
}
