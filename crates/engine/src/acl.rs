//! Access control lists of buckets and objects: shown, set, and resolved from what a request names.
//!
//! Guarantees: a list is stored only with grantees that exist; a list that grants something to the public is refused
//! where that is blocked, and any change of a list where lists are disabled.

use headwater_model::acl::{Acl, CannedAcl, Grant, Grantee, MAX_GRANTS, WantedAcl, WantedGrant, WantedGrantee};
use headwater_model::bucket::{Bucket, Dialect, ObjectOwnership};
use headwater_model::object::ObjectAccess;
use headwater_model::op::{Action, Caller, ObjectVersion};
use headwater_model::reply::{Owner, Reply};
use headwater_model::{BucketName, Error, Result};
use headwater_store::Amendment;

use crate::engine::Engine;
use crate::versions::of_version;

impl Engine {
    pub(crate) fn get_bucket_acl(&self, name: &BucketName) -> Result<Reply> {
        let bucket = &self.known(name)?.bucket;
        let owner = self.owner_of(bucket);
        let grants = bucket.acl.spelled_out(&owner, &owner);
        Ok(Reply::Acl { grants, canned: Some(bucket.acl.nearest()), owner })
    }

    pub(crate) async fn put_bucket_acl(&self, name: &BucketName, wanted: &WantedAcl) -> Result<Reply> {
        let change = self.buckets.change().await;
        let known = change.find(name)?;
        let acl = self.acl_to_be(&known.bucket, wanted)?;
        change.update(&*self.store, Bucket { acl, ..Bucket::clone(&known.bucket) }).await?;
        Ok(Reply::Done)
    }

    /// The list that `wanted` makes of a bucket's.
    pub(crate) fn acl_to_be(&self, bucket: &Bucket, wanted: &WantedAcl) -> Result<Acl> {
        // S3 refuses here even what would change nothing; when it makes a bucket it takes `private`.
        if bucket.access.ownership == Some(ObjectOwnership::BucketOwnerEnforced) {
            return Err(Error::AclsDisabled { bucket: bucket.name.as_str().into() });
        }
        self.bucket_acl(bucket, wanted)
    }

    /// The list of a bucket that a request names.
    pub(crate) fn bucket_acl(&self, bucket: &Bucket, wanted: &WantedAcl) -> Result<Acl> {
        let acl = self.resolve(wanted, &self.owner_of(bucket))?.unwrap_or_default();
        if bucket.access.ownership == Some(ObjectOwnership::BucketOwnerEnforced)
            && acl != Acl::Canned(CannedAcl::Private)
        {
            return Err(Error::AclsDisabled { bucket: bucket.name.as_str().into() });
        }
        self.refuse_public(bucket, &acl)?;
        Ok(acl)
    }

    pub(crate) async fn get_object_acl(&self, caller: &Caller<'_>, target: &ObjectVersion) -> Result<Reply> {
        let object = self.open_for(caller, Action::GetObjectAcl, target).await?;
        let bucket = &self.known(&target.bucket)?.bucket;
        let bucket_owner = self.owner_of(bucket);
        let access = object.meta.headers.access.as_deref();
        let owner = access.and_then(|access| access.owner.clone()).unwrap_or_else(|| bucket_owner.clone());
        let own = access.and_then(|access| access.acl.as_ref());
        let inherited = match bucket.dialect {
            Dialect::Oss => Acl::Canned(match bucket.acl.nearest() {
                CannedAcl::Private => CannedAcl::Private,
                _ => CannedAcl::PublicRead,
            }),
            Dialect::S3 => Acl::default(),
        };
        let grants = own.unwrap_or(&inherited).spelled_out(&owner, &bucket_owner);
        let reply = Reply::Acl { owner, grants, canned: own.map(Acl::nearest) };
        Ok(if self.tells_versions(Some(&target.bucket)) { of_version(reply, object.meta.version) } else { reply })
    }

    /// Everything else of the object stays as it is, its date included.
    pub(crate) async fn put_object_acl(
        &self,
        caller: &Caller<'_>,
        target: &ObjectVersion,
        wanted: &WantedAcl,
    ) -> Result<Reply> {
        self.amend(caller, Action::PutObjectAcl, target, |object| {
            let known = self.known(&target.bucket)?;
            let owner = object.meta.headers.access.as_ref().and_then(|access| access.owner.clone());
            let shown = owner.clone().unwrap_or_else(|| self.owner_of(&known.bucket));
            let acl = self.object_acl(&known.bucket, Some(wanted), &shown)?;
            Ok(Amendment::Access(boxed(ObjectAccess { acl, owner })))
        })
        .await
    }

    /// Owner and list of an object that the caller writes.
    pub(crate) fn access_of_new(
        &self,
        caller: &Caller<'_>,
        bucket: &Bucket,
        wanted: Option<&WantedAcl>,
    ) -> Result<Option<Box<ObjectAccess>>> {
        let bucket_owner = self.owner_of(bucket);
        let handed_over = bucket.access.ownership == Some(ObjectOwnership::BucketOwnerPreferred)
            && wanted == Some(&WantedAcl::Canned(CannedAcl::BucketOwnerFullControl));
        let writer = caller.principal.owner().filter(|owner| owner.id != bucket_owner.id);
        let owner = writer.filter(|_| !handed_over && !bucket.owns_its_objects()).cloned();
        let acl = self.object_acl(bucket, wanted, owner.as_ref().unwrap_or(&bucket_owner))?;
        Ok(boxed(ObjectAccess { owner, acl }))
    }

    /// The list of an object that a request names; `None` is what an object has without one.
    fn object_acl(&self, bucket: &Bucket, wanted: Option<&WantedAcl>, owner: &Owner) -> Result<Option<Acl>> {
        let Some(wanted) = wanted else { return Ok(None) };
        if bucket.access.ownership == Some(ObjectOwnership::BucketOwnerEnforced) {
            return match wanted {
                WantedAcl::Default | WantedAcl::Canned(CannedAcl::BucketOwnerFullControl) => Ok(None),
                _ => Err(Error::AclsDisabled { bucket: bucket.name.as_str().into() }),
            };
        }
        let acl = self.resolve(wanted, owner)?;
        if let Some(acl) = &acl {
            self.refuse_public(bucket, acl)?;
        }
        let says_nothing = bucket.dialect == Dialect::S3 && acl == Some(Acl::default());
        Ok(acl.filter(|_| !says_nothing))
    }

    /// A list whose names mean accounts; `None` for OSS's `default`.
    fn resolve(&self, wanted: &WantedAcl, owner: &Owner) -> Result<Option<Acl>> {
        match wanted {
            WantedAcl::Default => Ok(None),
            WantedAcl::Canned(acl) => Ok(Some(Acl::Canned(*acl))),
            WantedAcl::Grants { owner: Some(named), .. } if **named != *owner.id => {
                Err(Error::AccessDenied { reason: "the document names another owner" })
            }
            WantedAcl::Grants { grants, .. } if grants.len() > MAX_GRANTS => {
                Err(Error::MalformedXml { message: format!("a list has at most {MAX_GRANTS} grants").into() })
            }
            WantedAcl::Grants { grants, .. } => {
                Ok(Some(Acl::Grants(grants.iter().map(|grant| self.grant(grant)).collect::<Result<_>>()?)))
            }
        }
    }

    /// S3's `BlockPublicAcls`.
    pub(crate) fn refuse_public(&self, bucket: &Bucket, acl: &Acl) -> Result<()> {
        if self.block_on(bucket).block_public_acls && acl.is_public() {
            let reason = "lists that grant something to the public are blocked, by the bucket or on all of them";
            return Err(Error::AccessDenied { reason });
        }
        Ok(())
    }

    fn grant(&self, wanted: &WantedGrant) -> Result<Grant> {
        let grantee = match &wanted.grantee {
            WantedGrantee::Group(group) => Grantee::Group(*group),
            WantedGrantee::Id(id) => Grantee::Account(
                self.accounts.owner(id).ok_or_else(|| Error::invalid_argument("CanonicalUser/ID", id, "Invalid id"))?,
            ),
            WantedGrantee::Email(email) => Grantee::Account(
                self.accounts
                    .owner_with_email(email)
                    .ok_or_else(|| Error::UnresolvableEmail { email: email.clone() })?,
            ),
        };
        Ok(Grant { grantee, permission: wanted.permission })
    }
}

fn boxed(access: ObjectAccess) -> Option<Box<ObjectAccess>> {
    (access != ObjectAccess::default()).then(|| Box::new(access))
}
