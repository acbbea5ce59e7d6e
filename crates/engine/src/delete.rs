//! DeleteObject and DeleteObjects.

use futures_util::StreamExt as _;
use headwater_model::access::Principal;
use headwater_model::bucket::Bucket;
use headwater_model::op::{Action, Caller, DeleteObjects};
use headwater_model::precondition::ObjectCondition;
use headwater_model::reply::Reply;
use headwater_model::settings::GoneMode;
use headwater_model::{BucketName, Error, ObjectKey, Result};
use headwater_store::Afterwards;

use crate::control::Known;
use crate::engine::Engine;
use crate::rights::Right;

/// Deletes of one request that are under way together: enough to share one sync of the log, few enough that one request
/// does not crowd out others.
const CONCURRENT_DELETES: usize = 64;

impl Engine {
    /// Succeeds whether or not there was an object; either way a running fill of the key will store nothing.
    pub(crate) async fn delete_object(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        condition: Option<&ObjectCondition>,
    ) -> Result<Reply> {
        let known = self.known(bucket)?;
        self.delete_one(&known, key, condition).await?;
        Ok(Reply::Done)
    }

    async fn delete_one(&self, known: &Known, key: &ObjectKey, condition: Option<&ObjectCondition>) -> Result<()> {
        let afterwards = afterwards(&known.bucket);
        let deleted = match condition {
            None => self.store.delete(&known.reference, key, afterwards).await,
            Some(condition) => self.store.delete_if(&known.reference, key, afterwards, condition).await,
        };
        self.fills.forget_absence(known.bucket.generation, key);
        deleted.map(drop)
    }

    /// The right to delete is asked for each key, and a key that may not be deleted fails alone.
    pub(crate) async fn delete_objects(&self, caller: &Caller<'_>, delete: DeleteObjects) -> Result<Reply> {
        let known = self.known(&delete.bucket)?;
        let may = |key: &ObjectKey| Right::of(caller, Action::DeleteObject, &known.bucket, key).check(None);
        let mut deleted: Vec<_> = futures_util::stream::iter(delete.keys)
            .map(async |(key, condition)| {
                if let Err(denied) = may(&key) {
                    return (key, Some(denied));
                }
                let failure = self.delete_one(&known, &key, condition.as_deref()).await.err();
                (key, failure)
            })
            .buffered(CONCURRENT_DELETES)
            .collect()
            .await;
        let denied = |(_, failure): &(_, Option<Error>)| matches!(failure, Some(Error::AccessDenied { .. }));
        if caller.principal == Principal::Anonymous && deleted.iter().all(denied) {
            return Err(Error::AccessDenied { reason: "anonymous requests may not do this" });
        }
        if delete.quiet {
            deleted.retain(|(_, failure)| failure.is_some());
        }
        Ok(Reply::Deleted(deleted))
    }
}

/// What a client's deletion leaves behind (decisions, rows 10 and 21).
fn afterwards(bucket: &Bucket) -> Afterwards {
    match bucket.migration.deletes {
        GoneMode::Refetch => Afterwards::Refetchable,
        GoneMode::Keep => Afterwards::Gone,
    }
}
