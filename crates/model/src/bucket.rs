//! Buckets and their settings.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::acl::Acl;
use crate::clock::Timestamp;
use crate::cors::CorsConfiguration;
use crate::encryption::BucketEncryption;
use crate::lifecycle::LifecycleConfiguration;
use crate::logging::{BucketLogging, LogFields};
use crate::name::BucketName;
use crate::object::Tags;
use crate::policy::Policy;
use crate::referer::RefererConfiguration;
use crate::reply::Owner;
use crate::settings::MigrationSettings;
use crate::version::{ObjectLockConfiguration, Versioning};
use crate::website::Website;
use crate::worm::BucketWorm;

/// Which vendor's words the answers speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Dialect {
    /// Alibaba Cloud OSS.
    Oss,
    /// AWS S3.
    S3,
}

/// Identifies one life of a bucket: a bucket deleted and made again has another generation, so nothing of the former
/// (objects, fills, uploads) can appear in the latter. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Generation(pub u64);

/// Whose a bucket is, and what decides beside its list who may do what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BucketAccess {
    /// The account that owns it; `None`: root.
    pub owner: Option<Owner>,
    /// Its policy.
    pub policy: Option<Arc<Policy>>,
    /// What of the public's rights is blocked.
    pub public_access: PublicAccessBlock,
    /// Who owns the objects that others write; `None` was never said and means [`ObjectOwnership::ObjectWriter`].
    pub ownership: Option<ObjectOwnership>,
}

/// `PublicAccessBlockConfiguration`. OSS has one switch for all four.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAccessBlock {
    /// Whether there is a configuration at all.
    pub configured: bool,
    /// `BlockPublicAcls`: lists that grant something to the public are refused.
    pub block_public_acls: bool,
    /// `IgnorePublicAcls`: what lists grant to the public does not count.
    pub ignore_public_acls: bool,
    /// `BlockPublicPolicy`: a public policy is refused.
    pub block_public_policy: bool,
    /// `RestrictPublicBuckets`: a public policy counts for the bucket's owner only.
    pub restrict_public_buckets: bool,
}

impl PublicAccessBlock {
    /// OSS's switch, on.
    pub const ALL: Self = Self {
        configured: true,
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
    };

    /// What is blocked where both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            configured: self.configured || other.configured,
            block_public_acls: self.block_public_acls || other.block_public_acls,
            ignore_public_acls: self.ignore_public_acls || other.ignore_public_acls,
            block_public_policy: self.block_public_policy || other.block_public_policy,
            restrict_public_buckets: self.restrict_public_buckets || other.restrict_public_buckets,
        }
    }
}

/// `ObjectOwnership` of S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObjectOwnership {
    /// Whoever writes an object owns it.
    ObjectWriter,
    /// So it is, unless the object is written with `bucket-owner-full-control`.
    BucketOwnerPreferred,
    /// The bucket's owner owns every object, and lists count for nothing.
    BucketOwnerEnforced,
}

impl Bucket {
    /// Whether the bucket's owner owns every object: always at OSS, at S3 where lists are disabled.
    pub fn owns_its_objects(&self) -> bool {
        self.dialect == Dialect::Oss || self.access.ownership == Some(ObjectOwnership::BucketOwnerEnforced)
    }
}

/// What a bucket's owner configures, one resource of the vendors' APIs each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BucketConfiguration {
    /// Tags of the bucket; empty for none.
    pub tags: Tags,
    /// Cross-origin rules.
    pub cors: Option<Arc<CorsConfiguration>>,
    /// Whether requests are paid by who makes them: others than its owner must say that they will.
    pub requester_pays: bool,
    /// Whether its objects have versions.
    pub versioning: Versioning,
    /// Object lock; `None` if it was never enabled.
    pub object_lock: Option<ObjectLockConfiguration>,
    /// Lifecycle rules.
    pub lifecycle: Option<Arc<LifecycleConfiguration>>,
    /// OSS's hotlink protection.
    pub referer: Option<Arc<RefererConfiguration>>,
    /// Where its requests are written down.
    pub logging: Option<Arc<BucketLogging>>,
    /// OSS: what else of each request is written down.
    pub log_fields: Option<Arc<LogFields>>,
    /// OSS: for how long its objects stay as they are.
    pub worm: Option<BucketWorm>,
    /// Encryption of objects whose writers ask for none; `None`: they are stored as they come.
    pub encryption: Option<BucketEncryption>,
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
    pub acl: Acl,
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
    /// Everything else that its owner configured.
    pub configuration: BucketConfiguration,
}
