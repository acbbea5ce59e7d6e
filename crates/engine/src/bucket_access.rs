//! The policy of a bucket, what of the public's rights is blocked on it and on all of them, and who owns its objects.

use std::sync::Arc;

use headwater_model::acl::{Acl, CannedAcl};
use headwater_model::bucket::{Bucket, BucketAccess, Dialect, ObjectOwnership, PublicAccessBlock};
use headwater_model::op::Caller;
use headwater_model::policy::{Attached, MAX_OSS_POLICY_BYTES, MAX_S3_POLICY_BYTES, Policy};
use headwater_model::reply::Reply;
use headwater_model::{BucketName, Error, Result};

use crate::engine::Engine;

impl Engine {
    pub(crate) fn get_bucket_policy(&self, name: &BucketName) -> Result<Reply> {
        let known = self.known(name)?;
        let policy = known.bucket.access.policy.clone();
        policy.map(Reply::Policy).ok_or_else(|| Error::NoSuchBucketPolicy { bucket: name.as_str().into() })
    }

    pub(crate) async fn put_bucket_policy(&self, caller: &Caller<'_>, name: &BucketName, text: &str) -> Result<Reply> {
        let limit = match caller.dialect {
            Dialect::Oss => MAX_OSS_POLICY_BYTES,
            Dialect::S3 => MAX_S3_POLICY_BYTES,
        };
        if text.len() > limit {
            let message = format!("Normalized policy document exceeds the maximum allowed size of {limit} bytes");
            return Err(Error::MalformedPolicy { message: message.into() });
        }
        let attached = match caller.dialect {
            Dialect::Oss => Attached::OssBucket(name.as_str()),
            Dialect::S3 => Attached::Bucket(name.as_str()),
        };
        let policy = Policy::parse(text, attached)?;
        let public = policy.is_public();
        self.change_access(name, |bucket| {
            if public && self.block_on(bucket).block_public_policy {
                return Err(Error::AccessDenied {
                    reason: "public policies are blocked, by the bucket or on all of them",
                });
            }
            Ok(BucketAccess { policy: Some(Arc::new(policy)), ..bucket.access.clone() })
        })
        .await
    }

    pub(crate) async fn delete_bucket_policy(&self, name: &BucketName) -> Result<Reply> {
        self.change_access(name, |bucket| Ok(BucketAccess { policy: None, ..bucket.access.clone() })).await
    }

    /// S3 tells of a list too whether it makes the bucket public.
    pub(crate) fn get_bucket_policy_status(&self, name: &BucketName) -> Result<Reply> {
        let bucket = &self.known(name)?.bucket;
        let (policy, block) = (&bucket.access.policy, self.block_on(bucket));
        let by_policy = policy.as_ref().is_some_and(|policy| policy.is_public()) && !block.restrict_public_buckets;
        let by_list = bucket.acl.is_public() && !block.ignore_public_acls;
        Ok(Reply::PolicyStatus(by_policy || by_list))
    }

    pub(crate) fn get_public_access_block(&self, caller: &Caller<'_>, name: &BucketName) -> Result<Reply> {
        let block = self.known(name)?.bucket.access.public_access;
        if !block.configured && caller.dialect == Dialect::S3 {
            return Err(Error::NoSuchPublicAccessBlock { bucket: name.as_str().into() });
        }
        Ok(Reply::PublicAccess(block))
    }

    pub(crate) async fn put_public_access_block(&self, name: &BucketName, block: PublicAccessBlock) -> Result<Reply> {
        self.change_access(name, |bucket| Ok(BucketAccess { public_access: block, ..bucket.access.clone() })).await
    }

    /// What of the public's rights is blocked on every bucket, whatever its own block says.
    pub fn account_block(&self) -> PublicAccessBlock {
        self.buckets.block()
    }

    /// Blocks this much on every bucket, and on each what it blocks itself.
    pub(crate) async fn put_account_block(&self, block: PublicAccessBlock) -> Result<Reply> {
        self.buckets.change().await.put_block(&*self.store, block).await?;
        Ok(Reply::Done)
    }

    /// What of the public's rights is blocked on a bucket, by itself or with all others.
    pub(crate) fn block_on(&self, bucket: &Bucket) -> PublicAccessBlock {
        bucket.access.public_access.and(self.buckets.block())
    }

    pub(crate) fn get_ownership_controls(&self, name: &BucketName) -> Result<Reply> {
        let ownership = self.known(name)?.bucket.access.ownership;
        ownership.map(Reply::Ownership).ok_or_else(|| Error::NoSuchOwnershipControls { bucket: name.as_str().into() })
    }

    pub(crate) async fn put_ownership_controls(
        &self,
        name: &BucketName,
        ownership: Option<ObjectOwnership>,
    ) -> Result<Reply> {
        self.change_access(name, |bucket| {
            let grants_nothing = match &bucket.acl {
                Acl::Canned(acl) => *acl == CannedAcl::Private,
                acl @ Acl::Grants(_) => {
                    let owner = self.owner_of(bucket);
                    acl.spelled_out(&owner, &owner) == Acl::default().spelled_out(&owner, &owner)
                }
            };
            if ownership == Some(ObjectOwnership::BucketOwnerEnforced) && !grants_nothing {
                return Err(Error::AclForbidsOwnership { bucket: name.as_str().into() });
            }
            Ok(BucketAccess { ownership, ..bucket.access.clone() })
        })
        .await
    }

    async fn change_access(
        &self,
        name: &BucketName,
        change: impl FnOnce(&Bucket) -> Result<BucketAccess>,
    ) -> Result<Reply> {
        let buckets = self.buckets.change().await;
        let known = buckets.find(name)?;
        let access = change(&known.bucket)?;
        if access != known.bucket.access {
            buckets.update(&*self.store, Bucket { access, ..Bucket::clone(&known.bucket) }).await?;
        }
        Ok(Reply::Done)
    }
}
