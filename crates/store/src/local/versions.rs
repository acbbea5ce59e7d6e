//! Versions of a key, judged: what becomes of them when the key is written or deleted, or one of them is.
//!
//! Guarantees, for every key after every entry: its current object, if there is one, is its newest version; otherwise the
//! newest of its version rows is, and that is a delete marker. Of the version rows only such a marker has not been
//! superseded. There is at most one null version. All of that changes in one entry, under the commit lock.
//!
//! How: the current object is the object row, wherever its versions are; a version that another succeeds moves to the
//! version rows, and moves back when it is the newest again. Rows move, bodies do not: the body of a moved version may be
//! in the log entry of a former row, which compaction knows.
//!
//! Deliberately not here: buckets that never had versions pay one comparison.

use std::sync::Arc;

use bytes::Bytes;
use headwater_index::rows::{Extent, ObjectRow, RowKind, RowValue, VersionContent, VersionRow};
use headwater_model::bucket::Generation;
use headwater_model::clock::Timestamp;
use headwater_model::object::{ObjectMeta, SharedMeta};
use headwater_model::version::{VersionId, VersionKind, VersionNumber, Versioning};
use headwater_model::{ObjectKey, Result};

use super::commit::Judgement;
use super::core::Core;
use super::gone::{self, Leaving};
use super::immutability::Immutability;
use crate::{Afterwards, BucketRef, RemovedVersion, VersionRemoval};

/// Whether a key has versions that are not current, delete markers included.
pub(super) fn any(judgement: &mut Judgement<'_>, generation: Generation, key: &ObjectKey) -> Result<bool> {
    Ok(judgement.state.has_versions(generation) && !judgement.is_empty(VersionRow::range_of_key(generation, key))?)
}

/// The versions of one key under a judgement.
pub(super) struct KeyVersions<'a, 'b> {
    pub(super) judgement: &'a mut Judgement<'b>,
    pub(super) generation: Generation,
    pub(super) key: &'a ObjectKey,
    /// When the change happens.
    pub(super) now: Timestamp,
}

/// A version row as stored, read.
struct Found {
    version: VersionId,
    row: VersionRow,
    value: Bytes,
}

impl KeyVersions<'_, '_> {
    /// Makes room for a new current object. Tells which version that is.
    ///
    /// # Errors
    /// `ObjectLocked` if the null version would be replaced and is locked.
    pub(super) fn succeed(&mut self, former: Option<&ObjectRow>) -> Result<VersionId> {
        match self.versioning() {
            Versioning::Unversioned => {
                self.permit_replacement(former.map(|row| &*row.meta))?;
                Ok(VersionId::Null)
            }
            Versioning::Enabled => {
                match former {
                    Some(former) => self.supersede(former),
                    None => self.supersede_marker(None)?,
                }
                Ok(VersionId::Made(self.judgement.version_number()))
            }
            Versioning::Suspended => {
                if let Some(null) = self.replace_null(former)? {
                    let row_key = VersionRow::key(self.generation, self.key, VersionId::Null);
                    self.judgement.delete(row_key, null);
                }
                Ok(VersionId::Null)
            }
        }
    }

    /// Makes a delete marker the newest version, where there are versions; the current object's row is the caller's to
    /// delete.
    ///
    /// # Errors
    /// `ObjectLocked` if the null version would be replaced and is locked.
    pub(super) fn mark_deleted(&mut self, former: Option<&ObjectRow>) -> Result<Option<VersionId>> {
        let (version, replaced) = match self.versioning() {
            Versioning::Unversioned => {
                self.permit_replacement(former.map(|row| &*row.meta))?;
                return Ok(None);
            }
            Versioning::Enabled => {
                match former {
                    Some(former) => self.supersede(former),
                    None => self.supersede_marker(None)?,
                }
                (VersionId::Made(self.judgement.version_number()), None)
            }
            Versioning::Suspended => (VersionId::Null, self.replace_null(former)?),
        };
        let row = VersionRow {
            sequence: self.judgement.sequence(),
            place: self.judgement.version_number(),
            superseded: None,
            content: VersionContent::Marker { last_modified: self.now },
        };
        self.judgement.put(VersionRow::key(self.generation, self.key, version), row.encode(), replaced);
        Ok(Some(version))
    }

    fn versioning(&self) -> Versioning {
        let living = self.judgement.state.buckets.get(&self.generation);
        living.map_or(Versioning::Unversioned, |living| living.versioning)
    }

    /// Takes the null version from wherever it is, for another one to take its place, and supersedes whatever else is
    /// newest. Gives the value of its version row, if it is there: the caller's to delete or to replace.
    fn replace_null(&mut self, former: Option<&ObjectRow>) -> Result<Option<Bytes>> {
        if let Some(former) = former {
            if former.meta.version == VersionId::Null {
                self.permit_replacement(Some(&former.meta))?;
                return Ok(None);
            }
            self.supersede(former);
        }
        let null = self.version_row(VersionId::Null)?;
        if let Some(Found { row: VersionRow { content: VersionContent::Object { meta, .. }, .. }, .. }) = &null {
            self.permit_replacement(Some(meta))?;
        }
        let is_newest = null.as_ref().is_some_and(|null| null.row.superseded.is_none());
        if former.is_none() && !is_newest {
            self.supersede_marker(Some(VersionId::Null))?;
        }
        Ok(null.map(|null| null.value))
    }

    /// Makes the current object a version that is not.
    fn supersede(&mut self, current: &ObjectRow) {
        let version = current.meta.version;
        let place = match version {
            VersionId::Made(number) => number,
            // All others of the key were made before, and what succeeds it is made now.
            VersionId::Null => VersionNumber::before(self.judgement.sequence()),
        };
        let row = VersionRow {
            sequence: self.judgement.sequence(),
            place,
            superseded: Some(self.now),
            content: VersionContent::Object { meta: Arc::clone(&current.meta), extents: current.extents.clone() },
        };
        self.judgement.put(VersionRow::key(self.generation, self.key, version), row.encode(), None);
    }

    /// Without a current object: the delete marker that is the newest version, if there is one, no longer is.
    fn supersede_marker(&mut self, except: Option<VersionId>) -> Result<()> {
        if let Some(newest) = self.newest(except, None)? {
            self.put_marker(newest, Some(self.now));
        }
        Ok(())
    }

    fn put_marker(&mut self, found: Found, superseded: Option<Timestamp>) {
        let row = VersionRow { sequence: self.judgement.sequence(), superseded, ..found.row };
        let row_key = VersionRow::key(self.generation, self.key, found.version);
        self.judgement.put(row_key, row.encode(), Some(found.value));
    }

    /// The newest of the version rows, without one of them and, of the made ones, only those older than a place.
    fn newest(&mut self, except: Option<VersionId>, older_than: Option<VersionNumber>) -> Result<Option<Found>> {
        let null = if except == Some(VersionId::Null) { None } else { self.version_row(VersionId::Null)? };
        let mut range = VersionRow::range_of_made(self.generation, self.key);
        if let Some(place) = older_than {
            range = range.starting_at(VersionRow::seek_older(self.generation, self.key, place));
        }
        let made = match self.judgement.first(range)? {
            None => None,
            Some((row_key, value)) => {
                let (_, _, version) = VersionRow::parse_key(&row_key)?;
                Some(Found { version, row: VersionRow::decode(&row_key, &value)?, value })
            }
        };
        Ok([null, made].into_iter().flatten().max_by_key(|found| found.row.place))
    }

    fn version_row(&mut self, version: VersionId) -> Result<Option<Found>> {
        let row_key = VersionRow::key(self.generation, self.key, version);
        let Some(value) = self.judgement.get(&row_key)? else { return Ok(None) };
        Ok(Some(Found { version, row: VersionRow::decode(&row_key, &value)?, value }))
    }

    fn permit_replacement(&self, former: Option<&ObjectMeta>) -> Result<()> {
        let immutability = Immutability::of(self.judgement, self.generation, self.now);
        former.map_or(Ok(()), |former| immutability.permit_removal(self.key, former))
    }

    /// Deletes a version. Tells what it was, and whether any is left.
    fn remove(&mut self, removal: &VersionRemoval) -> Result<Option<(VersionKind, Left)>> {
        let (key, governance) = (self.key, removal.governance);
        let immutability = Immutability { governance, ..Immutability::of(self.judgement, self.generation, self.now) };
        let permit = |meta: &ObjectMeta| {
            removal.condition.as_ref().map_or(Ok(()), |condition| condition.judge(key, Some(meta)))?;
            immutability.permit_removal(key, meta)
        };
        let current = self.judgement.object(self.generation, self.key)?;
        let has_versions = self.judgement.state.has_versions(self.generation);
        match current {
            Some((row, _)) if row.meta.version == removal.version && removal.superseded.is_some() => Ok(None),
            Some((row, value)) if row.meta.version == removal.version => {
                permit(&row.meta)?;
                let next = if has_versions { self.newest(None, None)? } else { None };
                Ok(Some((VersionKind::Object, self.renew(next, Some(value)))))
            }
            current if has_versions => {
                let Some(found) = self.version_row(removal.version)? else { return Ok(None) };
                if removal.superseded.is_some() && found.row.superseded != removal.superseded {
                    return Ok(None);
                }
                let kind = match &found.row.content {
                    VersionContent::Object { meta, .. } => {
                        permit(meta)?;
                        VersionKind::Object
                    }
                    VersionContent::Marker { .. } => VersionKind::Marker,
                };
                let row_key = VersionRow::key(self.generation, self.key, removal.version);
                self.judgement.delete(row_key, found.value);
                // One that was superseded leaves what superseded it.
                let left = if current.is_none() && found.row.superseded.is_none() {
                    let older_than = matches!(found.version, VersionId::Made(_)).then_some(found.row.place);
                    let next = self.newest(Some(found.version), older_than)?;
                    self.renew(next, None)
                } else {
                    Left::Some
                };
                Ok(Some((kind, left)))
            }
            _ => Ok(None),
        }
    }

    /// Makes the newest of the version rows the newest version again, current if it is an object; `former` is the value
    /// of the object row that goes.
    fn renew(&mut self, newest: Option<Found>, former: Option<Bytes>) -> Left {
        let object_key = ObjectRow::key(self.generation, self.key);
        match newest {
            Some(Found {
                version,
                row: VersionRow { content: VersionContent::Object { meta, extents }, .. },
                value,
            }) => {
                let row = ObjectRow { sequence: self.judgement.sequence(), meta, extents };
                self.judgement.put(object_key, row.encode(), former);
                self.judgement.delete(VersionRow::key(self.generation, self.key, version), value);
                Left::Some
            }
            other => {
                if let Some(former) = former {
                    self.judgement.delete(object_key, former);
                }
                let Some(marker) = other else { return Left::Nothing };
                self.put_marker(marker, None);
                Left::Some
            }
        }
    }
}

/// Whether a key has any version after one was deleted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    Some,
    Nothing,
}

impl Core {
    /// Deletes a version for good.
    pub(super) async fn delete_version(
        &self,
        bucket: &BucketRef,
        key: &ObjectKey,
        removal: VersionRemoval,
    ) -> Result<Option<RemovedVersion>> {
        let (generation, now) = (bucket.generation, self.clock.now());
        let row_bytes =
            self.row_bytes([&ObjectRow::key(generation, key), &VersionRow::key(generation, key, removal.version)])?;
        self.commit(row_bytes, |judgement| {
            judgement.living(bucket)?;
            judgement.state.tokens.end(generation, key, None);
            let mut versions = KeyVersions { judgement: &mut *judgement, generation, key, now };
            let Some((kind, left)) = versions.remove(&removal)? else { return Ok(None) };
            let was_last = kind == VersionKind::Object && left == Left::Nothing;
            if was_last && removal.afterwards == Afterwards::Gone {
                let object = gone::Deleted::Object;
                self.leave_gone(judgement, &Leaving { bucket, key, deleted: now, object })?;
            }
            Ok(Some(RemovedVersion { kind }))
        })
        .await
    }
}

/// A row that holds an object, or a delete marker.
pub(super) enum AnyRow {
    /// The current object.
    Current(ObjectRow),
    /// Another version.
    Other(VersionRow),
}

impl AnyRow {
    /// Reads a row of one of the two kinds.
    pub(super) fn decode(kind: RowKind, key: &[u8], value: &[u8]) -> Result<Self> {
        Ok(match kind {
            RowKind::Version => Self::Other(VersionRow::decode(key, value)?),
            _ => Self::Current(ObjectRow::decode(key, value)?),
        })
    }

    /// The object.
    pub(super) fn object(&self) -> Option<(&SharedMeta, &[Extent])> {
        match self {
            Self::Current(row) => Some((&row.meta, &row.extents)),
            Self::Other(VersionRow { content: VersionContent::Object { meta, extents }, .. }) => Some((meta, extents)),
            Self::Other(_) => None,
        }
    }

    /// The object, to change.
    pub(super) fn object_mut(&mut self) -> Option<(&mut SharedMeta, &mut Vec<Extent>)> {
        match self {
            Self::Current(row) => Some((&mut row.meta, &mut row.extents)),
            Self::Other(VersionRow { content: VersionContent::Object { meta, extents }, .. }) => Some((meta, extents)),
            Self::Other(_) => None,
        }
    }

    /// Where its bytes are.
    pub(super) fn into_extents(mut self) -> Vec<Extent> {
        self.object_mut().map(|(_, extents)| std::mem::take(extents)).unwrap_or_default()
    }

    /// As stored by the entry of that sequence.
    pub(super) fn encode(&mut self, sequence: u64) -> Bytes {
        match self {
            Self::Current(row) => {
                row.sequence = sequence;
                row.encode()
            }
            Self::Other(row) => {
                row.sequence = sequence;
                row.encode()
            }
        }
    }
}
