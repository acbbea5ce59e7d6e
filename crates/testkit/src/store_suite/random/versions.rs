//! Versions, performed and compared on both sides. Ids are each side's own; what both have in common is a version's place
//! among those of its key.

use std::sync::Arc;

use headwater_model::Error;
use headwater_model::clock::Timestamp;
use headwater_model::list::ListedObject;
use headwater_model::object::{ObjectMeta, SharedMeta};
use headwater_model::version::{ListedVersion, VersionId, VersionMarker, VersionNumber, Versioning};
use headwater_store::{Afterwards, Amendment, RemovedVersion, StoredVersion, VersionRemoval};

use super::operation::Operation;
use super::run::{Outcome, Run, Side, same, same_value};
use crate::store_suite::subject::{object_key, read_all, version_query};

/// A version as a listing tells of it, without its id: key, whether it is null, whether the latest, when, and what.
type Told = (String, bool, bool, Timestamp, Option<ListedObject>);

impl Run {
    pub(super) async fn change_versions(&mut self, operation: &Operation) -> Result<(), String> {
        let key = match *operation {
            Operation::Version { enabled } => {
                let versioning = if enabled { Versioning::Enabled } else { Versioning::Suspended };
                self.store.subject.set_versioning(versioning).await;
                self.model.subject.set_versioning(versioning).await;
                return self.same_versions("", "", 3).await;
            }
            Operation::RemoveVersion { key, at } => {
                let removed = self.store.remove_version(key, at).await;
                same(removed, self.model.remove_version(key, at).await)?;
                key
            }
            Operation::TagVersion { key, at, value } => {
                let amendment = || Amendment::Tags(vec![("value".into(), value.to_string().into())]);
                let amended = self.store.amend_version(key, at, amendment()).await;
                same(amended, self.model.amend_version(key, at, amendment()).await)?;
                key
            }
            Operation::Hold { key, at, held } => {
                let amended = self.store.amend_version(key, at, Amendment::LegalHold(held)).await;
                same(amended, self.model.amend_version(key, at, Amendment::LegalHold(held)).await)?;
                key
            }
            Operation::ListVersions { prefix, delimiter, limit } => {
                return self.same_versions(prefix, delimiter, limit).await;
            }
            _ => return Ok(()),
        };
        self.same_key(key).await?;
        self.same_bodies(key).await
    }

    /// Whether both tell the same versions in pages of that limit.
    pub(super) async fn same_versions(&self, prefix: &str, delimiter: &str, limit: usize) -> Result<(), String> {
        let store = self.store.told(prefix, delimiter, limit).await;
        same_value(&store, &self.model.told(prefix, delimiter, limit).await)?;
        same_value(&self.store.superseded(limit).await, &self.model.superseded(limit).await)
    }

    /// Whether all versions of a key have the same bytes on both sides.
    async fn same_bodies(&self, key: &str) -> Result<(), String> {
        let (store, model) = (self.store.bodies(key).await, self.model.bodies(key).await);
        if store == model { Ok(()) } else { Err(format!("the bytes of versions of {key:?} differ")) }
    }
}

impl Side {
    /// The versions of a key, the newest first.
    pub(super) async fn versions(&self, key: &str) -> Vec<ListedVersion> {
        let page = self.subject.versions(&version_query(key, "", VersionMarker::default(), 1000)).await;
        page.versions.into_iter().filter(|version| version.key.as_str() == key).collect()
    }

    /// The id of one of them, by remainder; of one that was never made if there is none.
    async fn id_at(&self, key: &str, at: usize) -> VersionId {
        let versions = self.versions(key).await;
        let found = at.checked_rem(versions.len()).map(|at| versions[at].version);
        found.unwrap_or(VersionId::Made(VersionNumber::MAX))
    }

    async fn remove_version(&self, key: &str, at: usize) -> Outcome<Option<RemovedVersion>> {
        let version = self.id_at(key, at).await;
        let afterwards = if at.is_multiple_of(2) { Afterwards::Gone } else { Afterwards::Refetchable };
        self.subject.remove_version(key, VersionRemoval { afterwards, ..VersionRemoval::of(version) }).await
    }

    async fn amend_version(&self, key: &str, at: usize, amendment: Amendment) -> Outcome<SharedMeta> {
        let version = self.id_at(key, at).await;
        self.subject.amend_version(key, version, amendment).await.map(without_id)
    }

    /// Whether there was an object, and whether a marker was made.
    pub(super) async fn delete(&self, key: &str, afterwards: Afterwards) -> Outcome<(bool, bool)> {
        let deleted = self.subject.store().delete(&self.subject.bucket(), &object_key(key), afterwards).await?;
        Ok((deleted.found, deleted.marker.is_some()))
    }

    /// Deletes every version of a key, held or not.
    pub(super) async fn remove_all(&self, key: &str) {
        for listed in self.versions(key).await {
            match self.subject.amend_version(key, listed.version, Amendment::LegalHold(false)).await {
                Ok(_) | Err(Error::NoSuchVersion { .. }) => {}
                Err(error) => panic!("not released: {error}"),
            }
            let removal = VersionRemoval::of(listed.version);
            self.subject.remove_version(key, removal).await.expect("removed").expect("what is listed is there");
        }
    }

    /// All versions in pages, and the common prefixes.
    async fn told(&self, prefix: &str, delimiter: &str, limit: usize) -> (Vec<Told>, Vec<Box<str>>, usize) {
        let (mut told, mut prefixes, mut pages) = (Vec::new(), Vec::new(), 0);
        let mut after = VersionMarker::default();
        loop {
            let page = self.subject.versions(&version_query(prefix, delimiter, after, limit)).await;
            pages += 1;
            told.extend(page.versions.into_iter().map(|version| {
                let ListedVersion { key, version, is_latest, last_modified, object } = version;
                (key.as_str().to_owned(), version == VersionId::Null, is_latest, last_modified, object)
            }));
            prefixes.extend(page.common_prefixes);
            match page.next {
                Some(next) => after = next,
                None => return (told, prefixes, pages),
            }
        }
    }

    /// Since when the versions that are not current are not.
    async fn superseded(&self, limit: usize) -> Vec<(String, Option<Timestamp>, Option<SharedMeta>)> {
        let (mut found, mut after) = (Vec::new(), VersionMarker::default());
        loop {
            let page = self.subject.store().list_noncurrent(&self.subject.bucket(), &after, limit).await;
            let page = page.expect("a page");
            found.extend(
                page.versions.into_iter().map(|version| {
                    (version.key.as_str().to_owned(), version.superseded, version.object.map(without_id))
                }),
            );
            match page.next {
                Some(next) => after = next,
                None => return found,
            }
        }
    }

    async fn bodies(&self, key: &str) -> Vec<Option<bytes::Bytes>> {
        let mut bodies = Vec::new();
        for listed in self.versions(key).await {
            bodies.push(match self.subject.open_version(key, listed.version).await {
                Some(StoredVersion::Object(object)) => Some(read_all(&object).await),
                Some(StoredVersion::Marker(_)) => None,
                None => panic!("what is listed is there"),
            });
        }
        bodies
    }
}

/// Metadata with an id that both sides have in common.
pub(super) fn without_id(meta: SharedMeta) -> SharedMeta {
    match meta.version {
        VersionId::Null => meta,
        VersionId::Made(_) => {
            let version = VersionId::Made(VersionNumber::MAX);
            Arc::new(ObjectMeta { version, ..ObjectMeta::clone(&meta) })
        }
    }
}
