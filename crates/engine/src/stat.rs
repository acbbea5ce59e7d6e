//! GetBucketStat (OSS): how much a bucket holds, counted when it is asked for.
//!
//! The count walks the listing, some million objects a second; nothing is kept for it, so it is never behind.

use std::collections::BTreeMap;

use headwater_model::clock::Timestamp;
use headwater_model::limits::MAX_LIST_KEYS;
use headwater_model::list::ListQuery;
use headwater_model::multipart::UploadId;
use headwater_model::reply::{BucketStat, Reply};
use headwater_model::{BucketName, Error, Result};

use crate::engine::Engine;

/// Most pages of a count: a billion objects. Who has more asks the metrics.
const MAX_PAGES: usize = 1_000_000;

impl Engine {
    pub(crate) async fn get_bucket_stat(&self, bucket: &BucketName) -> Result<Reply> {
        let known = self.known(bucket)?;
        let mut classes: BTreeMap<Option<Box<str>>, (u64, u64)> = BTreeMap::new();
        let mut query = all();
        for _ in 0..MAX_PAGES {
            let page = self.store.list(&known.reference, &query).await?;
            for object in page.objects {
                let (objects, size_bytes) = classes.entry(object.storage_class).or_default();
                *objects += 1;
                *size_bytes += object.size_bytes;
            }
            let Some(next) = page.next else {
                let uploads = self.count_uploads(&known.reference).await?;
                let classes: Vec<_> =
                    classes.into_iter().map(|(class, (objects, size_bytes))| (class, objects, size_bytes)).collect();
                let is_empty = classes.is_empty() && uploads == 0;
                return Ok(Reply::BucketStat(BucketStat {
                    objects: classes.iter().map(|(_, objects, _)| objects).sum(),
                    size_bytes: classes.iter().map(|(.., size_bytes)| size_bytes).sum(),
                    uploads,
                    // What was never written to has no date.
                    at: if is_empty { Timestamp::from_seconds(0) } else { self.clock.now() },
                    classes,
                }));
            };
            query.after = next;
            // A walk must not keep a thread of the runtime from others.
            tokio::task::yield_now().await;
        }
        Err(too_many())
    }

    async fn count_uploads(&self, bucket: &headwater_store::BucketRef) -> Result<u64> {
        let (mut query, mut after, mut count): (_, Option<UploadId>, _) = (all(), None, 0);
        for _ in 0..MAX_PAGES {
            let page = self.store.uploads(bucket, &query, after).await?;
            count += page.uploads.len() as u64;
            let Some((key, id)) = page.next else { return Ok(count) };
            query.after = key;
            after = Some(id);
            tokio::task::yield_now().await;
        }
        Err(too_many())
    }
}

fn all() -> ListQuery {
    ListQuery { prefix: "".into(), delimiter: "".into(), after: "".into(), limit: MAX_LIST_KEYS }
}

fn too_many() -> Error {
    Error::internal("count a bucket", "it holds more than can be counted while somebody waits")
}
