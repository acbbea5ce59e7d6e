//! DeleteObject and DeleteObjects.

use futures_util::StreamExt as _;
use headwater_model::bucket::Bucket;
use headwater_model::op::DeleteObjects;
use headwater_model::precondition::ObjectCondition;
use headwater_model::reply::Reply;
use headwater_model::settings::GoneMode;
use headwater_model::{BucketName, ObjectKey, Result};
use headwater_store::Afterwards;

use crate::control::Known;
use crate::engine::Engine;

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

    pub(crate) async fn delete_objects(&self, delete: DeleteObjects) -> Result<Reply> {
        let known = self.known(&delete.bucket)?;
        let mut deleted: Vec<_> = futures_util::stream::iter(delete.keys)
            .map(async |(key, condition)| {
                let failure = self.delete_one(&known, &key, condition.as_deref()).await.err();
                (key, failure)
            })
            .buffered(CONCURRENT_DELETES)
            .collect()
            .await;
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
