//! Lists in words: what can be chosen, what grants say.

use headwater_model::acl::{Acl, CannedAcl, Grant, Grantee, Group};

/// The choice that leaves a list which the form cannot make.
pub(super) const AS_IT_IS: &str = "as-it-is";

/// A list that can be chosen.
pub(super) struct Choice {
    pub(super) value: &'static str,
    pub(super) label: String,
    pub(super) hint: &'static str,
    pub(super) on: bool,
}

/// One line of a list.
pub(super) struct Granted {
    pub(super) to: String,
    pub(super) permission: &'static str,
}

/// OSS's three lists, and the present one if it is none of them. `chosen` counts before what there is.
pub(super) fn choices(acl: &Acl, chosen: Option<&str>) -> Vec<Choice> {
    let of_oss = [
        (CannedAcl::Private, "Only keys that are allowed to read or write, by their account or by a policy."),
        (
            CannedAcl::PublicRead,
            "Warning: anybody on the network may list and read all files, without a key. What they read is counted as \
             traffic of this bucket.",
        ),
        (
            CannedAcl::PublicReadWrite,
            "Warning: anybody on the network may read, write, overwrite and delete files, without a key. Strangers can \
             fill the disk and destroy what is stored.",
        ),
    ];
    let is_of_oss = of_oss.iter().any(|(canned, _)| *acl == Acl::Canned(*canned));
    let present = match acl {
        Acl::Canned(canned) if is_of_oss => canned.as_str(),
        _ => AS_IT_IS,
    };
    let on = chosen.unwrap_or(present);
    let mut choices: Vec<_> = of_oss
        .into_iter()
        .map(|(canned, hint)| Choice {
            value: canned.as_str(),
            label: canned.as_str().to_owned(),
            hint,
            on: canned.as_str() == on,
        })
        .collect();
    if !is_of_oss {
        let (label, hint) = match acl {
            Acl::Canned(canned) => (
                format!("{}, as it is", canned.as_str()),
                "A list of S3, made by the API. Another choice replaces it, and only the API brings it back.",
            ),
            Acl::Grants(grants) => (
                format!("{} grants, as they are", grants.len()),
                "Another choice replaces all grants above at once; only the API brings them back, and the audit log \
                 keeps what they were.",
            ),
        };
        choices.push(Choice { value: AS_IT_IS, label, hint, on: on == AS_IT_IS });
    }
    choices
}

/// The lines of a list that is by grants.
pub(super) fn granted(acl: &Acl) -> Vec<Granted> {
    let Acl::Grants(grants) = acl else { return Vec::new() };
    grants.iter().map(|grant| Granted { to: grantee(grant), permission: grant.permission.as_str() }).collect()
}

fn grantee(grant: &Grant) -> String {
    match &grant.grantee {
        Grantee::Account(owner) => format!("{} ({})", owner.display_name, owner.id),
        Grantee::Group(Group::AllUsers) => "Everybody, without a key".to_owned(),
        Grantee::Group(Group::AuthenticatedUsers) => "Everybody with a key".to_owned(),
        Grantee::Group(Group::LogDelivery) => "The log service".to_owned(),
    }
}

/// A list as the audit log tells it.
pub(super) fn told(acl: &Acl) -> String {
    match acl {
        Acl::Canned(canned) => canned.as_str().to_owned(),
        Acl::Grants(grants) => {
            let line = |grant: &Grant| format!("{} to {}", grant.permission.as_str(), grantee(grant));
            format!("grants: {}", grants.iter().map(line).collect::<Vec<_>>().join("; "))
        }
    }
}
