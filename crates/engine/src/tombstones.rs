//! Tombstones as administrators see them: which keys stay deleted, and how one may come again (decisions, rows 10 and 21).

use headwater_model::clock::Timestamp;
use headwater_model::{BucketName, Error, ObjectKey, Result};
use headwater_store::Tombstone;

use crate::engine::Engine;
use crate::settings::Changed;

impl Engine {
    /// At most `limit` tombstones in byte order of keys: those whose keys begin with `prefix` and are greater than
    /// `after`.
    ///
    /// # Errors
    /// `NoSuchBucket`; those of the store.
    pub async fn tombstones(
        &self,
        bucket: &BucketName,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Tombstone>> {
        self.store.list_gone(&self.known(bucket)?.reference, prefix, after, limit).await
    }

    /// Lifts a tombstone: the next miss asks the origin again. Tells since when it stood, in milliseconds since 1970.
    ///
    /// # Errors
    /// `NoSuchBucket`; `NoSuchKey` if no tombstone stands; those of the store.
    pub async fn lift_tombstone(&self, bucket: &BucketName, key: &ObjectKey) -> Result<Changed<i64>> {
        let known = self.known(bucket)?;
        let stood = self.store.gone(&known.reference, key).await?;
        if !self.store.lift_gone(&known.reference, key).await? {
            return Err(Error::NoSuchKey { key: key.as_str().into(), origin_status: None });
        }
        Ok(Changed { before: stood.map(|Timestamp(ms)| ms), after: None, differs: true })
    }
}
