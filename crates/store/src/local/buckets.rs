//! Buckets: creating, changing, deleting, listing.
//!
//! A bucket deleted and made again has another generation, so nothing of the former life can appear in the latter; the
//! next generation is a row of its own, written by the same entry as the bucket.

use headwater_index::rows::{BucketRow, Counter, CounterRow, ObjectRow, RowValue, UploadRow, VersionRow};
use headwater_model::bucket::{Bucket, Generation};
use headwater_model::limits::MAX_BUCKETS;
use headwater_model::version::Versioning;
use headwater_model::{Error, Result};

use super::commit::{Judgement, LivingBucket};
use super::core::Core;
use crate::BucketRef;

/// Generation of the first bucket.
const FIRST_GENERATION: u64 = 1;

impl Core {
    /// All buckets, by name.
    pub(super) fn buckets(&self) -> Result<Vec<Bucket>> {
        self.view
            .rows(BucketRow::range(), MAX_BUCKETS)
            .map(|row| {
                let (key, value) = row?;
                Ok(BucketRow::decode(&key, &value)?.bucket)
            })
            .collect()
    }

    /// Creates a bucket.
    pub(super) async fn create_bucket(&self, bucket: Bucket) -> Result<Bucket> {
        self.commit(0, move |judgement| {
            let key = BucketRow::key(&bucket.name);
            if judgement.get(&key)?.is_some() {
                return Err(Error::BucketAlreadyOwnedByYou { bucket: bucket.name.as_str().into() });
            }
            if judgement.state.buckets.len() >= MAX_BUCKETS {
                return Err(Error::TooManyBuckets { limit: MAX_BUCKETS });
            }
            let generation = take_generation(judgement)?;
            let bucket = Bucket { generation, ..bucket };
            let row = BucketRow { sequence: judgement.sequence(), bucket };
            judgement.put(key, row.encode(), None);
            judgement.state.set_bucket(&row.bucket);
            Ok(row.bucket)
        })
        .await
    }

    /// Replaces a bucket's settings.
    pub(super) async fn update_bucket(&self, bucket: Bucket) -> Result<()> {
        self.commit(0, move |judgement| {
            let LivingBucket { rule_version, versioning, worm, .. } = *judgement.living(&BucketRef::from(&bucket))?;
            let next = bucket.configuration.versioning;
            if versioning != Versioning::Unversioned && next == Versioning::Unversioned {
                let message = "a bucket that has had versions can only suspend them".into();
                return Err(Error::InvalidRequest { message });
            }
            if worm.is_some_and(|worm| !worm.permits(bucket.configuration.worm.as_ref())) {
                let message = "the retention policy of the bucket is locked: it stays, and its days only grow".into();
                return Err(Error::InvalidRequest { message });
            }
            let key = BucketRow::key(&bucket.name);
            let former = judgement.get(&key)?;
            let row = BucketRow { sequence: judgement.sequence(), bucket };
            if row.bucket.rule_version != rule_version {
                judgement.state.tokens.end_all(row.bucket.generation);
            }
            judgement.put(key, row.encode(), former);
            judgement.state.set_bucket(&row.bucket);
            Ok(())
        })
        .await
    }

    /// Deletes an empty bucket.
    pub(super) async fn delete_bucket(&self, bucket: &BucketRef) -> Result<()> {
        let generation = bucket.generation;
        self.commit(0, |judgement| {
            judgement.living(bucket)?;
            let has_objects = !judgement.is_empty(ObjectRow::range(generation, ""))?;
            let has_versions = !judgement.is_empty(VersionRow::range(generation, ""))?;
            if has_objects || has_versions || !judgement.is_empty(UploadRow::range(generation, ""))? {
                return Err(Error::BucketNotEmpty { bucket: bucket.name.as_str().into() });
            }
            let key = BucketRow::key(&bucket.name);
            let former =
                judgement.get(&key)?.ok_or_else(|| Error::NoSuchBucket { bucket: bucket.name.as_str().into() })?;
            judgement.delete(key, former);
            judgement.state.buckets.remove(&generation);
            judgement.state.tokens.end_all(generation);
            Ok(())
        })
        .await
    }
}

/// The next generation, never given before.
fn take_generation(judgement: &mut Judgement<'_>) -> Result<Generation> {
    let key = CounterRow::key(Counter::NextGeneration);
    let former = judgement.get(&key)?;
    let generation = match &former {
        Some(value) => CounterRow::decode(&key, value)?.value,
        None => FIRST_GENERATION,
    };
    judgement.put(key, CounterRow { value: generation + 1 }.encode(), former);
    Ok(Generation(generation))
}
