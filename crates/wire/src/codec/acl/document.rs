//! S3's `AccessControlPolicy`.

use headwater_model::acl::{Grant, Grantee, Group, Permission, WantedAcl, WantedGrant, WantedGrantee};
use headwater_model::{Error, Result};

use crate::xml::read::malformed;
use crate::xml::{Element, XmlWriter, parse};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

pub(super) fn decode(body: &[u8]) -> Result<WantedAcl> {
    let document = parse(body)?;
    let policy = document.root("AccessControlPolicy")?.as_container()?;
    let owner = policy.container("Owner")?.map(|owner| owner.text("ID")).transpose()?.flatten();
    let list = policy.required("AccessControlList")?.as_container()?;
    let grants = list.children("Grant").map(|grant| read_grant(grant.as_container()?)).collect::<Result<_>>()?;
    let owner = owner.map(str::trim).filter(|id| !id.is_empty()).map(Into::into);
    Ok(WantedAcl::Grants { owner, grants })
}

fn read_grant(grant: Element<'_>) -> Result<WantedGrant> {
    let grantee = grant.required("Grantee")?.as_container()?;
    let permission = grant.required_text("Permission")?.trim();
    let permission = Permission::parse(permission)
        .ok_or_else(|| malformed(format!("{permission:?} is no permission of a grant")))?;
    let text = |name| Ok::<_, Error>(grantee.text(name)?.map(str::trim).filter(|text| !text.is_empty()));
    let grantee = match (text("URI")?, text("ID")?, text("EmailAddress")?) {
        (Some(uri), None, None) => WantedGrantee::Group(group(uri)?),
        (None, Some(id), None) => WantedGrantee::Id(id.into()),
        (None, None, Some(email)) => WantedGrantee::Email(email.into()),
        _ => return Err(malformed("a grantee has one of ID, EmailAddress and URI")),
    };
    Ok(WantedGrant { grantee, permission })
}

pub(super) fn group(uri: &str) -> Result<Group> {
    Group::parse(uri).ok_or_else(|| Error::invalid_argument("Group/URI", uri, "Invalid group uri"))
}

pub(super) fn write_grants(xml: &mut XmlWriter, grants: &[Grant]) {
    for grant in grants {
        xml.open("Grant");
        match &grant.grantee {
            Grantee::Account(owner) => {
                xml.open_with_attributes("Grantee", &[("xmlns:xsi", XSI), ("xsi:type", "CanonicalUser")]);
                xml.element("ID", &owner.id);
                xml.element("DisplayName", &owner.display_name);
            }
            Grantee::Group(group) => {
                xml.open_with_attributes("Grantee", &[("xmlns:xsi", XSI), ("xsi:type", "Group")]);
                xml.element("URI", group.uri());
            }
        }
        xml.close();
        xml.element("Permission", grant.permission.as_str());
        xml.close();
    }
}
