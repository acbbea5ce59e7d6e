//! Versions of objects: whether a bucket keeps them, which there are, and opening one of them.
//!
//! A version that is named by its id is what it is: no rule, no page and no tombstone stands in for one that is missing,
//! and no origin is ever asked for it.

use headwater_model::error::VersionError;
use headwater_model::op::{Action, Caller, ListObjectVersions, ObjectVersion};
use headwater_model::reply::{Reply, Served, VersionNote};
use headwater_model::version::{VersionId, Versioning};
use headwater_model::{BucketName, Error, ObjectKey, Result};
use headwater_store::{StoredObject, StoredVersion};

use crate::control::Known;
use crate::engine::Engine;

impl Engine {
    pub(crate) fn get_bucket_versioning(&self, name: &BucketName) -> Result<Reply> {
        Ok(Reply::Versioning(self.known(name)?.bucket.configuration.versioning))
    }

    /// What locks versions, or keeps a bucket that has none as it is, also fixes whether it keeps them.
    pub(crate) async fn put_bucket_versioning(&self, name: &BucketName, versioning: Versioning) -> Result<Reply> {
        self.try_change_bucket(name, |bucket| {
            if bucket.configuration.object_lock.is_some() && versioning != Versioning::Enabled {
                let message = "An Object Lock configuration is present on this bucket, so the versioning state cannot be \
                               changed.";
                return Err(VersionError::InvalidBucketState { message: message.into() }.into());
            }
            if bucket.configuration.worm.is_some() && versioning == Versioning::Suspended {
                let message = "The bucket has a retention policy, so its versioning cannot be suspended.";
                return Err(VersionError::InvalidBucketState { message: message.into() }.into());
            }
            bucket.configuration.versioning = versioning;
            Ok(())
        })
        .await
    }

    pub(crate) async fn list_object_versions(&self, list: &ListObjectVersions) -> Result<Reply> {
        let known = self.known(&list.bucket)?;
        let page = self.store.list_versions(&known.reference, &list.query).await?;
        Ok(Reply::Versions { owner: self.owner_of(&known.bucket), page })
    }

    /// A stored object, or a version of one, that the caller may do this with; never reaches an origin. `action` is the
    /// one on objects.
    pub(crate) async fn open_for(
        &self,
        caller: &Caller<'_>,
        action: Action,
        target: &ObjectVersion,
    ) -> Result<StoredObject> {
        let ObjectVersion { bucket, key, version } = target;
        let known = self.known(bucket)?;
        let Some(version) = *version else {
            let right = self.right(caller, action, &known.bucket, key);
            return match self.store.open(&known.reference, key).await? {
                Some(object) => right.check(Some(&object.meta)).map(|()| object),
                None => {
                    right.check_absent()?;
                    Err(right.missing(self.missing(&known, key, None).await?))
                }
            };
        };
        let right = self.right(caller, action.on_version(), &known.bucket, key);
        match self.store.open_version(&known.reference, key, version).await? {
            Some(StoredVersion::Object(object)) => right.check(Some(&object.meta)).map(|()| object),
            Some(StoredVersion::Marker(marker)) => {
                right.check(None)?;
                let (version, last_modified) = (marker.version.to_string().into(), marker.last_modified);
                Err(VersionError::IsMarker { version, last_modified }.into())
            }
            None => {
                right.check_absent()?;
                Err(Error::NoSuchVersion { key: key.as_str().into(), version })
            }
        }
    }

    /// Why there is no object under a key: because there never was one, or because a delete marker says so.
    pub(crate) async fn missing(&self, known: &Known, key: &ObjectKey, origin_status: Option<u16>) -> Result<Error> {
        Ok(match self.store.marker(&known.reference, key).await? {
            Some(marker) => {
                let (key, marker) = (key.as_str().into(), marker.version.to_string().into());
                VersionError::Deleted { key, marker }.into()
            }
            None => Error::NoSuchKey { key: key.as_str().into(), origin_status },
        })
    }

    /// Whether a bucket keeps versions or ever did, so that answers tell them.
    pub(crate) fn tells_versions(&self, bucket: Option<&BucketName>) -> bool {
        let known = bucket.and_then(|name| self.buckets.find(name.as_str()));
        known.is_some_and(|known| keeps_versions(&known))
    }
}

/// Whether a bucket keeps versions, or ever did.
pub(crate) fn keeps_versions(known: &Known) -> bool {
    known.bucket.configuration.versioning != Versioning::Unversioned
}

/// An answer with the version that it is about. What is still being fetched has none yet.
pub(crate) fn noted(reply: Reply) -> Reply {
    let (reply, note) = match reply {
        Reply::Versioned(reply, note) => (*reply, note),
        reply => (reply, VersionNote::default()),
    };
    let version = match &reply {
        Reply::Object(object) if object.served == Served::Hit => Some(object.meta.version),
        Reply::NotModified(meta)
        | Reply::ObjectMeta(meta)
        | Reply::Appended(meta)
        | Reply::Stored(meta)
        | Reply::Copied(meta)
        | Reply::Completed(meta) => Some(meta.version),
        _ => None,
    };
    let note = VersionNote { version: note.version.or(version), ..note };
    if note == VersionNote::default() { reply } else { Reply::Versioned(Box::new(reply), note) }
}

/// An answer that tells this version.
pub(crate) fn of_version(reply: Reply, version: VersionId) -> Reply {
    Reply::Versioned(Box::new(reply), VersionNote::of(version))
}

/// An answer to a copy, which tells the version of a source whose bucket keeps them.
pub(crate) fn copied_from(reply: Reply, source: &Known, version: VersionId) -> Reply {
    if !keeps_versions(source) {
        return reply;
    }
    Reply::Versioned(Box::new(reply), VersionNote { source: Some(version), ..VersionNote::default() })
}
