//! What operations ask for that OSS alone has.

use super::{AnnouncedDigests, WriteCondition};
use crate::acl::WantedAcl;
use crate::encryption::WriteEncryption;
use crate::name::{BucketName, ObjectKey};
use crate::object::{ObjectHeaders, Tags};

/// See [`Op::AppendObject`](super::Op::AppendObject).
#[derive(Clone, Debug)]
pub struct AppendObject {
    /// Bucket.
    pub bucket: BucketName,
    /// Key.
    pub key: ObjectKey,
    /// Where the object must end; 0 makes it.
    pub position: u64,
    /// Metadata of an object that is made.
    pub headers: ObjectHeaders,
    /// Tags of an object that is made.
    pub tags: Tags,
    /// The list that the request names for an object that is made.
    pub acl: Option<WantedAcl>,
    /// Length of the body, if announced; enforced.
    pub content_length: Option<u64>,
    /// Digests to check.
    pub digests: AnnouncedDigests,
    /// How to encrypt an object that is made.
    pub encryption: WriteEncryption,
}

/// See [`Op::PutSymlink`](super::Op::PutSymlink).
#[derive(Clone, Debug)]
pub struct PutSymlink {
    /// Bucket.
    pub bucket: BucketName,
    /// Key of the link.
    pub key: ObjectKey,
    /// Key that it names, in the same bucket.
    pub target: ObjectKey,
    /// Metadata of the link.
    pub headers: ObjectHeaders,
    /// Tags of the link.
    pub tags: Tags,
    /// The list that the request names for the link.
    pub acl: Option<WantedAcl>,
    /// When to replace.
    pub condition: WriteCondition,
}

/// How soon an object of a cold class is to be readable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RestoreTier {
    /// `Expedited`: before others.
    Expedited,
    /// `Standard`: what it is where none is named.
    #[default]
    Standard,
    /// `Bulk`: after others.
    Bulk,
}

impl RestoreTier {
    /// All, soonest first.
    pub const ALL: [Self; 3] = [Self::Expedited, Self::Standard, Self::Bulk];

    /// As both vendors write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expedited => "Expedited",
            Self::Standard => "Standard",
            Self::Bulk => "Bulk",
        }
    }
}
