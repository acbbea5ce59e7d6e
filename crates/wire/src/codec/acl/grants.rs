//! S3's `x-amz-grant-*`: `id="…", emailAddress="…", uri="…"`, the quotes optional.

use headwater_model::acl::{Permission, WantedGrant, WantedGrantee};
use headwater_model::{Error, Result};

use super::document::group;
use crate::codec::Request;

const HEADERS: [(&str, Permission); 5] = [
    ("x-amz-grant-read", Permission::Read),
    ("x-amz-grant-write", Permission::Write),
    ("x-amz-grant-read-acp", Permission::ReadAcp),
    ("x-amz-grant-write-acp", Permission::WriteAcp),
    ("x-amz-grant-full-control", Permission::FullControl),
];

pub(super) fn of_headers(request: &Request<'_>) -> Result<Vec<WantedGrant>> {
    let mut grants = Vec::new();
    for (name, permission) in HEADERS {
        let Some(value) = request.fields.get(name)? else { continue };
        for one in value.split(',') {
            let grantee = grantee(one).ok_or_else(|| {
                Error::invalid_argument(name, value, "Give grantees as id=\"…\", emailAddress=\"…\" or uri=\"…\".")
            })?;
            grants.push(WantedGrant { grantee: grantee?, permission });
        }
    }
    Ok(grants)
}

fn grantee(text: &str) -> Option<Result<WantedGrantee>> {
    let (kind, value) = text.split_once('=')?;
    let value = value.trim();
    let value = value.strip_prefix('"').map_or(Some(value), |value| value.strip_suffix('"'))?;
    if value.is_empty() {
        return None;
    }
    Some(match kind.trim().to_ascii_lowercase().as_str() {
        "id" => Ok(WantedGrantee::Id(value.into())),
        "emailaddress" => Ok(WantedGrantee::Email(value.into())),
        "uri" => group(value).map(WantedGrantee::Group),
        _ => return None,
    })
}
