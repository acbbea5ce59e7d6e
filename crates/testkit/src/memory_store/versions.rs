//! Versions of a key: one list a key, the newest first. What is current is what is at its beginning, if that is an object.

use headwater_model::clock::Timestamp;
use headwater_model::object::ObjectMeta;
use headwater_model::version::{
    DeleteMarker, Governance, ObjectLock, VersionId, VersionKind, VersionNumber, Versioning,
};
use headwater_model::{Error, ObjectKey, Result};
use headwater_store::{Afterwards, Amendment, BucketRef, Expectation, RemovedVersion, StoredVersion, VersionRemoval};

use super::state::{Life, State, Stored};

/// One version.
pub(super) struct Version {
    pub(super) id: VersionId,
    /// Greater is newer, null versions included.
    pub(super) order: VersionNumber,
    /// When another became the newest in its place.
    pub(super) superseded: Option<Timestamp>,
    pub(super) what: What,
}

/// What a version is.
pub(super) enum What {
    Object(Stored),
    /// When the key was deleted.
    Marker(Timestamp),
}

impl Version {
    pub(super) fn object(&self) -> Option<&Stored> {
        match &self.what {
            What::Object(stored) => Some(stored),
            What::Marker(_) => None,
        }
    }
}

impl Life {
    /// The current object.
    pub(super) fn current(&self, key: &ObjectKey) -> Option<&Stored> {
        self.versions.get(key)?.first()?.object()
    }

    /// All current objects.
    pub(super) fn objects(&self) -> impl Iterator<Item = (&ObjectKey, &Stored)> {
        self.versions.iter().filter_map(|(key, versions)| Some((key, versions.first()?.object()?)))
    }

    /// A version of a key.
    fn version(&self, key: &ObjectKey, id: VersionId) -> Option<&Version> {
        self.versions.get(key)?.iter().find(|version| version.id == id)
    }

    pub(super) fn versioning(&self) -> Versioning {
        self.bucket.configuration.versioning
    }

    /// Whether an object may go: neither its lock nor the bucket's policy keeps it.
    pub(super) fn permit_deletion(
        &self,
        key: &ObjectKey,
        version: &Version,
        (now, governance): (Timestamp, Governance),
    ) -> Result<()> {
        let Some(stored) = version.object() else { return Ok(()) };
        let locked = stored.meta.headers.lock.as_deref().is_some_and(|lock| !lock.permits_deletion(now, governance));
        let worm = self.bucket.configuration.worm;
        if locked || worm.is_some_and(|worm| worm.protects(stored.meta.last_modified, now)) {
            return Err(Error::ObjectLocked { key: key.as_str().into(), version: version.id });
        }
        Ok(())
    }

    /// Whether a new version may take the place of the null version, where it would.
    pub(super) fn permit_replacement(&self, key: &ObjectKey, now: Timestamp) -> Result<()> {
        match self.version(key, VersionId::Null).filter(|_| self.versioning() != Versioning::Enabled) {
            Some(null) => self.permit_deletion(key, null, (now, Governance::Respected)),
            None => Ok(()),
        }
    }

    /// Makes something the newest version; tells its id.
    pub(super) fn add_version(&mut self, key: &ObjectKey, what: What, now: Timestamp) -> VersionId {
        self.made += 1;
        // Unlike the ids of every other bucket, as a server's are.
        let order = VersionNumber::new(self.made, self.bucket.generation.0);
        let id = if self.versioning() == Versioning::Enabled { VersionId::Made(order) } else { VersionId::Null };
        let versions = self.versions.entry(key.clone()).or_default();
        if id == VersionId::Null {
            versions.retain(|version| version.id != VersionId::Null);
        }
        if let Some(former) = versions.first_mut() {
            former.superseded.get_or_insert(now);
        }
        versions.insert(0, Version { id, order, superseded: None, what });
        id
    }

    /// Takes a version out; the one behind it is then what it was, if it was the newest.
    pub(super) fn remove_version(&mut self, key: &ObjectKey, id: VersionId) {
        let Some(versions) = self.versions.get_mut(key) else { return };
        versions.retain(|version| version.id != id);
        match versions.first_mut() {
            Some(newest) => newest.superseded = None,
            None => {
                self.versions.remove(key);
            }
        }
    }
}

impl State {
    pub(super) fn open_version(
        &self,
        bucket: &BucketRef,
        key: &ObjectKey,
        version: VersionId,
    ) -> Option<StoredVersion> {
        let found = self.life(bucket).ok()?.version(key, version)?;
        Some(match &found.what {
            What::Object(stored) => StoredVersion::Object(stored.open()),
            What::Marker(last_modified) => {
                StoredVersion::Marker(DeleteMarker { version, last_modified: *last_modified })
            }
        })
    }

    pub(super) fn marker(&self, bucket: &BucketRef, key: &ObjectKey) -> Option<DeleteMarker> {
        let newest = self.life(bucket).ok()?.versions.get(key)?.first()?;
        match newest.what {
            What::Marker(last_modified) => Some(DeleteMarker { version: newest.id, last_modified }),
            What::Object(_) => None,
        }
    }

    pub(super) fn delete_version(
        &mut self,
        bucket: &BucketRef,
        key: &ObjectKey,
        removal: &VersionRemoval,
        now: Timestamp,
    ) -> Result<Option<RemovedVersion>> {
        let life = self.writable(bucket)?;
        let Some(version) = life.version(key, removal.version) else {
            life.revoke(key, &Expectation::Any);
            return Ok(None);
        };
        if removal.superseded.is_some() && version.superseded != removal.superseded {
            return Ok(None);
        }
        if let (Some(condition), Some(stored)) = (&removal.condition, version.object()) {
            condition.judge(key, Some(&stored.meta))?;
        }
        life.permit_deletion(key, version, (now, removal.governance))?;
        let kind = if version.object().is_some() { VersionKind::Object } else { VersionKind::Marker };
        life.revoke(key, &Expectation::Any);
        life.remove_version(key, removal.version);
        let is_last = kind == VersionKind::Object && !life.versions.contains_key(key);
        if is_last && removal.afterwards == Afterwards::Gone {
            life.gone.entry(key.clone()).or_insert(now);
        }
        Ok(Some(RemovedVersion { kind }))
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
