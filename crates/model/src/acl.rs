//! Access control lists of buckets and objects: canned names, or grants spelled out.
//!
//! A canned list stays a name, because what it grants depends on who owns the object and who its bucket; grants are kept
//! as they were given. An owner may always do with its own what a list could grant.

use serde::{Deserialize, Serialize};

use crate::access::Principal;
use crate::reply::Owner;

/// Most grants of a list (S3: "you can have up to 100 grants per ACL").
pub const MAX_GRANTS: usize = 100;

/// The canned lists of both vendors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CannedAcl {
    /// Only the owner reads and writes.
    #[default]
    Private,
    /// Everybody reads; of a bucket: lists, and at OSS reads its objects.
    PublicRead,
    /// Everybody reads and writes.
    PublicReadWrite,
    /// S3: whoever has a key reads.
    AuthenticatedRead,
    /// S3, objects: the owner of the bucket reads.
    BucketOwnerRead,
    /// S3, objects: the owner of the bucket may do everything.
    BucketOwnerFullControl,
    /// S3: Amazon's EC2 reads, which is nobody here.
    AwsExecRead,
    /// S3, buckets: the log service writes, which is nobody here.
    LogDeliveryWrite,
}

/// The canned lists with their names; the first three are OSS's too.
const NAMES: [(CannedAcl, &str); 8] = [
    (CannedAcl::Private, "private"),
    (CannedAcl::PublicRead, "public-read"),
    (CannedAcl::PublicReadWrite, "public-read-write"),
    (CannedAcl::AuthenticatedRead, "authenticated-read"),
    (CannedAcl::BucketOwnerRead, "bucket-owner-read"),
    (CannedAcl::BucketOwnerFullControl, "bucket-owner-full-control"),
    (CannedAcl::AwsExecRead, "aws-exec-read"),
    (CannedAcl::LogDeliveryWrite, "log-delivery-write"),
];

impl CannedAcl {
    /// The vendors' name.
    pub fn as_str(self) -> &'static str {
        NAMES.iter().find(|(acl, _)| *acl == self).map_or("private", |(_, name)| name)
    }

    /// Reads a canned name of S3; `None` for any other.
    pub fn parse(text: &str) -> Option<Self> {
        NAMES.iter().find(|(_, name)| *name == text).map(|(acl, _)| *acl)
    }

    /// Reads a canned name of OSS; `None` for any other.
    pub fn parse_oss(text: &str) -> Option<Self> {
        NAMES[..3].iter().find(|(_, name)| *name == text).map(|(acl, _)| *acl)
    }
}

/// What a grant permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // each variant is S3's permission of its name
pub enum Permission {
    Read,
    Write,
    ReadAcp,
    WriteAcp,
    FullControl,
}

impl Permission {
    /// All, with S3's names.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Read, "READ"),
        (Self::Write, "WRITE"),
        (Self::ReadAcp, "READ_ACP"),
        (Self::WriteAcp, "WRITE_ACP"),
        (Self::FullControl, "FULL_CONTROL"),
    ];

    /// S3's name.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(permission, _)| *permission == self).map_or("READ", |(_, name)| name)
    }

    /// Reads S3's name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(permission, _)| *permission)
    }
}

/// Many who are granted something at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Group {
    /// Everybody.
    AllUsers,
    /// Whoever has a key.
    AuthenticatedUsers,
    /// The log service.
    LogDelivery,
}

impl Group {
    const URIS: [(Self, &'static str); 3] = [
        (Self::AllUsers, "http://acs.amazonaws.com/groups/global/AllUsers"),
        (Self::AuthenticatedUsers, "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"),
        (Self::LogDelivery, "http://acs.amazonaws.com/groups/s3/LogDelivery"),
    ];

    /// S3's name.
    pub fn uri(self) -> &'static str {
        Self::URIS.iter().find(|(group, _)| *group == self).map_or("", |(_, uri)| uri)
    }

    /// Reads S3's name.
    pub fn parse(uri: &str) -> Option<Self> {
        Self::URIS.iter().find(|(_, known)| *known == uri).map(|(group, _)| *group)
    }

    fn includes(self, principal: &Principal) -> bool {
        match self {
            Self::AllUsers => true,
            Self::AuthenticatedUsers => *principal != Principal::Anonymous,
            Self::LogDelivery => false,
        }
    }
}

/// Who is granted something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grantee {
    /// An account.
    Account(Owner),
    /// Many at once.
    Group(Group),
}

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// To whom.
    pub grantee: Grantee,
    /// What.
    pub permission: Permission,
}

/// A list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Acl {
    /// By its name.
    Canned(CannedAcl),
    /// Spelled out, at most [`MAX_GRANTS`].
    Grants(Vec<Grant>),
}

impl Default for Acl {
    fn default() -> Self {
        Self::Canned(CannedAcl::Private)
    }
}

impl From<CannedAcl> for Acl {
    fn from(acl: CannedAcl) -> Self {
        Self::Canned(acl)
    }
}

/// A list as a request gives it: its names are not resolved yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedAcl {
    /// OSS: an object has its bucket's list.
    Default,
    /// By its name.
    Canned(CannedAcl),
    /// Spelled out; `owner` is the canonical id that the document names as the owner.
    Grants {
        /// As the document names it.
        owner: Option<Box<str>>,
        /// At most [`MAX_GRANTS`].
        grants: Vec<WantedGrant>,
    },
}

/// A grant as a request gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedGrant {
    /// To whom.
    pub grantee: WantedGrantee,
    /// What.
    pub permission: Permission,
}

/// A grantee as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedGrantee {
    /// An account by its canonical id.
    Id(Box<str>),
    /// An account by its e-mail address.
    Email(Box<str>),
    /// Many at once.
    Group(Group),
}

/// Whether grants to groups count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Groups {
    /// They do.
    Count,
    /// They do not: S3's `IgnorePublicAcls`.
    Ignored,
}

impl Acl {
    /// Whether it grants `wanted` to somebody who is not the owner. `bucket_owner` tells whether that is the owner of
    /// the object's bucket.
    pub fn grants(&self, principal: &Principal, wanted: Permission, bucket_owner: bool, groups: Groups) -> bool {
        let to_group = |group: Group| groups == Groups::Count && group.includes(principal);
        match self {
            Self::Canned(acl) => match acl {
                CannedAcl::Private | CannedAcl::AwsExecRead | CannedAcl::LogDeliveryWrite => false,
                CannedAcl::PublicRead => wanted == Permission::Read && to_group(Group::AllUsers),
                CannedAcl::PublicReadWrite => {
                    matches!(wanted, Permission::Read | Permission::Write) && to_group(Group::AllUsers)
                }
                CannedAcl::AuthenticatedRead => wanted == Permission::Read && to_group(Group::AuthenticatedUsers),
                CannedAcl::BucketOwnerRead => wanted == Permission::Read && bucket_owner,
                CannedAcl::BucketOwnerFullControl => bucket_owner,
            },
            Self::Grants(grants) => grants.iter().any(|grant| {
                let permits = grant.permission == wanted || grant.permission == Permission::FullControl;
                permits
                    && match &grant.grantee {
                        Grantee::Account(owner) => principal.owner().is_some_and(|asking| asking.id == owner.id),
                        Grantee::Group(group) => to_group(*group),
                    }
            }),
        }
    }

    /// Whether it grants anything to everybody, or to everybody with a key (S3: "public").
    pub fn is_public(&self) -> bool {
        match self {
            Self::Canned(acl) => {
                matches!(acl, CannedAcl::PublicRead | CannedAcl::PublicReadWrite | CannedAcl::AuthenticatedRead)
            }
            Self::Grants(grants) => grants
                .iter()
                .any(|grant| matches!(grant.grantee, Grantee::Group(Group::AllUsers | Group::AuthenticatedUsers))),
        }
    }

    /// The canned list of OSS that comes nearest.
    pub fn nearest(&self) -> CannedAcl {
        let everybody = |wanted| self.grants(&Principal::Anonymous, wanted, false, Groups::Count);
        match (everybody(Permission::Read), everybody(Permission::Write)) {
            (true, true) => CannedAcl::PublicReadWrite,
            (true, false) => CannedAcl::PublicRead,
            _ => CannedAcl::Private,
        }
    }

    /// Spelled out, for an object or bucket of this owner.
    pub fn spelled_out(&self, owner: &Owner, bucket_owner: &Owner) -> Vec<Grant> {
        let acl = match self {
            Self::Grants(grants) => return grants.clone(),
            Self::Canned(acl) => acl,
        };
        let mut grants = vec![Grant { grantee: Grantee::Account(owner.clone()), permission: Permission::FullControl }];
        let mut add = |grantee, permission| grants.push(Grant { grantee, permission });
        let of_bucket = || Grantee::Account(bucket_owner.clone());
        match acl {
            CannedAcl::PublicRead => add(Grantee::Group(Group::AllUsers), Permission::Read),
            CannedAcl::PublicReadWrite => {
                add(Grantee::Group(Group::AllUsers), Permission::Read);
                add(Grantee::Group(Group::AllUsers), Permission::Write);
            }
            CannedAcl::AuthenticatedRead => add(Grantee::Group(Group::AuthenticatedUsers), Permission::Read),
            CannedAcl::BucketOwnerRead if owner.id != bucket_owner.id => add(of_bucket(), Permission::Read),
            CannedAcl::BucketOwnerFullControl if owner.id != bucket_owner.id => {
                add(of_bucket(), Permission::FullControl);
            }
            CannedAcl::LogDeliveryWrite => {
                add(Grantee::Group(Group::LogDelivery), Permission::Write);
                add(Grantee::Group(Group::LogDelivery), Permission::ReadAcp);
            }
            CannedAcl::Private
            | CannedAcl::AwsExecRead
            | CannedAcl::BucketOwnerRead
            | CannedAcl::BucketOwnerFullControl => {}
        }
        // Groups come first, the owner last: a well-known client reads its own grant there.
        if grants.iter().any(|grant| matches!(grant.grantee, Grantee::Group(_))) {
            grants.rotate_left(1);
        }
        grants
    }
}
