//! Versions of a key.

use headwater_model::clock::Timestamp;
use headwater_model::list::ListQuery;
use headwater_model::object::ObjectMeta;
use headwater_model::version::{
    DeleteMarker, ListedVersion, ObjectLock, VersionId, VersionKind, VersionMarker, VersionPage, VersionQuery,
};
use headwater_model::{Error, ObjectKey, Result};
use headwater_store::{Amendment, BucketRef, NoncurrentPage, RemovedVersion, StoredVersion, VersionRemoval};

use super::listing;
use super::state::{State, Stored};

impl State {
    pub(super) fn open_version(
        &self,
        bucket: &BucketRef,
        key: &ObjectKey,
        version: VersionId,
    ) -> Option<StoredVersion> {
        let object = self.life(bucket).ok()?.objects.get(key).filter(|stored| stored.meta.version == version);
        object.map(Stored::open).map(StoredVersion::Object)
    }

    #[allow(clippy::unused_self)] // for now
    pub(super) fn marker(&self, _: &BucketRef, _: &ObjectKey) -> Option<DeleteMarker> {
        None
    }

    pub(super) fn delete_version(
        &mut self,
        bucket: &BucketRef,
        key: &ObjectKey,
        removal: &VersionRemoval,
        now: Timestamp,
    ) -> Result<Option<RemovedVersion>> {
        if removal.version != VersionId::Null {
            return Ok(None);
        }
        let deleted = match &removal.condition {
            None => self.delete(bucket, key, removal.afterwards, now)?,
            Some(condition) => self.delete_if(bucket, key, (removal.afterwards, now), condition)?,
        };
        Ok(deleted.found.then_some(RemovedVersion { kind: VersionKind::Object }))
    }

    pub(super) fn list_versions(&self, bucket: &BucketRef, query: &VersionQuery) -> VersionPage {
        let VersionQuery { prefix, delimiter, after, limit } = query.clone();
        let query = ListQuery { prefix, delimiter, after: after.key, limit };
        let page = self.life(bucket).map(|life| listing::objects(life, &query)).unwrap_or_default();
        let versions = page.objects.into_iter().map(|object| ListedVersion {
            key: object.key.clone(),
            version: VersionId::Null,
            is_latest: true,
            last_modified: object.last_modified,
            object: Some(object),
        });
        let next = page.next.map(|key| VersionMarker { key, version: None });
        VersionPage { versions: versions.collect(), common_prefixes: page.common_prefixes, next }
    }

    #[allow(clippy::unused_self)] // for now
    pub(super) fn list_noncurrent(&self, _: &BucketRef, _: &VersionMarker, _: usize) -> NoncurrentPage {
        NoncurrentPage::default()
    }
}

/// The metadata after a change without another body.
pub(super) fn amended(
    key: &ObjectKey,
    mut meta: ObjectMeta,
    amendment: Amendment,
    now: Timestamp,
) -> Result<ObjectMeta> {
    let lock = meta.headers.lock.as_deref().copied().unwrap_or_default();
    match amendment {
        Amendment::Tags(tags) => meta.tags = tags,
        Amendment::Access(access) => meta.headers.access = access,
        Amendment::Retention(retention, governance) => {
            if !lock.permits_retention(retention, now, governance) {
                return Err(Error::ObjectLocked { key: key.as_str().into(), version: meta.version });
            }
            meta.headers.lock = ObjectLock { retention, ..lock }.boxed();
        }
        Amendment::LegalHold(legal_hold) => meta.headers.lock = ObjectLock { legal_hold, ..lock }.boxed(),
    }
    Ok(meta)
}
