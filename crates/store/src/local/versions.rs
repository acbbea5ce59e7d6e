//! Versions of a key: opening, deleting and changing one by its id.

use headwater_model::version::{DeleteMarker, VersionId, VersionKind};
use headwater_model::{ObjectKey, Result};

use super::core::Core;
use crate::{BucketRef, RemovedVersion, StoredVersion, VersionRemoval};

impl Core {
    /// Opens a version.
    pub(super) async fn open_version(
        &self,
        bucket: &BucketRef,
        key: &ObjectKey,
        version: VersionId,
    ) -> Result<Option<StoredVersion>> {
        let found = self.open(bucket, key).await?;
        Ok(found.filter(|object| object.meta.version == version).map(StoredVersion::Object))
    }

    /// The delete marker that is the newest version of a key.
    pub(super) fn marker(&self, _: &BucketRef, _: &ObjectKey) -> Option<DeleteMarker> {
        None
    }

    /// Deletes a version for good.
    pub(super) async fn delete_version(
        &self,
        bucket: &BucketRef,
        key: &ObjectKey,
        removal: VersionRemoval,
    ) -> Result<Option<RemovedVersion>> {
        if removal.version != VersionId::Null {
            return Ok(None);
        }
        let deleted = match &removal.condition {
            None => self.delete(bucket, key, removal.afterwards).await?,
            Some(condition) => self.delete_if(bucket, key, removal.afterwards, condition).await?,
        };
        Ok(deleted.found.then_some(RemovedVersion { kind: VersionKind::Object }))
    }
}
