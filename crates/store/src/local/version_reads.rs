//! Versions of a key, read: finding one by its id, opening it, and the delete marker that hides a key.
//!
//! Guarantees: that there is no such version is told only under the commit lock, since one may move between two looks;
//! one that is found was there at that moment.

use std::sync::Arc;

use bytes::Bytes;
use headwater_index::KeyRange;
use headwater_index::rows::{ObjectRow, RowValue, VersionContent, VersionRow};
use headwater_model::version::{DeleteMarker, VersionId};
use headwater_model::{Error, ObjectKey, Result};

use super::core::Core;
use super::reading::ATTEMPTS;
use super::versions::AnyRow;
use crate::{BucketRef, StoredObject, StoredVersion};

/// A row that was found, and where.
pub(super) struct FoundRow {
    pub(super) row_key: Vec<u8>,
    /// As stored.
    pub(super) value: Bytes,
    pub(super) row: AnyRow,
}

impl FoundRow {
    fn current(row_key: Vec<u8>, value: Bytes) -> Result<Self> {
        let row = AnyRow::Current(ObjectRow::decode(&row_key, &value)?);
        Ok(Self { row_key, value, row })
    }

    fn is(&self, version: VersionId) -> bool {
        self.row.object().is_some_and(|(meta, _)| meta.version == version)
    }
}

/// Looks for a version by the rows that `get` gives.
fn look(
    mut get: impl FnMut(&[u8]) -> Result<Option<Bytes>>,
    bucket: &BucketRef,
    key: &ObjectKey,
    version: VersionId,
) -> Result<Option<FoundRow>> {
    let row_key = ObjectRow::key(bucket.generation, key);
    if let Some(value) = get(&row_key)? {
        let found = FoundRow::current(row_key, value)?;
        if found.is(version) {
            return Ok(Some(found));
        }
    }
    let row_key = VersionRow::key(bucket.generation, key, version);
    let Some(value) = get(&row_key)? else { return Ok(None) };
    let row = AnyRow::Other(VersionRow::decode(&row_key, &value)?);
    Ok(Some(FoundRow { row_key, value, row }))
}

impl Core {
    /// The current object's row.
    pub(super) fn find_current(&self, bucket: &BucketRef, key: &ObjectKey) -> Result<Option<FoundRow>> {
        let row_key = ObjectRow::key(bucket.generation, key);
        self.view.get(&row_key)?.map(|value| FoundRow::current(row_key, value)).transpose()
    }

    /// A version's row.
    pub(super) async fn find_version(
        &self,
        bucket: &BucketRef,
        key: &ObjectKey,
        version: VersionId,
    ) -> Result<Option<FoundRow>> {
        let found = look(|row_key| self.view.get(row_key), bucket, key, version)?;
        if found.is_some() || !self.state().has_versions(bucket.generation) {
            return Ok(found);
        }
        self.commit(0, |judgement| look(|row_key| judgement.get(row_key), bucket, key, version)).await
    }

    /// Opens a version.
    pub(super) async fn open_version(
        &self,
        bucket: &BucketRef,
        key: &ObjectKey,
        version: VersionId,
    ) -> Result<Option<StoredVersion>> {
        let mut former = None;
        for _ in 0..ATTEMPTS {
            let Some(found) = self.find_version(bucket, key, version).await? else { return Ok(None) };
            let (meta, extents) = match (&found.row, found.row.object()) {
                (_, Some((meta, extents))) => (Arc::clone(meta), extents),
                (AnyRow::Other(VersionRow { content: VersionContent::Marker { last_modified }, .. }), _) => {
                    return Ok(Some(StoredVersion::Marker(DeleteMarker { version, last_modified: *last_modified })));
                }
                _ => return Err(Error::internal("open a version", "its row is neither object nor marker")),
            };
            match self.open_body(&found.row_key, &found.value, extents).await {
                Ok(Some(content)) => return Ok(Some(StoredVersion::Object(StoredObject { meta, content }))),
                // As for a current object: twice the same row, twice no bytes.
                Ok(None) | Err(Error::Damaged { .. }) if former.as_ref() == Some(&found.value) => {
                    let detail = "its bytes are missing or damaged".into();
                    tracing::error!(generation = bucket.generation.0, key = key.as_str(), %version, "version damaged");
                    return Err(Error::Damaged { detail });
                }
                Ok(None) | Err(Error::Damaged { .. }) => former = Some(found.value),
                Err(error) => return Err(error),
            }
        }
        Err(Error::internal("open a version", "its key is changed without pause"))
    }

    /// The delete marker that is the newest version of a key: the one that nothing superseded.
    pub(super) fn marker(&self, bucket: &BucketRef, key: &ObjectKey) -> Result<Option<DeleteMarker>> {
        // Every miss asks. Where there are no versions at all, the commit lock is not taken for it.
        if self.view.layers().accounting.versions == 0 {
            return Ok(None);
        }
        if !self.state().has_versions(bucket.generation) {
            return Ok(None);
        }
        let null_key = VersionRow::key(bucket.generation, key, VersionId::Null);
        let null = KeyRange { start: null_key.clone(), end: Some([&null_key[..], &[0]].concat()) };
        for range in [null, VersionRow::range_of_made(bucket.generation, key)] {
            let Some(first) = self.view.rows(range, MARKER_ROWS).next() else { continue };
            let (row_key, value) = first?;
            let VersionRow { superseded, content, .. } = VersionRow::decode(&row_key, &value)?;
            if let (None, VersionContent::Marker { last_modified }) = (superseded, content) {
                let (_, _, version) = VersionRow::parse_key(&row_key)?;
                return Ok(Some(DeleteMarker { version, last_modified }));
            }
        }
        Ok(None)
    }
}

/// Rows read at a time to find the first that was not deleted.
const MARKER_ROWS: usize = 16;
