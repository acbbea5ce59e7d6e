//! Buckets and their settings.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::name::BucketName;
use crate::reply::Owner;
use crate::settings::MigrationSettings;
use crate::website::Website;

/// Which vendor's words the answers speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Dialect {
    /// Alibaba Cloud OSS.
    Oss,
    /// AWS S3.
    S3,
}

/// The canned access control lists of buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CannedAcl {
    /// Only the owner reads and writes.
    #[default]
    Private,
    /// Everybody reads objects (OSS: and lists), the owner writes.
    PublicRead,
    /// Everybody reads and writes.
    PublicReadWrite,
}

impl CannedAcl {
    /// The name both vendors use: `private`, `public-read`, `public-read-write`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::PublicRead => "public-read",
            Self::PublicReadWrite => "public-read-write",
        }
    }

    /// Reads a canned name; `None` for any other.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Private, Self::PublicRead, Self::PublicReadWrite].into_iter().find(|acl| acl.as_str() == text)
    }
}

/// Identifies one life of a bucket: a bucket deleted and made again has another generation, so nothing of the former
/// (objects, fills, uploads) can appear in the latter. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Generation(pub u64);

/// Whose a bucket is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BucketAccess {
    /// The account that owns it; `None`: root.
    pub owner: Option<Owner>,
}

/// A bucket and all its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Its name.
    pub name: BucketName,
    /// Which life of that name.
    pub generation: Generation,
    /// When it was created.
    pub created: Timestamp,
    /// Access control list.
    pub acl: CannedAcl,
    /// Whose it is, and what else decides who may do what.
    pub access: BucketAccess,
    /// Dialect of the request that created it: the fallback for requests that show none.
    pub dialect: Dialect,
    /// The region that its creator asked for, or the server's.
    pub location: Box<str>,
    /// The storage class that its creator asked for, as sent (`Standard` by default); echoed, without further effect.
    pub storage_class: Box<str>,
    /// Grows with each change of `website`; a fill started under an older version stores nothing.
    pub rule_version: u64,
    /// How it migrates. Whoever changes it raises `rule_version` too, so that fills begun under the old settings store
    /// nothing.
    pub migration: MigrationSettings,
    /// Website document: index and error pages, routing rules.
    pub website: Option<Arc<Website>>,
}
