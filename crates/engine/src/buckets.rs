//! Operations on buckets as such.

use std::sync::Arc;

use headwater_model::acl::Acl;
use headwater_model::bucket::{Bucket, BucketAccess, BucketConfiguration, Dialect, Generation};
use headwater_model::limits::MAX_LIST_KEYS;
use headwater_model::list::ListQuery;
use headwater_model::op::{Caller, CreateBucket, ListBuckets};
use headwater_model::reply::{Owner, Reply};
use headwater_model::version::{VersionMarker, VersionQuery, Versioning};
use headwater_model::{BucketName, Error, Result};
use headwater_store::BucketRef;

use crate::engine::Engine;

/// S3's oldest region, in which a bucket may be created again.
const REPEATABLE_REGION: &str = "us-east-1";

impl Engine {
    /// The caller's own; nobody has none.
    pub(crate) fn list_buckets(&self, caller: &Caller<'_>, query: &ListBuckets) -> Reply {
        let Some(owner) = caller.principal.owner().cloned() else {
            let nobody = Owner { id: "anonymous".into(), display_name: "anonymous".into() };
            return Reply::Buckets { owner: nobody, buckets: Vec::new(), next: None };
        };
        let mut buckets = self.buckets.sorted();
        buckets.retain(|bucket| self.owner_of(bucket).id == owner.id);
        buckets.retain(|bucket| {
            let name = bucket.name.as_str();
            name.starts_with(&*query.prefix)
                && name > &*query.after
                && query.location.as_ref().is_none_or(|location| *location == bucket.location)
                && query.tags.iter().all(|(key, value)| has_tag(bucket, key, value.as_deref()))
        });
        let more = buckets.len() > query.limit;
        buckets.truncate(query.limit);
        let next = more.then(|| buckets.last().map(|bucket| bucket.name.as_str().into())).flatten();
        Reply::Buckets { owner, buckets, next }
    }

    /// On the OSS face a repeated creation succeeds and sets the access list that it names (OSS PutBucket). S3 answers
    /// that the bucket is the caller's already, but in us-east-1 succeeds (S3 CreateBucket); if the list is to be another,
    /// it just says that the bucket exists. A name that somebody else's bucket has is taken on both.
    pub(crate) async fn create_bucket(&self, caller: &Caller<'_>, create: CreateBucket) -> Result<Reply> {
        let change = self.buckets.change().await;
        let owner = caller.principal.owner().unwrap_or_else(|| self.accounts.root()).clone();
        let bucket = self.bucket_to_be(&owner, caller.dialect, &create);
        let acl = create.acl.map(|acl| self.bucket_acl(&bucket, &acl)).transpose()?;
        if let Ok(known) = change.find(&bucket.name) {
            let same_acl = known.bucket.acl == acl.clone().unwrap_or_default();
            if self.owner_of(&known.bucket).id != owner.id || (caller.dialect == Dialect::S3 && !same_acl) {
                return Err(Error::BucketAlreadyExists { bucket: bucket.name.as_str().into() });
            }
            if caller.dialect == Dialect::S3 {
                let repeatable =
                    [&bucket.location, &known.bucket.location].iter().all(|at| &***at == REPEATABLE_REGION);
                if repeatable {
                    return Ok(Reply::Bucket { owner, bucket: known.bucket.clone() });
                }
                return Err(Error::BucketAlreadyOwnedByYou { bucket: bucket.name.as_str().into() });
            }
            let Some(acl) = acl.filter(|acl| *acl != known.bucket.acl) else {
                return Ok(Reply::Bucket { owner, bucket: known.bucket.clone() });
            };
            self.refuse_public(&known.bucket, &acl)?;
            change.update(&*self.store, Bucket { acl, ..Bucket::clone(&known.bucket) }).await?;
            return Ok(Reply::Bucket { owner, bucket: change.find(&bucket.name)?.bucket.clone() });
        }
        let bucket = Bucket { acl: acl.unwrap_or_default(), ..bucket };
        let bucket = change.create(&*self.store, bucket).await?;
        Ok(Reply::Bucket { owner, bucket })
    }

    /// Makes a private bucket of root's, of this dialect, that was not there before: of two who ask at once, one makes it.
    /// For operators, who are let in before.
    ///
    /// # Errors
    /// `BucketAlreadyExists`, whoever owns it; `InvalidBucketName`; `TooManyBuckets`; those of the store.
    pub async fn create_new_bucket(&self, name: BucketName, dialect: Dialect) -> Result<Arc<Bucket>> {
        name.check_new()?;
        let change = self.buckets.change().await;
        if change.find(&name).is_ok() {
            return Err(Error::BucketAlreadyExists { bucket: name.as_str().into() });
        }
        let create = CreateBucket {
            bucket: name,
            acl: None,
            ownership: None,
            location: None,
            storage_class: None,
            object_lock: None,
        };
        change.create(&*self.store, self.bucket_to_be(self.accounts.root(), dialect, &create)).await
    }

    /// Without its list.
    fn bucket_to_be(&self, owner: &Owner, dialect: Dialect, create: &CreateBucket) -> Bucket {
        let is_root = owner.id == self.accounts.root().id;
        Bucket {
            name: create.bucket.clone(),
            generation: Generation(0),
            created: self.clock.now(),
            acl: Acl::default(),
            access: BucketAccess {
                owner: (!is_root).then(|| owner.clone()),
                ownership: create.ownership,
                ..BucketAccess::default()
            },
            dialect,
            location: create.location.clone().unwrap_or_else(|| (*self.region).into()),
            storage_class: create.storage_class.clone().unwrap_or_else(|| "Standard".into()),
            rule_version: 0,
            migration: headwater_model::settings::MigrationSettings::default(),
            website: None,
            configuration: BucketConfiguration {
                versioning: if create.object_lock.is_some() { Versioning::Enabled } else { Versioning::Unversioned },
                object_lock: create.object_lock.clone(),
                ..BucketConfiguration::default()
            },
        }
    }

    pub(crate) fn show_bucket(&self, name: &BucketName) -> Result<Reply> {
        let known = self.known(name)?;
        Ok(Reply::Bucket { owner: self.owner_of(&known.bucket), bucket: known.bucket.clone() })
    }

    /// Open uploads are content to OSS, which refuses; S3 drops them with a bucket that holds no object.
    pub(crate) async fn delete_bucket(&self, caller: &Caller<'_>, name: &BucketName) -> Result<Reply> {
        let change = self.buckets.change().await;
        let known = change.find(name)?;
        if caller.dialect == Dialect::S3 {
            self.drop_uploads(&known.reference).await?;
        }
        change.delete(&*self.store, &known).await?;
        Ok(Reply::Done)
    }

    /// Aborts the open uploads of a bucket without objects, a page at most: whoever begins them faster than they are
    /// dropped is told that the bucket is not empty.
    async fn drop_uploads(&self, bucket: &BucketRef) -> Result<()> {
        let first = VersionQuery { prefix: "".into(), delimiter: "".into(), after: VersionMarker::default(), limit: 1 };
        if !self.store.list_versions(bucket, &first).await?.versions.is_empty() {
            return Ok(());
        }
        let query = ListQuery { prefix: "".into(), delimiter: "".into(), after: "".into(), limit: MAX_LIST_KEYS };
        for upload in self.store.uploads(bucket, &query, None).await?.uploads {
            match self.store.abort_upload(bucket, &upload.key, upload.id).await {
                Ok(()) | Err(Error::NoSuchUpload { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn has_tag(bucket: &Bucket, key: &str, value: Option<&str>) -> bool {
    bucket.configuration.tags.iter().any(|(k, v)| **k == *key && value.is_none_or(|value| **v == *value))
}
