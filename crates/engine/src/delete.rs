//! DeleteObject and DeleteObjects.

use std::sync::Arc;

use futures_util::StreamExt as _;
use headwater_model::access::Principal;
use headwater_model::bucket::Bucket;
use headwater_model::op::{Action, Caller, DeleteObject, DeleteObjects, Doomed, ObjectVersion};
use headwater_model::precondition::ObjectCondition;
use headwater_model::reply::{DeletedObject, Reply, VersionNote};
use headwater_model::settings::GoneMode;
use headwater_model::version::{Governance, VersionId, VersionKind};
use headwater_model::{Error, ObjectKey, Result};
use headwater_store::{Afterwards, VersionRemoval};

use crate::control::Known;
use crate::engine::Engine;
use crate::rights::require_payment;
use crate::versions::keeps_versions;

/// Deletes of one request that are under way together: enough to share one sync of the log, few enough that one request
/// does not crowd out others.
const CONCURRENT_DELETES: usize = 64;

impl Engine {
    /// Succeeds whether or not there was an object; either way a running fill of the key will store nothing.
    pub(crate) async fn delete_object(&self, caller: &Caller<'_>, delete: DeleteObject) -> Result<Reply> {
        let DeleteObject { target: ObjectVersion { bucket, key, version }, condition, governance } = delete;
        let known = self.known(&bucket)?;
        let governance = self.governance(caller, governance, &bucket, &key);
        let removal = Removal { version, condition, governance };
        let note = self.delete_one(&known, &key, removal).await?;
        Ok(if note == VersionNote::default() { Reply::Done } else { Reply::Versioned(Box::new(Reply::Done), note) })
    }

    /// Deletes an object, which makes a delete marker where versions are kept, or one version for good.
    async fn delete_one(&self, known: &Known, key: &ObjectKey, removal: Removal) -> Result<VersionNote> {
        let afterwards = afterwards(&known.bucket);
        let Removal { version, condition, governance } = removal;
        let removed = match version.filter(|_| keeps_versions(known)) {
            Some(version) => {
                let condition = condition.map(Arc::from);
                let removal = VersionRemoval { version, afterwards, governance, condition, superseded: None };
                let removed = self.store.delete_version(&known.reference, key, removal).await;
                removed.map(|removed| VersionNote {
                    is_marker: removed.is_some_and(|removed| removed.kind == VersionKind::Marker),
                    ..VersionNote::of(version)
                })
            }
            // What is not kept has no versions but the null one, which is the object.
            None if version.is_some_and(|version| version != VersionId::Null) => Ok(VersionNote::default()),
            None => {
                let deleted = match &condition {
                    None => self.store.delete(&known.reference, key, afterwards).await,
                    Some(condition) => self.store.delete_if(&known.reference, key, afterwards, condition).await,
                };
                deleted.map(|deleted| VersionNote {
                    version: deleted.marker,
                    is_marker: deleted.marker.is_some(),
                    source: None,
                })
            }
        };
        self.fills.forget_absence(known.bucket.generation, key);
        removed
    }

    /// The right to delete is asked for each key, and a key that may not be deleted fails alone. Who pays is one question
    /// for all.
    pub(crate) async fn delete_objects(&self, caller: &Caller<'_>, delete: DeleteObjects) -> Result<Reply> {
        let known = self.known(&delete.bucket)?;
        require_payment(caller, &known.bucket)?;
        let mut deleted: Vec<_> = futures_util::stream::iter(delete.keys)
            .map(async |doomed| {
                let Doomed { key, version, condition } = doomed;
                let of_one = Removal { version: None, condition, governance: delete.governance };
                let outcome = self.delete_doomed(caller, (&known, &key), version.as_deref(), of_one).await;
                DeletedObject { key, version, outcome }
            })
            .buffered(CONCURRENT_DELETES)
            .collect()
            .await;
        let denied = |deleted: &DeletedObject| matches!(deleted.outcome, Err(Error::AccessDenied { .. }));
        if caller.principal == Principal::Anonymous && deleted.iter().all(denied) {
            return Err(Error::AccessDenied { reason: "anonymous requests may not do this" });
        }
        if delete.quiet {
            deleted.retain(|deleted| deleted.outcome.is_err());
        }
        Ok(Reply::Deleted(deleted))
    }
}

impl Engine {
    /// One of many. Tells the delete marker that was made or removed.
    async fn delete_doomed(
        &self,
        caller: &Caller<'_>,
        (known, key): (&Known, &ObjectKey),
        version: Option<&str>,
        removal: Removal,
    ) -> Result<Option<VersionId>> {
        let action = if version.is_some() { Action::DeleteObjectVersion } else { Action::DeleteObject };
        self.right(caller, action, &known.bucket, key).check(None)?;
        let parse = |id| {
            VersionId::parse(id).ok_or_else(|| Error::invalid_argument("VersionId", id, "Invalid version id specified"))
        };
        let version = version.map(parse).transpose()?;
        let governance = self.governance(caller, removal.governance, &known.bucket.name, key);
        let note = self.delete_one(known, key, Removal { version, governance, ..removal }).await?;
        Ok(note.version.filter(|_| note.is_marker))
    }
}

/// How one object or version is deleted.
struct Removal {
    version: Option<VersionId>,
    condition: Option<Box<ObjectCondition>>,
    governance: Governance,
}

/// What a client's deletion leaves behind (decisions, rows 10 and 21).
fn afterwards(bucket: &Bucket) -> Afterwards {
    match bucket.migration.deletes {
        GoneMode::Refetch => Afterwards::Refetchable,
        GoneMode::Keep => Afterwards::Gone,
    }
}
