//! Versions of a key, read: finding one by its id, opening it, and the delete marker that hides a key.
//!
//! Guarantees: what is found, or not, was so at one moment: a version may move between the two rows that could be its, so
//! both are read together. Nothing here takes the commit lock or writes an entry: readers cost writers nothing.

use std::sync::Arc;

use bytes::Bytes;
use headwater_index::KeyRange;
use headwater_index::rows::{ObjectRow, RowValue, VersionContent, VersionRow};
use headwater_model::version::{DeleteMarker, VersionId};
use headwater_model::{Error, ObjectKey, Result};

use super::core::Core;
use super::merge::Chunk;
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

impl Core {
    /// The current object's row.
    pub(super) fn find_current(&self, bucket: &BucketRef, key: &ObjectKey) -> Result<Option<FoundRow>> {
        let row_key = ObjectRow::key(bucket.generation, key);
        self.view.get(&row_key)?.map(|value| FoundRow::current(row_key, value)).transpose()
    }

    /// A version's row.
    pub(super) fn find_version(
        &self,
        bucket: &BucketRef,
        key: &ObjectKey,
        version: VersionId,
    ) -> Result<Option<FoundRow>> {
        let current_key = ObjectRow::key(bucket.generation, key);
        let row_key = VersionRow::key(bucket.generation, key, version);
        let [current, other] = self.view.get_together([&current_key, &row_key])?;
        if let Some(value) = current {
            let found = FoundRow::current(current_key, value)?;
            if found.is(version) {
                return Ok(Some(found));
            }
        }
        let Some(value) = other else { return Ok(None) };
        let row = AnyRow::Other(VersionRow::decode(&row_key, &value)?);
        Ok(Some(FoundRow { row_key, value, row }))
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
            let Some(found) = self.find_version(bucket, key, version)? else { return Ok(None) };
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
        for (row_key, value) in self.newest_rows(bucket, key)?.into_iter().flatten() {
            let VersionRow { superseded, content, .. } = VersionRow::decode(&row_key, &value)?;
            if let (None, VersionContent::Marker { last_modified }) = (superseded, content) {
                let (_, _, version) = VersionRow::parse_key(&row_key)?;
                return Ok(Some(DeleteMarker { version, last_modified }));
            }
        }
        Ok(None)
    }

    /// The row of the null version and that of the newest made one that is not current, of one moment.
    fn newest_rows(&self, bucket: &BucketRef, key: &ObjectKey) -> Result<[Option<(Bytes, Bytes)>; 2]> {
        let null_key = VersionRow::key(bucket.generation, key, VersionId::Null);
        let null = KeyRange { end: Some([&null_key[..], &[0]].concat()), start: null_key };
        let made = VersionRow::range_of_made(bucket.generation, key);
        // Nearly always the first row is there. Where it was deleted lately both are read again, of another moment and
        // with more rows; the overlay, which bounds how many deleted ones there are, is the limit of that.
        let mut limit = FEWEST_ROWS;
        loop {
            let mut chunks = self.view.chunks(&[(null.clone(), 1), (made.clone(), limit)])?.into_iter();
            let mut next = || chunks.next().unwrap_or_default();
            let (null, made) = (next(), next());
            let is_end = made.horizon.is_none();
            let first = |chunk: Chunk| chunk.rows.into_iter().find_map(|(key, value)| Some((key, value?)));
            let (null, made) = (first(null), first(made));
            if made.is_some() || is_end {
                return Ok([null, made]);
            }
            limit = limit.saturating_mul(8);
        }
    }
}

/// Rows read at first to find one that was not deleted: they may be long.
const FEWEST_ROWS: usize = 2;
